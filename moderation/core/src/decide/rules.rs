//! The rules: of now, and of sessions to come.

use super::Decided;
use crate::{
    apply::rules,
    event::Change,
    id::SessionId,
    policy::{Moderation, Names, PolicyPatch},
    rejection::Rejection,
    state::State,
};

/// Most sessions rules are kept for.
const MAX_SESSIONS: usize = 500;

pub(super) fn set_policy(state: &State, session: Option<SessionId>, patch: PolicyPatch) -> Decided {
    check(state, &patch)?;
    if patch.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(session) = session {
        let patch = state.rules.of(&session).then(&patch);
        return keep(state, session, patch);
    }
    let mut after = state.rules.clone();
    rules::set(&mut after, &patch);
    Ok(
        if (&after.live, &after.now) == (&state.rules.live, &state.rules.now) {
            Vec::new()
        } else {
            vec![Change::PolicySet { patch }]
        },
    )
}

pub(super) fn reset_policy(state: &State, session: SessionId, patch: PolicyPatch) -> Decided {
    check(state, &patch)?;
    keep(state, session, patch)
}

/// This is all that is kept for the session from now.
fn keep(state: &State, session: SessionId, patch: PolicyPatch) -> Decided {
    let kept = &state.rules.sessions;
    if !kept.contains_key(&session) && kept.len() >= MAX_SESSIONS {
        return Err(Rejection::Full("rules are kept for no more sessions"));
    }
    let mut after = state.rules.clone();
    rules::keep(&mut after, &session, &patch);
    Ok(
        if patch == state.rules.of(&session) && after.now == state.rules.now {
            Vec::new()
        } else {
            vec![Change::SessionPolicySet { session, patch }]
        },
    )
}

fn check(state: &State, patch: &PolicyPatch) -> Result<(), Rejection> {
    let ranges = [
        ("slow_mode_s", patch.slow_mode_s, 0..=3_600),
        ("per_person", patch.per_person, 1..=1_000),
        ("per_person_per_min", patch.per_person_per_min, 0..=1_000),
        (
            "per_address_per_min",
            patch.per_address_per_min,
            0..=1_000_000,
        ),
        ("max_length", patch.max_length, 20..=4_000),
    ];
    for (field, value, range) in ranges {
        if value.is_some_and(|value| !range.contains(&value)) {
            let (from, to) = range.into_inner();
            return Err(Rejection::BadRequest(format!(
                "{field} must be from {from} to {to}"
            )));
        }
    }
    let unknown =
        |kind: &str, id: &str| Rejection::BadRequest(format!("this event has no {kind} {id:?}"));
    let catalogue = state.catalogue();
    let mut themes = patch.themes.iter().flatten().flatten();
    if let Some(id) = themes.find(|id| !catalogue.themes.contains(id)) {
        return Err(unknown("theme", id.as_str()));
    }
    let mut publics = patch.publics.iter().flatten().flatten();
    if let Some(id) = publics.find(|id| !catalogue.publics.contains(id)) {
        return Err(unknown("public", id.as_str()));
    }
    let young = patch.young == Some(true);
    let named = patch.names.is_some_and(|names| names != Names::None);
    if young && (named || patch.moderation == Some(Moderation::After)) {
        return Err(Rejection::BadRequest(
            "the rules for children take no names and moderate before publication".to_owned(),
        ));
    }
    Ok(())
}

pub(super) fn note_session(state: &State, session: Option<SessionId>) -> Vec<Change> {
    if state.rules.session == session {
        return Vec::new();
    }
    vec![Change::SessionNoted { session }]
}
