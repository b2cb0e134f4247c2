//! The program as it is called from a shell.

#![allow(clippy::unwrap_used)]

mod faces;
