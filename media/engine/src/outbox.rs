//! What leaves for `serve`: one bounded queue and the thread that writes it to the link. Streaming threads never wait here.

use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use gstreamer as gst;
use pleniere_media_core::link::{ChunkHeader, FromProgramme};

use crate::control::Alarm;
use crate::wire::FrameWriter;

/// Frames waiting for the link: 5 seconds of a programme with nine sites, 15 with none. When it is full `serve` has stopped
/// reading; the engine says so and leaves, because a programme with holes is worse than a restarted one.
const WAITING: usize = 150;

/// One thing to write.
enum Outgoing {
    Message(FromProgramme),
    Chunk(ChunkHeader, Vec<gst::Buffer>),
}

/// The sending side; cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    queue: SyncSender<Outgoing>,
    alarm: Alarm,
}

impl Outbox {
    /// Starts the writing thread; it ends when every clone of the outbox is gone, or when the link breaks.
    pub fn start(writer: FrameWriter<UnixStream>, alarm: Alarm) -> (Self, JoinHandle<()>) {
        let (queue, waiting) = sync_channel(WAITING);
        let broken = alarm.clone();
        let thread = std::thread::spawn(move || {
            if let Err(error) = write_all(&writer, &waiting) {
                broken.link_lost(&error.to_string());
            }
        });
        (Self { queue, alarm }, thread)
    }

    /// Queues a message.
    pub fn message(&self, message: FromProgramme) {
        self.send(Outgoing::Message(message));
    }

    /// Queues a chunk: its header and its bytes in order.
    pub fn chunk(&self, header: ChunkHeader, bytes: Vec<gst::Buffer>) {
        self.send(Outgoing::Chunk(header, bytes));
    }

    fn send(&self, outgoing: Outgoing) {
        match self.queue.try_send(outgoing) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => self
                .alarm
                .link_lost("serve does not read: 150 frames are waiting"),
            Err(TrySendError::Disconnected(_)) => self.alarm.link_lost("the link is closed"),
        }
    }
}

fn write_all(
    writer: &FrameWriter<UnixStream>,
    waiting: &Receiver<Outgoing>,
) -> Result<(), crate::wire::WireError> {
    for outgoing in waiting {
        match outgoing {
            Outgoing::Message(message) => writer.message(&message)?,
            Outgoing::Chunk(header, buffers) => {
                let maps: Vec<_> = buffers.iter().flat_map(|b| b.map_readable()).collect();
                let pieces: Vec<&[u8]> = maps.iter().map(|map| map.as_slice()).collect();
                writer.binary(&header, &pieces)?;
            }
        }
    }
    Ok(())
}
