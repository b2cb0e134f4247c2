//! The end of a player's chain: counts each packet and hands it to whoever reads; nothing behind it sees any.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rtc::interceptor::{AttributedPacket, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use tokio::sync::mpsc;

use crate::counts::{Counts, KeyframeFinder, Sequence};
use crate::hook::Hook;
use crate::player::{Media, Received};
use crate::{PAYLOAD_AUDIO, PAYLOAD_VIDEO};

/// What the tap and its player share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    tally: Mutex<Tally>,
    /// Set by the player; sent with the next packet.
    pub(crate) keyframe_wanted: AtomicBool,
}

#[derive(Debug, Default)]
struct Tally {
    counts: Counts,
    video: Sequence,
    audio: Sequence,
    keyframe: KeyframeFinder,
}

impl Shared {
    /// The counts now, of a player that began to join at `started`.
    pub(crate) fn counts(&self, started: Instant) -> Counts {
        let tally = self.lock();
        Counts {
            missing: tally.video.missing() + tally.audio.missing(),
            first_keyframe_after: tally
                .keyframe
                .complete_at
                .map(|at| at.saturating_duration_since(started)),
            ..tally.counts
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See the module.
pub(crate) struct Tap {
    pub(crate) shared: Arc<Shared>,
    /// Where packets go; `None` when they are only counted.
    pub(crate) packets: Option<mpsc::Sender<Received>>,
    pub(crate) video_ssrc: Option<u32>,
}

impl Tap {
    fn rtp(&mut self, packet: rtc::rtp::Packet, at: Instant) {
        let header = &packet.header;
        let mut tally = self.shared.lock();
        let tally = &mut *tally;
        let bytes = packet.payload.len() as u64;
        let media = match header.payload_type {
            PAYLOAD_VIDEO if tally.video.insert(header.sequence_number) => {
                tally.counts.video_packets += 1;
                tally.counts.video_bytes += bytes;
                tally.counts.video_frames += u64::from(header.marker);
                tally
                    .keyframe
                    .packet(header.timestamp, header.marker, &packet.payload, at);
                Media::Video
            }
            PAYLOAD_AUDIO if tally.audio.insert(header.sequence_number) => {
                tally.counts.audio_packets += 1;
                tally.counts.audio_bytes += bytes;
                Media::Audio
            }
            PAYLOAD_VIDEO | PAYLOAD_AUDIO => {
                tally.counts.duplicates += 1;
                return;
            }
            _ => return,
        };
        if let Some(packets) = &self.packets {
            let received = Received {
                media,
                at,
                sequence: header.sequence_number,
                timestamp: header.timestamp,
                marker: header.marker,
                payload: packet.payload,
            };
            tally.counts.unread += u64::from(packets.try_send(received).is_err());
        }
    }
}

impl Hook for Tap {
    fn received(&mut self, packet: TaggedPacket) -> Option<TaggedPacket> {
        match packet.message.packet {
            Packet::Rtp(rtp) => {
                self.rtp(rtp, Instant::now());
                None
            }
            _ => Some(packet),
        }
    }

    fn begins(&mut self, stream: &StreamInfo) {
        if stream.payload_type == PAYLOAD_VIDEO {
            self.video_ssrc = Some(stream.ssrc);
        }
    }

    fn generate(&mut self) -> Option<TaggedPacket> {
        let media_ssrc = self.video_ssrc?;
        if !self.shared.keyframe_wanted.swap(false, Ordering::Relaxed) {
            return None;
        }
        let request = PictureLossIndication {
            sender_ssrc: 0,
            media_ssrc,
        };
        Some(TaggedPacket {
            now: Instant::now(),
            transport: rtc::shared::TransportContext::default(),
            message: AttributedPacket::new(Packet::Rtcp(vec![Box::new(request)])),
        })
    }
}
