//! Sites in, programme out: the only crate that links GStreamer
mod text;
mod wire;

fn main() {}
