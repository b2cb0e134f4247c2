//! Why a command changes nothing.

use crate::{
    hand::HandStanding,
    id::{HandId, QuestionId, UnixMs},
    question::Standing,
    text::TextProblem,
};

/// A command that was refused. Nothing changed; the text is for the person who gave it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Not this actor's to do.
    #[error("not allowed: {0}")]
    NotAllowed(&'static str),
    /// No such question.
    #[error("there is no question {0}")]
    NotFound(QuestionId),
    /// No such hand.
    #[error("there is no hand {0}")]
    NoHand(HandId),
    /// No such person.
    #[error("there is nobody {0:?} here")]
    Nobody(String),
    /// Somebody changed the question since.
    #[error("question {question} changed meanwhile: you saw version {seen}, it is at {current}")]
    Stale {
        /// The question.
        question: QuestionId,
        /// The version the command named.
        seen: u64,
        /// The version it has.
        current: u64,
    },
    /// Somebody changed the hand since.
    #[error("hand {hand} changed meanwhile: you saw version {seen}, it is at {current}")]
    StaleHand {
        /// The hand.
        hand: HandId,
        /// The version the command named.
        seen: u64,
        /// The version it has.
        current: u64,
    },
    /// The question's state does not allow it.
    #[error("question {question} is {is}: {needs}")]
    WrongState {
        /// The question.
        question: QuestionId,
        /// Its state.
        is: Standing,
        /// What would be right.
        needs: &'static str,
    },
    /// The hand's state does not allow it.
    #[error("hand {hand} is {is}: {needs}")]
    WrongHand {
        /// The hand.
        hand: HandId,
        /// Its state.
        is: HandStanding,
        /// What would be right.
        needs: &'static str,
    },
    /// There is nothing it could be done to.
    #[error("{0}")]
    Nothing(&'static str),
    /// A colleague is at it.
    #[error("{by} is at question {question}; take it over, or wait until they are done")]
    Claimed {
        /// The question.
        question: QuestionId,
        /// The colleague's name.
        by: String,
        /// When their claim ends by itself.
        until: UnixMs,
    },
    /// A name that looks like that of staff or of a room.
    #[error(
        "the name {0:?} looks like one of the team's or a room's; choose another, or add to it"
    )]
    NameTaken(String),
    /// Kept out by a moderator.
    #[error("you may not ask, vote or raise a hand here: {reason}")]
    Banned {
        /// Why.
        reason: String,
        /// When it ends by itself.
        until: Option<UnixMs>,
    },
    /// Not taken now.
    #[error("{0} are closed")]
    Closed(&'static str),
    /// Too many characters.
    #[error("too long: {found} characters, at most {max}")]
    TooLong {
        /// The limit in characters.
        max: usize,
        /// What was given.
        found: usize,
    },
    /// Nothing readable.
    #[error("empty: at least one letter or digit is needed")]
    Empty,
    /// Sooner than the queue allows.
    #[error("too fast: next one in {} s", (.retry_ms + 999) / 1000)]
    TooFast {
        /// Milliseconds until the next try.
        retry_ms: i64,
    },
    /// As many as one person may have, or as the event takes.
    #[error("full: {0}")]
    Full(&'static str),
    /// A field that makes no sense.
    #[error("{0}")]
    BadRequest(String),
}

impl Rejection {
    /// The protocol's word for it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAllowed(_) => "not_allowed",
            Self::NotFound(_) | Self::NoHand(_) | Self::Nobody(_) => "not_found",
            Self::Stale { .. } | Self::StaleHand { .. } => "stale",
            Self::WrongState { .. } | Self::WrongHand { .. } | Self::Nothing(_) => "wrong_state",
            Self::Claimed { .. } => "claimed",
            Self::NameTaken(_) => "name_taken",
            Self::Banned { .. } => "banned",
            Self::Closed(_) => "closed",
            Self::TooLong { .. } => "too_long",
            Self::Empty => "empty",
            Self::TooFast { .. } => "too_fast",
            Self::Full(_) => "full",
            Self::BadRequest(_) => "bad_request",
        }
    }
}

impl From<TextProblem> for Rejection {
    fn from(problem: TextProblem) -> Self {
        match problem {
            TextProblem::Empty => Self::Empty,
            TextProblem::TooLong { max, found } => Self::TooLong { max, found },
        }
    }
}
