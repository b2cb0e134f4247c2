//! The run sheet for calendars, the replays for feed readers.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use icalendar::{Calendar, Component as _, Event};

use crate::house::House;

/// `GET agenda.ics`: one entry a session, with an alarm left to the reader's own settings.
pub async fn agenda(State(house): State<Arc<House>>) -> Response {
    let mut calendar = Calendar::new();
    calendar.name(house.title());
    for session in house.sessions() {
        let Ok(starts) = jiff::Timestamp::from_millisecond(session.starts) else {
            continue;
        };
        let ends = starts + jiff::SignedDuration::from_mins(i64::from(session.duration_min));
        let stamp = |time: jiff::Timestamp| time.strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut entry = Event::new();
        entry
            .uid(&format!("{}-{}@pleniere", house.id(), session.id))
            .summary(&session.title)
            .add_property("DTSTART", stamp(starts))
            .add_property("DTEND", stamp(ends));
        calendar.push(entry.done());
    }
    (
        [(header::CONTENT_TYPE, "text/calendar; charset=utf-8")],
        calendar.done().to_string(),
    )
        .into_response()
}

/// `GET replays.rss`: one item a recording.
pub async fn replays(State(house): State<Arc<House>>, headers: axum::http::HeaderMap) -> Response {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let base = format!("http://{host}/e/{}", house.id());
    let items: Vec<rss::Item> = house
        .recordings()
        .into_iter()
        .map(|(id, title)| {
            let link = format!("{base}/replay/#r={id}");
            rss::ItemBuilder::default()
                .title(title)
                .guid(
                    rss::GuidBuilder::default()
                        .value(link.clone())
                        .permalink(true)
                        .build(),
                )
                .link(link)
                .build()
        })
        .collect();
    let channel = rss::ChannelBuilder::default()
        .title(house.title().to_owned())
        .link(format!("{base}/"))
        .description(house.title().to_owned())
        .items(items)
        .build();
    (
        [(header::CONTENT_TYPE, "application/rss+xml; charset=utf-8")],
        channel.to_string(),
    )
        .into_response()
}
