//! One suite for every journal.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use pleniere_moderation::journal::{
    Durability, Journal, JournalError, MemoryJournal, RedisJournal, Row, Snapshot, SqliteJournal,
};

use crate::redis::Redis;

fn row(seq: u64) -> Row {
    Row {
        seq,
        at: 1,
        version: 1,
        event: format!("{{\"n\":{seq}}}"),
        command: None,
        answer: None,
    }
}

fn snapshot(seq: u64, size: usize) -> Snapshot {
    let bytes = (0..size).map(|at| (at as u64 * seq / 7) as u8).collect();
    Snapshot {
        seq,
        version: 3,
        bytes,
    }
}

type Reopen<'a> = &'a dyn Fn() -> BoxFuture<'a, Arc<dyn Journal>>;

/// What any journal promises. `reopen` gives another handle to the same store, where the store outlives its handle.
async fn conforms(journal: Arc<dyn Journal>, reopen: Option<Reopen<'_>>) {
    assert_eq!(journal.load(0, 10).await.unwrap(), []);
    let marked = Row {
        command: Some([7; 16]),
        answer: Some("{}".to_owned()),
        ..row(2)
    };
    journal.append(vec![row(1), marked.clone()]).await.unwrap();
    journal.append(vec![row(3)]).await.unwrap();
    let all = [row(1), marked, row(3)];
    assert_eq!(journal.load(0, 10).await.unwrap(), all);
    assert_eq!(journal.load(1, 1).await.unwrap(), all[1..2]);
    assert_eq!(journal.load(3, 10).await.unwrap(), []);

    // A batch that does not fit is not taken, not even in part.
    for batch in [
        vec![row(3)],
        vec![row(4), row(4)],
        vec![row(5)],
        vec![row(4), row(6)],
    ] {
        let refused = journal.append(batch).await;
        assert!(
            matches!(refused, Err(JournalError::Conflict { .. })),
            "{refused:?}"
        );
        assert_eq!(journal.load(0, 10).await.unwrap(), all);
    }
    journal
        .append((4..=2_000).map(row).collect())
        .await
        .unwrap();
    keeps_snapshots(&*journal).await;
    journal.close().await;
    if let Some(reopen) = reopen {
        let again = reopen().await;
        assert_eq!(again.load(0, 10_000).await.unwrap().len(), 2_000);
        assert_eq!(again.load(1_999, 10).await.unwrap(), [row(2_000)]);
        assert_eq!(
            again.snapshot(u64::MAX).await.unwrap(),
            Some(snapshot(30, 700_000))
        );
        again.append(vec![row(2_001)]).await.unwrap();
        again.close().await;
    }
}

/// The two newest, whole, whatever their size.
async fn keeps_snapshots(journal: &dyn Journal) {
    assert_eq!(journal.snapshot(u64::MAX).await.unwrap(), None);
    for (seq, size) in [(10, 3), (20, 1_000_000), (30, 5), (30, 700_000)] {
        journal.save_snapshot(snapshot(seq, size)).await.unwrap();
        assert_eq!(
            journal.snapshot(u64::MAX).await.unwrap(),
            Some(snapshot(seq, size))
        );
    }
    assert_eq!(
        journal.snapshot(30).await.unwrap(),
        Some(snapshot(20, 1_000_000))
    );
    assert_eq!(
        journal.snapshot(20).await.unwrap(),
        None,
        "the oldest is gone"
    );
}

#[tokio::test]
async fn memory_conforms() {
    conforms(Arc::new(MemoryJournal::default()), None).await;
}

#[tokio::test]
async fn sqlite_conforms_beside_another_writer_of_the_same_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("event.sqlite");
    let open = || -> Arc<dyn Journal> { Arc::new(SqliteJournal::open(&path).unwrap()) };
    let reopen = || -> BoxFuture<'_, Arc<dyn Journal>> { Box::pin(async { open() }) };
    let journal = open();

    let beside = rusqlite::Connection::open(&path).unwrap();
    beside
        .busy_timeout(std::time::Duration::from_secs(5))
        .unwrap();
    beside
        .execute_batch("CREATE TABLE timeline_entry (at INTEGER)")
        .unwrap();
    let neighbour = std::thread::spawn(move || {
        for at in 0..200 {
            beside
                .execute("INSERT INTO timeline_entry VALUES (?1)", [at])
                .unwrap();
        }
    });
    conforms(Arc::clone(&journal), Some(&reopen)).await;
    let closed = journal.append(vec![row(2_002)]).await;
    assert!(matches!(closed, Err(JournalError::Closed)));
    neighbour.join().unwrap();
    let left = rusqlite::Connection::open(&path).unwrap();
    let count = "SELECT count(DISTINCT seq) FROM question_snapshot_piece";
    let kept: i64 = left.query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 2, "pieces of old snapshots are removed");
}

#[tokio::test]
async fn redis_conforms() {
    let server = Redis::start("always");
    let url = server.url();
    let reopen = || -> BoxFuture<'_, Arc<dyn Journal>> {
        Box::pin(async {
            Arc::new(RedisJournal::open(&url, "e").await.unwrap()) as Arc<dyn Journal>
        })
    };
    let other = RedisJournal::open(&url, "other").await.unwrap();
    other.append(vec![row(1)]).await.unwrap();
    conforms(reopen().await, Some(&reopen)).await;
    assert_eq!(
        other.load(0, 10).await.unwrap(),
        [row(1)],
        "events do not mix"
    );
    let mut connection = redis::Client::open(&*url)
        .unwrap()
        .get_connection()
        .unwrap();
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg("*:snapshot:*")
        .query(&mut connection)
        .unwrap();
    assert_eq!(keys.len(), 2, "pieces of old snapshots are removed");
}

#[tokio::test]
async fn nodes_on_one_redis_take_turns_and_hear_of_each_other() {
    let server = Redis::start("always");
    let (a, b) = (
        RedisJournal::open(&server.url(), "e").await.unwrap(),
        RedisJournal::open(&server.url(), "e").await.unwrap(),
    );
    let (first, second) = (a.shared().unwrap(), b.shared().unwrap());
    assert_eq!(first.turn(0, 10).await.unwrap(), []);
    let waits = second.turn(0, 10);
    let writes = async {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        a.append(vec![row(1)]).await.unwrap();
    };
    let (rows, ()) = tokio::join!(waits, writes);
    assert_eq!(rows.unwrap(), [row(1)], "it waited for the other's row");
    // The other dies in its turn: the turn ends by itself. Late as it is, it cannot write past what came since.
    assert_eq!(first.turn(1, 10).await.unwrap(), []);
    a.append(vec![row(2)]).await.unwrap();
    assert!(matches!(
        b.append(vec![row(2)]).await,
        Err(JournalError::Conflict { seq: 2 })
    ));
    second.news(1).await;
    assert_eq!(b.load(1, 10).await.unwrap(), [row(2)]);
}

#[tokio::test]
async fn redis_says_what_it_loses_and_is_refused_where_anybody_can_write() {
    for (sync, durability) in [
        ("always", Durability::Always),
        ("everysec", Durability::EverySecond),
        ("no", Durability::None),
    ] {
        let server = Redis::start(sync);
        let journal = RedisJournal::open(&server.url(), "e").await.unwrap();
        assert_eq!(journal.durability(), durability, "{sync}");
        if sync == "always" {
            server.by_hand(&[
                "ACL",
                "SETUSER",
                "app",
                "on",
                ">hush-hush",
                "~pleniere:*",
                "+@all",
                "-@dangerous",
            ]);
            let known = server.url().replace("//", "//app:hush-hush@");
            let journal = RedisJournal::open(&known, "e").await.unwrap();
            assert_eq!(
                journal.durability(),
                Durability::Unknown,
                "it may not ask for settings"
            );
            journal.append(vec![row(1)]).await.unwrap();
            let rights = [
                "+@read",
                "+@write",
                "+@connection",
                "+@scripting",
                "+info",
                "+config|get",
            ]; // as documented
            let user = ["ACL", "SETUSER", "least", "on", ">hush", "~pleniere:*"];
            server.by_hand(&[&user[..], &rights].concat());
            let least = server.url().replace("//", "//least:hush@");
            let journal = RedisJournal::open(&least, "least").await.unwrap();
            assert_eq!(journal.durability(), Durability::Always);
            conforms(Arc::new(journal), None).await;
            let wrong = server.url().replace("//", "//app:hush@");
            let error = RedisJournal::open(&wrong, "e")
                .await
                .err()
                .unwrap()
                .to_string();
            assert!(
                error.contains("name and password") && !error.contains("hush"),
                "{error}"
            );
        }
    }
    for open in [
        "redis://192.0.2.7",
        "redis://questions.example",
        "rediss://192.0.2.7",
        "redis://name:@192.0.2.7",
    ] {
        let error = RedisJournal::open(open, "e")
            .await
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("has no password"), "{open}: {error}");
    }
    let error = RedisJournal::open("localhost", "e")
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("redis://"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("event.sqlite");
    std::fs::write(
        &path,
        "this is not a database, it is a text that happens to lie here. ".repeat(40),
    )
    .unwrap();
    let Err(error) = SqliteJournal::open(&path) else {
        panic!("it was taken")
    };
    assert!(error.to_string().contains("event.sqlite"), "{error}");
}
