//! The live window's log: which segment was published from what, so that after a crash the same window goes on under the same
//! numbers. Holds no media: that is read from the recording and the slate.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use pleniere_media_core::link::{ChunkKind, Track};
use pleniere_media_core::segment::TRACKS;
use pleniere_media_core::window::{Part, Segment, Window, name};
use serde::{Deserialize, Serialize};

use crate::recording::{self, Catalogue};
use crate::slate::{Map, Slate};

/// Lines kept when the log is written anew: more than a window of segments.
const KEPT: usize = 128;
/// The log is written anew when it has grown to this, bytes.
const SIZE_MAX: u64 = 256 * 1024;
/// More parts than any segment has.
const ALL_PARTS: usize = 64;

/// What a segment was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    /// The slate, this many times after its stretch began.
    Slate(u64),
    /// A recorded run.
    Run { recording: String, run: String },
    /// A run that was not recorded.
    Unrecorded,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum LiveLine {
    /// A segment began in every rendition.
    Open {
        msn: u64,
        at_ns: i64,
        discontinuity: bool,
        stretch: u64,
        map: u64,
        source: Source,
    },
    /// It was cut short after so many parts.
    Cut {
        msn: u64,
        parts: BTreeMap<Track, usize>,
    },
}

/// The log's file.
pub(crate) struct LiveLog {
    path: PathBuf,
    file: Option<File>,
    size: u64,
    last: VecDeque<Vec<u8>>,
}

fn path(dir: &Path) -> PathBuf {
    dir.join("live.jsonl")
}

impl LiveLog {
    /// The log of an event's directory, which goes on where it was.
    pub(crate) fn open(dir: &Path) -> Self {
        let path = path(dir);
        let text = fs::read(&path).unwrap_or_default();
        let lines = text
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        let last: VecDeque<_> = lines.rev().take(KEPT).map(<[u8]>::to_vec).collect();
        // A size over the limit makes the first line written replace the file, a torn last line with it.
        Self {
            path,
            file: None,
            size: SIZE_MAX,
            last: last.into_iter().rev().collect(),
        }
    }

    /// Appends a line. Not flushed to the disk: after a power cut the recording tells as much.
    pub(crate) fn append(&mut self, line: &LiveLine) -> io::Result<()> {
        let text = serde_json::to_vec(line)?;
        self.last.push_back(text.clone());
        if self.last.len() > KEPT {
            self.last.pop_front();
        }
        if self.size >= SIZE_MAX || self.file.is_none() {
            return self.renew();
        }
        if let Some(file) = &mut self.file {
            file.write_all(&[&text[..], b"\n"].concat())?;
            self.size += text.len() as u64 + 1;
        }
        Ok(())
    }

    fn renew(&mut self) -> io::Result<()> {
        let mut text = Vec::new();
        for line in &self.last {
            text.extend_from_slice(line);
            text.push(b'\n');
        }
        recording::replace(&self.path, &text)?;
        self.size = text.len() as u64;
        self.file = Some(OpenOptions::new().append(true).open(&self.path)?);
        Ok(())
    }
}

/// What was published, read back.
pub(crate) struct Restored {
    /// The window: finished segments; what follows begins anew.
    pub(crate) window: Window<Bytes>,
    /// Maps of its segments.
    pub(crate) maps: BTreeMap<(Track, u64), Map>,
    /// End of the last segment, nanoseconds since 1970: no date below it may be published again.
    pub(crate) end_ns: i64,
}

struct Opened {
    line: (u64, i64, bool, u64, u64),
    source: Source,
    cut: Option<BTreeMap<Track, usize>>,
}

/// Reads back what was published before a crash; `None` when nothing ever was.
pub(crate) fn restore(
    dir: &Path,
    catalogue: &Catalogue,
    slate: Option<&Slate>,
) -> Option<Restored> {
    let opened = read(dir);
    let (last_msn, last_at_ns, _, stretch, _) = opened.last()?.line;
    let mut lanes: BTreeMap<Track, Vec<Segment<Bytes>>> = BTreeMap::new();
    let mut maps = BTreeMap::new();
    let count = opened.len();
    for (n, segment) in opened.into_iter().enumerate() {
        let found = rebuild(&segment, n + 1 == count, catalogue, slate);
        let follows = lanes
            .values()
            .next()
            .and_then(|lane| lane.last())
            .is_none_or(|last| last.msn + 1 == segment.line.0);
        if found.is_none() || !follows {
            lanes.clear();
        }
        for (track, (segment, map)) in found.into_iter().flatten() {
            maps.insert((track, segment.map), map);
            lanes.entry(track).or_default().push(segment);
        }
    }
    let ends = lanes
        .values()
        .filter_map(|lane| lane.last())
        .map(Segment::end_ns);
    let end_ns = ends.max().unwrap_or(last_at_ns).max(last_at_ns);
    let mut window = Window::restore(lanes, last_msn + 1, stretch);
    window.evict();
    Some(Restored {
        window,
        maps,
        end_ns,
    })
}

fn read(dir: &Path) -> Vec<Opened> {
    let text = fs::read(path(dir)).unwrap_or_default();
    let mut opened: Vec<Opened> = Vec::new();
    for line in text
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
    {
        match line {
            LiveLine::Open {
                msn,
                at_ns,
                discontinuity,
                stretch,
                map,
                source,
            } => {
                opened.push(Opened {
                    line: (msn, at_ns, discontinuity, stretch, map),
                    source,
                    cut: None,
                });
            }
            LiveLine::Cut { msn, parts } => {
                if let Some(last) = opened.last_mut().filter(|last| last.line.0 == msn) {
                    last.cut = Some(parts);
                }
            }
        }
    }
    let surplus = opened.len().saturating_sub(KEPT / 2);
    opened.drain(..surplus);
    opened
}

type Rebuilt = BTreeMap<Track, (Segment<Bytes>, Map)>;

/// A segment of every rendition from its source; `None` when a rendition's bytes are not there any more.
fn rebuild(
    opened: &Opened,
    is_last: bool,
    catalogue: &Catalogue,
    slate: Option<&Slate>,
) -> Option<Rebuilt> {
    let mut found = BTreeMap::new();
    for track in TRACKS {
        let (parts, map) = match &opened.source {
            Source::Slate(turn) => {
                // How much of the last one was published is not known; its bytes are the same whenever they are made.
                let all = if is_last { 1 } else { ALL_PARTS };
                let count = opened
                    .cut
                    .as_ref()
                    .map_or(all, |cut| cut.get(&track).copied().unwrap_or(0));
                (
                    slate?.turn(track, *turn, count),
                    slate?.maps.get(&track)?.clone(),
                )
            }
            Source::Run { recording, run } => {
                recorded(catalogue, recording, run, track, opened.line.0)?
            }
            Source::Unrecorded => return None,
        };
        found.insert(track, (parts, map));
    }
    let fewest = found
        .values()
        .map(|(parts, _)| parts.len())
        .min()
        .filter(|fewest| *fewest > 0)?;
    let (msn, at_ns, discontinuity, stretch, map_number) = opened.line;
    let finish = |(track, (mut parts, map)): (Track, (Vec<Part<Bytes>>, Map))| {
        if is_last {
            parts.truncate(fewest);
        }
        let segment = Segment {
            msn,
            at_ns,
            discontinuity,
            stretch,
            map: map_number,
            parts,
            complete: true,
            gap_ns: None,
        };
        (track, (segment, map))
    };
    Some(found.into_iter().map(finish).collect())
}

/// The parts of a published segment, and the map of its run, from the recording.
fn recorded(
    catalogue: &Catalogue,
    recording: &str,
    run: &str,
    track: Track,
    msn: u64,
) -> Option<(Vec<Part<Bytes>>, Map)> {
    let recordings = catalogue.read();
    let lines = recordings
        .get(recording)?
        .runs
        .get(run)?
        .tracks
        .get(&track)?;
    let path = catalogue
        .path(recording)
        .join(run)
        .join(format!("{}.mp4", name(track)));
    let mut file = File::open(path).ok()?;
    let head = lines.iter().find(|line| line.kind == ChunkKind::Map)?;
    let map = recording::read_at(&mut file, head.offset, head.len).ok()?;
    let mut parts = Vec::new();
    for line in recording::segment(lines, msn) {
        let payload = Bytes::from(recording::read_at(&mut file, line.offset, line.len).ok()?);
        parts.push(Part {
            duration_ns: line.duration_ns,
            independent: line.independent,
            payload,
        });
    }
    Some((parts, Map::new(map.into(), head.codec.clone())))
}
