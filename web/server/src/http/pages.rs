//! The embedded pages: one shell per role, hashed assets, the headers that keep third parties out.

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use super::problem::Problem;

#[derive(RustEmbed)]
#[folder = "../ui/dist"]
#[allow_missing = true]
struct Built;

/// Scripts, styles and fonts come from this node alone; hls.js needs `blob:` for its worker and the media source.
/// `style-src-attr` lets a meter set its own level.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; \
     img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self' ws: wss:; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors ";

/// Who may show a page inside their own.
#[derive(Clone, Copy)]
pub enum Frames {
    /// Viewer and replay: any site may embed them.
    Anyone,
    /// Pages that act on the event: nobody, so that no click can be stolen.
    Nobody,
}

/// `/assets/{file}`: names carry a hash of the content, so they never change.
pub fn assets() -> Router {
    Router::new().route("/assets/{*file}", get(asset))
}

async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    match Built::get(&format!("assets/{file}")) {
        Some(found) => {
            let kind = mime_guess::from_path(&file).first_or_octet_stream();
            let mut response = body(&found, &headers);
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, media_type(kind.as_ref()));
            response.headers_mut().insert(
                header::CACHE_CONTROL,
                HeaderValue::from_static("public, max-age=31536000, immutable"),
            );
            response
        }
        None => Problem::not_found("no such asset").into_response(),
    }
}

/// The shell `name` (`viewer`, `moderator`, …) with its security headers.
pub fn shell(name: &str, frames: Frames, status: StatusCode, headers: &HeaderMap) -> Response {
    let Some(found) = Built::get(&format!("{name}.html")) else {
        return Problem::unavailable("this build carries no pages: run `make build`")
            .into_response();
    };
    let mut response = body(&found, headers);
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    let out = response.headers_mut();
    out.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    out.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    out.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    let ancestors = match frames {
        Frames::Anyone => "*",
        Frames::Nobody => "'none'",
    };
    if let Ok(policy) = HeaderValue::from_str(&format!("{POLICY}{ancestors}")) {
        out.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn body(found: &rust_embed::EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = etag(&found.metadata.sha256_hash());
    let same = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|seen| seen.as_bytes() == tag.as_bytes());
    let mut response = if same {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(found.data.clone().into_owned()))
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

fn etag(hash: &[u8]) -> String {
    let hex: String = hash
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{hex}\"")
}

fn media_type(kind: &str) -> HeaderValue {
    HeaderValue::from_str(kind).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}
