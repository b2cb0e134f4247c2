//! The process that draws and encodes the rooms: starts it, starts it again when it ends, spreads its frames over the feeds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use pleniere_media_core::link::{FRAME_MAX, FromRooms, RoomFrameHeader, RoomStart, ToRooms};
use pleniere_media_core::scene::SiteId;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::feed::{Feed, Frame, Pushed};

/// Between the end of an engine and the start of the next.
const RESTART_AFTER: Duration = Duration::from_millis(500);
/// How long an engine may take to leave when asked.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);
/// A write the engine does not take within this time ends it.
const WRITE_WITHIN: Duration = Duration::from_secs(2);
/// Longest line of the engine's log that is kept, bytes.
const LINE_MAX: u64 = 4096;

/// What keeps the engine alive.
pub(super) struct Supervisor {
    pub(super) executable: PathBuf,
    pub(super) rooms: Vec<RoomStart>,
    pub(super) timezone: Option<String>,
    pub(super) feeds: Arc<BTreeMap<SiteId, Arc<Feed>>>,
    /// Wishes of the publishers; the queue is theirs to bound.
    pub(super) orders: mpsc::Receiver<ToRooms>,
    /// Rooms that are paused, told to each new engine.
    pub(super) paused: BTreeSet<SiteId>,
}

/// A started process and our end of its link.
pub(super) struct Engine {
    child: Child,
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
}

impl Supervisor {
    /// Starts an engine and tells it what to encode.
    ///
    /// # Errors
    /// When the executable cannot be started.
    pub(super) async fn launch(&self) -> anyhow::Result<Engine> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut child = Command::new(&self.executable)
            .arg("rooms")
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0) // Ctrl-C in a terminal is for the program, which ends its engines in order
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", self.executable.display()))?;
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(log(stderr));
        }
        let (reader, mut writer) = UnixStream::from_std(ours)?.into_split();
        write(
            &mut writer,
            &ToRooms::Start {
                rooms: self.rooms.clone(),
                timezone: self.timezone.clone(),
            },
        )
        .await?;
        for room in &self.paused {
            write(
                &mut writer,
                &ToRooms::Active {
                    room: room.clone(),
                    on: false,
                },
            )
            .await?;
        }
        Ok(Engine {
            child,
            reader,
            writer,
        })
    }

    /// Keeps `engine`, and its successors, running until `stop`.
    pub(super) async fn run(mut self, mut engine: Engine, stop: CancellationToken) {
        loop {
            let why = self.serve(&mut engine, &stop).await;
            if stop.is_cancelled() {
                return leave(engine).await;
            }
            // Killing a process that left already fails, which is what is wanted.
            let _ = engine.child.start_kill();
            let status = engine.child.wait().await;
            tracing::warn!(
                why = why.map_or_else(|error| format!("{error:#}"), |()| "it left".to_owned()),
                ?status,
                "the simulated rooms' engine ended and is started again"
            );
            engine = loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(RESTART_AFTER) => {}
                }
                match self.launch().await {
                    Ok(engine) => break engine,
                    Err(error) => {
                        tracing::warn!("the simulated rooms' engine does not start: {error:#}")
                    }
                }
            };
        }
    }

    /// One life of an engine.
    async fn serve(&mut self, engine: &mut Engine, stop: &CancellationToken) -> anyhow::Result<()> {
        // One future for the whole life: begun anew after each order it would lose half-read frames.
        let (keyframes, mut needed) = mpsc::channel(64);
        let mut reader = std::pin::pin!(spread(&mut engine.reader, &self.feeds, keyframes));
        loop {
            let order = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                ended = &mut reader => return ended,
                Some(room) = needed.recv() => ToRooms::Keyframe { room },
                Some(order) = self.orders.recv() => order,
            };
            if let ToRooms::Active { room, on } = &order {
                if *on {
                    self.paused.remove(room)
                } else {
                    self.paused.insert(room.clone())
                };
            }
            write(&mut engine.writer, &order).await?;
        }
    }
}

/// Reads until the engine leaves.
async fn spread(
    socket: &mut OwnedReadHalf,
    feeds: &BTreeMap<SiteId, Arc<Feed>>,
    keyframes: mpsc::Sender<SiteId>,
) -> anyhow::Result<()> {
    let mut input = BufReader::with_capacity(64 * 1024, socket);
    let mut base_ns = 0;
    while let Ok(length) = input.read_u32().await {
        let length = length as usize;
        ensure!(
            (1..=FRAME_MAX).contains(&length),
            "a frame of {length} bytes; 1 to {FRAME_MAX} are accepted"
        );
        let kind = input.read_u8().await?;
        let mut payload = vec![0; length - 1];
        input.read_exact(&mut payload).await?;
        match kind {
            0 => match serde_json::from_slice(&payload)? {
                FromRooms::Started { base_ns: started } => base_ns = started,
                FromRooms::Fault { room, detail } => {
                    tracing::warn!(room = room.0, detail, "simulated room")
                }
            },
            1 => {
                let (header, bytes) = unpack(Bytes::from(payload))?;
                let Some(feed) = feeds.get(&header.room) else {
                    continue;
                };
                let at_ns = base_ns + header.pts_ns;
                let frame = Frame {
                    media: header.media,
                    keyframe: header.keyframe,
                    at_ns,
                    bytes,
                };
                if feed.push(frame) == Pushed::KeyframeNeeded {
                    // A full queue holds this wish already, or comes by again.
                    let _ = keyframes.try_send(header.room);
                }
            }
            other => bail!("frame kind {other}; 0 (JSON) and 1 (binary) exist"),
        }
    }
    Ok(())
}

fn unpack(payload: Bytes) -> anyhow::Result<(RoomFrameHeader, Bytes)> {
    let length = payload
        .first_chunk::<2>()
        .map(|length| usize::from(u16::from_be_bytes(*length)));
    let end = 2 + length.context("a frame shorter than its header")?;
    let header = payload
        .get(2..end)
        .context("a frame shorter than its header")?;
    Ok((serde_json::from_slice(header)?, payload.slice(end..)))
}

async fn write(output: &mut OwnedWriteHalf, message: &ToRooms) -> anyhow::Result<()> {
    let json = serde_json::to_vec(message)?;
    let length = u32::try_from(json.len() + 1)?;
    let frame = [&length.to_be_bytes()[..], &[0], &json].concat();
    tokio::time::timeout(WRITE_WITHIN, output.write_all(&frame))
        .await
        .context("it reads no more")??;
    Ok(())
}

async fn leave(mut engine: Engine) {
    // An engine that cannot be told notices the end of its link.
    let _ = write(&mut engine.writer, &ToRooms::Stop).await;
    drop((engine.writer, engine.reader));
    if tokio::time::timeout(LEAVE_WITHIN, engine.child.wait())
        .await
        .is_err()
    {
        let _ = engine.child.kill().await;
    }
}

async fn log(stderr: ChildStderr) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_unpacked_and_torn_ones_refused() {
        let header = br#"{"room":"nancy","media":"video","pts_ns":40,"keyframe":true}"#;
        let whole = [&(header.len() as u16).to_be_bytes()[..], header, b"unit"].concat();
        let (parsed, bytes) = unpack(Bytes::from(whole.clone())).unwrap();
        assert_eq!(
            (parsed.pts_ns, parsed.keyframe, &bytes[..]),
            (40, true, &b"unit"[..])
        );
        for torn in [&[][..], &[0], &[0, 9], &whole[..20]] {
            assert!(unpack(Bytes::copy_from_slice(torn)).is_err());
        }
    }
}
