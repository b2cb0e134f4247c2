//! ICE over TCP (RFC 6544, passive candidates; frames of RFC 4571) for networks that block UDP. Owns listeners, connections,
//! their queues and limits; who may say what is decided elsewhere. Nothing here waits.

use std::collections::{HashMap, VecDeque};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::os::Epoll;

/// Connections held at once: a browser opens one for each of our addresses and keeps one. A new one is closed when they are
/// all taken.
const CONNECTIONS: usize = 4096;
/// Of these, connections on which nobody proved yet who they are: together, and from one address. One more takes the place
/// of the oldest, of that address where its own share is full: who opens many keeps others out for no longer than himself.
const UNPROVEN: usize = 256;
const UNPROVEN_OF_ONE: usize = 32;
/// Time to prove it by a STUN check.
const PROOF: Duration = Duration::from_secs(5);
/// A connection that says nothing for so long is closed; consent (RFC 7675) is renewed every few seconds.
const IDLE: Duration = Duration::from_secs(30);
/// Longest frame; longer ones are not media and end the connection.
pub(crate) const FRAME: usize = 2048;
/// Bytes read from one connection per turn, so that no sender keeps the others waiting.
const READ: usize = 32 * 1024;
/// Bytes that wait for a slow client besides those in the kernel: 0.8 s at 2.5 Mbit/s. When they are that many, further
/// frames are dropped whole until half of them have left: what is late is of no use, and the client asks again for what it
/// misses. Checks and handshakes have as much room again, so that a slow client does not become a lost one.
const QUEUE: usize = 256 * 1024;
/// The kernel's own buffer, both ways: small, since what lies in it is late.
const KERNEL_BUFFER: usize = 128 * 1024;
const LISTENERS: u64 = 1 << 32;

/// A frame that arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub source: SocketAddr,
    /// The address asked, with port 0 (see [`crate::peer::over_tcp`]).
    pub local: SocketAddr,
    start: usize,
    end: usize,
}

/// Frames of one turn, kept to save the allocation.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    pub frames: Vec<Frame>,
    bytes: Vec<u8>,
}

impl Frames {
    pub fn bytes(&self, frame: &Frame) -> &[u8] {
        &self.bytes[frame.start..frame.end]
    }

    pub fn clear(&mut self) {
        self.frames.clear();
        self.bytes.clear();
    }
}

struct Connection {
    socket: TcpStream,
    source: SocketAddr,
    local: SocketAddr,
    input: Vec<u8>,
    output: VecDeque<u8>,
    /// Frames are dropped until the queue is half empty.
    full: bool,
    watched: bool,
    waiting: bool,
    proven: bool,
    opened: Instant,
    heard: Instant,
}

/// All of it.
pub(crate) struct Streams {
    listeners: Vec<TcpListener>,
    epoll: Epoll,
    connections: HashMap<u64, Connection>,
    by_address: HashMap<(IpAddr, SocketAddr), u64>,
    next: u64,
    unproven: usize,
    /// Connections with something to write in this turn.
    fresh: Vec<u64>,
    gone: Vec<SocketAddr>,
    dropped: u64,
}

impl Streams {
    pub fn new(listeners: Vec<TcpListener>) -> io::Result<Self> {
        let epoll = Epoll::new()?;
        for (listener, token) in listeners.iter().zip(LISTENERS..) {
            epoll.add(listener, token)?;
        }
        Ok(Self {
            listeners,
            epoll,
            connections: HashMap::new(),
            by_address: HashMap::new(),
            next: 0,
            unproven: 0,
            fresh: Vec::new(),
            gone: Vec::new(),
            dropped: 0,
        })
    }

    /// Accepts, writes what could not be written before, and reads what came into `frames`.
    pub fn turn(&mut self, now: Instant, frames: &mut Frames) {
        for ready in self.epoll.ready() {
            if let Some(listener) = ready.token.checked_sub(LISTENERS) {
                self.accept(listener as usize, now);
                continue;
            }
            if ready.writable {
                self.write(ready.token);
            }
            if ready.readable {
                self.read(ready.token, now, frames);
            }
        }
    }

    /// Queues a datagram for a connection; who is gone gets nothing.
    pub fn send(&mut self, local: SocketAddr, destination: SocketAddr, datagram: &[u8]) {
        let Some(token) = self.by_address.get(&(local.ip(), destination)) else {
            return;
        };
        let Some(connection) = self.connections.get_mut(token) else {
            return;
        };
        let Ok(length) = u16::try_from(datagram.len()) else {
            return;
        };
        // STUN and DTLS begin below 64 (RFC 7983).
        let urgent = datagram.first().is_some_and(|first| *first < 64);
        let room = if urgent { 2 * QUEUE } else { QUEUE };
        let queued = connection.output.len();
        connection.full = queued + datagram.len() > QUEUE || connection.full && queued > QUEUE / 2;
        if connection.full && !(urgent && queued + datagram.len() <= room) {
            self.dropped += 1;
            return;
        }
        connection.output.extend(length.to_be_bytes());
        connection.output.extend(datagram);
        if !connection.waiting {
            connection.waiting = true;
            self.fresh.push(*token);
        }
    }

    /// Hands to the kernel what it takes.
    pub fn flush(&mut self) {
        let mut fresh = std::mem::take(&mut self.fresh);
        for token in fresh.drain(..) {
            if let Some(connection) = self.connections.get_mut(&token) {
                connection.waiting = false;
                // One that waits for the kernel already is told when there is room.
                if !connection.watched {
                    self.write(token);
                }
            }
        }
        self.fresh = fresh;
    }

    /// Who sends from here has proved who it is.
    pub fn proven(&mut self, local: SocketAddr, source: SocketAddr) {
        let token = self.by_address.get(&(local.ip(), source));
        if let Some(connection) = token.and_then(|token| self.connections.get_mut(token))
            && !connection.proven
        {
            connection.proven = true;
            self.unproven -= 1;
        }
    }

    /// Closes what proved nothing in time and what fell silent.
    pub fn sweep(&mut self, now: Instant) {
        let late = |connection: &Connection| {
            let (since, limit) = match connection.proven {
                true => (connection.heard, IDLE),
                false => (connection.opened, PROOF),
            };
            now.saturating_duration_since(since) >= limit
        };
        let late = self.connections.iter().filter(|(_, c)| late(c));
        for token in late.map(|(token, _)| *token).collect::<Vec<_>>() {
            self.close(token);
        }
    }

    /// Sources whose connections were closed, since the last call.
    pub fn take_gone(&mut self) -> Vec<SocketAddr> {
        std::mem::take(&mut self.gone)
    }

    /// Frames that found no room, since the last call.
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    fn accept(&mut self, listener: usize, now: Instant) {
        // Bounded by the backlog's size; the rest comes in the next turn.
        for _ in 0..64 {
            let Some(Ok((socket, source))) = self.listeners.get(listener).map(TcpListener::accept)
            else {
                return;
            };
            // Too many, or a socket that broke meanwhile: closed by being dropped.
            if self.make_room(source.ip()) {
                let _ = self.add(socket, source, now);
            }
        }
    }

    fn make_room(&mut self, ip: IpAddr) -> bool {
        if self.unproven < UNPROVEN_OF_ONE {
            return self.connections.len() < CONNECTIONS;
        }
        let oldest = |of: Option<IpAddr>| {
            let unproven = self.connections.iter().filter(|(_, c)| !c.proven);
            let theirs = unproven.filter(|(_, c)| of.is_none_or(|ip| c.source.ip() == ip));
            theirs.map(|(token, _)| *token).fold(
                (0, None),
                |(n, oldest): (usize, Option<u64>), token| {
                    (n + 1, Some(oldest.map_or(token, |other| other.min(token))))
                },
            )
        };
        let victim = match (oldest(Some(ip)), oldest(None)) {
            ((count, oldest), _) if count >= UNPROVEN_OF_ONE => oldest,
            (_, (count, oldest)) if count >= UNPROVEN => oldest,
            _ => None,
        };
        if let Some(token) = victim {
            self.close(token);
        }
        self.connections.len() < CONNECTIONS
    }

    fn add(&mut self, socket: TcpStream, source: SocketAddr, now: Instant) -> io::Result<()> {
        socket.set_nonblocking(true)?;
        socket.set_nodelay(true)?;
        // Less or more than asked for still works.
        let _ = SockRef::from(&socket).set_send_buffer_size(KERNEL_BUFFER);
        let _ = SockRef::from(&socket).set_recv_buffer_size(KERNEL_BUFFER);
        let local = SocketAddr::new(socket.local_addr()?.ip(), 0);
        let token = self.next;
        self.epoll.add(&socket, token)?;
        self.next += 1;
        let connection = Connection {
            socket,
            source,
            local,
            input: Vec::new(),
            output: VecDeque::new(),
            full: false,
            watched: false,
            waiting: false,
            proven: false,
            opened: now,
            heard: now,
        };
        self.unproven += 1;
        self.by_address.insert((local.ip(), source), token);
        self.connections.insert(token, connection);
        Ok(())
    }

    fn read(&mut self, token: u64, now: Instant, frames: &mut Frames) {
        let Some(connection) = self.connections.get_mut(&token) else {
            return;
        };
        let mut buffer = [0; READ];
        let ended = match connection.socket.read(&mut buffer) {
            Ok(0) => true,
            Ok(length) => {
                connection.heard = now;
                connection.input.extend_from_slice(&buffer[..length]);
                !connection.unpack(frames)
            }
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
        };
        if ended {
            self.close(token);
        }
    }

    fn write(&mut self, token: u64) {
        let Some(connection) = self.connections.get_mut(&token) else {
            return;
        };
        let written = connection.write();
        let watch = !connection.output.is_empty();
        let mut ended = written.is_err();
        if !ended && watch != connection.watched {
            connection.watched = watch;
            let watching = self.epoll.watch_writing(&connection.socket, token, watch);
            ended = watching.is_err();
        }
        if ended {
            self.close(token);
        }
    }

    fn close(&mut self, token: u64) {
        let Some(connection) = self.connections.remove(&token) else {
            return;
        };
        if !connection.proven {
            self.unproven -= 1;
        }
        self.by_address
            .remove(&(connection.local.ip(), connection.source));
        self.gone.push(connection.source);
    }
}

impl Connection {
    /// Cuts whole frames out of what came; false when it is no framing.
    fn unpack(&mut self, frames: &mut Frames) -> bool {
        let mut rest = &self.input[..];
        while let [high, low, after @ ..] = rest {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            if length > FRAME {
                return false;
            }
            let Some((frame, after)) = after.split_at_checked(length) else {
                break;
            };
            let start = frames.bytes.len();
            frames.bytes.extend_from_slice(frame);
            frames.frames.push(Frame {
                source: self.source,
                local: self.local,
                start,
                end: start + length,
            });
            rest = after;
        }
        let read = self.input.len() - rest.len();
        self.input.drain(..read);
        if self.input.capacity() > 4 * FRAME {
            self.input.shrink_to(FRAME);
        }
        true
    }

    fn write(&mut self) -> io::Result<()> {
        while !self.output.is_empty() {
            let (first, _) = self.output.as_slices();
            match self.socket.write(first) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => drop(self.output.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if self.output.is_empty() && self.output.capacity() > QUEUE / 4 {
            self.output = VecDeque::new();
        }
        Ok(())
    }
}

impl AsRawFd for Streams {
    fn as_raw_fd(&self) -> RawFd {
        self.epoll.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    struct House {
        streams: Streams,
        at: SocketAddr,
        frames: Frames,
    }

    impl House {
        fn open() -> Self {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            listener.set_nonblocking(true).unwrap();
            Self {
                at: listener.local_addr().unwrap(),
                streams: Streams::new(vec![listener]).unwrap(),
                frames: Frames::default(),
            }
        }

        /// A client, and how it is called here.
        fn client(&mut self) -> (TcpStream, SocketAddr) {
            let client = TcpStream::connect(self.at).unwrap();
            client
                .set_read_timeout(Some(Duration::from_secs(10)))
                .unwrap();
            let source = client.local_addr().unwrap();
            self.until(|house| house.knows(source));
            (client, source)
        }

        fn knows(&self, source: SocketAddr) -> bool {
            self.streams
                .by_address
                .contains_key(&(self.at.ip(), source))
        }

        fn until(&mut self, so: impl Fn(&Self) -> bool) {
            let start = Instant::now();
            while !so(self) {
                assert!(start.elapsed() < Duration::from_secs(10), "waited too long");
                self.streams.turn(Instant::now(), &mut self.frames);
            }
        }

        fn local(&self) -> SocketAddr {
            SocketAddr::new(self.at.ip(), 0)
        }
    }

    fn framed(payload: &[u8]) -> Vec<u8> {
        let length = payload.len() as u16;
        [&length.to_be_bytes(), payload].concat()
    }

    #[test]
    fn frames_arrive_whole_however_the_network_cuts_them() {
        let mut house = House::open();
        let (mut client, source) = house.client();
        let sent: Vec<Vec<u8>> = (0..40usize).map(|n| vec![n as u8; n * 51 % 2000]).collect();
        let bytes: Vec<u8> = sent.iter().flat_map(|frame| framed(frame)).collect();
        for piece in bytes.chunks(333) {
            client.write_all(piece).unwrap();
            house.streams.turn(Instant::now(), &mut house.frames);
        }
        house.until(|house| house.frames.frames.len() == sent.len());
        for (frame, sent) in house.frames.frames.iter().zip(&sent) {
            assert_eq!(house.frames.bytes(frame), sent);
            assert_eq!((frame.source, frame.local), (source, house.local()));
        }
    }

    #[test]
    fn what_is_no_framing_ends_the_connection() {
        let mut house = House::open();
        let (mut client, source) = house.client();
        client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        house.until(|house| !house.knows(source));
        assert_eq!(house.streams.take_gone(), [source]);
        assert_eq!(client.read(&mut [0; 8]).unwrap_or(0), 0);
        assert!(house.frames.frames.is_empty());
    }

    #[test]
    fn a_slow_client_loses_whole_frames_and_holds_up_nobody() {
        let mut house = House::open();
        let (mut slow, slow_source) = house.client();
        let (mut quick, quick_source) = house.client();
        let local = house.local();
        let mut heard = Vec::new();
        // Far more than the kernel's buffers and the queue take.
        for number in 0..20_000u32 {
            let mut packet = vec![0x80; 1100];
            packet[4..8].copy_from_slice(&number.to_be_bytes());
            house.streams.send(local, slow_source, &packet);
            if number % 100 == 0 {
                house.streams.send(local, quick_source, &packet);
            }
            house.streams.flush();
        }
        assert!(house.streams.take_dropped() > 1000);
        // A check still finds room.
        house.streams.send(local, slow_source, &[1; 100]);
        assert_eq!(house.streams.take_dropped(), 0);
        let queued = |house: &House| -> usize {
            let connections = house.streams.connections.values();
            connections.map(|c| c.output.len()).sum()
        };
        assert!(queued(&house) <= 2 * QUEUE);
        let frame = |client: &mut TcpStream| {
            let mut length = [0; 2];
            client.read_exact(&mut length).unwrap();
            let mut frame = vec![0; usize::from(u16::from_be_bytes(length))];
            client.read_exact(&mut frame).unwrap();
            frame
        };
        for number in (0..20_000u32).step_by(100) {
            assert_eq!(frame(&mut quick)[4..8], number.to_be_bytes());
        }
        let reader = std::thread::spawn(move || {
            loop {
                let frame = frame(&mut slow);
                if frame[0] == 1 {
                    return heard;
                }
                assert_eq!(frame.len(), 1100, "whole or not at all");
                heard.push(u32::from_be_bytes(frame[4..8].try_into().unwrap()));
            }
        });
        house.until(|house| queued(house) == 0);
        let heard = reader.join().unwrap();
        assert!(heard.windows(2).all(|two| two[0] < two[1]), "in order");
        assert!(heard.len() > 100 && heard.len() < 19_000);
    }

    #[test]
    fn silence_and_proofs_that_never_come_end_a_connection() {
        let mut house = House::open();
        let (_one, proven) = house.client();
        let (_two, unproven) = house.client();
        house.streams.proven(house.local(), proven);
        let later = Instant::now() + PROOF;
        house.streams.sweep(later);
        assert!(house.knows(proven) && !house.knows(unproven));
        house.streams.sweep(later + IDLE);
        assert!(!house.knows(proven));
        assert_eq!(house.streams.unproven, 0);
        // To who is gone nothing is sent, and nothing breaks.
        house.streams.send(house.local(), proven, b"late");
    }

    #[test]
    fn who_opens_many_takes_room_from_himself() {
        let mut house = House::open();
        let (_mine, proven) = house.client();
        house.streams.proven(house.local(), proven);
        let many: Vec<_> = (0..UNPROVEN_OF_ONE + 9).map(|_| house.client()).collect();
        assert_eq!(house.streams.unproven, UNPROVEN_OF_ONE);
        assert!(house.knows(proven));
        assert!(!house.knows(many[0].1) && house.knows(many[UNPROVEN_OF_ONE + 8].1));
    }
}
