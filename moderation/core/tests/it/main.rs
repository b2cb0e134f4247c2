//! The queue's decisions: given events, when a command, then events; and properties over random lives of a queue.
#![allow(clippy::unwrap_used, missing_docs)]

mod attempts;
mod claims;
mod garbage;
mod given;
mod hands;
mod lives;
mod merging;
mod people;
mod rules;
mod stories;
mod undo;
