//! The state of an event from its file, without a running node and beside one: reads only, takes no lock that a writer
//! would have to wait for.

use std::{path::Path, time::Duration};

use pleniere_moderation_core::{Catalogue, Policy, State, apply, from_stored};
use rusqlite::{Connection, OpenFlags};

use crate::{
    journal::{Journal, JournalError},
    queue::OpenError,
};

/// A writer that puts its log back into the file may hold it this long.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Rows read at once.
const PAGE: usize = 1_000;

/// Replays any questions' journal, from its first row. `policy` as for [`read`].
///
/// # Errors
/// [`OpenError`] when the journal cannot be read, or holds a row this program cannot read.
pub async fn replay(journal: &dyn Journal, policy: Policy) -> Result<State, OpenError> {
    let mut state = State::new(policy, Catalogue::default());
    let mut seq = 0;
    loop {
        let rows = journal.load(seq, PAGE).await?;
        let Some(last) = rows.last() else {
            return Ok(state);
        };
        seq = last.seq;
        for row in rows {
            carry(&mut state, row.seq, row.version, &row.event)?;
        }
    }
}

fn carry(state: &mut State, seq: u64, version: u16, event: &str) -> Result<(), OpenError> {
    let event = from_stored(version, event).map_err(|source| OpenError::Row { seq, source })?;
    apply(state, &event);
    Ok(())
}

/// Replays the questions' journal in `event.sqlite`. `policy` holds where the journal changed nothing. Blocks on the disk.
///
/// # Errors
/// [`OpenError`] when the file is not there, is not such a journal, or holds a row this program cannot read.
pub fn read(path: &Path, policy: Policy) -> Result<State, OpenError> {
    let store =
        |error: rusqlite::Error| JournalError::Store(format!("{}: {error}", path.display()));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let file = Connection::open_with_flags(path, flags).map_err(store)?;
    file.busy_timeout(BUSY_TIMEOUT).map_err(store)?;
    let mut state = State::new(policy, Catalogue::default());
    let mut select = file
        .prepare("SELECT seq, version, event FROM question_event ORDER BY seq")
        .map_err(store)?;
    let mut rows = select.query([]).map_err(store)?;
    while let Some(row) = rows.next().map_err(store)? {
        let seq: i64 = row.get(0).map_err(store)?;
        let version = row.get(1).map_err(store)?;
        let event: String = row.get(2).map_err(store)?;
        carry(&mut state, seq.unsigned_abs(), version, &event)?;
    }
    Ok(state)
}
