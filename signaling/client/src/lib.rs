//! WHIP publisher and WHEP player over webrtc-rs: what simulated rooms and load clients join with. A second WebRTC stack beside
//! the server's, so that the two meet in every test. Carries encoded media; never encodes, decodes or paces it.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod connection;
mod counts;
mod feedback;
mod hook;
mod http;
mod player;
mod publisher;
mod repair;
mod tap;

pub use connection::{JoinError, State};
pub use counts::Counts;
pub use player::{Media, Player, Received};
pub use publisher::{Claim, KeyframeRequests, Publisher, SendError};

/// RTP payload type of H.264 in every offer of this crate (90 kHz).
pub const PAYLOAD_VIDEO: u8 = 102;
/// RTP payload type of Opus in every offer of this crate (48 kHz).
pub const PAYLOAD_AUDIO: u8 = 111;
/// RTP payload type of retransmitted H.264 (RFC 4588).
pub(crate) const PAYLOAD_REPAIR: u8 = 103;
