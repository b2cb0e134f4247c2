//! Who is measured: the program itself and its peers, each in a folder, on ports and with processes of its own.

mod bare;
mod dialect;
mod nchan;
mod ours;
mod socketio;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

use anyhow::ensure;
use tempfile::TempDir;

use crate::http;
use crate::process::{self, Running};

pub use bare::serve as serve_bare;
pub use dialect::{Dialect, Said};
pub use ours::Ours;

/// A peer that runs beside us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Peer {
    /// nginx with its module nchan.
    Nchan,
    /// socket.io on node.
    Socketio,
    /// No server at all: a loop of sends.
    Bare,
}

impl Peer {
    /// How results call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nchan => "nchan",
            Self::Socketio => "socketio",
            Self::Bare => "bare",
        }
    }

    /// Starts it.
    ///
    /// # Errors
    /// It is not set up, or does not start.
    pub fn start(self) -> anyhow::Result<Box<dyn System>> {
        Ok(match self {
            Self::Nchan => Box::new(nchan::start()?),
            Self::Socketio => Box::new(socketio::start()?),
            Self::Bare => Box::new(bare::start()?),
        })
    }
}

/// A running server that carries what is published to everybody who watches.
pub trait System: Send {
    /// How it is set up, for the conditions of a result.
    fn setup(&self) -> &'static str;
    /// Where watchers connect.
    fn address(&self) -> SocketAddr;
    /// How they talk.
    fn dialect(&self) -> Dialect;
    /// All its processes.
    fn pids(&self) -> Vec<u32>;
    /// Publishes the next message and waits until the server has taken it. A peer publishes `payload`; ours makes its own.
    ///
    /// # Errors
    /// The server does not take it.
    fn publish(&mut self, payload: &[u8]) -> anyhow::Result<()>;
}

/// A peer: one program that watchers connect to, and a line over which it is told what to publish.
struct Beside {
    setup: &'static str,
    dialect: Dialect,
    address: SocketAddr,
    publisher: http::Connection,
    program: Running,
    /// Its files, if it has any: they go with it.
    _folder: Option<TempDir>,
}

impl System for Beside {
    fn setup(&self) -> &'static str {
        self.setup
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn pids(&self) -> Vec<u32> {
        let mut all = process::children(self.program.pid());
        all.push(self.program.pid());
        all
    }

    fn publish(&mut self, payload: &[u8]) -> anyhow::Result<()> {
        self.publisher.post("/publish", payload)
    }
}

/// CPU seconds of all processes of a system.
///
/// # Errors
/// One has ended.
pub fn cpu_s(system: &dyn System) -> anyhow::Result<f64> {
    system.pids().into_iter().map(process::cpu_s).sum()
}

/// Memory of all processes of a system, see [`process::pss_bytes`].
///
/// # Errors
/// One has ended.
pub fn pss_bytes(system: &dyn System) -> anyhow::Result<u64> {
    system.pids().into_iter().map(process::pss_bytes).sum()
}

/// A port that is free now.
///
/// # Errors
/// There is none.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A file or folder that `make set-up-bench` brings.
///
/// # Errors
/// It is not there.
fn brought(path: &str) -> anyhow::Result<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    ensure!(
        path.exists(),
        "{} is missing: run `make set-up-bench`",
        path.display()
    );
    Ok(path)
}
