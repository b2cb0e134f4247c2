//! Sites in, programme out: the only crate that links GStreamer
fn main() {}
