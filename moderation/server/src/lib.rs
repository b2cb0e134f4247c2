//! The live queue of one event: a journal that keeps what was acknowledged, views that tell every page what changed,
//! and the WebSocket and HTTP faces of both (`docs/protocol.md`).
//!
//! A [`Hub`] holds the topics of an event; [`Queue`] owns the questions and publishes into it, and so may any other
//! part of the program. This crate decides nothing about questions (`pleniere-moderation-core` does), knows no key
//! (it asks an [`Access`]) and no picture (it sends [`Notice`]s and hands commands it does not know to [`Commands`]).

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod access;
mod connection;
pub mod export;
mod frame;
#[cfg(any(test, feature = "fuzzing"))]
pub mod garbage;
mod history;
mod http;
pub mod journal;
mod limit;
mod live;
mod participant;
mod presence;
mod queue;
mod reader;
mod refusal;
mod similar;
mod socket;
mod stream;
mod topic;
mod views;
mod wire;

pub use access::{Access, Commands, Denied, GuestKey, Identity, Role};
pub use participant::ParticipantSecret;
pub use pleniere_moderation_core as core;
pub use queue::{Notice, OpenError, Queue, QueueConfig};
pub use refusal::{Refusal, RefusalCode};
pub use topic::{Hub, Readers, Topic};
pub use views::{Assigned, PublicQuestion};
