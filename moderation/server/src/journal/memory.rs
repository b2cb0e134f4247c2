//! A journal that lasts as long as its value: for tests. Promises no durability.

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;

use super::{Durability, Journal, JournalError, Row, SNAPSHOTS_KEPT, Snapshot};

/// Rows in memory.
#[derive(Default)]
pub struct MemoryJournal(Mutex<Content>);

#[derive(Default)]
struct Content {
    rows: Vec<Row>,
    snapshots: Vec<Snapshot>,
}

impl MemoryJournal {
    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for MemoryJournal {
    fn load(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<Row>, JournalError>> {
        let content = self.content();
        let after = content.rows.iter().filter(|row| row.seq > after);
        let found = after.take(limit).cloned().collect();
        Box::pin(async move { Ok(found) })
    }

    fn append(&self, batch: Vec<Row>) -> BoxFuture<'_, Result<(), JournalError>> {
        let mut content = self.content();
        let last = content.rows.last().map_or(0, |row| row.seq);
        let clash = super::misfit(&batch, last);
        let done = match clash {
            Some(seq) => Err(JournalError::Conflict { seq }),
            None => {
                content.rows.extend(batch);
                Ok(())
            }
        };
        Box::pin(async move { done })
    }

    fn snapshot(&self, below: u64) -> BoxFuture<'_, Result<Option<Snapshot>, JournalError>> {
        let content = self.content();
        let mut older = content.snapshots.iter().rev();
        let found = older.find(|snapshot| snapshot.seq < below).cloned();
        Box::pin(async move { Ok(found) })
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), JournalError>> {
        let snapshots = &mut self.content().snapshots;
        snapshots.retain(|kept| kept.seq != snapshot.seq);
        snapshots.push(snapshot);
        snapshots.sort_by_key(|kept| kept.seq);
        let old = snapshots.len().saturating_sub(SNAPSHOTS_KEPT);
        snapshots.drain(..old);
        Box::pin(async { Ok(()) })
    }

    fn durability(&self) -> Durability {
        Durability::None
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}
