//! What happened, to one question or of late, is looked up in a long journal without reading it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use futures_util::future::{BoxFuture, join_all};
use pleniere_moderation::{
    core::{Actor, Command, ParticipantId, QuestionId},
    journal::{Durability, Journal, JournalError, MemoryJournal, Row, Snapshot},
};
use serde_json::{Value, json};

use crate::house::{Client, House, config};

/// Counts the rows that are read.
#[derive(Default)]
struct Counting {
    journal: MemoryJournal,
    read: AtomicUsize,
}

impl Journal for Counting {
    fn load(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<Row>, JournalError>> {
        Box::pin(async move {
            let rows = self.journal.load(after, limit).await?;
            self.read.fetch_add(rows.len(), SeqCst);
            Ok(rows)
        })
    }

    fn append(&self, rows: Vec<Row>) -> BoxFuture<'_, Result<(), JournalError>> {
        self.journal.append(rows)
    }

    fn snapshot(&self, below: u64) -> BoxFuture<'_, Result<Option<Snapshot>, JournalError>> {
        self.journal.snapshot(below)
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), JournalError>> {
        self.journal.save_snapshot(snapshot)
    }

    fn durability(&self) -> Durability {
        self.journal.durability()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.journal.close()
    }
}

async fn vote(house: &House, voters: std::ops::Range<u64>) {
    let question = QuestionId(1);
    let votes = voters.map(|n| {
        let voter = Actor::Participant(ParticipantId((n as u128).to_be_bytes()));
        house.queue.execute(voter, Command::Vote { question })
    });
    for voted in join_all(votes).await {
        voted.unwrap();
    }
}

/// What happened to a question, and how many rows were read to know it.
async fn history(journal: &Counting, moderator: &mut Client, id: u64) -> (Vec<Value>, usize) {
    let before = journal.read.load(SeqCst);
    let answer = moderator.done("history", json!({ "question": id })).await;
    let entries = answer["entries"].as_array().unwrap().iter();
    let told = entries.map(|entry| json!([entry["seq"], entry["what"]]));
    (told.collect(), journal.read.load(SeqCst) - before)
}

/// What happened before a row, and how many rows were read to know it.
async fn older(journal: &Counting, moderator: &mut Client, end: u64) -> (Vec<Value>, usize) {
    let before = journal.read.load(SeqCst);
    let answer = moderator.done("history", json!({ "before": end })).await;
    let told = answer["entries"].as_array().unwrap().clone();
    (told, journal.read.load(SeqCst) - before)
}

#[tokio::test]
async fn only_what_is_told_is_read_for_a_history_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let journal: Arc<Counting> = Arc::default();
    let house = House::over(config(dir.path()), journal.clone()).await;
    let (mut anne, _) = house.join(Some("moderator:Anne"), &[]).await;
    let (mut asker, _) = house.join(Some("site:nancy"), &[]).await;
    for text in ["Qui paie ?", "Et qui paie ?"] {
        asker.done("ask", json!({ "text": text })).await;
    }
    anne.done("approve", json!({ "question": 1, "version": 1 }))
        .await;
    vote(&house, 0..2_000).await;
    anne.done("note", json!({ "question": 1, "text": "la région" }))
        .await;
    let merge = json!({ "question": 2, "version": 1, "into": 1 });
    anne.done("merge", merge).await;
    vote(&house, 2_000..4_000).await;

    let asked_and_done = vec![
        json!([1, "asked"]),
        json!([3, "approved"]),
        json!([2_004, "noted"]),
        json!([2_005, "merged"]),
    ];
    let (told, read) = history(&journal, &mut anne, 1).await;
    assert_eq!(told, asked_and_done);
    assert!(read < 10, "{read} rows of 4,005");
    let (told, _) = history(&journal, &mut anne, 2).await;
    assert_eq!(told, [json!([2, "asked"]), json!([2_005, "merged"])]);
    assert!(history(&journal, &mut anne, 9).await.0.is_empty());
    house.queue.shutdown().await;

    let before = journal.read.load(SeqCst);
    let house = House::over(config(dir.path()), journal.clone()).await;
    let (mut anne, _) = house.join(Some("moderator:Anne"), &[]).await;
    let starting = journal.read.load(SeqCst) - before;
    // The row the snapshot stands for, and what the topic `journal` begins with: not the votes.
    assert!(starting < 10, "{starting} rows of 4,005");
    let (told, read) = older(&journal, &mut anne, 2_005).await;
    assert_eq!(told.len(), 4, "asked, asked, approved, noted");
    assert!(read < 10, "{read} rows of 4,005");
    anne.done("note", json!({ "question": 1, "text": "vu" }))
        .await;
    let (told, read) = history(&journal, &mut anne, 1).await;
    assert_eq!(told[..4], asked_and_done);
    assert_eq!(told[4..], [json!([4_006, "noted"])]);
    assert!(read < 10, "{read} rows of 4,006");
}
