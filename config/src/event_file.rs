//! Reading event files: every key, its type, its bounds, and what must agree across the file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::civil::Date;

use crate::colour::Colour;
use crate::event::{Event, Language, Look, Public, Recording, Site, Theme, Zone};
use crate::id::{EventId, PublicId, SiteId, ThemeId};
use crate::mistake::Mistakes;
use crate::rules;
use crate::run_sheet;
use crate::schema::{
    Kind, Place, Report, Section, boolean, choice, date, lines, parsed, text, whole,
};

/// The largest event file; the real ones are under 16 KiB.
const MAX_BYTES: u64 = 256 * 1024;

const EVENT: &[&str] = &[
    "id",
    "title",
    "title_en",
    "subtitle",
    "subtitle_en",
    "place",
    "about",
    "about_en",
    "dates",
    "timezone",
    "languages",
    "sites",
    "themes",
    "publics",
    "sessions",
    "workshops",
    "questions",
    "recording",
    "theme",
];
const SITE: &[&str] = &["id", "name", "name_en", "note", "invented"];
const NAMED: &[&str] = &["id", "name", "name_en"];
const RECORDING: &[&str] = &["title", "title_en", "keep_days", "names_keep_days"];
const LOOK: &[&str] = &["logo", "brand", "css_url"];

/// What lies in the data folder beside the events' own folders.
const FOLDERS: &[&str] = &["keys", "past", "base-url"];
/// Streams and readers of messages that sites stand beside; so does `return-` with a site's id.
const STREAMS: &[&str] = &["programme", "stage"];

pub(crate) fn load(path: &Path) -> Result<Event, Mistakes> {
    let name = path.display().to_string();
    let text = read_text(path, &name, "an event file")?;
    parse(&text, &name)
}

/// The text of a file of at most 256 KiB.
pub(crate) fn read_text(path: &Path, name: &str, expected: &str) -> Result<String, Mistakes> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        return Err(Mistakes::unreadable(
            name,
            format!("nothing to read ({error})"),
            expected,
        ));
    }
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Mistakes::unreadable(name, "more than 256 KiB", expected));
    }
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        Mistakes::unreadable(
            name,
            format!("bytes that are not UTF-8 in line {line}"),
            "text in UTF-8",
        )
    })
}

pub(crate) fn parse(source: &str, name: &str) -> Result<Event, Mistakes> {
    let (mut report, root) = Report::open(name, source);
    let section = Section::open(root.get_ref(), 0..0, "the event", EVENT, &mut report);
    let event = event(&section, &mut report);
    report.close(event)
}

fn event(file: &Section<'_, '_>, r: &mut Report<'_>) -> Option<Event> {
    let id = file.required("id", &id_kind(EventId::new), r);
    if let Some(id) = id.as_ref().filter(|id| FOLDERS.contains(&id.as_str())) {
        reserved(id.as_str(), "of the data folder", &file.place("id"), r);
    }
    let title = file.required("title", &text(1..=120), r);
    let place = file.required("place", &text(1..=120), r);
    let zone = file.required(
        "timezone",
        &parsed("an IANA time zone, as \"Europe/Paris\"", Zone::parse),
        r,
    );
    let dates = dates(file, r);
    let languages = languages(file, r);
    let sites = sites(file, r);
    let themes: Vec<Theme> = named(file, "themes", 80, r, ThemeId::new, |id, name, name_en| {
        Theme { id, name, name_en }
    });
    let publics = named(
        file,
        "publics",
        60,
        r,
        PublicId::new,
        |id, name, name_en| Public { id, name, name_en },
    );
    let known = run_sheet::Known {
        dates: &dates,
        sites: &sites,
        themes: &themes,
        publics: &publics,
    };
    let mut sessions = run_sheet::sessions(file, &known, zone.as_ref(), r);
    sessions.sort_by_key(|session| session.starts);
    let workshops = run_sheet::workshops(file, &themes, &sessions, r);
    let subtitle = file.or("subtitle", &text(0..=160), String::new(), r);
    let subtitle_en = file.optional("subtitle_en", &text(0..=160), r);
    let title_en = file.optional("title_en", &text(1..=120), r);
    let about = file.optional("about", &lines(1..=1000), r);
    let about_en = file.optional("about_en", &lines(1..=1000), r);
    let questions = rules::of_event(file, &themes, &publics, r);
    let recording = recording(
        file,
        title.as_deref().unwrap_or_default(),
        title_en.as_deref(),
        r,
    );
    let theme = look(file, r);
    Some(Event {
        id: id?,
        title: title?,
        title_en,
        subtitle,
        subtitle_en,
        place: place?,
        about,
        about_en,
        dates,
        timezone: zone?,
        languages,
        sites,
        themes,
        publics,
        sessions,
        workshops,
        questions,
        recording,
        theme,
    })
}

pub(crate) fn id_kind<T: 'static, E>(make: impl Fn(String) -> Result<T, E> + 'static) -> Kind<T> {
    parsed("an id: 1 to 40 characters of a-z, 0-9 and -", move |text| {
        make(text.to_owned()).ok()
    })
}

/// Says that an id is taken by something else.
fn reserved(id: &str, whose: &str, at: &Place, r: &mut Report<'_>) {
    let found = format!("the id `{id}`, which is a name {whose}");
    r.suggest(at, found, "another one", Some(&format!("the-{id}")));
}

/// Ids seen in one list, each with its line.
pub(crate) struct Seen<'n> {
    what: &'n str,
    lines: BTreeMap<String, usize>,
}

impl<'n> Seen<'n> {
    pub(crate) fn new(what: &'n str) -> Self {
        Self {
            what,
            lines: BTreeMap::new(),
        }
    }

    pub(crate) fn note(&mut self, id: &str, at: &Place, r: &mut Report<'_>) {
        let line = r.line(at.start);
        if let Some(first) = self.lines.get(id) {
            r.add(
                at,
                format!("{} `{id}` again (first in line {first})", self.what),
                "each one once",
            );
        } else {
            self.lines.insert(id.to_owned(), line);
        }
    }
}

fn dates(file: &Section<'_, '_>, r: &mut Report<'_>) -> Vec<Date> {
    file.require("dates", "the days of the event, as [2020-10-13]", r);
    let listed = file.list("dates", &date(), 1..=14, r);
    let mut dates: Vec<Date> = Vec::new();
    for (day, at) in &listed {
        if dates.last().is_some_and(|last| last >= day) {
            r.add(at, format!("{day}"), "days in order, each once");
        }
        dates.push(*day);
    }
    dates
}

fn languages(file: &Section<'_, '_>, r: &mut Report<'_>) -> Vec<Language> {
    let kind = choice(&[("fr", Language::Fr), ("en", Language::En)]);
    let mut seen = Seen::new("language");
    let listed = file.list("languages", &kind, 1..=2, r);
    for (language, at) in &listed {
        seen.note(language.as_str(), at, r);
    }
    let languages: Vec<Language> = listed.into_iter().map(|(language, _)| language).collect();
    if languages.is_empty() {
        vec![Language::Fr, Language::En]
    } else {
        languages
    }
}

fn sites(file: &Section<'_, '_>, r: &mut Report<'_>) -> Vec<Site> {
    let mut seen = Seen::new("site");
    let tables = file.tables("sites", SITE, 1..=9, r);
    let sites = tables.iter().zip(1u8..).filter_map(|(table, number)| {
        let id = table.required("id", &id_kind(SiteId::new), r);
        let name = table.required("name", &text(1..=60), r);
        let name_en = table.optional("name_en", &text(1..=60), r);
        let note = table.optional("note", &text(1..=200), r);
        let invented = table.or("invented", &boolean(), false, r);
        if let Some(id) = &id {
            seen.note(id.as_str(), &table.place("id"), r);
            if STREAMS.contains(&id.as_str()) || id.as_str().starts_with("return-") {
                reserved(id.as_str(), "of the program itself", &table.place("id"), r);
            }
        }
        Some(Site {
            id: id?,
            number,
            name: name?,
            name_en,
            note,
            invented,
        })
    });
    sites.collect()
}

fn named<I: AsRef<str> + 'static, T, E: 'static>(
    file: &Section<'_, '_>,
    key: &'static str,
    longest: usize,
    r: &mut Report<'_>,
    make_id: impl Fn(String) -> Result<I, E> + Copy + 'static,
    make: impl Fn(I, String, Option<String>) -> T,
) -> Vec<T> {
    let mut seen = Seen::new(key.trim_end_matches('s'));
    let tables = file.tables(key, NAMED, 0..=12, r);
    let items = tables.iter().filter_map(|table| {
        let id = table.required("id", &id_kind(make_id), r);
        let name = table.required("name", &text(1..=longest), r);
        let name_en = table.optional("name_en", &text(1..=longest), r);
        if let Some(id) = &id {
            seen.note(id.as_ref(), &table.place("id"), r);
        }
        Some(make(id?, name?, name_en))
    });
    items.collect()
}

fn recording(
    file: &Section<'_, '_>,
    title: &str,
    title_en: Option<&str>,
    r: &mut Report<'_>,
) -> Recording {
    let unless_said = Recording::of_event(title, title_en);
    let Some(table) = file.table("recording", RECORDING, r) else {
        return unless_said;
    };
    let keep_days = table.or("keep_days", &whole(1..=3650), unless_said.keep_days, r);
    let names_keep_days = table.or(
        "names_keep_days",
        &whole(1..=3650),
        unless_said.names_keep_days.min(keep_days),
        r,
    );
    if names_keep_days > keep_days {
        let found = format!("names kept {names_keep_days} days");
        r.add(
            &table.place("names_keep_days"),
            found,
            format!("at most `keep_days`, {keep_days}"),
        );
    }
    let own_title = table.optional("title", &text(1..=120), r);
    let own_title_en = table.optional("title_en", &text(1..=120), r);
    let title_en = own_title_en.or(if own_title.is_some() {
        None
    } else {
        unless_said.title_en
    });
    Recording {
        title: own_title.unwrap_or(unless_said.title),
        title_en,
        keep_days,
        names_keep_days,
    }
}

fn look(file: &Section<'_, '_>, r: &mut Report<'_>) -> Look {
    let Some(table) = file.table("theme", LOOK, r) else {
        return Look::default();
    };
    let logo = parsed(
        "the relative path of an .svg, .png or .webp beside this file, without ..",
        image_path,
    );
    let css = parsed(
        "a style sheet's address: /... on this node, or https://...",
        css_url,
    );
    let brand = table.optional(
        "brand",
        &parsed("a colour, as \"#2f4bde\"", Colour::parse),
        r,
    );
    if let Some(colour) = brand.filter(|colour| colour.contrast_on_white() < Colour::LEAST_CONTRAST)
    {
        let found = format!(
            "{colour}, whose contrast on white is {:.2}",
            floor_hundredths(colour.contrast_on_white())
        );
        let expected = format!(
            "at least {:.1}, as {} has",
            Colour::LEAST_CONTRAST,
            colour.readable()
        );
        r.add(&table.place("brand"), found, expected);
    }
    Look {
        logo: table.optional("logo", &logo, r),
        brand,
        css_url: table.optional("css_url", &css, r),
    }
}

/// A ratio is cut, not rounded: 4.496 is not enough and must not be shown as 4.50.
fn floor_hundredths(ratio: f64) -> f64 {
    (ratio * 100.0).floor() / 100.0
}

fn image_path(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let image = [".svg", ".png", ".webp"]
        .iter()
        .any(|end| text.len() > end.len() && text.ends_with(end));
    let inside = text
        .split('/')
        .all(|part| !part.is_empty() && !part.starts_with('.'));
    (image && inside && text.len() <= 200 && text.chars().all(plain)).then(|| text.to_owned())
}

fn css_url(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_graphic() && !"\"'<>\\`(){};".contains(c);
    let here = text.starts_with('/') && !text.starts_with("//");
    let there = text
        .strip_prefix("https://")
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
    ((here || there) && text.len() <= 500 && text.chars().all(plain)).then(|| text.to_owned())
}
