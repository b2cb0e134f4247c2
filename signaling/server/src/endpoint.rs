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
use axum::routing::{MethodRouter, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pleniere_signaling_core::{Claim, SiteId, StreamId};

use crate::access::{Access, Act};
use crate::answer::{answer, finished};
use crate::command::{Join, Restart, Restarted, Session, Wanted};
use crate::fragment;
use crate::offer::{self, Side};
use crate::problem::Problem;
use crate::signaling::Signaling;

/// Longest body read, in bytes; a browser's offer has about 6 KiB.
const BODY_MAX: usize = 64 * 1024;
const ALLOW_METHODS: &str = "OPTIONS, GET, HEAD, POST, PATCH, DELETE";
const OF_ENDPOINT: &str = "OPTIONS, GET, HEAD, POST";
const OF_CONNECTION: &str = "OPTIONS, GET, HEAD, PATCH, DELETE";
const SDP: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";
const ALLOW_HEADERS: &str =
    "Authorization, Content-Type, If-Match, Link, Pleniere-Takeover, Pleniere-Give-Way";
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
        .route("/whip/{stream}", endpoint_of(whip, Side::Publish))
        .route("/whep/{stream}", endpoint_of(whep, Side::Play))
        .route("/whip/{stream}/{resource}", resource(Side::Publish))
        .route("/whep/{stream}/{resource}", resource(Side::Play))
        .layer(map_response(readable_from_anywhere))
        .with_state(endpoint)
}

fn endpoint_of(methods: MethodRouter<Endpoint>, side: Side) -> MethodRouter<Endpoint> {
    methods
        .get(move |at, path, headers| looked_at(at, path, headers, side))
        .options(preflight)
        .fallback(|| wrong_method("an endpoint takes POST", OF_ENDPOINT))
}

fn resource(side: Side) -> MethodRouter<Endpoint> {
    axum::routing::patch(move |at, path, headers, body| patched(at, path, headers, body, side))
        .delete(move |at, path, headers| ended(at, path, headers, side))
        .get(move |at, path, headers| looked_into(at, path, headers, side))
        .options(preflight)
        .fallback(|| wrong_method("a connection takes PATCH and DELETE", OF_CONNECTION))
}

async fn wrong_method(detail: &'static str, allowed: &'static str) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", detail)
        .hinting(header::ALLOW, allowed)
}

/// There is nothing to see, and that is no mistake (RFC 9725 section 4.1).
async fn looked_at(
    State(at): State<Endpoint>,
    Path(stream): Path<String>,
    headers: HeaderMap,
    side: Side,
) -> Result<StatusCode, Problem> {
    at.allowed(side, &stream, &headers)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn looked_into(
    State(at): State<Endpoint>,
    Path((stream, name)): Path<(String, String)>,
    headers: HeaderMap,
    side: Side,
) -> Result<StatusCode, Problem> {
    at.allowed(side, &stream, &headers)?;
    at.session(side, &stream, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn preflight() -> Response {
    let headers = [
        ("accept-post", SDP),
        ("accept-patch", FRAGMENT),
        ("access-control-allow-methods", ALLOW_METHODS),
        ("access-control-allow-headers", ALLOW_HEADERS),
        ("access-control-max-age", "86400"),
    ];
    (StatusCode::OK, headers).into_response()
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
    content_type(&headers, SDP, "accept-post")?;
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
    let etag = entity_tag()?;
    let join = Join {
        event: at.event.to_string(),
        wanted,
        core: Box::new(answered.peer),
        ufrag: answered.ufrag,
        resource: location.clone(),
        session: Session {
            etag: etag.clone(),
            remote: offer.credentials,
            offer: offer.sdp.into(),
        },
    };
    at.signaling.join(join).await?;
    let headers = [
        (header::CONTENT_TYPE, SDP.to_owned()),
        (header::LOCATION, location),
        (header::ETAG, etag),
        (HeaderName::from_static("accept-patch"), FRAGMENT.to_owned()),
    ];
    let mut response = (StatusCode::CREATED, headers, answered.sdp).into_response();
    for link in &at.signaling.setup().ice_links {
        response.headers_mut().append(header::LINK, link.clone());
    }
    Ok(response)
}

/// Trickled candidates are accepted and not needed: this side is ICE-lite and answers whoever proves itself. Other
/// credentials than those of the offer ask for an ICE restart.
async fn patched(
    State(at): State<Endpoint>,
    Path((stream, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
    side: Side,
) -> Result<Response, Problem> {
    at.allowed(side, &stream, &headers)?;
    content_type(&headers, FRAGMENT, "accept-patch")?;
    let body = read_body(body).await?;
    let session = at.session(side, &stream, &name).await?;
    let before = precondition(&headers, &session)?;
    match fragment::read(&body)? {
        Some(remote) if remote != session.remote => {
            let resource = at.resource(side, &stream, &name);
            let session = Session {
                etag: entity_tag()?,
                offer: offer::renewed(&session.offer, &remote).into(),
                remote,
            };
            let restart = Restart {
                resource,
                before,
                session,
            };
            restarted(&at.signaling, restart).await
        }
        _ => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// RFC 9725 section 4.3.1: candidates belong to one ICE session, which `If-Match` names; a restart says `*`. Answers the tag
/// that was named.
fn precondition(headers: &HeaderMap, session: &Session) -> Result<Option<String>, Problem> {
    let Some(tags) = headers.get(header::IF_MATCH) else {
        let detail =
            "send If-Match with the ETag of the ICE session, or * to ask for an ICE restart";
        let status = StatusCode::PRECONDITION_REQUIRED;
        return Err(Problem::new(status, "no_if_match", detail));
    };
    let tags = tags.to_str().unwrap_or_default();
    let mut tags = tags.split(',').map(str::trim);
    match tags.find(|tag| *tag == "*" || *tag == session.etag) {
        Some("*") => Ok(None),
        Some(tag) => Ok(Some(tag.to_owned())),
        None => Err(stale()),
    }
}

fn stale() -> Problem {
    let detail = "If-Match does not name the current ICE session (the ETag of the last answer)";
    Problem::new(StatusCode::PRECONDITION_FAILED, "stale", detail)
}

async fn restarted(signaling: &Signaling, restart: Restart) -> Result<Response, Problem> {
    let etag = restart.session.etag.clone();
    match signaling.restart(restart).await? {
        Restarted::Yes(answer) => {
            let headers = [
                (header::CONTENT_TYPE, FRAGMENT.to_owned()),
                (header::ETAG, etag),
            ];
            let answer = finished(&answer, signaling.setup());
            Ok((StatusCode::OK, headers, fragment::of_answer(&answer)).into_response())
        }
        Restarted::Stale => Err(stale()),
        Restarted::Gone => Err(Problem::unknown_resource()),
        Restarted::Refused => {
            let detail = "this ICE restart cannot be made; the connection goes on as it was";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Err(Problem::new(status, "no_ice_restart", detail))
        }
    }
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

    async fn session(&self, side: Side, stream: &str, name: &str) -> Result<Session, Problem> {
        let session = self
            .signaling
            .inspect(self.resource(side, stream, name))
            .await?;
        session.ok_or_else(Problem::unknown_resource)
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

fn content_type(
    headers: &HeaderMap,
    wanted: &'static str,
    hint: &'static str,
) -> Result<(), Problem> {
    let sent = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = sent.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    let detail = format!("Content-Type must be {wanted}");
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    Err(Problem::new(status, "wrong_type", detail).hinting(HeaderName::from_static(hint), wanted))
}

async fn read_body(body: Body) -> Result<Bytes, Problem> {
    to_bytes(body, BODY_MAX).await.map_err(|_| {
        let detail = format!("the body is longer than {BODY_MAX} bytes, or ended early");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_long", detail)
    })
}

/// The name of one ICE session of a connection.
fn entity_tag() -> Result<String, Problem> {
    Ok(format!("\"{}\"", random_name()?))
}

/// 128 random bits: whoever knows the name of a connection was told it.
fn random_name() -> Result<String, Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|_| Problem::unavailable("the system has no randomness yet"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
