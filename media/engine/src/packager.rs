//! Turns what `cmafmux` hands out into chunks with their headers: map, first chunk of a segment, further chunk.
//! Decides nothing about playlists.

use gstreamer as gst;
use pleniere_media_core::link::{ChunkHeader, ChunkKind, Track};

use crate::codec::codec_of_map;
use crate::encode::{PART_NS, SEGMENT_NS};

/// Every track, with the name of its `appsink` in the pipelines.
pub const TRACKS: [(Track, &str); 3] = [
    (Track::V720, "v720"),
    (Track::V360, "v360"),
    (Track::Audio, "audio"),
];

/// One chunk: the words and the bytes.
pub type Chunk = (ChunkHeader, Vec<gst::Buffer>);

/// Packages one track.
#[derive(Debug)]
pub struct Packager {
    track: Track,
    /// Time in the segment under way, nanoseconds; `None` before the first.
    segment_ns: Option<u64>,
}

impl Packager {
    /// Nothing packaged yet.
    pub fn new(track: Track) -> Self {
        Self {
            track,
            segment_ns: None,
        }
    }

    /// The chunks in one sample of a `cmafmux` behind an `appsink buffer-list=true`: the map comes in one list with the
    /// first chunk. Times are running times, because x264enc shifts its timestamps by 1000 h within its segment.
    pub fn chunks_of(&mut self, sample: &gst::Sample) -> Vec<Chunk> {
        let segment = sample
            .segment()
            .and_then(|s| s.downcast_ref::<gst::ClockTime>());
        let mut chunks: Vec<Chunk> = Vec::new();
        for buffer in buffers_of(sample) {
            if let Some(kind) = opening_of(&buffer) {
                chunks.push(self.open(kind, buffer, segment));
            } else if let Some((_, bytes)) = chunks.last_mut() {
                bytes.push(buffer);
            }
        }
        chunks
    }

    fn open(
        &mut self,
        kind: ChunkKind,
        buffer: gst::Buffer,
        segment: Option<&gst::FormattedSegment<gst::ClockTime>>,
    ) -> Chunk {
        if kind == ChunkKind::Map {
            return (map_header(self.track, &buffer), vec![buffer]);
        }
        let running = buffer
            .pts()
            .and_then(|pts| segment.and_then(|segment| segment.to_running_time(pts)));
        let duration_ns = buffer.duration().map_or(0, |t| t.nseconds());
        let (kind, buffer) = self.settle(kind, buffer);
        self.segment_ns = match kind {
            ChunkKind::SegmentStart => Some(duration_ns),
            _ => self.segment_ns.map(|long| long + duration_ns),
        };
        let header = ChunkHeader {
            track: self.track,
            kind,
            pts_ns: running.map_or(0, |t| t.nseconds()),
            duration_ns,
            slate: false,
            codec: None,
        };
        (header, vec![buffer])
    }

    /// The muxer marks the very last chunk with a `styp` of its own (brand `lmsg`) wherever it falls. That is no segment:
    /// the mark is cut off, so that a `styp` in a recorded file always is a segment start.
    fn settle(&self, kind: ChunkKind, buffer: gst::Buffer) -> (ChunkKind, gst::Buffer) {
        let early = self
            .segment_ns
            .is_some_and(|long| long + PART_NS / 2 < SEGMENT_NS);
        if kind != ChunkKind::SegmentStart || !early {
            return (kind, buffer);
        }
        match without_first_box(&buffer) {
            Some(rest) => (ChunkKind::Part, rest),
            None => (kind, buffer),
        }
    }
}

fn buffers_of(sample: &gst::Sample) -> Vec<gst::Buffer> {
    match (sample.buffer_list_owned(), sample.buffer_owned()) {
        (Some(list), _) => list.iter_owned().collect(),
        (None, Some(buffer)) => vec![buffer],
        (None, None) => Vec::new(),
    }
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

fn without_first_box(buffer: &gst::Buffer) -> Option<gst::Buffer> {
    let map = buffer.map_readable().ok()?;
    let size = u32::from_be_bytes(map.get(..4)?.try_into().ok()?) as usize;
    let rest = map.get(size..)?;
    Some(gst::Buffer::from_slice(rest.to_vec()))
}

fn map_header(track: Track, buffer: &gst::Buffer) -> ChunkHeader {
    ChunkHeader {
        track,
        kind: ChunkKind::Map,
        pts_ns: 0,
        duration_ns: 0,
        slate: false,
        codec: buffer.map_readable().ok().and_then(|m| codec_of_map(&m)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn styp_and_moof() -> gst::Buffer {
        gst::init().unwrap();
        let bytes = [&[0, 0, 0, 12][..], b"stypabcd", &[0, 0, 0, 8], b"moof"].concat();
        gst::Buffer::from_slice(bytes)
    }

    fn after(segment_ns: Option<u64>) -> (ChunkKind, usize) {
        let packager = Packager {
            track: Track::V720,
            segment_ns,
        };
        let (kind, buffer) = packager.settle(ChunkKind::SegmentStart, styp_and_moof());
        (kind, buffer.size())
    }

    #[test]
    fn a_segment_starts_at_first_and_after_a_whole_segment() {
        assert_eq!(after(None), (ChunkKind::SegmentStart, 20));
        assert_eq!(after(Some(SEGMENT_NS)), (ChunkKind::SegmentStart, 20));
    }

    #[test]
    fn the_mark_of_the_last_chunk_is_no_segment() {
        assert_eq!(after(Some(PART_NS)), (ChunkKind::Part, 8));
    }
}
