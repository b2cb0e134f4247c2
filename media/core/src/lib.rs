//! What the programme is: scenes, layouts, playlists, segments, the timeline, and the words spoken with the engine.
//! Decisions only: no clock, no socket, no GStreamer.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod boxes;
pub mod clock;
pub mod health;
pub mod layout;
pub mod link;
pub mod playlist;
pub mod scene;
pub mod segment;
pub mod strip;
pub mod timeline;
pub mod window;
