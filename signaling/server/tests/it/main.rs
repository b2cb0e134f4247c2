//! Signaling and forwarding as encoders, players and an engine meet them: over HTTP, UDP and loopback RTP.
#![expect(clippy::unwrap_used, reason = "tests")]

mod client;
mod engine;
mod foreign;
mod forwarding;
mod hostile;
mod house;
mod http;
mod restart;
mod tcp;
