//! The LL-HLS origin over HTTP (RFC 8216bis, 6.2.5): playlists that wait for what was named, parts and segments from memory, older
//! ones from the recording. Reads what is published; a request's strings name nothing on disk.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use pleniere_media_core::link::Track;
use pleniere_media_core::playlist::TARGET_DURATION_S;
use pleniere_media_core::timeline::Phase;
use pleniere_media_core::window::{self, Ready};
use tokio::sync::watch;

use crate::journal::Journal;
use crate::problem::Problem;
use crate::recording::Catalogue;
use crate::stage::Published;
use crate::state;
use crate::{file, replay};

/// How long a request may wait for what it named: three target durations (RFC 8216bis, 6.2.5.2).
const WAIT: Duration = Duration::from_secs(3 * TARGET_DURATION_S);
/// How long a first request waits for a live that is only starting.
const WAIT_FIRST: Duration = Duration::from_secs(3);

/// A playlist that named nothing: good until the next part at most.
const BRIEF: &str = "public, max-age=1";
/// A playlist that waited for what was named: the same for all who name it.
const NAMED: &str = "public, max-age=6";
/// Bytes that never change under their name. No longer than they are asked for: an hour.
const IMMUTABLE: &str = "public, max-age=3600, immutable";

pub(crate) const PLAYLIST: &str = "application/vnd.apple.mpegurl";
pub(crate) const MEDIA: &str = "video/mp4";

/// What the handlers read.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) published: watch::Receiver<Arc<Published>>,
    pub(crate) state: watch::Receiver<state::State>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) journal: Journal,
}

/// Live and replays, relative to the event.
pub(crate) fn router(origin: Origin) -> Router {
    Router::new()
        .route("/live/index.m3u8", get(multivariant))
        .route("/live/{playlist}", get(media_playlist))
        .route("/live/{track}/{file}", get(media))
        .route("/replays.json", get(replay::list))
        .route("/replay/{recording}/{file}", get(replay::document))
        .route("/replay/{recording}/{run}/{file}", get(replay::media))
        .with_state(origin)
}

/// A response that any page may read and any cache keep as said.
pub(crate) fn answer(kind: &'static str, cache: &'static str, body: impl Into<Body>) -> Response {
    let headers: [(HeaderName, &'static str); 3] = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, cache),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, body.into()).into_response()
}

async fn multivariant(State(origin): State<Origin>) -> Result<Response, Problem> {
    if origin.state.borrow().phase == Phase::After
        && let Some(recording) = replay::last(&origin.catalogue)
    {
        let to = HeaderValue::from_str(&format!("../replay/{recording}/index.m3u8"));
        let to = to.map_err(|_| Problem::not_found("The recording cannot be named."))?;
        let mut response = answer(PLAYLIST, BRIEF, Body::empty());
        *response.status_mut() = StatusCode::FOUND;
        response.headers_mut().insert(header::LOCATION, to);
        return Ok(response);
    }
    let mut published = origin.published.clone();
    let found = wait(&mut published, WAIT_FIRST, |now| {
        now.multivariant().is_some()
    })
    .await;
    let multivariant = found.and_then(|now| now.multivariant());
    let multivariant = multivariant
        .ok_or_else(|| Problem::not_yet("The live has not begun. Ask again in a second."))?;
    Ok(answer(PLAYLIST, BRIEF, multivariant.to_string()))
}

/// Waits until something is published of which `ready` is true; `None` when that takes too long.
async fn wait(
    published: &mut watch::Receiver<Arc<Published>>,
    within: Duration,
    ready: impl Fn(&Published) -> bool,
) -> Option<Arc<Published>> {
    let found = tokio::time::timeout(within, published.wait_for(|now| ready(now))).await;
    found.ok()?.ok().map(|now| now.clone())
}

/// The delivery directives of a playlist request (RFC 8216bis, 6.2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Directives {
    msn: Option<u64>,
    part: Option<u64>,
    skip: bool,
}

impl Directives {
    fn read(query: Option<&str>) -> Result<Self, Problem> {
        let mut found = Self::default();
        for pair in query.unwrap_or_default().split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match key {
                "_HLS_msn" => found.msn = Some(number(key, value)?),
                "_HLS_part" => found.part = Some(number(key, value)?),
                "_HLS_skip" if matches!(value, "YES" | "v2") => found.skip = true,
                "_HLS_skip" => return Err(Problem::bad_request("_HLS_skip is \"YES\" or \"v2\".")),
                // Others are the player's own.
                _ => {}
            }
        }
        if found.part.is_some() && found.msn.is_none() {
            return Err(Problem::bad_request("_HLS_part needs _HLS_msn beside it."));
        }
        Ok(found)
    }
}

fn number(key: &str, value: &str) -> Result<u64, Problem> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let parsed = digits.then(|| value.parse().ok()).flatten();
    parsed.ok_or_else(|| Problem::bad_request(format!("{key} is a whole number.")))
}

async fn media_playlist(
    State(origin): State<Origin>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let track = name
        .strip_suffix(".m3u8")
        .and_then(window::track)
        .ok_or_else(unknown_playlist)?;
    let directives = Directives::read(query.as_deref())?;
    let now = published(&origin, track, directives).await?;
    let text = now.playlist(track, directives.skip);
    let text =
        text.ok_or_else(|| Problem::not_yet("The live has not begun. Ask again in a second."))?;
    let cache = if directives.msn.is_some() {
        NAMED
    } else {
        BRIEF
    };
    Ok(tagged(text, cache, &headers, &now, track, directives.skip))
}

fn unknown_playlist() -> Problem {
    Problem::not_found(
        "The live has the playlists index.m3u8, v720.m3u8, v360.m3u8 and audio.m3u8.",
    )
}

/// The state in which a playlist request is to be answered.
async fn published(
    origin: &Origin,
    track: Track,
    directives: Directives,
) -> Result<Arc<Published>, Problem> {
    let mut published = origin.published.clone();
    let Some(msn) = directives.msn else {
        let first = wait(&mut published, WAIT_FIRST, |now| now.window.is_playable()).await;
        return first
            .ok_or_else(|| Problem::not_yet("The live has not begun. Ask again in a second."));
    };
    let ready = |now: &Published| now.window.ready(track, msn, directives.part);
    let now = ready(&published.borrow());
    if now == Ready::TooFar {
        let detail =
            "_HLS_msn or _HLS_part is further ahead than the live will be within three seconds.";
        return Err(Problem::bad_request(detail));
    }
    let found = wait(&mut published, WAIT, |now| ready(now) == Ready::Yes).await;
    found.ok_or_else(|| Problem::not_yet("What was asked for did not come in time."))
}

/// A playlist with an ETag that names its last part.
fn tagged(
    text: Bytes,
    cache: &'static str,
    asked: &HeaderMap,
    now: &Published,
    track: Track,
    skip: bool,
) -> Response {
    let (msn, part) = now.window.next(track);
    let ended = if now.window.ended() { "-end" } else { "" };
    let tag = format!(
        "\"{msn}.{part}{ended}{}\"",
        if skip { "-delta" } else { "" }
    );
    let same = asked
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = answer(PLAYLIST, cache, if same { Bytes::new() } else { text });
    if same {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// What a media URL of the live names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Map(u64),
    Segment(u64),
    Part(u64, u64),
}

impl Named {
    fn read(file: &str) -> Option<Self> {
        let digits = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| text.parse().ok())
                .flatten()
        };
        if let Some(number) = file
            .strip_prefix("init-")
            .and_then(|rest| rest.strip_suffix(".mp4"))
        {
            return digits(number).map(Self::Map);
        }
        let stem = file.strip_suffix(".m4s")?;
        match stem.split_once('.') {
            None => digits(stem).map(Self::Segment),
            Some((msn, part)) => Some(Self::Part(digits(msn)?, digits(part)?)),
        }
    }
}

async fn media(
    State(origin): State<Origin>,
    Path((track, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let track = window::track(&track)
        .ok_or_else(|| Problem::not_found("The tracks are v720, v360 and audio."))?;
    let named =
        Named::read(&file).ok_or_else(|| Problem::not_found("No such map, segment or part."))?;
    match named {
        Named::Map(number) => {
            let map = origin
                .published
                .borrow()
                .maps
                .get(&(track, number))
                .map(|map| map.bytes.clone());
            map.map(|bytes| answer(MEDIA, IMMUTABLE, bytes))
                .ok_or_else(gone)
        }
        Named::Segment(msn) => {
            let now = origin.published.borrow().clone();
            let segment = now
                .window
                .segment(track, msn)
                .filter(|segment| segment.complete && segment.gap_ns.is_none());
            match segment {
                Some(segment) => Ok(answer(
                    MEDIA,
                    IMMUTABLE,
                    joined(segment.parts.iter().map(|part| &part.payload)),
                )),
                None => recorded(&origin, track, msn, None).await,
            }
        }
        Named::Part(msn, part) => part_of(&origin, track, msn, part).await,
    }
}

fn joined<'a>(parts: impl Iterator<Item = &'a Bytes>) -> Bytes {
    let mut whole = Vec::new();
    parts.for_each(|part| whole.extend_from_slice(part));
    whole.into()
}

fn gone() -> Problem {
    Problem::not_found("No longer in the live, or never was.")
}

/// A part; the one that comes next is waited for (EXT-X-PRELOAD-HINT).
async fn part_of(origin: &Origin, track: Track, msn: u64, part: u64) -> Result<Response, Problem> {
    let mut published = origin.published.clone();
    let next = published.borrow().window.next(track);
    let hinted = (msn, part) == next && !published.borrow().window.ended();
    if hinted {
        // Ends also when the segment is cut short and another begins: the part named will never be.
        wait(&mut published, WAIT, |now| {
            now.window.next(track) != next || now.window.ended()
        })
        .await;
    }
    let now = published.borrow().clone();
    let index = usize::try_from(part).unwrap_or(usize::MAX);
    let found = now
        .window
        .segment(track, msn)
        .and_then(|segment| segment.parts.get(index));
    match found {
        Some(part) => Ok(answer(MEDIA, IMMUTABLE, part.payload.clone())),
        None if hinted => Err(Problem::not_found("The segment ended before this part.")),
        None => recorded(origin, track, msn, Some(part)).await,
    }
}

/// Media that slid out of memory, from the recording.
async fn recorded(
    origin: &Origin,
    track: Track,
    msn: u64,
    part: Option<u64>,
) -> Result<Response, Problem> {
    let (path, offset, len) = origin
        .catalogue
        .published(track, msn, part)
        .ok_or_else(gone)?;
    let body = file::stream(&path, offset, len).await.map_err(|_| gone())?;
    let mut response = answer(MEDIA, IMMUTABLE, body);
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(len));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn directives_are_read_strictly_and_others_left_alone() {
        let read = |query| Directives::read(Some(query));
        let wanted = Directives {
            msn: Some(7),
            part: Some(2),
            skip: true,
        };
        assert_eq!(
            read("_HLS_msn=7&_HLS_part=2&_HLS_skip=YES&foo=bar"),
            Ok(wanted)
        );
        assert_eq!(Directives::read(None), Ok(Directives::default()));
        for wrong in [
            "_HLS_msn=",
            "_HLS_msn=-1",
            "_HLS_msn=1e3",
            "_HLS_part=1",
            "_HLS_msn=99999999999999999999",
            "_HLS_skip=no",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn media_names_are_ours_alone() {
        assert_eq!(Named::read("init-7.mp4"), Some(Named::Map(7)));
        assert_eq!(Named::read("12.m4s"), Some(Named::Segment(12)));
        assert_eq!(Named::read("12.3.m4s"), Some(Named::Part(12, 3)));
        for wrong in [
            "",
            ".m4s",
            "..m4s",
            "1.2.3.m4s",
            "+1.m4s",
            "../1.m4s",
            "init-.mp4",
            "12.m4s.",
            "1.mp4",
        ] {
            assert_eq!(Named::read(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_query_and_name_is_answered(query in ".{0,60}", name in ".{0,30}") {
            let _ = (Directives::read(Some(&query)), Named::read(&name));
        }
    }
}
