//! Blocking HTTP over a plain connection: one GET to read a playlist from the program under measurement, many POSTs to
//! publish with a peer.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

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

/// A connection that is kept.
pub struct Connection {
    stream: TcpStream,
    host: String,
}

impl Connection {
    /// Connects, for at most ten seconds: the server may be starting.
    ///
    /// # Errors
    /// Nobody listens.
    pub fn open(server: SocketAddr) -> anyhow::Result<Self> {
        let until = Instant::now() + Duration::from_secs(10);
        let stream = loop {
            match TcpStream::connect(server) {
                Ok(stream) => break stream,
                Err(error) if Instant::now() > until => return Err(error.into()),
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Self {
            stream,
            host: server.to_string(),
        })
    }

    /// Posts JSON and waits for an answer of the 200s.
    ///
    /// # Errors
    /// There is none.
    pub fn post(&mut self, path: &str, body: &[u8]) -> anyhow::Result<()> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        self.stream.write_all(&[head.as_bytes(), body].concat())?;
        let answer = self.answer()?;
        ensure!(answer.starts_with("HTTP/1.1 2"), "{path}: {answer}");
        Ok(())
    }

    /// Posts an offer (WHIP, WHEP) and answers what was answered to it.
    ///
    /// # Errors
    /// It was refused.
    pub fn offer(&mut self, path: &str, sdp: &str) -> anyhow::Result<String> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n",
            self.host,
            sdp.len()
        );
        self.stream
            .write_all(&[head.as_bytes(), sdp.as_bytes()].concat())?;
        let answer = self.answer()?;
        ensure!(answer.starts_with("HTTP/1.1 201"), "{path}: {answer}");
        let (_, body) = answer.split_once("\r\n\r\n").context("no answer")?;
        Ok(body.to_owned())
    }

    /// Head and body of the next answer.
    fn answer(&mut self) -> anyhow::Result<String> {
        let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            let count = self.stream.read(&mut buffer)?;
            ensure!(count > 0, "the line ended");
            answer.extend_from_slice(&buffer[..count]);
            let text = String::from_utf8_lossy(&answer);
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            if body.len() >= content_length(head) {
                return Ok(text.into_owned());
            }
        }
    }
}

/// The body of the first request in `input`, once it is there whole.
pub fn request_body(input: &[u8]) -> Option<&[u8]> {
    let head = input.windows(4).position(|four| four == b"\r\n\r\n")?;
    let length = content_length(std::str::from_utf8(&input[..head]).ok()?);
    input.get(head + 4..head + 4 + length)
}

/// What a head says of its body's length; 0 when it says nothing.
fn content_length(head: &str) -> usize {
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0)
}
