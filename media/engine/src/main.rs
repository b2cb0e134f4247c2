//! Sites in, programme out: the only crate that links GStreamer
mod wire;

fn main() {}
