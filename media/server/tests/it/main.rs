//! The programme from outside, over its router, with an engine made of these tests: no GStreamer, true frames and boxes.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod fake_engine;
mod house;
mod live;
mod recordings;

/// Not a test: what the supervisor starts as an engine is this very executable with the argument `programme`, which the test
/// harness takes for the name of a test to run. By hand, without a socket as standard input, it does nothing.
#[test]
fn programme() {
    fake_engine::run();
}
