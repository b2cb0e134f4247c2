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
mod decide;
mod event;
mod id;
mod policy;
mod rejection;
mod state;
mod stored;
mod text;

pub use apply::apply;
pub use balance::{Axis, Balance, Counts};
pub use command::{Actor, Ask, Command, Decline, DeclineCode, Patch};
pub use decide::{MAX_VOTERS, decide};
pub use event::{Change, Event};
pub use id::{InvalidId, ParticipantId, PublicId, QuestionId, SiteId, ThemeId, UnixMs};
pub use policy::{Catalogue, Moderation, Policy};
pub use rejection::Rejection;
pub use state::{Airing, Answer, Author, Person, Question, Standing, State};
pub use stored::{EVENT_VERSION, StoredError, from_stored, to_stored};
pub use text::{MAX_MARKS, TextProblem, clean};
