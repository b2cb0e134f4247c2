//! Turns what `cmafmux` hands out into chunks with their headers: map, first chunk of a segment, further chunk.
//! Decides nothing about playlists.

use gstreamer as gst;
use pleniere_media_core::link::{ChunkHeader, ChunkKind, Track};

use crate::codec::codec_of_map;

/// Every track, with the name of its `appsink` in the pipelines.
pub const TRACKS: [(Track, &str); 3] = [
    (Track::V720, "v720"),
    (Track::V360, "v360"),
    (Track::Audio, "audio"),
];

/// One chunk: the words and the bytes.
pub type Chunk = (ChunkHeader, Vec<gst::Buffer>);

/// The chunks in one sample of a `cmafmux` behind an `appsink buffer-list=true`: the map comes in one list with the
/// first chunk. Times are running times, because x264enc shifts its timestamps by 1000 h within its segment.
pub fn chunks_of(track: Track, sample: &gst::Sample) -> Vec<Chunk> {
    let segment = sample
        .segment()
        .and_then(|s| s.downcast_ref::<gst::ClockTime>());
    let buffers: Vec<gst::Buffer> = match (sample.buffer_list_owned(), sample.buffer_owned()) {
        (Some(list), _) => list.iter_owned().collect(),
        (None, Some(buffer)) => vec![buffer],
        (None, None) => Vec::new(),
    };
    let mut chunks: Vec<Chunk> = Vec::new();
    for buffer in buffers {
        match opening_of(&buffer) {
            Some(kind) => chunks.push((header(track, kind, &buffer, segment), vec![buffer])),
            None => {
                if let Some((_, bytes)) = chunks.last_mut() {
                    bytes.push(buffer);
                }
            }
        }
    }
    chunks
}

/// What a buffer begins, by its first box; samples (`mdat` content) begin nothing.
fn opening_of(buffer: &gst::Buffer) -> Option<ChunkKind> {
    if !buffer.flags().contains(gst::BufferFlags::HEADER) {
        return None;
    }
    let map = buffer.map_readable().ok()?;
    match map.get(4..8)? {
        b"ftyp" => Some(ChunkKind::Map),
        b"styp" => Some(ChunkKind::SegmentStart),
        b"moof" => Some(ChunkKind::Part),
        _ => None,
    }
}

fn header(
    track: Track,
    kind: ChunkKind,
    buffer: &gst::Buffer,
    segment: Option<&gst::FormattedSegment<gst::ClockTime>>,
) -> ChunkHeader {
    let is_map = kind == ChunkKind::Map;
    let running = buffer
        .pts()
        .and_then(|pts| segment.and_then(|segment| segment.to_running_time(pts)));
    let codec = if is_map {
        buffer.map_readable().ok().and_then(|m| codec_of_map(&m))
    } else {
        None
    };
    ChunkHeader {
        track,
        kind,
        pts_ns: running.filter(|_| !is_map).map_or(0, |t| t.nseconds()),
        duration_ns: buffer
            .duration()
            .filter(|_| !is_map)
            .map_or(0, |t| t.nseconds()),
        slate: false,
        codec,
    }
}
