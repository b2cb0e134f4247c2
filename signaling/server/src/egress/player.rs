//! One player's tracks on their way out. Owns the headers, the reports and the sealing of everything that leaves under the
//! player's SSRCs; the stack below sends nothing under them. Never chooses a packet, never keeps one.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use pleniere_signaling_core::Report;
use str0m::rtp::rtcp::{ReceptionReport, Rtcp};

use super::repair::Limits;
use super::srtp::{Session, StreamKey};
use crate::peer::{Effects, Network, Outgoing, PeerEvent};
use crate::rtp::{self, Kind};

/// Both tracks report this often, and when one of them begins: sound and picture find each other soon after joining.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Fixed header, and one extension with an id of 1 to 16 bytes.
const HEADER_MAX: usize = 12 + 4 + 20;
/// Packets asked for in one report that are looked at; more is a picture better begun anew.
const MISSING_MAX: usize = 512;
/// Seconds from the NTP epoch (1900) to the Unix epoch.
const NTP_UNIX: u64 = 2_208_988_800;

/// From which of our sockets to where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub local: SocketAddr,
    pub remote: SocketAddr,
}

/// What was agreed on for one track.
#[derive(Clone, Debug)]
pub(crate) struct TrackSetup {
    pub payload_type: u8,
    pub ssrc: u32,
    /// Payload type and SSRC of what is sent again (RFC 4588).
    pub repair: Option<(u8, u32)>,
    /// Id of the header extension and the value that names the media line (RFC 9143 section 15).
    pub mid: Option<(u8, String)>,
    pub cname: String,
}

struct Track {
    setup: TrackSetup,
    stream: StreamKey,
    repair: Option<(u8, StreamKey)>,
    /// Of the repair stream.
    next_repair: u64,
    /// The player knows the SSRC: the media line need not be named any more.
    known: bool,
    /// The newest packet: its timestamp and when it was captured.
    newest: Option<(u32, Instant)>,
    packets: u32,
    bytes: u32,
}

/// Where one track's packets differ from another's.
struct Head {
    stream: StreamKey,
    payload_type: u8,
    marker: bool,
    timestamp: u32,
    sequence: u64,
    original: Option<u16>,
}

/// The player.
pub(crate) struct Egress {
    session: Session,
    tracks: [Option<Track>; 2],
    limits: Limits,
    began: Instant,
    next_report: Instant,
    scratch: Vec<u8>,
}

impl Egress {
    /// A track whose SSRCs are not its own alone is left out.
    pub fn new(mut session: Session, setups: [Option<TrackSetup>; 2], now: Instant) -> Self {
        let tracks = setups.map(|setup| {
            let setup = setup?;
            let stream = session.add(setup.ssrc)?;
            let repair = match setup.repair {
                Some((payload_type, ssrc)) => Some((payload_type, session.add(ssrc)?)),
                None => None,
            };
            Some(Track {
                setup,
                stream,
                repair,
                next_repair: 1,
                known: false,
                newest: None,
                packets: 0,
                bytes: 0,
            })
        });
        Self {
            session,
            tracks,
            limits: Limits::default(),
            began: now,
            next_report: now + REPORT_INTERVAL,
            scratch: Vec::new(),
        }
    }

    /// When [`Egress::tick`] is needed next.
    pub fn deadline(&self) -> Instant {
        self.next_report
    }

    pub fn write(&mut self, packet: &Outgoing<'_>, path: Path, network: &mut dyn Network) {
        let Some(track) = &mut self.tracks[packet.kind as usize] else {
            return;
        };
        let head = Head {
            stream: track.stream,
            payload_type: track.setup.payload_type,
            marker: packet.marker,
            timestamp: packet.numbers.timestamp,
            sequence: packet.numbers.sequence,
            original: None,
        };
        let mid = named(track);
        if send(&mut self.session, &head, mid, packet.payload, path, network) {
            if track.newest.is_none() {
                self.next_report = self.began;
            }
            track.newest = Some((packet.numbers.timestamp, packet.captured));
            track.packets = track.packets.wrapping_add(1);
            track.bytes = track.bytes.wrapping_add(packet.payload.len() as u32);
            self.limits.sent(packet.payload.len());
        }
    }

    /// As RFC 4588 says: under a number and an SSRC of its own, the original number before the payload.
    pub fn resend(
        &mut self,
        packet: &Outgoing<'_>,
        path: Path,
        now: Instant,
        network: &mut dyn Network,
    ) {
        let Some(track) = &mut self.tracks[packet.kind as usize] else {
            return;
        };
        let Some((payload_type, stream)) = track.repair else {
            return;
        };
        let sequence = packet.numbers.sequence;
        if !self.limits.allow(sequence, packet.payload.len(), now) {
            return;
        }
        let head = Head {
            stream,
            payload_type,
            marker: packet.marker,
            timestamp: packet.numbers.timestamp,
            sequence: track.next_repair,
            original: Some(sequence as u16),
        };
        track.next_repair += 1;
        // Its SSRC is seldom seen: it is named each time.
        let mid = track.setup.mid.as_ref();
        let mid = mid.map(|(id, mid)| (*id, mid.as_str()));
        send(&mut self.session, &head, mid, packet.payload, path, network);
    }

    /// Sends the reports that are due.
    pub fn tick(&mut self, now: Instant, path: Path, network: &mut dyn Network) {
        if now < self.next_report {
            return;
        }
        self.next_report = now + REPORT_INTERVAL;
        for kind in Kind::ALL {
            self.report(kind, now, false, path, network);
        }
    }

    /// Says goodbye for each track.
    pub fn close(&mut self, now: Instant, path: Path, network: &mut dyn Network) {
        for kind in Kind::ALL {
            self.report(kind, now, true, path, network);
        }
    }

    /// Something the player reported.
    pub fn reported(&mut self, rtcp: &Rtcp, now: Instant, effects: &mut Effects<'_>) {
        match rtcp {
            Rtcp::ReceiverReport(report) => {
                for block in &report.reports {
                    self.received(block, now);
                }
            }
            Rtcp::SenderReport(report) => {
                for block in &report.reports {
                    self.received(block, now);
                }
            }
            Rtcp::Nack(nack) if self.kind_of(*nack.ssrc) == Some(Kind::Video) => {
                let mut missing = Vec::new();
                for entry in &nack.reports {
                    let more = (0..16u16).filter(|bit| entry.blp & 1 << bit != 0);
                    missing.push(entry.pid);
                    missing.extend(more.map(|bit| entry.pid.wrapping_add(bit + 1)));
                }
                missing.truncate(MISSING_MAX);
                effects.events.push(PeerEvent::Missing(missing));
            }
            Rtcp::Pli(pli) if self.kind_of(*pli.ssrc) == Some(Kind::Video) => {
                effects.events.push(PeerEvent::KeyframeWanted);
            }
            Rtcp::Fir(fir) => {
                let ours = |ssrc| self.kind_of(ssrc) == Some(Kind::Video);
                if (&fir.reports).into_iter().any(|entry| ours(*entry.ssrc)) {
                    effects.events.push(PeerEvent::KeyframeWanted);
                }
            }
            _ => {}
        }
    }

    fn received(&mut self, block: &ReceptionReport, now: Instant) {
        let Some(kind) = self.kind_of(*block.ssrc) else {
            return;
        };
        if let Some(track) = &mut self.tracks[kind as usize] {
            track.known = true;
        }
        // RFC 3550 section 6.4.1: now, less when our report left, less how long the player held it; in 1/65536 s.
        if block.last_sr_time != 0 {
            let middle = (ntp(now) >> 16) as u32;
            let there_and_back = middle
                .wrapping_sub(block.last_sr_time)
                .wrapping_sub(block.last_sr_delay);
            if there_and_back < 1 << 31 {
                let nanos = (u64::from(there_and_back) * 1_000_000_000) >> 16;
                self.limits.round_trip(Duration::from_nanos(nanos));
            }
        }
    }

    fn kind_of(&self, ssrc: u32) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| {
            self.tracks[*kind as usize]
                .as_ref()
                .is_some_and(|track| track.setup.ssrc == ssrc)
        })
    }

    /// Sender report, name of the source, and goodbye when it is the last; nothing before the first packet.
    fn report(
        &mut self,
        kind: Kind,
        now: Instant,
        last: bool,
        path: Path,
        network: &mut dyn Network,
    ) {
        let Some(track) = &self.tracks[kind as usize] else {
            return;
        };
        let Some((timestamp, captured)) = track.newest else {
            return;
        };
        let since = now.saturating_duration_since(captured).as_micros();
        let ticks = since * u128::from(kind.clock_rate()) / 1_000_000;
        let report = Report {
            ntp: ntp(now),
            rtp: timestamp.wrapping_add(ticks as u32),
            clock_rate: kind.clock_rate(),
        };
        let scratch = &mut self.scratch;
        scratch.clear();
        let sent = (track.packets, track.bytes);
        rtp::write_report(scratch, track.setup.ssrc, &report, sent, &track.setup.cname);
        if last {
            scratch.extend_from_slice(&[0x81, 203, 0, 1]);
            scratch.extend_from_slice(&track.setup.ssrc.to_be_bytes());
        }
        let (session, stream) = (&mut self.session, track.stream);
        let length = scratch.len() + session.report_room();
        network.fill(path.local, path.remote, length, &mut |room| {
            room[..scratch.len()].copy_from_slice(scratch);
            session.protect_report(stream, room).is_ok()
        });
    }
}

fn named(track: &Track) -> Option<(u8, &str)> {
    let (id, mid) = track.setup.mid.as_ref()?;
    (!track.known).then_some((*id, mid.as_str()))
}

/// Writes and seals one packet where it leaves from; false when it was refused, and then nothing leaves.
fn send(
    session: &mut Session,
    head: &Head,
    mid: Option<(u8, &str)>,
    payload: &[u8],
    path: Path,
    network: &mut dyn Network,
) -> bool {
    let mut header = [0; HEADER_MAX];
    let header = header_of(&mut header, head, mid);
    let original = head.original.map(u16::to_be_bytes);
    let original = original.as_ref().map_or(&[][..], |bytes| &bytes[..]);
    let text = header.len() + original.len();
    let length = text + payload.len() + session.room();
    let mut sent = false;
    network.fill(path.local, path.remote, length, &mut |room| {
        room[..header.len()].copy_from_slice(header);
        room[header.len()..text].copy_from_slice(original);
        room[text..text + payload.len()].copy_from_slice(payload);
        sent = session
            .protect(head.stream, room, header.len(), head.sequence)
            .is_ok();
        sent
    });
    sent
}

/// RFC 3550 section 5.1, and one extension as RFC 8285 section 4.2 packs it. Number and SSRC are written when it is sealed.
fn header_of<'a>(
    header: &'a mut [u8; HEADER_MAX],
    head: &Head,
    mid: Option<(u8, &str)>,
) -> &'a [u8] {
    header[0] = 0x80;
    header[1] = u8::from(head.marker) << 7 | head.payload_type;
    header[4..8].copy_from_slice(&head.timestamp.to_be_bytes());
    let Some((id @ 1..=14, mid)) = mid.filter(|(_, mid)| (1..=16).contains(&mid.len())) else {
        return &header[..12];
    };
    header[0] |= 0x10;
    let words = (1 + mid.len()).div_ceil(4);
    header[12..16].copy_from_slice(&[0xbe, 0xde, 0, words as u8]);
    header[16] = id << 4 | (mid.len() - 1) as u8;
    header[17..17 + mid.len()].copy_from_slice(mid.as_bytes());
    &header[..16 + words * 4]
}

/// One clock for all tracks of this process.
fn ntp(at: Instant) -> u64 {
    static ANCHOR: OnceLock<(Instant, Duration)> = OnceLock::new();
    let (instant, unix) = *ANCHOR.get_or_init(|| {
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        (Instant::now(), unix.unwrap_or_default())
    });
    let since = match at.checked_duration_since(instant) {
        Some(after) => unix + after,
        None => unix.saturating_sub(instant.saturating_duration_since(at)),
    };
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    ((since.as_secs() + NTP_UNIX) << 32) | fraction
}

#[cfg(test)]
#[path = "player_tests.rs"]
mod tests;
