//! Votes: one's own set for every question, and for those others were merged into, how often each person occurs among
//! its own voters and the supporters of those.
//!
//! The supporters a merged question brings are its own voters, whatever was merged into it, and its asker.

use std::collections::BTreeMap;

use crate::{
    command::Actor,
    id::{ParticipantId, QuestionId},
    question::Question,
    state::State,
};

type Questions = BTreeMap<QuestionId, Question>;

pub(super) fn vote(state: &mut State, id: QuestionId, by: &Actor) {
    let Some(voter) = by.participant() else {
        return;
    };
    relisted(state, id, |state| {
        let Some(question) = state.questions.get_mut(&id) else {
            return;
        };
        if question.own_votes.insert(voter) {
            state.people.entry(voter).or_default().votes.insert(id);
            if question.merged.is_empty() {
                let parent = question.merging.as_ref().map(|merging| merging.into);
                gain(&mut state.questions, parent, voter);
            } else {
                gain(&mut state.questions, Some(id), voter);
            }
        }
    });
}

/// Takes the voter's votes for the question and for everything merged into it.
pub(super) fn unvote(state: &mut State, id: QuestionId, by: &Actor) {
    let Some(voter) = by.participant() else {
        return;
    };
    relisted(state, id, |state| {
        for given in given_in(&state.questions, id, voter) {
            take_vote(state, given, voter);
        }
    });
}

fn take_vote(state: &mut State, id: QuestionId, voter: ParticipantId) {
    if let Some(person) = state.people.get_mut(&voter) {
        person.votes.remove(&id);
        if person.is_idle() {
            state.people.remove(&voter);
        }
    }
    let Some(question) = state.questions.get_mut(&id) else {
        return;
    };
    question.own_votes.remove(&voter);
    let counted_at = if question.merged.is_empty() {
        question.merging.as_ref().map(|merging| merging.into)
    } else {
        Some(id)
    };
    lose(&mut state.questions, counted_at, voter);
}

/// Where among the questions united in this one a person voted. Looks only where they are counted.
pub(crate) fn given_in(
    questions: &Questions,
    root: QuestionId,
    voter: ParticipantId,
) -> Vec<QuestionId> {
    let mut given = Vec::new();
    let mut open = vec![root];
    while let Some(question) = open.pop().and_then(|id| questions.get(&id)) {
        if question.own_votes.contains(&voter) {
            given.push(question.id);
        }
        if question.united.contains_key(&voter) {
            open.extend(&question.merged);
        }
    }
    given
}

/// Whether `child` can be merged into `parent` without a circle.
pub(super) fn can_unite(state: &State, child: QuestionId, parent: QuestionId) -> bool {
    let mut above = Some(parent);
    while let Some(question) = above.and_then(|id| state.questions.get(&id)) {
        if question.id == child {
            return false;
        }
        above = question.merging.as_ref().map(|merging| merging.into);
    }
    state.questions.contains_key(&parent)
}

/// Counts the child's supporters at its parent.
pub(crate) fn attach(questions: &mut Questions, child: QuestionId, parent: QuestionId) {
    let Some(supporters) = questions.get(&child).map(supporters) else {
        return;
    };
    let Some(question) = questions.get_mut(&parent) else {
        return;
    };
    if question.merged.is_empty() {
        question.united = question.own_votes.iter().map(|voter| (*voter, 1)).collect();
    }
    question.merged.insert(child);
    for voter in supporters {
        gain(questions, Some(parent), voter);
    }
}

/// Takes them out again.
pub(super) fn detach(questions: &mut Questions, child: QuestionId, parent: QuestionId) {
    let Some(supporters) = questions.get(&child).map(supporters) else {
        return;
    };
    for voter in supporters {
        lose(questions, Some(parent), voter);
    }
    if let Some(question) = questions.get_mut(&parent) {
        question.merged.remove(&child);
        if question.merged.is_empty() {
            question.united = BTreeMap::new();
        }
    }
}

/// Whom a question brings along when it is merged.
fn supporters(question: &Question) -> Vec<ParticipantId> {
    let asker = question.author.participant;
    let others: Box<dyn Iterator<Item = &ParticipantId>> = if question.merged.is_empty() {
        Box::new(question.own_votes.iter())
    } else {
        Box::new(question.united.keys())
    };
    let others = others.filter(|voter| **voter != asker);
    [asker].into_iter().chain(others.copied()).collect()
}

/// One more reason to count a person at a question, and if it is the first, at what that was merged into.
fn gain(questions: &mut Questions, at: Option<QuestionId>, voter: ParticipantId) {
    let mut next = at;
    while let Some(question) = next.and_then(|id| questions.get_mut(&id)) {
        let count = question.united.entry(voter).or_default();
        *count += 1;
        let known = *count > 1 || voter == question.author.participant;
        next = question
            .merging
            .as_ref()
            .filter(|_| !known)
            .map(|merging| merging.into);
    }
}

/// One reason less.
fn lose(questions: &mut Questions, at: Option<QuestionId>, voter: ParticipantId) {
    let mut next = at;
    while let Some(question) = next.and_then(|id| questions.get_mut(&id)) {
        let Some(count) = question.united.get_mut(&voter) else {
            return;
        };
        *count -= 1;
        let known = *count > 0 || voter == question.author.participant;
        if *count == 0 {
            question.united.remove(&voter);
        }
        next = question
            .merging
            .as_ref()
            .filter(|_| !known)
            .map(|merging| merging.into);
    }
}

/// Does something that changes the votes of a question, of those it is merged into, and of no others.
pub(super) fn relisted(state: &mut State, id: QuestionId, act: impl FnOnce(&mut State)) {
    let root = state.root(id);
    if let Some(question) = state.questions.get(&root) {
        state.balance.unlist(question);
    }
    act(state);
    if let Some(question) = state.questions.get(&root) {
        state.balance.list(question);
    }
}
