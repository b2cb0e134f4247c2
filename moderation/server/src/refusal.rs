//! Refused commands as clients see them, and as HTTP answers (RFC 9457).

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use pleniere_moderation_core::Rejection;
use serde_json::{Value, json};

/// The protocol's refusal codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words are the protocol's")]
pub enum RefusalCode {
    BadRequest,
    NotAllowed,
    NotFound,
    Stale,
    WrongState,
    Claimed,
    NameTaken,
    Closed,
    TooLong,
    Empty,
    TooFast,
    Banned,
    Full,
    Unavailable,
}

impl RefusalCode {
    /// The protocol's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::NotAllowed => "not_allowed",
            Self::NotFound => "not_found",
            Self::Stale => "stale",
            Self::WrongState => "wrong_state",
            Self::Claimed => "claimed",
            Self::NameTaken => "name_taken",
            Self::Closed => "closed",
            Self::TooLong => "too_long",
            Self::Empty => "empty",
            Self::TooFast => "too_fast",
            Self::Banned => "banned",
            Self::Full => "full",
            Self::Unavailable => "unavailable",
        }
    }

    /// The HTTP status that says the same.
    pub fn status(self) -> StatusCode {
        match self {
            Self::BadRequest | Self::TooLong | Self::Empty => StatusCode::BAD_REQUEST,
            Self::NotAllowed | Self::Banned => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Stale | Self::WrongState | Self::Claimed | Self::NameTaken | Self::Closed => {
                StatusCode::CONFLICT
            }
            Self::TooFast | Self::Full => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// A command that was not carried out; nothing changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}: {detail}", code.as_str())]
pub struct Refusal {
    /// For programs.
    pub code: RefusalCode,
    /// For people: what was wrong and what would be right.
    pub detail: String,
    /// What the sender should have known: the question as it is now.
    pub current: Option<Value>,
    /// When to try again, in whole seconds, where that is known.
    pub retry_s: Option<u64>,
}

impl Refusal {
    /// A refusal without further facts.
    pub fn new(code: RefusalCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            current: None,
            retry_s: None,
        }
    }

    pub(crate) fn busy() -> Self {
        Self::new(
            RefusalCode::Unavailable,
            "the queue is not available now; try again",
        )
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        let code = match &rejection {
            Rejection::NotAllowed(_) => RefusalCode::NotAllowed,
            Rejection::NotFound(_) | Rejection::NoHand(_) | Rejection::Nobody(_) => {
                RefusalCode::NotFound
            }
            Rejection::Stale { .. } | Rejection::StaleHand { .. } => RefusalCode::Stale,
            Rejection::WrongState { .. } | Rejection::WrongHand { .. } | Rejection::Nothing(_) => {
                RefusalCode::WrongState
            }
            Rejection::Claimed { .. } => RefusalCode::Claimed,
            Rejection::NameTaken(_) => RefusalCode::NameTaken,
            Rejection::Banned { .. } => RefusalCode::Banned,
            Rejection::Closed(_) => RefusalCode::Closed,
            Rejection::TooLong { .. } => RefusalCode::TooLong,
            Rejection::Empty => RefusalCode::Empty,
            Rejection::TooFast { .. } => RefusalCode::TooFast,
            Rejection::Full(_) => RefusalCode::Full,
            Rejection::BadRequest(_) => RefusalCode::BadRequest,
        };
        let retry_s = match &rejection {
            Rejection::TooFast { retry_ms } => {
                Some(u64::try_from((retry_ms + 999) / 1000).unwrap_or(0))
            }
            _ => None,
        };
        Self {
            retry_s,
            ..Self::new(code, rejection.to_string())
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut answer = problem(self.code.status(), self.code.as_str(), &self.detail);
        if let Some(seconds) = self.retry_s {
            answer
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }
}

/// An `application/problem+json` answer.
pub(crate) fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    let body = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail, "code": code });
    let headers = [
        (header::CONTENT_TYPE, "application/problem+json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, body.to_string()).into_response()
}
