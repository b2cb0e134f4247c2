//! A video file that stands for a room: decoded, scaled to the room's picture, looped. Gives the newest picture and the sound
//! since; never waits for the file.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, bail};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSinkCallbacks};

use super::tone::{BLOCK, RATE};
use crate::picture::{HEIGHT, Picture, SIZE, WIDTH};

/// Sound waiting to be taken, in samples (200 ms); when full the oldest is dropped.
const SOUND_MAX: usize = RATE / 5;
/// How long a file may take to show its first picture.
const FIRST_PICTURE: gst::ClockTime = gst::ClockTime::from_seconds(5);

#[derive(Debug, Default)]
struct Taken {
    picture: Option<Vec<u8>>,
    sound: VecDeque<i16>,
    has_sound: bool,
}

/// A playing file.
#[derive(Debug)]
pub struct Clip {
    pipeline: gst::Pipeline,
    taken: Arc<Mutex<Taken>>,
}

impl Clip {
    /// Opens and starts `path`, looped.
    ///
    /// # Errors
    /// When it is no file, shows no picture within 5 s, or has no decoder here.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let path = path
            .canonicalize()
            .with_context(|| format!("{} cannot be opened", path.display()))?;
        let uri = gst::glib::filename_to_uri(&path, None)?;
        let pipeline = gst::Pipeline::new();
        let clip = Self {
            pipeline,
            taken: Arc::default(),
        };
        let video = clip.branch(
            &["videoconvert", "videoscale", "videorate"],
            &picture_caps(),
            keep_picture,
        )?;
        let audio = clip.branch(
            &["audioconvert", "audioresample"],
            &sound_caps(),
            keep_sound,
        )?;
        let decoder = gst::ElementFactory::make("uridecodebin")
            .property("uri", uri.as_str())
            .build()?;
        clip.pipeline.add(&decoder)?;
        decoder.connect_pad_added(move |_, pad| link_decoded(pad, &video, &audio));
        clip.pipeline.set_state(gst::State::Playing)?;
        clip.wait_for_picture()?;
        Ok(clip)
    }

    /// Queue, `elements`, caps and sink; gives the pad to link to. Sinks do not preroll: a file may lack either medium.
    fn branch(
        &self,
        elements: &[&str],
        caps: &gst::Caps,
        keep: fn(&mut Taken, &[u8]),
    ) -> anyhow::Result<gst::Pad> {
        let taken = Arc::clone(&self.taken);
        let callbacks = AppSinkCallbacks::builder().new_sample(move |sink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            let map = sample
                .buffer()
                .and_then(|buffer| buffer.map_readable().ok())
                .ok_or(gst::FlowError::Error)?;
            keep(&mut lock(&taken), map.as_slice());
            Ok(gst::FlowSuccess::Ok)
        });
        let sink = AppSink::builder()
            .caps(caps)
            .async_(false)
            .max_buffers(4)
            .callbacks(callbacks.build())
            .build();
        let queue = gst::ElementFactory::make("queue").build()?;
        let mut chain = vec![queue.clone()];
        for element in elements {
            chain.push(gst::ElementFactory::make(element).build()?);
        }
        chain.push(sink.upcast());
        self.pipeline.add_many(&chain)?;
        gst::Element::link_many(&chain)?;
        queue
            .static_pad("sink")
            .context("a queue without a sink pad")
    }

    fn wait_for_picture(&self) -> anyhow::Result<()> {
        let bus = self.pipeline.bus().context("a pipeline without a bus")?;
        let kinds = [
            gst::MessageType::Error,
            gst::MessageType::Eos,
            gst::MessageType::StateChanged,
        ];
        let step = gst::ClockTime::from_mseconds(50);
        for _ in 0..FIRST_PICTURE.mseconds() / step.mseconds() {
            if lock(&self.taken).picture.is_some() {
                return Ok(());
            }
            match bus
                .timed_pop_filtered(step, &kinds)
                .as_ref()
                .map(|message| message.view())
            {
                Some(gst::MessageView::Error(error)) => bail!("{}", error.error()),
                Some(gst::MessageView::Eos(_)) => bail!("it ends without a picture"),
                _ => {}
            }
        }
        bail!("it shows no picture within {} s", FIRST_PICTURE.seconds())
    }

    /// Starts again at the end of the file. To be called regularly.
    ///
    /// # Errors
    /// When the file can no longer be played.
    pub fn tend(&self) -> anyhow::Result<()> {
        let bus = self.pipeline.bus().context("a pipeline without a bus")?;
        while let Some(message) =
            bus.pop_filtered(&[gst::MessageType::Error, gst::MessageType::Eos])
        {
            match message.view() {
                gst::MessageView::Error(error) => bail!("{}", error.error()),
                _ => {
                    let flags = gst::SeekFlags::FLUSH | gst::SeekFlags::KEY_UNIT;
                    self.pipeline
                        .seek_simple(flags, gst::ClockTime::ZERO)
                        .context("it cannot be played again")?;
                }
            }
        }
        Ok(())
    }

    /// The newest picture.
    pub fn picture(&self) -> Option<Picture> {
        lock(&self.taken)
            .picture
            .as_deref()
            .and_then(Picture::from_bytes)
    }

    /// The next 20 ms of sound, filled up with silence; `None` when the file has no sound at all.
    pub fn sound(&self) -> Option<Vec<i16>> {
        let mut taken = lock(&self.taken);
        if !taken.has_sound {
            return None;
        }
        let count = taken.sound.len().min(BLOCK);
        let mut block: Vec<i16> = taken.sound.drain(..count).collect();
        block.resize(BLOCK, 0);
        Some(block)
    }

    /// Stops or resumes decoding.
    pub fn set_playing(&self, playing: bool) {
        let state = if playing {
            gst::State::Playing
        } else {
            gst::State::Paused
        };
        // A failure shows as an error on the bus, seen by `tend`.
        let _ = self.pipeline.set_state(state);
    }
}

impl Drop for Clip {
    fn drop(&mut self) {
        // Nothing is left to do when a pipeline refuses to stop.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep_picture(taken: &mut Taken, bytes: &[u8]) {
    if bytes.len() == SIZE {
        taken.picture = Some(bytes.to_vec());
    }
}

fn keep_sound(taken: &mut Taken, bytes: &[u8]) {
    taken.has_sound = true;
    taken.sound.extend(
        bytes
            .chunks_exact(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]])),
    );
    let surplus = taken.sound.len().saturating_sub(SOUND_MAX);
    taken.sound.drain(..surplus);
}

/// Links the first picture and the first sound of a file; further streams of it stay unlinked.
fn link_decoded(pad: &gst::Pad, video: &gst::Pad, audio: &gst::Pad) {
    let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    let wanted = match caps.structure(0).map(|structure| structure.name().as_str()) {
        Some(name) if name.starts_with("video/") => video,
        Some(name) if name.starts_with("audio/") => audio,
        _ => return,
    };
    if !wanted.is_linked() {
        // A refusal shows as an error on the bus.
        let _ = pad.link(wanted);
    }
}

fn picture_caps() -> gst::Caps {
    gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", WIDTH as i32)
        .field("height", HEIGHT as i32)
        .field(
            "framerate",
            gst::Fraction::new(super::encode::FPS as i32, 1),
        )
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
        .field("colorimetry", "bt709")
        .build()
}

fn sound_caps() -> gst::Caps {
    gst::Caps::builder("audio/x-raw")
        .field("format", "S16LE")
        .field("layout", "interleaved")
        .field("rate", RATE as i32)
        .field("channels", 1i32)
        .build()
}
