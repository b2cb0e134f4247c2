//! Turns retransmitted packets (RTX, RFC 4588) back into the originals before loss is counted: webrtc does so only behind its NACK
//! generator, which would then ask for what has come.

use std::collections::HashMap;

use rtc::interceptor::{Packet, StreamInfo, TaggedPacket};

use crate::hook::Hook;

/// The streams with a repair stream beside them.
#[derive(Default)]
pub(crate) struct Repair {
    /// Repair SSRC to the SSRC and payload type it repairs.
    originals: HashMap<u32, (u32, u8)>,
}

impl Hook for Repair {
    fn received(&mut self, mut packet: TaggedPacket) -> Option<TaggedPacket> {
        if let Packet::Rtp(rtp) = &mut packet.message.packet
            && let Some((ssrc, payload_type)) = self.originals.get(&rtp.header.ssrc)
        {
            // Empty ones are padding: they carry no original sequence number.
            let (number, _) = rtp.payload.split_first_chunk::<2>()?;
            rtp.header.sequence_number = u16::from_be_bytes(*number);
            rtp.header.ssrc = *ssrc;
            rtp.header.payload_type = *payload_type;
            rtp.payload = rtp.payload.slice(2..);
        }
        Some(packet)
    }

    fn begins(&mut self, stream: &StreamInfo) {
        if let Some(repair) = stream.ssrc_rtx {
            self.originals
                .insert(repair, (stream.ssrc, stream.payload_type));
        }
    }
}
