//! Encodes the slate beforehand: one segment of each track that the origin plays while there is no engine or the programme
//! is masked. A short pipeline of its own, at file speed, gone when it is done.

use anyhow::{Context, bail, ensure};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSrc};
use pleniere_media_core::link::{ChunkKind, Track};

use crate::encode::{self, FRAME_NS, PARTS, PICTURE_CAPS, SEGMENT_NS, SOUND_CAPS};
use crate::packager::{Chunk, Packager, TRACKS};

/// Frames given to the encoders: one part more than a segment, so that the sixth part is closed by what follows.
const FRAMES: u64 = 57;
/// The same in AAC frames of 1024 samples.
const SOUND_FRAMES: u32 = 106;

/// The map and the six parts of one 1.92 s segment for each track, of the I420 `picture` and silence.
///
/// # Errors
/// When an element is missing or an encoder fails.
pub fn encode_slate(picture: Vec<u8>) -> anyhow::Result<Vec<Chunk>> {
    let pipeline = build()?;
    let still = element::<AppSrc>(&pipeline, "still")?;
    let picture = gst::Buffer::from_mut_slice(picture);
    for frame in 0..FRAMES {
        let mut buffer = picture.copy();
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(gst::ClockTime::from_nseconds(frame * FRAME_NS));
            buffer.set_duration(gst::ClockTime::from_nseconds(FRAME_NS));
        }
        still.push_buffer(buffer)?;
    }
    still.end_of_stream()?;
    pipeline.set_state(gst::State::Playing)?;
    let segments = TRACKS
        .iter()
        .map(|(track, name)| one_segment(&pipeline, *track, name))
        .collect::<anyhow::Result<Vec<_>>>();
    pipeline.set_state(gst::State::Null)?;
    Ok(segments?.concat())
}

fn build() -> anyhow::Result<gst::Pipeline> {
    let text = format!(
        "appsrc name=still format=time max-bytes=0 caps=\"{PICTURE_CAPS}\" ! tee name=picture \
         picture. ! queue max-size-buffers=4 ! {} ! {} \
         picture. ! queue max-size-buffers=4 ! {} ! {} \
         audiotestsrc wave=silence samplesperbuffer=1024 num-buffers={SOUND_FRAMES} ! {SOUND_CAPS} ! {} ! {}",
        encode::v720(),
        encode::chunks("v720"),
        encode::v360(),
        encode::chunks("v360"),
        encode::aac(),
        encode::chunks("audio"),
    );
    gst::parse::launch(&text)?
        .downcast::<gst::Pipeline>()
        .ok()
        .context("the slate is a pipeline")
}

fn element<T: IsA<gst::Element>>(pipeline: &gst::Pipeline, name: &str) -> anyhow::Result<T> {
    let found = pipeline.by_name(name).and_then(|e| e.downcast::<T>().ok());
    found.with_context(|| format!("the slate has a {name}"))
}

fn one_segment(pipeline: &gst::Pipeline, track: Track, name: &str) -> anyhow::Result<Vec<Chunk>> {
    let sink = element::<AppSink>(pipeline, name)?;
    let mut packager = Packager::new(track);
    let mut chunks = Vec::new();
    while let Ok(sample) = sink.pull_sample() {
        chunks.extend(packager.chunks_of(&sample));
    }
    if chunks.len() < PARTS + 1 {
        bail!("{name}: {} chunks of {}", chunks.len(), PARTS + 1);
    }
    chunks.truncate(PARTS + 1);
    let kinds: Vec<ChunkKind> = chunks.iter().map(|(header, _)| header.kind).collect();
    ensure!(
        kinds[..2] == [ChunkKind::Map, ChunkKind::SegmentStart]
            && kinds[2..].iter().all(|kind| *kind == ChunkKind::Part),
        "{name}: cut into {kinds:?}"
    );
    let long: u64 = chunks.iter().map(|(header, _)| header.duration_ns).sum();
    ensure!(long == SEGMENT_NS, "{name}: {long} ns of {SEGMENT_NS}");
    for (header, _) in &mut chunks {
        header.slate = true;
    }
    Ok(chunks)
}
