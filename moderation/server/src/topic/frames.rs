//! What a topic keeps ready to send: the frames of its latest changes, and of all it says.

use std::collections::VecDeque;

use bytes::Bytes;

/// Changes kept for readers that come back; older ones make room, and who asks for them gets a snapshot.
const CHANGES: usize = if cfg!(test) { 8 } else { 1024 };
/// Bytes of changes kept, likewise.
const CHANGE_BYTES: usize = 1 << 20;
/// A gap up to this size is sent as such even when a snapshot were smaller.
const GAP_ALWAYS_BYTES: u64 = 64 * 1024;

/// Ready WebSocket frames of one topic.
#[derive(Default)]
pub(super) struct Frames {
    /// The frames of the latest changes, each with the bytes of all frames ever made up to it.
    changes: VecDeque<(u64, Bytes)>,
    change_bytes: usize,
    total_bytes: u64,
    /// All the topic says, kept from the second who asks until the next change.
    pub(super) snapshot: Option<Bytes>,
}

impl Frames {
    /// Keeps the frame of one more change.
    pub(super) fn push(&mut self, frame: Bytes) {
        self.total_bytes += frame.len() as u64;
        self.change_bytes += frame.len();
        self.changes.push_back((self.total_bytes, frame));
        while self.changes.len() > CHANGES
            || (self.change_bytes > CHANGE_BYTES && self.changes.len() > 1)
        {
            let Some((_, oldest)) = self.changes.pop_front() else {
                break;
            };
            self.change_bytes -= oldest.len();
        }
    }

    /// The latest change.
    pub(super) fn latest(&self) -> Option<&Bytes> {
        self.changes.back().map(|(_, frame)| frame)
    }

    /// The first of the latest `missing` changes; none when it is not kept any more, or a snapshot of `map_bytes` is the
    /// shorter way.
    pub(super) fn first_of(&self, missing: usize, map_bytes: u64) -> Option<&Bytes> {
        let index = self.changes.len().checked_sub(missing)?;
        let (end, frame) = self.changes.get(index)?;
        let gap_bytes = self.total_bytes - end + frame.len() as u64;
        let dear = gap_bytes > GAP_ALWAYS_BYTES && gap_bytes > map_bytes;
        Some(frame).filter(|_| !dear)
    }
}
