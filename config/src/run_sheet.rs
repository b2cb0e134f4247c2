//! The run sheet of an event file: sessions and workshops, what they refer to, and that none is in another's way.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};
use jiff::{Span, ToSpan};

use crate::event::{Public, Session, Site, Theme, Workshop, Zone};
use crate::event_file::{Seen, id_kind};
use crate::id::{SessionId, SiteId, ThemeId, WorkshopId};
use crate::rules;
use crate::schema::{Place, Report, Section, local_time, text, whole};
use crate::suggest::nearest;

const SESSION: &[&str] = &[
    "id",
    "title",
    "title_en",
    "starts",
    "duration_min",
    "sites",
    "note",
    "note_en",
    "theme",
    "questions",
];
const WORKSHOP: &[&str] = &[
    "id",
    "title",
    "title_en",
    "session",
    "theme",
    "challenge",
    "challenge_en",
    "room",
    "seats",
];

/// What sessions refer to.
pub(crate) struct Known<'k> {
    pub(crate) dates: &'k [Date],
    pub(crate) sites: &'k [Site],
    pub(crate) themes: &'k [Theme],
    pub(crate) publics: &'k [Public],
}

pub(crate) fn sessions(
    file: &Section<'_, '_>,
    known: &Known<'_>,
    zone: Option<&Zone>,
    r: &mut Report<'_>,
) -> Vec<Session> {
    let mut seen = Seen::new("session");
    let tables = file.tables("sessions", SESSION, 1..=100, r);
    let mut sessions: Vec<(Session, Place)> = Vec::new();
    for table in &tables {
        let Some(session) = session(table, known, r) else {
            continue;
        };
        let at = table.place("starts");
        seen.note(session.id.as_str(), &table.place("id"), r);
        on_the_calendar(session.starts, &at, known.dates, zone, r);
        sessions.push((session, at));
    }
    overlaps(&sessions, r);
    sessions.into_iter().map(|(session, _)| session).collect()
}

fn session(table: &Section<'_, '_>, known: &Known<'_>, r: &mut Report<'_>) -> Option<Session> {
    let id = table.required("id", &id_kind(SessionId::new), r);
    let title = table.required("title", &text(1..=120), r);
    let title_en = table.optional("title_en", &text(1..=120), r);
    let starts = table.required("starts", &local_time(), r);
    let duration_min = table.required("duration_min", &whole(1..=720), r);
    let note = table.optional("note", &text(1..=200), r);
    let note_en = table.optional("note_en", &text(1..=200), r);
    let theme = table.optional("theme", &id_kind(ThemeId::new), r);
    let sites = table.list("sites", &id_kind(SiteId::new), 0..=9, r);
    let questions = rules::of_table(table, known.themes, known.publics, r);
    let mut seen = Seen::new("site");
    for (site, at) in &sites {
        seen.note(site.as_str(), at, r);
        refer(
            "site",
            site.as_str(),
            at,
            known.sites.iter().map(|site| site.id.as_str()),
            r,
        );
    }
    if let Some(theme) = &theme {
        refer(
            "theme",
            theme.as_str(),
            &table.place("theme"),
            known.themes.iter().map(|theme| theme.id.as_str()),
            r,
        );
    }
    let sites = sites.into_iter().map(|(site, _)| site).collect();
    Some(Session {
        id: id?,
        title: title?,
        title_en,
        starts: starts?,
        duration_min: duration_min?,
        sites,
        note,
        note_en,
        theme,
        questions,
    })
}

fn on_the_calendar(
    starts: DateTime,
    at: &Place,
    dates: &[Date],
    zone: Option<&Zone>,
    r: &mut Report<'_>,
) {
    if !dates.is_empty() && !dates.contains(&starts.date()) {
        let days: Vec<String> = dates.iter().map(ToString::to_string).collect();
        r.add(
            at,
            format!("a session on {}", starts.date()),
            format!("a day of the event ({})", days.join(", ")),
        );
    }
    if let Some(zone) = zone
        && zone.unix_ms(starts).is_none()
    {
        r.add(
            at,
            format!("{starts}, which clocks skip that day"),
            format!("a time that exists in {}", zone.name()),
        );
    }
}

fn ends(session: &Session) -> DateTime {
    let length: Span = i64::from(session.duration_min).minutes();
    session.starts.checked_add(length).unwrap_or(DateTime::MAX)
}

/// Two sessions overlap when their times do and a room is in both; one without rooms (a break) concerns them all.
fn overlaps(sessions: &[(Session, Place)], r: &mut Report<'_>) {
    let mut order: Vec<&(Session, Place)> = sessions.iter().collect();
    order.sort_by_key(|(session, _)| session.starts);
    for (at, (later, place)) in order.iter().enumerate() {
        let rooms: BTreeSet<&SiteId> = later.sites.iter().collect();
        let together = |one: &Session| {
            one.sites.is_empty()
                || rooms.is_empty()
                || one.sites.iter().any(|site| rooms.contains(site))
        };
        let earlier = order[..at]
            .iter()
            .find(|(one, _)| ends(one) > later.starts && together(one));
        if let Some((one, _)) = earlier {
            let found = format!(
                "`{}` beginning at {} while `{}` runs",
                later.id,
                later.starts.time(),
                one.id
            );
            r.add(
                place,
                found,
                format!("a start at {} or later, or other sites", ends(one).time()),
            );
        }
    }
}

pub(crate) fn workshops(
    file: &Section<'_, '_>,
    themes: &[Theme],
    sessions: &[Session],
    r: &mut Report<'_>,
) -> Vec<Workshop> {
    let mut seen = Seen::new("workshop");
    let mut rooms: BTreeMap<(SessionId, String), usize> = BTreeMap::new();
    let mut workshops = Vec::new();
    for table in file.tables("workshops", WORKSHOP, 0..=40, r) {
        let Some(workshop) = workshop(&table, themes, sessions, r) else {
            continue;
        };
        seen.note(workshop.id.as_str(), &table.place("id"), r);
        let place = (workshop.session.clone(), workshop.room.to_lowercase());
        let line = r.line(table.place("room").start);
        if let Some(first) = rooms.insert(place, line) {
            let found = format!(
                "room \"{}\" again in `{}` (first in line {first})",
                workshop.room, workshop.session
            );
            r.add(
                &table.place("room"),
                found,
                "one workshop in a room at a time",
            );
        }
        workshops.push(workshop);
    }
    workshops
}

fn workshop(
    table: &Section<'_, '_>,
    themes: &[Theme],
    sessions: &[Session],
    r: &mut Report<'_>,
) -> Option<Workshop> {
    let id = table.required("id", &id_kind(WorkshopId::new), r);
    let title = table.required("title", &text(1..=120), r);
    let title_en = table.optional("title_en", &text(1..=120), r);
    let session = table.required("session", &id_kind(SessionId::new), r);
    let theme = table.required("theme", &id_kind(ThemeId::new), r);
    let challenge = table.required("challenge", &text(1..=300), r);
    let challenge_en = table.optional("challenge_en", &text(1..=300), r);
    let room = table.required("room", &text(1..=60), r);
    let seats = table.required("seats", &whole(1..=15), r);
    if let Some(id) = &session {
        refer(
            "session",
            id.as_str(),
            &table.place("session"),
            sessions.iter().map(|one| one.id.as_str()),
            r,
        );
    }
    if let Some(id) = &theme {
        refer(
            "theme",
            id.as_str(),
            &table.place("theme"),
            themes.iter().map(|one| one.id.as_str()),
            r,
        );
    }
    let (id, title, session, theme) = (id?, title?, session?, theme?);
    Some(Workshop {
        id,
        title,
        title_en,
        session,
        theme,
        challenge: challenge?,
        challenge_en,
        room: room?,
        seats: seats?,
    })
}

/// Reports an id that `known` does not have.
pub(crate) fn refer<'k>(
    what: &str,
    id: &str,
    at: &Place,
    known: impl Iterator<Item = &'k str>,
    r: &mut Report<'_>,
) {
    let known: Vec<&str> = known.collect();
    if !known.contains(&id) {
        let expected = if known.is_empty() {
            format!("a {what} of this file")
        } else {
            format!("one of {}", known.join(", "))
        };
        r.suggest(
            at,
            format!("unknown {what} `{id}`"),
            expected,
            nearest(id, known.iter().copied()),
        );
    }
}
