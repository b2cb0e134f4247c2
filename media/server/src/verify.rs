//! Verifies a recording from outside: boxes, index, holes, lengths, and a full decode by whatever decoder the machine has.
//! Changes nothing.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::Command;

use pleniere_media_core::boxes::{self, HEADER_MAX, Scan};
use pleniere_media_core::link::{ChunkKind, Track};
use pleniere_media_core::segment::{PART_NS, TRACKS};
use pleniere_media_core::timeline::seconds;
use pleniere_media_core::window::name;

use crate::recording::{self, About, Line};

/// Two chunks further apart than this have a hole between them, nanoseconds.
const HOLE_NS: u64 = 5_000_000;
/// Renditions of a run may differ by the part in flight and an AAC frame, nanoseconds.
const APART_NS: u64 = PART_NS + 45_000_000;
/// Problems told of one file: the first ones say what is wrong.
const PROBLEMS_MAX: usize = 10;

/// What was found in a recording.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Its title.
    pub title: String,
    /// It was ended in order (a recording under way or interrupted is not).
    pub complete: bool,
    /// Its runs, in order.
    pub runs: Vec<RunReport>,
    /// What decoded it all; `None` when the machine has neither `ffmpeg` nor `gst-launch-1.0`.
    pub decoded_by: Option<&'static str>,
    /// What is wrong, in words; empty = nothing.
    pub problems: Vec<String>,
}

/// One run of a recording.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// Name of its directory.
    pub name: String,
    /// Its files.
    pub tracks: Vec<TrackReport>,
}

/// One file of a run.
#[derive(Clone, Debug)]
pub struct TrackReport {
    /// Rendition.
    pub track: Track,
    /// Bytes of whole chunks.
    pub bytes: u64,
    /// Whole chunks, the map not counted.
    pub chunks: usize,
    /// Length of its media, seconds.
    pub duration_s: f64,
    /// Holes in it, seconds altogether.
    pub missing_s: f64,
}

impl Report {
    /// Nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Verifies the recording in a directory (`DATA/{event}/recordings/{recording}`). Takes as long as decoding it.
///
/// # Errors
/// When the directory is not a recording or cannot be read.
pub fn verify(dir: &Path) -> io::Result<Report> {
    inspect(dir, Decoder::find())
}

/// As [`verify`], without decoding: boxes, index, holes and lengths alone.
///
/// # Errors
/// When the directory is not a recording or cannot be read.
pub fn check(dir: &Path) -> io::Result<Report> {
    inspect(dir, None)
}

fn inspect(dir: &Path, decoder: Option<Decoder>) -> io::Result<Report> {
    let about = std::fs::read(dir.join("recording.json"));
    let about = about.map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("{} is no recording: {error}", dir.display()),
        )
    })?;
    let about: About = serde_json::from_slice(&about)?;
    let mut report = Report {
        title: about.title,
        complete: about.complete,
        decoded_by: decoder.map(Decoder::name),
        ..Report::default()
    };
    for run in recording::names(dir)? {
        let path = dir.join(&run);
        let mut tracks = Vec::new();
        for track in TRACKS {
            let mut problems = Vec::new();
            let media = path.join(format!("{}.mp4", name(track)));
            match track_report(&media, track, &mut problems) {
                Ok(found) => tracks.push(found),
                Err(error) => problems.push(error.to_string()),
            }
            if let Some(decoder) = decoder {
                problems.extend(decoder.decode(&path, track));
            }
            let told = problems.into_iter().take(PROBLEMS_MAX);
            report
                .problems
                .extend(told.map(|problem| format!("{run}/{}.mp4: {problem}", name(track))));
        }
        report.problems.extend(apart(&run, &tracks));
        report.runs.push(RunReport { name: run, tracks });
    }
    if report.runs.is_empty() {
        report.problems.push("nothing is recorded in it".into());
    }
    Ok(report)
}

fn track_report(media: &Path, track: Track, problems: &mut Vec<String>) -> io::Result<TrackReport> {
    let mut file = File::open(media)?;
    let size = file.metadata()?.len();
    let lines = recording::read_index(&recording::index_path(media))?;
    let found = scan(&mut file, size)?;
    if found.1 != size {
        problems.push(format!(
            "{} bytes after the last whole chunk, at byte {}",
            size - found.1,
            found.1
        ));
    }
    compare(&lines, &found.0, problems);
    times(&mut file, &lines, problems)?;
    let media: Vec<&Line> = lines
        .iter()
        .filter(|line| line.kind != ChunkKind::Map)
        .collect();
    let missing = media
        .windows(2)
        .map(|pair| pair[1].pts_ns.saturating_sub(pair[0].end_ns()))
        .filter(|hole| *hole > HOLE_NS);
    let missing_ns = missing.sum();
    if missing_ns > 0 {
        problems.push(format!("holes of {} s altogether", seconds(missing_ns)));
    }
    Ok(TrackReport {
        track,
        bytes: found.1,
        chunks: media.len(),
        duration_s: seconds(media.iter().map(|line| line.duration_ns).sum()),
        missing_s: seconds(missing_ns),
    })
}

fn scan(file: &mut File, size: u64) -> io::Result<(Vec<boxes::Found>, u64)> {
    let (mut scan, mut found) = (Scan::default(), Vec::new());
    while scan.next_offset() < size {
        let bytes = recording::read_at(file, scan.next_offset(), HEADER_MAX as u64)?;
        let Some(head) = boxes::header(&bytes) else {
            break;
        };
        if scan.next_offset().saturating_add(head.len) > size {
            break;
        }
        found.extend(scan.step(head));
    }
    Ok((found, scan.whole_until()))
}

fn compare(lines: &[Line], found: &[boxes::Found], problems: &mut Vec<String>) {
    if lines.len() != found.len() {
        problems.push(format!(
            "the index tells {} chunks, the file has {}",
            lines.len(),
            found.len()
        ));
    }
    for (n, (line, found)) in lines.iter().zip(found).enumerate() {
        if !agree(line, found) {
            let told = format!(
                "the index tells {:?} of {} bytes at {}",
                line.kind, line.len, line.offset
            );
            problems.push(format!(
                "chunk {n}: {told}, the file has {:?} of {} bytes at {}",
                found.kind, found.len, found.offset
            ));
            return;
        }
    }
    if lines.first().is_none_or(|line| line.kind != ChunkKind::Map) {
        problems.push("does not begin with a map".into());
    }
}

/// A segment may begin without the muxer's mark: on a machine too slow for a while parts grow longer, and the segment is full
/// before the muxer counts it so. A mark that the index does not know of is a mistake.
fn agree(line: &Line, found: &boxes::Found) -> bool {
    let unmarked = (line.kind, found.kind) == (ChunkKind::SegmentStart, ChunkKind::Part);
    (line.offset, line.len) == (found.offset, found.len) && (line.kind == found.kind || unmarked)
}

/// Compares the index with the decode times written in the chunks.
fn times(file: &mut File, lines: &[Line], problems: &mut Vec<String>) -> io::Result<()> {
    let (mut scale, mut default, mut origin) = (1, 0, None);
    for (n, line) in lines.iter().enumerate() {
        let bytes = recording::read_at(file, line.offset, line.len)?;
        if line.kind == ChunkKind::Map {
            (scale, default) = (
                boxes::timescale(&bytes).unwrap_or(1),
                boxes::default_duration(&bytes),
            );
            continue;
        }
        let Some(found) = boxes::times(&bytes, default) else {
            problems.push(format!("chunk {n} tells no decode time"));
            continue;
        };
        let start_ns = boxes::nanoseconds(found.start, scale);
        let duration_ns = boxes::nanoseconds(found.duration, scale);
        let (first_start, first_pts) = *origin.get_or_insert((start_ns, line.pts_ns));
        let late_ns =
            (start_ns.wrapping_sub(first_start)).abs_diff(line.pts_ns.wrapping_sub(first_pts));
        if late_ns > HOLE_NS || duration_ns.abs_diff(line.duration_ns) > HOLE_NS {
            problems.push(format!(
                "chunk {n} plays at another time than the index tells"
            ));
        }
    }
    Ok(())
}

fn apart(run: &str, tracks: &[TrackReport]) -> Option<String> {
    let lengths = || {
        tracks
            .iter()
            .map(|track| track.duration_s + track.missing_s)
    };
    let (shortest, longest) = (
        lengths().fold(f64::INFINITY, f64::min),
        lengths().fold(0.0, f64::max),
    );
    let apart = longest - shortest > seconds(APART_NS);
    apart.then(|| format!("{run}: its renditions are {shortest} s to {longest} s long"))
}

#[derive(Clone, Copy)]
enum Decoder {
    Ffmpeg,
    GstLaunch,
}

impl Decoder {
    fn find() -> Option<Self> {
        let runs = |program: &str, flag: &str| {
            Command::new(program)
                .arg(flag)
                .output()
                .is_ok_and(|out| out.status.success())
        };
        if runs("ffmpeg", "-version") {
            return Some(Self::Ffmpeg);
        }
        runs("gst-launch-1.0", "--version").then_some(Self::GstLaunch)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ffmpeg => "ffmpeg",
            Self::GstLaunch => "gst-launch-1.0",
        }
    }

    /// Decodes one file to its end; what the decoder complains of.
    fn decode(self, dir: &Path, track: Track) -> Vec<String> {
        let file = format!("{}.mp4", name(track));
        let mut command = Command::new(self.name());
        match self {
            Self::Ffmpeg => {
                command.args(["-nostdin", "-v", "error", "-i", &file, "-f", "null", "-"])
            }
            Self::GstLaunch => command.args([
                "-q",
                "filesrc",
                &format!("location={file}"),
                "!",
                "decodebin",
                "!",
                "fakesink",
            ]),
        };
        let out = match command
            .current_dir(dir)
            .stdin(std::process::Stdio::null())
            .output()
        {
            Ok(out) => out,
            Err(error) => return vec![format!("{} could not be run: {error}", self.name())],
        };
        let said = String::from_utf8_lossy(&out.stderr);
        let mut complaints: Vec<String> = said
            .lines()
            .map(|line| format!("{}: {line}", self.name()))
            .collect();
        if !out.status.success() && complaints.is_empty() {
            complaints.push(format!("{} failed: {}", self.name(), out.status));
        }
        complaints
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_may_lack_its_mark_in_the_file_but_no_mark_may_lack_its_segment() {
        let line = |kind| Line {
            offset: 40,
            len: 80,
            pts_ns: 0,
            duration_ns: 0,
            at: 0,
            kind,
            independent: false,
            msn: None,
            part: None,
            codec: None,
        };
        let found = |kind| boxes::Found {
            offset: 40,
            len: 80,
            kind,
        };
        let (start, part) = (ChunkKind::SegmentStart, ChunkKind::Part);
        assert!(agree(&line(start), &found(part)));
        assert!(agree(&line(start), &found(start)));
        assert!(!agree(&line(part), &found(start)));
        assert!(!agree(&line(ChunkKind::Map), &found(part)));
    }
}
