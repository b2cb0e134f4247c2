//! Who is heard: counts of questions by site, public and theme, kept up to date with every change.

use std::collections::BTreeMap;

use crate::state::{Question, Standing};

/// What questions are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Axis {
    /// The room that asked, else the site addressed.
    Site,
    /// The asker's public.
    Public,
    /// The theme.
    Theme,
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

/// Counts for every id that occurs, and totals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Balance {
    counts: BTreeMap<(Axis, String), Counts>,
    asked: u64,
    answered: u64,
}

impl Balance {
    /// Ids of an axis in order, with their counts.
    pub fn on(&self, axis: Axis) -> impl Iterator<Item = (&str, Counts)> {
        self.counts
            .iter()
            .filter(move |((of, _), _)| *of == axis)
            .map(|((_, id), counts)| (id.as_str(), *counts))
    }

    /// Questions asked, the withdrawn not counted.
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// Questions answered.
    pub fn answered(&self) -> u64 {
        self.answered
    }

    pub(crate) fn add(&mut self, question: &Question) {
        self.shift(question, |count, by| *count += by);
    }

    pub(crate) fn remove(&mut self, question: &Question) {
        self.shift(question, |count, by| *count = count.saturating_sub(by));
        self.counts.retain(|_, counts| *counts != Counts::default());
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
        let approved = !matches!(standing, Standing::Received | Standing::Declined);
        let aired = !question.airings.is_empty();
        let site = question
            .author
            .room
            .as_ref()
            .or(question.site.as_ref())
            .map(|id| id.as_str());
        let public = question.public.as_ref().map(|id| id.as_str());
        let theme = question.theme.as_ref().map(|id| id.as_str());
        for (axis, id) in [
            (Axis::Site, site),
            (Axis::Public, public),
            (Axis::Theme, theme),
        ] {
            let Some(id) = id else { continue };
            let counts = self.counts.entry((axis, id.to_owned())).or_default();
            by(&mut counts.asked, 1);
            by(&mut counts.approved, u64::from(approved));
            by(&mut counts.aired, u64::from(aired));
        }
    }
}
