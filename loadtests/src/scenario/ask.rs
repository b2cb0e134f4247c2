//! Ten thousand people ask: how many questions the program takes a second, each on disk before it is acknowledged, and
//! how long the asker waits for that.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::json;

use crate::fleet::{Crowd, Fleet, Line, Roll};
use crate::peers::{self, Ours, System as _};
use crate::process::wait_until;
use crate::result;

/// Long enough that groups of questions follow each other hundreds of times.
const SECONDS: f64 = 7.0;
/// Answers that have not come by then are missing.
const PATIENCE: Duration = Duration::from_secs(20);
/// The queue goes to sleep before it is asked.
const REST: Duration = Duration::from_millis(500);

/// What one round came to.
struct Round {
    accepts_per_s: f64,
    p99_ms: f64,
    p50_ms: f64,
    refused: usize,
    cores: f64,
    /// Until the program, started again on all these questions, serves and welcomes a moderator.
    start_s: f64,
}

/// `rate` questions a second from `askers` connections in turn, `runs` times on a new journal.
///
/// # Errors
/// The program does not start, or a question is refused or lost.
pub fn run(askers: usize, rate: f64, runs: usize) -> anyhow::Result<()> {
    let rounds = (0..runs)
        .map(|_| measure(askers, rate))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let column = |figure: fn(&Round) -> f64| rounds.iter().map(figure).collect::<Vec<_>>();
    let conditions = json!({
        "askers": askers, "offered_per_s": rate, "seconds": SECONDS, "journal": "SQLite, WAL, synchronous FULL",
        "policy": "no slow mode, moderated before", "p50_ms": result::median(&column(|round| round.p50_ms)),
        "refused_as_too_busy": rounds.iter().map(|round| round.refused).sum::<usize>(),
        "server_cores": result::median(&column(|round| round.cores)),
        "latency": "from when it was due to be sent to its acknowledgement", "checked": "as many in the queue as were acknowledged",
    });
    result::print(
        "ask_accepts_per_s",
        "1/s",
        &column(|round| round.accepts_per_s),
        &conditions,
    );
    result::print(
        "ask_p99_ms",
        "ms",
        &column(|round| round.p99_ms),
        &conditions,
    );
    result::print(
        "queue_start_s",
        "s",
        &column(|round| round.start_s),
        &json!({ "questions": (rate * SECONDS) as u64 + 1, "until": "served, a moderator welcome" }),
    );
    Ok(())
}

fn measure(count: usize, rate: f64) -> anyhow::Result<Round> {
    let mut node = Ours::start("before")?;
    let mut fleet = Fleet::new(node.address(), node.dialect().path())?;
    let mut askers = Askers {
        rate,
        ..Askers::default()
    };
    fleet.join(0..count, &mut askers)?;
    fleet.rest(REST, &mut askers)?;
    let cpu = peers::cpu_s(&node)?;
    let (begun, total) = (Instant::now(), (rate * SECONDS) as usize);
    askers.begun = Some(begun);
    for n in 0..total {
        let due = begun + Duration::from_secs_f64(n as f64 / rate);
        while Instant::now() < due {
            fleet.turn(Duration::from_millis(1), &mut askers)?;
        }
        askers.roll.check()?;
        let Some(line) = fleet.line(n % count) else {
            bail!("asker {} is gone", n % count);
        };
        line.send(&format!(
            "{{\"do\":\"ask\",\"id\":\"{n}\",\"text\":\"Question {n} de longueur ordinaire, pour mesurer ce que coûte la mise en sûreté ?\"}}"
        ));
        if n % 16 == 0 {
            fleet.turn(Duration::ZERO, &mut askers)?; // behind its time it must hear its answers too
        }
    }
    let until = Instant::now() + PATIENCE;
    while askers.took_ms.len() + askers.refused < total {
        askers.roll.check()?;
        ensure!(
            Instant::now() < until,
            "{} of {total} acknowledged",
            askers.took_ms.len()
        );
        fleet.turn(Duration::from_millis(1), &mut askers)?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let total = askers.took_ms.len();
    let cores = (peers::cpu_s(&node)? - cpu) / seconds;
    // The list is told at a pace. The first question was asked to have something to show.
    let in_queue = || {
        node.list()
            .is_ok_and(|list| list["queue"]["asked"] == total + 1)
    };
    wait_until(PATIENCE, in_queue).with_context(|| {
        let asked = node.list().map(|list| list["queue"]["asked"].clone());
        format!("{asked:?} in the queue, {total} acknowledged")
    })?;
    drop(fleet);
    node.stop();
    let again = Instant::now();
    node.start_again()?;
    Ok(Round {
        start_s: again.elapsed().as_secs_f64(),
        accepts_per_s: total as f64 / seconds,
        p99_ms: result::percentile_of(&askers.took_ms, 0.99),
        p50_ms: result::percentile_of(&askers.took_ms, 0.5),
        refused: askers.refused,
        cores,
    })
}

/// People who ask and read nothing but their answers.
#[derive(Default)]
struct Askers {
    roll: Roll,
    /// When the first question was due; the others follow at this rate, and a question's id is its number.
    begun: Option<Instant>,
    rate: f64,
    took_ms: Vec<f64>,
    refused: usize,
}

/// The id in `{"done":"ID",…}`.
fn acknowledged(text: &[u8]) -> Option<u64> {
    let rest = std::str::from_utf8(text)
        .ok()?
        .strip_prefix("{\"done\":\"")?;
    rest.split_once('"')?.0.parse().ok()
}

impl Crowd for Askers {
    fn roll(&mut self) -> &mut Roll {
        &mut self.roll
    }

    fn opened(&mut self, _who: usize, line: &mut Line) {
        line.send("{\"hello\":{\"topics\":[]}}");
    }

    fn text(&mut self, who: usize, _line: &mut Line, text: &[u8]) {
        if text.starts_with(b"{\"welcome\"") {
            self.roll.joined += 1;
        } else if text.starts_with(b"{\"code\":\"unavailable\"") {
            self.refused += 1; // it says that it has too much to do: an honest answer, and none of the accepted
        } else if let (Some(begun), Some(number)) = (self.begun, acknowledged(text)) {
            let due_s = number as f64 / self.rate;
            self.took_ms
                .push((begun.elapsed().as_secs_f64() - due_s) * 1000.0);
        } else {
            let text = String::from_utf8_lossy(text);
            self.roll.wrong(format!("asker {who} was answered {text}"));
        }
    }
}
