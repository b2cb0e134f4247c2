//! One site's way to the engine: RTP and rebuilt RTCP over loopback. Owns the socket and the counters of what was sent;
//! reads the engine's keyframe requests. Never changes a packet's numbers.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::addresses::loopback;
use crate::origin::{Packet, Reported};
use crate::outbox::Outbox;
use crate::rtp::{self, Rtcp, RtpPacket};

/// A sender report of each track goes out when it becomes known and then at this interval.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Datagrams read per turn.
const READ_CAP: usize = 64;

#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    ssrc: u32,
    packets: u32,
    octets: u32,
    reported: Option<Instant>,
}

/// The leg.
pub(crate) struct EngineLeg {
    outbox: Outbox,
    to: SocketAddr,
    cname: String,
    sent: [Sent; 2],
    scratch: Vec<u8>,
}

impl EngineLeg {
    /// A leg to the engine's port of one site.
    ///
    /// # Errors
    /// When no loopback socket can be opened.
    pub fn open(port: u16, cname: String) -> io::Result<Self> {
        let to = SocketAddr::from(([127, 0, 0, 1], port));
        Ok(Self {
            outbox: Outbox::new(loopback()?),
            to,
            cname,
            sent: Default::default(),
            scratch: Vec::new(),
        })
    }

    pub fn socket(&self) -> &std::net::UdpSocket {
        self.outbox.socket()
    }

    pub fn port(&self) -> u16 {
        self.to.port()
    }

    /// Another engine may listen on the same port now: its first reports go out at once.
    pub fn begin_reports(&mut self) {
        for sent in &mut self.sent {
            sent.reported = None;
        }
    }

    /// Queues a packet.
    pub fn packet(&mut self, packet: &Packet) {
        let sent = &mut self.sent[packet.kind as usize];
        if sent.ssrc != packet.ssrc {
            *sent = Sent {
                ssrc: packet.ssrc,
                ..Sent::default()
            };
        }
        sent.packets = sent.packets.wrapping_add(1);
        sent.octets = sent.octets.wrapping_add(packet.payload.len() as u32);
        let out = RtpPacket {
            kind: packet.kind,
            marker: packet.marker,
            sequence: packet.numbers.sequence as u16,
            timestamp: packet.numbers.timestamp,
            ssrc: packet.ssrc,
            payload: &packet.payload,
        };
        rtp::write(&mut self.scratch, &out);
        self.outbox.push(self.to, &self.scratch);
    }

    /// Queues the report of a track when it is time for it.
    pub fn report(&mut self, reported: &Reported, now: Instant) {
        let sent = &mut self.sent[reported.kind as usize];
        let due = sent
            .reported
            .is_none_or(|last| now.saturating_duration_since(last) >= REPORT_INTERVAL);
        if sent.ssrc != reported.ssrc || !due {
            return;
        }
        sent.reported = Some(now);
        let counts = (sent.packets, sent.octets);
        rtp::write_report(
            &mut self.scratch,
            reported.ssrc,
            &reported.report,
            counts,
            &self.cname,
        );
        self.outbox.push(self.to, &self.scratch);
    }

    pub fn flush(&mut self) {
        self.outbox.flush();
    }

    /// Reads what the engine sent; true when it asks for a keyframe.
    pub fn keyframe_requested(&mut self) -> bool {
        let mut buffer = [0; 1500];
        let mut wanted = false;
        for _ in 0..READ_CAP {
            match self.outbox.socket().recv_from(&mut buffer) {
                Ok((length, _)) if rtp::is_rtcp(&buffer[..length]) => {
                    wanted |= rtp::read_rtcp(&buffer[..length]).contains(&Rtcp::KeyframeRequest);
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // An engine that is gone: its port answers with an error, once.
                Err(_) => {}
            }
        }
        wanted
    }
}
