//! The queue's decisions: given events, when a command, then events; and properties over random lives of a queue.
#![allow(clippy::unwrap_used, missing_docs)]

mod given;
mod lives;
mod stories;
