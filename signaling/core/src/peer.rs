//! The name of one connection. Owns nothing else about it.

/// One WHIP or WHEP connection of this process; never used again after it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u64);
