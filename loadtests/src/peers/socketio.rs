//! socket.io from npm, on node: `peers/socketio/server.mjs`.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::Context as _;

use super::{Beside, Dialect, brought, free_port};
use crate::http;
use crate::process::Running;

/// Starts it.
///
/// # Errors
/// It is not set up, or does not start.
pub(super) fn start() -> anyhow::Result<Beside> {
    brought("peers/socketio/node_modules/socket.io")?;
    let server = brought("peers/socketio/server.mjs")?;
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let mut command = Command::new("node");
    command
        .env("NODE_ENV", "production")
        .arg(server)
        .arg(address.port().to_string());
    let program = Running::start(command)?;
    let publisher = http::Connection::open(address)
        .with_context(|| format!("socket.io does not answer at {address}"))?;
    Ok(Beside {
        setup: "socket.io 4.8.4, node 20, 1 process, WebSocket alone, no compression, request released",
        dialect: Dialect::SocketIo,
        address,
        publisher,
        program,
        _folder: None,
    })
}
