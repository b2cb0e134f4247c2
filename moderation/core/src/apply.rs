//! Carries events into the state. Total: an event about a question that is not there changes nothing.

use std::collections::BTreeSet;

use crate::{
    command::Actor,
    event::{Change, Event},
    id::{ParticipantId, QuestionId, UnixMs},
    state::{Airing, Answer, Author, Question, Standing, State},
};

/// Carries one event into the state.
pub fn apply(state: &mut State, event: &Event) {
    match &event.change {
        Change::Asked { .. } => insert(state, event),
        Change::Voted { question } => vote(state, *question, &event.by, true),
        Change::Unvoted { question } => vote(state, *question, &event.by, false),
        Change::AirSeen {
            question,
            at,
            shown,
        } => {
            if let Some(question) = state.questions.get_mut(question) {
                note_seen(&mut question.airings, *at, *shown);
            }
        }
        Change::QueueSet { open, moderation } => {
            state.policy.open = *open;
            state.policy.moderation = *moderation;
        }
        change => {
            if let Some(question) = change.question() {
                relocate(state, question, change);
                touch(state, question, event);
            }
        }
    }
}

fn insert(state: &mut State, event: &Event) {
    let Change::Asked {
        question: id,
        author,
        text,
        name,
        show_name,
        public,
        theme,
        site,
        programme_at,
        approved,
    } = &event.change
    else {
        return;
    };
    let question = Question {
        id: *id,
        author: Author::clone(author),
        text: text.clone(),
        original: None,
        name: name.clone(),
        show_name: *show_name,
        public: public.clone(),
        theme: theme.clone(),
        site: site.clone(),
        programme_at: *programme_at,
        asked_at: event.at,
        standing: if *approved {
            Standing::Approved
        } else {
            Standing::Received
        },
        version: 1,
        votes: BTreeSet::new(),
        by: None,
        reason: None,
        airings: Vec::new(),
        answer: None,
    };
    state.balance.add(&question);
    state
        .people
        .entry(author.participant)
        .or_default()
        .questions
        .push(*id);
    state.questions.insert(*id, question);
}

fn vote(state: &mut State, id: QuestionId, by: &Actor, support: bool) {
    let (Some(voter), Some(question)) = (participant(by), state.questions.get_mut(&id)) else {
        return;
    };
    let person = state.people.entry(voter).or_default();
    if support {
        question.votes.insert(voter);
        person.votes.insert(id);
    } else {
        question.votes.remove(&voter);
        person.votes.remove(&id);
    }
    if person.votes.is_empty() && person.questions.is_empty() {
        state.people.remove(&voter);
    }
}

/// The person an actor stands for, where there is one.
pub(crate) fn participant(actor: &Actor) -> Option<ParticipantId> {
    match actor {
        Actor::Participant(id)
        | Actor::Room {
            participant: id, ..
        } => Some(*id),
        Actor::Moderator(_) | Actor::Director(_) | Actor::System => None,
    }
}

fn note_seen(airings: &mut [Airing], at: UnixMs, shown: bool) {
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

/// Keeps the stage list and the air in step with the standing the question is about to take.
fn relocate(state: &mut State, id: QuestionId, change: &Change) {
    if !state.questions.contains_key(&id) || matches!(change, Change::Edited { .. }) {
        return;
    }
    state.stage.retain(|staged| *staged != id);
    if state.on_air == Some(id) {
        state.on_air = None;
    }
    let rank = match change {
        Change::Staged { rank, .. } | Change::Moved { rank, .. } => Some(*rank),
        Change::TakenOffAir { .. } | Change::Reopened { staged: true, .. } => Some(1),
        Change::TakenOnAir { .. } => {
            state.on_air = Some(id);
            None
        }
        _ => None,
    };
    if let Some(rank) = rank {
        let index = rank.saturating_sub(1).min(state.stage.len());
        state.stage.insert(index, id);
    }
}

fn touch(state: &mut State, id: QuestionId, event: &Event) {
    let Some(question) = state.questions.get_mut(&id) else {
        return;
    };
    state.balance.remove(question);
    question.version += 1;
    if let Actor::Moderator(name) | Actor::Director(name) = &event.by {
        question.by = Some(name.clone());
    }
    if let Some(standing) = standing_after(&event.change) {
        close_airing(question, event.at);
        change_standing(question, standing, event);
    } else if let Change::Edited {
        text,
        public,
        theme,
        site,
        ..
    } = &event.change
    {
        edit(question, text);
        question.public.clone_from(public);
        question.theme.clone_from(theme);
        question.site.clone_from(site);
    }
    state.balance.add(question);
}

fn standing_after(change: &Change) -> Option<Standing> {
    Some(match change {
        Change::Withdrawn { .. } => Standing::Withdrawn,
        Change::Approved { .. }
        | Change::Unstaged { .. }
        | Change::Reopened { staged: false, .. } => Standing::Approved,
        Change::Declined { .. } => Standing::Declined,
        Change::Restored { .. } => Standing::Received,
        Change::Staged { .. }
        | Change::Moved { .. }
        | Change::TakenOffAir { .. }
        | Change::Reopened { .. } => Standing::Staged,
        Change::TakenOnAir { .. } => Standing::OnAir,
        Change::Answered { .. } => Standing::Answered,
        Change::Asked { .. }
        | Change::Voted { .. }
        | Change::Unvoted { .. }
        | Change::Edited { .. }
        | Change::AirSeen { .. }
        | Change::QueueSet { .. } => return None,
    })
}

fn close_airing(question: &mut Question, at: UnixMs) {
    if question.standing == Standing::OnAir
        && let Some(airing) = question.airings.last_mut()
    {
        airing.off_asked_at.get_or_insert(at);
    }
}

fn change_standing(question: &mut Question, standing: Standing, event: &Event) {
    question.reason = None;
    match &event.change {
        Change::Declined { reason, .. } => question.reason = Some(reason.clone()),
        Change::TakenOnAir { .. } => question.airings.push(Airing {
            asked_at: event.at,
            seen_at: None,
            off_asked_at: None,
            gone_at: None,
        }),
        Change::Answered { written, .. } => {
            let from_stage = matches!(question.standing, Standing::Staged | Standing::OnAir);
            question.answer = Some(Answer {
                at: event.at,
                written: written.clone(),
                from_stage,
            });
        }
        Change::Reopened { .. } => question.answer = None,
        _ => {}
    }
    question.standing = standing;
}

fn edit(question: &mut Question, text: &str) {
    if question.text != text {
        let before = std::mem::replace(&mut question.text, text.to_owned());
        question.original.get_or_insert(before);
    }
}
