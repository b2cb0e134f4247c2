//! Decisions of signaling and forwarding: who sits where, who plays what, when a keyframe is asked for, how a stream's
//! numbers go on when its source changes. Owns no socket, no clock and no task: packets are told as facts, time is an
//! argument, answers are values.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod event;
mod h264;
mod keyframe;
mod peer;
mod rebase;
mod seat;
mod sender_clock;
mod stream;
mod subscription;

pub use event::{Action, EventCore, JoinError};
pub use h264::starts_keyframe;
pub use keyframe::KeyframeGate;
pub use peer::PeerId;
pub use rebase::{Numbers, Rebase, SourceId};
pub use seat::{ALIVE, Claim, Seat, SeatState, SeatTaken};
pub use sender_clock::{Report, SenderClock};
pub use stream::{Feed, InvalidId, SiteId, StreamId};
pub use subscription::Subscriptions;
