//! What authors of event files and administrators meet.

#![allow(clippy::unwrap_used)]

mod event;
mod keys;
mod node;
