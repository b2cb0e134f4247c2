//! Keeping somebody out, and letting them back.

use super::{Decided, Desk, MAX_REASON};
use crate::{
    command::Banning,
    event::Change,
    id::{ParticipantId, UnixMs},
    rejection::Rejection,
    state::State,
    text::clean,
};

/// Longest ban that ends by itself: a year.
const MAX_MINUTES: u32 = 366 * 24 * 60;

pub(super) fn ban(desk: &Desk<'_>, who: &Banning, reason: &str, minutes: Option<u32>) -> Decided {
    let participant = match who {
        Banning::AskerOf(id) => {
            let question = desk.question(*id)?;
            if question.author.room.is_some() {
                return Err(Rejection::NotAllowed(
                    "a room is not banned; its key is revoked instead",
                ));
            }
            question.author.participant
        }
        Banning::Pseudonym(name) => by_pseudonym(desk.state, name)?,
    };
    if minutes.is_some_and(|minutes| !(1..=MAX_MINUTES).contains(&minutes)) {
        return Err(Rejection::BadRequest(format!(
            "minutes must be from 1 to {MAX_MINUTES}"
        )));
    }
    let end = |minutes| UnixMs(desk.now.0.saturating_add(i64::from(minutes) * 60_000));
    Ok(vec![Change::Banned {
        participant,
        reason: clean(reason, MAX_REASON)?,
        until: minutes.map(end),
    }])
}

/// Looks through everybody: bans are rare.
fn by_pseudonym(state: &State, name: &str) -> Result<ParticipantId, Rejection> {
    let is_room = |id: &ParticipantId| {
        let hand = state.hand_of(*id).map(|hand| &hand.author);
        let person = state.person(*id);
        let asked = person.and_then(|person| state.question(*person.questions.first()?));
        let author = asked.map(|question| &question.author).or(hand);
        author.is_some_and(|author| author.room.is_some())
    };
    let mut named = state
        .people
        .keys()
        .filter(|id| id.is_called(name) && !is_room(id));
    let Some(first) = named.next() else {
        return Err(Rejection::Nobody(name.chars().take(20).collect()));
    };
    if named.next().is_some() {
        return Err(Rejection::BadRequest(
            "two people have this pseudonym: name one of their questions instead".to_owned(),
        ));
    }
    Ok(*first)
}

pub(super) fn unban(state: &State, name: &str) -> Decided {
    let named = state.bans.keys().filter(|id| id.is_called(name));
    let back: Vec<_> = named
        .map(|id| Change::Unbanned { participant: *id })
        .collect();
    if back.is_empty() {
        return Err(Rejection::Nobody(name.chars().take(20).collect()));
    }
    Ok(back)
}
