//! What players get, protected by ourselves: the stack below makes connection and keys, and hears what players report. Owns
//! everything between a packet for a player and the bytes that leave; never chooses packets, never reads a socket.

mod keys;
mod player;
mod repair;
mod ring;
mod srtp;

pub(crate) use keys::{Keys, provider, tapped};
pub(crate) use player::{Egress, Path, TrackSetup};
pub(crate) use ring::Ring;
#[cfg(test)]
pub(crate) use srtp::{Profile, Session};
