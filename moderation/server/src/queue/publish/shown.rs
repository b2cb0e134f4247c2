//! Which public questions everybody is shown: all of them while they are few, else the best, so that ten thousand
//! pages that come back at once cost little.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
};

use pleniere_moderation_core::{Question, QuestionId, Standing};

/// Questions in the public view. Those on the stage list and on air come first, then those with most votes, then the
/// newest.
pub(super) const SHOWN: usize = 500;

type Place = (bool, Reverse<usize>, Reverse<QuestionId>);

/// The order of all public questions, and who was among the first when last asked.
#[derive(Default)]
pub(super) struct Shown {
    order: BTreeSet<Place>,
    places: HashMap<QuestionId, Place>,
    first: BTreeSet<QuestionId>,
}

/// What changed among those shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) come: Vec<QuestionId>,
    pub(super) gone: Vec<QuestionId>,
}

impl Shown {
    /// Takes note of a question as it is now.
    pub(super) fn note(&mut self, question: &Question) {
        self.forget(question.id);
        if question.is_public() {
            let waits = !matches!(question.standing, Standing::Staged | Standing::OnAir);
            let place = (waits, Reverse(question.votes()), Reverse(question.id));
            self.order.insert(place);
            self.places.insert(question.id, place);
        }
    }

    pub(super) fn forget(&mut self, id: QuestionId) {
        if let Some(place) = self.places.remove(&id) {
            self.order.remove(&place);
        }
    }

    /// Whether it was among the first when last asked.
    pub(super) fn has(&self, id: QuestionId) -> bool {
        self.first.contains(&id)
    }

    /// Who came among the first and who went, since last asked.
    pub(super) fn turn(&mut self) -> Turn {
        let ids = |place: &Place| (place.2).0;
        let first: BTreeSet<QuestionId> = self.order.iter().take(SHOWN).map(ids).collect();
        let turn = Turn {
            come: first.difference(&self.first).copied().collect(),
            gone: self.first.difference(&first).copied().collect(),
        };
        self.first = first;
        turn
    }
}
