//! Uniting questions that ask the same, and taking them apart again.

use super::{Decided, Desk, MAX_UNITED, wrong};
use crate::{
    event::Change, id::QuestionId, question::Standing, rejection::Rejection, state::State,
};

pub(super) fn merge(
    desk: &Desk<'_>,
    question: QuestionId,
    version: u64,
    into: QuestionId,
) -> Decided {
    use Standing::{Approved, Held, Received, Staged};
    let needs = "only a received, held, approved or staged question is merged";
    desk.free(
        question,
        version,
        &[Received, Held, Approved, Staged],
        needs,
    )?;
    can_unite(desk.state, question, into)?;
    Ok(vec![Change::Merged { question, into }])
}

/// Whether a question may be merged into another now.
pub(super) fn can_unite(
    state: &State,
    question: QuestionId,
    into: QuestionId,
) -> Result<(), Rejection> {
    if into == question {
        return Err(Rejection::BadRequest(
            "a question cannot be merged into itself".to_owned(),
        ));
    }
    let target = state.question(into).ok_or(Rejection::NotFound(into))?;
    if matches!(
        target.standing,
        Standing::Merged | Standing::Withdrawn | Standing::Declined | Standing::Deferred
    ) {
        let needs = "a question is merged into one that is neither merged nor closed unanswered";
        return Err(wrong(target, needs));
    }
    if state.united(question) + state.united(into) + 2 > MAX_UNITED {
        return Err(Rejection::Full("as many questions as can be are united"));
    }
    Ok(())
}

pub(super) fn unmerge(desk: &Desk<'_>, question: QuestionId, version: u64) -> Decided {
    let needs = "it is not merged into another";
    let seen = desk.at(question, version, &[Standing::Merged], needs)?;
    let to = match seen.merging.as_ref().map(|merging| merging.before) {
        Some(Standing::Staged) => Standing::Approved,
        Some(before) => before,
        None => Standing::Received,
    };
    Ok(vec![Change::Unmerged { question, to }])
}
