//! Taking back one's own last act.

use super::{Decided, Desk, merging, wrong};
use crate::{
    event::Change,
    id::QuestionId,
    question::{Question, Standing},
    rejection::Rejection,
    undo::{Act, Done},
};

pub(super) fn undo(desk: &Desk<'_>, question: Option<QuestionId>) -> Decided {
    let acts = &desk.state.undo;
    let done = acts
        .last(desk.staff, question)
        .ok_or(Rejection::Nothing("you have nothing to take back there"))?;
    let seen = desk.question(done.question)?;
    if seen.version != done.after {
        return Err(Rejection::Stale {
            question: seen.id,
            seen: done.after,
            current: seen.version,
        });
    }
    if needs_claim(done, seen) {
        desk.unclaimed(seen)?;
    }
    if done.memory.standing == Standing::OnAir
        && desk.state.on_air.is_some_and(|other| other != seen.id)
    {
        let needs = "another question is on air; take that off first";
        return Err(wrong(seen, needs));
    }
    if let (Some(merging), None) = (&done.memory.merging, &seen.merging) {
        merging::can_unite(desk.state, seen.id, merging.into)?;
    }
    let undone = |done: &Done| Change::Undone {
        question: done.question,
        act: done.act,
    };
    // What it took off the air goes back, unless something happened to that one since.
    let displaced = done.displaced.and_then(|id| {
        let taken_off = acts.last(desk.staff, Some(id))?;
        let untouched = desk.state.question(id)?.version == taken_off.after;
        (taken_off.act == Act::OffAir && untouched).then(|| undone(taken_off))
    });
    Ok([undone(done)].into_iter().chain(displaced).collect())
}

/// The acts that are not done while a colleague is at the question are not undone either.
fn needs_claim(done: &Done, seen: &Question) -> bool {
    match done.act {
        Act::Approve
        | Act::Hold
        | Act::Decline
        | Act::Restore
        | Act::Edit
        | Act::Merge
        | Act::Defer => true,
        Act::Answer => seen
            .answer
            .as_ref()
            .is_some_and(|answer| answer.written.is_some()),
        Act::Stage
        | Act::Unstage
        | Act::Move
        | Act::Unmerge
        | Act::Reopen
        | Act::Air
        | Act::OffAir
        | Act::Assign => false,
    }
}
