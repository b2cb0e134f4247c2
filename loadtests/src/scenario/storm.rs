//! `serve` is started again under ten thousand viewers who vote: how long until all are back with a view that is whole,
//! and whether anything was lost or done twice.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::json;

use super::viewer::Viewers;
use crate::fleet::{Fleet, TURN};
use crate::peers::{Ours, System as _};
use crate::result;

/// Questions that are voted for.
const QUESTIONS: usize = 20;
/// Votes a second, before, while and after the program is away.
const VOTES_PER_S: f64 = 100.0;
/// Everybody votes for this long before the program is stopped.
const BEFORE: Duration = Duration::from_secs(3);
/// Who is not back by then counts as lost.
const PATIENCE: Duration = Duration::from_secs(120);
/// What is still to come has come by then.
const SETTLE: Duration = Duration::from_secs(2);

/// Restarts under so many `viewers`, `runs` times.
///
/// # Errors
/// The program does not come back, or something was lost or doubled.
pub fn run(viewers: usize, runs: usize) -> anyhow::Result<()> {
    let (mut back_s, mut away_s, mut pending) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let round = measure(viewers)?;
        back_s.push(round.back_s);
        away_s.push(round.away_s);
        pending.push(round.pending);
    }
    let conditions = json!({
        "viewers": viewers, "questions": QUESTIONS, "votes_per_s": VOTES_PER_S, "stopped_with": "SIGTERM", "started_again": "at once, same port",
        "from": "SIGTERM to the last viewer's whole view", "until_it_served_again_s": result::median(&away_s), "votes_under_way": pending,
        "checked": "every viewer's view equal to the server's, no hole or repetition in any, each vote counted once, questions as before",
    });
    result::print("reconnect_storm_s", "s", &back_s, &conditions);
    Ok(())
}

struct Round {
    back_s: f64,
    away_s: f64,
    pending: usize,
}

fn measure(count: usize) -> anyhow::Result<Round> {
    let mut node = Ours::start("after")?;
    node.ask_up_to(QUESTIONS)?;
    let before = texts(&node.list()?);
    let mut fleet = Fleet::new(node.address(), node.dialect().path())?;
    let mut viewers = Viewers::new(count);
    fleet.join(0..count, &mut viewers)?;
    let mut storm = Storm {
        fleet,
        viewers,
        votes: 0,
        begun: Instant::now(),
        back: BinaryHeap::new(),
    };
    let until = Instant::now() + BEFORE;
    while Instant::now() < until {
        storm.turn(count)?;
    }
    let stopped = Instant::now();
    let pending = storm.viewers.waiting();
    // The program stops and starts in a thread of its own; the viewers see to themselves meanwhile.
    let (away_s, back_s) = std::thread::scope(|scope| -> anyhow::Result<_> {
        let node = &mut node;
        let starting = scope.spawn(move || {
            node.stop();
            node.start_again().map(|()| stopped.elapsed().as_secs_f64())
        });
        while storm.viewers.gone_or_unsure(stopped) {
            ensure!(stopped.elapsed() < PATIENCE, "{}", storm.viewers.state());
            storm.turn(count)?;
        }
        let back_s = stopped.elapsed().as_secs_f64();
        let away_s = starting
            .join()
            .map_err(|_| anyhow::anyhow!("the program did not start again"))??;
        Ok((away_s, back_s))
    })?;
    storm.fleet.rest(SETTLE, &mut storm.viewers)?;
    let list = node.list()?;
    ensure!(texts(&list) == before, "other questions after the restart");
    storm.viewers.check_whole(&list)?;
    Ok(Round {
        back_s,
        away_s,
        pending,
    })
}

/// The wording of every question, by number.
fn texts(list: &serde_json::Value) -> Vec<String> {
    let questions = list["questions"].as_array().into_iter().flatten();
    questions
        .map(|question| question["text"].to_string())
        .collect()
}

struct Storm {
    fleet: Fleet,
    viewers: Viewers,
    votes: usize,
    begun: Instant,
    /// Who comes back when.
    back: BinaryHeap<Reverse<(Instant, usize)>>,
}

impl Storm {
    /// What is due now: votes, returns, and whatever arrives.
    fn turn(&mut self, count: usize) -> anyhow::Result<()> {
        self.fleet.turn(TURN / 10, &mut self.viewers)?;
        self.viewers.roll.check()?;
        for (at, who) in self.viewers.returning.drain(..) {
            self.back.push(Reverse((at, who)));
        }
        while let Some(Reverse((at, who))) = self.back.peek().copied() {
            if at > Instant::now() {
                break;
            }
            self.back.pop();
            self.fleet.open(who)?;
        }
        while self.begun.elapsed().as_secs_f64() * VOTES_PER_S > self.votes as f64 {
            // A viewer votes for one question after the other; who is away votes on returning.
            let (who, question) = (
                self.votes % count,
                1 + (self.votes + self.votes / count) % QUESTIONS,
            );
            self.votes += 1;
            self.viewers.vote(who, question, self.fleet.line(who));
        }
        Ok(())
    }
}
