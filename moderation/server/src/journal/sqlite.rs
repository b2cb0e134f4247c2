//! The embedded journal: SQLite in write-ahead mode, synced on every commit, written by one thread.
//!
//! The file is the event's; other parts of the program keep tables of their own in it through their own connection,
//! so every statement may have to wait for them (busy timeout) and every write transaction takes the lock at once.

use std::{
    path::Path,
    sync::{Mutex, PoisonError, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use futures_util::future::BoxFuture;
use rusqlite::{Connection, ErrorCode, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::{Journal, JournalError, Row};

/// How long a statement waits for another connection's transaction before it fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Jobs that wait for the thread; the queue sends one batch at a time, so this is never reached in practice. When it
/// is, the sender is told the journal is unavailable.
const JOBS: usize = 64;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS question_event (
  seq     INTEGER PRIMARY KEY,  -- order of the events, from 1 without a hole
  at      INTEGER NOT NULL,     -- wall clock of the decision, milliseconds since 1970
  version INTEGER NOT NULL,     -- form of the column event; older forms are lifted when read
  event   TEXT    NOT NULL,     -- what happened, JSON; participants only as digests
  command BLOB,                 -- on a command's last event: digest of its sender and id, against doing it twice
  answer  TEXT                  -- beside it: what the sender was answered, JSON
) STRICT;";

enum Job {
    Load {
        after: u64,
        limit: usize,
        answer: oneshot::Sender<Result<Vec<Row>, JournalError>>,
    },
    Append {
        rows: Vec<Row>,
        answer: oneshot::Sender<Result<(), JournalError>>,
    },
}

/// Handle to the writer thread of one file.
pub struct SqliteJournal {
    jobs: Mutex<Option<mpsc::SyncSender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl SqliteJournal {
    /// Opens or creates the file and its tables. Blocks on the disk.
    ///
    /// # Errors
    /// [`JournalError::Store`] when the file cannot be opened or is not ours.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let connection = connect(path)
            .map_err(|error| JournalError::Store(format!("{}: {error}", path.display())))?;
        let (jobs, inbox) = mpsc::sync_channel(JOBS);
        let path = path.to_owned();
        let thread = std::thread::Builder::new()
            .name("question-journal".to_owned())
            .spawn(move || serve(connection, &inbox, &path))
            .map_err(|error| JournalError::Store(error.to_string()))?;
        Ok(Self {
            jobs: Mutex::new(Some(jobs)),
            thread: Mutex::new(Some(thread)),
        })
    }

    fn send<T: Send + 'static>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, JournalError>>) -> Job,
    ) -> BoxFuture<'_, Result<T, JournalError>> {
        let (answer, wait) = oneshot::channel();
        let sent = {
            let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            jobs.as_ref().map(|jobs| jobs.try_send(job(answer)))
        };
        Box::pin(async move {
            match sent {
                Some(Ok(())) => wait.await.unwrap_or(Err(JournalError::Closed)),
                Some(Err(mpsc::TrySendError::Full(_))) => {
                    Err(JournalError::Store("too many jobs wait".to_owned()))
                }
                Some(Err(mpsc::TrySendError::Disconnected(_))) | None => Err(JournalError::Closed),
            }
        })
    }
}

impl Journal for SqliteJournal {
    fn load(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<Row>, JournalError>> {
        self.send(|answer| Job::Load {
            after,
            limit,
            answer,
        })
    }

    fn append(&self, rows: Vec<Row>) -> BoxFuture<'_, Result<(), JournalError>> {
        self.send(|answer| Job::Append { rows, answer })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        drop(
            self.jobs
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        Box::pin(async move {
            if let Some(thread) = thread {
                let joined = tokio::task::spawn_blocking(move || thread.join().is_ok()).await;
                if !matches!(joined, Ok(true)) {
                    tracing::error!("the journal's thread ended badly");
                }
            }
        })
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL, not NORMAL: in write-ahead mode NORMAL may lose the last commits when the power goes.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

fn serve(mut connection: Connection, inbox: &mpsc::Receiver<Job>, path: &Path) {
    while let Ok(job) = inbox.recv() {
        // A receiver that went away is no reason to stop: the rows are stored either way.
        match job {
            Job::Load {
                after,
                limit,
                answer,
            } => {
                let _ = answer
                    .send(load(&connection, after, limit).map_err(|error| store(path, &error)));
            }
            Job::Append { rows, answer } => {
                let _ = answer.send(append(&mut connection, &rows, path));
            }
        }
    }
}

fn store(path: &Path, error: &rusqlite::Error) -> JournalError {
    JournalError::Store(format!("{}: {error}", path.display()))
}

fn load(connection: &Connection, after: u64, limit: usize) -> rusqlite::Result<Vec<Row>> {
    let mut select = connection.prepare_cached(
        "SELECT seq, at, version, event, command, answer FROM question_event WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    )?;
    let rows = select.query_map(
        params![after as i64, i64::try_from(limit).unwrap_or(i64::MAX)],
        |row| {
            Ok(Row {
                seq: row.get::<_, i64>(0)? as u64,
                at: row.get(1)?,
                version: row.get(2)?,
                event: row.get(3)?,
                command: row.get(4)?,
                answer: row.get(5)?,
            })
        },
    )?;
    rows.collect()
}

fn append(connection: &mut Connection, rows: &[Row], path: &Path) -> Result<(), JournalError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| store(path, &error))?;
    {
        // The primary key catches a second writer that is ahead; this also catches one that is behind.
        let last: i64 = transaction
            .query_row(
                "SELECT coalesce(max(seq), 0) FROM question_event",
                [],
                |row| row.get(0),
            )
            .map_err(|error| store(path, &error))?;
        if let Some((row, _)) = rows
            .iter()
            .zip(last as u64 + 1..)
            .find(|(row, seq)| row.seq != *seq)
        {
            return Err(JournalError::Conflict { seq: row.seq });
        }
        let mut insert = transaction
            .prepare_cached(
                "INSERT INTO question_event (seq, at, version, event, command, answer) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )
            .map_err(|error| store(path, &error))?;
        for row in rows {
            insert
                .execute(params![
                    row.seq as i64,
                    row.at,
                    row.version,
                    row.event,
                    row.command,
                    row.answer
                ])
                .map_err(|error| refused(path, row.seq, &error))?;
        }
    }
    transaction.commit().map_err(|error| store(path, &error))
}

fn refused(path: &Path, seq: u64, error: &rusqlite::Error) -> JournalError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => JournalError::Conflict { seq },
        _ => store(path, error),
    }
}
