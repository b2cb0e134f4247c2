//! A loop that writes ready bytes to one socket after the other: what the kernel takes for a delivery, whoever asks it
//! for one. No server can be cheaper, so it says how much of a figure is the server's own.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;

use super::{Beside, Dialect, free_port};
use crate::http;
use crate::process::Running;
use crate::ws;

/// Starts it: this program again, in a process of its own.
///
/// # Errors
/// It does not start.
pub(super) fn start() -> anyhow::Result<Beside> {
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bare", "--port", &address.port().to_string()]);
    let program = Running::start(command)?;
    Ok(Beside {
        setup: "one thread, one non-blocking send a connection, in the order they came",
        dialect: Dialect::Nchan,
        address,
        publisher: http::Connection::open(address)?,
        program,
        _folder: None,
    })
}

/// The process itself: the first connection publishes, those after it watch.
///
/// # Errors
/// The port is taken, or a watcher does not take a whole message.
pub fn serve(port: u16) -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let (mut publisher, _) = listener.accept()?;
    listener.set_nonblocking(true)?;
    publisher.set_read_timeout(Some(std::time::Duration::from_millis(5)))?;
    let (mut watchers, mut input) = (Vec::new(), Vec::new());
    loop {
        while let Ok((stream, _)) = listener.accept() {
            watchers.push(welcome(stream)?);
        }
        let mut buffer = [0; 16 * 1024];
        match publisher.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => input.extend_from_slice(&buffer[..count]),
            Err(_) => continue, // nothing yet
        }
        let Some(body) = http::request_body(&input) else {
            continue;
        };
        let frame = ws::plain(ws::TEXT, body);
        input.clear();
        for watcher in &mut watchers {
            watcher.write_all(&frame)?;
        }
        publisher.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
    }
}

/// Opens the WebSocket; the key is not looked at, for nobody who measures looks at the answer.
fn welcome(mut stream: TcpStream) -> anyhow::Result<TcpStream> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    let (mut head, mut buffer) = (Vec::new(), [0; 1024]);
    while !head.ends_with(b"\r\n\r\n") {
        let count = stream.read(&mut buffer)?;
        anyhow::ensure!(count > 0, "a watcher left");
        head.extend_from_slice(&buffer[..count]);
    }
    stream.write_all(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    )?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}
