//! From the chunks of one engine run to parts and segments that begin and end together in every rendition. A chunk is handed
//! on only when each rendition has arrived at its end, so a run that breaks off breaks off at the same instant everywhere.

use std::collections::{BTreeMap, VecDeque};

use crate::link::{ChunkHeader, ChunkKind, Track};

/// Every rendition, in the order of the multivariant playlist.
pub const TRACKS: [Track; 3] = [Track::V720, Track::V360, Track::Audio];

/// Length of a whole segment, nanoseconds: 48 frames at 25 fps = 90 AAC frames at 48 kHz.
pub const SEGMENT_NS: u64 = 1_920_000_000;
/// Length of a whole part, nanoseconds: 8 frames = 15 AAC frames.
pub const PART_NS: u64 = 320_000_000;

/// A segment this close to [`SEGMENT_NS`] is whole: less than one AAC frame may be missing to rounding.
const WHOLE_SLACK_NS: u64 = 5_000_000;
/// Renditions that end this close to each other have arrived at the same instant: two AAC frames, one picture.
const TOGETHER_NS: u64 = 45_000_000;
/// A part shorter than this share of PART-TARGET may only end a segment (RFC 8216bis, 4.4.4.9).
const SHORT_PERCENT: u64 = 85;
/// Chunks one rendition may be ahead of the others: 10 s. Beyond, another rendition has stopped and the run is broken.
const PENDING_MAX: usize = 32;

/// A chunk with its place in the run, ready to be published and recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released<T> {
    /// Rendition.
    pub track: Track,
    /// Number of the segment in the run, from 0; the same in every rendition.
    pub ordinal: u64,
    /// This part begins its segment.
    pub starts: bool,
    /// This part is known to end its segment.
    pub ends: bool,
    /// Begins with a sample that needs no other.
    pub independent: bool,
    /// Running time of the first sample, nanoseconds.
    pub pts_ns: u64,
    /// Nanoseconds.
    pub duration_ns: u64,
    /// The chunk's bytes, or whatever stands for them.
    pub payload: T,
}

/// Why a chunk was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// A map is not media; it begins a run and is kept by the caller.
    #[error("a map is not a part of a segment")]
    NotMedia,
    /// The chunk begins before the end of the last one of its rendition.
    #[error("a chunk of {0:?} goes back in time")]
    Backwards(Track),
    /// One rendition ran far ahead of another, which must have stopped.
    #[error("{0:?} is 32 chunks ahead of another rendition")]
    Apart(Track),
}

struct Chunk<T> {
    starts: bool,
    pts_ns: u64,
    duration_ns: u64,
    payload: T,
}

impl<T> Chunk<T> {
    fn end_ns(&self) -> u64 {
        self.pts_ns + self.duration_ns
    }
}

struct Lane<T> {
    pending: VecDeque<Chunk<T>>,
    received_ns: Option<u64>,
    first_start_ns: Option<u64>,
    /// Ordinal and length so far of the segment being released.
    open: Option<(u64, u64)>,
    next_ordinal: u64,
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self {
            pending: VecDeque::new(),
            received_ns: None,
            first_start_ns: None,
            open: None,
            next_ordinal: 0,
        }
    }
}

/// Sorts the chunks of one run into parts and segments.
pub struct Assembler<T> {
    lanes: BTreeMap<Track, Lane<T>>,
}

impl<T> Default for Assembler<T> {
    fn default() -> Self {
        Self {
            lanes: TRACKS
                .into_iter()
                .map(|track| (track, Lane::default()))
                .collect(),
        }
    }
}

impl<T> Assembler<T> {
    /// Takes one chunk as it arrived.
    pub fn push(&mut self, header: &ChunkHeader, payload: T) -> Result<(), PushError> {
        let starts = match header.kind {
            ChunkKind::Map => return Err(PushError::NotMedia),
            ChunkKind::SegmentStart => true,
            ChunkKind::Part => false,
        };
        let lane = self.lanes.entry(header.track).or_default();
        if lane
            .received_ns
            .is_some_and(|end| header.pts_ns + WHOLE_SLACK_NS < end)
        {
            return Err(PushError::Backwards(header.track));
        }
        if lane.pending.len() >= PENDING_MAX {
            return Err(PushError::Apart(header.track));
        }
        let chunk = Chunk {
            starts,
            pts_ns: header.pts_ns,
            duration_ns: header.duration_ns,
            payload,
        };
        lane.received_ns = Some(chunk.end_ns());
        if starts {
            lane.first_start_ns.get_or_insert(chunk.pts_ns);
        }
        lane.pending.push_back(chunk);
        Ok(())
    }

    /// Chunks that every rendition has arrived at, in the order to publish them.
    pub fn release(&mut self) -> Vec<Released<T>> {
        let mut out = Vec::new();
        let Some(begin_ns) = self.begin_ns() else {
            return out;
        };
        let Some(together_ns) = self
            .lanes
            .values()
            .map(|l| l.received_ns.unwrap_or(0))
            .min()
        else {
            return out;
        };
        for (track, lane) in &mut self.lanes {
            lane.drop_before(begin_ns);
            while let Some(chunk) = lane.ready(together_ns + TOGETHER_NS) {
                out.push(lane.place(*track, chunk));
            }
        }
        out.sort_by_key(|part| (part.ordinal, part.pts_ns));
        out
    }

    /// `true` once media has come in: a map that follows begins another run.
    #[must_use]
    pub fn has_media(&self) -> bool {
        self.lanes.values().any(|lane| lane.received_ns.is_some())
    }

    /// Where the run begins: half a segment before the last rendition's first segment.
    fn begin_ns(&self) -> Option<u64> {
        let starts: Option<Vec<u64>> = self
            .lanes
            .values()
            .map(|lane| lane.first_start_ns)
            .collect();
        starts?
            .into_iter()
            .max()
            .map(|last| last.saturating_sub(SEGMENT_NS / 2))
    }
}

impl<T> Lane<T> {
    /// Drops what comes before the first segment that every rendition has.
    fn drop_before(&mut self, begin_ns: u64) {
        while self.next_ordinal == 0
            && self
                .pending
                .front()
                .is_some_and(|chunk| !chunk.starts || chunk.pts_ns < begin_ns)
        {
            self.pending.pop_front();
        }
    }

    fn ready(&mut self, until_ns: u64) -> Option<Chunk<T>> {
        let chunk = self.pending.front()?;
        let length_ns = match self.open {
            Some((_, length_ns)) if !chunk.starts => length_ns + chunk.duration_ns,
            _ => chunk.duration_ns,
        };
        let short = chunk.duration_ns * 100 < PART_NS * SHORT_PERCENT;
        let tail = length_ns + WHOLE_SLACK_NS >= SEGMENT_NS;
        // A short part is published only once it is known to be the last of its segment.
        let wait = short && !tail && self.pending.len() < 2;
        (chunk.end_ns() <= until_ns && !wait)
            .then(|| self.pending.pop_front())
            .flatten()
    }

    fn place(&mut self, track: Track, chunk: Chunk<T>) -> Released<T> {
        let (ordinal, before_ns, starts) = match self.open {
            Some((ordinal, length_ns)) if !chunk.starts => (ordinal, length_ns, false),
            _ => (self.next_ordinal, 0, true),
        };
        let length_ns = before_ns + chunk.duration_ns;
        let cut = self.pending.front().is_some_and(|next| next.starts);
        let ends = cut || length_ns + WHOLE_SLACK_NS >= SEGMENT_NS;
        self.next_ordinal = ordinal + 1;
        self.open = (!ends).then_some((ordinal, length_ns));
        Released {
            track,
            ordinal,
            starts,
            ends,
            independent: chunk.starts || track == Track::Audio,
            pts_ns: chunk.pts_ns,
            duration_ns: chunk.duration_ns,
            payload: chunk.payload,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(track: Track, kind: ChunkKind, pts_ns: u64, duration_ns: u64) -> ChunkHeader {
        ChunkHeader {
            track,
            kind,
            pts_ns,
            duration_ns,
            slate: false,
            codec: None,
        }
    }

    fn kind(n: u64) -> ChunkKind {
        if n.is_multiple_of(6) {
            ChunkKind::SegmentStart
        } else {
            ChunkKind::Part
        }
    }

    fn push(assembler: &mut Assembler<u64>, track: Track, n: u64) {
        assembler
            .push(&header(track, kind(n), n * PART_NS, PART_NS), n)
            .unwrap();
    }

    #[test]
    fn given_one_rendition_late_when_released_then_the_others_wait_for_it() {
        let mut assembler = Assembler::default();
        push(&mut assembler, Track::V720, 0);
        push(&mut assembler, Track::Audio, 0);
        assert_eq!(assembler.release(), []);
        push(&mut assembler, Track::V360, 0);
        let out = assembler.release();
        assert_eq!(out.len(), 3);
        assert!(
            out.iter()
                .all(|part| part.starts && part.independent && !part.ends)
        );
    }

    #[test]
    fn given_six_parts_when_released_then_the_sixth_ends_the_segment_without_waiting_for_the_next()
    {
        let mut assembler = Assembler::default();
        let mut out = Vec::new();
        for n in 0..7 {
            for track in TRACKS {
                push(&mut assembler, track, n);
            }
            out.extend(assembler.release());
        }
        let video: Vec<_> = out
            .iter()
            .filter(|p| p.track == Track::V720)
            .map(|p| (p.ordinal, p.starts, p.ends, p.independent))
            .collect();
        assert_eq!(video[0], (0, true, false, true));
        assert_eq!(video[1], (0, false, false, false));
        assert_eq!(video[5], (0, false, true, false));
        assert_eq!(video[6], (1, true, false, true));
        assert!(
            out.iter()
                .filter(|p| p.track == Track::Audio)
                .all(|p| p.independent)
        );
    }

    #[test]
    fn given_a_rendition_that_starts_a_segment_later_when_released_then_all_begin_with_it() {
        let mut assembler = Assembler::default();
        for n in 0..8 {
            push(&mut assembler, Track::V720, n);
            push(&mut assembler, Track::Audio, n);
            if n >= 6 {
                push(&mut assembler, Track::V360, n);
            }
        }
        let out = assembler.release();
        assert!(out.iter().all(|part| part.pts_ns >= SEGMENT_NS));
        assert_eq!(
            out.iter()
                .filter(|part| part.ordinal == 0 && part.starts)
                .count(),
            3
        );
    }

    #[test]
    fn given_a_short_part_when_released_then_it_waits_until_it_is_known_to_end_its_segment() {
        let mut assembler = Assembler::default();
        for track in TRACKS {
            assembler
                .push(&header(track, ChunkKind::SegmentStart, 0, PART_NS / 2), 0)
                .unwrap();
        }
        assert_eq!(assembler.release(), []);
        for track in TRACKS {
            assembler
                .push(
                    &header(track, ChunkKind::SegmentStart, PART_NS / 2, PART_NS),
                    1,
                )
                .unwrap();
        }
        let out = assembler.release();
        assert!(
            out.iter()
                .filter(|part| part.payload == 0)
                .all(|part| part.ends)
        );
        assert_eq!(out.len(), 6);
    }

    #[test]
    fn given_a_chunk_from_the_past_when_pushed_then_it_is_refused() {
        let mut assembler = Assembler::default();
        push(&mut assembler, Track::V720, 3);
        let back = assembler.push(&header(Track::V720, ChunkKind::Part, 0, PART_NS), 0);
        assert_eq!(back, Err(PushError::Backwards(Track::V720)));
    }

    #[test]
    fn given_a_rendition_that_stopped_when_another_runs_on_then_the_run_is_said_to_be_broken() {
        let mut assembler = Assembler::default();
        let refused = (0..64).find_map(|n| {
            assembler
                .push(&header(Track::V720, kind(n), n * PART_NS, PART_NS), n)
                .err()
        });
        assert_eq!(refused, Some(PushError::Apart(Track::V720)));
    }

    proptest! {
        /// However the renditions' arrivals interleave, and wherever the run breaks off, each rendition has been handed on up to the same instant.
        #[test]
        fn a_run_breaks_off_at_the_same_instant_everywhere(order in proptest::collection::vec(0_usize..3, 1..120)) {
            let mut assembler = Assembler::default();
            let mut sent = [0_u64; 3];
            let mut ends = BTreeMap::new();
            let mut parts = 0_u64;
            for lane in order {
                if sent[lane] > sent.iter().min().copied().unwrap_or(0) + 20 { continue; }
                push(&mut assembler, TRACKS[lane], sent[lane]);
                sent[lane] += 1;
                for part in assembler.release() {
                    let end = part.pts_ns + part.duration_ns;
                    prop_assert_eq!(part.pts_ns, ends.insert(part.track, end).unwrap_or(0));
                    prop_assert_eq!(part.ordinal, part.pts_ns / SEGMENT_NS);
                    parts += 1;
                }
            }
            let all: Vec<u64> = TRACKS.iter().map(|t| ends.get(t).copied().unwrap_or(0)).collect();
            prop_assert!(all.iter().all(|end| *end == all[0]));
            prop_assert_eq!(parts, 3 * sent.iter().min().unwrap());
        }
    }
}
