//! The whole state in a compact form of its own version, to start from instead of replaying every event. Another
//! version's snapshot is refused, not converted: the journal has everything.
//!
//! A header of magic, version and checksum; then `postcard` of what cannot be derived. People stand once each, with
//! the numbers of what they voted for; counts, united voters and indexes are made anew.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    MAX_UNITED,
    apply::attach,
    command::Staff,
    hand::{Hand, HandStanding},
    id::{HandId, ParticipantId, QuestionId, SessionId},
    person::Ban,
    policy::{Catalogue, Policy, PolicyPatch},
    question::{Question, Standing},
    state::State,
    undo::UndoStacks,
};

/// The form [`State::to_snapshot`] writes. Any change of what it holds raises it.
pub const SNAPSHOT_VERSION: u16 = 2;

const MAGIC: &[u8; 4] = b"PLQS";
const HEADER: usize = MAGIC.len() + 2 + 8;

/// A snapshot that cannot be used; replay the journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Of another form, or none at all.
    #[error("not a snapshot of version {SNAPSHOT_VERSION}: replay the journal instead")]
    Version,
    /// Not what was written.
    #[error("the snapshot is damaged ({0}): replay the journal instead")]
    Damaged(&'static str),
}

/// What is written (with references) and read (with values).
#[derive(Serialize, Deserialize)]
struct Body<Q, H, B, S, U> {
    /// JSON: it says itself which rules it is about.
    rules: String,
    questions: Vec<Q>,
    votes: Vec<(ParticipantId, Vec<QuestionId>)>,
    stage: Vec<QuestionId>,
    hands: Vec<H>,
    line: Vec<HandId>,
    bans: Vec<(ParticipantId, B)>,
    staff: Vec<S>,
    undo: U,
}

type Owned = Body<Question, Hand, Ban, Staff, UndoStacks>;

type LiveRules = (
    PolicyPatch,
    Option<SessionId>,
    PolicyPatch,
    BTreeMap<SessionId, PolicyPatch>,
);

impl State {
    /// The state as bytes. Rules and catalogue of the event file are not part of it.
    pub fn to_snapshot(&self) -> Vec<u8> {
        let rules = &self.rules;
        let changed = rules.changed.iter().map(|id| (id, rules.of(id)));
        let changed: BTreeMap<_, _> = changed.collect();
        let live = (&rules.live, &rules.session, &rules.since, changed);
        let voters = self
            .people
            .iter()
            .filter(|(_, person)| !person.votes.is_empty());
        let body = Body {
            rules: serde_json::to_string(&live).unwrap_or_default(),
            questions: self.questions.values().collect(),
            votes: voters
                .map(|(id, person)| (*id, person.votes.iter().copied().collect()))
                .collect(),
            stage: self.stage.clone(),
            hands: self.hands.values().collect(),
            line: self.line.clone(),
            bans: self.bans.iter().map(|(id, ban)| (*id, ban)).collect(),
            staff: self.reserved.staff.iter().collect(),
            undo: &self.undo,
        };
        // Both encodings fail for foreign types only; what came out empty is refused when it is read.
        let body: Body<&Question, &Hand, &Ban, &Staff, &UndoStacks> = body;
        seal(&postcard::to_allocvec(&body).unwrap_or_default())
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
        let body: Owned =
            postcard::from_bytes(open(bytes)?).map_err(|_| SnapshotError::Damaged("content"))?;
        restore(body, State::new(policy, catalogue))
    }
}

fn seal(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&SNAPSHOT_VERSION.to_le_bytes());
    bytes.extend_from_slice(&checksum(body).to_le_bytes());
    bytes.extend_from_slice(body);
    bytes
}

fn open(bytes: &[u8]) -> Result<&[u8], SnapshotError> {
    let (header, body) = bytes
        .split_at_checked(HEADER)
        .ok_or(SnapshotError::Version)?;
    let (form, sum) = header.split_at(MAGIC.len() + 2);
    let (magic, version) = form.split_at(MAGIC.len());
    if magic != MAGIC || version != SNAPSHOT_VERSION.to_le_bytes() {
        return Err(SnapshotError::Version);
    }
    if sum != checksum(body).to_le_bytes() {
        return Err(SnapshotError::Damaged("checksum"));
    }
    Ok(body)
}

/// FNV-1a over words of 8 bytes: against decay of disks, not against people.
fn checksum(bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x0100_0000_01b3;
    let mix = |sum: u64, word: u64| (sum ^ word).wrapping_mul(PRIME).rotate_left(23);
    let (words, rest) = bytes.as_chunks::<8>();
    let sum = words.iter().fold(0xcbf2_9ce4_8422_2325, |sum, word| {
        mix(sum, u64::from_le_bytes(*word))
    });
    let sum = rest
        .iter()
        .fold(sum, |sum, byte| mix(sum, u64::from(*byte)));
    mix(sum, bytes.len() as u64)
}

fn restore(body: Owned, mut state: State) -> Result<State, SnapshotError> {
    let (live, session, since, changed): LiveRules =
        serde_json::from_str(&body.rules).map_err(|_| SnapshotError::Damaged("rules"))?;
    let rules = &mut state.rules;
    (rules.live, rules.session, rules.since) = (live, session, since);
    rules.changed = changed.keys().cloned().collect();
    rules.sessions.extend(changed);
    rules.refresh();
    body.staff
        .iter()
        .for_each(|staff| state.reserved.note(staff));
    state.undo = body.undo;
    state.bans = body.bans.into_iter().collect();
    state.stage = body.stage;
    state.line = body.line;
    restore_questions(&mut state, body.questions, body.votes)?;
    unite(&mut state)?;
    restore_hands(&mut state, body.hands)?;
    count(&mut state);
    Ok(state)
}

fn restore_questions(
    state: &mut State,
    mut questions: Vec<Question>,
    votes: Vec<(ParticipantId, Vec<QuestionId>)>,
) -> Result<(), SnapshotError> {
    if !questions.is_sorted_by(|a, b| a.id < b.id) || !votes.is_sorted_by(|a, b| a.0 < b.0) {
        return Err(SnapshotError::Damaged("order"));
    }
    let mut voters: Vec<Vec<ParticipantId>> = vec![Vec::new(); questions.len()];
    let ids: Vec<QuestionId> = questions.iter().map(|question| question.id).collect();
    for (voter, voted) in votes {
        for id in &voted {
            let index = position(&ids, *id).ok_or(SnapshotError::Damaged("a vote for nothing"))?;
            voters[index].push(voter);
        }
        let person = state.people.entry(voter).or_default();
        person.votes = voted.into_iter().collect();
    }
    for (question, voters) in questions.iter_mut().zip(voters) {
        question.own_votes = voters.into_iter().collect();
        if question.claim.is_some() {
            state.claimed.insert(question.id);
        }
        if question.standing == Standing::OnAir && state.on_air.replace(question.id).is_some() {
            return Err(SnapshotError::Damaged("two questions on air"));
        }
        let person = state.people.entry(question.author.participant).or_default();
        person.questions.push(question.id);
    }
    state.questions = questions
        .into_iter()
        .map(|question| (question.id, question))
        .collect();
    let staged: BTreeSet<_> = state.stage.iter().copied().collect();
    let standing = in_standing(state, Standing::Staged);
    if staged.len() != state.stage.len() || staged != standing {
        return Err(SnapshotError::Damaged("stage list"));
    }
    Ok(())
}

/// Numbers follow each other as a rule; then the place is known without searching.
fn position(ids: &[QuestionId], id: QuestionId) -> Option<usize> {
    let first = ids.first()?;
    let guess = usize::try_from(id.0.checked_sub(first.0)?).ok()?;
    if ids.get(guess) == Some(&id) {
        return Some(guess);
    }
    ids.binary_search(&id).ok()
}

fn in_standing(state: &State, standing: Standing) -> BTreeSet<QuestionId> {
    let stands = state
        .questions
        .values()
        .filter(|question| question.standing == standing);
    stands.map(|question| question.id).collect()
}

/// Merges anew what is merged, the nearest to the last target first, so that every supporter is counted up to it.
fn unite(state: &mut State) -> Result<(), SnapshotError> {
    let mut merged = Vec::new();
    for question in state.questions.values() {
        let Some(merging) = &question.merging else {
            continue;
        };
        let mut depth = 0;
        let mut above = Some(merging.into);
        while let Some(id) = above {
            depth += 1;
            let parent = state.questions.get(&id);
            let parent = parent.filter(|_| depth <= MAX_UNITED);
            let parent = parent.ok_or(SnapshotError::Damaged("merged into nothing"))?;
            above = parent.merging.as_ref().map(|merging| merging.into);
        }
        merged.push((depth, question.id, merging.into));
    }
    merged.sort_unstable();
    for (_, child, parent) in merged {
        attach(&mut state.questions, child, parent);
    }
    Ok(())
}

fn restore_hands(state: &mut State, hands: Vec<Hand>) -> Result<(), SnapshotError> {
    if !hands.is_sorted_by(|a, b| a.id < b.id) {
        return Err(SnapshotError::Damaged("order of hands"));
    }
    for hand in &hands {
        state.up += usize::from(hand.standing.is_open());
        let person = state.people.entry(hand.author.participant).or_default();
        person.hand = Some(hand.id);
    }
    let raised = hands
        .iter()
        .filter(|hand| hand.standing == HandStanding::Raised);
    let raised: BTreeSet<_> = raised.map(|hand| hand.id).collect();
    let line: BTreeSet<_> = state.line.iter().copied().collect();
    if line.len() != state.line.len() || line != raised {
        return Err(SnapshotError::Damaged("line of hands"));
    }
    state.hands = hands.into_iter().map(|hand| (hand.id, hand)).collect();
    Ok(())
}

fn count(state: &mut State) {
    for question in state.questions.values() {
        state.balance.add(question);
        if let Some(person) = state.people.get_mut(&question.author.participant) {
            person.add(question);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Result<State, SnapshotError> {
        State::from_snapshot(bytes, Policy::default(), Catalogue::default())
    }

    #[test]
    fn another_version_and_decay_are_told_apart() {
        let mut bytes = State::new(Policy::default(), Catalogue::default()).to_snapshot();
        assert!(read(&bytes).is_ok());
        *bytes.last_mut().unwrap() ^= 1;
        assert_eq!(read(&bytes), Err(SnapshotError::Damaged("checksum")));
        bytes[4] = bytes[4].wrapping_add(1);
        assert_eq!(read(&bytes), Err(SnapshotError::Version));
        assert_eq!(read(b"PLQS"), Err(SnapshotError::Version));
    }

    proptest! {
        #[test]
        fn no_content_however_wrong_brings_it_down(body in prop::collection::vec(any::<u8>(), 0..200)) {
            // Past the checksum, where lengths are believed: the first bytes declare enormous ones.
            let _ = read(&seal(&body));
            let _ = read(&seal(&[b"\0\xff\xff\xff\xff\x0f".as_slice(), &body].concat()));
            let _ = read(&seal(&[b"\x1c[{},null,{},{}]".as_slice(), b"\xff\xff\xff\xff\xff\x01", &body].concat()));
        }
    }
}
