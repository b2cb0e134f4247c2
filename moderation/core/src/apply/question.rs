//! One question: asked, changed, put on and off the stage list and the air, undone.

use std::collections::{BTreeMap, BTreeSet};

use super::votes;
use crate::{
    event::{Change, Event},
    id::{QuestionId, UnixMs},
    question::{Airing, Answer, Assignment, Claim, Merging, Note, Question, Standing},
    reason::Hold,
    state::State,
    undo::{Act, Done, Memory},
};

pub(super) fn insert(state: &mut State, event: &Event) {
    let Change::Asked {
        question: id,
        author,
        text,
        name,
        show_name,
        public,
        theme,
        site,
        lang,
        programme_at,
        approved,
        held,
    } = &event.change
    else {
        return;
    };
    if state.questions.contains_key(id) {
        return;
    }
    let question = Question {
        id: *id,
        author: author.clone(),
        text: text.clone(),
        original: None,
        name: name.clone(),
        show_name: *show_name,
        public: public.clone(),
        theme: theme.clone(),
        site: site.clone(),
        lang: lang.clone(),
        programme_at: *programme_at,
        asked_at: event.at,
        standing: first_standing(*approved, held.as_ref()),
        version: 1,
        by: None,
        reason: None,
        held: held.clone(),
        deferred_to: None,
        merging: None,
        assigned: Assignment::default(),
        claim: None,
        notes: Vec::new(),
        airings: Vec::new(),
        answer: None,
        own_votes: BTreeSet::new(),
        merged: BTreeSet::new(),
        united: BTreeMap::new(),
    };
    state.balance.add(&question);
    let person = state.people.entry(author.participant).or_default();
    person.questions.push(*id);
    person.add(&question);
    state.questions.insert(*id, question);
}

fn first_standing(approved: bool, held: Option<&Hold>) -> Standing {
    match (held, approved) {
        (Some(_), _) => Standing::Held,
        (None, true) => Standing::Approved,
        (None, false) => Standing::Received,
    }
}

pub(super) fn note_seen(state: &mut State, id: QuestionId, at: UnixMs, shown: bool) {
    let Some(question) = state.questions.get_mut(&id) else {
        return;
    };
    let airings = &mut question.airings;
    let airing = if shown {
        airings
            .iter_mut()
            .rev()
            .find(|airing| airing.seen_at.is_none())
    } else {
        airings
            .iter_mut()
            .find(|airing| airing.off_asked_at.is_some() && airing.gone_at.is_none())
    };
    if let Some(airing) = airing {
        let slot = if shown {
            &mut airing.seen_at
        } else {
            &mut airing.gone_at
        };
        *slot = Some(at);
    }
}

pub(super) fn note(state: &mut State, id: QuestionId, event: &Event, text: &str) {
    let question = state.questions.get_mut(&id);
    if let (Some(question), Some(by)) = (question, event.by.staff()) {
        question.notes.push(Note {
            by: by.clone(),
            at: event.at,
            text: text.to_owned(),
        });
    }
}

pub(super) fn claim(state: &mut State, id: QuestionId, event: &Event, until: UnixMs) {
    // Claims that ended by the clock are forgotten with the next one made.
    let questions = &mut state.questions;
    state.claimed.retain(|id| {
        let ended = questions
            .get_mut(id)
            .filter(|question| question.claim(event.at).is_none());
        let ended = ended.map(|question| question.claim = None);
        ended.is_none()
    });
    let question = state.questions.get_mut(&id);
    if let (Some(question), Some(by)) = (question, event.by.staff()) {
        let by = by.clone();
        question.claim = Some(Claim { by, until });
        state.claimed.insert(id);
    }
}

pub(super) fn release(state: &mut State, id: QuestionId) {
    if let Some(question) = state.questions.get_mut(&id) {
        question.claim = None;
        state.claimed.remove(&id);
    }
}

/// A change that counts as a version.
pub(super) fn change(state: &mut State, event: &Event) {
    let Some(id) = event.change.question() else {
        return;
    };
    let undone = match (&event.change, event.by.staff()) {
        (Change::Undone { .. }, Some(staff)) => match state.undo.pop(staff, id) {
            Some(done) => Some(done),
            None => return,
        },
        (Change::Undone { .. }, None) => return,
        _ => None,
    };
    let rank = state.rank(id);
    let Some(question) = state.questions.get(&id) else {
        return;
    };
    if let Some(into) = merged_into(&event.change, undone.as_ref())
        && !votes::can_unite(state, id, into)
    {
        return;
    }
    let before = Before {
        version: question.version,
        merging: question.merging.clone(),
        memory: Memory::of(question, rank),
    };
    state.balance.remove(question);
    if let Some(person) = state.people.get_mut(&question.author.participant) {
        person.remove(question);
    }
    rewrite(state, id, event, undone.as_ref());
    relocate(state, id, rank_after(&event.change, rank, undone.as_ref()));
    reunite(state, id, before.merging.as_ref());
    settle(state, id, event, before, undone);
}

struct Before {
    version: u64,
    merging: Option<Merging>,
    memory: Memory,
}

/// What the question will be merged into.
fn merged_into(change: &Change, undone: Option<&Done>) -> Option<QuestionId> {
    match (change, undone) {
        (Change::Merged { into, .. }, _) => Some(*into),
        (_, Some(done)) => done.memory.merging.as_ref().map(|merging| merging.into),
        _ => None,
    }
}

fn rewrite(state: &mut State, id: QuestionId, event: &Event, undone: Option<&Done>) {
    let Some(question) = state.questions.get_mut(&id) else {
        return;
    };
    question.version += 1;
    if let Some(staff) = event.by.staff() {
        question.by = Some(staff.name.clone());
    }
    match (&event.change, undone) {
        (_, Some(done)) => take_back(question, done, event.at),
        (
            Change::Edited {
                text,
                public,
                theme,
                site,
                ..
            },
            _,
        ) => {
            reword(question, text);
            question.public.clone_from(public);
            question.theme.clone_from(theme);
            question.site.clone_from(site);
        }
        (Change::Assigned { speaker, site, .. }, _) => {
            question.assigned = Assignment {
                speaker: speaker.clone(),
                site: site.clone(),
            };
        }
        _ => {
            if let Some(standing) = standing_after(&event.change) {
                change_standing(question, standing, event);
            }
        }
    }
}

fn standing_after(change: &Change) -> Option<Standing> {
    Some(match change {
        Change::Withdrawn { .. } => Standing::Withdrawn,
        Change::Approved { .. } | Change::Unstaged { .. } => Standing::Approved,
        Change::Held { .. } => Standing::Held,
        Change::Declined { .. } => Standing::Declined,
        Change::Restored { .. } => Standing::Received,
        Change::Deferred { .. } => Standing::Deferred,
        Change::Merged { .. } => Standing::Merged,
        Change::Unmerged { to, .. } | Change::Reopened { to, .. } => *to,
        Change::Staged { .. } | Change::Moved { .. } | Change::TakenOffAir { .. } => {
            Standing::Staged
        }
        Change::TakenOnAir { .. } => Standing::OnAir,
        Change::Answered { .. } => Standing::Answered,
        _ => return None,
    })
}

fn change_standing(question: &mut Question, standing: Standing, event: &Event) {
    let before = question.standing;
    if before == Standing::OnAir
        && let Some(airing) = question.airings.last_mut()
    {
        airing.off_asked_at.get_or_insert(event.at);
    }
    question.reason = None;
    if !matches!(standing, Standing::Merged | Standing::Held) {
        question.held = None;
    }
    question.deferred_to = None;
    question.merging = None;
    question.answer = None;
    match &event.change {
        Change::Declined { reason, .. } => question.reason = Some(reason.clone()),
        Change::Held { reason, .. } => question.held = Some(reason.clone()),
        Change::Deferred { to, .. } => question.deferred_to = Some(to.clone()),
        Change::Merged { into, .. } => {
            let into = *into;
            question.merging = Some(Merging { into, before });
        }
        Change::TakenOnAir { .. } => question.airings.push(airing(event.at)),
        Change::Answered { written, to, .. } => {
            question.answer = Some(Answer {
                at: event.at,
                written: written.clone(),
                to: *to,
                from: before,
            });
        }
        _ => {}
    }
    question.standing = standing;
}

fn airing(asked_at: UnixMs) -> Airing {
    Airing {
        asked_at,
        seen_at: None,
        off_asked_at: None,
        gone_at: None,
    }
}

fn reword(question: &mut Question, text: &str) {
    if question.text != text {
        let before = std::mem::replace(&mut question.text, text.to_owned());
        question.original.get_or_insert(before);
    }
}

/// Makes the question what it was before an act. Its times on air stay: one that was never seen is as if it had not
/// been, one it has not left yet goes on.
fn take_back(question: &mut Question, done: &Done, at: UnixMs) {
    let before = question.standing;
    done.memory.clone().restore(question);
    match (before, question.standing) {
        (Standing::OnAir, Standing::OnAir) => {}
        (Standing::OnAir, _) => match question.airings.last_mut() {
            Some(last) if last.seen_at.is_some() => {
                last.off_asked_at.get_or_insert(at);
            }
            _ => drop(question.airings.pop()),
        },
        (_, Standing::OnAir) => match question.airings.last_mut() {
            Some(last) if last.gone_at.is_none() => last.off_asked_at = None,
            _ => question.airings.push(airing(at)),
        },
        _ => {}
    }
}

/// The rank on the stage list after a change; none off it.
fn rank_after(change: &Change, rank: Option<usize>, undone: Option<&Done>) -> Option<usize> {
    match (change, undone) {
        (_, Some(done)) => done.memory.rank,
        (Change::Edited { .. } | Change::Assigned { .. }, _) => rank,
        (Change::Staged { rank, .. } | Change::Moved { rank, .. }, _) => Some(*rank),
        (Change::TakenOffAir { .. }, _) => Some(1),
        (Change::Reopened { to, .. }, _) => (*to == Standing::Staged).then_some(1),
        _ => None,
    }
}

/// Keeps the stage list and the air in step with the standing the question has taken.
fn relocate(state: &mut State, id: QuestionId, rank: Option<usize>) {
    if rank != state.rank(id) {
        state.stage.retain(|staged| *staged != id);
        if let Some(rank) = rank {
            let index = rank.saturating_sub(1).min(state.stage.len());
            state.stage.insert(index, id);
        }
    }
    let standing = state.questions.get(&id).map(|question| question.standing);
    if standing == Some(Standing::OnAir) {
        state.on_air = Some(id);
    } else if state.on_air == Some(id) {
        state.on_air = None;
    }
}

/// Moves its supporters from the question it was merged into to the one it is merged into now.
fn reunite(state: &mut State, id: QuestionId, before: Option<&Merging>) {
    let now = state.questions.get(&id).and_then(|q| q.merging.clone());
    if now.as_ref() == before {
        return;
    }
    if let Some(Merging { into, .. }) = before {
        votes::relisted(state, *into, |state| {
            votes::detach(&mut state.questions, id, *into);
        });
    }
    if let Some(Merging { into, .. }) = now {
        votes::relisted(state, into, |state| {
            votes::attach(&mut state.questions, id, into);
        });
    }
}

/// Counts the question as it is now, remembers the act for undoing, and ends its actor's claim if its standing changed.
fn settle(state: &mut State, id: QuestionId, event: &Event, before: Before, undone: Option<Done>) {
    let Some(question) = state.questions.get_mut(&id) else {
        return;
    };
    let moved = question.standing != before.memory.standing;
    let holder = |claim: &Claim| event.by.staff().is_some_and(|staff| staff.is(&claim.by));
    let ended = question.standing == Standing::Withdrawn
        || (moved && question.claim.as_ref().is_some_and(holder));
    if ended {
        question.claim = None;
        state.claimed.remove(&id);
    }
    state.balance.add(question);
    if let Some(person) = state.people.get_mut(&question.author.participant) {
        person.add(question);
    }
    let after = question.version;
    if let Some(done) = undone {
        state.undo.returned(&done, after);
    } else if let (Some(staff), Some(act)) = (event.by.staff(), Act::of(&event.change)) {
        let done = Done {
            act,
            question: id,
            before: before.version,
            after,
            displaced: match event.change {
                Change::TakenOnAir { displaced, .. } => displaced,
                _ => None,
            },
            memory: before.memory,
        };
        state.undo.push(staff, done);
    }
}
