//! One blocking GET over a plain connection: enough to read a playlist from the program under measurement.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, ensure};

/// The body at `url` (`http://` only).
///
/// # Errors
/// No connection, no answer in 5 s, or an answer other than 200.
pub fn get(url: &str) -> anyhow::Result<String> {
    let rest = url
        .strip_prefix("http://")
        .context("only http:// is measured")?;
    let (host, path) = rest.split_once('/').context("an address without a path")?;
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
    ensure!(
        head.starts_with("HTTP/1.") && head.contains(" 200 "),
        "{url}: {}",
        head.lines().next().unwrap_or_default()
    );
    Ok(body.to_owned())
}
