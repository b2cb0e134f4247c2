//! Looks at chunks with a decoder: the colours of a frame, the loudness of sound.

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSrc};
use pleniere_media_core::link::ChunkHeader;

/// A decoded frame in I420, without padding.
pub struct Frame {
    pub pts_ns: u64,
    width: usize,
    height: usize,
    data: Vec<u8>,
}

impl Frame {
    /// Y, Cb, Cr at a place given in pixels of 1280x720.
    pub fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let (x, y) = (x * self.width / 1280, y * self.height / 720);
        let luma = self.width * self.height;
        let chroma = y / 2 * (self.width / 2) + x / 2;
        [
            self.data[y * self.width + x],
            self.data[luma + chroma],
            self.data[luma + luma / 4 + chroma],
        ]
    }

    pub fn is_red(&self, x: usize, y: usize) -> bool {
        let [_, cb, cr] = self.at(x, y);
        cr > 200 && cb < 120
    }

    pub fn is_green(&self, x: usize, y: usize) -> bool {
        let [_, cb, cr] = self.at(x, y);
        cr < 80 && cb < 80
    }
}

type Chunks = [(ChunkHeader, Vec<u8>)];

/// Every frame of a video track; its times are running times because the track begins at 0.
pub fn frames(chunks: &Chunks) -> Vec<Frame> {
    let decode = "h264parse ! avdec_h264 max-threads=1 ! video/x-raw,format=I420";
    let from_map = |sample: &gst::Sample| {
        let structure = sample.caps()?.structure(0)?;
        let (width, height) = (
            structure.get::<i32>("width").ok()?,
            structure.get::<i32>("height").ok()?,
        );
        let buffer = sample.buffer()?;
        Some(Frame {
            pts_ns: buffer.pts()?.nseconds(),
            width: width as usize,
            height: height as usize,
            data: buffer.map_readable().ok()?.to_vec(),
        })
    };
    decoded(chunks, decode)
        .iter()
        .filter_map(from_map)
        .collect()
}

/// The frame on screen at `pts_ns`.
pub fn frame_at(frames: &[Frame], pts_ns: u64) -> &Frame {
    let at = frames.iter().position(|frame| frame.pts_ns >= pts_ns);
    &frames[at.unwrap()]
}

/// Sound of an audio track, mono.
pub struct Sound {
    /// Share of full scale, with its time in nanoseconds.
    samples: Vec<(u64, f64)>,
}

impl Sound {
    pub fn of(chunks: &Chunks) -> Self {
        let decode = "aacparse ! avdec_aac ! audioconvert ! audio/x-raw,format=S16LE,channels=1";
        let mut samples = Vec::new();
        for sample in decoded(chunks, decode) {
            let buffer = sample.buffer().unwrap();
            let pts = buffer.pts().unwrap().nseconds();
            let values = buffer.map_readable().unwrap();
            for (index, value) in (0u64..).zip(values.chunks_exact(2)) {
                let share = f64::from(i16::from_le_bytes([value[0], value[1]])) / 32768.0;
                samples.push((pts + index * 1_000_000_000 / 48_000, share));
            }
        }
        Self { samples }
    }

    /// RMS in dBFS between two times.
    pub fn loudness(&self, from_ns: u64, to_ns: u64) -> f64 {
        let within = self
            .samples
            .iter()
            .filter(|(at, _)| (from_ns..to_ns).contains(at));
        let (mut squares, mut values) = (0.0, 0u64);
        for (_, share) in within {
            squares += share * share;
            values += 1;
        }
        10.0 * (squares / values as f64).max(1e-12).log10()
    }

    /// When it first is loud at or after `from_ns`.
    pub fn first_loud(&self, from_ns: u64) -> Option<u64> {
        let loud = |(at, share): &&(u64, f64)| *at >= from_ns && share.abs() > 0.1;
        self.samples.iter().find(loud).map(|(at, _)| *at)
    }
}

fn decoded(chunks: &Chunks, decode: &str) -> Vec<gst::Sample> {
    gst::init().unwrap();
    let text =
        format!("appsrc name=in ! qtdemux ! {decode} ! appsink name=out sync=false max-buffers=0");
    let pipeline = gst::parse::launch(&text).unwrap();
    let pipeline = pipeline.downcast::<gst::Pipeline>().unwrap();
    let source = pipeline
        .by_name("in")
        .unwrap()
        .downcast::<AppSrc>()
        .unwrap();
    let sink = pipeline
        .by_name("out")
        .unwrap()
        .downcast::<AppSink>()
        .unwrap();
    source.set_max_bytes(0);
    for (_, bytes) in chunks {
        source
            .push_buffer(gst::Buffer::from_slice(bytes.clone()))
            .unwrap();
    }
    source.end_of_stream().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let samples = std::iter::from_fn(|| sink.pull_sample().ok()).collect();
    pipeline.set_state(gst::State::Null).unwrap();
    samples
}
