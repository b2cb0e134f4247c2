//! Questions, hands and rules as each reader sees them, and what a command is answered. Makes values; decides nothing
//! and keeps nothing.

mod hand;
mod question;
mod reply;
mod rules;

pub use question::{Assigned, PublicQuestion};

pub(crate) use hand::{ModeratedHand, OwnHand, StageHand};
pub(crate) use question::{ModeratedQuestion, OwnQuestion, StatusView};
pub(crate) use reply::{About, current};
pub(crate) use rules::{BanView, OwnBan, OwnLimits, PolicyView, QueueView, balance, next};
