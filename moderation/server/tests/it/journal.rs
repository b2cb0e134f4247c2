//! One suite for every journal.

use std::sync::Arc;

use pleniere_moderation::journal::{Journal, JournalError, MemoryJournal, Row, SqliteJournal};

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

/// What any journal promises. `reopen` gives another handle to the same store, where the store outlives its handle.
async fn conforms(journal: Arc<dyn Journal>, reopen: Option<&dyn Fn() -> Arc<dyn Journal>>) {
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
        assert!(matches!(
            journal.append(batch).await,
            Err(JournalError::Conflict { .. })
        ));
        assert_eq!(journal.load(0, 10).await.unwrap(), all);
    }
    journal
        .append((4..=2_000).map(row).collect())
        .await
        .unwrap();
    journal.close().await;
    if let Some(reopen) = reopen {
        assert!(matches!(
            journal.append(vec![row(2_001)]).await,
            Err(JournalError::Closed)
        ));
        let again = reopen();
        assert_eq!(again.load(0, 10_000).await.unwrap().len(), 2_000);
        assert_eq!(again.load(1_999, 10).await.unwrap(), [row(2_000)]);
        again.close().await;
    }
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
    conforms(journal, Some(&open)).await;
    neighbour.join().unwrap();
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
