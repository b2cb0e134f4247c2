//! Starting: from a snapshot and what came after it, from all rows when there is none that can be read, and not at all
//! over a journal that cannot be trusted.

use std::{path::Path, sync::Arc};

use futures_util::future::join_all;
use pleniere_moderation::{
    Hub, OpenError, Queue, QueueConfig,
    core::{Actor, Ask, Command, Moderation, ParticipantId, Policy, QuestionId},
    journal::{Journal, MemoryJournal, Row},
};
use serde_json::{Value, json};

use crate::house::{EVENT, Entries, House, config};

fn person(n: u64) -> Actor {
    Actor::Participant(ParticipantId((n as u128).to_be_bytes()))
}

/// Questions public at once.
fn open_queue(dir: &Path) -> QueueConfig {
    let before = config(dir);
    let policy = Policy {
        moderation: Moderation::After,
        ..before.policy.clone()
    };
    QueueConfig { policy, ..before }
}

/// Asks `questions` times and votes `votes` times, by different people.
async fn be_busy(queue: &Queue, questions: u64, votes: u64) {
    for n in 0..questions {
        let ask = Ask {
            text: format!("Question {n} ?"),
            ..Ask::default()
        };
        queue.execute(person(n), Command::Ask(ask)).await.unwrap();
    }
    for first in (0..votes).step_by(1_000) {
        let votes = (first..votes.min(first + 1_000)).map(|n| {
            let question = QuestionId(n % questions + 1);
            queue.execute(person(1_000_000 + n), Command::Vote { question })
        });
        for vote in join_all(votes).await {
            vote.unwrap();
        }
    }
}

fn database(dir: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(dir.join(EVENT).join("event.sqlite")).unwrap()
}

/// What a moderator sees, once it shows so many votes.
async fn seen(house: &House, votes: u64) -> Vec<(String, Value)> {
    let (mut moderator, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
    let counted = |map: &Entries| -> u64 {
        map.values()
            .filter_map(|value| value["votes"].as_u64())
            .sum()
    };
    let view = moderator
        .until("moderation", |map| counted(map) == votes)
        .await;
    let questions = view
        .map
        .iter()
        .filter(|(key, _)| key.starts_with("q/") || *key == "balance");
    questions
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

#[tokio::test]
async fn a_start_goes_on_from_the_snapshot_of_the_last_close() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::with(open_queue(dir.path())).await;
    let (mut asker, welcome) = house.join(None, &["mine"]).await;
    be_busy(&house.queue, 20, 3_000).await;
    let asked = asker
        .act_as("ask", json!({ "text": "Une fois ?" }), "same")
        .await;
    let before = seen(&house, 3_000).await;
    house.queue.shutdown().await;

    // Everything the snapshot stands for but its last row may be gone: nobody reads it.
    let sql = "DELETE FROM question_event WHERE seq < (SELECT max(seq) FROM question_snapshot)";
    assert_eq!(database(dir.path()).execute(sql, []).unwrap(), 3_020);
    let house = House::with(open_queue(dir.path())).await;
    assert_eq!(seen(&house, 3_000).await, before);
    let hello = json!({ "participant": welcome["participant"], "topics": [{ "topic": "mine" }] });
    let (mut asker, _) = house.join_with(hello).await;
    assert_eq!(
        asker
            .act_as("ask", json!({ "text": "Une fois ?" }), "same")
            .await,
        asked
    );
    assert_eq!(
        asker.done("ask", json!({ "text": "Et encore ?" })).await["id"],
        22
    );
}

#[tokio::test]
async fn a_snapshot_is_taken_while_commands_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::with(open_queue(dir.path())).await;
    be_busy(&house.queue, 20, 21_000).await;
    let taken = || {
        let count = "SELECT count(*) FROM question_snapshot";
        database(dir.path())
            .query_row(count, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while taken() == 0 {
        assert!(std::time::Instant::now() < until, "none was taken");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_read_is_passed_over() {
    let spoilt = [
        "UPDATE question_snapshot_piece SET bytes = zeroblob(length(bytes))",
        "UPDATE question_snapshot SET version = 999",
        "DELETE FROM question_snapshot_piece",
        "UPDATE question_snapshot SET seq = seq + 1000",
    ];
    for spoil in spoilt {
        let dir = tempfile::tempdir().unwrap();
        let house = House::with(open_queue(dir.path())).await;
        be_busy(&house.queue, 5, 1_200).await;
        let before = seen(&house, 1_200).await;
        house.queue.shutdown().await;
        assert!(database(dir.path()).execute(spoil, []).unwrap() > 0);
        let house = House::with(open_queue(dir.path())).await;
        assert_eq!(seen(&house, 1_200).await, before, "{spoil}");
        let (mut asker, _) = house.join(None, &[]).await;
        assert_eq!(
            asker.done("ask", json!({ "text": "Et après ?" })).await["id"],
            6
        );
    }
}

async fn refused(rows: Vec<Row>) -> OpenError {
    let journal = Arc::new(MemoryJournal::default());
    journal.append(rows).await.unwrap();
    let hub = Hub::new(tokio::runtime::Handle::current());
    let opened = Queue::with_journal(config(Path::new("")), hub, journal).await;
    opened.err().unwrap()
}

#[tokio::test]
async fn rows_that_cannot_be_trusted_are_named_with_a_remedy() {
    let row = |seq, event: &str| Row {
        seq,
        at: 1,
        version: 1,
        event: event.to_owned(),
        command: None,
        answer: None,
    };
    let good =
        r#"{"at":1,"by":"system","change":{"air_seen":{"question":1,"at":99,"shown":true}}}"#;
    let error = refused(vec![row(1, good), row(2, "rubbish")])
        .await
        .to_string();
    assert!(
        error.contains("row 2") && error.contains("backup"),
        "{error}"
    );

    let dir = tempfile::tempdir().unwrap();
    let house = House::with(open_queue(dir.path())).await;
    be_busy(&house.queue, 5, 10).await;
    house.queue.shutdown().await;
    for (spoil, named) in [
        ("DELETE FROM question_event WHERE seq = 7", "row 7"),
        (
            "UPDATE question_event SET event = CAST(x'ff' AS TEXT) WHERE seq = 3",
            "row 3",
        ),
    ] {
        database(dir.path()).execute(spoil, []).unwrap();
        let hub = Hub::new(tokio::runtime::Handle::current());
        let error = Queue::open(open_queue(dir.path()), hub)
            .await
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(named) && error.contains("backup"), "{error}");
    }
}
