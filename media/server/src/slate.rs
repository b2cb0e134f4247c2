//! The slate encoded beforehand: one segment of every rendition, played again and again in the programme's place, each time
//! with later decode times. Kept on disk, so that it is there before an engine is.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use pleniere_media_core::boxes;
use pleniere_media_core::clock::signed;
use pleniere_media_core::link::{ChunkHeader, ChunkKind, Track};
use pleniere_media_core::segment::{PART_NS, SEGMENT_NS, TRACKS};
use pleniere_media_core::window::{Append, Part, name};

/// The first bytes of a stretch of media, and what they are encoded with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Map {
    /// `ftyp` and `moov`.
    pub(crate) bytes: Bytes,
    /// `CODECS` value.
    pub(crate) codec: String,
}

impl Map {
    /// A map as the engine sent it, or as it stands in a file.
    pub(crate) fn new(bytes: Bytes, codec: Option<String>) -> Self {
        let codec = codec.or_else(|| boxes::codec(&bytes)).unwrap_or_default();
        Self { bytes, codec }
    }
}

#[derive(Clone, Debug)]
struct Chunk {
    bytes: Bytes,
    duration_ns: u64,
    independent: bool,
}

/// A whole slate.
#[derive(Clone, Debug)]
pub(crate) struct Slate {
    /// Map of each rendition.
    pub(crate) maps: BTreeMap<Track, Map>,
    chunks: BTreeMap<Track, Vec<Chunk>>,
}

/// Collects a slate as an engine sends it.
#[derive(Default)]
pub(crate) struct Intake {
    maps: BTreeMap<Track, Map>,
    chunks: BTreeMap<Track, Vec<Chunk>>,
}

/// Chunks of one slate rendition that are kept; an engine that sends more is not listened to.
const CHUNKS_MAX: usize = 16;

impl Intake {
    /// Takes one chunk; returns the slate once every rendition is whole.
    pub(crate) fn push(&mut self, header: ChunkHeader, bytes: Bytes) -> Option<Slate> {
        let chunks = self.chunks.entry(header.track).or_default();
        if header.kind == ChunkKind::Map {
            chunks.clear();
            self.maps
                .insert(header.track, Map::new(bytes, header.codec));
            return None;
        }
        if chunks.len() < CHUNKS_MAX {
            let independent = chunks.is_empty() || header.track == Track::Audio;
            chunks.push(Chunk {
                bytes,
                duration_ns: header.duration_ns,
                independent,
            });
        }
        let slate = Slate {
            maps: self.maps.clone(),
            chunks: self.chunks.clone(),
        };
        slate.is_whole().then_some(slate)
    }
}

impl Slate {
    fn is_whole(&self) -> bool {
        let length = |track: &Track| {
            self.chunks
                .get(track)
                .into_iter()
                .flatten()
                .map(|c| c.duration_ns)
                .sum::<u64>()
        };
        TRACKS.iter().all(|track| {
            self.maps.contains_key(track) && length(track) + PART_NS / 10 >= SEGMENT_NS
        })
    }

    /// Reads the slate kept in a directory; `None` when there is none or it is not whole.
    pub(crate) fn load(dir: &Path) -> Option<Self> {
        let mut intake = Intake::default();
        let mut slate = None;
        for track in TRACKS {
            let bytes = Bytes::from(std::fs::read(dir.join(format!("{}.mp4", name(track)))).ok()?);
            let (found, _) = boxes::chunks(&bytes);
            let mut scale = (1, 0);
            for chunk in found {
                let start = usize::try_from(chunk.offset).ok()?;
                let part = bytes.slice(start..start + usize::try_from(chunk.len).ok()?);
                let duration_ns = match chunk.kind {
                    ChunkKind::Map => {
                        scale = (boxes::timescale(&part)?, boxes::default_duration(&part));
                        0
                    }
                    _ => boxes::nanoseconds(boxes::times(&part, scale.1)?.duration, scale.0),
                };
                let header = ChunkHeader {
                    track,
                    kind: chunk.kind,
                    pts_ns: 0,
                    duration_ns,
                    slate: true,
                    codec: None,
                };
                slate = intake.push(header, part).or(slate);
            }
        }
        slate
    }

    /// Writes the slate to a directory, each file whole or not at all.
    pub(crate) fn save(&self, dir: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(dir)?;
        for track in TRACKS {
            let mut bytes = self
                .maps
                .get(&track)
                .map(|map| map.bytes.to_vec())
                .unwrap_or_default();
            self.chunks
                .get(&track)
                .into_iter()
                .flatten()
                .for_each(|chunk| bytes.extend_from_slice(&chunk.bytes));
            let path = dir.join(format!("{}.mp4", name(track)));
            let fresh = path.with_extension("new");
            std::fs::write(&fresh, bytes)?;
            std::fs::rename(fresh, path)?;
        }
        Ok(())
    }

    /// Chunk `index` of the `turn`th time the slate plays; `None` past its end, or when its times cannot be written.
    fn chunk(&self, track: Track, turn: u64, index: usize) -> Option<(Bytes, u64, bool)> {
        let chunks = self.chunks.get(&track)?;
        let chunk = chunks.get(index)?;
        let scale = boxes::timescale(&self.maps.get(&track)?.bytes)?;
        let mut bytes = chunk.bytes.to_vec();
        let sequence = turn.wrapping_mul(chunks.len() as u64) + index as u64 + 1;
        let sequence = u32::try_from(sequence & u64::from(u32::MAX)).unwrap_or(0);
        boxes::place(&mut bytes, boxes::ticks(turn * SEGMENT_NS, scale), sequence).ok()?;
        Some((bytes.into(), chunk.duration_ns, chunk.independent))
    }

    /// The parts of one turn, for a window read back; at most `parts` of them.
    pub(crate) fn turn(&self, track: Track, turn: u64, parts: usize) -> Vec<Part<Bytes>> {
        let part = |(payload, duration_ns, independent)| Part {
            duration_ns,
            independent,
            payload,
        };
        (0..parts.min(CHUNKS_MAX))
            .map_while(|index| self.chunk(track, turn, index).map(part))
            .collect()
    }
}

/// The slate on air, from a programme time on.
pub(crate) struct Playing {
    slate: Arc<Slate>,
    start_ns: i64,
    next: BTreeMap<Track, Next>,
}

#[derive(Clone, Copy, Default)]
struct Next {
    turn: u64,
    index: usize,
    in_turn_ns: u64,
}

impl Playing {
    /// Begins at this programme time, nanoseconds since 1970.
    pub(crate) fn new(slate: Arc<Slate>, start_ns: i64) -> Self {
        Self {
            slate,
            start_ns,
            next: TRACKS
                .into_iter()
                .map(|track| (track, Next::default()))
                .collect(),
        }
    }

    /// The next part of a rendition when it ends by this programme time, and the number of its turn.
    pub(crate) fn due(&mut self, track: Track, until_ns: i64) -> Option<(u64, Append<Bytes>)> {
        let next = self.next.get_mut(&track)?;
        let (payload, duration_ns, independent) = self.slate.chunk(track, next.turn, next.index)?;
        let at_ns = self.start_ns + signed(next.turn * SEGMENT_NS + next.in_turn_ns);
        if at_ns + signed(duration_ns) > until_ns {
            return None;
        }
        let (turn, starts) = (next.turn, next.index == 0);
        let ends = self
            .slate
            .chunks
            .get(&track)
            .is_none_or(|chunks| next.index + 1 >= chunks.len());
        *next = if ends {
            Next {
                turn: turn + 1,
                ..Next::default()
            }
        } else {
            Next {
                turn,
                index: next.index + 1,
                in_turn_ns: next.in_turn_ns + duration_ns,
            }
        };
        Some((
            turn,
            Append {
                starts,
                ends,
                at_ns,
                part: Part {
                    duration_ns,
                    independent,
                    payload,
                },
            },
        ))
    }
}
