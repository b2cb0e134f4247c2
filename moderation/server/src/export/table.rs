//! The table itself: one row a question, by number; what each column holds. Pure.

use std::{borrow::Cow, collections::BTreeMap};

use jiff::{Timestamp, tz::TimeZone};
use pleniere_moderation_core::{
    Assignment, Audience, Decline, Hold, Question, SiteId, Standing, State, UnixMs,
};

use super::words::Language;

/// What a table needs to know beyond the questions: how the event's ids are called, and which names may still be shown.
#[derive(Debug, Clone)]
pub struct Naming {
    /// The event's title.
    pub title: String,
    /// Names of the themes, by id.
    pub themes: BTreeMap<String, String>,
    /// Names of the publics, by id.
    pub publics: BTreeMap<String, String>,
    /// Names of the sites, by id.
    pub sites: BTreeMap<String, String>,
    /// The zone of every time.
    pub zone: TimeZone,
    /// Of headings, states and reasons.
    pub language: Language,
    /// How long askers' names are kept after they asked, in milliseconds.
    pub names_keep_ms: i64,
}

/// The questions of an event at one moment.
#[derive(Debug, Clone)]
pub struct Table {
    pub(super) naming: Naming,
    pub(super) rows: Vec<Row>,
}

/// One question.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) number: u64,
    pub(super) state: Standing,
    pub(super) text: String,
    pub(super) original: Option<String>,
    pub(super) name: Option<String>,
    pub(super) public: Option<String>,
    pub(super) theme: Option<String>,
    pub(super) site: Option<String>,
    pub(super) room: Option<String>,
    pub(super) votes: u64,
    pub(super) asked_at: UnixMs,
    pub(super) on_air_at: Option<UnixMs>,
    pub(super) answered_at: Option<UnixMs>,
    pub(super) written: Option<String>,
    pub(super) answered_to: Option<Audience>,
    pub(super) reason: Option<Decline>,
    pub(super) held: Option<Hold>,
    pub(super) deferred_to: Option<String>,
    pub(super) merged_into: Option<u64>,
    pub(super) assigned_to: Option<String>,
    pub(super) by: Option<String>,
}

impl Table {
    /// The table of `state`. `now` decides whose names are still kept; while the audience is young there are none.
    pub fn new(state: &State, naming: Naming, now: UnixMs) -> Self {
        let rows = state
            .questions()
            .map(|question| row(state, question, &naming, now))
            .collect();
        Self { naming, rows }
    }

    /// How many questions it holds.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nobody asked anything.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn heading(&self, column: &Column) -> &'static str {
        self.naming.language.of(column.french, column.english)
    }

    pub(super) fn local(&self, at: UnixMs) -> Option<jiff::Zoned> {
        let instant = Timestamp::from_millisecond(at.0).ok()?;
        Some(instant.to_zoned(self.naming.zone.clone()))
    }
}

fn row(state: &State, question: &Question, naming: &Naming, now: UnixMs) -> Row {
    let named = |names: &BTreeMap<String, String>, id: &str| {
        names.get(id).cloned().unwrap_or_else(|| id.to_owned())
    };
    let kept = now.0.saturating_sub(question.asked_at.0) <= naming.names_keep_ms;
    let names_shown = kept && !state.policy().young;
    let site = |id: &SiteId| named(&naming.sites, id.as_str());
    Row {
        number: question.id.0,
        state: question.standing,
        text: question.text.clone(),
        original: question.original.clone(),
        name: question.name.clone().filter(|_| names_shown),
        public: question
            .public
            .as_ref()
            .map(|id| named(&naming.publics, id.as_str())),
        theme: question
            .theme
            .as_ref()
            .map(|id| named(&naming.themes, id.as_str())),
        site: question.site.as_ref().map(site),
        room: question.author.room.as_ref().map(site),
        votes: question.votes() as u64,
        asked_at: question.asked_at,
        on_air_at: question
            .airings
            .first()
            .map(|airing| airing.seen_at.unwrap_or(airing.asked_at)),
        answered_at: question.answer.as_ref().map(|answer| answer.at),
        written: question
            .answer
            .as_ref()
            .and_then(|answer| answer.written.clone()),
        answered_to: question.answer.as_ref().map(|answer| answer.to),
        reason: question.reason.clone(),
        held: question.held.clone(),
        deferred_to: question.deferred_to.clone(),
        merged_into: question.merging.as_ref().map(|merging| merging.into.0),
        assigned_to: assigned(&question.assigned, site),
        by: question.by.clone(),
    }
}

/// The speaker, the site, or both.
fn assigned(to: &Assignment, site: impl Fn(&SiteId) -> String) -> Option<String> {
    let parts = [to.speaker.clone(), to.site.as_ref().map(site)];
    let words: Vec<String> = parts.into_iter().flatten().collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// What one cell of a spreadsheet holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell<'t> {
    Empty,
    Number(u64),
    Text(Cow<'t, str>),
}

impl<'t> From<Option<&'t String>> for Cell<'t> {
    fn from(text: Option<&'t String>) -> Self {
        text.map_or(Self::Empty, |text| Self::Text(Cow::from(text)))
    }
}

/// One column of a spreadsheet.
pub(super) struct Column {
    french: &'static str,
    english: &'static str,
    /// In characters, about.
    pub(super) width: u16,
    pub(super) cell: for<'t> fn(&'t Table, &'t Row) -> Cell<'t>,
}

type Content = for<'t> fn(&'t Table, &'t Row) -> Cell<'t>;

const fn column(french: &'static str, english: &'static str, width: u16, cell: Content) -> Column {
    Column {
        french,
        english,
        width,
        cell,
    }
}

/// The columns, in their order.
pub(super) const COLUMNS: [Column; 19] = [
    column("N°", "No.", 6, |_, row| Cell::Number(row.number)),
    column("État", "State", 18, |table, row| {
        Cell::Text(table.naming.language.state(row.state).into())
    }),
    column("Question", "Question", 70, |_, row| {
        Cell::Text(Cow::from(&row.text))
    }),
    column("Texte d’origine", "Original wording", 40, |_, row| {
        row.original.as_ref().into()
    }),
    column("Nom", "Name", 16, |_, row| row.name.as_ref().into()),
    column("Public", "Public", 20, |_, row| row.public.as_ref().into()),
    column("Thème", "Theme", 28, |_, row| row.theme.as_ref().into()),
    column("Site interrogé", "Site addressed", 18, |_, row| {
        row.site.as_ref().into()
    }),
    column(
        "Posée depuis la salle",
        "Asked in the room",
        18,
        |_, row| row.room.as_ref().into(),
    ),
    column("Soutiens", "Votes", 8, |_, row| Cell::Number(row.votes)),
    column("Posée à", "Asked at", 20, |table, row| {
        time(table, Some(row.asked_at))
    }),
    column("À l’antenne à", "On air at", 20, |table, row| {
        time(table, row.on_air_at)
    }),
    column("Répondue à", "Answered at", 20, |table, row| {
        time(table, row.answered_at)
    }),
    column("Réponse écrite", "Written answer", 50, |_, row| {
        row.written.as_ref().into()
    }),
    column("Motif", "Reason", 30, reason),
    column("Renvoyée à", "Deferred to", 24, |_, row| {
        row.deferred_to.as_ref().into()
    }),
    column("Réunie à", "Merged into", 8, |_, row| {
        row.merged_into.map_or(Cell::Empty, Cell::Number)
    }),
    column("Confiée à", "Assigned to", 24, |_, row| {
        row.assigned_to.as_ref().into()
    }),
    column("Par", "By", 18, |_, row| row.by.as_ref().into()),
];

/// Local time as spreadsheets of every language read it.
fn time(table: &Table, at: Option<UnixMs>) -> Cell<'static> {
    at.and_then(|at| table.local(at)).map_or(Cell::Empty, |at| {
        Cell::Text(at.strftime("%Y-%m-%d %H:%M:%S").to_string().into())
    })
}

/// Why it was not taken, or waits aside.
fn reason<'t>(table: &'t Table, row: &'t Row) -> Cell<'t> {
    let language = table.naming.language;
    let (mut words, text, see) = match (&row.reason, &row.held) {
        (Some(reason), _) => (
            language.reason(reason.code).to_owned(),
            &reason.text,
            reason.see,
        ),
        (None, Some(held)) => (language.held(held.code).to_owned(), &held.text, None),
        (None, None) => return Cell::Empty,
    };
    if let Some(text) = text {
        words.push_str(language.of("\u{a0}: ", ": "));
        words.push_str(text);
    }
    if let Some(see) = see {
        words.push_str(&format!(" ({} {see})", language.of("voir", "see")));
    }
    Cell::Text(words.into())
}
