//! A journal that lasts as long as its value: for tests. Promises no durability.

use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;

use super::{Journal, JournalError, Row};

/// Rows in memory.
#[derive(Default)]
pub struct MemoryJournal {
    rows: Mutex<Vec<Row>>,
}

impl Journal for MemoryJournal {
    fn load(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<Row>, JournalError>> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let found = rows
            .iter()
            .filter(|row| row.seq > after)
            .take(limit)
            .cloned()
            .collect();
        Box::pin(async move { Ok(found) })
    }

    fn append(&self, batch: Vec<Row>) -> BoxFuture<'_, Result<(), JournalError>> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let last = rows.last().map_or(0, |row| row.seq);
        let clash = batch
            .iter()
            .zip(last + 1..)
            .find(|(row, seq)| row.seq != *seq)
            .map(|(row, _)| row.seq);
        let done = match clash {
            Some(seq) => Err(JournalError::Conflict { seq }),
            None => {
                rows.extend(batch);
                Ok(())
            }
        };
        Box::pin(async move { done })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}
