//! Where events are kept. A journal stores rows in order and gives them back, and keeps snapshots of what they add up
//! to; it does not know what either says.

mod memory;
mod redis;
mod sqlite;

use std::fmt;

use futures_util::future::BoxFuture;

pub use memory::MemoryJournal;
pub use redis::RedisJournal;
pub use sqlite::SqliteJournal;

/// One event as stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Row {
    /// Its place, from 1 without a hole.
    pub seq: u64,
    /// Wall clock in milliseconds since 1970, for people who read the file.
    pub at: i64,
    /// The form `event` is written in.
    pub version: u16,
    /// The event as JSON.
    pub event: String,
    /// On the last event of a command that came with an id: a digest of sender and id.
    pub command: Option<[u8; 16]>,
    /// Beside it: the answer the command was given, as JSON.
    pub answer: Option<String>,
}

/// What the rows up to one of them add up to, so that a start need not read them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The last row it stands for.
    pub seq: u64,
    /// The form `bytes` is written in.
    pub version: u16,
    /// The content.
    pub bytes: Vec<u8>,
}

/// Snapshots kept: the newest, and the one before in case the newest cannot be read.
const SNAPSHOTS_KEPT: usize = 2;
/// A snapshot is stored in pieces of this many bytes, so that no append waits long behind one.
const PIECE: usize = 256 * 1024;

/// What is left of acknowledged questions when the store, or its machine, dies without warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Everything: each acknowledgement waits until the disk has it.
    Always,
    /// All but about the last second.
    EverySecond,
    /// Whatever the store happened to have written.
    None,
    /// The store does not say.
    Unknown,
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Always => "nothing acknowledged is lost when the store dies",
            Self::EverySecond => {
                "up to about one second of acknowledged questions is lost when the store dies \
                 (Redis: appendfsync everysec; `CONFIG SET appendfsync always` loses nothing)"
            }
            Self::None => {
                "acknowledged questions are lost when the store dies \
                 (Redis: `CONFIG SET appendonly yes` and `CONFIG SET appendfsync always` lose nothing)"
            }
            Self::Unknown => {
                "the store does not say what it loses when it dies \
                 (Redis: allow this user `CONFIG GET`, or see to `appendonly yes` and `appendfsync always`)"
            }
        })
    }
}

/// Why the journal could not do it. Nothing of a batch is stored then, unless it says otherwise.
#[derive(Debug, Clone, thiserror::Error)]
pub enum JournalError {
    /// A row of that number exists, or the one before it does not: somebody else wrote to the same event.
    #[error("somebody else wrote to this event's journal: row {seq} does not follow its last one")]
    Conflict {
        /// The row that did not fit.
        seq: u64,
    },
    /// The store failed. Of one behind a network it may be that it took the batch and only its answer was lost.
    #[error("the journal cannot be used: {0}")]
    Store(String),
    /// Closed, or its thread has ended.
    #[error("the journal is closed")]
    Closed,
}

/// An append-only store of one event's rows.
pub trait Journal: Send + Sync + 'static {
    /// Up to `limit` rows after `seq`, in order; empty at the end.
    fn load(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<Row>, JournalError>>;
    /// Stores all rows or none; when it answers they are as durable as [`Journal::durability`] says. Rows that do not
    /// follow the last one stored are a [`JournalError::Conflict`].
    fn append(&self, rows: Vec<Row>) -> BoxFuture<'_, Result<(), JournalError>>;
    /// The newest snapshot that stands for fewer than `below` rows.
    fn snapshot(&self, below: u64) -> BoxFuture<'_, Result<Option<Snapshot>, JournalError>>;
    /// Stores a snapshot without keeping appends waiting, and removes old ones.
    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), JournalError>>;
    /// What is left after the worst.
    fn durability(&self) -> Durability;
    /// The means to write together with other nodes, where the store is one that nodes share.
    fn shared(&self) -> Option<&dyn Shared> {
        None
    }
    /// Finishes what was begun and lets go of the store.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// What nodes that write to one journal need besides. Taking turns keeps them from deciding on the same ground at the
/// same time; that no two rows take one place is [`Journal::append`]'s promise, turn or not.
pub trait Shared: Send + Sync {
    /// Waits for this node's turn, and gives up to `limit` rows after `after`. The turn ends with the next append, with
    /// [`Shared::pass`], or by itself soon after.
    fn turn(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<Row>, JournalError>>;
    /// Ends the turn without having written.
    fn pass(&self) -> BoxFuture<'_, ()>;
    /// Returns when there are rows after `after`, and when the store is back after it was away.
    fn news(&self, after: u64) -> BoxFuture<'_, ()>;
}

/// The first row that does not follow the one before it, where `last` is the last one stored.
fn misfit(rows: &[Row], last: u64) -> Option<u64> {
    let mut places = rows.iter().zip(last + 1..);
    let wrong = places.find(|(row, place)| row.seq != *place);
    wrong.map(|(row, _)| row.seq)
}
