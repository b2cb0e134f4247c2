//! The embedded journal: SQLite in write-ahead mode, synced on every commit, written by one thread.
//!
//! The file is the event's; other parts of the program keep tables of their own in it through their own connection,
//! so every statement may have to wait for them (busy timeout) and every write transaction takes the lock at once.
//! Reading has a connection of its own and keeps no writer waiting; so has folding the log back into the file.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::Duration,
};

use futures_util::future::BoxFuture;
use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::{Durability, Journal, JournalError, PIECE, Row, SNAPSHOTS_KEPT, Snapshot};

/// How long a statement waits for another connection's transaction before it fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Jobs that wait for the thread; the queue sends one batch at a time and a snapshot piece by piece, so this is never
/// reached in practice. When it is, the sender is told the journal is unavailable.
const JOBS: usize = 64;
/// Bytes written after which the log is folded back into the file (4 MiB of it is what SQLite itself takes).
const FOLD_AFTER: usize = 2 << 20;
/// Pages of 4 KiB in the log after which commits wait until all of it is folded back, so that it starts anew. While
/// rows come without a pause it grows otherwise: 64 MiB.
const LOG_PAGES: i64 = 16_384;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS question_event (
  seq     INTEGER PRIMARY KEY,  -- order of the events, from 1 without a hole
  at      INTEGER NOT NULL,     -- wall clock of the decision, milliseconds since 1970
  version INTEGER NOT NULL,     -- form of the column event; older forms are lifted when read
  event   TEXT    NOT NULL,     -- what happened, JSON; participants only as digests
  command BLOB,                 -- on a command's last event: digest of its sender and id, against doing it twice
  answer  TEXT                  -- beside it: what the sender was answered, JSON
) STRICT;
CREATE TABLE IF NOT EXISTS question_snapshot (
  seq     INTEGER PRIMARY KEY,  -- stands for the events up to this one; may be deleted, the events are what counts
  version INTEGER NOT NULL,     -- form of the bytes
  pieces  INTEGER NOT NULL      -- how many there are; written last
) STRICT;
CREATE TABLE IF NOT EXISTS question_snapshot_piece (
  seq     INTEGER NOT NULL,
  piece   INTEGER NOT NULL,     -- from 0
  bytes   BLOB    NOT NULL,
  PRIMARY KEY (seq, piece)
) STRICT;";

type Job = Box<dyn FnOnce(&mut Connection) + Send>;
type Answer<T> = Result<T, JournalError>;

/// Handle to the writer thread and the reading connection of one file.
pub struct SqliteJournal {
    path: Arc<Path>,
    reader: Arc<Mutex<Option<Connection>>>,
    jobs: Mutex<Option<mpsc::SyncSender<Job>>>,
    /// Asks for the log to be folded back; one request waits at most.
    fold: Mutex<Option<mpsc::SyncSender<()>>>,
    /// Bytes written since that was asked for.
    unfolded: AtomicUsize,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl SqliteJournal {
    /// Opens or creates the file and its tables. Blocks on the disk.
    ///
    /// # Errors
    /// [`JournalError::Store`] when the file cannot be opened or is not ours.
    pub fn open(path: &Path) -> Answer<Self> {
        let mut writer = connect(path).map_err(|error| store(path, &error))?;
        let beside = || {
            let connection = Connection::open(path)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            Ok(connection)
        };
        let reader = beside().map_err(|error| store(path, &error))?;
        let folder = beside().map_err(|error| store(path, &error))?;
        let (jobs, inbox) = mpsc::sync_channel::<Job>(JOBS);
        let (fold, requests) = mpsc::sync_channel(1);
        let threads = vec![
            thread("question-journal", move || {
                inbox.into_iter().for_each(|job| job(&mut writer));
            })?,
            thread("question-fold", move || {
                requests.into_iter().for_each(|()| fold_log(&folder));
            })?,
        ];
        Ok(Self {
            path: Arc::from(path),
            reader: Arc::new(Mutex::new(Some(reader))),
            jobs: Mutex::new(Some(jobs)),
            fold: Mutex::new(Some(fold)),
            unfolded: AtomicUsize::new(0),
            threads: Mutex::new(threads),
        })
    }

    /// Has the writer thread do it; one job after the other.
    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection, &Path) -> Answer<T> + Send + 'static,
    ) -> BoxFuture<'_, Answer<T>> {
        let (answer, wait) = oneshot::channel();
        let path = Arc::clone(&self.path);
        // A receiver that went away is no reason to stop: the rows are stored either way.
        let job: Job = Box::new(move |connection| drop(answer.send(work(connection, &path))));
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = jobs.as_ref().map(|jobs| jobs.try_send(job));
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

    /// Does it with the reading connection, on a thread that may block.
    fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, &Path) -> Answer<T> + Send + 'static,
    ) -> BoxFuture<'_, Answer<T>> {
        let (reader, path) = (Arc::clone(&self.reader), Arc::clone(&self.path));
        let job = tokio::task::spawn_blocking(move || {
            let reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
            reader
                .as_ref()
                .map_or(Err(JournalError::Closed), |reader| work(reader, &path))
        });
        Box::pin(async move { job.await.unwrap_or(Err(JournalError::Closed)) })
    }

    /// Notes that so many bytes are added to the log, and now and then has it folded back.
    fn grow(&self, added: usize) {
        if self.unfolded.fetch_add(added, Ordering::Relaxed) + added < FOLD_AFTER {
            return;
        }
        self.unfolded.store(0, Ordering::Relaxed);
        if let Some(fold) = &*self.fold.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = fold.try_send(()); // one waits already: it will see these rows too
        }
    }

    /// Removes snapshots, whole and begun ones, but the newest; a piece at a time.
    async fn prune(&self) -> Answer<()> {
        let kept = SNAPSHOTS_KEPT as i64;
        let forget = "DELETE FROM question_snapshot WHERE seq NOT IN \
             (SELECT seq FROM question_snapshot ORDER BY seq DESC LIMIT ?1)";
        let shrink = "DELETE FROM question_snapshot_piece WHERE rowid IN (SELECT rowid FROM question_snapshot_piece \
             WHERE seq NOT IN (SELECT seq FROM question_snapshot) LIMIT 4)";
        self.write(move |connection, path| {
            let done = connection.execute(forget, [kept]);
            done.map_err(|error| store(path, &error))
        })
        .await?;
        let shrunk = || {
            self.write(move |connection, path| {
                let done = unsynced(connection, shrink, []);
                done.map_err(|error| store(path, &error))
            })
        };
        while shrunk().await? > 0 {}
        Ok(())
    }
}

impl Journal for SqliteJournal {
    fn load(&self, after: u64, limit: usize) -> BoxFuture<'_, Answer<Vec<Row>>> {
        self.read(move |connection, path| load(connection, after, limit, path))
    }

    fn append(&self, rows: Vec<Row>) -> BoxFuture<'_, Answer<()>> {
        let sizes = rows
            .iter()
            .map(|row| row.event.len() + row.answer.as_ref().map_or(0, String::len));
        self.grow(sizes.sum());
        self.write(move |connection, path| append(connection, &rows, path))
    }

    fn snapshot(&self, below: u64) -> BoxFuture<'_, Answer<Option<Snapshot>>> {
        self.read(move |connection, path| {
            snapshot(connection, below).map_err(|error| store(path, &error))
        })
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Answer<()>> {
        Box::pin(async move {
            let Snapshot {
                seq,
                version,
                bytes,
            } = snapshot;
            let pieces = bytes.chunks(PIECE).count() as i64;
            for (piece, bytes) in bytes.chunks(PIECE).enumerate() {
                self.grow(bytes.len());
                let bytes = bytes.to_vec();
                let sql = "INSERT OR REPLACE INTO question_snapshot_piece (seq, piece, bytes) VALUES (?1, ?2, ?3)";
                self.write(move |connection, path| {
                    let done = unsynced(connection, sql, params![seq as i64, piece as i64, bytes]);
                    done.map_err(|error| store(path, &error))
                })
                .await?;
            }
            let sql = "INSERT OR REPLACE INTO question_snapshot (seq, version, pieces) VALUES (?1, ?2, ?3)";
            self.write(move |connection, path| {
                let done = connection.execute(sql, params![seq as i64, version, pieces]);
                done.map_err(|error| store(path, &error))
            })
            .await?;
            self.prune().await
        })
    }

    fn durability(&self) -> Durability {
        Durability::Always
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        drop(
            self.jobs
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        drop(
            self.fold
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let reader = Arc::clone(&self.reader);
        Box::pin(async move {
            let ended = tokio::task::spawn_blocking(move || {
                // The reader first: the last connection to go folds the log back into the file.
                drop(reader.lock().unwrap_or_else(PoisonError::into_inner).take());
                threads.into_iter().all(|thread| thread.join().is_ok())
            });
            if !matches!(ended.await, Ok(true)) {
                tracing::error!("a thread of the journal ended badly");
            }
        })
    }
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Answer<JoinHandle<()>> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    thread
        .spawn(work)
        .map_err(|error| JournalError::Store(error.to_string()))
}

/// Copies the log into the file while commits go on; when it has become long, holds them up for the little that is left.
fn fold_log(connection: &Connection) {
    let checkpoint = |mode: &str| {
        connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
            row.get::<_, i64>(1)
        })
    };
    let folded = match checkpoint("PASSIVE") {
        Ok(pages) if pages > LOG_PAGES => checkpoint("RESTART"),
        passive => passive,
    };
    if let Err(error) = folded {
        tracing::warn!(%error, "the journal's log was not folded back; it is tried again");
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL, not NORMAL: in write-ahead mode NORMAL may lose the last commits when the power goes.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // A commit does not wait for the log to be folded back: a thread beside does that.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

/// What went wrong with the file, and what to do about it.
fn store(path: &Path, error: &rusqlite::Error) -> JournalError {
    let remedy = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "; make room on its disk",
        Some(ErrorCode::SystemIoFailure) => {
            "; its disk fails: see the system's log and restore a backup on another disk"
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            "; it is damaged or not ours: restore it from a backup"
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            "; let the user this program runs as write to it and to its folder"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "; another program keeps it locked"
        }
        _ => "",
    };
    JournalError::Store(format!("{}: {error}{remedy}", path.display()))
}

/// Changes what may be lost: the disk gets it with the next commit, so that no row waits for it.
fn unsynced(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> rusqlite::Result<usize> {
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    let done = connection.execute(sql, parameters);
    connection.pragma_update(None, "synchronous", "FULL")?;
    done
}

fn load(connection: &Connection, after: u64, limit: usize, path: &Path) -> Answer<Vec<Row>> {
    let failed = |error: rusqlite::Error| store(path, &error);
    let sql = "SELECT seq, at, version, event, command, answer FROM question_event WHERE seq > ?1 ORDER BY seq LIMIT ?2";
    let mut select = connection.prepare_cached(sql).map_err(failed)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut found = select.query(params![after as i64, limit]).map_err(failed)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(failed)? {
        let seq = row.get::<_, i64>(0).map_err(failed)? as u64;
        rows.push(read_row(seq, row).map_err(|error| {
            let path = path.display();
            JournalError::Store(format!(
                "{path}: row {seq} of table question_event cannot be read ({error}); restore the file from a backup"
            ))
        })?);
    }
    Ok(rows)
}

fn read_row(seq: u64, row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        seq,
        at: row.get(1)?,
        version: row.get(2)?,
        event: row.get(3)?,
        command: row.get(4)?,
        answer: row.get(5)?,
    })
}

fn append(connection: &mut Connection, rows: &[Row], path: &Path) -> Answer<()> {
    let failed = |error: rusqlite::Error| store(path, &error);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    {
        let sql = "SELECT coalesce(max(seq), 0) FROM question_event";
        let last: i64 = transaction
            .query_row(sql, [], |row| row.get(0))
            .map_err(failed)?;
        if let Some(seq) = super::misfit(rows, last as u64) {
            return Err(JournalError::Conflict { seq });
        }
        let sql = "INSERT INTO question_event (seq, at, version, event, command, answer) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let mut insert = transaction.prepare_cached(sql).map_err(failed)?;
        for row in rows {
            let Row {
                seq,
                at,
                version,
                event,
                command,
                answer,
            } = row;
            let done = insert.execute(params![*seq as i64, at, version, event, command, answer]);
            done.map_err(failed)?;
        }
    }
    transaction.commit().map_err(failed)
}

fn snapshot(connection: &Connection, below: u64) -> rusqlite::Result<Option<Snapshot>> {
    // One transaction: what was found is not pruned before it is read.
    let transaction = connection.unchecked_transaction()?;
    let sql = "SELECT seq, version, pieces FROM question_snapshot WHERE seq < ?1 ORDER BY seq DESC LIMIT 1";
    let below = i64::try_from(below).unwrap_or(i64::MAX);
    let found = transaction
        .query_row(sql, [below], |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get::<_, i64>(2)?))
        })
        .optional()?;
    let Some((seq, version, pieces)) = found else {
        return Ok(None);
    };
    let sql =
        "SELECT bytes FROM question_snapshot_piece WHERE seq = ?1 AND piece < ?2 ORDER BY piece";
    let mut select = transaction.prepare(sql)?;
    let mut found = select.query([seq, pieces])?;
    let mut bytes = Vec::new();
    while let Some(row) = found.next()? {
        bytes.extend_from_slice(row.get_ref(0)?.as_blob()?);
    }
    Ok(Some(Snapshot {
        seq: seq as u64,
        version,
        bytes,
    }))
}
