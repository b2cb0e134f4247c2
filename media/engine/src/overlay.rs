//! What is drawn over the composed picture: names of the tiles, the lower third, the latency strip. Works on one frame at a
//! time in the compositor's thread; what it draws was painted before, elsewhere.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use gstreamer as gst;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;
use pleniere_media_core::strip;

use crate::plate::{Plane, Plate};

/// Frames the lower third takes to come and to go: 200 ms.
const STEPS: u8 = 5;
/// Pixels it rises by at each of them.
const RISE: usize = 6;

/// Everything drawn over the picture.
#[derive(Default)]
pub struct Overlay {
    state: Mutex<State>,
    /// Whether the latency strip is stamped.
    strip: bool,
}

#[derive(Default)]
struct State {
    labels: Vec<Plate>,
    lower: Lower,
}

/// The lower third: what is asked, what is seen.
#[derive(Default)]
struct Lower {
    /// Asked and not yet begun; a newer one replaces it, and the id replaced is never reported.
    asked: Option<(u64, Option<Plate>)>,
    seen: Option<Plate>,
    /// 0 hidden, [`STEPS`] fully there.
    step: u8,
    /// The removal under way.
    leaving: Option<u64>,
}

impl Lower {
    /// One frame further: ids that this frame is the first to carry, or to carry no longer.
    fn advance(&mut self) -> Vec<u64> {
        let mut shown = Vec::new();
        match self.asked.take() {
            Some((id, Some(plate))) => {
                shown.extend(self.leaving.take());
                shown.push(id);
                self.seen = Some(plate);
            }
            Some((id, None)) => {
                shown.extend(self.leaving.replace(id));
            }
            None => {}
        }
        if self.leaving.is_some() {
            self.step = self.step.saturating_sub(1);
            if self.step == 0 {
                self.seen = None;
                shown.extend(self.leaving.take());
            }
        } else if self.seen.is_some() {
            self.step = (self.step + 1).min(STEPS);
        }
        shown
    }
}

impl Overlay {
    /// `strip`: stamp the wall clock on every frame (rehearsals).
    pub fn new(strip: bool) -> Self {
        Self {
            state: Mutex::default(),
            strip,
        }
    }

    /// Names to draw from the next frame on.
    pub fn set_labels(&self, labels: Vec<Plate>) {
        self.lock().labels = labels;
    }

    /// Asks for a lower third, or for none.
    pub fn set_lower_third(&self, id: u64, plate: Option<Plate>) {
        self.lock().lower.asked = Some((id, plate));
    }

    /// Draws on a frame that is about to leave the compositor. Returns the lower thirds whose change this frame shows.
    pub fn draw(&self, buffer: &mut gst::BufferRef, info: &gst_video::VideoInfo) -> Vec<u64> {
        let mut state = self.lock();
        let shown = state.lower.advance();
        if state.labels.is_empty() && state.lower.seen.is_none() && !self.strip {
            return shown;
        }
        let Ok(mut frame) = gst_video::VideoFrameRef::from_buffer_ref_writable(buffer, info) else {
            return shown;
        };
        let strides: [usize; 3] =
            std::array::from_fn(|i| frame.plane_stride().get(i).map_or(0, |s| *s as usize));
        let [y, cb, cr, _] = frame.planes_data_mut();
        let mut planes = [
            Plane {
                data: y,
                stride: strides[0],
            },
            Plane {
                data: cb,
                stride: strides[1],
            },
            Plane {
                data: cr,
                stride: strides[2],
            },
        ];
        state.draw(&mut planes);
        if self.strip {
            let width = info.width() as usize;
            strip::stamp(planes[0].data, strides[0], width, unix_ms());
        }
        shown
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn draw(&self, planes: &mut [Plane<'_>; 3]) {
        for label in &self.labels {
            label.blend(planes, 255, 0);
        }
        if let Some(plate) = &self.lower.seen {
            let opacity = u16::from(self.lower.step) * 255 / u16::from(STEPS);
            let down = usize::from(STEPS - self.lower.step) * RISE;
            plate.blend(planes, opacity as u8, down);
        }
    }
}

fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plate::Canvas;

    fn plate() -> Option<Plate> {
        Some(Canvas::new(2, 2).at(0, 0))
    }

    #[test]
    fn a_lower_third_is_shown_at_its_first_frame_and_gone_at_the_first_without_it() {
        let mut lower = Lower {
            asked: Some((1, plate())),
            ..Lower::default()
        };
        assert_eq!(lower.advance(), [1]);
        assert!(lower.seen.is_some() && lower.step == 1);
        for _ in 0..10 {
            assert!(lower.advance().is_empty());
        }
        lower.asked = Some((2, None));
        for _ in 1..STEPS {
            assert!(lower.advance().is_empty());
            assert!(lower.seen.is_some());
        }
        assert_eq!(lower.advance(), [2]);
        assert!(lower.seen.is_none());
    }

    #[test]
    fn a_text_that_replaces_another_is_there_at_once() {
        let mut lower = Lower {
            asked: Some((1, plate())),
            ..Lower::default()
        };
        for _ in 0..STEPS {
            lower.advance();
        }
        lower.asked = Some((2, plate()));
        assert_eq!(lower.advance(), [2]);
        assert_eq!(lower.step, STEPS);
    }

    #[test]
    fn a_text_during_a_removal_ends_the_removal() {
        let mut lower = Lower {
            asked: Some((1, plate())),
            ..Lower::default()
        };
        for _ in 0..STEPS {
            lower.advance();
        }
        lower.asked = Some((2, None));
        assert!(lower.advance().is_empty());
        lower.asked = Some((3, plate()));
        assert_eq!(lower.advance(), [2, 3]);
        assert!(lower.seen.is_some());
    }

    #[test]
    fn removing_nothing_is_done_at_once() {
        let mut lower = Lower {
            asked: Some((4, None)),
            ..Lower::default()
        };
        assert_eq!(lower.advance(), [4]);
    }
}
