//! `GET /metrics` on a port of its own: what this node is doing, as Prometheus reads it. Counts only: no name, no key, no
//! address of anybody.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::accept::Traffic;
use crate::house::{Figures, House};

/// What is measured.
#[derive(Clone)]
pub struct Metered {
    /// The events.
    pub houses: Vec<Arc<House>>,
    /// The front door.
    pub traffic: Arc<Traffic>,
}

/// Everything the administration's port answers.
pub fn router(metered: Metered) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .with_state(metered)
}

async fn metrics(State(metered): State<Metered>) -> Response {
    let mut figures = Vec::new();
    for house in &metered.houses {
        figures.push((house.id(), house.figures().await));
    }
    let text = page(&metered.traffic, &figures);
    let kind = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    (kind, text).into_response()
}

fn page(traffic: &Traffic, events: &[(&str, Option<Figures>)]) -> String {
    let mut out = String::new();
    family(
        &mut out,
        "pleniere_http_accepted_total",
        "counter",
        "Connections taken by the front door",
    );
    line(
        &mut out,
        "pleniere_http_accepted_total",
        "",
        traffic.accepted(),
    );
    family(
        &mut out,
        "pleniere_http_open",
        "gauge",
        "Connections of the front door that are open, WebSockets not counted",
    );
    line(&mut out, "pleniere_http_open", "", traffic.open());
    family(
        &mut out,
        "pleniere_queue_up",
        "gauge",
        "Whether the event's queue answers",
    );
    for (event, figures) in events {
        line(
            &mut out,
            "pleniere_queue_up",
            &format!("event=\"{event}\""),
            u64::from(figures.is_some()),
        );
    }
    let known = || {
        events
            .iter()
            .filter_map(|(event, figures)| Some((event, figures.as_ref()?)))
    };
    family(&mut out, "pleniere_connections", "gauge", "WebSockets open");
    for (event, figures) in known() {
        line(
            &mut out,
            "pleniere_connections",
            &format!("event=\"{event}\""),
            figures.connections,
        );
    }
    family(
        &mut out,
        "pleniere_questions",
        "gauge",
        "Questions by state",
    );
    for (event, figures) in known() {
        for (state, count) in &figures.questions {
            let labels = format!("event=\"{event}\",state=\"{state}\"");
            line(&mut out, "pleniere_questions", &labels, *count);
        }
    }
    family(
        &mut out,
        "pleniere_hands_raised",
        "gauge",
        "Hands that are up",
    );
    for (event, figures) in known() {
        line(
            &mut out,
            "pleniere_hands_raised",
            &format!("event=\"{event}\""),
            figures.raised,
        );
    }
    out
}

fn family(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}.\n# TYPE {name} {kind}"); // a String takes everything
}

/// Labels are ids and the program's own words: nothing in them needs escaping.
fn line(out: &mut String, name: &str, labels: &str, value: u64) {
    let labels = if labels.is_empty() {
        String::new()
    } else {
        format!("{{{labels}}}")
    };
    let _ = writeln!(out, "{name}{labels} {value}"); // likewise
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_says_whether_its_queue_answers() {
        let figures = Figures {
            connections: 3,
            questions: [("approved", 2)].into(),
            raised: 1,
        };
        let text = page(
            &Traffic::default(),
            &[("grand-est", Some(figures)), ("poitiers", None)],
        );
        for line in [
            "pleniere_http_accepted_total 0",
            "pleniere_queue_up{event=\"grand-est\"} 1",
            "pleniere_queue_up{event=\"poitiers\"} 0",
            "pleniere_connections{event=\"grand-est\"} 3",
            "pleniere_questions{event=\"grand-est\",state=\"approved\"} 2",
            "pleniere_hands_raised{event=\"grand-est\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(
            !text.contains("pleniere_connections{event=\"poitiers\"}"),
            "nothing is made up"
        );
    }
}
