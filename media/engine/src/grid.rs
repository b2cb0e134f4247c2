//! Keeps picture and sound on one grid: drops frames whose time does not rise, starts the AAC track at the time of the first
//! frame, so that every audio part holds 15 whole frames and ends where a video part ends, and lets keyframes start segments
//! only where one is due.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use gstreamer as gst;

use crate::encode::{FRAME_NS, SEGMENT_NS};

/// Length of a buffer of the audio mixer: 20 ms.
pub const SOUND_BUFFER_NS: u64 = 20_000_000;
/// The mixer and the compositor start within this of each other, even on a busy machine; the queue before the AAC encoder
/// holds as much. A picture later still has its sound begin a segment later.
const PATIENCE: Duration = Duration::from_millis(1900);

/// The common start of the tracks.
#[derive(Default)]
pub struct Grid {
    first_frame: Mutex<Option<gst::ClockTime>>,
    known: Condvar,
}

/// Lets buffers with rising times through. The compositor of GStreamer 1.22 emits time 0 twice in half of its starts, and
/// an access unit without a time of its own kills the muxer for good.
#[derive(Default)]
pub struct Rising(Option<gst::ClockTime>);

impl Rising {
    /// Whether a buffer of this time may pass.
    pub fn passes(&mut self, pts: Option<gst::ClockTime>) -> bool {
        if pts.is_none() || pts <= self.0 {
            return false;
        }
        self.0 = pts;
        true
    }
}

impl Grid {
    /// Notes the time of the first frame that goes to the encoders.
    pub fn frame_passed(&self, pts: gst::ClockTime) {
        let mut first = self
            .first_frame
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if first.is_none() {
            *first = Some(pts);
            self.known.notify_all();
        }
    }

    /// Whether the AAC track may begin with a sound buffer of this time: at the first frame, or whole segments after it.
    /// Waits a little for the first frame.
    pub fn sound_may_begin(&self, pts: gst::ClockTime) -> bool {
        let first = self
            .first_frame
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (first, _) = self
            .known
            .wait_timeout_while(first, PATIENCE, |first| first.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        first.is_some_and(|first| begins_segment(first, pts))
    }
}

/// Which keyframes start a segment of a track. A keyframe that a WHEP viewer asked for comes at any time; the muxer would cut
/// the part under way short at it, so to the muxer it is a frame like the others.
#[derive(Default)]
pub struct Segments(Option<gst::ClockTime>);

impl Segments {
    /// Whether a segment may start with a keyframe of this time: it is the first, or a segment's length after the last that
    /// started one.
    pub fn start_at(&mut self, pts: gst::ClockTime) -> bool {
        let due = self.0.is_none_or(|started| {
            let since = pts.saturating_sub(started).nseconds();
            since + FRAME_NS / 2 >= SEGMENT_NS
        });
        if due {
            self.0 = Some(pts);
        }
        due
    }
}

fn begins_segment(first: gst::ClockTime, pts: gst::ClockTime) -> bool {
    pts.checked_sub(first)
        .is_some_and(|since| since.nseconds() % SEGMENT_NS < SOUND_BUFFER_NS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> gst::ClockTime {
        gst::ClockTime::from_mseconds(ms)
    }

    #[test]
    fn a_time_that_does_not_rise_is_dropped() {
        let mut rising = Rising::default();
        let passed: Vec<bool> = [Some(0), Some(0), None, Some(40), Some(20), Some(80)]
            .map(|pts| rising.passes(pts.map(ms)))
            .into();
        assert_eq!(passed, [true, false, false, true, false, true]);
    }

    #[test]
    fn a_keyframe_starts_a_segment_only_when_one_is_due() {
        let mut segments = Segments::default();
        let started = [40, 720, 1960, 2000, 3880, 5840].map(|pts| segments.start_at(ms(pts)));
        assert_eq!(started, [true, false, true, false, true, true]);
    }

    #[test]
    fn sound_begins_with_the_first_frame_or_whole_segments_later() {
        let grid = Grid::default();
        grid.frame_passed(ms(80));
        grid.frame_passed(ms(120));
        assert!(!grid.sound_may_begin(ms(60)));
        assert!(grid.sound_may_begin(ms(80)));
        assert!(!grid.sound_may_begin(ms(100)));
        assert!(grid.sound_may_begin(ms(2000)));
    }
}
