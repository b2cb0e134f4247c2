//! Replays: the recorded bytes with another playlist, complete or still growing, and the chapters the timeline tells. What the
//! public was not shown (masked) is not in it.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use pleniere_media_core::link::{ChunkKind, Track};
use pleniere_media_core::playlist::{Kind, MediaPlaylist, Multivariant, Resource, Segment, Whole};
use pleniere_media_core::segment::TRACKS;
use pleniere_media_core::timeline::{Span, chapters, seconds};
use pleniere_media_core::window::{self, name};
use serde::Serialize;

use crate::file::{self, Range};
use crate::origin::{MEDIA, Origin, PLAYLIST, answer};
use crate::problem::Problem;
use crate::recording::{Catalogue, Line, Recording, Run};

/// While it grows.
const GROWING: &str = "public, max-age=1";
/// Once it is complete.
const COMPLETE: &str = "public, max-age=60";
/// Two chunks this close to each other follow each other without a hole, nanoseconds.
const HOLE_NS: u64 = 5_000_000;

/// A segment of a replay in one rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece<'a> {
    run: &'a str,
    /// First of a stretch without holes.
    begins: bool,
    map: (u64, u64),
    bytes: (u64, u64),
    pts_ns: u64,
    duration_ns: u64,
    at_ns: i64,
}

/// The published segments of a run's rendition: number to first line and number of lines.
fn segments(lines: &[Line]) -> BTreeMap<u64, Vec<&Line>> {
    let mut found: BTreeMap<u64, Vec<&Line>> = BTreeMap::new();
    for line in lines {
        if let Some(msn) = line.msn {
            found.entry(msn).or_default().push(line);
        }
    }
    found
}

/// What plays of a recording in one rendition: segments that every rendition has, as many parts of each as every rendition has.
fn pieces(recording: &Recording, track: Track) -> Vec<Piece<'_>> {
    recording
        .runs
        .iter()
        .flat_map(|(run, lines)| run_pieces(run, lines, track))
        .collect()
}

fn run_pieces<'a>(name: &'a str, run: &'a Run, track: Track) -> Vec<Piece<'a>> {
    let all: BTreeMap<Track, BTreeMap<u64, Vec<&Line>>> = TRACKS
        .into_iter()
        .map(|track| {
            (
                track,
                run.tracks
                    .get(&track)
                    .map(|lines| segments(lines))
                    .unwrap_or_default(),
            )
        })
        .collect();
    let numbers: BTreeSet<u64> = all.values().flat_map(|of| of.keys().copied()).collect();
    let map = run
        .tracks
        .get(&track)
        .and_then(|lines| lines.iter().find(|line| line.kind == ChunkKind::Map));
    let Some(map) = map.map(|line| (line.offset, line.len)) else {
        return Vec::new();
    };
    let mut pieces: Vec<Piece<'a>> = Vec::new();
    let last_msn = numbers.last().copied();
    for msn in numbers {
        let counts = all.values().map(|of| of.get(&msn).map(Vec::len));
        let Some(fewest) = counts
            .collect::<Option<Vec<usize>>>()
            .and_then(|counts| counts.into_iter().min())
        else {
            continue;
        };
        // A crash may have torn the renditions' last segments at different parts.
        let taken = if Some(msn) == last_msn {
            fewest
        } else {
            usize::MAX
        };
        let lines = all
            .get(&track)
            .and_then(|of| of.get(&msn))
            .into_iter()
            .flatten();
        let mut lines = lines.take(taken);
        let Some(first) = lines.next() else { continue };
        let last = lines.last().unwrap_or(first);
        let follows = pieces
            .last()
            .is_some_and(|before| before.pts_ns + before.duration_ns + HOLE_NS >= first.pts_ns);
        pieces.push(Piece {
            run: name,
            begins: !follows,
            map,
            bytes: (first.offset, last.end() - first.offset),
            pts_ns: first.pts_ns,
            duration_ns: last.end_ns() - first.pts_ns,
            at_ns: first.at * 1_000_000,
        });
    }
    pieces
}

/// The stretches of a recording that play without a hole, as the player's time has them.
pub(crate) fn spans(recording: &Recording) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for piece in pieces(recording, Track::V720) {
        match spans.last_mut().filter(|_| !piece.begins) {
            Some(span) => span.duration_ns += piece.duration_ns,
            None => spans.push(Span {
                at_ns: piece.at_ns,
                duration_ns: piece.duration_ns,
            }),
        }
    }
    spans
}

fn playlist(recording: &Recording, track: Track) -> MediaPlaylist {
    let complete = recording.about.complete;
    let print = |(n, piece): (usize, Piece<'_>)| {
        let uri = format!("{}/{}.mp4", piece.run, name(track));
        let whole = Whole {
            duration_ns: piece.duration_ns,
            resource: Resource {
                uri: uri.clone(),
                range: Some(piece.bytes),
            },
            gap: false,
        };
        Segment {
            discontinuity: piece.begins && n > 0,
            map: piece.begins.then_some(Resource {
                uri,
                range: Some(piece.map),
            }),
            at_ns: Some(piece.at_ns),
            parts: Vec::new(),
            whole: Some(whole),
        }
    };
    let mut pieces = pieces(recording, track);
    if !complete {
        // The last segment may still grow.
        pieces.pop();
    }
    MediaPlaylist {
        kind: if complete { Kind::Vod } else { Kind::Event },
        media_sequence: 0,
        discontinuity_sequence: 0,
        skipped: 0,
        segments: pieces.into_iter().enumerate().map(print).collect(),
        hint: None,
        reports: Vec::new(),
        ended: complete,
    }
}

fn multivariant(recording: &Recording) -> Option<Multivariant> {
    let codec = |track| {
        let lines = recording
            .runs
            .values()
            .filter_map(move |run| run.tracks.get(&track))
            .flatten();
        lines.filter_map(|line| line.codec.clone()).next()
    };
    Some(Multivariant {
        v720: codec(Track::V720)?,
        v360: codec(Track::V360)?,
        audio: codec(Track::Audio)?,
    })
}

/// The last recording that plays.
pub(crate) fn last(catalogue: &Catalogue) -> Option<String> {
    let recordings = catalogue.read();
    recordings
        .iter()
        .rev()
        .find(|(_, recording)| !spans(recording).is_empty())
        .map(|(id, _)| id.clone())
}

#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    title: &'a str,
    started_at: i64,
    duration_s: f64,
    state: &'static str,
}

/// `GET replays.json`
pub(crate) async fn list(State(origin): State<Origin>) -> Response {
    let recordings = origin.catalogue.read();
    let listed = recordings.iter().map(|(id, recording)| Listed {
        id,
        title: &recording.about.title,
        started_at: recording.about.started_at,
        duration_s: seconds(spans(recording).iter().map(|span| span.duration_ns).sum()),
        state: if recording.about.complete {
            "complete"
        } else {
            "recording"
        },
    });
    let listed: Vec<_> = listed.collect();
    answer(
        "application/json",
        GROWING,
        serde_json::json!(listed).to_string(),
    )
}

fn unknown() -> Problem {
    Problem::not_found("No such recording.")
}

/// `GET replay/{recording}/{index.m3u8, v720.m3u8, v360.m3u8, audio.m3u8, chapters.json}`
pub(crate) async fn document(
    State(origin): State<Origin>,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let recordings = origin.catalogue.read();
    let recording = recordings.get(&id).ok_or_else(unknown)?;
    let cache = if recording.about.complete {
        COMPLETE
    } else {
        GROWING
    };
    let empty = || Problem::not_yet("Nothing is recorded yet. Ask again in a second.");
    match file.as_str() {
        "index.m3u8" => {
            let multivariant = multivariant(recording)
                .filter(|_| !spans(recording).is_empty())
                .ok_or_else(empty)?;
            Ok(answer(PLAYLIST, cache, multivariant.to_string()))
        }
        "chapters.json" => {
            let found = chapters(&origin.journal.entries(), &spans(recording));
            Ok(answer(
                "application/json",
                GROWING,
                serde_json::json!(found).to_string(),
            ))
        }
        other => {
            let track = other
                .strip_suffix(".m3u8")
                .and_then(window::track)
                .ok_or_else(unknown)?;
            let playlist = playlist(recording, track);
            if playlist.segments.is_empty() {
                return Err(empty());
            }
            Ok(answer(PLAYLIST, cache, playlist.to_string()))
        }
    }
}

/// `GET replay/{recording}/{run}/{track}.mp4`
pub(crate) async fn media(
    State(origin): State<Origin>,
    Path((recording, run, file)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let track = file
        .strip_suffix(".mp4")
        .and_then(window::track)
        .ok_or_else(unknown)?;
    let (path, len) = origin
        .catalogue
        .file(&recording, &run, track)
        .ok_or_else(unknown)?;
    let wanted = Range::read(
        headers
            .get(header::RANGE)
            .and_then(|value| value.to_str().ok()),
        len,
    );
    let public = |from, to| {
        origin
            .catalogue
            .public_until(&recording, &run, track, from, to)
            - from
    };
    let (status, offset, length) = match wanted {
        Range::Whole if public(0, len) < len => return Err(not_shown()),
        Range::Whole => (StatusCode::OK, 0, len),
        Range::Part(offset, length) => (
            StatusCode::PARTIAL_CONTENT,
            offset,
            public(offset, offset + length),
        ),
        Range::Unsatisfiable => return Ok(unsatisfiable(len)),
    };
    if status == StatusCode::PARTIAL_CONTENT && length == 0 {
        return Err(not_shown());
    }
    let body = file::stream(&path, offset, length)
        .await
        .map_err(|_| unknown())?;
    let mut response = answer(MEDIA, COMPLETE, body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    if status == StatusCode::PARTIAL_CONTENT {
        content_range(
            headers,
            &format!("bytes {offset}-{}/{len}", offset + length - 1),
        );
    }
    Ok(response)
}

/// A file holds what was masked too, beside what its playlist names.
fn not_shown() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "not_allowed",
        "Part of this was not shown to the public. Ask for the byte ranges that the playlist names.",
    )
}

fn unsatisfiable(len: u64) -> Response {
    let mut response = answer(MEDIA, "no-store", axum::body::Body::empty());
    *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
    content_range(response.headers_mut(), &format!("bytes */{len}"));
    response
}

fn content_range(headers: &mut HeaderMap, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(header::CONTENT_RANGE, value);
    }
}
