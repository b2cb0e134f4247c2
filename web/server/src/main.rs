//! `pleniere`: links rooms into one live session, streams it, takes questions, keeps the replay. This file only
//! reads the command line and hands over.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod accept;
mod access;
mod check;
mod doctor;
mod export;
mod house;
mod http;
mod link;
mod rehearse;
mod serve;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Plénière: live, hybrid, multi-site events.
#[derive(Parser)]
#[command(name = "pleniere", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve events.
    Serve(serve::ServeArgs),
    /// Rehearse an event: simulated rooms and audience, everything between them real.
    Rehearse(rehearse::RehearseArgs),
    /// Check event files: every mistake with its line, what was found and what was expected.
    Check(check::CheckArgs),
    /// Print a signed link for a role.
    Link(link::LinkArgs),
    /// Write the questions of an event to a file: csv, xlsx, ods or json.
    Export(export::ExportArgs),
    /// Say what this machine lacks and the command that mends it.
    Doctor(doctor::DoctorArgs),
    /// Check a recording: boxes, index, gaps, durations, and a full decode.
    Verify(verify::VerifyArgs),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(args) => serve::run(args),
        Command::Rehearse(args) => rehearse::run(args),
        Command::Check(args) => check::run(args),
        Command::Link(args) => link::run(args),
        Command::Export(args) => export::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Verify(args) => verify::run(args),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("pleniere: {error:#}");
        ExitCode::FAILURE
    })
}
