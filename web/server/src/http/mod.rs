//! The front door: which address leads to which part. Answers nothing itself but health, the list of events and the pages.

pub mod exports;
pub mod feeds;
pub mod metrics;
pub mod pages;
pub mod problem;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};

use crate::house::House;
use pages::{Frames, shell};
use problem::Problem;

/// Everything this node answers.
pub fn router(houses: Vec<Arc<House>>) -> Router {
    let mut router = Router::new()
        .route(
            "/",
            get(async |headers: HeaderMap| {
                shell("index", Frames::Nobody, StatusCode::OK, &headers)
            }),
        )
        .route("/healthz", get(async || "alive\n"))
        .route("/api/openapi.json", get(openapi))
        .merge(pages::assets());
    let all = Arc::new(houses.clone());
    router = router
        .route("/events.json", get(events).with_state(Arc::clone(&all)))
        .route("/readyz", get(ready).with_state(all));
    for house in houses {
        router = router.merge(event(&house));
    }
    router.fallback(missing).layer(compression())
}

/// Text is compressed; media and event streams are not.
fn compression() -> CompressionLayer<impl tower_http::compression::Predicate> {
    let worth = SizeAbove::new(1024)
        .and(NotForContentType::new("video/"))
        .and(NotForContentType::new("audio/"))
        .and(NotForContentType::new("font/"))
        .and(NotForContentType::new("image/"));
    CompressionLayer::new().gzip(true).compress_when(worth)
}

/// The addresses of one event.
fn event(house: &Arc<House>) -> Router {
    let root = format!("/e/{}", house.id());
    let page = |name: &'static str, frames: Frames| {
        get(async move |headers: HeaderMap| shell(name, frames, StatusCode::OK, &headers))
    };
    let slashed = format!("{root}/");
    let parts = Router::new()
        .route("/moderate", page("moderator", Frames::Nobody))
        .route("/direct", page("director", Frames::Nobody))
        .route("/site/{site}", page("site", Frames::Nobody))
        .route("/stage", page("stage", Frames::Nobody))
        .route("/event.json", get(event_json).with_state(Arc::clone(house)))
        .route(
            "/agenda.ics",
            get(feeds::agenda).with_state(Arc::clone(house)),
        )
        .route(
            "/replays.rss",
            get(feeds::replays).with_state(Arc::clone(house)),
        )
        .merge(exports::routes(house))
        .merge(house.router());
    Router::new()
        .route(&slashed, page("viewer", Frames::Anyone))
        .route(&format!("{root}/replay/"), page("replay", Frames::Anyone))
        .route(
            &format!("{root}/replay"),
            get(Redirect::permanent(&format!("{root}/replay/"))),
        )
        .route(&root, get(Redirect::permanent(&slashed)))
        .nest(&root, parts)
}

async fn missing(headers: HeaderMap) -> Response {
    let page = headers.get(header::ACCEPT).is_some_and(|accept| {
        accept
            .to_str()
            .is_ok_and(|accept| accept.contains("text/html"))
    });
    if page {
        shell("notfound", Frames::Nobody, StatusCode::NOT_FOUND, &headers)
    } else {
        Problem::not_found("nothing is at this address").into_response()
    }
}

/// The description is a file, so that a change of it is seen in review.
async fn openapi() -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, include_str!("openapi.json")).into_response()
}

async fn events(State(houses): State<Arc<Vec<Arc<House>>>>) -> Json<Value> {
    Json(houses.iter().map(|house| house.summary()).collect())
}

async fn event_json(State(house): State<Arc<House>>) -> Response {
    let mut response = Json(house.description()).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

async fn ready(State(houses): State<Arc<Vec<Arc<House>>>>) -> Response {
    let waiting: Vec<&str> = houses
        .iter()
        .filter(|house| !house.is_ready())
        .map(|house| house.id())
        .collect();
    if waiting.is_empty() {
        Json(json!({ "ready": true })).into_response()
    } else {
        Problem::unavailable(format!(
            "the programme engine is not running yet for: {}",
            waiting.join(", ")
        ))
        .into_response()
    }
}
