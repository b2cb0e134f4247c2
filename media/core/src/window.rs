//! The published window: the last minute of segments of every rendition, numbered alike, and what a request for one of them
//! is told. Decides; keeps whatever stands for the bytes, serves nothing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::clock::signed;
use crate::link::Track;
use crate::playlist::{self, Kind, MediaPlaylist, Report, Resource, SKIP_UNTIL_NS, Whole};
use crate::segment::TRACKS;

/// How much is kept, nanoseconds.
pub const KEPT_NS: u64 = 60_000_000_000;
/// Parts are listed for segments this close to the end, nanoseconds: three target durations (RFC 8216bis, 4.4.4.9) and one more.
const PARTS_LISTED_NS: u64 = 8_000_000_000;
/// How many parts ahead of the last a request may name: three seconds of parts (RFC 8216bis, 6.2.5.2).
const PARTS_AHEAD: u64 = 10;

/// Name of a rendition in URLs and files.
#[must_use]
pub fn name(track: Track) -> &'static str {
    match track {
        Track::V720 => "v720",
        Track::V360 => "v360",
        Track::Audio => "audio",
    }
}

/// The rendition of that name.
#[must_use]
pub fn track(name: &str) -> Option<Track> {
    TRACKS.into_iter().find(|track| self::name(*track) == name)
}

/// One published segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment<T> {
    /// Media sequence number; the same instant in every rendition.
    pub msn: u64,
    /// Programme time of its first sample, nanoseconds since 1970.
    pub at_ns: i64,
    /// Media time starts anew here.
    pub discontinuity: bool,
    /// How many discontinuities there were up to and with this segment.
    pub stretch: u64,
    /// Number of its map: the media sequence number of the first segment that used it.
    pub map: u64,
    /// Parts, in order.
    pub parts: Vec<Part<T>>,
    /// No part will be added.
    pub complete: bool,
    /// This rendition has nothing here: listed as a gap of this length.
    pub gap_ns: Option<u64>,
}

impl<T> Segment<T> {
    /// Length so far, nanoseconds.
    #[must_use]
    pub fn duration_ns(&self) -> u64 {
        self.gap_ns
            .unwrap_or_else(|| self.parts.iter().map(|part| part.duration_ns).sum())
    }

    /// Programme time of its end, nanoseconds since 1970.
    #[must_use]
    pub fn end_ns(&self) -> i64 {
        self.at_ns + signed(self.duration_ns())
    }
}

/// One published part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<T> {
    /// Nanoseconds.
    pub duration_ns: u64,
    /// Begins with a sample that needs no other.
    pub independent: bool,
    /// The bytes, or whatever stands for them.
    pub payload: T,
}

/// A part to publish.
#[derive(Clone, Debug)]
pub struct Append<T> {
    /// Begins a segment.
    pub starts: bool,
    /// Ends its segment.
    pub ends: bool,
    /// Programme time of its first sample, nanoseconds since 1970.
    pub at_ns: i64,
    /// The part.
    pub part: Part<T>,
}

/// Answer to "is this in the playlist yet" (RFC 8216bis, 6.2.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// It is, or something after it is.
    Yes,
    /// Not yet.
    NotYet,
    /// Further ahead than a player can rightly ask.
    TooFar,
}

/// The window of every rendition.
#[derive(Clone, Debug)]
pub struct Window<T> {
    lanes: BTreeMap<Track, VecDeque<Arc<Segment<T>>>>,
    /// First media sequence number of the current stretch, which is also the number of its maps.
    map: u64,
    stretch: u64,
    fresh: BTreeMap<Track, bool>,
    ended: bool,
}

impl<T: Clone> Window<T> {
    /// An empty window whose first segment will have this number.
    #[must_use]
    pub fn new(first_msn: u64) -> Self {
        Self {
            lanes: TRACKS
                .into_iter()
                .map(|track| (track, VecDeque::new()))
                .collect(),
            map: first_msn,
            stretch: 0,
            fresh: BTreeMap::new(),
            ended: false,
        }
    }

    /// A window read back: finished segments, oldest first, the same numbers in every rendition. What comes next begins anew.
    #[must_use]
    pub fn restore(lanes: BTreeMap<Track, Vec<Segment<T>>>, next_msn: u64, stretch: u64) -> Self {
        let mut window = Self::new(next_msn);
        window.stretch = stretch;
        for (track, segments) in lanes {
            window
                .lanes
                .insert(track, segments.into_iter().map(Arc::new).collect());
        }
        window
    }

    /// Begins a new stretch of media time in every rendition at once; returns the number of its first segment and maps.
    pub fn begin(&mut self) -> u64 {
        self.level();
        self.map = self
            .last_msn()
            .map_or(self.map, |last| last.max(self.map.saturating_sub(1)) + 1);
        self.stretch += 1;
        self.ended = false;
        self.fresh = TRACKS.into_iter().map(|track| (track, true)).collect();
        self.map
    }

    /// Nothing more will come (until the next [`Window::begin`]).
    pub fn end(&mut self) {
        self.level();
        self.ended = true;
    }

    /// Nothing more will come.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Publishes a part; returns the segment's number, the part's index in it, and the segment's programme time.
    pub fn append(&mut self, track: Track, append: Append<T>) -> (u64, u64, i64) {
        let fresh = self.fresh.insert(track, false).unwrap_or(false);
        let (map, stretch) = (self.map, self.stretch);
        let lane = self.lanes.entry(track).or_default();
        let open = lane.back().is_some_and(|last| !last.complete);
        if append.starts || fresh || !open {
            let msn = if fresh {
                map
            } else {
                lane.back().map_or(map, |last| last.msn + 1)
            };
            let at_ns = lane
                .back()
                .map_or(append.at_ns, |last| append.at_ns.max(last.end_ns()));
            close(lane);
            let discontinuity = fresh && stretch > 1;
            lane.push_back(Arc::new(Segment {
                msn,
                at_ns,
                discontinuity,
                stretch,
                map,
                parts: Vec::new(),
                complete: false,
                gap_ns: None,
            }));
        }
        let Some(last) = lane.back_mut() else {
            return (map, 0, append.at_ns);
        };
        let segment = Arc::make_mut(last);
        segment.parts.push(append.part);
        segment.complete = append.ends;
        (segment.msn, segment.parts.len() as u64 - 1, segment.at_ns)
    }

    /// Removes whole segments from the front, the same in every rendition, while more than [`KEPT_NS`] stays.
    pub fn evict(&mut self) {
        let kept = |lane: &VecDeque<Arc<Segment<T>>>| {
            lane.iter().skip(1).map(|s| s.duration_ns()).sum::<u64>()
        };
        while self
            .lanes
            .values()
            .all(|lane| lane.len() > 1 && kept(lane) > KEPT_NS)
        {
            self.lanes
                .values_mut()
                .for_each(|lane| drop(lane.pop_front()));
        }
    }

    /// Closes what is open and makes every rendition end with the same segment: one that has nothing gets a gap.
    fn level(&mut self) {
        let Some(longest) = self
            .lanes
            .values()
            .max_by_key(|lane| lane.back().map(|s| s.msn))
            .cloned()
        else {
            return;
        };
        for lane in self.lanes.values_mut() {
            close(lane);
            let next = lane
                .back()
                .map(|s| s.msn + 1)
                .or_else(|| longest.front().map(|s| s.msn));
            let missing = longest
                .iter()
                .filter(|s| next.is_some_and(|next| s.msn >= next));
            lane.extend(missing.map(|s| {
                let gap_ns = Some(s.duration_ns());
                Arc::new(Segment {
                    parts: Vec::new(),
                    complete: true,
                    gap_ns,
                    ..Segment::clone(s)
                })
            }));
        }
        self.fresh.clear();
    }

    /// `true` when nothing was published.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lanes.values().all(VecDeque::is_empty)
    }

    /// `true` when every rendition has something to play.
    #[must_use]
    pub fn is_playable(&self) -> bool {
        self.lanes.values().all(|lane| !lane.is_empty())
    }

    /// Segments of a rendition, oldest first.
    pub fn segments(&self, track: Track) -> impl DoubleEndedIterator<Item = &Arc<Segment<T>>> {
        self.lanes.get(&track).into_iter().flatten()
    }

    /// The segment of that number.
    #[must_use]
    pub fn segment(&self, track: Track, msn: u64) -> Option<&Arc<Segment<T>>> {
        let lane = self.lanes.get(&track)?;
        let first = lane.front()?.msn;
        lane.get(usize::try_from(msn.checked_sub(first)?).ok()?)
    }

    /// Programme time up to which every rendition is published, nanoseconds since 1970.
    #[must_use]
    pub fn end_ns(&self) -> Option<i64> {
        self.lanes
            .values()
            .filter_map(|lane| lane.back().map(|s| s.end_ns()))
            .max()
    }

    /// Discontinuities so far.
    #[must_use]
    pub fn stretch(&self) -> u64 {
        self.stretch
    }

    fn last_msn(&self) -> Option<u64> {
        self.lanes
            .values()
            .filter_map(|lane| lane.back().map(|s| s.msn))
            .max()
    }

    /// Number of the last segment of a rendition and of the last part in it.
    #[must_use]
    pub fn last(&self, track: Track) -> Option<(u64, u64)> {
        let last = self.lanes.get(&track)?.back()?;
        Some((last.msn, (last.parts.len() as u64).saturating_sub(1)))
    }

    /// Number and index of the part that comes next.
    #[must_use]
    pub fn next(&self, track: Track) -> (u64, u64) {
        match self.lanes.get(&track).and_then(VecDeque::back) {
            None => (self.map, 0),
            Some(last) if last.complete => (last.msn + 1, 0),
            Some(last) => (last.msn, last.parts.len() as u64),
        }
    }

    /// Whether a blocking reload that names this segment (and part) can be answered.
    #[must_use]
    pub fn ready(&self, track: Track, msn: u64, part: Option<u64>) -> Ready {
        let (next_msn, next_part) = self.next(track);
        let yes = match part {
            None => msn < next_msn,
            Some(part) => {
                msn < next_msn && self.part_is_past(track, msn, part)
                    || (msn == next_msn && part < next_part)
            }
        };
        if yes || self.ended {
            return Ready::Yes;
        }
        let last = self.last(track).map_or(next_msn, |(last, _)| last);
        let too_far = msn > last + 2
            || part.is_some_and(|part| part > next_part + PARTS_AHEAD && msn >= next_msn);
        if too_far {
            Ready::TooFar
        } else {
            Ready::NotYet
        }
    }

    /// A part beyond the end of a finished segment stands for the first of the next one.
    fn part_is_past(&self, track: Track, msn: u64, part: u64) -> bool {
        match self.segment(track, msn) {
            Some(segment) if segment.gap_ns.is_none() && part >= segment.parts.len() as u64 => self
                .segment(track, msn + 1)
                .is_some_and(|next| !next.parts.is_empty() || next.complete),
            _ => true,
        }
    }

    /// The media playlist of a rendition; `skip` = a delta update. `None` while the rendition has nothing.
    #[must_use]
    pub fn playlist(&self, track: Track, skip: bool) -> Option<MediaPlaylist> {
        let lane = self.lanes.get(&track)?;
        let first = lane.front()?;
        let skipped = if skip { skippable(lane) } else { 0 };
        let mut map = skipped
            .checked_sub(1)
            .and_then(|n| lane.get(n))
            .map(|s| s.map);
        let mut left_ns: u64 = lane.iter().map(|s| s.duration_ns()).sum();
        let mut segments = Vec::with_capacity(lane.len() - skipped);
        for (n, segment) in lane.iter().enumerate() {
            let with_parts = left_ns <= PARTS_LISTED_NS;
            left_ns -= segment.duration_ns();
            if n >= skipped {
                let new_map =
                    map.replace(segment.map) != Some(segment.map) || segment.discontinuity;
                segments.push(print(track, segment, new_map, with_parts));
            }
        }
        let (next_msn, next_part) = self.next(track);
        Some(MediaPlaylist {
            kind: Kind::Live,
            media_sequence: first.msn,
            discontinuity_sequence: first
                .stretch
                .saturating_sub(1)
                .saturating_sub(u64::from(first.discontinuity)),
            skipped,
            segments,
            hint: Some(format!("{}/{next_msn}.{next_part}.m4s", name(track))),
            reports: self.reports(track),
            ended: self.ended,
        })
    }

    fn reports(&self, but: Track) -> Vec<Report> {
        let others = TRACKS.into_iter().filter(|track| *track != but);
        let report = |track| {
            let (msn, part) = self.last(track)?;
            Some(Report {
                uri: format!("{}.m3u8", name(track)),
                msn,
                part,
            })
        };
        others.filter_map(report).collect()
    }
}

fn close<T: Clone>(lane: &mut VecDeque<Arc<Segment<T>>>) {
    if let Some(last) = lane.back_mut().filter(|last| !last.complete) {
        Arc::make_mut(last).complete = true;
    }
}

/// How many segments at the front lie further from the end than a delta update must tell.
fn skippable<T>(lane: &VecDeque<Arc<Segment<T>>>) -> usize {
    let mut from_end_ns = 0;
    let told = lane.iter().rev().take_while(|segment| {
        let tell = from_end_ns < SKIP_UNTIL_NS;
        from_end_ns += segment.duration_ns();
        tell
    });
    lane.len() - told.count()
}

fn print<T>(
    track: Track,
    segment: &Segment<T>,
    new_map: bool,
    with_parts: bool,
) -> playlist::Segment {
    let (name, msn) = (name(track), segment.msn);
    let part = |(n, part): (usize, &Part<T>)| playlist::Part {
        duration_ns: part.duration_ns,
        uri: format!("{name}/{msn}.{n}.m4s"),
        independent: part.independent,
    };
    let listed = if with_parts || !segment.complete {
        &segment.parts[..]
    } else {
        &[]
    };
    playlist::Segment {
        discontinuity: segment.discontinuity,
        map: new_map.then(|| Resource::whole(format!("{name}/init-{}.mp4", segment.map))),
        at_ns: Some(segment.at_ns),
        parts: listed.iter().enumerate().map(part).collect(),
        whole: segment.complete.then(|| Whole {
            duration_ns: segment.duration_ns(),
            resource: Resource::whole(format!("{name}/{msn}.m4s")),
            gap: segment.gap_ns.is_some(),
        }),
    }
}

#[cfg(test)]
mod tests;
