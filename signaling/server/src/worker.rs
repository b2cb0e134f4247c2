//! The media thread. Owns every socket, peer and event, and the loop: wait, commands, sockets, forward, timers, flush.
//! Never waits for anything but packets and time; nothing in it is shared.

use std::collections::HashMap;
use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use pleniere_signaling_core::{Action, Feed, PeerId, SiteId};

use crate::command::{
    Command, Join, JoinRefused, MAX_PEERS, MAX_PENDING, Restart, Restarted, Session, Wanted,
};
use crate::demux::{Demux, Route, Source};
use crate::event::EventState;
use crate::notice::Notices;
use crate::origin::{Identities, Packet};
use crate::os;
use crate::outbox::Outbox;
use crate::peer::{Datagram, Effects, Network, PeerCore, PeerEvent, over_tcp};
use crate::streams::{Frames, Streams};
use crate::subscriber::Subscriber;
use crate::timers::Timers;

/// Datagrams read from one socket per turn, so that no sender keeps the others waiting.
const READ_CAP: usize = 256;
/// Longest datagram looked at; RTP over the Internet is below 1500 bytes.
const DATAGRAM_MAX: usize = 2048;
/// States, requests and reports are looked after this often.
const HOUSEKEEPING: Duration = Duration::from_millis(100);
/// A peer that was answered has this long to come up, and as long to check in again after an ICE restart.
const JOIN_TIMEOUT: Duration = Duration::from_secs(15);
/// Whoever is not up after this may be thrown out when there is no room; 0.1 to 0.5 s is usual.
const JOIN_USUAL: Duration = Duration::from_secs(2);

/// A connection as the loop holds it.
pub(crate) struct Peer {
    pub core: Box<dyn PeerCore>,
    pub event: Arc<str>,
    pub role: Role,
    pub connected: bool,
    resource: String,
    session: Session,
    joined: Instant,
    /// Since when an ICE restart waits for the client's first check with the new credentials.
    restarted: Option<Instant>,
}

/// What it is there for.
pub(crate) enum Role {
    Publisher(SiteId),
    Player(Box<Subscriber>),
}

/// The media sockets.
pub(crate) struct Sockets {
    outboxes: Vec<Outbox>,
    locals: Vec<SocketAddr>,
    streams: Streams,
    /// A datagram for a stream while it is written, kept to save the allocation.
    frame: Vec<u8>,
}

impl Sockets {
    pub fn new(sockets: Vec<UdpSocket>, listeners: Vec<TcpListener>) -> io::Result<Self> {
        let locals = sockets
            .iter()
            .map(UdpSocket::local_addr)
            .collect::<io::Result<_>>()?;
        Ok(Self {
            outboxes: sockets.into_iter().map(Outbox::new).collect(),
            locals,
            streams: Streams::new(listeners)?,
            frame: Vec::new(),
        })
    }

    /// The address of each socket.
    pub fn locals(&self) -> &[SocketAddr] {
        &self.locals
    }

    pub fn flush(&mut self) {
        self.outboxes.iter_mut().for_each(Outbox::flush);
        self.streams.flush();
    }

    fn take_dropped(&mut self) -> u64 {
        let datagrams: u64 = self.outboxes.iter_mut().map(Outbox::take_dropped).sum();
        datagrams + self.streams.take_dropped()
    }
}

impl Network for Sockets {
    /// Leaves from the address that was asked.
    fn send(&mut self, local: SocketAddr, destination: SocketAddr, datagram: &[u8]) {
        if over_tcp(local) {
            self.streams.send(local, destination, datagram);
        } else if let Some(index) = self.locals.iter().position(|at| *at == local) {
            self.outboxes[index].push(destination, datagram);
        }
    }

    fn fill(
        &mut self,
        local: SocketAddr,
        destination: SocketAddr,
        length: usize,
        write: &mut dyn FnMut(&mut [u8]) -> bool,
    ) {
        if over_tcp(local) {
            self.frame.resize(length, 0);
            if write(&mut self.frame) {
                self.streams.send(local, destination, &self.frame);
            }
        } else if let Some(index) = self.locals.iter().position(|at| *at == local) {
            self.outboxes[index].fill(destination, length, write);
        }
    }
}

/// Who can be read.
#[derive(Clone, Debug)]
enum Token {
    Wake,
    Media(usize),
    Streams,
    Programme(usize),
    Leg(usize, SiteId),
}

/// The media thread's state.
pub(crate) struct Worker {
    pub peers: HashMap<PeerId, Peer>,
    pub events: Vec<EventState>,
    pub network: Sockets,
    pub timers: Timers,
    pub identities: Identities,
    /// Events of one call, kept to save the allocation.
    pub scratch: Vec<PeerEvent>,
    /// For the same reason: the packets of one turn by event and feed, the players of one feed, what came over TCP.
    pub turns: Vec<(usize, Feed, Vec<Packet>)>,
    pub players: Vec<PeerId>,
    frames: Frames,
    resources: HashMap<String, PeerId>,
    demux: Demux,
    notices: Notices,
    commands: Receiver<Command>,
    wake: UnixStream,
    polled: Vec<RawFd>,
    tokens: Vec<Token>,
    next_peer: u64,
    next_housekeeping: Instant,
    next_figures: Instant,
    leaving: bool,
}

impl Worker {
    pub fn new(
        network: Sockets,
        notices: Notices,
        commands: Receiver<Command>,
        wake: UnixStream,
    ) -> Self {
        let now = Instant::now();
        Self {
            peers: HashMap::new(),
            events: Vec::new(),
            network,
            timers: Timers::default(),
            identities: Identities::default(),
            scratch: Vec::new(),
            turns: Vec::new(),
            players: Vec::new(),
            frames: Frames::default(),
            resources: HashMap::new(),
            demux: Demux::new(now),
            notices,
            commands,
            wake,
            polled: Vec::new(),
            tokens: Vec::new(),
            next_peer: 0,
            next_housekeeping: now,
            next_figures: now,
            leaving: false,
        }
    }

    /// Runs until told to leave, or until nobody can tell any more.
    pub fn run(mut self) {
        self.watch();
        let mut readable = Vec::new();
        while !self.leaving {
            let now = Instant::now();
            let next = self
                .timers
                .next()
                .map_or(self.next_housekeeping, |at| at.min(self.next_housekeeping));
            if let Err(error) = os::wait(
                &self.polled,
                &mut readable,
                next.saturating_duration_since(now),
            ) {
                tracing::error!(%error, "waiting for media sockets");
                std::thread::sleep(HOUSEKEEPING);
            }
            self.turn(&readable);
        }
    }

    fn turn(&mut self, readable: &[bool]) {
        let now = Instant::now();
        for (index, ready) in readable.iter().enumerate() {
            if !ready {
                continue;
            }
            match self.tokens[index].clone() {
                Token::Wake => self.empty_wake(),
                Token::Media(socket) => self.read_media(socket, now),
                Token::Streams => self.read_streams(now),
                Token::Programme(event) => {
                    self.events[event].read_programme(now, &mut self.identities)
                }
                Token::Leg(event, site) => self.events[event].read_leg(&site),
            }
        }
        // After the sockets: a command may change which there are.
        self.run_commands(now);
        self.forward(now);
        while let Some(id) = self.timers.pop(now) {
            self.with_peer(id, now, |core, effects| {
                if core.deadline() <= now {
                    core.tick(now, effects);
                }
            });
        }
        if now >= self.next_housekeeping {
            self.next_housekeeping = now + HOUSEKEEPING;
            self.housekeep(now);
        }
        self.ask_keyframes(now);
        self.network.flush();
    }

    /// Gathers the sockets to wait for; after every change of events or legs.
    fn watch(&mut self) {
        self.polled = vec![self.wake.as_raw_fd(), self.network.streams.as_raw_fd()];
        self.tokens = vec![Token::Wake, Token::Streams];
        for (index, outbox) in self.network.outboxes.iter().enumerate() {
            self.polled.push(outbox.socket().as_raw_fd());
            self.tokens.push(Token::Media(index));
        }
        for (index, event) in self.events.iter().enumerate() {
            self.polled.push(event.programme.socket().as_raw_fd());
            self.tokens.push(Token::Programme(index));
            for (id, site) in &event.sites {
                if let Some(leg) = &site.leg {
                    self.polled.push(leg.socket().as_raw_fd());
                    self.tokens.push(Token::Leg(index, id.clone()));
                }
            }
        }
    }

    fn empty_wake(&mut self) {
        let mut buffer = [0; 64];
        while self
            .wake
            .read(&mut buffer)
            .is_ok_and(|read| read == buffer.len())
        {}
    }

    fn read_media(&mut self, socket: usize, now: Instant) {
        let local = self.network.locals[socket];
        let mut buffer = [0; DATAGRAM_MAX];
        for _ in 0..READ_CAP {
            match self.network.outboxes[socket]
                .socket()
                .recv_from(&mut buffer)
            {
                // One that fills the buffer was cut, and no media datagram is that long.
                Ok((length, source)) if length < DATAGRAM_MAX => {
                    self.datagram(
                        &Datagram {
                            source,
                            local,
                            bytes: &buffer[..length],
                        },
                        now,
                    );
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // An unreachable port of some peer, reported here.
                Err(_) => {}
            }
        }
    }

    pub(crate) fn read_streams(&mut self, now: Instant) {
        let mut frames = std::mem::take(&mut self.frames);
        self.network.streams.turn(now, &mut frames);
        for frame in &frames.frames {
            let datagram = Datagram {
                source: frame.source,
                local: frame.local,
                bytes: frames.bytes(frame),
            };
            self.datagram(&datagram, now);
        }
        frames.clear();
        self.frames = frames;
        self.forget_streams();
    }

    fn forget_streams(&mut self) {
        for address in self.network.streams.take_gone() {
            self.demux.gone(Source { address, tcp: true });
        }
    }

    fn datagram(&mut self, datagram: &Datagram<'_>, now: Instant) {
        let source = Source::of(datagram);
        let id = match self.demux.route(source, datagram.bytes, now) {
            Route::Nobody => return,
            Route::Known(id) => id,
            Route::Claims(id) => {
                let proven = self
                    .peers
                    .get(&id)
                    .is_some_and(|peer| peer.core.authenticates(datagram, now));
                if !proven {
                    self.demux.failed(source);
                    return;
                }
                self.demux.validated(id, source);
                if source.tcp {
                    self.network.streams.proven(datagram.local, datagram.source);
                }
                if let Some(peer) = self.peers.get_mut(&id) {
                    peer.restarted = None;
                }
                id
            }
        };
        self.with_peer(id, now, |core, effects| {
            core.receive(datagram, now, effects)
        });
    }

    /// Calls a peer and acts on what it did.
    pub(crate) fn with_peer(
        &mut self,
        id: PeerId,
        now: Instant,
        act: impl FnOnce(&mut dyn PeerCore, &mut Effects<'_>),
    ) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        let mut events = std::mem::take(&mut self.scratch);
        act(
            &mut *peer.core,
            &mut Effects {
                network: &mut self.network,
                events: &mut events,
            },
        );
        self.timers.arm(id, peer.core.deadline());
        self.absorb(id, &mut events, now);
        self.scratch = events;
    }

    fn run_commands(&mut self, now: Instant) {
        loop {
            match self.commands.try_recv() {
                Ok(command) => self.command(command, now),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    self.leave(now);
                    return;
                }
            }
        }
    }

    /// Replies to those who went away meanwhile are dropped.
    fn command(&mut self, command: Command, now: Instant) {
        match command {
            Command::Open {
                event,
                sites,
                reply,
            } => {
                let opened = match self.events.iter_mut().find(|open| *open.id == *event) {
                    Some(open) => {
                        open.add_sites(sites);
                        open.programme.address()
                    }
                    None => EventState::open(&event, sites, now).and_then(|open| {
                        let address = open.programme.address();
                        self.events.push(open);
                        address
                    }),
                };
                self.watch();
                let _ = reply.send(opened);
            }
            Command::Engine { event, ports } => {
                if let Some(open) = self.events.iter_mut().find(|open| *open.id == *event) {
                    open.engine(ports.as_ref());
                    self.watch();
                }
            }
            Command::Join { join, reply } => {
                let _ = reply.send(self.join(*join, now));
            }
            Command::Inspect { resource, reply } => {
                let peer = self
                    .resources
                    .get(&resource)
                    .and_then(|id| self.peers.get(id));
                let _ = reply.send(peer.map(|peer| peer.session.clone()));
            }
            Command::Restart { restart, reply } => {
                let _ = reply.send(self.restart(*restart, now));
            }
            Command::End { resource, reply } => {
                let id = self.resources.get(&resource).copied();
                if let Some(id) = id {
                    self.end(id, now, "ended by its client");
                }
                let _ = reply.send(id.is_some());
            }
            Command::Shutdown { reply } => {
                self.leave(now);
                let _ = reply.send(());
            }
        }
    }

    fn leave(&mut self, now: Instant) {
        let all: Vec<PeerId> = self.peers.keys().copied().collect();
        for id in all {
            self.end(id, now, "shutdown");
        }
        self.network.flush();
        self.leaving = true;
    }

    pub(crate) fn join(&mut self, join: Join, now: Instant) -> Result<(), JoinRefused> {
        if matches!(join.wanted, Wanted::Play { .. }) {
            self.make_room(now)?;
        }
        let event = self
            .events
            .iter_mut()
            .find(|open| *open.id == *join.event)
            .ok_or(JoinRefused::NoEvent)?;
        let id = PeerId(self.next_peer + 1);
        let mut actions = Vec::new();
        let role = match join.wanted {
            Wanted::Publish { site, claim } => {
                actions = event.core.publish(id, &site, claim, now)?;
                event.seated(id, &site, now);
                Role::Publisher(site)
            }
            Wanted::Play { stream } => {
                event.core.play(id, stream)?;
                Role::Player(Box::new(Subscriber::new(seed())))
            }
        };
        self.next_peer = id.0;
        let peer = Peer {
            core: join.core,
            event: event.id.clone(),
            role,
            connected: false,
            resource: join.resource,
            session: join.session,
            joined: now,
            restarted: None,
        };
        self.demux.add(id, &join.ufrag);
        self.resources.insert(peer.resource.clone(), id);
        self.peers.insert(id, peer);
        for action in actions {
            if let Action::Close(before) = action {
                self.end(before, now, "its seat was taken");
            }
        }
        self.with_peer(id, now, |core, effects| core.tick(now, effects));
        Ok(())
    }

    /// An ICE restart (RFC 9725 section 4.3.3): other credentials for the same connection, whose media goes on.
    fn restart(&mut self, restart: Restart, now: Instant) -> Restarted {
        let Some(id) = self.resources.get(&restart.resource).copied() else {
            return Restarted::Gone;
        };
        let current = self.peers.get(&id).map(|peer| &peer.session.etag);
        if restart.before.is_some() && restart.before.as_ref() != current {
            return Restarted::Stale;
        }
        let mut answered = None;
        self.with_peer(id, now, |core, effects| {
            answered = core.restart_ice(&restart.session.offer, now, effects);
        });
        let (Some((answer, ufrag)), Some(peer)) = (answered, self.peers.get_mut(&id)) else {
            return Restarted::Refused;
        };
        peer.session = restart.session;
        peer.restarted = Some(now);
        self.demux.renew(id, &ufrag);
        Restarted::Yes(answer)
    }

    /// Room for one more player. Publishers need none: they hold a key and there is one per seat. When too many players are
    /// on their way in, the longest under way makes room, unless it came just now.
    fn make_room(&mut self, now: Instant) -> Result<(), JoinRefused> {
        let players = || {
            self.peers
                .iter()
                .filter(|(_, peer)| matches!(peer.role, Role::Player(_)))
        };
        if players().count() >= MAX_PEERS {
            return Err(JoinRefused::Full);
        }
        let pending = || players().filter(|(_, peer)| !peer.connected);
        if pending().count() < MAX_PENDING {
            return Ok(());
        }
        let oldest = pending()
            .min_by_key(|(id, _)| **id)
            .map(|(id, peer)| (*id, peer.joined));
        match oldest {
            Some((id, joined)) if now.saturating_duration_since(joined) >= JOIN_USUAL => {
                self.end(id, now, "made room for others");
                Ok(())
            }
            _ => Err(JoinRefused::Full),
        }
    }

    /// Says goodbye to a peer and forgets it.
    pub(crate) fn end(&mut self, id: PeerId, now: Instant, why: &'static str) {
        if let Some(peer) = self.peers.get_mut(&id) {
            let mut events = Vec::new();
            peer.core.close(
                now,
                &mut Effects {
                    network: &mut self.network,
                    events: &mut events,
                },
            );
        }
        self.remove(id, why);
    }

    /// Forgets a peer.
    pub(crate) fn remove(&mut self, id: PeerId, why: &'static str) {
        let Some(peer) = self.peers.remove(&id) else {
            return;
        };
        tracing::debug!(peer = id.0, event = %peer.event, why, "peer left");
        self.resources.remove(&peer.resource);
        self.demux.remove(id);
        self.timers.remove(id);
        if let Some(event) = self.events.iter_mut().find(|event| event.id == peer.event) {
            event.left(id);
        }
    }

    fn housekeep(&mut self, now: Instant) {
        let over = |since: Instant| now.saturating_duration_since(since) >= JOIN_TIMEOUT;
        let late =
            |peer: &Peer| !peer.connected && over(peer.joined) || peer.restarted.is_some_and(over);
        let late: Vec<PeerId> = self
            .peers
            .iter()
            .filter(|(_, peer)| late(peer))
            .map(|(id, _)| *id)
            .collect();
        for id in late {
            self.end(id, now, "never came up");
        }
        for event in &mut self.events {
            event.tell_changes(&self.notices, now);
        }
        if now < self.next_figures {
            return;
        }
        self.next_figures = now + Duration::from_secs(1);
        self.network.streams.sweep(now);
        self.forget_streams();
        for event in &mut self.events {
            event.tell_figures(&self.notices, now);
        }
        let (refused, dropped) = (self.demux.take_refused(), self.network.take_dropped());
        if refused > 0 || dropped > 0 {
            tracing::debug!(
                refused,
                dropped,
                "datagrams from nobody known, and datagrams the kernel had no room for"
            );
        }
    }
}

/// Random beginnings; without randomness from the system the numbers are merely guessable.
fn seed() -> [u32; 2] {
    let mut bytes = [0; 8];
    let _ = getrandom::fill(&mut bytes);
    let number = u64::from_ne_bytes(bytes);
    [number as u32, (number >> 32) as u32]
}
