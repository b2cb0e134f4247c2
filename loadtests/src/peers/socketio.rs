//! socket.io from npm, on node: `peers/socketio/server.mjs`.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::Context as _;

use super::{Dialect, System, brought, free_port};
use crate::http;
use crate::process::Running;

/// A running node.
pub struct SocketIo {
    address: SocketAddr,
    publisher: http::Connection,
    node: Running,
}

impl SocketIo {
    /// Starts it.
    ///
    /// # Errors
    /// It is not set up, or does not start.
    pub fn start() -> anyhow::Result<Self> {
        brought("peers/socketio/node_modules/socket.io")?;
        let server = brought("peers/socketio/server.mjs")?;
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        let mut command = Command::new("node");
        command
            .env("NODE_ENV", "production")
            .arg(server)
            .arg(address.port().to_string());
        let node = Running::start(command)?;
        let publisher = http::Connection::open(address)
            .with_context(|| format!("socket.io does not answer at {address}"))?;
        Ok(Self {
            address,
            publisher,
            node,
        })
    }
}

impl System for SocketIo {
    fn setup(&self) -> &'static str {
        "socket.io 4.8.4, node 20, 1 process, WebSocket alone, no compression, request released"
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn dialect(&self) -> Dialect {
        Dialect::SocketIo
    }

    fn pids(&self) -> Vec<u32> {
        vec![self.node.pid()]
    }

    fn publish(&mut self, payload: &[u8]) -> anyhow::Result<()> {
        self.publisher.post("/publish", payload)
    }
}
