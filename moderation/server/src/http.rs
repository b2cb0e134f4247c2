//! The queue over HTTP: the WebSocket's handshake, asking, the public list, an asker's status.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    extract::{ConnectInfo, Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt, Limited};
use hyper::upgrade::Upgraded;
use hyper_util::{rt::TokioIo, server::conn::auto::upgrade::downcast};
use pleniere_moderation_core::{Actor, Command, QuestionId, SiteId};
use serde_json::{Map, Value};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::{
    access::{Access, Commands, Identity, Role},
    connection,
    limit::{Deed, Seat},
    participant::{ParticipantSecret, room_id},
    queue::{Queue, answers::Answers},
    refusal::{Refusal, RefusalCode, problem},
    socket::Socket,
    stream::Plain,
    wire,
};

/// The largest body of a question, in bytes.
const MAX_BODY: usize = 16 * 1024;
/// WebSockets at once; more are answered 503. Each costs about 2 kB of ours and 4 kB of the kernel's.
const MAX_CONNECTIONS: usize = 60_000;

/// What every request and connection of one event shares.
pub(crate) struct Web {
    pub(crate) queue: Queue,
    pub(crate) access: Arc<dyn Access>,
    extra: Arc<dyn Commands>,
    extra_answers: Mutex<Answers>,
    last_connection: AtomicU64,
    closing_spread: OnceLock<u64>,
    list: Mutex<List>,
}

/// The public list as last served.
#[derive(Default, Clone)]
struct List {
    tag: String,
    body: bytes::Bytes,
}

impl Web {
    pub(crate) fn next_connection(&self) -> u64 {
        self.last_connection.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Hands a command on, once per key.
    pub(crate) async fn execute_extra(
        &self,
        who: Identity,
        name: &str,
        fields: Value,
        key: [u8; 16],
    ) -> Result<Arc<str>, Refusal> {
        let known = self
            .extra_answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key);
        if let Some(answer) = known {
            return Ok(answer);
        }
        let answer: Arc<str> = Arc::from(self.extra.execute(who, name, fields).await?.to_string());
        self.extra_answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remember(key, Arc::clone(&answer));
        Ok(answer)
    }

    /// Over how long clients spread their return when this server goes away: 1 ms for each connection.
    pub(crate) fn spread_ms(&self) -> u64 {
        let connections = self.queue.connections().len() as u64;
        connections.clamp(500, 20_000)
    }

    /// The same as the connections were when the first one was closed.
    pub(crate) fn spread_at_close(&self) -> u64 {
        *self.closing_spread.get_or_init(|| self.spread_ms())
    }
}

pub(crate) fn router(queue: Queue, access: Arc<dyn Access>, extra: Arc<dyn Commands>) -> Router {
    let web = Web {
        queue,
        access,
        extra,
        extra_answers: Mutex::default(),
        last_connection: AtomicU64::new(0),
        closing_spread: OnceLock::new(),
        list: Mutex::default(),
    };
    Router::new()
        .route("/ws", get(open_websocket))
        .route("/questions", get(list_questions).post(ask_question))
        .route("/questions/{id}/status", get(question_status))
        .with_state(Arc::new(web))
}

async fn open_websocket(State(web): State<Arc<Web>>, mut request: Request) -> Response {
    let headers = request.headers();
    if !web
        .access
        .origin_allowed(text(headers, header::ORIGIN), host(&request))
    {
        return problem(
            StatusCode::FORBIDDEN,
            "not_allowed",
            "pages of this origin may not connect to this event",
        );
    }
    // Also told to a plain GET, by which a page learns why no connection came about.
    let seat = match seat(&web, client_address(&request)) {
        Ok(seat) => seat,
        Err(answer) => return *answer,
    };
    let key = match websocket_key(headers) {
        Ok(key) => key,
        Err(detail) => {
            let mut answer = problem(StatusCode::UPGRADE_REQUIRED, "bad_request", detail);
            answer.headers_mut().insert(
                header::UPGRADE,
                header::HeaderValue::from_static("websocket"),
            );
            return answer;
        }
    };
    let accept = derive_accept_key(key.as_bytes());
    let upgrade = hyper::upgrade::on(&mut request);
    let connections = web.queue.connections().clone();
    connections.spawn(async move {
        match upgrade.await {
            Ok(upgraded) => converse(upgraded, web, seat).await,
            Err(error) => tracing::debug!(%error, "a client left during the upgrade"),
        }
    });
    let headers = [
        (header::CONNECTION, "upgrade".to_owned()),
        (header::UPGRADE, "websocket".to_owned()),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

/// A place for one more connection, or why there is none.
fn seat(web: &Web, address: Option<IpAddr>) -> Result<Seat, Box<Response>> {
    if web.queue.closing().is_cancelled() {
        return Err(Box::new(Refusal::busy().into_response()));
    }
    if web.queue.connections().len() >= MAX_CONNECTIONS {
        let detail = "as many people are here as this server can serve; try again in a minute";
        let answer = problem(StatusCode::SERVICE_UNAVAILABLE, "full", detail);
        return Err(Box::new(answer));
    }
    web.queue.live().limits.seat(address).ok_or_else(|| {
        let detail = "too many connections from your network; close other pages, or ask the \
                      organiser to allow your network more";
        Box::new(problem(StatusCode::TOO_MANY_REQUESTS, "too_many", detail))
    })
}

/// Speaks WebSocket on a line that was upgraded; what HTTP wrapped around plain TCP is taken off.
fn converse(upgraded: Upgraded, web: Arc<Web>, seat: Seat) -> BoxFuture<'static, ()> {
    match downcast::<TokioIo<TcpStream>>(upgraded) {
        Ok(parts) => {
            let stream = Arc::new(parts.io.into_inner());
            let socket = Socket::new(Plain(Arc::clone(&stream)), parts.read_buf.into());
            connection::serve(socket, Some(stream), web, seat)
        }
        Err(upgraded) => {
            let socket = Socket::new(TokioIo::new(upgraded), Vec::new());
            connection::serve(socket, None, web, seat)
        }
    }
}

/// The handshake's key (RFC 6455 section 4.2.1).
fn websocket_key(headers: &HeaderMap) -> Result<String, &'static str> {
    let lists = |name, word: &str| {
        let value = text(headers, name).unwrap_or_default();
        value
            .split(',')
            .any(|item| item.trim().eq_ignore_ascii_case(word))
    };
    if !lists(header::CONNECTION, "upgrade") || !lists(header::UPGRADE, "websocket") {
        return Err("this address speaks WebSocket only");
    }
    if text(headers, header::SEC_WEBSOCKET_VERSION) != Some("13") {
        return Err("WebSocket version 13 is needed");
    }
    text(headers, header::SEC_WEBSOCKET_KEY)
        .map(str::to_owned)
        .ok_or("Sec-WebSocket-Key is missing")
}

async fn ask_question(State(web): State<Arc<Web>>, request: Request) -> Response {
    match ask(&web, request).await {
        Ok(answer) => answer,
        Err(Failed::Refused(refusal)) => refusal.into_response(),
        Err(Failed::Status(status, code, detail)) => problem(status, code, &detail),
    }
}

enum Failed {
    Refused(Refusal),
    Status(StatusCode, &'static str, String),
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

async fn ask(web: &Web, request: Request) -> Result<Response, Failed> {
    let origin = text(request.headers(), header::ORIGIN);
    if origin.is_some() && !web.access.origin_allowed(origin, host(&request)) {
        let detail = "pages of this origin may not ask here".to_owned();
        return Err(Failed::Status(StatusCode::FORBIDDEN, "not_allowed", detail));
    }
    let media_type = text(request.headers(), header::CONTENT_TYPE).unwrap_or_default();
    if !media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case("application/json")
    {
        let detail = "send the question as application/json".to_owned();
        return Err(Failed::Status(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "bad_request",
            detail,
        ));
    }
    let (actor, issued) = asker(web, bearer(request.headers()))?;
    let address = client_address(&request);
    let body = Limited::new(request.into_body(), MAX_BODY)
        .collect()
        .await
        .map_err(|_| {
            Failed::Status(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_long",
                "a question is at most 16 KiB of JSON".to_owned(),
            )
        })?;
    if let Actor::Participant(who) = actor {
        web.queue.live().may_act(who, address, Deed::Ask)?;
    }
    let fields: Map<String, Value> = serde_json::from_slice(&body.to_bytes()).map_err(|error| {
        Refusal::new(
            RefusalCode::BadRequest,
            format!(
                "the body is one JSON object: {}",
                wire::cut(&error.to_string(), 200)
            ),
        )
    })?;
    let mut answer = web
        .queue
        .execute(actor, Command::Ask(wire::ask(fields)?))
        .await?;
    let status_url = format!("/e/{}/questions/{}/status", web.queue.event(), answer["id"]);
    if let Some(secret) = issued {
        answer["participant"] = Value::from(secret.reveal());
    }
    answer["status_url"] = Value::from(status_url.clone());
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::LOCATION, status_url),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((StatusCode::CREATED, headers, answer.to_string()).into_response())
}

/// Who asks: the holder of a participant id, the operator of a room by its key, or somebody new, who is given an id.
fn asker(web: &Web, bearer: Option<&str>) -> Result<(Actor, Option<ParticipantSecret>), Failed> {
    let event = web.queue.event();
    let unauthorised =
        |detail: &str| Failed::Status(StatusCode::UNAUTHORIZED, "not_allowed", detail.to_owned());
    let Some(bearer) = bearer else {
        let secret = ParticipantSecret::issue().map_err(|_| Refusal::busy())?;
        return Ok((Actor::Participant(secret.id(event)), Some(secret)));
    };
    if let Some(secret) = ParticipantSecret::parse(bearer) {
        return Ok((Actor::Participant(secret.id(event)), None));
    }
    let identity = web
        .access
        .identify(Some(bearer))
        .map_err(|denied| unauthorised(&denied.detail))?;
    match (identity.role, identity.site.map(SiteId::new)) {
        (Role::Site, Some(Ok(site))) => {
            let participant = room_id(event, site.as_str());
            Ok((Actor::Room { site, participant }, None))
        }
        _ => Err(unauthorised(
            "the bearer is a participant id or the key of a site",
        )),
    }
}

async fn list_questions(State(web): State<Arc<Web>>, headers: HeaderMap) -> Response {
    let list = current_list(&web);
    let common = [
        (header::ETAG, list.tag.clone()),
        (header::CACHE_CONTROL, "public, max-age=1".to_owned()),
    ];
    let known = text(&headers, header::IF_NONE_MATCH).unwrap_or_default();
    if known
        .split(',')
        .any(|tag| tag.trim().trim_start_matches("W/") == list.tag)
    {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    (
        common,
        [(header::CONTENT_TYPE, "application/json")],
        list.body,
    )
        .into_response()
}

/// The list is written once per change, whoever asks.
fn current_list(web: &Web) -> List {
    let Some(topic) = web.queue.hub().get("public") else {
        return List::default();
    };
    let mut list = web.list.lock().unwrap_or_else(PoisonError::into_inner);
    let tag = format!("\"{}\"", topic.version());
    if list.tag != tag {
        let (version, values) = topic.values();
        let mut questions: Vec<(u64, &str)> = values
            .iter()
            .filter_map(|(key, value)| Some((key.strip_prefix("q/")?.parse().ok()?, &**value)))
            .collect();
        questions.sort_unstable();
        let questions: Vec<&str> = questions.into_iter().map(|(_, value)| value).collect();
        let queue = values.get("queue").map_or("null", |value| value);
        let body = format!(
            "{{\"queue\":{queue},\"questions\":[{}]}}",
            questions.join(",")
        );
        *list = List {
            tag: format!("\"{version}\""),
            body: body.into(),
        };
    }
    list.clone()
}

async fn question_status(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    // Whoever did not ask it learns nothing, not even that it exists.
    let unknown = || {
        problem(
            StatusCode::NOT_FOUND,
            "not_found",
            "there is no such question of this participant",
        )
    };
    let Ok(id) = id.parse().map(QuestionId) else {
        return unknown();
    };
    let participant = match asker(&web, bearer(&headers)) {
        Ok((Actor::Participant(participant) | Actor::Room { participant, .. }, None)) => {
            participant
        }
        _ => return unknown(),
    };
    match web.queue.status(id, participant).await {
        Ok(Some(status)) => {
            let headers = [
                (header::CONTENT_TYPE, "application/json"),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, status).into_response()
        }
        Ok(None) => unknown(),
        Err(refusal) => refusal.into_response(),
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = text(headers, header::AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The host the client asked for: the header, or HTTP/2's `:authority`.
fn host(request: &Request) -> Option<&str> {
    text(request.headers(), header::HOST).or_else(|| Some(request.uri().authority()?.as_str()))
}

/// Where a request comes from. A peer on this machine is a reverse proxy if it says for whom it asks, else nobody to
/// limit.
fn client_address(request: &Request) -> Option<IpAddr> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    let address = peer.ip().to_canonical();
    if !address.is_loopback() {
        return Some(address);
    }
    request
        .headers()
        .get("x-forwarded-for")?
        .to_str()
        .ok()?
        .rsplit(',')
        .next()?
        .trim()
        .parse()
        .ok()
}
