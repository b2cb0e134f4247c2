//! One camera, many WHEP players: the forwarding unit's CPU for each packet it sends, kernel included, and what it adds in
//! delay. The unit runs alone in a process of its own (this program, started once more), once sending itself and once
//! through the WebRTC stack, in turn.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use axum::Router;
use pleniere_signaling::{Access, Act, Config, Denied, Egress, Signaling};
use serde_json::json;

use crate::call::{Camera, Viewers};
use crate::http::Connection;
use crate::process::cpu_ns;
use crate::result;

/// So many players at once.
const PLAYERS: [usize; 3] = [50, 200, 400];
/// After the last player is up.
const WARM_UP: Duration = Duration::from_secs(2);

/// What one round came to.
struct Round {
    us_per_packet: f64,
    delay_p99_ms: f64,
    lost: u64,
}

/// Each number of players `runs` times for `time`, both ways of sending.
///
/// # Errors
/// The unit does not start, or a player does not come up.
pub fn run(time: Duration, runs: usize) -> anyhow::Result<()> {
    for players in PLAYERS {
        let mut rounds = [Vec::new(), Vec::new()];
        for _ in 0..runs {
            for (egress, rounds) in [Egress::Own, Egress::Stack].into_iter().zip(&mut rounds) {
                rounds.push(measure(egress, players, time)?);
            }
        }
        let column = |which: usize, figure: fn(&Round) -> f64| -> Vec<f64> {
            rounds[which].iter().map(figure).collect()
        };
        let lost = |which: usize| rounds[which].iter().map(|round| round.lost).sum::<u64>();
        let conditions = json!({
            "players": players, "seconds": time.as_secs(), "stream": "30 pictures of 8 packets, 50 sound packets a second, 1 camera",
            "cpu": "all threads of the unit's process, kernel's accounting; loopback, the receiving side's softirq in it",
            "receivers": "ICE and DTLS each; 10 decrypt and report, the others count by the clear header; no GRO",
            "lost_ours": lost(0), "lost_stack": lost(1), "peer": "the same unit, str0m sending (AES-256-GCM both)",
        });
        for (name, unit, figure) in [
            (
                "forward_cpu_s_per_million_packets",
                "s",
                (|round| round.us_per_packet) as fn(&Round) -> f64,
            ),
            ("forward_added_delay_p99_ms", "ms", |round| {
                round.delay_p99_ms
            }),
        ] {
            let stack = [("str0m", column(1, figure))];
            result::compare(name, unit, &column(0, figure), &stack, &conditions);
        }
    }
    Ok(())
}

fn measure(egress: Egress, players: usize, time: Duration) -> anyhow::Result<Round> {
    let unit = Unit::start(egress)?;
    let mut http = Connection::open(unit.address)?;
    let began = Instant::now();
    let camera = Camera::join(began, |offer| http.offer("/e/load/whip/room", offer))?;
    let viewers = Viewers::join(players, began, |offer| {
        http.offer("/e/load/whep/room", offer)
    })?;
    std::thread::sleep(WARM_UP);
    let (cpu, received) = (cpu_ns(unit.child.id())?, viewers.received());
    viewers.forget_delays();
    std::thread::sleep(time);
    let cpu = cpu_ns(unit.child.id())? - cpu;
    let received = viewers.received() - received;
    anyhow::ensure!(received > 0, "nothing came");
    let delays = viewers.delays_ms();
    let lost = viewers.end();
    drop(camera);
    Ok(Round {
        us_per_packet: cpu as f64 / 1000.0 / received as f64,
        delay_p99_ms: result::percentile_of(&delays, 0.99),
        lost,
    })
}

/// The forwarding unit in its process.
struct Unit {
    child: Child,
    address: SocketAddr,
}

impl Unit {
    fn start(egress: Egress) -> anyhow::Result<Self> {
        let scenario = match egress {
            Egress::Own => "unit-own",
            Egress::Stack => "unit-stack",
        };
        let mut child = Command::new(std::env::current_exe()?)
            .arg(scenario)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().context("no standard output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let address = line.trim().parse().context("the unit did not start")?;
        Ok(Self { child, address })
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Nobody is refused.
struct Open;

impl Access for Open {
    fn may(&self, _: Option<&str>, _: Act<'_>) -> Result<(), Denied> {
        Ok(())
    }
}

/// Is the forwarding unit until standard input ends; prints where it listens.
///
/// # Errors
/// It cannot be started.
pub fn unit(egress: Egress) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let config = Config {
            listen: vec![[127, 0, 0, 1].into()],
            egress,
            ..Config::default()
        };
        let (signaling, mut notices) = Signaling::start(config)?;
        tokio::spawn(async move { while notices.recv().await.is_some() {} });
        let sites = BTreeSet::from(["room".to_owned()]);
        signaling.open("load", sites.into_iter().collect()).await?;
        let router = Router::new().nest("/e/load", signaling.router("load", Arc::new(Open)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, router).await });
        tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
        anyhow::Ok(())
    })
}
