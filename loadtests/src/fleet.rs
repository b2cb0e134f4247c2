//! Thousands of WebSockets on one thread: opens them, reads whole messages, answers pings, and tells a [`Crowd`].
//! As lean as it can be, for it shares the machine with what it measures. It decides nothing about messages.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Socket, Type};

use crate::ws;

/// Connections from one source address: well below the ports it has.
const PER_ADDRESS: usize = 5_000;
/// Handshakes at once.
const OPENING: usize = 128;
/// Everybody joins within this time.
const JOIN_WITHIN: Duration = Duration::from_secs(60);
/// Longest wait before somebody looks whether all is well.
pub const TURN: Duration = Duration::from_millis(50);
/// Bytes read at once; a short read means that nothing is left.
const READ: usize = 128 * 1024;

/// Who uses the connections.
pub trait Crowd {
    /// What is kept of all of them.
    fn roll(&mut self) -> &mut Roll;
    /// The WebSocket is open.
    fn opened(&mut self, who: usize, line: &mut Line);
    /// A whole message.
    fn text(&mut self, who: usize, line: &mut Line, text: &[u8]);
    /// It ended, with the server's code and reason; 1006 when it gave none. Unless said otherwise none is to end.
    fn closed(&mut self, who: usize, code: u16, reason: &str) {
        let wrong = format!("connection {who} was closed: {code} {reason}");
        self.roll().wrong(wrong);
    }
    /// Connections that have all they need to go on.
    fn joined(&mut self) -> usize {
        self.roll().joined
    }
}

/// What is kept of any crowd: how many have joined, and the first thing that went wrong.
#[derive(Default)]
pub struct Roll {
    /// Connections that have all they need to go on, where that is counted once for each.
    pub joined: usize,
    wrong: Option<String>,
}

impl Roll {
    /// Something is not as it should be.
    pub fn wrong(&mut self, what: String) {
        self.wrong.get_or_insert(what);
    }

    /// Whether all is well so far.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> anyhow::Result<()> {
        match &self.wrong {
            Some(wrong) => bail!("{wrong}"),
            None => Ok(()),
        }
    }
}

/// All connections of this process.
pub struct Fleet {
    poll: Poll,
    events: Events,
    lines: Vec<Option<Line>>,
    buffer: Vec<u8>,
    server: SocketAddr,
    path: String,
    opening: usize,
}

/// One connection.
pub struct Line {
    stream: TcpStream,
    open: bool,
    /// The beginning of a message whose rest has not come.
    input: Vec<u8>,
    /// What the kernel did not take yet.
    output: Vec<u8>,
    said_goodbye: Option<(u16, String)>,
}

impl Line {
    /// Sends a text message.
    pub fn send(&mut self, text: &str) {
        self.write(&ws::masked(ws::TEXT, text.as_bytes()));
    }

    fn write(&mut self, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
        self.flush();
    }

    /// A line that cannot be written is seen to be gone when it is read.
    fn flush(&mut self) {
        while !self.output.is_empty() {
            match self.stream.write(&self.output) {
                Ok(count) => drop(self.output.drain(..count)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
        self.output = Vec::new();
    }

    /// Whether the line is at its end.
    fn read(&mut self, who: usize, buffer: &mut [u8], crowd: &mut impl Crowd) -> bool {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return true,
                Ok(count) => {
                    if self.input.is_empty() {
                        let used = self.take(who, &buffer[..count], crowd);
                        self.input.extend_from_slice(&buffer[used..count]);
                    } else {
                        let mut input = std::mem::take(&mut self.input);
                        input.extend_from_slice(&buffer[..count]);
                        let used = self.take(who, &input, crowd);
                        self.input = input.split_off(used);
                    }
                    if count < buffer.len() {
                        return false;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return error.kind() != ErrorKind::WouldBlock,
            }
        }
    }

    /// Takes what is whole; how many bytes that was.
    fn take(&mut self, who: usize, input: &[u8], crowd: &mut impl Crowd) -> usize {
        let mut used = 0;
        if !self.open {
            let Some(end) = input.windows(4).position(|four| four == b"\r\n\r\n") else {
                return 0;
            };
            if !input.starts_with(b"HTTP/1.1 101") {
                let head = String::from_utf8_lossy(&input[..end]);
                self.said_goodbye =
                    Some((1006, head.lines().next().unwrap_or_default().to_owned()));
                return input.len();
            }
            self.open = true;
            used = end + 4;
            crowd.opened(who, self);
        }
        while let Some(frame) = ws::frame(&input[used..]) {
            used += frame.length;
            match frame.opcode {
                ws::TEXT => crowd.text(who, self, frame.payload),
                ws::PING => self.write(&ws::masked(ws::PONG, frame.payload)),
                ws::CLOSE => {
                    self.said_goodbye = Some(ws::close_reason(frame.payload));
                    self.write(&ws::masked(ws::CLOSE, &[]));
                }
                _ => {}
            }
        }
        used
    }
}

impl Fleet {
    /// No connections yet; all will go to `path` of `server`.
    ///
    /// # Errors
    /// The kernel gives no epoll.
    pub fn new(server: SocketAddr, path: &str) -> anyhow::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(4096),
            lines: Vec::new(),
            buffer: vec![0; READ],
            server,
            path: path.to_owned(),
            opening: 0,
        })
    }

    /// Begins to open connection `who`, which is closed now.
    ///
    /// # Errors
    /// No descriptor or port is left.
    pub fn open(&mut self, who: usize) -> anyhow::Result<()> {
        let source =
            Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 0, 0, 2)) + (who / PER_ADDRESS) as u32);
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        // Closed at once and for good: thousands of ports must not wait a minute for the next round.
        socket.set_linger(Some(Duration::ZERO))?;
        socket.bind(&SocketAddr::from((source, 0)).into())?;
        match socket.connect(&self.server.into()) {
            Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => {
                return Err(error.into());
            }
            _ => {}
        }
        let mut stream = TcpStream::from_std(socket.into());
        let both = Interest::READABLE | Interest::WRITABLE;
        self.poll
            .registry()
            .register(&mut stream, Token(who), both)?;
        let host = self.server.to_string();
        let line = Line {
            stream,
            open: false,
            input: Vec::new(),
            output: ws::handshake(&host, &self.path).into_bytes(),
            said_goodbye: None,
        };
        if self.lines.len() <= who {
            self.lines.resize_with(who + 1, || None);
        }
        self.opening += 1;
        self.lines[who] = Some(line);
        Ok(())
    }

    /// The line of `who`, unless it is closed.
    pub fn line(&mut self, who: usize) -> Option<&mut Line> {
        self.lines.get_mut(who)?.as_mut().filter(|line| line.open)
    }

    /// Opens the connections `who`, some at a time, and waits until `who.end` have joined.
    ///
    /// # Errors
    /// They do not within a minute, or something is wrong.
    pub fn join(&mut self, who: Range<usize>, crowd: &mut impl Crowd) -> anyhow::Result<()> {
        let (all, until) = (who.end, Instant::now() + JOIN_WITHIN);
        for who in who {
            self.open(who)?;
            while self.opening >= OPENING {
                self.turn(TURN, crowd)?;
            }
        }
        while crowd.joined() < all {
            crowd.roll().check()?;
            ensure!(Instant::now() < until, "{} of {all} joined", crowd.joined());
            self.turn(TURN, crowd)?;
        }
        Ok(())
    }

    /// Lets `time` pass.
    ///
    /// # Errors
    /// Something is wrong.
    pub fn rest(&mut self, time: Duration, crowd: &mut impl Crowd) -> anyhow::Result<()> {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.turn(TURN.min(time), crowd)?;
        }
        crowd.roll().check()
    }

    /// Waits for something to happen, at most `wait`, and tells the crowd.
    ///
    /// # Errors
    /// The kernel's.
    pub fn turn(&mut self, wait: Duration, crowd: &mut impl Crowd) -> anyhow::Result<()> {
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        for event in &self.events {
            let who = event.token().0;
            let Some(line) = self.lines[who].as_mut() else {
                continue;
            };
            let was_open = line.open;
            if event.is_writable() {
                line.flush();
            }
            let ended = event.is_readable() && line.read(who, &mut self.buffer, crowd);
            if !was_open && (line.open || ended) {
                self.opening -= 1;
            }
            if ended {
                let (code, reason) = line
                    .said_goodbye
                    .take()
                    .unwrap_or((1006, "the line ended".to_owned()));
                self.lines[who] = None;
                crowd.closed(who, code, &reason);
            }
        }
        Ok(())
    }
}
