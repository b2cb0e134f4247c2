//! Claims: who is at a question, for a minute at a time.

use super::{CLAIM_MS, Decided, Desk, wrong};
use crate::{
    event::Change,
    id::{QuestionId, UnixMs},
    question::Standing,
    rejection::Rejection,
    state::State,
};

/// One's own claim is renewed at most this often, in milliseconds.
const RENEW_MS: i64 = 10_000;

pub(super) fn claim(desk: &Desk<'_>, id: QuestionId, take: bool) -> Decided {
    let question = desk.question(id)?;
    if question.standing == Standing::Withdrawn {
        return Err(wrong(question, "its asker has taken it back"));
    }
    if !take {
        desk.unclaimed(question)?;
    }
    let until = UnixMs(desk.now.0.saturating_add(CLAIM_MS));
    let own = question
        .claim(desk.now)
        .filter(|claim| claim.by.is(desk.staff));
    if own.is_some_and(|claim| (0..RENEW_MS).contains(&(until.0 - claim.until.0))) {
        return Ok(Vec::new());
    }
    Ok(vec![Change::Claimed {
        question: id,
        until,
    }])
}

pub(super) fn release(desk: &Desk<'_>, id: QuestionId) -> Decided {
    let question = desk.question(id)?;
    desk.unclaimed(question)?;
    let own = question.claim.as_ref();
    let own = own.filter(|claim| claim.by.is(desk.staff));
    let released = own.map(|_| Change::Released { question: id });
    Ok(released.into_iter().collect())
}

pub(super) fn release_any(state: &State, id: QuestionId) -> Decided {
    let question = state.question(id).ok_or(Rejection::NotFound(id))?;
    let claim = question.claim.as_ref();
    let released = claim.map(|_| Change::Released { question: id });
    Ok(released.into_iter().collect())
}

pub(super) fn release_all(state: &State, staff: &str) -> Vec<Change> {
    let held = |id: &&QuestionId| {
        let question = state.question(**id);
        let claim = question.and_then(|question| question.claim.as_ref());
        claim.is_some_and(|claim| claim.by.key() == staff)
    };
    let released = |id: &QuestionId| Change::Released { question: *id };
    state.claimed.iter().filter(held).map(released).collect()
}
