//! What is recorded: recordings, their runs, the chunks of each track's file. The copy in memory that origin and replay read,
//! and the words of the files beside the media. Reads and mends directories; the recorder thread alone appends.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use pleniere_media_core::boxes::{self, HEADER_MAX, Scan};
use pleniere_media_core::clock::RunClock;
use pleniere_media_core::link::{ChunkKind, Track};
use pleniere_media_core::segment::TRACKS;
use pleniere_media_core::window::name;
use serde::{Deserialize, Serialize};

/// One line of a track's index: one chunk of its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Bytes from the start of the file.
    pub offset: u64,
    /// Bytes.
    pub len: u64,
    /// Running time of the first sample, nanoseconds.
    pub pts_ns: u64,
    /// Nanoseconds.
    pub duration_ns: u64,
    /// Programme time, milliseconds since 1970.
    pub at: i64,
    /// Map, first chunk of a segment, or further chunk.
    pub kind: ChunkKind,
    /// Begins with a sample that needs no other.
    pub independent: bool,
    /// Media sequence number it was published under; `None` = the public did not see it (masked).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msn: Option<u64>,
    /// Index of the part in its segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<u64>,
    /// `CODECS` value, on maps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
}

impl Line {
    /// First byte behind the chunk.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.offset + self.len
    }

    /// Running time of its end, nanoseconds.
    #[must_use]
    pub fn end_ns(&self) -> u64 {
        self.pts_ns + self.duration_ns
    }
}

/// `recording.json`: what a recording is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Title.
    pub title: String,
    /// Programme time at its beginning, milliseconds since 1970.
    pub started_at: i64,
    /// Nothing will be added.
    pub complete: bool,
}

/// One engine run of a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The chunks of each track's file, in order.
    pub tracks: BTreeMap<Track, Vec<Line>>,
}

/// One recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// What it is called.
    pub about: About,
    /// Its runs by their directory's name, in order.
    pub runs: BTreeMap<String, Run>,
}

impl Recording {
    /// Bytes recorded.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let files = self.runs.values().flat_map(|run| run.tracks.values());
        files.filter_map(|lines| lines.last()).map(Line::end).sum()
    }
}

/// Every recording of an event.
#[derive(Debug)]
pub struct Catalogue {
    dir: PathBuf,
    recordings: RwLock<BTreeMap<String, Recording>>,
}

impl Catalogue {
    /// Reads a directory of recordings, mending what a crash tore.
    ///
    /// # Errors
    /// When the directory cannot be made or read; a recording that cannot be read is left alone and said so in the log.
    pub fn open(dir: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&dir)?;
        let mut recordings = BTreeMap::new();
        for id in names(&dir)? {
            match load(&dir.join(&id)) {
                Ok(recording) => drop(recordings.insert(id, recording)),
                Err(error) => tracing::warn!(%id, %error, "a recording cannot be read"),
            }
        }
        Ok(Self {
            dir,
            recordings: RwLock::new(recordings),
        })
    }

    /// The recordings by id.
    pub fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Recording>> {
        self.recordings
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Recording>> {
        self.recordings
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Directory of a recording.
    pub(crate) fn path(&self, recording: &str) -> PathBuf {
        self.dir.join(recording)
    }

    /// A track's file, and how many of its bytes are whole; `None` when there is no such recording, run or track.
    pub(crate) fn file(&self, recording: &str, run: &str, track: Track) -> Option<(PathBuf, u64)> {
        let recordings = self.read();
        let len = recordings
            .get(recording)?
            .runs
            .get(run)?
            .tracks
            .get(&track)?
            .last()?
            .end();
        Some((
            self.dir
                .join(recording)
                .join(run)
                .join(format!("{}.mp4", name(track))),
            len,
        ))
    }

    /// How far the public may read a track's file from `from` on, at most up to `to`: to the first byte of what it was not
    /// shown (masked). `from` itself when that one is such a byte, or there is no such file.
    pub(crate) fn public_until(
        &self,
        recording: &str,
        run: &str,
        track: Track,
        from: u64,
        to: u64,
    ) -> u64 {
        let recordings = self.read();
        let lines = recordings
            .get(recording)
            .and_then(|recording| recording.runs.get(run))
            .and_then(|run| run.tracks.get(&track));
        lines.map_or(from, |lines| public_until(lines, from, to))
    }

    /// Where the bytes of a published segment are: file, offset, length; of one part of it when `part` is given.
    pub(crate) fn published(
        &self,
        track: Track,
        msn: u64,
        part: Option<u64>,
    ) -> Option<(PathBuf, u64, u64)> {
        let recordings = self.read();
        for (id, recording) in recordings.iter().rev() {
            for (run, lines) in recording.runs.iter().rev() {
                let Some(lines) = lines.tracks.get(&track) else {
                    continue;
                };
                let found = segment(lines, msn);
                let wanted = match part {
                    Some(part) => found
                        .iter()
                        .find(|line| line.part == Some(part))
                        .map(|line| (line.offset, line.len)),
                    None => found
                        .first()
                        .zip(found.last())
                        .map(|(first, last)| (first.offset, last.end() - first.offset)),
                };
                if let Some((offset, len)) = wanted {
                    let path = self
                        .dir
                        .join(id)
                        .join(run)
                        .join(format!("{}.mp4", name(track)));
                    return Some((path, offset, len));
                }
            }
        }
        None
    }
}

fn public_until(lines: &[Line], from: u64, to: u64) -> u64 {
    let first = lines.partition_point(|line| line.end() <= from);
    lines[first..]
        .iter()
        .take_while(|line| line.offset < to)
        .take_while(|line| line.msn.is_some() || line.kind == ChunkKind::Map)
        .last()
        .map_or(from, |line| line.end().min(to))
}

/// The lines of one published segment.
pub(crate) fn segment(lines: &[Line], msn: u64) -> &[Line] {
    // Numbers rise along a file; chunks that were not published stand between them without one.
    let number = |n: usize| {
        lines[..n]
            .iter()
            .rev()
            .find_map(|line| line.msn)
            .unwrap_or(0)
    };
    let (mut low, mut high) = (0, lines.len());
    while low < high {
        let middle = low + (high - low) / 2;
        if number(middle + 1) < msn {
            low = middle + 1
        } else {
            high = middle
        }
    }
    let len = lines[low..]
        .iter()
        .take_while(|line| line.msn == Some(msn))
        .count();
    &lines[low..low + len]
}

/// Names of the subdirectories, in order.
pub(crate) fn names(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.extend(entry.file_name().into_string());
        }
    }
    names.sort();
    Ok(names)
}

/// Reads one recording, mending its runs.
pub(crate) fn load(dir: &Path) -> io::Result<Recording> {
    let about = serde_json::from_slice(&fs::read(dir.join("recording.json"))?)?;
    let mut runs = BTreeMap::new();
    for run in names(dir)? {
        let mut tracks = BTreeMap::new();
        for track in TRACKS {
            let path = dir.join(&run).join(format!("{}.mp4", name(track)));
            if path.exists() {
                tracks.insert(track, mend(&path)?);
            }
        }
        runs.insert(run, Run { tracks });
    }
    Ok(Recording { about, runs })
}

/// Writes `recording.json`, whole or not at all.
pub(crate) fn save(dir: &Path, about: &About) -> io::Result<()> {
    replace(&dir.join("recording.json"), &serde_json::to_vec(about)?)
}

/// Puts a file's new content in its place, whole or not at all, on disk when this returns.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = File::create(&fresh)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    fs::rename(fresh, path)
}

/// Path of the index beside a track's file.
pub(crate) fn index_path(media: &Path) -> PathBuf {
    media.with_extension("index")
}

/// The lines of an index, up to the first that is torn.
pub(crate) fn read_index(path: &Path) -> io::Result<Vec<Line>> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(text
        .split(|byte| *byte == b'\n')
        .map_while(|line| serde_json::from_slice(line).ok())
        .collect())
}

/// Reads a track's index; cuts what a crash tore off the file's end and adds the lines that the crash kept from being written.
pub(crate) fn mend(media: &Path) -> io::Result<Vec<Line>> {
    let mut file = OpenOptions::new().read(true).write(true).open(media)?;
    let size = file.metadata()?.len();
    let index = index_path(media);
    let mut lines = read_index(&index)?;
    let told = lines.len();
    let sound = lines.iter().scan(0, |end, line| {
        let follows = line.offset == *end && line.end() <= size;
        *end = line.end();
        follows.then_some(())
    });
    let sound = sound.count();
    lines.truncate(sound);
    let from = lines.last().map_or(0, Line::end);
    let whole = scan(&mut file, from, size, &mut lines)?;
    if whole < size {
        tracing::warn!(file = %media.display(), cut = size - whole, "a torn tail was cut off a recording");
        file.set_len(whole)?;
    }
    if lines.len() != told || sound != told || whole < size {
        let mut text = Vec::new();
        for line in &lines {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        replace(&index, &text)?;
    }
    Ok(lines)
}

/// Adds a line for each whole chunk from `from` on; returns where the last whole one ends.
fn scan(file: &mut File, from: u64, size: u64, lines: &mut Vec<Line>) -> io::Result<u64> {
    let mut scan = Scan::from_offset(from);
    let mut scale = None;
    while scan.next_offset() < size {
        let Some(head) = boxes::header(&read_at(file, scan.next_offset(), HEADER_MAX as u64)?)
        else {
            break;
        };
        if scan.next_offset().saturating_add(head.len) > size {
            break;
        }
        let Some(found) = scan.step(head) else {
            continue;
        };
        let bytes = read_at(file, found.offset, found.len)?;
        if scale.is_none() || found.kind == ChunkKind::Map {
            let map = if found.kind == ChunkKind::Map {
                bytes.clone()
            } else {
                map_bytes(file, lines)?
            };
            scale = Some((
                boxes::timescale(&map).unwrap_or(1),
                boxes::default_duration(&map),
            ));
        }
        let (timescale, default) = scale.unwrap_or((1, 0));
        lines.push(found_line(found, &bytes, timescale, default, lines));
    }
    Ok(scan.whole_until())
}

fn map_bytes(file: &mut File, lines: &[Line]) -> io::Result<Vec<u8>> {
    match lines.iter().rev().find(|line| line.kind == ChunkKind::Map) {
        Some(map) => read_at(file, map.offset, map.len),
        None => Ok(Vec::new()),
    }
}

/// The line of a chunk found in a file: its place in the programme follows from the line before it.
fn found_line(
    found: boxes::Found,
    bytes: &[u8],
    timescale: u32,
    default: u32,
    lines: &[Line],
) -> Line {
    let mut line = Line {
        offset: found.offset,
        len: found.len,
        pts_ns: 0,
        duration_ns: 0,
        at: lines.last().map_or(0, |last| last.at),
        kind: found.kind,
        independent: found.kind == ChunkKind::SegmentStart,
        msn: None,
        part: None,
        codec: None,
    };
    if found.kind == ChunkKind::Map {
        line.codec = boxes::codec(bytes);
        return line;
    }
    if let Some(times) = boxes::times(bytes, default) {
        line.duration_ns = boxes::nanoseconds(times.duration, timescale);
        line.pts_ns = boxes::nanoseconds(times.start, timescale);
    }
    let Some(last) = lines.iter().rev().find(|last| last.kind != ChunkKind::Map) else {
        return line;
    };
    line.pts_ns = last.end_ns();
    line.at = RunClock::from_origin(last.at * 1_000_000 - i64::try_from(last.pts_ns).unwrap_or(0))
        .date(line.pts_ns)
        / 1_000_000;
    // Sound is independent everywhere; so is a rendition whose further chunks were.
    line.independent |= last.independent && last.kind == ChunkKind::Part;
    let starts = found.kind == ChunkKind::SegmentStart;
    line.msn = last.msn.map(|msn| msn + u64::from(starts));
    line.part = last.part.map(|part| if starts { 0 } else { part + 1 });
    line
}

/// Bytes of a file, fewer at its end.
pub(crate) fn read_at(file: &mut File, offset: u64, len: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(offset))?;
    Read::by_ref(file).take(len).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: u64, msn: Option<u64>) -> Line {
        let kind = ChunkKind::Part;
        Line {
            offset: n * 10,
            len: 10,
            pts_ns: n,
            duration_ns: 1,
            at: 0,
            kind,
            independent: false,
            msn,
            part: None,
            codec: None,
        }
    }

    #[test]
    fn a_segment_is_found_among_chunks_that_were_not_published() {
        let numbers = [
            None,
            Some(4),
            Some(4),
            None,
            None,
            Some(7),
            None,
            Some(8),
            Some(8),
        ];
        let lines: Vec<_> = (0..).zip(numbers).map(|(n, msn)| line(n, msn)).collect();
        let found = |msn| {
            segment(&lines, msn)
                .iter()
                .map(|line| line.offset)
                .collect::<Vec<_>>()
        };
        assert_eq!(found(4), [10, 20]);
        assert_eq!(found(7), [50]);
        assert_eq!(found(8), [70, 80]);
        assert!(found(3).is_empty() && found(5).is_empty() && found(9).is_empty());
        assert!(segment(&[], 1).is_empty());
    }

    #[test]
    fn the_public_reads_up_to_what_was_masked() {
        let map = Line {
            kind: ChunkKind::Map,
            ..line(0, None)
        };
        let numbers = [Some(4), None, None, Some(5), Some(5)];
        let lines: Vec<_> = [map]
            .into_iter()
            .chain((1..).zip(numbers).map(|(n, msn)| line(n, msn)))
            .collect();
        for (from, to, until) in [
            (0, 60, 20),
            (0, 5, 5),
            (15, 60, 20),
            (20, 60, 20),
            (25, 60, 25),
            (40, 60, 60),
            (45, 52, 52),
            (60, 70, 60),
        ] {
            assert_eq!(public_until(&lines, from, to), until, "{from} to {to}");
        }
    }

    #[test]
    fn given_a_file_without_an_index_when_mended_then_its_torn_tail_is_cut() {
        let dir = tempfile::tempdir().unwrap();
        let media = dir.path().join("audio.mp4");
        let boxed = |kind: &[u8; 4], len: u32| {
            [&len.to_be_bytes()[..], kind, &vec![0; len as usize - 8]].concat()
        };
        let whole = [
            boxed(b"ftyp", 16),
            boxed(b"moov", 24),
            boxed(b"styp", 16),
            boxed(b"moof", 24),
            boxed(b"mdat", 40),
        ]
        .concat();
        fs::write(&media, [&whole[..], &boxed(b"moof", 30)[..20]].concat()).unwrap();
        let lines = mend(&media).unwrap();
        assert_eq!(
            lines
                .iter()
                .map(|line| (line.kind, line.len))
                .collect::<Vec<_>>(),
            [(ChunkKind::Map, 40), (ChunkKind::SegmentStart, 80)]
        );
        assert_eq!(fs::metadata(&media).unwrap().len(), 120);
        assert_eq!(read_index(&index_path(&media)).unwrap(), lines);
        assert_eq!(mend(&media).unwrap(), lines);
    }
}
