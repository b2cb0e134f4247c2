//! The timeline's journal: SQLite, one writer thread, many entries to one commit. Owns the table `timeline` of the event's
//! database and the copy of it in memory; decides nothing.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, mpsc};
use std::thread::JoinHandle;

use pleniere_media_core::timeline::{Entry, Stamped};
use rusqlite::{Connection, params};
use tokio::sync::oneshot;

/// Entries waiting for the disk. Full = a command waits, an observation is dropped and said so in the log.
const WAITING: usize = 1024;
/// Most entries written in one commit.
const BATCH: usize = 256;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS timeline (
    id      INTEGER PRIMARY KEY AUTOINCREMENT, -- rises with each entry; a scene's id is its entry's
    at      INTEGER NOT NULL,                  -- programme time, milliseconds since 1970
    version INTEGER NOT NULL,                  -- of the words in `entry`; 1
    entry   TEXT    NOT NULL                   -- JSON, `media/core` timeline::Entry
) STRICT;
";

/// Why an entry is not on disk.
#[derive(Clone, Debug, thiserror::Error)]
pub enum JournalError {
    /// SQLite refused.
    #[error("the event's journal could not be written: {0}")]
    Sqlite(String),
    /// The writer is gone.
    #[error("the event's journal is closed")]
    Closed,
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error.to_string())
    }
}

struct Waiting {
    at: i64,
    entry: Entry,
    done: Option<oneshot::Sender<Result<Stamped, JournalError>>>,
}

/// The journal of one event.
#[derive(Clone)]
pub(crate) struct Journal {
    writer: mpsc::SyncSender<Waiting>,
    entries: Arc<RwLock<Vec<Stamped>>>,
}

impl Journal {
    /// Opens the database and reads every entry; the thread ends when the last handle is dropped.
    pub(crate) fn open(path: &Path) -> Result<(Self, JoinHandle<()>), JournalError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(SCHEMA)?;
        let entries = Arc::new(RwLock::new(read(&connection)?));
        let (writer, waiting) = mpsc::sync_channel(WAITING);
        let shared = entries.clone();
        let thread = std::thread::Builder::new()
            .name("timeline".into())
            .spawn(move || run(connection, &waiting, &shared))
            .map_err(|error| JournalError::Sqlite(error.to_string()))?;
        Ok((Self { writer, entries }, thread))
    }

    /// Writes an entry and waits until it is on disk.
    pub(crate) async fn commit(&self, at: i64, entry: Entry) -> Result<Stamped, JournalError> {
        let (done, written) = oneshot::channel();
        let mut waiting = Waiting {
            at,
            entry,
            done: Some(done),
        };
        while let Err(full) = self.writer.try_send(waiting) {
            match full {
                mpsc::TrySendError::Full(back) => waiting = back,
                mpsc::TrySendError::Disconnected(_) => return Err(JournalError::Closed),
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        written.await.map_err(|_| JournalError::Closed)?
    }

    /// Writes an observation, soon; never waits.
    pub(crate) fn observe(&self, at: i64, entry: Entry) {
        if self
            .writer
            .try_send(Waiting {
                at,
                entry,
                done: None,
            })
            .is_err()
        {
            tracing::error!("the timeline's journal does not keep up: an entry was dropped");
        }
    }

    /// Every entry on disk, oldest first.
    pub(crate) fn entries(&self) -> Vec<Stamped> {
        self.entries
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn read(connection: &Connection) -> Result<Vec<Stamped>, JournalError> {
    let mut statement = connection.prepare("SELECT id, at, entry FROM timeline ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get::<_, String>(2)?))
    })?;
    let mut entries = Vec::new();
    for row in rows {
        let (id, at, text) = row?;
        match serde_json::from_str(&text) {
            Ok(entry) => entries.push(Stamped {
                id: id.unsigned_abs(),
                at,
                entry,
            }),
            Err(error) => {
                tracing::warn!(id, %error, "a timeline entry of another version is skipped")
            }
        }
    }
    Ok(entries)
}

fn run(
    mut connection: Connection,
    waiting: &mpsc::Receiver<Waiting>,
    entries: &RwLock<Vec<Stamped>>,
) {
    while let Ok(first) = waiting.recv() {
        let mut batch = vec![first];
        batch.extend(waiting.try_iter().take(BATCH - 1));
        let written = write(&mut connection, &batch);
        if let Err(error) = &written {
            tracing::error!(%error, "the timeline's journal failed");
        }
        for (n, Waiting { at, entry, done }) in batch.into_iter().enumerate() {
            let outcome = written.as_ref().map_err(Clone::clone).and_then(|ids| {
                let id = *ids.get(n).ok_or(JournalError::Closed)?;
                Ok(Stamped { id, at, entry })
            });
            if let Ok(stamped) = &outcome {
                entries
                    .write()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(stamped.clone());
            }
            // A caller that gave up does not need to hear.
            let _ = done.map(|done| done.send(outcome));
        }
    }
}

fn write(connection: &mut Connection, batch: &[Waiting]) -> Result<Vec<u64>, JournalError> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut ids = Vec::with_capacity(batch.len());
    {
        let mut insert = transaction
            .prepare_cached("INSERT INTO timeline (at, version, entry) VALUES (?1, 1, ?2)")?;
        for Waiting { at, entry, .. } in batch {
            let text = serde_json::to_string(entry)
                .map_err(|error| JournalError::Sqlite(error.to_string()))?;
            insert.execute(params![at, text])?;
            ids.push(transaction.last_insert_rowid().unsigned_abs());
        }
    }
    transaction.commit()?;
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pleniere_media_core::timeline::Phase;

    #[tokio::test]
    async fn what_was_committed_is_read_back_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("event.sqlite");
        let (journal, thread) = Journal::open(&path).unwrap();
        let first = journal
            .commit(10, Entry::Phase { to: Phase::Live })
            .await
            .unwrap();
        journal.observe(11, Entry::Masked { on: true });
        let second = journal
            .commit(12, Entry::Masked { on: false })
            .await
            .unwrap();
        assert_eq!((first.id, second.id), (1, 3));
        drop(journal);
        thread.join().unwrap();
        let (journal, _thread) = Journal::open(&path).unwrap();
        let entries = journal.entries();
        assert_eq!(entries.len(), 3);
        assert_eq!(entries[2], second);
    }

    #[tokio::test]
    async fn many_at_once_are_all_written_with_their_own_ids() {
        let dir = tempfile::tempdir().unwrap();
        let (journal, _thread) = Journal::open(&dir.path().join("event.sqlite")).unwrap();
        let tasks: Vec<_> = (0..2000)
            .map(|n| {
                let journal = journal.clone();
                tokio::spawn(async move {
                    journal
                        .commit(n, Entry::QuestionOff { question: 1 })
                        .await
                        .unwrap()
                })
            })
            .collect();
        let mut ids = Vec::new();
        for task in tasks {
            let stamped = task.await.unwrap();
            ids.push(stamped.id);
        }
        ids.sort_unstable();
        assert_eq!(ids, (1..=2000).collect::<Vec<_>>());
    }
}
