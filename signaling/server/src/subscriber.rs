//! One player's two tracks. Owns their outgoing numbers and the wait for a keyframe; never encrypts.

use std::time::{Duration, Instant};

use pleniere_signaling_core::{Numbers, Rebase, SourceId};

use crate::egress::Ring;
use crate::origin::Packet;
use crate::peer::Outgoing;
use crate::rtp::Kind;

/// A picture begins with a keyframe; an encoder that makes none (periodic intra refresh) is shown after this anyway.
const PATIENCE: Duration = Duration::from_secs(3);

struct Track {
    rebase: Rebase,
    source: Option<SourceId>,
    /// Since when a keyframe is waited for.
    waiting: Option<Instant>,
}

impl Track {
    fn new(kind: Kind, seed: u32) -> Self {
        // First sequence number below 32768: room for losses before the first rollover.
        let first = Numbers {
            sequence: u64::from(seed & 0x7fff),
            timestamp: seed,
        };
        Self {
            rebase: Rebase::new(kind.clock_rate(), first),
            source: None,
            waiting: None,
        }
    }
}

/// What became of a packet.
#[derive(Debug)]
pub(crate) enum Offered<'a> {
    Send(Outgoing<'a>),
    /// Not shown; a keyframe is needed before anything is (said once per source).
    NeedsKeyframe,
    Skip,
}

/// The player.
pub(crate) struct Subscriber {
    tracks: [Track; 2],
}

impl Subscriber {
    /// `seed` is random: it begins sequence numbers and timestamps (RFC 3550 section 5.1).
    pub fn new(seed: [u32; 2]) -> Self {
        Self {
            tracks: [
                Track::new(Kind::Audio, seed[0]),
                Track::new(Kind::Video, seed[1]),
            ],
        }
    }

    /// A packet of the stream it plays.
    pub fn offer<'a>(&mut self, packet: &'a Packet, now: Instant) -> Offered<'a> {
        let track = &mut self.tracks[packet.kind as usize];
        let fresh = track.source != Some(packet.source);
        if fresh {
            track.source = Some(packet.source);
            track.waiting = (packet.kind == Kind::Video).then_some(now);
        }
        if let Some(since) = track.waiting {
            if !packet.keyframe && now.saturating_duration_since(since) < PATIENCE {
                return if fresh {
                    Offered::NeedsKeyframe
                } else {
                    Offered::Skip
                };
            }
            track.waiting = None;
        }
        match track.rebase.map(packet.source, packet.numbers, now) {
            None => Offered::Skip,
            Some(numbers) => Offered::Send(outgoing(packet, numbers)),
        }
    }

    /// The picture's packet that went out under `number`, as it went out; `None` when it is kept no more.
    pub fn missing<'a>(&self, number: u16, ring: &'a Ring) -> Option<Outgoing<'a>> {
        let rebase = &self.tracks[Kind::Video as usize].rebase;
        let (source, sequence) = rebase.origin_of(number)?;
        let packet = ring.get(source, sequence)?;
        Some(outgoing(packet, rebase.again(source, packet.numbers)?))
    }
}

fn outgoing(packet: &Packet, numbers: Numbers) -> Outgoing<'_> {
    Outgoing {
        kind: packet.kind,
        numbers,
        marker: packet.marker,
        captured: packet.captured,
        payload: &packet.payload,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(source: u64, sequence: u64, keyframe: bool, now: Instant) -> Packet {
        Packet {
            kind: Kind::Video,
            source: SourceId(source),
            ssrc: 0,
            numbers: Numbers {
                sequence,
                timestamp: 0,
            },
            marker: false,
            captured: now,
            keyframe,
            payload: Vec::new().into(),
        }
    }

    #[test]
    fn a_picture_begins_with_a_keyframe_after_every_change_of_source() {
        let now = Instant::now();
        let mut player = Subscriber::new([7, 7]);
        assert!(matches!(
            player.offer(&packet(1, 1, false, now), now),
            Offered::NeedsKeyframe
        ));
        assert!(matches!(
            player.offer(&packet(1, 2, false, now), now),
            Offered::Skip
        ));
        assert!(
            matches!(player.offer(&packet(1, 3, true, now), now), Offered::Send(o) if o.numbers.sequence == 7)
        );
        assert!(
            matches!(player.offer(&packet(1, 4, false, now), now), Offered::Send(o) if o.numbers.sequence == 8)
        );
        assert!(matches!(
            player.offer(&packet(2, 900, false, now), now),
            Offered::NeedsKeyframe
        ));
        assert!(
            matches!(player.offer(&packet(2, 901, true, now), now), Offered::Send(o) if o.numbers.sequence == 9)
        );
    }

    #[test]
    fn an_encoder_without_keyframes_is_shown_in_the_end() {
        let now = Instant::now();
        let mut player = Subscriber::new([7, 7]);
        player.offer(&packet(1, 1, false, now), now);
        let later = now + PATIENCE;
        assert!(matches!(
            player.offer(&packet(1, 2, false, later), later),
            Offered::Send(_)
        ));
    }
}
