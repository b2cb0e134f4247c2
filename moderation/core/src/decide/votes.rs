//! Votes: for what is public, somebody else's, and not supported already.

use super::{Decided, MAX_VOTERS, author, not_banned, wrong};
use crate::{
    apply::given_in,
    command::Actor,
    event::Change,
    id::{ParticipantId, QuestionId, UnixMs},
    question::Question,
    rejection::Rejection,
    state::State,
};

pub(super) fn vote(state: &State, id: QuestionId, actor: &Actor, now: UnixMs) -> Decided {
    let voter = author(actor)?.participant;
    not_banned(state, voter, now)?;
    let question = open(state, id, voter)?;
    if question.is_supported_by(voter) {
        return Err(wrong(question, "you support it already"));
    }
    if question.own_votes.len() >= MAX_VOTERS {
        return Err(Rejection::Full("this question takes no more votes"));
    }
    Ok(vec![Change::Voted { question: id }])
}

/// Whoever voted for a question before it was merged may name either.
pub(super) fn unvote(state: &State, id: QuestionId, actor: &Actor) -> Decided {
    let voter = author(actor)?.participant;
    let id = state.root(id);
    let question = open(state, id, voter)?;
    if !given_in(&state.questions, id, voter).is_empty() {
        return Ok(vec![Change::Unvoted { question: id }]);
    }
    Err(if question.is_supported_by(voter) {
        wrong(question, "your own question is united with it")
    } else {
        wrong(question, "you have not voted for it")
    })
}

/// A question that is not public is not there for a voter, not even by its state.
fn open(state: &State, id: QuestionId, voter: ParticipantId) -> Result<&Question, Rejection> {
    let question = state
        .question(id)
        .filter(|question| question.is_public())
        .ok_or(Rejection::NotFound(id))?;
    if question.author.participant == voter {
        return Err(Rejection::NotAllowed(
            "one does not vote for one's own question",
        ));
    }
    if question.standing.is_closed() {
        return Err(wrong(question, "votes are taken until it is answered"));
    }
    Ok(question)
}
