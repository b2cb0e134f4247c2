//! The bridge of one site: decoded frames and sound become buffers of the programme, on its clock. Keeps what was seen and
//! heard for the reports. A site can never stop the programme: nothing of the programme's flow comes back through here.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use gstreamer as gst;
use gstreamer_app::AppSrc;
use gstreamer_video as gst_video;

/// A cut fades sound in this long, so that it does not click: 60 ms at 48 kHz.
const RAMP_SAMPLES: f32 = 2880.0;
/// Sound on this path is S16 stereo at 48 kHz.
const CHANNELS: usize = 2;

/// One site's way into the programme.
pub struct Feed {
    video: AppSrc,
    audio: AppSrc,
    /// Programme clock time at running time 0.
    base: gst::ClockTime,
    /// Running time of the last frame, nanoseconds plus one; 0 = none yet.
    last_frame: AtomicU64,
    /// Frames since the last report.
    frames: AtomicU32,
    /// Width and height of the frames, 32 bits each.
    shape: AtomicU64,
    /// Whether the site is to be heard.
    heard: std::sync::atomic::AtomicBool,
    sound: Mutex<Sound>,
}

#[derive(Default)]
struct Sound {
    /// Gain reached, 0 to 1.
    gain: f32,
    /// Sum of squares since the last report, in units of full scale.
    squares: f64,
    values: u64,
    caps: Option<gst::Caps>,
}

/// What a site sent since the last report.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heard {
    /// Frames decoded.
    pub frames: u32,
    /// RMS in dBFS, `None` when no sound came.
    pub level_db: Option<f32>,
}

impl Feed {
    /// Feeds the two sources of a programme whose running time 0 is `base`.
    pub fn new(video: AppSrc, audio: AppSrc, base: gst::ClockTime) -> Self {
        Self {
            video,
            audio,
            base,
            last_frame: AtomicU64::new(0),
            frames: AtomicU32::new(0),
            shape: AtomicU64::new(0),
            heard: std::sync::atomic::AtomicBool::new(false),
            sound: Mutex::default(),
        }
    }

    /// A decoded frame due at clock time `due` (site's base time + running time + latency).
    pub fn frame(&self, sample: &gst::Sample, due: gst::ClockTime) {
        let (Some(pts), Some(caps), Some(mut buffer)) = (
            due.checked_sub(self.base),
            sample.caps(),
            sample.buffer_owned(),
        ) else {
            return;
        };
        if self.video.caps().as_deref() != Some(caps) {
            self.adopt_shape(caps);
        }
        stamp(&mut buffer, pts);
        self.frames.fetch_add(1, Ordering::Relaxed);
        self.last_frame.store(pts.nseconds() + 1, Ordering::Relaxed);
        // The programme leaving or being full is no matter of the site.
        let _ = self.video.push_buffer(buffer);
    }

    fn adopt_shape(&self, caps: &gst::CapsRef) {
        self.video.set_caps(Some(&caps.to_owned()));
        if let Ok(info) = gst_video::VideoInfo::from_caps(caps) {
            let par = info.par();
            let width =
                u64::from(info.width()) * par.numer().max(1) as u64 / par.denom().max(1) as u64;
            self.shape
                .store(width << 32 | u64::from(info.height()), Ordering::Relaxed);
        }
    }

    /// Decoded sound due at clock time `due`; measured as it came, then faded to what the scene wants.
    pub fn sound(&self, sample: &gst::Sample, due: gst::ClockTime) {
        let (Some(pts), Some(mut buffer)) = (due.checked_sub(self.base), sample.buffer_owned())
        else {
            return;
        };
        let mut sound = self.sound.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(caps) = sample.caps().filter(|c| sound.caps.as_deref() != Some(*c)) {
            sound.caps = Some(caps.to_owned());
            self.audio.set_caps(Some(&caps.to_owned()));
        }
        stamp(&mut buffer, pts);
        let wanted = f32::from(u8::from(self.heard.load(Ordering::Relaxed)));
        if let Ok(mut map) = buffer.make_mut().map_writable() {
            sound.pass(map.as_mut_slice(), wanted);
        }
        let silent = sound.gain == 0.0 && wanted == 0.0;
        drop(sound);
        if silent {
            buffer.make_mut().set_flags(gst::BufferFlags::GAP);
        }
        let _ = self.audio.push_buffer(buffer);
    }

    /// Whether the programme hears the site; fades within 60 ms.
    pub fn hear(&self, on: bool) {
        self.heard.store(on, Ordering::Relaxed);
    }

    /// Running time of the last frame, if one came.
    pub fn last_frame(&self) -> Option<gst::ClockTime> {
        let last = self.last_frame.load(Ordering::Relaxed);
        last.checked_sub(1).map(gst::ClockTime::from_nseconds)
    }

    /// Width and height of the frames as they should be seen; 0, 0 before the first.
    pub fn shape(&self) -> (u32, u32) {
        let shape = self.shape.load(Ordering::Relaxed);
        ((shape >> 32) as u32, shape as u32)
    }

    /// What came since the last call.
    pub fn take_report(&self) -> Heard {
        let mut sound = self.sound.lock().unwrap_or_else(PoisonError::into_inner);
        let (squares, values) = (sound.squares, sound.values);
        (sound.squares, sound.values) = (0.0, 0);
        Heard {
            frames: self.frames.swap(0, Ordering::Relaxed),
            level_db: (values > 0).then(|| decibels(squares / values as f64)),
        }
    }
}

/// Mean square to dBFS; -120 stands for silence.
fn decibels(mean_square: f64) -> f32 {
    (10.0 * mean_square.max(1e-12).log10()) as f32
}

fn stamp(buffer: &mut gst::Buffer, pts: gst::ClockTime) {
    let buffer = buffer.make_mut();
    buffer.set_pts(pts);
    buffer.set_dts(None);
}

impl Sound {
    /// Measures S16 samples and fades them towards `wanted` (0 or 1).
    fn pass(&mut self, bytes: &mut [u8], wanted: f32) {
        let step = (wanted - self.gain).signum() / RAMP_SAMPLES;
        for frame in bytes.chunks_exact_mut(2 * CHANNELS) {
            if self.gain != wanted {
                self.gain = (self.gain + step).clamp(0.0, 1.0);
            }
            for value in frame.chunks_exact_mut(2) {
                let sample = i16::from_ne_bytes([value[0], value[1]]);
                let share = f64::from(sample) / 32768.0;
                self.squares += share * share;
                let faded = (f32::from(sample) * self.gain) as i16;
                value.copy_from_slice(&faded.to_ne_bytes());
            }
        }
        self.values += (bytes.len() / 2) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(samples: usize) -> Vec<u8> {
        (0..samples * CHANNELS)
            .flat_map(|_| 16384i16.to_ne_bytes())
            .collect()
    }

    fn first_and_last(bytes: &[u8]) -> (i16, i16) {
        let last = bytes.len() - 2;
        (
            i16::from_ne_bytes([bytes[0], bytes[1]]),
            i16::from_ne_bytes([bytes[last], bytes[last + 1]]),
        )
    }

    #[test]
    fn a_cut_to_a_site_fades_in_and_away_fades_out() {
        let mut sound = Sound::default();
        let mut bytes = tone(4800);
        sound.pass(&mut bytes, 1.0);
        let (first, last) = first_and_last(&bytes);
        assert!(first < 100 && last == 16384, "{first} {last}");
        let mut bytes = tone(4800);
        sound.pass(&mut bytes, 0.0);
        let (first, last) = first_and_last(&bytes);
        assert!(first > 16000 && last == 0, "{first} {last}");
    }

    #[test]
    fn the_level_is_what_the_site_sends_even_when_it_is_not_heard() {
        let mut sound = Sound::default();
        sound.pass(&mut tone(4800), 0.0);
        let level = decibels(sound.squares / sound.values as f64);
        assert!((level + 6.02).abs() < 0.1, "{level}");
        assert_eq!(decibels(0.0), -120.0);
    }
}
