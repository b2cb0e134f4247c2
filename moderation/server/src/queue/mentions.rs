//! Which rows are acts, and which mention which question, so that a history is read without the rest of the journal. Votes are
//! left out: they are most of it, and no part of a history.

use std::{collections::BTreeMap, iter::once};

use pleniere_moderation_core::{Change, QuestionId};

/// What stands for all acts where they are written: no question has this number.
const ALL: QuestionId = QuestionId(0);

/// The numbers of the rows, in order: 16 bytes for each act on a question.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Mentions {
    acts: Vec<u64>,
    of: BTreeMap<QuestionId, Vec<u64>>,
}

impl Mentions {
    /// Takes note of the next row.
    pub(super) fn note(&mut self, seq: u64, change: &Change) {
        if change.is_vote() {
            return;
        }
        self.acts.push(seq);
        let into = match change {
            Change::Merged { into, .. } => Some(*into),
            _ => None,
        };
        for id in [change.question(), into].into_iter().flatten() {
            self.of.entry(id).or_default().push(seq);
        }
    }

    /// Acts on this question.
    pub(super) fn rows(&self, id: QuestionId) -> Vec<u64> {
        self.of.get(&id).cloned().unwrap_or_default()
    }

    /// The last `count` acts of all before the row `end`.
    pub(super) fn before(&self, end: u64, count: usize) -> Vec<u64> {
        let to = self.acts.partition_point(|seq| *seq < end);
        self.acts[to.saturating_sub(count)..to].to_vec()
    }

    /// Appends all of them: question, count, rows.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        for (id, rows) in once((&ALL, &self.acts)).chain(&self.of) {
            bytes.extend(id.0.to_be_bytes());
            bytes.extend((rows.len() as u64).to_be_bytes());
            rows.iter().for_each(|seq| bytes.extend(seq.to_be_bytes()));
        }
    }

    /// What [`Mentions::write`] wrote; none when it is something else.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (numbers, rest) = bytes.as_chunks::<8>();
        let mut numbers = numbers.iter().map(|number| u64::from_be_bytes(*number));
        let mut mentions = Self::default();
        while let Some(id) = numbers.next() {
            let count = usize::try_from(numbers.next()?).ok()?;
            let rows: Vec<u64> = numbers.by_ref().take(count).collect();
            if rows.len() < count || !rows.is_sorted() {
                return None;
            }
            match QuestionId(id) {
                ALL => mentions.acts = rows,
                id => drop(mentions.of.insert(id, rows)),
            }
        }
        rest.is_empty().then_some(mentions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_are_noted_with_both_questions_and_votes_are_not() {
        let (one, two) = (QuestionId(1), QuestionId(2));
        let mut mentions = Mentions::default();
        mentions.note(1, &Change::Approved { question: one });
        mentions.note(2, &Change::Voted { question: one });
        let merged = Change::Merged {
            question: two,
            into: one,
        };
        mentions.note(3, &merged);
        mentions.note(4, &Change::SessionNoted { session: None });
        assert_eq!(
            (mentions.rows(one), mentions.rows(two)),
            (vec![1, 3], vec![3])
        );
        assert!(mentions.rows(QuestionId(9)).is_empty());
        assert_eq!(mentions.before(9, 2), [3, 4]);
        assert_eq!(mentions.before(4, 9), [1, 3]);
        assert!(mentions.before(1, 9).is_empty());

        let mut bytes = Vec::new();
        mentions.write(&mut bytes);
        assert_eq!(Mentions::read(&bytes), Some(mentions));
        assert!(Mentions::read(&bytes[..bytes.len() - 8]).is_none());
        bytes.pop();
        assert!(Mentions::read(&bytes).is_none());
    }
}
