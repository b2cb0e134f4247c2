//! A journal that fails: nothing is acknowledged, nothing is shown, and the queue goes on when it works again.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures_util::future::BoxFuture;
use pleniere_moderation::{
    Hub, Queue, RefusalCode,
    core::{Actor, Ask, Command, ParticipantId, QuestionId, Staff},
    journal::{Durability, Journal, JournalError, MemoryJournal, Row, Snapshot},
};

use serde_json::json;

use crate::house::{House, approved, config};

#[derive(Default)]
struct Flaky {
    inner: MemoryJournal,
    full: AtomicBool,
    unreadable: AtomicBool,
}

impl Journal for Flaky {
    fn load(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<Row>, JournalError>> {
        if self.unreadable.load(Ordering::SeqCst) {
            return Box::pin(async { Err(JournalError::Store("input/output error".to_owned())) });
        }
        self.inner.load(after, limit)
    }

    fn append(&self, rows: Vec<Row>) -> BoxFuture<'_, Result<(), JournalError>> {
        if self.full.load(Ordering::SeqCst) {
            return Box::pin(async { Err(JournalError::Store("disk full".to_owned())) });
        }
        self.inner.append(rows)
    }

    fn snapshot(&self, below: u64) -> BoxFuture<'_, Result<Option<Snapshot>, JournalError>> {
        self.inner.snapshot(below)
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), JournalError>> {
        self.inner.save_snapshot(snapshot)
    }

    fn durability(&self) -> Durability {
        self.inner.durability()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}

fn ask(text: &str) -> (Actor, Command) {
    let ask = Ask {
        text: text.to_owned(),
        ..Ask::default()
    };
    (
        Actor::Participant(ParticipantId([1; 16])),
        Command::Ask(ask),
    )
}

#[tokio::test]
async fn what_was_not_stored_did_not_happen() {
    let journal = Arc::new(Flaky::default());
    let hub = Hub::new(tokio::runtime::Handle::current());
    let dir = tempfile::tempdir().unwrap();
    let (queue, _notices) = Queue::with_journal(config(dir.path()), hub, journal.clone())
        .await
        .unwrap();
    let try_ask = async |text| {
        let (actor, command) = ask(text);
        queue.execute(actor, command).await
    };
    assert_eq!(try_ask("Première").await.unwrap()["id"], 1);

    journal.full.store(true, Ordering::SeqCst);
    let refusal = try_ask("Perdue").await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::Unavailable);
    assert!(refusal.detail.contains("disk full"), "{refusal}");
    let approve = Command::Approve {
        question: QuestionId(2),
        version: 1,
    };
    let unknown = queue
        .execute(
            Actor::Moderator(Staff {
                id: String::new(),
                name: "Anne".into(),
            }),
            approve,
        )
        .await
        .unwrap_err();
    assert_eq!(
        unknown.code,
        RefusalCode::NotFound,
        "the refused question is not there"
    );

    // Not even readable: everything is refused until it is.
    journal.unreadable.store(true, Ordering::SeqCst);
    assert_eq!(
        try_ask("Perdue").await.unwrap_err().code,
        RefusalCode::Unavailable
    );
    assert_eq!(
        try_ask("Perdue").await.unwrap_err().code,
        RefusalCode::Unavailable
    );

    journal.full.store(false, Ordering::SeqCst);
    journal.unreadable.store(false, Ordering::SeqCst);
    assert_eq!(try_ask("Deuxième").await.unwrap()["id"], 2);
    queue.shutdown().await;
    assert_eq!(journal.inner.load(0, 10).await.unwrap().len(), 2);
    assert_eq!(
        try_ask("Trop tard").await.unwrap_err().code,
        RefusalCode::Unavailable
    );
}

#[tokio::test]
async fn votes_that_are_not_stored_are_not_told_with_those_that_are() {
    let dir = tempfile::tempdir().unwrap();
    let journal: Arc<Flaky> = Arc::default();
    let house = House::over(config(dir.path()), journal.clone()).await;
    let (mut anne, _) = house.join(Some("moderator:Anne"), &[]).await;
    let (mut asker, _) = house.join(None, &["public"]).await;
    approved(&mut asker, &mut anne, "Qui paie ?").await;
    asker.until("public", |map| map.contains_key("q/1")).await;
    let vote = |n| {
        let voter = Actor::Participant(ParticipantId([n; 16]));
        let question = QuestionId(1);
        house.queue.execute(voter, Command::Vote { question })
    };
    let fail = |fails| {
        journal.full.store(fails, Ordering::SeqCst);
        journal.unreadable.store(fails, Ordering::SeqCst);
    };
    vote(1).await.unwrap();
    fail(true);
    let refused = vote(2).await.unwrap_err();
    assert_eq!(refused.code, RefusalCode::Unavailable);
    // Votes are gathered for less than this before they are told.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    fail(false);
    anne.done("queue", json!({ "open": false })).await;
    let mut votes = 0;
    while votes == 0 || asker.views["public"].map["queue"]["open"] == true {
        votes = asker.next().await["set"]["q/1"]["votes"]
            .as_u64()
            .unwrap_or(votes);
        assert!(votes < 2, "one is not stored");
    }
}
