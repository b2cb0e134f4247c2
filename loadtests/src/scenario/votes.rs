//! A thousand votes a second while ten thousand people watch the counts: how long a vote takes to be shown on every
//! screen, and what that costs the server. The public view is told five times a second, whatever the number of votes.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::viewer::head;
use crate::fleet::{Crowd, Fleet, Line, Roll};
use crate::peers::{self, Dialect, Ours, Said, System as _};
use crate::result;

/// Questions that are voted for in turn.
const QUESTIONS: usize = 10;
/// What has not come by then is lost.
const PATIENCE: Duration = Duration::from_secs(20);
/// Nothing new comes for this long when all is told.
const SETTLE: Duration = Duration::from_secs(1);

/// What one round came to.
struct Round {
    p99_ms: f64,
    p50_ms: f64,
    cores: f64,
    overtaken: usize,
}

/// `rate` votes a second for `time` with so many `viewers`, `runs` times.
///
/// # Errors
/// The program does not start, or a vote or a delivery is lost.
pub fn run(viewers: usize, rate: f64, time: Duration, runs: usize) -> anyhow::Result<()> {
    let rounds = (0..runs)
        .map(|_| measure(viewers, rate, time))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let column = |figure: fn(&Round) -> f64| rounds.iter().map(figure).collect::<Vec<_>>();
    let conditions = json!({
        "viewers": viewers, "votes_per_s": rate, "seconds": time.as_secs(), "questions": QUESTIONS, "journal": "SQLite, FULL",
        "latency": "from a vote due to be sent to each viewer's reading of a count that holds it, all votes by all viewers",
        "p50_ms": result::median(&column(|round| round.p50_ms)), "checked": "every view on every connection, the sum of votes",
        "snapshots_for_the_overtaken": rounds.iter().map(|round| round.overtaken).sum::<usize>(),
        "peers": "publish each vote, or whatever is put before them: not comparable; fanout compares a delivery",
    });
    result::print(
        "votes_p99_ms",
        "ms",
        &column(|round| round.p99_ms),
        &conditions,
    );
    result::print(
        "votes_server_cores",
        "cores",
        &column(|round| round.cores),
        &conditions,
    );
    Ok(())
}

fn measure(count: usize, rate: f64, time: Duration) -> anyhow::Result<Round> {
    let mut node = Ours::start("after")?;
    node.ask_up_to(QUESTIONS)?;
    let mut fleet = Fleet::new(node.address(), node.dialect().path())?;
    let mut viewers = Viewers {
        begun: Instant::now(),
        waiting: vec![None; count],
        at: vec![0; count],
        first: None,
        overtaken: 0,
        roll: Roll::default(),
        votes: Vec::new(),
        views: Vec::new(),
    };
    fleet.join(0..count, &mut viewers)?;
    fleet.rest(SETTLE, &mut viewers)?;
    let cpu = peers::cpu_s(&node)?;
    let total = (rate * time.as_secs_f64()) as usize;
    ensure!(
        total <= count * QUESTIONS,
        "one vote for each question from each viewer"
    );
    viewers.begun = Instant::now();
    for n in 0..total {
        let (who, question) = (n % count, 1 + (n % count + n / count) % QUESTIONS);
        let due = viewers.begun + Duration::from_secs_f64(n as f64 / rate);
        while Instant::now() < due {
            fleet.turn(Duration::from_millis(1), &mut viewers)?;
        }
        viewers.roll.check()?;
        viewers.waiting[who] = Some(due);
        let line = fleet.line(who).context("a viewer is gone")?;
        line.send(&format!(
            "{{\"do\":\"vote\",\"id\":\"{n}\",\"question\":{question}}}"
        ));
    }
    let seconds = viewers.begun.elapsed().as_secs_f64();
    let cores = (peers::cpu_s(&node)? - cpu) / seconds;
    let until = Instant::now() + PATIENCE;
    loop {
        fleet.rest(SETTLE, &mut viewers)?;
        if viewers.all_is_told(total) {
            break;
        }
        ensure!(
            Instant::now() < until,
            "{} of {total} votes acknowledged, {:?} views",
            viewers.votes.len(),
            viewers.at
        );
    }
    let list = node.list()?;
    let shown: u64 = list["questions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|question| question["votes"].as_u64())
        .sum();
    ensure!(shown == total as u64, "{shown} votes shown, {total} given");
    let took = viewers.took()?;
    Ok(Round {
        p99_ms: took.percentile(0.99),
        p50_ms: took.percentile(0.5),
        cores,
        overtaken: viewers.overtaken,
    })
}

/// A vote that was acknowledged.
struct Vote {
    sent: Instant,
    question: u64,
    /// Votes of its question with it.
    count: u64,
}

/// A change of the public view.
struct View {
    text: Vec<u8>,
    /// When each viewer had it, in microseconds since the beginning, in order.
    arrived_us: Vec<u64>,
}

struct Viewers {
    begun: Instant,
    /// When the vote of each was due, while it waits.
    waiting: Vec<Option<Instant>>,
    /// Changes each viewer has.
    at: Vec<usize>,
    /// Offset of the first change.
    first: Option<u64>,
    /// Snapshots instead of changes.
    overtaken: usize,
    roll: Roll,
    votes: Vec<Vote>,
    views: Vec<View>,
}

impl Viewers {
    /// Every vote by every viewer: from when it was due to when a count that holds it was read.
    fn took(&self) -> anyhow::Result<Histogram> {
        let counts = self
            .views
            .iter()
            .map(|view| counts(&view.text))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let mut took = Histogram(vec![0; 60_000]);
        for vote in &self.votes {
            let holds = |counts: &Vec<(u64, u64)>| {
                counts
                    .iter()
                    .any(|(question, count)| *question == vote.question && *count >= vote.count)
            };
            let view = counts
                .iter()
                .position(holds)
                .context("a vote was never shown")?;
            let sent_us = vote.sent.saturating_duration_since(self.begun).as_micros() as u64;
            let arrived = &self.views[view].arrived_us;
            ensure!(
                arrived.len() == self.at.len(),
                "{} of {} got a view",
                arrived.len(),
                self.at.len()
            );
            arrived
                .iter()
                .for_each(|at| took.add(at.saturating_sub(sent_us) / 1000));
        }
        Ok(took)
    }

    /// A change, or a snapshot for who was overtaken: then all changes to it arrived with it.
    fn delivered(&mut self, who: usize, text: &[u8]) -> anyhow::Result<()> {
        let (_, offset, whole) = head(text).context("a view without offset")?;
        let first = *self.first.get_or_insert(offset);
        let to = (offset - first) as usize + 1;
        let now_us = self.begun.elapsed().as_micros() as u64;
        ensure!(
            whole || to == self.at[who] + 1,
            "viewer {who} got change {to} after {}",
            self.at[who]
        );
        self.overtaken += usize::from(whole);
        for at in self.at[who]..to {
            if at == self.views.len() {
                let arrived_us = Vec::with_capacity(self.at.len());
                self.views.push(View {
                    text: Vec::new(),
                    arrived_us,
                });
            }
            self.views[at].arrived_us.push(now_us);
        }
        self.at[who] = to;
        if !whole {
            let view = &mut self.views[to - 1];
            if view.text.is_empty() {
                view.text = text.to_vec();
            }
            ensure!(view.text == text, "viewer {who} got another change {to}");
        }
        Ok(())
    }

    /// Whether everybody has everything that anybody has, and all votes are acknowledged.
    fn all_is_told(&self, votes: usize) -> bool {
        self.votes.len() == votes && self.at.iter().all(|at| *at == self.views.len())
    }
}

/// The votes of each question in a change.
fn counts(change: &[u8]) -> anyhow::Result<Vec<(u64, u64)>> {
    let change: Value = serde_json::from_slice(change)?;
    let set = change["set"]
        .as_object()
        .context("a change sets something")?;
    Ok(set
        .values()
        .filter_map(|value| Some((value["id"].as_u64()?, value["votes"].as_u64()?)))
        .collect())
}

/// Milliseconds, counted; what is longer than all counts as the longest.
struct Histogram(Vec<u64>);

impl Histogram {
    fn add(&mut self, ms: u64) {
        let last = self.0.len() - 1;
        self.0[(ms as usize).min(last)] += 1;
    }

    fn percentile(&self, at: f64) -> f64 {
        let all: u64 = self.0.iter().sum();
        let mut left = (all as f64 * at).ceil() as u64;
        let found = self.0.iter().position(|count| {
            left = left.saturating_sub(*count);
            left == 0
        });
        found.map_or(f64::NAN, |ms| (ms + 1) as f64)
    }
}

impl Crowd for Viewers {
    fn roll(&mut self) -> &mut Roll {
        &mut self.roll
    }

    fn opened(&mut self, _who: usize, line: &mut Line) {
        Dialect::Pleniere.opened(line);
    }

    fn text(&mut self, who: usize, line: &mut Line, text: &[u8]) {
        match Dialect::Pleniere.heard(line, text) {
            Said::Joined if self.roll.joined < self.at.len() => self.roll.joined += 1,
            Said::Joined | Said::Delivery => {
                if let Err(error) = self.delivered(who, text) {
                    self.roll.wrong(format!("{error:#}"));
                }
            }
            Said::Other if text.starts_with(b"{\"welcome\"") => {}
            Said::Other => {
                let answer: Value = serde_json::from_slice(text).unwrap_or_default();
                let result = &answer["result"];
                match (
                    self.waiting[who].take(),
                    result["question"].as_u64(),
                    result["votes"].as_u64(),
                ) {
                    (Some(sent), Some(question), Some(count)) => self.votes.push(Vote {
                        sent,
                        question,
                        count,
                    }),
                    _ => self
                        .roll
                        .wrong(format!("viewer {who} was answered {answer}")),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_to_the_next_millisecond() {
        let mut histogram = Histogram(vec![0; 10]);
        (0..100).for_each(|n| histogram.add(n / 25));
        histogram.add(5_000);
        assert_eq!(histogram.percentile(0.5), 3.0);
        assert_eq!(histogram.percentile(1.0), 10.0);
    }
}
