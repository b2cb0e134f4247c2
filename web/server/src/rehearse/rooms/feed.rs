//! The frames of one room on their way from the engine to its publisher: a short queue that a slow network cannot make long.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use pleniere_media_core::link::Media;
use tokio::sync::Notify;

/// Frames waiting for the publisher (about 0.8 s). When full, all that wait are dropped, and pictures until the next keyframe.
const FRAMES_MAX: usize = 60;

/// One encoded access unit or Opus packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) media: Media,
    pub(super) keyframe: bool,
    /// CLOCK_MONOTONIC nanoseconds, so that time goes on when an engine follows another.
    pub(super) at_ns: u64,
    pub(super) bytes: Bytes,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// It waits, or nobody wants it.
    Fine,
    /// Pictures are dropped from here on until a keyframe comes: ask for one.
    KeyframeNeeded,
}

/// The queue of one room.
#[derive(Debug, Default)]
pub(super) struct Feed {
    queue: Mutex<Queue>,
    more: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Frame>,
    wanted: bool,
    needs_keyframe: bool,
}

impl Feed {
    /// From now on frames are wanted, from a keyframe on.
    pub(super) fn open(&self) {
        *self.lock() = Queue {
            wanted: true,
            needs_keyframe: true,
            ..Queue::default()
        };
    }

    /// From now on frames are dropped.
    pub(super) fn close(&self) {
        *self.lock() = Queue::default();
    }

    pub(super) fn push(&self, frame: Frame) -> Pushed {
        let mut queue = self.lock();
        if !queue.wanted {
            return Pushed::Fine;
        }
        let mut pushed = Pushed::Fine;
        if queue.frames.len() >= FRAMES_MAX {
            queue.frames.clear();
            queue.needs_keyframe = true;
            pushed = Pushed::KeyframeNeeded;
        }
        if frame.media == Media::Video {
            if queue.needs_keyframe && !frame.keyframe {
                return pushed;
            }
            queue.needs_keyframe = false;
        }
        queue.frames.push_back(frame);
        drop(queue);
        self.more.notify_one();
        pushed
    }

    /// The next frame, when there is one. For one reader.
    pub(super) async fn next(&self) -> Frame {
        loop {
            if let Some(frame) = self.lock().frames.pop_front() {
                return frame;
            }
            self.more.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(media: Media, keyframe: bool, at_ns: u64) -> Frame {
        Frame {
            media,
            keyframe,
            at_ns,
            bytes: Bytes::new(),
        }
    }

    #[tokio::test]
    async fn a_publisher_begins_with_a_keyframe() {
        let feed = Feed::default();
        feed.push(frame(Media::Video, true, 1));
        feed.open();
        feed.push(frame(Media::Video, false, 2));
        feed.push(frame(Media::Audio, false, 3));
        feed.push(frame(Media::Video, true, 4));
        feed.push(frame(Media::Video, false, 5));
        let mut taken = Vec::new();
        for _ in 0..3 {
            taken.push(feed.next().await.at_ns);
        }
        assert_eq!(taken, [3, 4, 5]);
    }

    #[tokio::test]
    async fn a_full_queue_is_emptied_and_goes_on_at_a_keyframe() {
        let feed = Feed::default();
        feed.open();
        feed.push(frame(Media::Video, true, 0));
        for n in 1..FRAMES_MAX as u64 {
            assert_eq!(feed.push(frame(Media::Video, false, n)), Pushed::Fine);
        }
        assert_eq!(
            feed.push(frame(Media::Video, false, 100)),
            Pushed::KeyframeNeeded
        );
        assert_eq!(feed.push(frame(Media::Video, false, 101)), Pushed::Fine);
        feed.push(frame(Media::Video, true, 102));
        assert_eq!(feed.next().await.at_ns, 102);
    }
}
