//! The whole state in a compact form of its own version, to start from instead of replaying every event. Another
//! program's snapshot is refused, not converted: the journal has everything.

use crate::{
    policy::{Catalogue, Policy},
    state::State,
};

/// The form [`State::to_snapshot`] writes.
pub const SNAPSHOT_VERSION: u16 = 1;

/// A snapshot that cannot be used; replay the journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Of another form, or none at all.
    #[error("not a snapshot of version {SNAPSHOT_VERSION}: replay the journal instead")]
    Version,
    /// Damaged.
    #[error("the snapshot is damaged ({0}): replay the journal instead")]
    Damaged(&'static str),
}

impl State {
    /// The state as bytes.
    pub fn to_snapshot(&self) -> Vec<u8> {
        Vec::new()
    }

    /// The state a snapshot holds, under the event file's rules and catalogue of today.
    ///
    /// # Errors
    /// [`SnapshotError`] for a snapshot of another version or a damaged one; then replay the journal.
    pub fn from_snapshot(
        bytes: &[u8],
        policy: Policy,
        catalogue: Catalogue,
    ) -> Result<Self, SnapshotError> {
        let _ = (bytes, policy, catalogue);
        Err(SnapshotError::Version)
    }
}
