//! WHIP in, WHEP out, and the forwarding unit between them: one port number for all media of the process, UDP and, for
//! networks that block it, TCP; ICE-lite; one socket per local address so that answers leave from the address asked.
//!
//! HTTP (`endpoint`) reads offers and answers them; everything after the answer belongs to one plain thread (`worker`) that
//! owns all sockets, peers and events and never waits for anything but packets. Between both runs one bounded queue of
//! commands. Decisions are in `pleniere-signaling-core`; this crate makes them happen. It knows no keys: [`Access`] is asked.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod access;
mod addresses;
#[cfg(test)]
mod allocations;
mod answer;
mod command;
mod demux;
mod egress;
mod endpoint;
mod engine_leg;
mod event;
mod forward;
mod fragment;
mod notice;
mod offer;
mod origin;
mod os;
mod outbox;
mod peer;
mod problem;
mod programme;
mod rtp;
mod signaling;
mod str0m_peer;
mod streams;
mod subscriber;
mod timers;
mod worker;

pub use access::{Access, Act, Denied};
pub use addresses::StartError;
pub use command::{MAX_PEERS, MAX_PENDING};
pub use notice::{NOTICES, Notice};
pub use signaling::{Config, Egress, OpenError, Signaling};
