//! Errors over HTTP (RFC 9457). Owns their codes and words; never repeats a token.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::access::Denied;
use crate::command::JoinRefused;
use crate::offer::OfferError;

/// An answer that says what was wrong and what is right.
#[derive(Debug)]
pub(crate) struct Problem {
    pub status: StatusCode,
    pub code: &'static str,
    pub detail: String,
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
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
            OfferError::NoH264 => (StatusCode::NOT_ACCEPTABLE, "no_h264"),
            OfferError::NoOpus => (StatusCode::NOT_ACCEPTABLE, "no_opus"),
            OfferError::NothingSent | OfferError::NothingReceived => {
                (StatusCode::BAD_REQUEST, "no_media")
            }
        };
        Self::new(status, code, error.to_string())
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
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                headers.insert("accept-post", HeaderValue::from_static("application/sdp"));
            }
            _ => {}
        }
        response
    }
}
