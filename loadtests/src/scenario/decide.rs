//! What deciding costs, without a server around it: a hundred thousand questions and nine hundred thousand votes, and the
//! sum of them written and read again. Processor time of the thread alone: other work on the machine counts little.

use std::fs;

use anyhow::{Context as _, ensure};
use pleniere_moderation::core::{
    Actor, Ask, Catalogue, Command, Moderation, ParticipantId, Policy, QuestionId, State, UnixMs,
    apply, decide,
};
use serde_json::json;

use crate::result;

const QUESTIONS: u64 = 100_000;
const VOTES: u64 = 900_000;
/// They vote nine times each.
const VOTERS: u64 = 100_000;

/// What one life of a large event came to.
struct Round {
    ask_us: f64,
    vote_us: f64,
    snapshot_ms: f64,
    load_ms: f64,
    kilobytes: f64,
}

/// Prints `decide_ask_us`, `decide_vote_us`, `decide_snapshot_ms` and `decide_load_ms`.
///
/// # Errors
/// A command is refused, or what is read is not what was written.
pub fn run(runs: usize) -> anyhow::Result<()> {
    let rounds = (0..runs)
        .map(|_| measure())
        .collect::<anyhow::Result<Vec<_>>>()?;
    let column = |figure: fn(&Round) -> f64| rounds.iter().map(figure).collect::<Vec<_>>();
    let kilobytes = result::median(&column(|round| round.kilobytes));
    let conditions = json!({
        "questions": QUESTIONS, "votes": VOTES, "voters": VOTERS, "snapshot_kilobytes": kilobytes,
        "time": "of the processor, of one thread", "checked": "the state read equals the one written",
    });
    let (ask, vote) = (column(|round| round.ask_us), column(|round| round.vote_us));
    result::print("decide_ask_us", "us", &ask, &conditions);
    result::print("decide_vote_us", "us", &vote, &conditions);
    let snapshot = column(|round| round.snapshot_ms);
    result::print("decide_snapshot_ms", "ms", &snapshot, &conditions);
    let load = column(|round| round.load_ms);
    result::print("decide_load_ms", "ms", &load, &conditions);
    Ok(())
}

fn measure() -> anyhow::Result<Round> {
    let policy = Policy {
        moderation: Moderation::After,
        ..Policy::default()
    };
    let mut state = State::new(policy.clone(), Catalogue::default());
    let begun = busy_s()?;
    for n in 0..QUESTIONS {
        let ask = Ask {
            text: format!("Une question d'une longueur ordinaire, la numéro {n} ?"),
            ..Ask::default()
        };
        act(&mut state, n, Command::Ask(ask))?;
    }
    let asked = busy_s()?;
    for n in 0..VOTES {
        let question = QuestionId(1 + n * 7_919 % QUESTIONS);
        let voter = 2 * QUESTIONS + n / 9 % VOTERS;
        act(&mut state, voter, Command::Vote { question })?;
    }
    let voted = busy_s()?;
    let bytes = state.to_snapshot();
    let written = busy_s()?;
    let read = State::from_snapshot(&bytes, policy, Catalogue::default())?;
    let done = busy_s()?;
    ensure!(read == state, "another state was read than was written");
    Ok(Round {
        ask_us: (asked - begun) * 1e6 / QUESTIONS as f64,
        vote_us: (voted - asked) * 1e6 / VOTES as f64,
        snapshot_ms: (written - voted) * 1e3,
        load_ms: (done - written) * 1e3,
        kilobytes: (bytes.len() / 1024) as f64,
    })
}

fn act(state: &mut State, who: u64, command: Command) -> anyhow::Result<()> {
    let events = decide(state, command, &person(who), UnixMs(1_000))?;
    events.iter().for_each(|event| apply(state, event));
    Ok(())
}

/// Spread, so that no tree is filled in order.
fn person(n: u64) -> Actor {
    let spread = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Actor::Participant(ParticipantId((u128::from(spread) << 64).to_be_bytes()))
}

/// How long this thread was on a processor (proc(5)).
fn busy_s() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat")?;
    let busy_ns = stat.split(' ').next().context("no time of the thread")?;
    Ok(busy_ns.parse::<f64>()? / 1e9)
}
