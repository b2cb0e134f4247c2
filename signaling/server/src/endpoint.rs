//! WHIP (RFC 9725) and WHEP over HTTP. Owns the order in which a request is judged: stream, key, type, offer, seat; never
//! touches media.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, options, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pleniere_signaling_core::{Claim, SiteId, StreamId};

use crate::access::{Access, Act};
use crate::answer::answer;
use crate::command::{Join, Session, Wanted};
use crate::offer::{self, Side};
use crate::problem::Problem;
use crate::signaling::Signaling;

/// Longest body read, in bytes; a browser's offer has about 6 KiB.
const BODY_MAX: usize = 64 * 1024;
const ALLOW_METHODS: &str = "OPTIONS, POST, PATCH, DELETE";
const ALLOW_HEADERS: &str =
    "Authorization, Content-Type, If-Match, Pleniere-Takeover, Pleniere-Give-Way";
const EXPOSE_HEADERS: &str = "Location, ETag, Link, Accept-Post, Accept-Patch, Retry-After";

/// What every handler knows.
#[derive(Clone)]
struct Endpoint {
    signaling: Signaling,
    event: Arc<str>,
    access: Arc<dyn Access>,
}

/// The routes of one event, relative to `/e/{event}`.
pub(crate) fn router(signaling: Signaling, event: &str, access: Arc<dyn Access>) -> Router {
    let endpoint = Endpoint {
        signaling,
        event: event.into(),
        access,
    };
    let whip = post(|at, path, headers, body| offered(at, path, headers, body, Side::Publish));
    let whep = post(|at, path, headers, body| offered(at, path, headers, body, Side::Play));
    Router::new()
        .route("/whip/{stream}", with_options(whip))
        .route("/whep/{stream}", with_options(whep))
        .route("/whip/{stream}/{resource}", resource(Side::Publish))
        .route("/whep/{stream}/{resource}", resource(Side::Play))
        .layer(map_response(readable_from_anywhere))
        .with_state(endpoint)
}

fn with_options(methods: MethodRouter<Endpoint>) -> MethodRouter<Endpoint> {
    methods.merge(options(preflight)).fallback(wrong_method)
}

fn resource(side: Side) -> MethodRouter<Endpoint> {
    let methods =
        axum::routing::patch(move |at, path, headers, body| patched(at, path, headers, body, side));
    with_options(methods.delete(move |at, path, headers| ended(at, path, headers, side)))
}

async fn wrong_method() -> Problem {
    let detail = "an endpoint takes POST, a connection takes PATCH and DELETE";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", detail)
}

async fn preflight() -> Response {
    let headers = [
        ("accept-post", "application/sdp"),
        ("accept-patch", "application/trickle-ice-sdpfrag"),
        ("access-control-allow-methods", ALLOW_METHODS),
        ("access-control-allow-headers", ALLOW_HEADERS),
        ("access-control-max-age", "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Keys travel in a header and no cookie is used, so that any origin may ask.
async fn readable_from_anywhere(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(EXPOSE_HEADERS),
    );
    response
}

async fn offered(
    State(at): State<Endpoint>,
    Path(stream): Path<String>,
    headers: HeaderMap,
    body: Body,
    side: Side,
) -> Result<Response, Problem> {
    at.allowed(side, &stream, &headers)?;
    let wanted = wanted(side, &stream, &headers)?;
    content_type(&headers, "application/sdp")?;
    let body = read_body(body).await?;
    let text = std::str::from_utf8(&body).map_err(|_| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_offer",
            "the body is not UTF-8 text",
        )
    })?;
    let offer = offer::read(text, side)?;
    let answered = answer(&offer, side, at.signaling.setup(), Instant::now())?;
    let location = format!(
        "/e/{}/{}/{stream}/{}",
        at.event,
        directory(side),
        random_name()?
    );
    let etag = format!("\"{}\"", random_name()?);
    let join = Join {
        event: at.event.to_string(),
        wanted,
        core: Box::new(answered.peer),
        ufrag: answered.ufrag,
        resource: location.clone(),
        session: Session {
            etag: etag.clone(),
            remote_ufrag: offer.ufrag,
        },
    };
    at.signaling.join(join).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/sdp".to_owned()),
        (header::LOCATION, location),
        (header::ETAG, etag),
        (
            HeaderName::from_static("accept-patch"),
            "application/trickle-ice-sdpfrag".to_owned(),
        ),
    ];
    Ok((StatusCode::CREATED, headers, answered.sdp).into_response())
}

/// Trickled candidates are accepted and not needed: this side is ICE-lite and answers whoever proves itself.
async fn patched(
    State(at): State<Endpoint>,
    Path((stream, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
    side: Side,
) -> Result<Response, Problem> {
    at.allowed(side, &stream, &headers)?;
    content_type(&headers, "application/trickle-ice-sdpfrag")?;
    let body = read_body(body).await?;
    let session = at
        .signaling
        .inspect(at.resource(side, &stream, &name))
        .await?;
    let session = session.ok_or_else(Problem::unknown_resource)?;
    let matches = headers
        .get(header::IF_MATCH)
        .and_then(|value| value.to_str().ok());
    if matches
        .is_some_and(|tag| tag != "*" && !tag.split(',').any(|tag| tag.trim() == session.etag))
    {
        let detail = "If-Match does not name the current ICE session (the ETag of the answer)";
        return Err(Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "stale",
            detail,
        ));
    }
    let fragment = std::str::from_utf8(&body).unwrap_or_default();
    let ufrag = fragment
        .lines()
        .find_map(|line| line.trim_end().strip_prefix("a=ice-ufrag:"));
    if ufrag.is_some_and(|ufrag| ufrag != session.remote_ufrag) {
        let detail =
            "ICE restart is not supported here: DELETE this connection and POST a new offer";
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "no_ice_restart",
            detail,
        ));
    }
    let sound = fragment
        .lines()
        .any(|line| line.starts_with("a=") || line.starts_with("m="));
    if !sound {
        let detail = "the body is not an SDP fragment (RFC 8840)";
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_fragment",
            detail,
        ));
    }
    Ok((StatusCode::NO_CONTENT, [(header::ETAG, session.etag)]).into_response())
}

async fn ended(
    State(at): State<Endpoint>,
    Path((stream, name)): Path<(String, String)>,
    headers: HeaderMap,
    side: Side,
) -> Result<Response, Problem> {
    at.allowed(side, &stream, &headers)?;
    let found = at.signaling.end(at.resource(side, &stream, &name)).await?;
    if found {
        Ok(StatusCode::OK.into_response())
    } else {
        Err(Problem::unknown_resource())
    }
}

impl Endpoint {
    /// The stream exists and the bearer may do this with it.
    fn allowed(&self, side: Side, stream: &str, headers: &HeaderMap) -> Result<(), Problem> {
        if !self.signaling.has(&self.event, side, stream) {
            return Err(Problem::unknown_stream());
        }
        let act = match side {
            Side::Publish => Act::Publish { site: stream },
            Side::Play => Act::Play { stream },
        };
        Ok(self.access.may(bearer(headers), act)?)
    }

    fn resource(&self, side: Side, stream: &str, name: &str) -> String {
        format!("/e/{}/{}/{stream}/{name}", self.event, directory(side))
    }
}

fn directory(side: Side) -> &'static str {
    match side {
        Side::Publish => "whip",
        Side::Play => "whep",
    }
}

fn wanted(side: Side, stream: &str, headers: &HeaderMap) -> Result<Wanted, Problem> {
    let unknown = |_| Problem::unknown_stream();
    match side {
        Side::Play => Ok(Wanted::Play {
            stream: StreamId::parse(stream).map_err(unknown)?,
        }),
        Side::Publish => {
            let says = |name| headers.get(name).is_some_and(|value| value == "true");
            let claim = match (says("pleniere-takeover"), says("pleniere-give-way")) {
                (true, _) => Claim::TakeOver,
                (false, true) => Claim::GiveWay,
                (false, false) => Claim::Ask,
            };
            Ok(Wanted::Publish {
                site: SiteId::new(stream).map_err(unknown)?,
                claim,
            })
        }
    }
}

/// The token of `Authorization: Bearer`; the scheme's case does not matter (RFC 9110 section 11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn content_type(headers: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    let sent = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = sent.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    let detail = format!("Content-Type must be {wanted}");
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "wrong_type",
        detail,
    ))
}

async fn read_body(body: Body) -> Result<Bytes, Problem> {
    to_bytes(body, BODY_MAX).await.map_err(|_| {
        let detail = format!("the body is longer than {BODY_MAX} bytes, or ended early");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_long", detail)
    })
}

/// 128 random bits: whoever knows the name of a connection was told it.
fn random_name() -> Result<String, Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|_| Problem::unavailable("the system has no randomness yet"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
