//! Sites in, programme out: the only crate that links GStreamer. Modes: `programme` and `rooms`, each driven over the socket
//! that is its standard input; `doctor` says what this machine lacks.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod codec;
mod control;
mod decoder;
mod doctor;
mod encode;
mod feed;
mod graph;
mod grid;
mod outbox;
mod overlay;
mod packager;
mod packet;
mod picture;
mod plate;
mod programme;
mod room;
mod site;
mod slate;
mod stage;
mod strip;
mod text;
mod titles;
mod wire;

use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

/// Media engine of Plénière, started by `pleniere serve`.
#[derive(Parser)]
#[command(name = "pleniere-engine", version)]
struct Arguments {
    #[command(subcommand)]
    mode: Mode,
}

#[derive(Subcommand)]
enum Mode {
    /// Compose and encode the programme; standard input is the link with `serve`.
    Programme,
    /// Encode simulated rooms; standard input is the link with `serve`.
    Rooms,
    /// Print as JSON which GStreamer elements are present; 1 when one is missing.
    Doctor,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match run(&arguments.mode) {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(mode: &Mode) -> anyhow::Result<ExitCode> {
    gstreamer::init().context("GStreamer does not start")?;
    gstfmp4::plugin_register_static().context("the CMAF muxer does not register")?;
    Ok(match mode {
        Mode::Programme => control::run(),
        Mode::Rooms => {
            room::run()?;
            ExitCode::SUCCESS
        }
        Mode::Doctor if doctor::report()? => ExitCode::SUCCESS,
        Mode::Doctor => ExitCode::FAILURE,
    })
}
