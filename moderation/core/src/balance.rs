//! Who is heard: counts of questions by site, public and theme, kept up to date with every change, and which question
//! would make them more even.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use serde::Serialize;

use crate::{
    id::QuestionId,
    question::{Question, Standing},
};

/// What questions are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// The room that asked, else the site addressed.
    Site,
    /// The asker's public.
    Public,
    /// The theme.
    Theme,
}

impl Axis {
    const ALL: [Self; 3] = [Self::Site, Self::Public, Self::Theme];

    fn of(self, question: &Question) -> Option<&str> {
        match self {
            Self::Site => {
                let site = question.author.room.as_ref().or(question.site.as_ref());
                site.map(|id| id.as_str())
            }
            Self::Public => question.public.as_ref().map(|id| id.as_str()),
            Self::Theme => question.theme.as_ref().map(|id| id.as_str()),
        }
    }
}

/// Questions on one entry of an axis. Withdrawn ones are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Asked.
    pub asked: u64,
    /// Of these, taken: approved, staged, on air or answered.
    pub approved: u64,
    /// Of these, put on air at least once.
    pub aired: u64,
}

/// The question whose airing would make the balance more even, and what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fairest {
    /// The question.
    pub question: QuestionId,
    /// What it is chosen by.
    pub axis: Axis,
    /// The site, public or theme that is heard less than it asked.
    pub id: String,
}

/// What waits to go on air, most votes first, then oldest.
type Waiting = BTreeSet<(Reverse<usize>, QuestionId)>;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Entry {
    counts: Counts,
    waiting: Waiting,
}

/// Counts for every id that occurs, and totals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Balance {
    axes: [BTreeMap<String, Entry>; 3],
    asked: u64,
    answered: u64,
}

impl Balance {
    /// Ids of an axis in order, with their counts.
    pub fn on(&self, axis: Axis) -> impl Iterator<Item = (&str, Counts)> {
        self.axes[axis as usize]
            .iter()
            .map(|(id, entry)| (id.as_str(), entry.counts))
    }

    /// Questions asked, the withdrawn not counted.
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// Questions answered.
    pub fn answered(&self) -> u64 {
        self.answered
    }

    /// The fairest next among the approved and staged. For every site, public and theme the gap is its share of what
    /// was asked less its share of what was aired, in millionths; the one with the widest gap that has a question
    /// waiting is served, by its question with the most votes, then the oldest. Of equal gaps the one with the better
    /// such question is served. None when nothing that waits has a site, a public or a theme.
    ///
    /// Costs one look at each site, public and theme that occurs, however many questions there are.
    pub fn fairest(&self) -> Option<Fairest> {
        let on = |axis: Axis| {
            let entries = &self.axes[axis as usize];
            let sum = |count: fn(&Counts) -> u64| -> u64 {
                entries.values().map(|entry| count(&entry.counts)).sum()
            };
            let (asked, aired) = (sum(|counts| counts.asked), sum(|counts| counts.aired));
            entries.iter().filter_map(move |(id, entry)| {
                let gap = share(entry.counts.asked, asked) - share(entry.counts.aired, aired);
                let best = entry.waiting.first()?;
                Some(((Reverse(gap), *best, axis), id))
            })
        };
        let ((_, (_, question), axis), id) = Axis::ALL.into_iter().flat_map(on).min()?;
        Some(Fairest {
            question,
            axis,
            id: id.clone(),
        })
    }

    pub(crate) fn add(&mut self, question: &Question) {
        self.shift(question, |count, by| *count += by);
        self.list(question);
    }

    pub(crate) fn remove(&mut self, question: &Question) {
        self.unlist(question);
        self.shift(question, |count, by| *count = count.saturating_sub(by));
        for axis in Axis::ALL {
            let entries = &mut self.axes[axis as usize];
            if let Some(id) = axis.of(question)
                && entries.get(id) == Some(&Entry::default())
            {
                entries.remove(id);
            }
        }
    }

    /// Puts a question among those that wait, with the votes it has now.
    pub(crate) fn list(&mut self, question: &Question) {
        self.in_waiting(question, |waiting, key| {
            waiting.insert(key);
        });
    }

    /// Takes it out, before its votes change.
    pub(crate) fn unlist(&mut self, question: &Question) {
        self.in_waiting(question, |waiting, key| {
            waiting.remove(&key);
        });
    }

    fn in_waiting(
        &mut self,
        question: &Question,
        act: impl Fn(&mut Waiting, (Reverse<usize>, QuestionId)),
    ) {
        if !matches!(question.standing, Standing::Approved | Standing::Staged) {
            return;
        }
        let key = (Reverse(question.votes()), question.id);
        for axis in Axis::ALL {
            let entry = axis
                .of(question)
                .and_then(|id| self.axes[axis as usize].get_mut(id));
            if let Some(entry) = entry {
                act(&mut entry.waiting, key);
            }
        }
    }

    fn shift(&mut self, question: &Question, by: impl Fn(&mut u64, u64)) {
        let standing = question.standing;
        if standing == Standing::Withdrawn {
            return;
        }
        by(&mut self.asked, 1);
        by(
            &mut self.answered,
            u64::from(standing == Standing::Answered),
        );
        let approved = matches!(
            standing,
            Standing::Approved | Standing::Staged | Standing::OnAir | Standing::Answered
        );
        let aired = !question.airings.is_empty();
        for axis in Axis::ALL {
            let Some(id) = axis.of(question) else {
                continue;
            };
            let entries = &mut self.axes[axis as usize];
            if !entries.contains_key(id) {
                entries.insert(id.to_owned(), Entry::default());
            }
            if let Some(Entry { counts, .. }) = entries.get_mut(id) {
                by(&mut counts.asked, 1);
                by(&mut counts.approved, u64::from(approved));
                by(&mut counts.aired, u64::from(aired));
            }
        }
    }
}

/// In millionths.
fn share(part: u64, whole: u64) -> i64 {
    let millionths = part.saturating_mul(1_000_000).checked_div(whole);
    i64::try_from(millionths.unwrap_or(0)).unwrap_or(i64::MAX)
}
