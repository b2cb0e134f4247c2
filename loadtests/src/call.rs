//! WebRTC in bulk: one camera that publishes numbered packets, and many players in one thread, most of which only count what
//! comes. Owns their sockets; never decodes.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use mio::{Events, Interest, Poll, Token};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::config::DtlsCert;
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpWrite, SeqNo};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

/// Players that decrypt, report and tell delays.
const WHOLE: usize = 10;
/// A player is up after this, or never.
const JOIN_TIMEOUT: Duration = Duration::from_secs(20);
const PICTURE: Duration = Duration::from_micros(33_333);
const SOUND: Duration = Duration::from_millis(20);
/// Packets of a picture, and their payload: the last is shorter, as encoders make them.
const PARTS: u64 = 8;
const PART_BYTES: usize = 1172;
const LAST_BYTES: usize = 781;

/// One end of a connection.
struct Peer {
    rtc: Rtc,
    socket: UdpSocket,
    local: SocketAddr,
    lines: [Mid; 2],
    pending: Option<SdpPendingOffer>,
    deadline: Instant,
}

impl Peer {
    /// Makes a peer and its offer.
    fn offer(direction: Direction, certificate: &DtlsCert) -> anyhow::Result<(Self, String)> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_nonblocking(true)?;
        let local = socket.local_addr()?;
        let now = Instant::now();
        let mut rtc = RtcConfig::new()
            .set_rtp_mode(true)
            .set_dtls_cert(certificate.clone())
            .clear_codecs()
            .enable_opus(true, false)
            .enable_h264(true)
            .build(now);
        rtc.add_local_candidate(Candidate::host(local, "udp")?);
        let mut api = rtc.sdp_api();
        let sound = api.add_media(MediaKind::Audio, direction, None, None, None);
        let picture = api.add_media(MediaKind::Video, direction, None, None, None);
        let (offer, pending) = api.apply().context("no offer")?;
        let peer = Self {
            rtc,
            socket,
            local,
            lines: [sound, picture],
            pending: Some(pending),
            deadline: now,
        };
        Ok((peer, offer.to_sdp_string()))
    }

    fn answered(&mut self, answer: &str) -> anyhow::Result<()> {
        let pending = self.pending.take().context("answered twice")?;
        let answer = SdpAnswer::from_sdp_string(answer)?;
        self.rtc.sdp_api().accept_answer(pending, answer)?;
        Ok(())
    }

    fn receive(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) {
        if let Ok(receive) = Receive::new(Protocol::Udp, source, self.local, datagram) {
            let _ = self.rtc.handle_input(Input::Receive(now, receive));
        }
    }

    /// Sends what is to be sent and hands over what happened.
    fn drain(&mut self, mut event: impl FnMut(Event)) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(deadline)) => {
                    self.deadline = deadline;
                    return;
                }
                Ok(Output::Transmit(out)) => {
                    let _ = self.socket.send_to(&out.contents, out.destination);
                }
                Ok(Output::Event(happened)) => event(happened),
                Err(_) => return,
            }
        }
    }
}

fn certificate() -> anyhow::Result<DtlsCert> {
    let provider = str0m::crypto::from_feature_flags().dtls_provider;
    provider.generate_certificate().context("no certificate")
}

/// A camera that sends until dropped.
pub struct Camera {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Camera {
    /// Joins with what `post` answers to its offer; every payload tells its time since `began`.
    ///
    /// # Errors
    /// It is not let in.
    pub fn join(
        began: Instant,
        post: impl FnOnce(&str) -> anyhow::Result<String>,
    ) -> anyhow::Result<Self> {
        let (mut peer, offer) = Peer::offer(Direction::SendOnly, &certificate()?)?;
        peer.answered(&post(&offer)?)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || film(peer, began, &stopped));
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn film(mut peer: Peer, began: Instant, stop: &AtomicBool) {
    let (mut next_picture, mut next_sound) = (Instant::now(), Instant::now());
    let (mut picture, mut sound, mut keyframe) = (0u64, 0u64, true);
    let mut buffer = [0; 2048];
    let _ = peer.socket.set_nonblocking(false);
    while !stop.load(Ordering::Relaxed) {
        peer.drain(|event| keyframe |= matches!(event, Event::KeyframeRequest(_)));
        let next = next_picture.min(next_sound).min(peer.deadline);
        let wait = next.saturating_duration_since(Instant::now());
        let _ = peer
            .socket
            .set_read_timeout(Some(wait.max(Duration::from_micros(50))));
        if let Ok((length, source)) = peer.socket.recv_from(&mut buffer) {
            peer.receive(Instant::now(), source, &buffer[..length]);
        }
        let now = Instant::now();
        if now >= next_picture {
            next_picture += PICTURE;
            if peer.rtc.is_connected() {
                let key = std::mem::take(&mut keyframe) || picture.is_multiple_of(60);
                for part in 0..PARTS {
                    let first = if key && part == 0 { 0x65 } else { 0x41 };
                    let last = part + 1 == PARTS;
                    let size = if last { LAST_BYTES } else { PART_BYTES };
                    let at = picture as u32 * 3000;
                    let numbers = (picture * PARTS + part, at);
                    send(&mut peer, 1, numbers, last, stamped(first, size, began));
                }
                picture += 1;
            }
        }
        if now >= next_sound {
            next_sound += SOUND;
            if peer.rtc.is_connected() {
                let numbers = (sound, sound as u32 * 960);
                send(&mut peer, 0, numbers, false, stamped(0xfc, 120, began));
                sound += 1;
            }
        }
        let _ = peer.rtc.handle_input(Input::Timeout(Instant::now()));
    }
}

fn stamped(first: u8, size: usize, began: Instant) -> Vec<u8> {
    let mut payload = vec![first; size];
    payload[1..9].copy_from_slice(&(began.elapsed().as_nanos() as u64).to_be_bytes());
    payload
}

fn send(
    peer: &mut Peer,
    line: usize,
    (sequence, timestamp): (u64, u32),
    marker: bool,
    payload: Vec<u8>,
) {
    let mid = peer.lines[line];
    let codec = [Codec::Opus, Codec::H264][line];
    let accepted = peer.rtc.media(mid).map(|media| media.remote_pts().to_vec());
    let params = peer.rtc.codec_config().params();
    let param = params.iter().find(|param| {
        let offered = accepted.as_ref().is_some_and(|a| a.contains(&param.pt()));
        param.spec().codec == codec && offered
    });
    let Some(payload_type) = param.map(|param| param.pt()) else {
        return;
    };
    if let Some(stream) = peer.rtc.direct_api().stream_tx_by_mid(mid, None) {
        let now = Instant::now();
        let write = RtpWrite::new(payload_type, SeqNo::from(sequence), timestamp, now, payload);
        stream.write_rtp(write.marker(marker).nackable(line == 1));
    }
    peer.drain(|_| {});
}

/// Many players.
pub struct Viewers {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<u64>>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    up: AtomicUsize,
    received: AtomicU64,
    delays_ms: Mutex<Vec<f64>>,
}

struct Viewer {
    peer: Peer,
    socket: mio::net::UdpSocket,
    up: bool,
    whole: bool,
    /// SSRC, first and highest number, packets.
    streams: Vec<(u32, u64, u64, u64)>,
}

impl Viewers {
    /// Joins one after the other with what `post` answers to their offers, and waits until all are up.
    ///
    /// # Errors
    /// One is not let in, or does not come up.
    pub fn join(
        count: usize,
        began: Instant,
        mut post: impl FnMut(&str) -> anyhow::Result<String>,
    ) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared::default());
        let certificate = certificate()?;
        let (sender, joining) = channel();
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::spawn(move || watch(&joining, &of_thread, began));
        let viewers = Self {
            shared,
            thread: Some(thread),
        };
        for number in 0..count {
            viewers.one_more(&sender, &certificate, number, &mut post)?;
        }
        Ok(viewers)
    }

    fn one_more(
        &self,
        sender: &Sender<Viewer>,
        certificate: &DtlsCert,
        number: usize,
        post: &mut impl FnMut(&str) -> anyhow::Result<String>,
    ) -> anyhow::Result<()> {
        let (mut peer, offer) = Peer::offer(Direction::RecvOnly, certificate)?;
        peer.answered(&post(&offer)?)?;
        let socket = mio::net::UdpSocket::from_std(peer.socket.try_clone()?);
        let viewer = Viewer {
            peer,
            socket,
            up: false,
            whole: number < WHOLE,
            streams: Vec::new(),
        };
        sender
            .send(viewer)
            .ok()
            .context("the players' thread ended")?;
        crate::process::wait_until(JOIN_TIMEOUT, || {
            self.shared.up.load(Ordering::Relaxed) > number
        })
        .with_context(|| format!("player {number} did not come up"))
    }

    /// Packets received so far, by all.
    pub fn received(&self) -> u64 {
        self.shared.received.load(Ordering::Relaxed)
    }

    /// Delays are told from now on.
    pub fn forget_delays(&self) {
        self.delays().clear();
    }

    /// From the camera's hand to a player's, encryption twice and decryption twice in it.
    pub fn delays_ms(&self) -> Vec<f64> {
        self.delays().clone()
    }

    fn delays(&self) -> std::sync::MutexGuard<'_, Vec<f64>> {
        let delays = self.shared.delays_ms.lock();
        delays.unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends them; answers how many packets were lost in all their time.
    pub fn end(mut self) -> u64 {
        self.shared.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take();
        thread.and_then(|thread| thread.join().ok()).unwrap_or(0)
    }
}

impl Drop for Viewers {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

fn watch(joining: &Receiver<Viewer>, shared: &Shared, began: Instant) -> u64 {
    let mut viewers: Vec<Viewer> = Vec::new();
    let Ok(mut poll) = Poll::new() else { return 0 };
    let mut events = Events::with_capacity(1024);
    let mut next_timers = Instant::now();
    while !shared.stop.load(Ordering::Relaxed) {
        while let Ok(mut viewer) = joining.try_recv() {
            let token = Token(viewers.len());
            let registry = poll.registry();
            let _ = registry.register(&mut viewer.socket, token, Interest::READABLE);
            viewer.serve(shared, began);
            viewers.push(viewer);
        }
        let _ = poll.poll(&mut events, Some(Duration::from_millis(5)));
        for event in &events {
            viewers[event.token().0].read(shared, began);
        }
        let now = Instant::now();
        if now < next_timers {
            continue;
        }
        next_timers = now + Duration::from_millis(5);
        for viewer in viewers.iter_mut().filter(|v| v.peer.deadline <= now) {
            let _ = viewer.peer.rtc.handle_input(Input::Timeout(now));
            viewer.serve(shared, began);
        }
    }
    let lost = |stream: &(u32, u64, u64, u64)| (stream.2 - stream.1 + 1).saturating_sub(stream.3);
    viewers.iter().flat_map(|v| &v.streams).map(lost).sum()
}

impl Viewer {
    fn read(&mut self, shared: &Shared, began: Instant) {
        let mut buffer = [0; 2048];
        let mut counted = 0;
        while let Ok((length, source)) = self.socket.recv_from(&mut buffer) {
            let datagram = &buffer[..length];
            let media = matches!(datagram, [128..=191, ..]);
            if media && !matches!(datagram, [_, 192..=223, ..]) {
                counted += 1;
                self.count(datagram);
            }
            if !media || self.whole {
                self.peer.receive(Instant::now(), source, datagram);
                self.serve(shared, began);
            }
        }
        shared.received.fetch_add(counted, Ordering::Relaxed);
    }

    fn serve(&mut self, shared: &Shared, began: Instant) {
        let up = &mut self.up;
        self.peer.drain(|event| match event {
            Event::Connected if !*up => {
                *up = true;
                shared.up.fetch_add(1, Ordering::Relaxed);
            }
            Event::RtpPacket(packet) => {
                if let Some(stamp) = packet.payload.get(1..9).and_then(|s| s.try_into().ok()) {
                    let sent = Duration::from_nanos(u64::from_be_bytes(stamp));
                    let delay = began.elapsed().saturating_sub(sent);
                    let mut delays = shared
                        .delays_ms
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner);
                    delays.push(delay.as_secs_f64() * 1000.0);
                }
            }
            _ => {}
        });
    }

    /// By what stays in clear of an SRTP packet.
    fn count(&mut self, datagram: &[u8]) {
        let Some(([_, _, n0, n1, .., s0, s1, s2, s3], _)) = datagram.split_first_chunk::<12>()
        else {
            return;
        };
        let ssrc = u32::from_be_bytes([*s0, *s1, *s2, *s3]);
        let number = u16::from_be_bytes([*n0, *n1]);
        match self.streams.iter_mut().find(|stream| stream.0 == ssrc) {
            None => {
                let first = 0x1_0000 + u64::from(number);
                self.streams.push((ssrc, first, first, 1));
            }
            Some((_, _, highest, packets)) => {
                let step = number.wrapping_sub(*highest as u16) as i16;
                *highest = (*highest).max(highest.saturating_add_signed(step.into()));
                *packets += 1;
            }
        }
    }
}
