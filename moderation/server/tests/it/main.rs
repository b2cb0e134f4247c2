//! The queue as its users meet it: over real sockets, and on a real disk.
#![allow(clippy::unwrap_used, missing_docs)]

mod broken_disk;
mod history;
mod hostile;
mod house;
mod http;
mod journal;
mod kill;
mod live;
mod nodes;
mod redis;
mod restart;
mod slow;
mod start;
mod team;
mod tls;
mod topics;
