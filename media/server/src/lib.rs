//! The programme of an event on its way to the public: engine supervisor, LL-HLS origin, recorder, replay, timeline journal.
//! Decisions are `media/core`'s; this crate does the I/O around them.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod conductor;
mod file;
mod frame;
mod journal;
mod live_log;
mod monotonic;
mod origin;
mod problem;
mod programme;
mod recorder;
pub mod recording;
mod replay;
mod slate;
mod stage;
mod state;
mod supervisor;
pub mod verify;

pub use journal::JournalError;
pub use programme::{CommandError, Config, Programme, StartError};
pub use state::{EngineLife, EngineState, Notice, RecordingState, SceneAt, SiteReport, State};
