//! Errors over HTTP (RFC 9457). Owns their codes and words; never repeats a token.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::access::Denied;
use crate::command::JoinRefused;
use crate::fragment::FragmentError;
use crate::offer::OfferError;

/// An answer that says what was wrong and what is right.
#[derive(Debug)]
pub(crate) struct Problem {
    pub status: StatusCode,
    pub code: &'static str,
    pub detail: String,
    /// A header that says what would have been right.
    hint: Option<(HeaderName, &'static str)>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            hint: None,
        }
    }

    /// With a header that says what would have been right.
    pub fn hinting(self, name: HeaderName, value: &'static str) -> Self {
        Self {
            hint: Some((name, value)),
            ..self
        }
    }

    pub fn unknown_stream() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "this event has no such stream",
        )
    }

    pub fn unknown_resource() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "this connection does not exist or has ended",
        )
    }

    pub fn unavailable(detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Missing => Self::new(
                StatusCode::UNAUTHORIZED,
                "key_missing",
                "send the key as `Authorization: Bearer KEY`",
            ),
            Denied::Invalid(detail) => Self::new(StatusCode::UNAUTHORIZED, "key_invalid", detail),
            Denied::Forbidden(detail) => Self::new(StatusCode::FORBIDDEN, "not_allowed", detail),
        }
    }
}

impl From<OfferError> for Problem {
    fn from(error: OfferError) -> Self {
        let (status, code) = match error {
            OfferError::Malformed(_) => (StatusCode::BAD_REQUEST, "bad_offer"),
            OfferError::NoH264 => (StatusCode::UNPROCESSABLE_ENTITY, "no_h264"),
            OfferError::NoOpus => (StatusCode::UNPROCESSABLE_ENTITY, "no_opus"),
            OfferError::TooMany => (StatusCode::UNPROCESSABLE_ENTITY, "too_many_tracks"),
            OfferError::NothingSent | OfferError::NothingReceived => {
                (StatusCode::BAD_REQUEST, "no_media")
            }
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<FragmentError> for Problem {
    fn from(error: FragmentError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_fragment", error.to_string())
    }
}

impl From<JoinRefused> for Problem {
    fn from(refused: JoinRefused) -> Self {
        use pleniere_signaling_core::JoinError;
        match refused {
            JoinRefused::NoEvent | JoinRefused::Core(JoinError::UnknownSite) => {
                Self::unknown_stream()
            }
            JoinRefused::Core(JoinError::SeatTaken(_)) => Self::new(
                StatusCode::CONFLICT,
                "seat_taken",
                "somebody publishes as this site already; send `Pleniere-Takeover: true` to replace them",
            ),
            JoinRefused::Full => {
                Self::unavailable("as many connections as this machine serves are there already")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("error");
        let body = serde_json::json!({
            "type": "about:blank",
            "title": title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
        });
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        match self.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
            }
            _ => {}
        }
        if let Some((name, value)) = self.hint {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
