//! Notices keyframe requests (PLI, FIR) on their way to a publisher: webrtc keeps RTCP from applications.

use std::sync::Arc;

use rtc::interceptor::{Packet, TaggedPacket};
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use tokio::sync::Notify;

use crate::hook::Hook;

/// Wakes whoever encodes.
pub(crate) struct KeyframeFeedback {
    /// Holds one wake-up: requests before it is heard are one request.
    pub(crate) wanted: Arc<Notify>,
}

impl Hook for KeyframeFeedback {
    fn received(&mut self, packet: TaggedPacket) -> Option<TaggedPacket> {
        if let Packet::Rtcp(reports) = &packet.message.packet {
            let asks = |report: &dyn rtc::rtcp::Packet| {
                let report = report.as_any();
                report.is::<PictureLossIndication>() || report.is::<FullIntraRequest>()
            };
            if reports.iter().any(|report| asks(report.as_ref())) {
                self.wanted.notify_one();
            }
        }
        Some(packet)
    }
}
