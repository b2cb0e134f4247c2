//! The last packets of one picture, kept once for all who play it. Owns them by the number their sender gave them; never
//! knows who plays.

use pleniere_signaling_core::SourceId;

use crate::origin::Packet;

/// Packets kept: 4 s at 2.5 Mbit/s. A newer one takes the place of the oldest.
const SLOTS: usize = 1024;

/// The packets.
#[derive(Default)]
pub(crate) struct Ring {
    source: Option<SourceId>,
    slots: Vec<Option<Packet>>,
}

impl Ring {
    /// Keeps a packet; one of another source than before ends what was kept.
    pub fn keep(&mut self, packet: Packet) {
        if self.source != Some(packet.source) {
            self.source = Some(packet.source);
            self.slots.clear();
            self.slots.resize_with(SLOTS, || None);
        }
        let slot = &mut self.slots[packet.numbers.sequence as usize % SLOTS];
        if slot
            .as_ref()
            .is_none_or(|kept| kept.numbers.sequence < packet.numbers.sequence)
        {
            *slot = Some(packet);
        }
    }

    /// The packet of `source` with this number, when it is still there.
    pub fn get(&self, source: SourceId, sequence: u64) -> Option<&Packet> {
        let packet = self.slots.get(sequence as usize % SLOTS)?.as_ref()?;
        (packet.source == source && packet.numbers.sequence == sequence).then_some(packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::Kind;
    use pleniere_signaling_core::Numbers;
    use std::time::Instant;

    fn packet(source: u64, sequence: u64) -> Packet {
        Packet {
            kind: Kind::Video,
            source: SourceId(source),
            ssrc: 0,
            numbers: Numbers {
                sequence,
                timestamp: 0,
            },
            marker: false,
            captured: Instant::now(),
            keyframe: false,
            payload: vec![sequence as u8].into(),
        }
    }

    #[test]
    fn the_newest_are_there_and_nothing_of_another_source() {
        let mut ring = Ring::default();
        assert!(ring.get(SourceId(1), 5).is_none());
        for sequence in 0..3000 {
            ring.keep(packet(1, sequence));
        }
        ring.keep(packet(1, 2999 - SLOTS as u64));
        for sequence in 0..3000 {
            let kept = ring.get(SourceId(1), sequence);
            assert_eq!(
                kept.is_some(),
                sequence >= 3000 - SLOTS as u64,
                "{sequence}"
            );
        }
        assert!(ring.get(SourceId(2), 2999).is_none());
        ring.keep(packet(2, 7));
        assert!(ring.get(SourceId(2), 7).is_some());
        assert!(ring.get(SourceId(1), 2999).is_none());
    }
}
