//! One public change to everybody who watches: what the server spends for each delivery, and what it holds for each
//! connection. The peers run between our rounds and publish the very bytes that ours sent.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use serde_json::json;

use crate::fleet::{Crowd, Fleet, Line, Roll, TURN};
use crate::peers::{self, Dialect, Ours, Peer, Said, System};
use crate::result;

/// Connections that make the server touch its pools before memory is counted.
const WARM: usize = 200;
/// Messages of a round.
const MESSAGES: usize = 20;
/// Everybody gets every message within this time.
const PATIENCE: Duration = Duration::from_secs(60);
/// The server comes to rest before it is looked at.
const REST: Duration = Duration::from_millis(1500);

/// What one round of one server came to.
struct Round {
    payloads: Vec<Vec<u8>>,
    cpu_us_per_delivery: f64,
    bytes_per_connection: f64,
    /// From publishing to the last of all deliveries, in milliseconds: the median message.
    last_ms: f64,
}

/// Measures `runs` rounds of ours and of each peer in turn.
///
/// # Errors
/// A server does not start, or a delivery is missing or wrong.
pub fn run(connections: usize, runs: usize, peers: &[Peer]) -> anyhow::Result<()> {
    ensure!(
        connections > WARM,
        "more than {WARM} connections are needed"
    );
    let mut rounds: Vec<Vec<Round>> = (0..=peers.len()).map(|_| Vec::new()).collect();
    let mut setups = vec![""; peers.len() + 1];
    for _ in 0..runs {
        let mut node = Ours::start("after")?;
        setups[0] = node.setup();
        let round = measure(&mut node, connections, &[])?;
        drop(node);
        for (at, peer) in (1..).zip(peers) {
            let mut system = peer.start()?;
            setups[at] = system.setup();
            rounds[at].push(measure(&mut *system, connections, &round.payloads)?);
        }
        rounds[0].push(round);
    }
    let last_ms: Vec<f64> = rounds
        .iter()
        .map(|rounds| result::median(&column(rounds, |round| round.last_ms)).round())
        .collect();
    let payload = rounds[0].first().and_then(|round| round.payloads.first());
    let conditions = json!({
        "connections": connections, "messages_a_round": MESSAGES, "payload_bytes": payload.map(Vec::len),
        "rate_hz": rate(connections), "memory": "growth of PSS by idle connections, all processes",
        "checked": "every delivery on every connection, byte for byte", "setups": setups, "last_delivery_ms": last_ms,
        "bytes_per_connection_of_the_page": page_bytes(connections)?.round(), "page_topics": ["mine", "programme", "public"],
    });
    print(
        "fanout_cpu_us_per_delivery",
        "us",
        &rounds,
        peers,
        |round| round.cpu_us_per_delivery,
        &conditions,
    );
    print(
        "fanout_rss_bytes_per_connection",
        "bytes",
        &rounds,
        peers,
        |round| round.bytes_per_connection,
        &conditions,
    );
    Ok(())
}

fn print(
    name: &str,
    unit: &str,
    rounds: &[Vec<Round>],
    peers: &[Peer],
    figure: fn(&Round) -> f64,
    conditions: &serde_json::Value,
) {
    let theirs: Vec<_> = peers
        .iter()
        .zip(&rounds[1..])
        .map(|(peer, rounds)| (peer.name(), column(rounds, figure)))
        .collect();
    result::compare(name, unit, &column(&rounds[0], figure), &theirs, conditions);
}

fn column(rounds: &[Round], figure: fn(&Round) -> f64) -> Vec<f64> {
    rounds.iter().map(figure).collect()
}

/// Messages a second: so few that the machine rests after each.
fn rate(connections: usize) -> f64 {
    if connections > 8_000 { 2.0 } else { 4.0 }
}

/// What a connection of the viewer's own page takes: it reads three topics, one of them its own.
fn page_bytes(connections: usize) -> anyhow::Result<f64> {
    let node = Ours::start("after")?;
    let mut fleet = Fleet::new(node.address(), node.dialect().path())?;
    joined_bytes(
        &mut fleet,
        &mut Watchers::new(Dialect::Page, connections),
        &node,
    )
}

/// Joins everybody; the growth of memory for each but the first.
fn joined_bytes(
    fleet: &mut Fleet,
    watchers: &mut Watchers,
    system: &dyn System,
) -> anyhow::Result<f64> {
    let connections = watchers.got.len();
    fleet.join(0..WARM, watchers)?;
    fleet.rest(REST, watchers)?;
    let before = peers::pss_bytes(system)?;
    fleet.join(WARM..connections, watchers)?;
    fleet.rest(REST, watchers)?;
    let grown = peers::pss_bytes(system)? as f64 - before as f64;
    Ok(grown / (connections - WARM) as f64)
}

fn measure(
    system: &mut dyn System,
    connections: usize,
    payloads: &[Vec<u8>],
) -> anyhow::Result<Round> {
    let dialect = system.dialect();
    let mut fleet = Fleet::new(system.address(), dialect.path())?;
    let mut watchers = Watchers::new(dialect, connections);
    let bytes_per_connection = joined_bytes(&mut fleet, &mut watchers, system)?;
    let cpu = peers::cpu_s(system)?;
    let last_ms = deliver(&mut fleet, &mut watchers, system, payloads)?;
    let spent_us = (peers::cpu_s(system)? - cpu) * 1e6;
    Ok(Round {
        payloads: watchers.payloads,
        cpu_us_per_delivery: spent_us / (MESSAGES * connections) as f64,
        bytes_per_connection,
        last_ms: result::median(&last_ms),
    })
}

/// Publishes all messages from a thread of its own while this one receives. How long each took to reach its last
/// watcher, in milliseconds.
fn deliver(
    fleet: &mut Fleet,
    watchers: &mut Watchers,
    system: &mut dyn System,
    payloads: &[Vec<u8>],
) -> anyhow::Result<Vec<f64>> {
    let pause = Duration::from_secs_f64(1.0 / rate(watchers.got.len()));
    let (said, published) = mpsc::channel();
    std::thread::scope(|scope| {
        let publisher = scope.spawn(move || -> anyhow::Result<()> {
            let begun = Instant::now();
            for at in 0..MESSAGES {
                let due = begun + pause * at as u32;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                let _ = said.send(Instant::now()); // who receives has given up then, and says why
                system.publish(payloads.get(at).map_or(&[], Vec::as_slice))?;
            }
            Ok(())
        });
        let until = Instant::now() + pause * MESSAGES as u32 + PATIENCE;
        let mut last_ms = Vec::new();
        while last_ms.len() < MESSAGES {
            fleet.turn(TURN, watchers)?;
            watchers.roll.check()?;
            if watchers.has_reached_all(last_ms.len()) {
                last_ms.push(published.recv()?.elapsed().as_secs_f64() * 1000.0);
            } else if Instant::now() > until {
                bail!(
                    "deliveries are missing: {:?} of {}",
                    watchers.reached,
                    watchers.got.len()
                );
            }
        }
        match publisher.join() {
            Ok(outcome) => outcome.map(|()| last_ms),
            Err(_) => bail!("the publisher failed"),
        }
    })
}

/// Everybody who watches, and what they got.
struct Watchers {
    dialect: Dialect,
    roll: Roll,
    /// Messages of each watcher.
    got: Vec<usize>,
    /// Watchers that have each message.
    reached: Vec<usize>,
    /// Each message as its first watcher got it; the others must have the same.
    payloads: Vec<Vec<u8>>,
}

impl Watchers {
    fn new(dialect: Dialect, count: usize) -> Self {
        Self {
            dialect,
            roll: Roll::default(),
            got: vec![0; count],
            reached: Vec::new(),
            payloads: Vec::new(),
        }
    }

    fn has_reached_all(&self, message: usize) -> bool {
        self.reached.get(message) == Some(&self.got.len())
    }

    fn hear(&mut self, who: usize, said: Said, text: &[u8]) {
        match said {
            Said::Joined => self.roll.joined += 1,
            Said::Delivery => {
                let at = self.got[who];
                self.got[who] += 1;
                if at == self.payloads.len() {
                    self.payloads.push(text.to_vec());
                    self.reached.push(0);
                }
                self.reached[at] += 1;
                if self.payloads[at] != text {
                    let (first, this) = (&self.payloads[at], String::from_utf8_lossy(text));
                    self.roll.wrong(format!(
                        "{:?}: watcher {who} got another message {at}: {this} instead of {}",
                        self.dialect,
                        String::from_utf8_lossy(first)
                    ));
                }
            }
            Said::Other => {}
        }
    }
}

impl Crowd for Watchers {
    fn roll(&mut self) -> &mut Roll {
        &mut self.roll
    }

    fn opened(&mut self, who: usize, line: &mut Line) {
        let said = self.dialect.opened(line);
        self.hear(who, said, &[]);
    }

    fn text(&mut self, who: usize, line: &mut Line, text: &[u8]) {
        let said = self.dialect.heard(line, text);
        self.hear(who, said, text);
    }
}
