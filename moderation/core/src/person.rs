//! What one person did, and whether they are kept out.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    command::Staff,
    id::{HandId, QuestionId, UnixMs},
    question::Question,
};

/// What one person did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// Their questions, oldest first.
    pub questions: Vec<QuestionId>,
    /// What they voted for; see [`State::supports`](crate::State::supports) for what that means after merging.
    pub votes: BTreeSet<QuestionId>,
    /// The hand they raised last.
    pub hand: Option<HandId>,
    /// How many of their questions are open.
    pub(crate) open: usize,
    /// How many of their questions are declined for a grave reason.
    pub(crate) grave: usize,
}

impl Person {
    /// Whether there is nothing to remember of them.
    pub(crate) fn is_idle(&self) -> bool {
        self.questions.is_empty() && self.votes.is_empty() && self.hand.is_none()
    }

    /// Counts a question of theirs.
    pub(crate) fn add(&mut self, question: &Question) {
        self.open += usize::from(!question.standing.is_closed());
        self.grave += usize::from(is_grave(question));
    }

    /// Takes it out of the counts.
    pub(crate) fn remove(&mut self, question: &Question) {
        let open = usize::from(!question.standing.is_closed());
        self.open = self.open.saturating_sub(open);
        let grave = usize::from(is_grave(question));
        self.grave = self.grave.saturating_sub(grave);
    }
}

fn is_grave(question: &Question) -> bool {
    let reason = question.reason.as_ref();
    reason.is_some_and(|reason| reason.code.is_grave())
}

/// Somebody is kept from asking, voting and raising a hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ban {
    /// Why, as they are told.
    pub reason: String,
    /// Who decided.
    pub by: Staff,
    /// When.
    pub at: UnixMs,
    /// When it ends by itself; none for never.
    pub until: Option<UnixMs>,
}

impl Ban {
    /// Whether it holds at wall clock `now`.
    pub fn is_live(&self, now: UnixMs) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}
