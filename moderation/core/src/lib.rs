//! Questions and votes of one event: decisions only.
//!
//! [`decide`] looks at the [`State`], a [`Command`], who gives it and what time it is, and answers with the events
//! that follow or with a [`Rejection`]; [`apply`] carries one event into the state. Nothing here reads a clock, a
//! socket or a file, and nothing is random: replaying the same events gives the same state, on any machine.
//!
//! What this crate never does: it does not know who holds which key (the caller names the [`Actor`]), it does not
//! number connections, and it does not format anything for a page.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod apply;
mod balance;
mod command;
mod compact;
mod decide;
mod event;
mod hand;
mod id;
mod imitation;
mod person;
mod policy;
mod question;
mod reason;
mod rejection;
mod snapshot;
mod state;
mod stored;
mod suspicion;
mod text;
mod undo;

pub use apply::apply;
pub use balance::{Axis, Balance, Counts, Fairest};
pub use command::{Actor, Ask, Banning, Command, Patch, Raise, Staff};
pub use decide::{
    CLAIM_MS, MAX_ABOUT, MAX_HANDS, MAX_NOTE, MAX_NOTES, MAX_UNITED, MAX_VOTERS, decide,
};
pub use event::{Change, Event};
pub use hand::{Hand, HandStanding};
pub use id::{
    HandId, InvalidId, ParticipantId, PublicId, QuestionId, SessionId, SiteId, ThemeId, UnixMs,
};
pub use person::{Ban, Person};
pub use policy::{Catalogue, Moderation, Names, Policy, PolicyPatch};
pub use question::{Airing, Answer, Assignment, Author, Claim, Merging, Note, Question, Standing};
pub use reason::{Audience, Decline, DeclineCode, Hold, HoldCode};
pub use rejection::Rejection;
pub use snapshot::{SNAPSHOT_VERSION, SnapshotError};
pub use state::State;
pub use stored::{EVENT_VERSION, StoredError, from_stored, to_stored};
pub use text::{MAX_MARKS, TextProblem, clean};
pub use undo::{Act, UNDO_DEPTH};
