//! The programme as it comes back from the engine. Owns the loopback socket and the extension of 16-bit sequence numbers;
//! never knows the engine.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Instant;

use pleniere_signaling_core::{Numbers, Report};

use crate::addresses::loopback;
use crate::origin::{Identities, Origin, Packet};
use crate::peer::Received;
use crate::rtp::{self, Kind, Rtcp};

/// Datagrams read per turn; the kernel keeps the rest.
const READ_CAP: usize = 256;

/// The way in.
pub(crate) struct Programme {
    socket: UdpSocket,
    origin: Origin,
    highest: [Option<(u32, u64)>; 2],
}

impl Programme {
    /// # Errors
    /// When no loopback socket can be opened.
    pub fn open(now: Instant) -> io::Result<Self> {
        Ok(Self {
            socket: loopback()?,
            origin: Origin::new(now),
            highest: [None, None],
        })
    }

    pub fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// # Errors
    /// When the system does not know the socket's address.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Reads what is there.
    pub fn read(&mut self, now: Instant, identities: &mut Identities, packets: &mut Vec<Packet>) {
        let mut buffer = [0; 2048];
        for _ in 0..READ_CAP {
            match self.socket.recv_from(&mut buffer) {
                Ok((length, _)) => self.datagram(&buffer[..length], now, identities, packets),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => {}
            }
        }
    }

    fn datagram(
        &mut self,
        datagram: &[u8],
        now: Instant,
        identities: &mut Identities,
        packets: &mut Vec<Packet>,
    ) {
        if rtp::is_rtcp(datagram) {
            for report in rtp::read_rtcp(datagram) {
                self.report(&report, now);
            }
        } else if let Some(packet) = rtp::read(datagram) {
            let sequence = self.extend(packet.kind, packet.ssrc, packet.sequence);
            let received = Received {
                kind: packet.kind,
                ssrc: packet.ssrc,
                numbers: Numbers {
                    sequence,
                    timestamp: packet.timestamp,
                },
                marker: packet.marker,
                payload: packet.payload.into(),
                arrived: now,
            };
            packets.push(self.origin.packet(received, identities));
        }
    }

    fn report(&mut self, report: &Rtcp, now: Instant) {
        if let Rtcp::Sender { ssrc, ntp, rtp } = *report
            && let Some(kind) = self.origin.kind_of(ssrc)
        {
            self.origin.report(
                kind,
                ssrc,
                Report {
                    ntp,
                    rtp,
                    clock_rate: kind.clock_rate(),
                },
                now,
            );
        }
    }

    /// The number nearest to the highest so far.
    fn extend(&mut self, kind: Kind, ssrc: u32, sequence: u16) -> u64 {
        let slot = &mut self.highest[kind as usize];
        let highest = match *slot {
            Some((of, highest)) if of == ssrc => highest,
            _ => 0x1_0000 + u64::from(sequence),
        };
        let step = sequence.wrapping_sub(highest as u16) as i16;
        let extended = highest.saturating_add_signed(i64::from(step));
        *slot = Some((ssrc, highest.max(extended)));
        extended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_go_on_over_the_rollover() {
        let mut programme = Programme::open(Instant::now()).unwrap();
        let mut last = programme.extend(Kind::Video, 1, 65_000);
        for step in 1..3000u16 {
            let next = programme.extend(Kind::Video, 1, 65_000u16.wrapping_add(step));
            assert_eq!(next, last + 1);
            last = next;
        }
        assert_eq!(
            programme.extend(Kind::Video, 1, 65_000u16.wrapping_add(2990)),
            last - 9,
            "a late one keeps its place"
        );
    }
}
