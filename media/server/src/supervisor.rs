//! One life of the programme engine: the process, both directions of its link, its log. Starts it and says when it is gone;
//! when the next one starts is decided elsewhere.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use pleniere_media_core::link::ToProgramme;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::frame::{self, Incoming};

/// Orders waiting for the engine's socket. Full = the engine does not read any more: the order is dropped and the engine ended.
const ORDERS: usize = 64;
/// Frames waiting for the programme. Full = the reader waits, and the engine's socket fills.
pub(crate) const EVENTS: usize = 256;
/// A write the engine does not take within this time ends it.
const WRITE_WITHIN: Duration = Duration::from_secs(2);
/// Longest line of the engine's log that is kept, bytes.
const LINE_MAX: u64 = 4096;

/// Something from an engine.
#[derive(Debug)]
pub(crate) struct Event {
    /// Which life it belongs to.
    pub(crate) life: u64,
    /// What it is.
    pub(crate) what: What,
}

/// What came.
#[derive(Debug)]
pub(crate) enum What {
    /// A frame.
    Frame(Incoming),
    /// The process is gone; nothing more of this life follows.
    Gone(String),
}

/// A running engine. Dropping it ends the process.
#[derive(Debug)]
pub(crate) struct Engine {
    orders: mpsc::Sender<ToProgramme>,
    end: CancellationToken,
}

impl Engine {
    /// Starts the executable with its standard input as one end of a socket pair; its frames arrive in `events` as this `life`.
    pub(crate) fn start(
        path: &Path,
        life: u64,
        events: mpsc::Sender<Event>,
    ) -> std::io::Result<Self> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let child = Command::new(path)
            .arg("programme")
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0) // Ctrl-C in a terminal is for the program, which ends its engines in order
            .kill_on_drop(true)
            .spawn()?;
        let (reader, writer) = UnixStream::from_std(ours)?.into_split();
        let (orders, waiting) = mpsc::channel(ORDERS);
        let end = CancellationToken::new();
        tokio::spawn(write(writer, waiting, end.clone()));
        tokio::spawn(live(child, reader, life, events, end.clone()));
        Ok(Self { orders, end })
    }

    /// Sends an order; an engine that takes none any more is ended.
    pub(crate) fn send(&self, order: ToProgramme) {
        if self.orders.try_send(order).is_err() {
            self.end.cancel();
        }
    }

    /// Ends the process at once.
    pub(crate) fn end(&self) {
        self.end.cancel();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

async fn write(
    mut socket: OwnedWriteHalf,
    mut orders: mpsc::Receiver<ToProgramme>,
    end: CancellationToken,
) {
    while let Some(order) = orders.recv().await {
        let written = tokio::time::timeout(WRITE_WITHIN, frame::write(&mut socket, &order)).await;
        if !matches!(written, Ok(Ok(()))) {
            end.cancel();
            return;
        }
    }
}

/// Reads until the socket ends, so that what a dying engine had written still arrives, then buries the process.
async fn live(
    mut child: Child,
    socket: OwnedReadHalf,
    life: u64,
    events: mpsc::Sender<Event>,
    end: CancellationToken,
) {
    let log = child.stderr.take().map(|stderr| tokio::spawn(log(stderr)));
    let read = read(socket, life, &events);
    let why = tokio::select! {
        why = read => why,
        () = end.cancelled() => "ended by its supervisor".to_owned(),
    };
    // Killing a process that left already fails, which is what is wanted.
    let _ = child.start_kill();
    let status = child
        .wait()
        .await
        .map_or_else(|error| error.to_string(), |status| status.to_string());
    if let Some(log) = log {
        let _ = tokio::time::timeout(Duration::from_millis(200), log).await;
    }
    let _ = events
        .send(Event {
            life,
            what: What::Gone(format!("{why} ({status})")),
        })
        .await;
}

async fn read(socket: OwnedReadHalf, life: u64, events: &mpsc::Sender<Event>) -> String {
    let mut input = BufReader::with_capacity(64 * 1024, socket);
    loop {
        match frame::read(&mut input).await {
            Ok(Some(incoming)) => {
                if events
                    .send(Event {
                        life,
                        what: What::Frame(incoming),
                    })
                    .await
                    .is_err()
                {
                    return "nobody listens".to_owned();
                }
            }
            Ok(None) => return "left".to_owned(),
            Err(error) => return error.to_string(),
        }
    }
}

async fn log(stderr: impl AsyncRead + Unpin) {
    let mut lines = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut lines)
            .take(LINE_MAX)
            .read_until(b'\n', &mut line)
            .await
        {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                tracing::info!(target: "pleniere_engine", "{}", String::from_utf8_lossy(&line).trim_end())
            }
        }
    }
}
