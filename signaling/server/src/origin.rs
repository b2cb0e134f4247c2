//! One sender of sound and picture, a publisher or the engine. Owns its tracks' identities, its clock and its meter; turns
//! what arrives into packets that can be forwarded. Never knows who gets them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pleniere_signaling_core::{Numbers, Report, SenderClock, SourceId, starts_keyframe};

use crate::peer::Received;
use crate::rtp::Kind;

/// A packet on its way to players and engine.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub kind: Kind,
    pub source: SourceId,
    /// SSRC of the leg to the engine; belongs to this source alone.
    pub ssrc: u32,
    pub numbers: Numbers,
    pub marker: bool,
    pub captured: Instant,
    /// A decoder can start here.
    pub keyframe: bool,
    pub payload: Arc<[u8]>,
}

/// Makes identities that were not used before in this process.
#[derive(Debug, Default)]
pub(crate) struct Identities(u64);

impl Identities {
    fn next(&mut self) -> (SourceId, u32) {
        self.0 += 1;
        // SSRCs of successive sources must differ, and not look like each other in a log.
        (
            SourceId(self.0),
            (self.0 as u32).wrapping_mul(0x9e37_79b1) | 1,
        )
    }
}

#[derive(Debug)]
struct Track {
    ssrc_in: u32,
    source: SourceId,
    ssrc: u32,
    first: u64,
    highest: u64,
    received: u64,
}

/// A track's SSRC on the engine leg, with the last report about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported {
    pub kind: Kind,
    pub ssrc: u32,
    pub report: Report,
}

/// What a second of a sender was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measured {
    /// RTP payload, in kbit/s.
    pub kbps: f32,
    /// Packets that never came, in percent of those sent.
    pub loss_percent: f32,
}

/// The sender.
pub(crate) struct Origin {
    clock: SenderClock,
    tracks: [Option<Track>; 2],
    reports: [Option<(u32, Report)>; 2],
    bytes: u64,
    measured: Instant,
}

impl Origin {
    pub fn new(now: Instant) -> Self {
        // Reports may be older than this origin by a delay; an hour is more than any.
        let origin = now.checked_sub(Duration::from_secs(3600)).unwrap_or(now);
        Self {
            clock: SenderClock::new(origin),
            tracks: [None, None],
            reports: [None, None],
            bytes: 0,
            measured: now,
        }
    }

    /// A packet arrived. Another SSRC than before is another source.
    pub fn packet(&mut self, packet: Received, identities: &mut Identities) -> Packet {
        let slot = &mut self.tracks[packet.kind as usize];
        if slot
            .as_ref()
            .is_none_or(|track| track.ssrc_in != packet.ssrc)
        {
            let (source, ssrc) = identities.next();
            let first = packet.numbers.sequence;
            *slot = Some(Track {
                ssrc_in: packet.ssrc,
                source,
                ssrc,
                first,
                highest: first,
                received: 0,
            });
        }
        let (source, ssrc) = match slot {
            Some(track) => {
                track.highest = track.highest.max(packet.numbers.sequence);
                track.received += 1;
                (track.source, track.ssrc)
            }
            None => (SourceId(0), 0),
        };
        self.bytes += packet.payload.len() as u64;
        let report = self.reports[packet.kind as usize]
            .filter(|(of, _)| *of == packet.ssrc)
            .map(|(_, report)| report);
        Packet {
            kind: packet.kind,
            source,
            ssrc,
            numbers: packet.numbers,
            marker: packet.marker,
            captured: self.clock.captured(
                report.as_ref(),
                packet.numbers.timestamp,
                packet.arrived,
            ),
            keyframe: packet.kind == Kind::Video && starts_keyframe(&packet.payload),
            payload: packet.payload,
        }
    }

    /// A sender report arrived.
    pub fn report(&mut self, kind: Kind, ssrc: u32, report: Report, received: Instant) {
        self.clock.report(&report, received);
        self.reports[kind as usize] = Some((ssrc, report));
    }

    /// The kind of a track by the SSRC it came with.
    pub fn kind_of(&self, ssrc: u32) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| {
            self.tracks[*kind as usize]
                .as_ref()
                .is_some_and(|t| t.ssrc_in == ssrc)
        })
    }

    /// The tracks of which a report is known.
    pub fn reported(&self) -> impl Iterator<Item = Reported> + '_ {
        Kind::ALL.into_iter().filter_map(|kind| {
            let track = self.tracks[kind as usize].as_ref()?;
            let (_, report) = self.reports[kind as usize].filter(|(of, _)| *of == track.ssrc_in)?;
            Some(Reported {
                kind,
                ssrc: track.ssrc,
                report,
            })
        })
    }

    /// What came since the last call.
    pub fn measure(&mut self, now: Instant) -> Measured {
        let seconds = now
            .saturating_duration_since(self.measured)
            .as_secs_f32()
            .max(0.001);
        let (mut sent, mut received) = (0, 0);
        for track in self.tracks.iter_mut().flatten() {
            sent += track.highest + 1 - track.first;
            received += track.received;
            track.first = track.highest + 1;
            track.received = 0;
        }
        let kbps = self.bytes as f32 * 8.0 / 1000.0 / seconds;
        let lost = sent.saturating_sub(received);
        let loss_percent = if sent == 0 {
            0.0
        } else {
            lost as f32 * 100.0 / sent as f32
        };
        self.bytes = 0;
        self.measured = now;
        Measured { kbps, loss_percent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(ssrc: u32, sequence: u64, now: Instant) -> Received {
        Received {
            kind: Kind::Video,
            ssrc,
            numbers: Numbers {
                sequence,
                timestamp: 0,
            },
            marker: false,
            payload: vec![0x65; 125].into(),
            arrived: now,
        }
    }

    #[test]
    fn another_ssrc_is_another_source() {
        let now = Instant::now();
        let (mut origin, mut identities) = (Origin::new(now), Identities::default());
        let first = origin.packet(received(1, 1, now), &mut identities);
        let second = origin.packet(received(1, 2, now), &mut identities);
        let third = origin.packet(received(2, 1, now), &mut identities);
        assert_eq!((first.source, first.ssrc), (second.source, second.ssrc));
        assert_ne!(first.source, third.source);
        assert_ne!(first.ssrc, third.ssrc);
        assert!(first.keyframe);
    }

    #[test]
    fn a_second_is_measured() {
        let now = Instant::now();
        let (mut origin, mut identities) = (Origin::new(now), Identities::default());
        for sequence in [10, 11, 13, 12, 15, 16, 17, 19] {
            origin.packet(received(1, sequence, now), &mut identities);
        }
        let measured = origin.measure(now + Duration::from_secs(1));
        assert_eq!(
            measured,
            Measured {
                kbps: 8.0,
                loss_percent: 20.0
            }
        );
        assert_eq!(origin.measure(now + Duration::from_secs(2)).kbps, 0.0);
    }
}
