//! A WHIP publisher or WHEP player over str0m, in a thread of its own: it sends numbered packets and notes what arrives.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive, TcpType};
use str0m::rtp::{RtpWrite, SeqNo};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

use crate::house::{House, Reply};

/// One of so many packets lost on a bad line. Of the five packets of a picture and its sound now this, now that one is lost.
pub const LOSS: u32 = 23;

/// A packet as it arrived.
#[derive(Clone, Debug)]
pub struct Got {
    pub video: bool,
    pub sequence: u64,
    pub timestamp: u32,
    pub marker: bool,
    pub payload: Vec<u8>,
}

impl Got {
    /// The number that the publisher wrote into it.
    pub fn number(&self) -> u64 {
        u64::from_be_bytes(self.payload[1..9].try_into().unwrap())
    }

    pub fn keyframe(&self) -> bool {
        self.payload[0] == 0x65
    }
}

/// What a client noted.
#[derive(Debug, Default)]
pub struct Notes {
    pub connected: bool,
    pub closed: bool,
    pub keyframes_wanted: usize,
    pub got: Vec<Got>,
    pub reports: usize,
    sealed: Sealed,
}

impl Notes {
    pub fn video(&self) -> Vec<&Got> {
        self.got.iter().filter(|got| got.video).collect()
    }

    /// The SSRCs of all that arrived under the connection's keys.
    pub fn senders(&self) -> BTreeSet<u32> {
        self.sealed.seen.iter().map(|(_, ssrc, _)| *ssrc).collect()
    }
}

/// How a client reaches the house: datagrams, or frames of RFC 4571 over one TCP connection.
pub enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream, Vec<u8>),
}

impl Wire {
    pub fn udp(from: IpAddr) -> Self {
        Self::Udp(UdpSocket::bind((from, 0)).unwrap())
    }

    pub fn tcp(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).unwrap();
        stream.set_nodelay(true).unwrap();
        Self::Tcp(stream, Vec::new())
    }

    pub fn local(&self) -> SocketAddr {
        match self {
            Self::Udp(socket) => socket.local_addr().unwrap(),
            Self::Tcp(stream, _) => stream.local_addr().unwrap(),
        }
    }

    pub fn protocol(&self) -> Protocol {
        match self {
            Self::Udp(_) => Protocol::Udp,
            Self::Tcp(..) => Protocol::Tcp,
        }
    }

    pub fn candidate(&self) -> Candidate {
        match self {
            Self::Udp(_) => Candidate::host(self.local(), "udp").unwrap(),
            Self::Tcp(..) => {
                let active = Candidate::builder().tcp().host(self.local());
                active.tcptype(TcpType::Active).build().unwrap()
            }
        }
    }

    pub fn send(&mut self, bytes: &[u8], to: SocketAddr) {
        match self {
            Self::Udp(socket) => drop(socket.send_to(bytes, to)),
            Self::Tcp(stream, _) => {
                let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
                let _ = stream.write_all(&[&length, bytes].concat());
            }
        }
    }

    fn receive(&mut self, within: Duration) -> Option<(Vec<u8>, SocketAddr)> {
        let mut buffer = [0; 4000];
        match self {
            Self::Udp(socket) => {
                socket.set_read_timeout(Some(within)).unwrap();
                let (length, source) = socket.recv_from(&mut buffer).ok()?;
                Some((buffer[..length].to_vec(), source))
            }
            Self::Tcp(stream, input) => {
                let frame = |input: &mut Vec<u8>| {
                    let length = usize::from(u16::from_be_bytes([*input.first()?, *input.get(1)?]));
                    let frame = input.get(2..2 + length)?.to_vec();
                    input.drain(..2 + length);
                    Some(frame)
                };
                let source = stream.peer_addr().ok()?;
                if let Some(frame) = frame(input) {
                    return Some((frame, source));
                }
                stream.set_read_timeout(Some(within)).unwrap();
                let length = stream.read(&mut buffer).ok()?;
                input.extend_from_slice(&buffer[..length]);
                frame(input).map(|frame| (frame, source))
            }
        }
    }
}

/// Every SSRC and index that arrived under the connection's keys, told from what stays in clear.
#[derive(Debug, Default)]
struct Sealed {
    seen: HashSet<(bool, u32, u64)>,
    highest: HashMap<u32, u64>,
    twice: Option<(bool, u32, u64)>,
}

impl Sealed {
    /// Our handshakes agree on AES-GCM, where the index of a report is its last word.
    fn note(&mut self, datagram: &[u8]) {
        if !(128..192).contains(&datagram[0]) || datagram.len() < 28 {
            return;
        }
        let word = |at: usize| u32::from_be_bytes(datagram[at..at + 4].try_into().unwrap());
        let index = if (192..224).contains(&datagram[1]) {
            let index = word(datagram.len() - 4) & 0x7fff_ffff;
            (true, word(4), u64::from(index))
        } else {
            let (ssrc, number) = (word(8), u64::from(word(0) & 0xffff));
            let highest = self.highest.entry(ssrc).or_insert(number);
            let step = (number as u16).wrapping_sub(*highest as u16) as i16;
            let index = highest.saturating_add_signed(i64::from(step));
            *highest = index.max(*highest);
            (false, ssrc, index)
        };
        if !self.seen.insert(index) {
            self.twice = Some(index);
        }
    }
}

/// An offer that was not posted yet.
pub struct Offering {
    rtc: Rtc,
    pending: SdpPendingOffer,
    wire: Wire,
    mids: [Mid; 2],
    pub sdp: String,
}

/// A client that runs.
pub struct Client {
    notes: Arc<Mutex<Notes>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// One of so many received media packets is thrown away before it is looked at; 0: none.
    pub drop_one_in: Arc<AtomicU32>,
    pub location: String,
    pub answer: String,
    orders: Sender<Order>,
}

/// Done by the client's thread between two packets.
type Order = Box<dyn FnOnce(&mut Run) + Send>;

pub fn offering(direction: Direction) -> Offering {
    offering_from(direction, IpAddr::V4(Ipv4Addr::LOCALHOST), |config| {
        config.enable_h264(true)
    })
}

pub fn offering_from(
    direction: Direction,
    from: IpAddr,
    codecs: impl FnOnce(RtcConfig) -> RtcConfig,
) -> Offering {
    offering_over(direction, Wire::udp(from), codecs)
}

pub fn offering_over(
    direction: Direction,
    wire: Wire,
    codecs: impl FnOnce(RtcConfig) -> RtcConfig,
) -> Offering {
    let config = RtcConfig::new()
        .set_rtp_mode(true)
        .clear_codecs()
        .enable_opus(true, false);
    let mut rtc = codecs(config).build(Instant::now());
    rtc.add_local_candidate(wire.candidate());
    let mut api = rtc.sdp_api();
    let audio = api.add_media(MediaKind::Audio, direction, None, None, None);
    let video = api.add_media(MediaKind::Video, direction, None, None, None);
    let (offer, pending) = api.apply().unwrap();
    Offering {
        rtc,
        pending,
        wire,
        mids: [audio, video],
        sdp: offer.to_sdp_string(),
    }
}

impl Offering {
    /// Goes on with an answer.
    pub fn begin(self, reply: &Reply) -> Client {
        assert_eq!(reply.status, 201, "{}", reply.body);
        self.begin_with(&reply.body, reply.header("location"))
    }

    pub fn begin_with(mut self, text: &str, location: &str) -> Client {
        let answer = SdpAnswer::from_sdp_string(text).unwrap();
        self.rtc
            .sdp_api()
            .accept_answer(self.pending, answer)
            .unwrap();
        let (notes, stop) = (
            Arc::new(Mutex::new(Notes::default())),
            Arc::new(AtomicBool::new(false)),
        );
        let drop_one_in = Arc::new(AtomicU32::new(0));
        let (orders, ordered) = channel();
        let mut run = Run {
            rtc: self.rtc,
            wire: self.wire,
            mids: self.mids,
            notes: notes.clone(),
            drop_one_in: drop_one_in.clone(),
            received: 0,
            frame: 0,
            number: 0,
            keyframe: true,
            orders: ordered,
        };
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || run.run(&stopped));
        Client {
            notes,
            stop,
            thread: Some(thread),
            drop_one_in,
            location: location.to_owned(),
            answer: text.to_owned(),
            orders,
        }
    }
}

impl Client {
    pub async fn publish(house: &House, site: &str) -> Self {
        let offering = offering(Direction::SendOnly);
        let reply = house
            .post(&format!("/e/demo/whip/{site}"), offering.sdp.clone())
            .await;
        offering.begin(&reply)
    }

    pub async fn play(house: &House, stream: &str) -> Self {
        let offering = offering(Direction::RecvOnly);
        let reply = house
            .post(&format!("/e/demo/whep/{stream}"), offering.sdp.clone())
            .await;
        offering.begin(&reply)
    }

    /// What it noted; nothing of which may have been sealed twice under one index.
    pub fn notes(&self) -> MutexGuard<'_, Notes> {
        let notes = self.notes.lock().unwrap();
        assert_eq!(notes.sealed.twice, None, "report?, SSRC, index");
        notes
    }

    /// Has something done by the client's thread.
    pub async fn order<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Run) -> T + Send + 'static,
    ) -> T {
        let (reply, done) = tokio::sync::oneshot::channel();
        let order = move |run: &mut Run| drop(reply.send(act(run)));
        self.orders.send(Box::new(order)).unwrap();
        done.await.unwrap()
    }

    /// Stops without a word, like a machine that lost its power.
    pub fn kill(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

pub struct Run {
    pub rtc: Rtc,
    pub wire: Wire,
    orders: Receiver<Order>,
    mids: [Mid; 2],
    notes: Arc<Mutex<Notes>>,
    drop_one_in: Arc<AtomicU32>,
    received: u32,
    frame: u32,
    number: u64,
    keyframe: bool,
}

impl Run {
    fn run(&mut self, stop: &AtomicBool) {
        let mut next_frame = Instant::now();
        while !stop.load(Ordering::Relaxed) && self.rtc.is_alive() {
            while let Ok(order) = self.orders.try_recv() {
                order(self);
            }
            let deadline = self.drain();
            let wait = deadline
                .min(next_frame)
                .saturating_duration_since(Instant::now());
            let wait = wait.clamp(Duration::from_millis(1), Duration::from_millis(10));
            match self.wire.receive(wait) {
                Some((datagram, source)) if !self.dropped(&datagram) => {
                    self.receive(source, &datagram)
                }
                _ => self
                    .rtc
                    .handle_input(Input::Timeout(Instant::now()))
                    .unwrap(),
            }
            if Instant::now() >= next_frame {
                next_frame += Duration::from_millis(40);
                self.send_frame();
            }
        }
    }

    fn drain(&mut self) -> Instant {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(at) => return at,
                Output::Transmit(out) => {
                    self.wire.send(&out.contents, out.destination);
                }
                Output::Event(event) => self.event(event),
            }
        }
    }

    fn event(&mut self, event: Event) {
        let mut notes = self.notes.lock().unwrap();
        match event {
            Event::Connected => notes.connected = true,
            Event::Closed => notes.closed = true,
            Event::KeyframeRequest(_) => {
                notes.keyframes_wanted += 1;
                self.keyframe = true;
            }
            Event::SenderFeedback(_) => notes.reports += 1,
            Event::RtpPacket(packet) => notes.got.push(Got {
                video: *packet.header.payload_type != 111,
                sequence: *packet.seq_no,
                timestamp: packet.header.timestamp,
                marker: packet.header.marker,
                payload: packet.payload.to_vec(),
            }),
            _ => {}
        }
    }

    fn dropped(&mut self, datagram: &[u8]) -> bool {
        let rtp = (128..192).contains(&datagram[0]) && !(192..224).contains(&datagram[1]);
        let one_in = self.drop_one_in.load(Ordering::Relaxed);
        self.received += u32::from(rtp);
        rtp && one_in > 0 && self.received.is_multiple_of(one_in)
    }

    fn receive(&mut self, source: SocketAddr, datagram: &[u8]) {
        self.notes.lock().unwrap().sealed.note(datagram);
        let wire = &self.wire;
        if let Ok(receive) = Receive::new(wire.protocol(), source, wire.local(), datagram) {
            self.rtc
                .handle_input(Input::Receive(Instant::now(), receive))
                .unwrap();
        }
    }

    /// A picture of three packets and two sound packets, when this client sends.
    fn send_frame(&mut self) {
        if !self.rtc.is_connected() {
            return;
        }
        let first = if std::mem::take(&mut self.keyframe) {
            0x65
        } else {
            0x41
        };
        for part in 0..3u32 {
            let unit = if part == 0 { first } else { 0x41 };
            self.send_packet(1, self.frame * 3 + part, self.frame * 3600, part == 2, unit);
        }
        for part in 0..2 {
            let sequence = self.frame * 2 + part;
            self.send_packet(0, sequence, sequence * 960, false, 0xfc);
        }
        self.frame += 1;
    }

    fn send_packet(&mut self, line: usize, sequence: u32, timestamp: u32, marker: bool, first: u8) {
        let codec = if line == 0 {
            str0m::format::Codec::Opus
        } else {
            str0m::format::Codec::H264
        };
        let accepted = self
            .rtc
            .media(self.mids[line])
            .unwrap()
            .remote_pts()
            .to_vec();
        let params = self.rtc.codec_config().params();
        let param = params
            .iter()
            .find(|p| p.spec().codec == codec && accepted.contains(&p.pt()));
        let Some(payload_type) = param.map(|param| param.pt()) else {
            return;
        };
        let mut payload = vec![first; if line == 0 { 80 } else { 1100 }];
        payload[1..9].copy_from_slice(&self.number.to_be_bytes());
        self.number += 1;
        let now = Instant::now();
        let mut api = self.rtc.direct_api();
        let Some(stream) = api.stream_tx_by_mid(self.mids[line], None) else {
            return;
        };
        let write = RtpWrite::new(
            payload_type,
            SeqNo::from(u64::from(sequence)),
            timestamp,
            now,
            payload,
        );
        stream.write_rtp(write.marker(marker).nackable(line == 1));
        self.drain();
        self.rtc.handle_input(Input::Timeout(now)).unwrap();
    }
}
