//! An event as its file says it: rooms, people, run sheet, rules. Values only; reading is `event_file`'s.

use std::path::Path;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};

use crate::colour::Colour;
use crate::event_file;
use crate::id::{EventId, PublicId, SessionId, SiteId, ThemeId, WorkshopId};
use crate::mistake::Mistakes;

/// An event. Texts come in the event's first language; `*_en` is the English one when that is not English.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// Its name in URLs and on disk.
    pub id: EventId,
    /// 1 to 120 characters.
    pub title: String,
    /// English title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title_en: Option<String>,
    /// At most 160 characters; may be empty.
    pub subtitle: String,
    /// English subtitle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitle_en: Option<String>,
    /// Where, in words.
    pub place: String,
    /// What it is about, at most 1000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// English text of `about`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about_en: Option<String>,
    /// The days, in order; at least one.
    pub dates: Vec<Date>,
    /// The zone of every local time in the file.
    pub timezone: Zone,
    /// Languages of the pages, the event's own first.
    pub languages: Vec<Language>,
    /// Linked rooms, 1 to 9 (the mosaic's most), in the order of their numbers.
    pub sites: Vec<Site>,
    /// Subjects of questions, at most 12.
    pub themes: Vec<Theme>,
    /// Kinds of people, at most 12.
    pub publics: Vec<Public>,
    /// The run sheet by start; at least one.
    pub sessions: Vec<Session>,
    /// Groups that work beside the programme, at most 40.
    pub workshops: Vec<Workshop>,
    /// How questions are taken.
    pub questions: QuestionPolicy,
    /// What is kept, and how long.
    pub recording: Recording,
    /// How the pages look.
    pub theme: Look,
}

/// A linked room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// From 1, in the order of the file: the director's key for it.
    pub number: u8,
    /// 1 to 60 characters.
    pub name: String,
    /// English name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_en: Option<String>,
    /// A remark for the operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Not a documented room of the real event.
    pub invented: bool,
}

/// A subject that questions are sorted by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Theme {
    /// Its id.
    pub id: ThemeId,
    /// 1 to 80 characters.
    pub name: String,
    /// English name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_en: Option<String>,
}

/// A kind of people whose voice is sought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Public {
    /// Its id.
    pub id: PublicId,
    /// 1 to 60 characters.
    pub name: String,
    /// English name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_en: Option<String>,
}

/// An item of the run sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// 1 to 120 characters.
    pub title: String,
    /// English title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title_en: Option<String>,
    /// Local start in the event's zone.
    pub starts: DateTime,
    /// 1 to 720 minutes.
    pub duration_min: u32,
    /// The rooms that have the floor; none for a break.
    pub sites: Vec<SiteId>,
    /// A remark shown in the run sheet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// English remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note_en: Option<String>,
    /// The theme its questions belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<ThemeId>,
    /// The rules laid over the event's while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub questions: Option<QuestionRules>,
}

/// A group of at most fifteen that works on one theme and one challenge during a session, beside the programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Workshop {
    /// Its id.
    pub id: WorkshopId,
    /// 1 to 120 characters.
    pub title: String,
    /// English title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title_en: Option<String>,
    /// The session during which it works.
    pub session: SessionId,
    /// Its theme.
    pub theme: ThemeId,
    /// Its challenge (*défi*): the question it answers.
    pub challenge: String,
    /// English text of the challenge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge_en: Option<String>,
    /// Where it sits.
    pub room: String,
    /// 1 to 15: the rule of the *Concertation nationale* of 2015.
    pub seats: u32,
}

/// How questions are taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuestionPolicy {
    /// Whether questions can be asked from the start.
    pub open: bool,
    /// Read before or after they are shown.
    pub moderation: Moderation,
    /// Longest question, 20 to 2000 characters; 300 unless said.
    pub max_length: u32,
    /// Whether askers give a name.
    pub names: Names,
    /// Least seconds between two questions of one person, 0 to 600; 0 (no limit) unless said.
    pub slow_mode_s: u32,
    /// Most questions of one person that wait for an end, 1 to 100; 10 unless said.
    pub per_person: u32,
    /// Most questions of one person in a minute, 0 (no limit) to 60; 3 unless said.
    pub per_person_per_min: u32,
    /// Most questions and votes from one address in a minute, 0 (no limit) to 1,000,000; 600 unless said: a whole school
    /// may stand behind one.
    pub per_address_per_min: u32,
    /// For children: no name is taken or shown, every question is read before it is shown.
    pub young: bool,
    /// Whether people may ask for the floor; not unless said.
    pub hands: bool,
    /// The themes on offer; all of the event when none.
    pub themes: Option<Vec<ThemeId>>,
    /// The publics on offer; all of the event when none.
    pub publics: Option<Vec<PublicId>>,
}

impl Default for QuestionPolicy {
    fn default() -> Self {
        Self {
            open: true,
            moderation: Moderation::Before,
            max_length: 300,
            names: Names::Optional,
            slow_mode_s: 0,
            per_person: 10,
            per_person_per_min: 3,
            per_address_per_min: 600,
            young: false,
            hands: false,
            themes: None,
            publics: None,
        }
    }
}

impl QuestionPolicy {
    /// These rules with what `said` says laid over.
    #[must_use]
    pub fn with(self, said: &QuestionRules) -> Self {
        Self {
            open: said.open.unwrap_or(self.open),
            moderation: said.moderation.unwrap_or(self.moderation),
            max_length: said.max_length.unwrap_or(self.max_length),
            names: said.names.unwrap_or(self.names),
            slow_mode_s: said.slow_mode_s.unwrap_or(self.slow_mode_s),
            per_person: said.per_person.unwrap_or(self.per_person),
            per_person_per_min: said.per_person_per_min.unwrap_or(self.per_person_per_min),
            per_address_per_min: said.per_address_per_min.unwrap_or(self.per_address_per_min),
            young: said.young.unwrap_or(self.young),
            hands: said.hands.unwrap_or(self.hands),
            themes: said.themes.clone().unwrap_or(self.themes),
            publics: said.publics.clone().unwrap_or(self.publics),
        }
    }
}

/// Some of the rules of [`QuestionPolicy`]; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of QuestionPolicy")]
pub struct QuestionRules {
    pub open: Option<bool>,
    pub moderation: Option<Moderation>,
    pub max_length: Option<u32>,
    pub names: Option<Names>,
    pub slow_mode_s: Option<u32>,
    pub per_person: Option<u32>,
    pub per_person_per_min: Option<u32>,
    pub per_address_per_min: Option<u32>,
    pub young: Option<bool>,
    pub hands: Option<bool>,
    pub themes: Option<Option<Vec<ThemeId>>>,
    pub publics: Option<Option<Vec<PublicId>>>,
}

/// When moderators read a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Moderation {
    /// Before it is shown to others.
    Before,
    /// After; it is shown at once.
    After,
}

/// Whether askers give a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Names {
    /// As they wish.
    Optional,
    /// They must.
    Required,
    /// They cannot.
    None,
}

/// What is kept, and how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recording {
    /// Title of the replay; the event's title unless said.
    pub title: String,
    /// English title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title_en: Option<String>,
    /// Days the recording is kept, 1 to 3650; 365 unless said.
    pub keep_days: u32,
    /// Days the askers' names are kept, 1 to `keep_days`; 30 unless said.
    pub names_keep_days: u32,
}

impl Recording {
    /// What holds when the file says nothing: the event's title, a year, names a month.
    pub(crate) fn of_event(title: &str, title_en: Option<&str>) -> Self {
        Self {
            title: title.to_owned(),
            title_en: title_en.map(str::to_owned),
            keep_days: 365,
            names_keep_days: 30,
        }
    }
}

/// How the pages look.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Look {
    /// An image beside the event file (`.svg`, `.png`, `.webp`), as a relative path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    /// Colour of actions and links, readable on white.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<Colour>,
    /// A style sheet loaded last: `/...` on this node or `https://...`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub css_url: Option<String>,
}

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// French.
    Fr,
    /// English.
    En,
}

impl Language {
    /// The BCP 47 tag.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }
}

/// A time zone that the IANA database knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of that IANA name, as `Europe/Paris`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let zone = TimeZone::get(name).ok()?;
        zone.iana_name().is_some().then_some(Self(zone))
    }

    /// The zone itself, for whoever shows times.
    #[must_use]
    pub fn time_zone(&self) -> &TimeZone {
        &self.0
    }

    /// Its IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("Etc/UTC")
    }

    /// Unix milliseconds of a local time. A time that clocks show twice (autumn) is the first; nothing for one that they
    /// skip (spring).
    #[must_use]
    pub fn unix_ms(&self, local: DateTime) -> Option<i64> {
        let instant = self.0.to_ambiguous_timestamp(local);
        let skipped = matches!(instant.offset(), jiff::tz::AmbiguousOffset::Gap { .. });
        if skipped {
            None
        } else {
            instant.earlier().ok().map(jiff::Timestamp::as_millisecond)
        }
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// When a session takes place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionTime {
    /// Which.
    pub id: SessionId,
    /// Start, unix milliseconds.
    pub starts_ms: i64,
    /// End, unix milliseconds.
    pub ends_ms: i64,
}

impl Event {
    /// Reads an event file of at most 256 KiB.
    ///
    /// # Errors
    /// Every mistake of the file.
    pub fn load(path: &Path) -> Result<Self, Mistakes> {
        event_file::load(path)
    }

    /// Reads an event from `text`; `name` is how mistakes call the file.
    ///
    /// # Errors
    /// Every mistake of the text.
    pub fn parse(text: &str, name: &str) -> Result<Self, Mistakes> {
        event_file::parse(text, name)
    }

    /// The room of that id.
    #[must_use]
    pub fn site(&self, id: &SiteId) -> Option<&Site> {
        self.sites.iter().find(|site| site.id == *id)
    }

    /// The session of that id.
    #[must_use]
    pub fn session(&self, id: &SessionId) -> Option<&Session> {
        self.sessions.iter().find(|session| session.id == *id)
    }

    /// When the sessions take place on their real dates, in the order of the run sheet.
    #[must_use]
    pub fn session_times(&self) -> Vec<SessionTime> {
        self.sessions
            .iter()
            .filter_map(|session| self.time_of(session))
            .collect()
    }

    /// The same, moved so that the first session begins at `now_ms` (unix milliseconds): what a rehearsal runs.
    #[must_use]
    pub fn shifted_to(&self, now_ms: i64) -> Vec<SessionTime> {
        let mut times = self.session_times();
        let by = now_ms
            - times
                .iter()
                .map(|time| time.starts_ms)
                .min()
                .unwrap_or(now_ms);
        for time in &mut times {
            time.starts_ms += by;
            time.ends_ms += by;
        }
        times
    }

    fn time_of(&self, session: &Session) -> Option<SessionTime> {
        let starts_ms = self.timezone.unix_ms(session.starts)?;
        let ends_ms = starts_ms + i64::from(session.duration_min) * 60_000;
        Some(SessionTime {
            id: session.id.clone(),
            starts_ms,
            ends_ms,
        })
    }
}
