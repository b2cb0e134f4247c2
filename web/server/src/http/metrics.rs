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
    let mut page = Page::default();
    page.family(
        "pleniere_http_accepted_total",
        "counter",
        "Connections taken by the front door",
        [(String::new(), traffic.accepted())],
    );
    page.family(
        "pleniere_http_open",
        "gauge",
        "Connections of the front door that are open, WebSockets not counted",
        [(String::new(), traffic.open())],
    );
    let up = events
        .iter()
        .map(|(event, figures)| (of(event), u64::from(figures.is_some())));
    page.family(
        "pleniere_queue_up",
        "gauge",
        "Whether the event's queue answers",
        up,
    );
    let known: Vec<_> = events
        .iter()
        .filter_map(|(event, figures)| Some((*event, figures.as_ref()?)))
        .collect();
    let mut each = |name, kind, help, value: fn(&Figures) -> u64| {
        let values = known
            .iter()
            .map(|(event, figures)| (of(event), value(figures)));
        page.family(name, kind, help, values);
    };
    each(
        "pleniere_journal_writable",
        "gauge",
        "Whether questions can be stored, as far as it was tried",
        |figures| figures.stored.into(),
    );
    each(
        "pleniere_journal_lost_total",
        "counter",
        "Events that were acknowledged and that the journal lost",
        |figures| figures.lost,
    );
    each(
        "pleniere_connections",
        "gauge",
        "WebSockets open",
        |figures| figures.connections,
    );
    each(
        "pleniere_hands_raised",
        "gauge",
        "Hands that are up",
        |figures| figures.raised,
    );
    let questions = known.iter().flat_map(|(event, figures)| {
        let states = figures.questions.iter();
        states.map(move |(state, count)| (format!("{},state=\"{state}\"", of(event)), *count))
    });
    page.family(
        "pleniere_questions",
        "gauge",
        "Questions by state",
        questions,
    );
    page.0
}

/// Labels are ids and the program's own words: nothing in them needs escaping.
fn of(event: &str) -> String {
    format!("event=\"{event}\"")
}

#[derive(Default)]
struct Page(String);

impl Page {
    /// One measure and its values, each under its labels.
    fn family(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        values: impl IntoIterator<Item = (String, u64)>,
    ) {
        let _ = writeln!(self.0, "# HELP {name} {help}.\n# TYPE {name} {kind}"); // a String takes everything
        for (labels, value) in values {
            let braces = if labels.is_empty() {
                ["", ""]
            } else {
                ["{", "}"]
            };
            let [open, close] = braces;
            let _ = writeln!(self.0, "{name}{open}{labels}{close} {value}"); // likewise
        }
    }
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
            stored: false,
            lost: 7,
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
            "pleniere_journal_writable{event=\"grand-est\"} 0",
            "pleniere_journal_lost_total{event=\"grand-est\"} 7",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(
            !text.contains("pleniere_connections{event=\"poitiers\"}"),
            "nothing is made up"
        );
    }
}
