//! The programme engine as `serve` sees it: the built program on a socket pair, rooms simulated by RTP, its chunks decoded.
#![allow(missing_docs)]
#![allow(clippy::unwrap_used)]

mod engine;
mod programme;
mod room;
mod rooms;
mod view;
