//! What the programme is: scenes, layouts, playlists, segments, the timeline, and the words spoken with the engine.
//! Decisions only: no clock, no socket, no GStreamer.

pub mod layout;
pub mod link;
pub mod scene;
pub mod strip;
