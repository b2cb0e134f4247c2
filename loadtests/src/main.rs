//! `pleniere-load SCENARIO`: one scenario for each thing a user feels, results as JSON lines. Every scenario starts the
//! real program, measures from outside (the kernel's accounting, the served bytes, a browser), and ends what it started.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod call;
mod fleet;
mod http;
mod peers;
mod process;
mod result;
mod scenario;
mod talker;
mod ws;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use pleniere_signaling::Egress;

/// Measures Plénière; prints one JSON line a result.
#[derive(Parser)]
#[command(name = "pleniere-load", version)]
struct Cli {
    /// What to measure.
    scenario: Scenario,
    /// How long to measure, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How often to repeat what is done once a run (kills, starts).
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// WebSockets at once (at most 19,000: a process has 20,000 descriptors here).
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// Questions or votes a second; 10,500 and 1,000 unless said.
    #[arg(long)]
    rate: Option<f64>,
    /// A peer that runs in turn with us; may be given several times.
    #[arg(long, value_enum)]
    peer: Vec<peers::Peer>,
    /// Where `bare` listens.
    #[arg(long, hide = true, default_value_t = 0)]
    port: u16,
    /// Print JSON lines only (they are the default; kept for scripts).
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Scenario {
    /// Cores and memory of `serve` and of the engines while seven rooms are mixed.
    Mosaic,
    /// Glass to glass in Chromium, read from the strip in the picture.
    Latency,
    /// CPU of a delivery and memory of a connection, while everybody watches the questions.
    Fanout,
    /// How long the questions take to be ready again with a million events.
    Start,
    /// Processor time of deciding a question and a vote, and of a snapshot, in a large event.
    Decide,
    /// Durable questions a second, and how long askers wait for the acknowledgement.
    Ask,
    /// How long a vote takes to every screen, and the server's cores, at a thousand votes a second.
    Votes,
    /// How long until everybody is back after `serve` was started again.
    Storm,
    /// CPU of a forwarded packet, sent by ourselves and by the WebRTC stack, at 50, 200 and 400 players.
    Forward,
    /// The unit that `forward` measures.
    #[value(hide = true)]
    UnitOwn,
    /// The same, its stack sending.
    #[value(hide = true)]
    UnitStack,
    /// What `kill -9` of the whole program costs the recording and the question queue.
    Kill,
    /// The peer `bare` itself, which `fanout` starts.
    #[value(hide = true)]
    Bare,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let time = Duration::from_secs(cli.seconds);
    let outcome = match cli.scenario {
        Scenario::Mosaic => scenario::mosaic::run(time),
        Scenario::Latency => scenario::latency::run(time),
        Scenario::Fanout => scenario::fanout::run(cli.connections, cli.runs, &cli.peer),
        Scenario::Start => scenario::start::run(cli.runs),
        Scenario::Decide => scenario::decide::run(cli.runs),
        Scenario::Ask => {
            scenario::ask::run(cli.connections, cli.rate.unwrap_or(10_500.0), cli.runs)
        }
        Scenario::Votes => {
            scenario::votes::run(cli.connections, cli.rate.unwrap_or(1_000.0), time, cli.runs)
        }
        Scenario::Storm => scenario::storm::run(cli.connections, cli.runs),
        Scenario::Forward => scenario::forward::run(time, cli.runs),
        Scenario::UnitOwn => scenario::forward::unit(Egress::Own),
        Scenario::UnitStack => scenario::forward::unit(Egress::Stack),
        Scenario::Kill => scenario::kill::run(cli.runs),
        Scenario::Bare => peers::serve_bare(cli.port),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pleniere-load: {error:#}");
            ExitCode::FAILURE
        }
    }
}
