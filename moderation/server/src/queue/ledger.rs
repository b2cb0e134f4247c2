//! What the journal's rows add up to: the state, the answers given, which rows these were and what they mention. Reads rows and
//! snapshots; it decides nothing and writes only snapshots.

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use pleniere_moderation_core::{Catalogue, Event, Policy, State, apply, from_stored};
use sha2::{Digest, Sha256};

use super::{OpenError, answers::Answers, mentions::Mentions};
use crate::journal::{Journal, JournalError, Row, Snapshot};

/// Rows read at once.
pub(super) const PAGE: usize = 10_000;
/// The form of a snapshot's bytes: digest of the rest, the state and the mentions, each after its length, the answers.
const FORM: u16 = 3;
/// Bytes of the digest.
const DIGEST: usize = 32;
/// Rows remembered by their digest, to tell how many the store lost. Half a megabyte.
const REMEMBERED: usize = 65_536;

/// What a state starts from, before any event.
pub(super) struct Origin {
    pub(super) policy: Policy,
    pub(super) catalogue: Catalogue,
}

pub(super) struct Ledger {
    pub(super) state: State,
    pub(super) answers: Answers,
    pub(super) mentions: Mentions,
    /// Digests of the latest rows, the last one at the end.
    trail: VecDeque<u64>,
    seq: u64,
}

impl Ledger {
    pub(super) fn new(origin: &Origin) -> Self {
        Self {
            state: State::new(origin.policy.clone(), origin.catalogue.clone()),
            answers: Answers::default(),
            mentions: Mentions::default(),
            trail: VecDeque::new(),
            seq: 0,
        }
    }

    /// The whole journal, from the newest snapshot that can be read; and the row that one stands for (0: none).
    pub(super) async fn read(
        journal: &dyn Journal,
        origin: &Origin,
    ) -> Result<(Self, u64), OpenError> {
        let mut below = u64::MAX;
        let (mut ledger, mut rows) = loop {
            let Some(snapshot) = journal.snapshot(below).await? else {
                break (Self::new(origin), journal.load(0, PAGE).await?);
            };
            below = snapshot.seq;
            match Self::resume(journal, origin, &snapshot).await? {
                Ok(resumed) => break resumed,
                Err(why) => {
                    tracing::warn!(seq = below, %why, "a snapshot of the questions is not used");
                }
            }
        };
        let from = ledger.seq;
        while let Some(last) = rows.last().map(|row| row.seq) {
            rows.iter().try_for_each(|row| ledger.take(row).map(drop))?;
            rows = journal.load(last, PAGE).await?;
        }
        Ok((ledger, from))
    }

    /// A snapshot's content and the first rows after it; or why it cannot be used.
    async fn resume(
        journal: &dyn Journal,
        origin: &Origin,
        snapshot: &Snapshot,
    ) -> Result<Result<(Self, Vec<Row>), String>, JournalError> {
        let mut ledger = match Self::from_snapshot(snapshot, origin) {
            Ok(ledger) => ledger,
            Err(why) => return Ok(Err(why)),
        };
        let mut rows = journal.load(snapshot.seq.saturating_sub(1), PAGE).await?;
        if rows.first().map(|row| row.seq) != Some(snapshot.seq) {
            return Ok(Err(
                "the journal does not have the rows it stands for".to_owned()
            ));
        }
        ledger.trail.push_back(digest(&rows.remove(0)));
        Ok(Ok((ledger, rows)))
    }

    /// Number of the last row.
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// Adds a row that follows the last one.
    pub(super) fn take(&mut self, row: &Row) -> Result<Event, OpenError> {
        if row.seq != self.seq + 1 {
            return Err(OpenError::Missing { seq: self.seq + 1 });
        }
        let event = from_stored(row.version, &row.event).map_err(|source| OpenError::Row {
            seq: row.seq,
            source,
        })?;
        apply(&mut self.state, &event);
        if let (Some(key), Some(answer)) = (row.command, &row.answer) {
            self.answers.remember(key, Arc::from(answer.as_str()));
        }
        self.note(&event, digest(row));
        Ok(event)
    }

    /// Takes note of rows whose events and answers are in already.
    pub(super) fn note_all(&mut self, events: &[Event], digests: &[u64]) {
        for (event, digest) in events.iter().zip(digests) {
            self.note(event, *digest);
        }
    }

    fn note(&mut self, event: &Event, digest: u64) {
        self.seq += 1;
        self.mentions.note(self.seq, &event.change);
        self.trail.push_back(digest);
        if self.trail.len() > REMEMBERED {
            self.trail.pop_front();
        }
    }

    /// Whether this row is the last one, as it was when it came.
    pub(super) fn ends_with(&self, row: &Row) -> bool {
        row.seq == self.seq && self.trail.back() == Some(&digest(row))
    }

    /// How many of its rows the journal does not have any more: as many as it looks back, if it is all of them.
    pub(super) async fn lost(&self, journal: &dyn Journal) -> Result<u64, JournalError> {
        let last = journal.load(self.seq.saturating_sub(1), 1).await?;
        if self.seq == 0 || last.first().is_some_and(|row| self.ends_with(row)) {
            return Ok(0);
        }
        let mut common = self.seq - self.trail.len() as u64;
        let mut trail = self.trail.iter();
        loop {
            let rows = journal.load(common, PAGE).await?;
            let mut same = rows.iter().zip(common + 1..).zip(&mut trail);
            let differs =
                same.position(|((row, seq), known)| row.seq != seq || digest(row) != *known);
            match differs {
                Some(differs) => return Ok(self.seq - common - differs as u64),
                None if rows.is_empty() || common == self.seq => return Ok(self.seq - common),
                None => common = (common + rows.len() as u64).min(self.seq),
            }
        }
    }

    pub(super) fn to_snapshot(&self) -> Snapshot {
        let mut mentions = Vec::new();
        self.mentions.write(&mut mentions);
        let mut bytes = vec![0; DIGEST];
        for part in [self.state.to_snapshot(), mentions] {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part);
        }
        self.answers.write(&mut bytes);
        let digest = Sha256::digest(&bytes[DIGEST..]);
        bytes[..DIGEST].copy_from_slice(&digest);
        Snapshot {
            seq: self.seq,
            version: FORM,
            bytes,
        }
    }

    fn from_snapshot(snapshot: &Snapshot, origin: &Origin) -> Result<Self, String> {
        if snapshot.version != FORM {
            let version = snapshot.version;
            return Err(format!(
                "it is of form {version}, and this program reads form {FORM}"
            ));
        }
        let damaged = || "it is damaged".to_owned();
        let (digest, rest) = snapshot
            .bytes
            .split_at_checked(DIGEST)
            .ok_or_else(damaged)?;
        if Sha256::digest(rest)[..] != *digest {
            return Err(damaged());
        }
        let (state, rest) = part(rest).ok_or_else(damaged)?;
        let (mentions, answers) = part(rest).ok_or_else(damaged)?;
        let state = State::from_snapshot(state, origin.policy.clone(), origin.catalogue.clone());
        Ok(Self {
            state: state.map_err(|error| error.to_string())?,
            answers: Answers::read(answers).ok_or_else(damaged)?,
            mentions: Mentions::read(mentions).ok_or_else(damaged)?,
            trail: VecDeque::new(),
            seq: snapshot.seq,
        })
    }
}

/// A part of a snapshot after its length, and what follows.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)
}

/// Tells rows apart within one life of the program.
pub(super) fn digest(row: &Row) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.hash(&mut hasher);
    hasher.finish()
}
