//! One client's WebSocket from its hello to its close: who it is, what it reads, what it asks for.
//!
//! Everything it wants to say waits in one place at a time: answers in a short queue, changes in the topics
//! themselves. A client that does not read is overtaken (it gets a snapshot) and, when it takes nothing at all for
//! [`STALL`], closed. Whatever it sends wrong costs only itself.

mod commands;

use std::{
    collections::VecDeque,
    future::poll_fn,
    net::IpAddr,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{
    StreamExt,
    future::{BoxFuture, OptionFuture},
    stream::FuturesUnordered,
};
use pleniere_moderation_core::ParticipantId;
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::Instant,
};

use crate::{
    access::{Identity, Role},
    frame,
    http::Web,
    limit::{Bucket, Rate, Seat},
    participant::{ParticipantSecret, room_id},
    presence,
    reader::Outlet,
    socket::{Incoming, Socket},
    topic::Subscription,
    wire::{self, ClientMessage, Hello, MAX_TOPICS, TopicAt},
};

/// Time for the first message.
const HELLO: Duration = Duration::from_secs(10);
/// A client that takes not one byte for this long is closed.
const STALL: Duration = Duration::from_secs(10);
/// Time given to say goodbye.
const FAREWELL: Duration = Duration::from_secs(2);
/// Commands of one connection that are being carried out; more are refused as `too_fast`.
const IN_FLIGHT: usize = 16;
/// Answers that wait to be written; a client that lets more pile up is a slow reader and closed.
const REPLIES: usize = 64;
/// Messages of a participant. A person clicks less.
const PARTICIPANT_RATE: Rate = Rate {
    burst: 30.0,
    per_s: 5.0,
};
/// Messages of somebody with a key: bulk actions and scripts.
const STAFF_RATE: Rate = Rate {
    burst: 200.0,
    per_s: 50.0,
};
/// Messages that were wrong or too many; beyond, the connection is closed.
const PATIENCE_RATE: Rate = Rate {
    burst: 50.0,
    per_s: 1.0,
};

/// Close codes beside those of RFC 6455.
mod code {
    pub(super) const NORMAL: u16 = 1000;
    pub(super) const POLICY: u16 = 1008;
    pub(super) const UNAVAILABLE: u16 = 1013;
    pub(super) const RESTART: u16 = 1012;
    pub(super) const WRONG_KEY: u16 = 4401;
    pub(super) const NOT_ALLOWED: u16 = 4403;
    pub(super) const NO_HELLO: u16 = 4408;
    pub(super) const SLOW: u16 = 4409;
}

/// Why a connection ends.
enum End {
    /// Close it with this code and reason.
    Close(u16, &'static str),
    /// The server goes away; come back after a while of one's own.
    Restart,
    /// Tell it what was wrong first.
    Error(u16, &'static str, String),
    /// The line is gone.
    Gone,
}

/// Serves one connection to its end; the seat is given back then.
///
/// What is over soon or rare is boxed, and the block keeps what it is given where it is: each is room that every idle
/// connection would hold otherwise.
pub(crate) fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    mut socket: Socket<S>,
    plain: Option<Arc<TcpStream>>,
    web: Arc<Web>,
    seat: Seat,
) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let id = web.next_connection();
        let end = match Box::pin(greet(&mut socket, &web)).await {
            Ok(welcomed) => {
                let (web, address) = (Arc::clone(&web), seat.address());
                let line = Line::new(&mut socket, plain, web, welcomed, id, address);
                Box::pin(line).run().await
            }
            Err(end) => end,
        };
        let back_ms = || scattered(id, web.spread_at_close());
        Box::pin(leave(&mut socket, end, back_ms)).await;
    })
}

/// Says why, and ends.
async fn leave<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<S>,
    end: End,
    back_ms: impl FnOnce() -> u64,
) {
    let (close, detail) = match end {
        End::Gone => return,
        End::Restart => {
            let reason = format!("back in {} ms", back_ms());
            (frame::close(code::RESTART, &reason), None)
        }
        End::Close(close, reason) => (frame::close(close, reason), None),
        End::Error(close, code, detail) => {
            (frame::close(close, code), Some(error_frame(code, &detail)))
        }
    };
    let farewell = async {
        for frame in detail.into_iter().chain([close]) {
            poll_fn(|cx| socket.poll_flush(cx)).await?;
            socket.send(frame);
        }
        poll_fn(|cx| socket.poll_flush(cx)).await?;
        poll_fn(|cx| socket.poll_shutdown(cx)).await?;
        // Closing with unread input would reset the line and may destroy the close frame on its way.
        poll_fn(|cx| socket.poll_discard(cx)).await;
        Ok::<(), std::io::Error>(())
    };
    // Too slow or gone: there is nobody left to tell.
    let _ = tokio::time::timeout(FAREWELL, farewell).await;
}

fn error_frame(code: &str, detail: &str) -> Bytes {
    frame::text(&json!({ "error": { "code": code, "detail": detail } }).to_string())
}

/// Who arrived and what they want to read.
struct Welcomed {
    identity: Identity,
    secret: ParticipantSecret,
    topics: Vec<TopicAt>,
}

async fn greet<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<S>,
    web: &Web,
) -> Result<Welcomed, End> {
    let first = async {
        loop {
            match poll_fn(|cx| poll_turn(socket, cx)).await {
                Turn::Incoming(Incoming::Text(text)) => return Ok(text),
                Turn::Incoming(incoming) => answer_control(incoming)?,
                Turn::Flushed => {}
                Turn::Gone => return Err(End::Gone),
            }
        }
    };
    let text = tokio::select! {
        () = web.queue.closing().cancelled() => return Err(End::Restart),
        text = tokio::time::timeout(HELLO, first) => text.map_err(|_| End::Close(code::NO_HELLO, "no hello in time"))??,
    };
    match wire::parse(&text) {
        Ok(ClientMessage::Hello(hello)) => welcome(hello, web),
        Ok(_) => Err(End::Error(
            code::POLICY,
            "bad_request",
            "the first message is a hello".to_owned(),
        )),
        Err(detail) => Err(End::Error(code::POLICY, "bad_request", detail)),
    }
}

fn welcome(hello: Hello, web: &Web) -> Result<Welcomed, End> {
    let denied = |code, detail| End::Error(code::WRONG_KEY, code, detail);
    let identity = web
        .access
        .identify(hello.key.as_deref())
        .map_err(|no| denied(no.code, no.detail))?;
    let secret = match hello.participant.as_deref().filter(|id| !id.is_empty()) {
        Some(id) => ParticipantSecret::parse(id).ok_or_else(|| {
            let detail =
                "participant: 16 to 64 of A-Z a-z 0-9 _ -, or leave it out to be given one";
            End::Error(code::POLICY, "bad_request", detail.to_owned())
        })?,
        None => {
            ParticipantSecret::issue().map_err(|_| End::Close(code::UNAVAILABLE, "try again"))?
        }
    };
    Ok(Welcomed {
        identity,
        secret,
        topics: hello.topics,
    })
}

/// What happened on the line.
enum Turn {
    Incoming(Incoming),
    /// Everything that was being written is out.
    Flushed,
    Gone,
}

fn poll_turn<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<S>,
    cx: &mut Context<'_>,
) -> Poll<Turn> {
    let was_writing = socket.is_writing();
    match socket.poll_flush(cx) {
        Poll::Ready(Err(_)) => return Poll::Ready(Turn::Gone),
        Poll::Ready(Ok(())) if was_writing => return Poll::Ready(Turn::Flushed),
        Poll::Ready(Ok(())) | Poll::Pending => {}
    }
    socket.poll_incoming(cx).map(Turn::Incoming)
}

/// Everything that is no text message.
fn answer_control(incoming: Incoming) -> Result<(), End> {
    match incoming {
        Incoming::Text(_) | Incoming::Ping | Incoming::Pong => Ok(()),
        Incoming::Close(_) => Err(End::Close(code::NORMAL, "")),
        Incoming::Broken(code, why) => Err(End::Close(code, why)),
        Incoming::Gone => Err(End::Gone),
    }
}

type Reply = BoxFuture<'static, Bytes>;

/// A welcomed connection.
struct Line<'a, S> {
    socket: &'a mut Socket<S>,
    web: Arc<Web>,
    identity: Identity,
    /// Who asks and votes: the person, or the room they operate.
    participant: ParticipantId,
    /// Who sends: the person even where a room has several operators.
    sender: ParticipantId,
    id: u64,
    /// Where it comes from, as far as that is to be limited.
    address: Option<IpAddr>,
    outlet: Arc<Outlet>,
    topics: Vec<Subscription>,
    replies: VecDeque<Bytes>,
    /// Commands being carried out; none until the first, so that who only watches holds no memory for it.
    running: Option<FuturesUnordered<Reply>>,
    /// Topics asked for in the hello, not looked at yet.
    wanted: Vec<TopicAt>,
    messages: Bucket,
    patience: Bucket,
    /// Heard from since the last ping.
    heard: bool,
    revoked: Option<watch::Receiver<u64>>,
    /// Keeps a moderator's claims, and shows them to the others, while they are here.
    _presence: Option<presence::Guard>,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Line<'a, S> {
    fn new(
        socket: &'a mut Socket<S>,
        plain: Option<Arc<TcpStream>>,
        web: Arc<Web>,
        welcomed: Welcomed,
        id: u64,
        address: Option<IpAddr>,
    ) -> Self {
        let Welcomed {
            identity,
            secret,
            topics,
        } = welcomed;
        let event = web.queue.event();
        let sender = secret.id(event);
        let participant = match &identity {
            Identity {
                role: Role::Site,
                site: Some(site),
                ..
            } => room_id(event, site),
            _ => sender,
        };
        let welcome = commands::welcome(&identity, &secret, web.spread_ms());
        let shown = identity.role == Role::Moderator;
        let presence = (shown || identity.role == Role::Director).then(|| {
            let staff = commands::staff(&identity);
            web.queue.presence().enter(&web.queue, &staff, shown)
        });
        let start = Instant::now().into_std();
        let mut line = Self {
            socket,
            participant,
            sender,
            id,
            address,
            outlet: Arc::new(Outlet::new(plain)),
            topics: Vec::new(),
            replies: VecDeque::new(),
            running: None,
            wanted: topics,
            messages: Bucket::full(
                if identity.key_id.is_some() {
                    STAFF_RATE
                } else {
                    PARTICIPANT_RATE
                },
                start,
            ),
            patience: Bucket::full(PATIENCE_RATE, start),
            heard: true,
            revoked: identity.key_id.is_some().then(|| web.access.revoked()),
            _presence: presence,
            identity,
            web,
        };
        line.replies.push_back(frame::text(&welcome));
        line
    }

    async fn run(&mut self) -> End {
        let Err(end) = self.run_inner().await;
        self.outlet.take_back(self.socket);
        end
    }

    async fn run_inner(&mut self) -> Result<std::convert::Infallible, End> {
        for topic in std::mem::take(&mut self.wanted) {
            Box::pin(self.subscribe(topic)).await?;
        }
        let mut ping_at = Instant::now() + ping_pause(self.id);
        let mut stall: Option<(Instant, u64)> = None;
        let mut timer = pin!(tokio::time::sleep_until(ping_at));
        loop {
            if self.write().await? {
                stall.get_or_insert_with(|| (Instant::now() + STALL, self.socket.written()));
            } else {
                stall = None;
            }
            let next = stall.map_or(ping_at, |(at, _)| at.min(ping_at));
            if timer.deadline() != next {
                timer.as_mut().reset(next);
            }
            match self.happening(timer.as_mut(), stall.is_some()).await {
                Happening::Closing => return Err(End::Restart),
                Happening::Turn(Turn::Incoming(incoming)) => self.incoming(incoming).await?,
                Happening::Turn(Turn::Flushed) => stall = None,
                Happening::Turn(Turn::Gone) => return Err(End::Gone),
                Happening::Woken => {}
                Happening::Reply(reply) => self.replies.push_back(reply),
                Happening::Revoked => self.check_key()?,
                Happening::Timer => {
                    if let Some((at, written)) = stall.filter(|(at, _)| *at <= Instant::now()) {
                        if self.socket.written() == written {
                            return Err(End::Close(code::SLOW, "slow reader"));
                        }
                        stall = Some((at + STALL, self.socket.written()));
                    }
                    if ping_at <= Instant::now() {
                        self.ping()?;
                        ping_at = Instant::now() + ping_pause(self.id);
                    }
                }
            }
        }
    }

    /// Writes what there is to write. Whether the line would not take all of it.
    async fn write(&mut self) -> Result<bool, End> {
        self.outlet.take_back(self.socket);
        loop {
            if !self.socket.is_writing() {
                match self.next_frame() {
                    Some(frame) => self.socket.send(frame),
                    None => {
                        self.outlet.lend();
                        return Ok(false);
                    }
                }
            }
            match poll_fn(|cx| Poll::Ready(self.socket.poll_flush(cx))).await {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Err(End::Gone),
                Poll::Pending => return Ok(true),
            }
        }
    }

    /// Answers go before changes: who acted waits for them.
    fn next_frame(&mut self) -> Option<Bytes> {
        let reply = self.replies.pop_front();
        if self.replies.is_empty() {
            self.replies = VecDeque::new();
        }
        reply.or_else(|| self.topics.iter_mut().find_map(Subscription::next_frame))
    }

    async fn happening(
        &mut self,
        timer: std::pin::Pin<&mut tokio::time::Sleep>,
        blocked: bool,
    ) -> Happening {
        let Self {
            socket,
            web,
            outlet,
            running,
            revoked,
            ..
        } = self;
        let runs = running.as_ref().is_some_and(|running| !running.is_empty());
        // Boxed: who has no key has none of the room it takes.
        let revoked = revoked
            .as_mut()
            .map(|revoked| Box::pin(revocation(revoked)));
        tokio::select! {
            () = web.queue.closing().cancelled() => Happening::Closing,
            turn = poll_fn(|cx| poll_turn(socket, cx)) => Happening::Turn(turn),
            () = poll_fn(|cx| outlet.poll_woken(cx)), if !blocked => Happening::Woken,
            Some(reply) = next_reply(running), if runs => Happening::Reply(reply),
            Some(()) = OptionFuture::from(revoked) => Happening::Revoked,
            () = timer => Happening::Timer,
        }
    }

    async fn incoming(&mut self, incoming: Incoming) -> Result<(), End> {
        self.heard = true;
        let in_budget = match &incoming {
            Incoming::Text(_) | Incoming::Ping => {
                let rate = if self.identity.key_id.is_some() {
                    STAFF_RATE
                } else {
                    PARTICIPANT_RATE
                };
                self.messages.take(rate, Instant::now().into_std())
            }
            _ => true,
        };
        if !in_budget {
            self.lose_patience()?;
        }
        if self.replies.len() >= REPLIES {
            return Err(End::Close(code::SLOW, "slow reader"));
        }
        let Incoming::Text(text) = incoming else {
            return answer_control(incoming);
        };
        match wire::parse(&text) {
            Ok(ClientMessage::Do(act)) => self.act(act, in_budget),
            Ok(ClientMessage::Subscribe(topic)) if in_budget => {
                Box::pin(self.subscribe(topic)).await?
            }
            Ok(ClientMessage::Subscribe(_)) => self.complain("too_fast", "too many messages"),
            Ok(ClientMessage::Hello(_)) => self.complain("bad_request", "said hello already"),
            Err(detail) => {
                self.lose_patience()?;
                self.complain("bad_request", &detail);
            }
        }
        Ok(())
    }

    fn lose_patience(&mut self) -> Result<(), End> {
        if self.patience.take(PATIENCE_RATE, Instant::now().into_std()) {
            return Ok(());
        }
        Err(End::Close(
            code::POLICY,
            "too many wrong or too fast messages",
        ))
    }

    fn complain(&mut self, code: &str, detail: &str) {
        self.replies.push_back(error_frame(code, detail));
    }

    async fn subscribe(&mut self, wanted: TopicAt) -> Result<(), End> {
        let name = &wanted.topic;
        self.topics
            .retain(|topic| topic.topic().name() != name.as_str());
        if self.topics.len() >= MAX_TOPICS {
            self.complain("full", "one connection reads at most 16 topics");
            return Ok(());
        }
        let topic = if name == "mine" {
            match self.web.queue.mine(self.participant).await {
                Ok(topic) => topic,
                Err(refusal) => {
                    return Err(End::Error(
                        code::UNAVAILABLE,
                        refusal.code.as_str(),
                        refusal.detail,
                    ));
                }
            }
        } else {
            let Some(topic) = self.web.queue.hub().get(name) else {
                let shown: String = name.chars().take(60).collect();
                self.complain("not_found", &format!("there is no topic {shown:?}"));
                return Ok(());
            };
            if !topic.readers().allow(&self.identity) {
                let detail = format!(
                    "{} is not for the role {}",
                    topic.name(),
                    self.identity.role.as_str()
                );
                return Err(End::Error(code::NOT_ALLOWED, "not_allowed", detail));
            }
            topic
        };
        self.topics
            .push(topic.subscribe(Arc::clone(&self.outlet), wanted.position()));
        Ok(())
    }

    fn check_key(&self) -> Result<(), End> {
        match &self.identity.key_id {
            Some(id) if !self.web.access.still_valid(id) => {
                let detail =
                    "this key was revoked or has expired; ask the organiser for a new link"
                        .to_owned();
                Err(End::Error(code::WRONG_KEY, "wrong_key", detail))
            }
            _ => Ok(()),
        }
    }

    /// A line that was silent since the last ping is dead.
    fn ping(&mut self) -> Result<(), End> {
        if !std::mem::take(&mut self.heard) {
            return Err(End::Gone);
        }
        self.check_key()?;
        if self.replies.len() < REPLIES {
            self.replies.push_back(frame::ping());
        }
        Ok(())
    }
}

enum Happening {
    Closing,
    Turn(Turn),
    Woken,
    Reply(Bytes),
    Revoked,
    Timer,
}

async fn next_reply(running: &mut Option<FuturesUnordered<Reply>>) -> Option<Bytes> {
    running.as_mut()?.next().await
}

/// Waits for the next revocation; for ever when there will be none.
async fn revocation(revocations: &mut watch::Receiver<u64>) {
    if revocations.changed().await.is_err() {
        std::future::pending().await
    }
}

/// 20 to 30 s, different from connection to connection so that pings spread.
fn ping_pause(id: u64) -> Duration {
    Duration::from_millis(20_000 + scattered(id, 10_000))
}

/// A number below `below` that neighbouring ids do not share.
fn scattered(id: u64, below: u64) -> u64 {
    (id.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) % below.max(1)
}
