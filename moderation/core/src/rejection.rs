//! Why a command changes nothing.

use crate::{id::QuestionId, state::Standing, text::TextProblem};

/// A command that was refused. Nothing changed; the text is for the person who gave it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Not this actor's to do.
    #[error("not allowed: {0}")]
    NotAllowed(&'static str),
    /// No such question.
    #[error("there is no question {0}")]
    NotFound(QuestionId),
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
    /// Questions are not taken now.
    #[error("questions are closed")]
    Closed,
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
    #[error("too fast: next question in {} s", (.retry_ms + 999) / 1000)]
    TooFast {
        /// Milliseconds until the next try.
        retry_ms: i64,
    },
    /// As many questions as one person may have open, or as the event takes.
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
            Self::NotFound(_) => "not_found",
            Self::Stale { .. } => "stale",
            Self::WrongState { .. } => "wrong_state",
            Self::Closed => "closed",
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
