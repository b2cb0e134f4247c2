//! Carries events into the state. Total: an event about a question or hand that is not there changes nothing.

mod hands;
mod question;
pub(crate) mod rules;
mod votes;

pub(crate) use votes::{attach, given_in};

use crate::{
    event::{Change, Event},
    person::Ban,
    state::State,
};

/// Carries one event into the state.
pub fn apply(state: &mut State, event: &Event) {
    if let Some(staff) = event.by.staff() {
        state.reserved.note(staff);
    }
    match &event.change {
        Change::Asked { .. } => question::insert(state, event),
        Change::Voted { question } => votes::vote(state, *question, &event.by),
        Change::Unvoted { question } => votes::unvote(state, *question, &event.by),
        Change::AirSeen {
            question,
            at,
            shown,
        } => question::note_seen(state, *question, *at, *shown),
        Change::Noted { question, text } => question::note(state, *question, event, text),
        Change::Claimed { question, until } => question::claim(state, *question, event, *until),
        Change::Released { question } => question::release(state, *question),
        Change::Banned {
            participant,
            reason,
            until,
        } => {
            if let Some(by) = event.by.staff() {
                let ban = Ban {
                    reason: reason.clone(),
                    by: by.clone(),
                    at: event.at,
                    until: *until,
                };
                state.bans.insert(*participant, ban);
            }
        }
        Change::Unbanned { participant } => drop(state.bans.remove(participant)),
        Change::PolicySet { patch } => rules::set(&mut state.rules, patch),
        Change::SessionPolicySet { session, patch } => {
            rules::keep(&mut state.rules, session, patch);
        }
        Change::SessionNoted { session } => rules::begin(&mut state.rules, session.as_ref()),
        change if change.hand().is_some() => hands::apply(state, event),
        _ => question::change(state, event),
    }
}
