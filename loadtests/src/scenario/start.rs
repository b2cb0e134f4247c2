//! How long a queue takes to be ready again with a million events, and how long votes wait while a snapshot is taken:
//! the library as `serve` opens it, over a journal on disk whose newest snapshot is as old as one can be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use pleniere_moderation::core::{
    Actor, Author, Change, Command, EVENT_VERSION, Event, Moderation, ParticipantId, Policy,
    QuestionId, UnixMs, to_stored,
};
use pleniere_moderation::journal::{Journal as _, Row, SqliteJournal};
use pleniere_moderation::{Hub, Notice, Queue, QueueConfig};
use serde_json::json;
use tokio::sync::mpsc;

use super::Folder;
use crate::result;

const EVENTS: u64 = 1_000_000;
/// After how many of them the snapshot was taken: the next is due after a tenth.
const SNAPSHOT: u64 = 900_000;
const QUESTIONS: u64 = 10_000;
const VOTERS: u64 = 100_000;
/// Votes while the snapshot is taken, and as many once it is: so many, one every so often.
const VOTES: (u64, Duration) = (400, Duration::from_millis(5));
/// The snapshot is taken by then.
const TAKEN: Duration = Duration::from_secs(4);
const NAME: &str = "start";

/// Prints `queue_start_s`, `queue_vote_during_snapshot_ms` and, to compare, `queue_vote_ms`.
///
/// # Errors
/// The journal cannot be written or read.
pub fn run(runs: usize) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(measure(runs))
}

async fn measure(runs: usize) -> anyhow::Result<()> {
    let folder = Folder::new(NAME)?;
    let file = folder.path().join(NAME).join("event.sqlite");
    write(folder.path(), 0..SNAPSHOT).await?;
    let (queue, _notices) = open(folder.path()).await?;
    queue.shutdown().await; // takes the snapshot
    write(folder.path(), SNAPSHOT..EVENTS).await?;

    let (mut starts, mut during, mut after) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let copy = Folder::new(NAME)?;
        std::fs::create_dir_all(copy.path().join(NAME))?;
        std::fs::copy(&file, copy.path().join(NAME).join("event.sqlite"))?;
        let began = Instant::now();
        let (queue, _notices) = open(copy.path()).await?;
        starts.push(began.elapsed().as_secs_f64());
        during.extend(vote(&queue, 2 * VOTERS).await?); // the first vote makes a snapshot due
        tokio::time::sleep(TAKEN).await;
        after.extend(vote(&queue, 3 * VOTERS).await?);
        queue.shutdown().await;
    }
    let conditions = json!({ "events": EVENTS, "questions": QUESTIONS, "voters": VOTERS, "since_snapshot": EVENTS - SNAPSHOT });
    result::print("queue_start_s", "s", &starts, &conditions);
    let conditions = json!({ "votes_per_s": 200, "percentile": 99, "events": EVENTS });
    let names = [
        ("queue_vote_during_snapshot_ms", during),
        ("queue_vote_ms", after),
    ];
    for (name, waits) in &names {
        result::print_percentile(name, "ms", waits, 0.99, &conditions);
    }
    Ok(())
}

async fn open(data: &Path) -> anyhow::Result<(Queue, mpsc::Receiver<Notice>)> {
    let config = QueueConfig {
        dir: data.to_owned(),
        redis: None,
        event: NAME.to_owned(),
        policy: Policy {
            moderation: Moderation::After,
            ..Policy::default()
        },
        sessions: BTreeMap::new(),
        themes: BTreeSet::new(),
        publics: BTreeSet::new(),
        sites: BTreeSet::new(),
        rooms: BTreeMap::new(),
        reserved: BTreeSet::new(),
        connections_per_address: 512,
    };
    Ok(Queue::open(config, Hub::new(tokio::runtime::Handle::current())).await?)
}

/// How long each vote waited for its acknowledgement, in ms. Voters are numbered from `first`.
async fn vote(queue: &Queue, first: u64) -> anyhow::Result<Vec<f64>> {
    let mut pace = tokio::time::interval(VOTES.1);
    let mut waits = Vec::new();
    for n in 0..VOTES.0 {
        pace.tick().await;
        let asked = Instant::now();
        let command = Command::Vote {
            question: QuestionId(n % QUESTIONS + 1),
        };
        queue
            .execute(Actor::Participant(person(first + n)), command)
            .await?;
        waits.push(asked.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(waits)
}

fn person(n: u64) -> ParticipantId {
    ParticipantId(u128::from(n).to_be_bytes())
}

/// Appends these events to the journal, each with an answer to its command.
async fn write(data: &Path, events: std::ops::Range<u64>) -> anyhow::Result<()> {
    std::fs::create_dir_all(data.join(NAME))?;
    let journal = SqliteJournal::open(&data.join(NAME).join("event.sqlite"))?;
    for first in events.clone().step_by(10_000) {
        let rows = (first..events.end.min(first + 10_000)).map(row);
        journal.append(rows.collect::<Result<_, _>>()?).await?;
    }
    journal.close().await;
    Ok(())
}

fn row(n: u64) -> Result<Row, serde_json::Error> {
    let every = EVENTS / QUESTIONS;
    let question = QuestionId(n / every + 1);
    let (who, change) = if n.is_multiple_of(every) {
        let text = format!(
            "Question {question}, de longueur ordinaire : que ferez-vous pour les transports du soir ?"
        );
        let author = Author {
            participant: person(n),
            room: None,
        };
        let asked = Change::Asked {
            question,
            author,
            text,
            name: None,
            show_name: false,
            public: None,
            theme: None,
            site: None,
            lang: None,
            programme_at: None,
            approved: true,
            held: None,
        };
        (person(n), asked)
    } else {
        (person(n % VOTERS + VOTERS), Change::Voted { question })
    };
    let at = UnixMs(1_800_000_000_000 + n as i64);
    let event = Event {
        at,
        by: Actor::Participant(who),
        change,
    };
    Ok(Row {
        seq: n + 1,
        at: at.0,
        version: EVENT_VERSION,
        event: to_stored(&event)?,
        command: Some(u128::from(n).to_be_bytes()),
        answer: Some(format!(
            "{{\"question\":{question},\"votes\":{}}}",
            n % every
        )),
    })
}
