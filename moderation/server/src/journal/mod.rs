//! Where events are kept. A journal stores rows in order and gives them back; it does not know what they say.

mod memory;
mod sqlite;

use futures_util::future::BoxFuture;

pub use memory::MemoryJournal;
pub use sqlite::SqliteJournal;

/// One event as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Why the journal could not do it. Nothing of the batch is stored then.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A row of that number exists: another program writes to the same event.
    #[error("another program writes to this event's journal (row {seq} exists)")]
    Conflict {
        /// The row.
        seq: u64,
    },
    /// The store failed.
    #[error("the journal cannot be used: {0}")]
    Store(String),
    /// Closed, or its thread has ended.
    #[error("the journal is closed")]
    Closed,
}

/// An append-only store of one event's rows. One writer at a time.
pub trait Journal: Send + Sync + 'static {
    /// Up to `limit` rows after `seq`, in order; empty at the end.
    fn load(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<Row>, JournalError>>;
    /// Stores all rows or none; when it answers they are durable, as far as this store can promise.
    fn append(&self, rows: Vec<Row>) -> BoxFuture<'_, Result<(), JournalError>>;
    /// Finishes what was begun and lets go of the store.
    fn close(&self) -> BoxFuture<'_, ()>;
}
