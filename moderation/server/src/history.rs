//! What was done, by whom: the topic `journal` with the latest entries, and older ones from the journal on demand.
//!
//! Votes are left out, and so is the renewing of claims. Of participants only the pseudonym is told.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use pleniere_moderation_core::{Actor, Change, Event, QuestionId, from_stored};
use serde_json::{Map, Value, json};
use tokio::sync::{Semaphore, TryAcquireError};

use crate::{
    journal::{Journal, JournalError, Row},
    refusal::{Refusal, RefusalCode},
    topic::{Topic, Update},
};

/// Entries in the topic.
const TOLD: usize = 500;
/// Older entries told at a time.
const PAGE: usize = 200;
/// Rows read from the journal at a time, so that its writer never waits long.
const ROWS: u64 = 2_000;
/// Acts looked through at most for one page of entries; the renewing of claims may fill as many.
pub(crate) const REACH: usize = 5_000;
/// Wanted rows that are no further apart than this are read in one go, with what lies between.
const NEAR: u64 = 50;
/// Look-ups at once; more are refused as `too_fast`.
const LOOKING: usize = 2;

pub(crate) struct History {
    topic: Topic,
    journal: Arc<dyn Journal>,
    told: Mutex<Latest>,
    looking: Semaphore,
}

/// What the topic holds, and whose claims are known.
#[derive(Default)]
struct Latest {
    seqs: VecDeque<u64>,
    claims: Claims,
}

/// Who is at which question, to tell a claim from its renewal.
#[derive(Default)]
struct Claims(BTreeMap<QuestionId, String>);

impl Claims {
    /// Takes note of an event; whether it only renewed a claim.
    fn is_renewal(&mut self, event: &Event) -> bool {
        let (Some(question), Some(staff)) = (event.change.question(), event.by.staff()) else {
            return false;
        };
        if matches!(event.change, Change::Claimed { .. }) {
            let before = self.0.insert(question, staff.key().to_owned());
            return before.as_deref() == Some(staff.key());
        }
        if !matches!(event.change, Change::Noted { .. }) {
            self.0.remove(&question);
        }
        false
    }
}

impl History {
    pub(crate) fn new(topic: Topic, journal: Arc<dyn Journal>) -> Self {
        Self {
            topic,
            journal,
            told: Mutex::default(),
            looking: Semaphore::new(LOOKING),
        }
    }

    /// Fills the topic with the latest of these rows.
    ///
    /// # Errors
    /// When the journal cannot be read; the topic then begins with what comes next.
    pub(crate) async fn recall(&self, acts: &[u64]) -> Result<(), JournalError> {
        let entries = self.latest(acts, TOLD).await?;
        self.tell(entries);
        Ok(())
    }

    /// Tells what happened; `first` is the number of the first event's row, the others follow.
    pub(crate) fn follow(&self, first: u64, events: &[Event]) {
        let mut latest = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = (first..).zip(events).filter_map(|(seq, event)| {
            let renewal = latest.claims.is_renewal(event);
            Some((seq, entry(event).filter(|_| !renewal)?))
        });
        let entries = entries.collect();
        drop(latest);
        self.tell(entries);
    }

    fn tell(&self, mut entries: Vec<(u64, Value)>) {
        if entries.is_empty() {
            return;
        }
        entries.drain(..entries.len().saturating_sub(TOLD));
        let mut latest = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let told = &mut latest.seqs;
        self.topic.update(|change: &mut Update<'_>| {
            for (seq, entry) in entries {
                change.set(&key(seq), &entry);
                told.push_back(seq);
            }
            while told.len() > TOLD {
                if let Some(oldest) = told.pop_front() {
                    change.unset(&key(oldest));
                }
            }
        });
    }

    /// The latest of these rows, oldest first, as `{"entries":[...]}`.
    ///
    /// # Errors
    /// `too_fast` when too many look at once, `unavailable` when the journal cannot be read.
    pub(crate) async fn before(&self, acts: &[u64]) -> Result<Value, Refusal> {
        let _turn = self.looking.try_acquire().map_err(busy)?;
        let entries = self.latest(acts, PAGE).await;
        entries.map(listed).map_err(unreadable)
    }

    /// Everything of one question, likewise; `rows` mention it.
    ///
    /// # Errors
    /// As [`History::before`].
    pub(crate) async fn of_question(&self, id: QuestionId, rows: &[u64]) -> Result<Value, Refusal> {
        let _turn = self.looking.try_acquire().map_err(busy)?;
        let mut entries = self.among(rows).await.map_err(unreadable)?;
        entries.retain(|(_, entry)| entry["question"] == id.0 || entry["detail"]["into"] == id.0);
        Ok(listed(entries))
    }

    /// The last `count` entries of these rows, oldest first.
    async fn latest(
        &self,
        mut rows: &[u64],
        count: usize,
    ) -> Result<Vec<(u64, Value)>, JournalError> {
        let mut found = Vec::new();
        while found.len() < count && !rows.is_empty() {
            let (rest, last) = rows.split_at(rows.len().saturating_sub(count));
            let mut entries = self.among(last).await?;
            entries.append(&mut found);
            (found, rows) = (entries, rest);
        }
        found.drain(..found.len().saturating_sub(count));
        Ok(found)
    }

    /// The entries of these rows, oldest first.
    async fn among(&self, mut rows: &[u64]) -> Result<Vec<(u64, Value)>, JournalError> {
        let mut found = Vec::new();
        let mut claims = Claims::default();
        while let Some(first) = rows.first() {
            let near = rows
                .windows(2)
                .take_while(|pair| pair[1] - pair[0] <= NEAR && pair[1] - first < ROWS);
            let (run, rest) = rows.split_at(near.count() + 1);
            let span = run[run.len() - 1] - first + 1;
            let loaded = self
                .journal
                .load(first.saturating_sub(1), span as usize)
                .await?;
            let wanted = loaded
                .iter()
                .filter(|row| run.binary_search(&row.seq).is_ok());
            found.extend(wanted.filter_map(|row| told(row, &mut claims)));
            rows = rest;
        }
        Ok(found)
    }
}

fn busy(_: TryAcquireError) -> Refusal {
    let detail = "colleagues are looking; try again in a second";
    Refusal::new(RefusalCode::TooFast, detail)
}

fn unreadable(error: JournalError) -> Refusal {
    Refusal::new(RefusalCode::Unavailable, error.to_string())
}

fn listed(entries: Vec<(u64, Value)>) -> Value {
    let numbered = entries.into_iter().map(|(seq, mut entry)| {
        entry["seq"] = json!(seq);
        entry
    });
    json!({ "entries": numbered.collect::<Vec<_>>() })
}

/// The entry of a row, if it has one.
fn told(row: &Row, claims: &mut Claims) -> Option<(u64, Value)> {
    let event = from_stored(row.version, &row.event).ok()?;
    let renewal = claims.is_renewal(&event);
    Some((row.seq, entry(&event).filter(|_| !renewal)?))
}

/// An event as moderators read it; none for what would only fill the list.
fn entry(event: &Event) -> Option<Value> {
    let Event { at, by, change } = event;
    if change.is_vote() {
        return None;
    }
    let mut entry = json!({ "at": at, "by": who(by), "what": change.name() });
    if let Some(question) = change.question() {
        entry["question"] = json!(question);
    }
    if let Some(hand) = change.hand() {
        entry["hand"] = json!(hand);
    }
    let detail = detail(change);
    if !detail.is_empty() {
        entry["detail"] = Value::Object(detail);
    }
    Some(entry)
}

fn who(by: &Actor) -> String {
    match by {
        Actor::Participant(id) => id.pseudonym(),
        Actor::Room { site, .. } => site.to_string(),
        Actor::Moderator(staff) | Actor::Director(staff) => staff.name.clone(),
        Actor::System => "system".to_owned(),
    }
}

/// What else the change says, without anybody's id.
fn detail(change: &Change) -> Map<String, Value> {
    let fields = match serde_json::to_value(change) {
        Ok(Value::Object(named)) => named.into_iter().next().map(|(_, fields)| fields),
        _ => None,
    };
    let Some(Value::Object(mut fields)) = fields else {
        return Map::new();
    };
    for told_elsewhere in ["question", "hand", "author", "participant"] {
        fields.remove(told_elsewhere);
    }
    if let Change::Banned { participant, .. } | Change::Unbanned { participant } = change {
        fields.insert("asker".to_owned(), json!(participant.pseudonym()));
    }
    fields
}

fn key(seq: u64) -> String {
    format!("e/{seq}")
}
