//! One pipeline per room: raw pictures and sound in, H.264 access units and Opus packets out to the link. Paced by its owner;
//! the pipeline itself keeps no clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSinkCallbacks, AppSrc};
use gstreamer_video::UpstreamForceKeyUnitEvent;
use pleniere_media_core::link::{Media, RoomFrameHeader};
use pleniere_media_core::scene::SiteId;

use super::Link;
use super::tone::RATE;
use crate::picture::{HEIGHT, WIDTH};

/// Pictures a second.
pub const FPS: u32 = 25;
/// Target of the encoder: enough for a drawn room at 640x360, little for the link.
const BITRATE_KBPS: u32 = 500;
/// Frames between keyframes nobody asked for.
const KEYFRAME_EVERY: u32 = 50;
/// Raw pictures waiting for the encoder; when full the oldest is dropped.
const RAW_MAX: u64 = 3;
/// Sound blocks of 20 ms waiting for the encoder; when full the oldest is dropped.
const SOUND_MAX: u64 = 25;

/// A running encoder.
#[derive(Debug)]
pub struct Encoder {
    pipeline: gst::Pipeline,
    video: AppSrc,
    audio: AppSrc,
    h264: gst::Element,
}

impl Encoder {
    /// Encodes for `room` and writes what comes out to `link`.
    ///
    /// # Errors
    /// When GStreamer lacks an element (both H.264 encoders, say) or refuses to start.
    pub fn start(room: &SiteId, link: &Link) -> anyhow::Result<Self> {
        let pipeline = gst::Pipeline::new();
        let (video, h264) = video_branch(&pipeline, room, link)?;
        let audio = audio_branch(&pipeline, room, link)?;
        pipeline
            .set_state(gst::State::Playing)
            .context("the encoders of a room do not start")?;
        Ok(Self {
            pipeline,
            video,
            audio,
            h264,
        })
    }

    /// Encodes one I420 picture shown from running time `pts` on. Refused buffers are dropped: the pipeline says why on its bus.
    pub fn picture(&self, bytes: &[u8], pts: Duration) {
        push(
            &self.video,
            bytes.to_vec(),
            pts,
            Duration::from_millis(1000 / u64::from(FPS)),
        );
    }

    /// Encodes 20 ms of sound (S16LE, mono) heard from running time `pts` on.
    pub fn sound(&self, samples: impl Iterator<Item = i16>, pts: Duration) {
        push(
            &self.audio,
            samples.flat_map(i16::to_le_bytes).collect(),
            pts,
            Duration::from_millis(20),
        );
    }

    /// Makes the next picture a keyframe.
    pub fn force_keyframe(&self) {
        let event = UpstreamForceKeyUnitEvent::builder()
            .all_headers(true)
            .build();
        if let Some(pad) = self.h264.static_pad("src") {
            pad.send_event(event);
        }
    }

    /// What went wrong since the last call, in plain words.
    pub fn fault(&self) -> Option<String> {
        let bus = self.pipeline.bus()?;
        let message = bus.pop_filtered(&[gst::MessageType::Error])?;
        match message.view() {
            gst::MessageView::Error(error) => Some(error.error().to_string()),
            _ => None,
        }
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // Nothing is left to do when a pipeline refuses to stop.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

fn push(source: &AppSrc, bytes: Vec<u8>, pts: Duration, duration: Duration) {
    let mut buffer = gst::Buffer::from_mut_slice(bytes);
    if let Some(buffer) = buffer.get_mut() {
        buffer.set_pts(gst::ClockTime::from_nseconds(pts.as_nanos() as u64));
        buffer.set_duration(gst::ClockTime::from_nseconds(duration.as_nanos() as u64));
    }
    // An error here is an error of the pipeline, which `fault` reports.
    let _ = source.push_buffer(buffer);
}

fn video_branch(
    pipeline: &gst::Pipeline,
    room: &SiteId,
    link: &Link,
) -> anyhow::Result<(AppSrc, gst::Element)> {
    let raw = gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", WIDTH as i32)
        .field("height", HEIGHT as i32)
        .field("framerate", gst::Fraction::new(FPS as i32, 1))
        .field("colorimetry", "bt709")
        .build();
    let source = source(&raw, RAW_MAX);
    let encoder = h264_encoder()?;
    let profile = filter("video/x-h264", &[("profile", "constrained-baseline")])?;
    let parse = gst::ElementFactory::make("h264parse")
        .property("config-interval", -1i32)
        .build()?;
    let units = filter(
        "video/x-h264",
        &[("stream-format", "byte-stream"), ("alignment", "au")],
    )?;
    let sink = sink(room, Media::Video, link);
    let chain = [
        source.upcast_ref(),
        &encoder,
        &profile,
        &parse,
        &units,
        sink.upcast_ref(),
    ];
    pipeline.add_many(chain)?;
    gst::Element::link_many(chain)?;
    Ok((source, encoder))
}

fn audio_branch(pipeline: &gst::Pipeline, room: &SiteId, link: &Link) -> anyhow::Result<AppSrc> {
    let raw = gst::Caps::builder("audio/x-raw")
        .field("format", "S16LE")
        .field("layout", "interleaved")
        .field("rate", RATE as i32)
        .field("channels", 1i32)
        .build();
    let source = source(&raw, SOUND_MAX);
    let encoder = gst::ElementFactory::make("opusenc")
        .property("bitrate", 48_000i32)
        .property("complexity", 3i32)
        .property_from_str("frame-size", "20")
        .build()?;
    let sink = sink(room, Media::Audio, link);
    let chain = [source.upcast_ref(), &encoder, sink.upcast_ref()];
    pipeline.add_many(chain)?;
    gst::Element::link_many(chain)?;
    Ok(source)
}

fn source(caps: &gst::Caps, max_buffers: u64) -> AppSrc {
    let source = AppSrc::builder()
        .caps(caps)
        .format(gst::Format::Time)
        .is_live(true)
        .max_bytes(0)
        .build();
    source.set_property("max-buffers", max_buffers);
    source.set_property_from_str("leaky-type", "downstream");
    source
}

fn filter(name: &str, fields: &[(&str, &str)]) -> anyhow::Result<gst::Element> {
    let mut caps = gst::Caps::builder(name);
    for (field, value) in fields {
        caps = caps.field(*field, *value);
    }
    Ok(gst::ElementFactory::make("capsfilter")
        .property("caps", caps.build())
        .build()?)
}

/// x264 when it is installed, else Cisco's encoder.
fn h264_encoder() -> anyhow::Result<gst::Element> {
    if gst::ElementFactory::find("x264enc").is_some() {
        return Ok(gst::ElementFactory::make("x264enc")
            .property_from_str("speed-preset", "ultrafast")
            .property_from_str("tune", "zerolatency")
            .property("key-int-max", KEYFRAME_EVERY)
            .property("bitrate", BITRATE_KBPS)
            .property("vbv-buf-capacity", 600u32)
            .property("threads", 1u32)
            .property_from_str("option-string", "scenecut=0")
            .build()?);
    }
    gst::ElementFactory::make("openh264enc")
        .property("bitrate", BITRATE_KBPS * 1000)
        .property("gop-size", KEYFRAME_EVERY)
        .property_from_str("complexity", "low")
        .property_from_str("rate-control", "bitrate")
        .build()
        .context("neither x264enc nor openh264enc is installed: no H.264 can be made")
}

fn sink(room: &SiteId, media: Media, link: &Link) -> AppSink {
    let (room, link) = (room.clone(), link.clone());
    let last = AtomicU64::new(0);
    let callbacks = AppSinkCallbacks::builder().new_sample(move |sink| {
        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        send(&link, &room, media, &last, &sample).ok_or(gst::FlowError::Eos)
    });
    AppSink::builder()
        .sync(false)
        .async_(false)
        .max_buffers(8)
        .callbacks(callbacks.build())
        .build()
}

/// `None` when the link is gone: the process is about to leave.
fn send(
    link: &Link,
    room: &SiteId,
    media: Media,
    last: &AtomicU64,
    sample: &gst::Sample,
) -> Option<gst::FlowSuccess> {
    let buffer = sample.buffer()?;
    // x264enc counts from 1000 hours on: only the running time means something.
    let segment = sample
        .segment()
        .and_then(|segment| segment.downcast_ref::<gst::ClockTime>());
    let running = segment.and_then(|segment| segment.to_running_time(buffer.pts()?));
    let pts_ns = running.map_or_else(|| last.load(Ordering::Relaxed), gst::ClockTime::nseconds);
    last.store(pts_ns, Ordering::Relaxed);
    let header = RoomFrameHeader {
        room: room.clone(),
        media,
        pts_ns,
        keyframe: media == Media::Video && !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT),
    };
    let bytes = buffer.map_readable().ok()?;
    link.binary(&header, &[bytes.as_slice()]).ok()?;
    Some(gst::FlowSuccess::Ok)
}
