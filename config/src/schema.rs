//! Strict reading of TOML: a table is opened with the keys it may have, each value with what it must be; whatever does not
//! fit becomes a mistake with its line, and reading goes on, so that one pass finds them all.

use std::ops::{Range, RangeInclusive};

use jiff::civil;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::{Date, Datetime};

use crate::mistake::{Mistake, Mistakes};
use crate::suggest::nearest;

/// A place in the text, in bytes.
pub(crate) type Place = Range<usize>;

/// The mistakes found so far in one file.
pub(crate) struct Report<'s> {
    file: String,
    text: &'s str,
    broken_lines: Vec<usize>,
    mistakes: Vec<Mistake>,
}

impl<'s> Report<'s> {
    /// Parses `text`. What is not TOML is reported line by line; the rest is read all the same.
    pub(crate) fn open(file: &str, text: &'s str) -> (Self, Spanned<DeTable<'s>>) {
        let mut report = Self {
            file: file.to_owned(),
            text,
            broken_lines: Vec::new(),
            mistakes: Vec::new(),
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let line = report.line(error.span().map_or(text.len(), |span| span.start));
            if !report.broken_lines.contains(&line) {
                report.push(
                    line,
                    format!("`{}`", report.shown_line(line)),
                    format!("TOML ({})", error.message()),
                    None,
                );
                report.broken_lines.push(line);
            }
        }
        (report, table)
    }

    /// Line, from 1, of a place.
    pub(crate) fn line(&self, offset: usize) -> usize {
        let end = offset.min(self.text.len());
        self.text.as_bytes()[..end]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1
    }

    fn shown_line(&self, line: usize) -> String {
        shortened(self.text.lines().nth(line - 1).unwrap_or_default().trim())
    }

    /// Adds a mistake at a place, unless the line is broken anyway.
    pub(crate) fn add(
        &mut self,
        at: &Place,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) {
        self.suggest(at, found, expected, None);
    }

    /// Adds a mistake with what was probably meant.
    pub(crate) fn suggest(
        &mut self,
        at: &Place,
        found: impl Into<String>,
        expected: impl Into<String>,
        meant: Option<&str>,
    ) {
        let line = self.line(at.start);
        // What the parser made up in place of a broken value has no extent.
        let made_up = !self.broken_lines.is_empty() && at.is_empty();
        if !made_up && !self.broken_lines.contains(&line) {
            self.push(
                line,
                found.into(),
                expected.into(),
                meant.map(str::to_owned),
            );
        }
    }

    /// Adds a mistake about something that is not there: only worth saying when the whole text could be read, since it may
    /// stand on a broken line.
    pub(crate) fn missing(
        &mut self,
        at: &Place,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) {
        if self.broken_lines.is_empty() {
            self.add(at, found, expected);
        }
    }

    fn push(&mut self, line: usize, found: String, expected: String, suggestion: Option<String>) {
        self.mistakes.push(Mistake {
            file: self.file.clone(),
            line,
            found,
            expected,
            suggestion,
        });
    }

    /// The value when nothing was wrong.
    pub(crate) fn close<T>(self, value: Option<T>) -> Result<T, Mistakes> {
        match (Mistakes::of(self.mistakes), value) {
            (None, Some(value)) => Ok(value),
            (Some(mistakes), _) => Err(mistakes),
            // Reading without a value always reports why; this is said rather than assumed.
            (None, None) => Err(Mistakes::unreadable(
                &self.file,
                "a file that cannot be used",
                "a complete one",
            )),
        }
    }
}

/// Reads a value; on refusal, what was found when the value's own form does not say it well.
type Read<T> = dyn Fn(&DeValue<'_>) -> Result<T, Option<String>>;

/// What a value must be: in words, and as a test.
pub(crate) struct Kind<T> {
    expected: String,
    read: Box<Read<T>>,
}

impl<T: 'static> Kind<T> {
    /// A kind from its description and its test.
    pub(crate) fn new(
        expected: impl Into<String>,
        read: impl Fn(&DeValue<'_>) -> Result<T, Option<String>> + 'static,
    ) -> Self {
        Self {
            expected: expected.into(),
            read: Box::new(read),
        }
    }

    fn of(&self, value: &Spanned<DeValue<'_>>, report: &mut Report<'_>) -> Option<T> {
        let problem = match (self.read)(value.get_ref()) {
            Ok(read) => return Some(read),
            Err(problem) => problem,
        };
        let found = problem.unwrap_or_else(|| described(value.get_ref()));
        report.add(&value.span(), found, self.expected.clone());
        None
    }
}

/// Text of `length` characters, without control characters (line ends are allowed in `lines`).
pub(crate) fn text(length: RangeInclusive<usize>) -> Kind<String> {
    text_kind(length, false)
}

/// Like [`text`], over several lines.
pub(crate) fn lines(length: RangeInclusive<usize>) -> Kind<String> {
    text_kind(length, true)
}

fn text_kind(length: RangeInclusive<usize>, line_ends: bool) -> Kind<String> {
    let expected = format!("text of {} to {} characters", length.start(), length.end());
    Kind::new(expected, move |value| {
        let text = value.as_str().ok_or(None)?.trim();
        if text
            .chars()
            .any(|c| c.is_control() && !(line_ends && c == '\n'))
        {
            return Err(Some("text with a control character".to_owned()));
        }
        let count = text.chars().count();
        if length.contains(&count) {
            Ok(text.to_owned())
        } else {
            Err(Some(format!("text of {count} characters")))
        }
    })
}

/// A whole number in `range`.
pub(crate) fn whole(range: RangeInclusive<u32>) -> Kind<u32> {
    let expected = format!("a whole number from {} to {}", range.start(), range.end());
    Kind::new(expected, move |value| {
        let integer = value.as_integer().ok_or(None)?;
        let number = u32::from_str_radix(integer.as_str(), integer.radix()).map_err(|_| None)?;
        if range.contains(&number) {
            Ok(number)
        } else {
            Err(None)
        }
    })
}

/// `true` or `false`.
pub(crate) fn boolean() -> Kind<bool> {
    Kind::new("true or false", |value| value.as_bool().ok_or(None))
}

/// One of a few words.
pub(crate) fn choice<T: Copy + 'static>(words: &'static [(&'static str, T)]) -> Kind<T> {
    let names: Vec<String> = words
        .iter()
        .map(|(word, _)| format!("\"{word}\""))
        .collect();
    Kind::new(names.join(" or "), move |value| {
        let text = value.as_str().ok_or(None)?;
        words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, value)| *value)
            .ok_or(None)
    })
}

/// Text that `read` understands.
pub(crate) fn parsed<T: 'static>(
    expected: impl Into<String>,
    read: impl Fn(&str) -> Option<T> + 'static,
) -> Kind<T> {
    Kind::new(expected, move |value| {
        read(value.as_str().ok_or(None)?).ok_or(None)
    })
}

/// A date, as `2020-10-13` without quotes.
pub(crate) fn date() -> Kind<civil::Date> {
    Kind::new(
        "a date without quotes, as 2020-10-13",
        |value| match value.as_datetime() {
            Some(Datetime {
                date: Some(date),
                time: None,
                offset: None,
            }) => civil_date(date).ok_or(None),
            _ => Err(None),
        },
    )
}

/// A local date and time, as `2020-10-13T09:30` without quotes.
pub(crate) fn local_time() -> Kind<civil::DateTime> {
    let expected = "a local date and time without quotes or offset, as 2020-10-13T09:30";
    Kind::new(expected, |value| match value.as_datetime() {
        Some(Datetime {
            date: Some(date),
            time: Some(time),
            offset: None,
        }) => {
            let (hour, minute) = (i8::try_from(time.hour), i8::try_from(time.minute));
            let second = i8::try_from(time.second.unwrap_or(0));
            let (Ok(hour), Ok(minute), Ok(second)) = (hour, minute, second) else {
                return Err(None);
            };
            let time = civil::Time::new(hour, minute, second, 0).map_err(|_| None)?;
            Ok(civil_date(date).ok_or(None)?.to_datetime(time))
        }
        _ => Err(None),
    })
}

fn civil_date(date: &Date) -> Option<civil::Date> {
    let (month, day) = (i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
    civil::Date::new(i16::try_from(date.year).ok()?, month, day).ok()
}

/// An open table: its unknown keys are already reported.
pub(crate) struct Section<'a, 'i> {
    table: &'a DeTable<'i>,
    /// Where it begins.
    pub(crate) at: Place,
    name: String,
    /// Keys that a mistyped one was probably meant to be: their absence is not said twice.
    mistyped: Vec<&'static str>,
}

impl<'a, 'i> Section<'a, 'i> {
    /// Opens a table that may have the keys `known`. `name` is how mistakes call it.
    pub(crate) fn open(
        table: &'a DeTable<'i>,
        at: Place,
        name: impl Into<String>,
        known: &[&'static str],
        report: &mut Report<'_>,
    ) -> Self {
        let mut section = Self {
            table,
            at,
            name: name.into(),
            mistyped: Vec::new(),
        };
        let unknown = table
            .keys()
            .filter(|key| !known.contains(&key.get_ref().as_ref()));
        for key in unknown {
            let meant = nearest(key.get_ref(), known.iter().copied());
            let (found, expected) = (shortened(key.get_ref()), known.join(", "));
            let found = format!("unknown key `{found}` in {}", section.name);
            report.suggest(&key.span(), found, format!("one of {expected}"), meant);
            section
                .mistyped
                .extend(known.iter().copied().filter(|word| Some(*word) == meant));
        }
        section
    }

    /// Where the value of `key` stands, or the table when there is none.
    pub(crate) fn place(&self, key: &str) -> Place {
        self.table.get(key).map_or(self.at.clone(), Spanned::span)
    }

    fn say_missing(&self, key: &'static str, expected: &str, report: &mut Report<'_>) {
        if !self.mistyped.contains(&key) {
            report.missing(
                &self.at,
                format!("no `{key}` in {}", self.name),
                format!("`{key}`, {expected}"),
            );
        }
    }

    /// Whether there is a value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether the value is this word.
    pub(crate) fn says(&self, key: &str, word: &str) -> bool {
        let value = self.table.get(key);
        value.is_some_and(|value| value.get_ref().as_str() == Some(word))
    }

    /// A value that must be there.
    pub(crate) fn required<T: 'static>(
        &self,
        key: &'static str,
        kind: &Kind<T>,
        report: &mut Report<'_>,
    ) -> Option<T> {
        match self.table.get(key) {
            Some(value) => kind.of(value, report),
            None => {
                self.say_missing(key, &kind.expected, report);
                None
            }
        }
    }

    /// A value that may be there.
    pub(crate) fn optional<T: 'static>(
        &self,
        key: &'static str,
        kind: &Kind<T>,
        report: &mut Report<'_>,
    ) -> Option<T> {
        kind.of(self.table.get(key)?, report)
    }

    /// A value with a default.
    pub(crate) fn or<T: 'static>(
        &self,
        key: &'static str,
        kind: &Kind<T>,
        default: T,
        report: &mut Report<'_>,
    ) -> T {
        self.optional(key, kind, report).unwrap_or(default)
    }

    /// A list of values, each with its place; empty when it is not there.
    pub(crate) fn list<T: 'static>(
        &self,
        key: &'static str,
        kind: &Kind<T>,
        count: RangeInclusive<usize>,
        report: &mut Report<'_>,
    ) -> Vec<(T, Place)> {
        let Some(value) = self.table.get(key) else {
            return Vec::new();
        };
        let expected = format!(
            "a list of {} to {}, each {}",
            count.start(),
            count.end(),
            kind.expected
        );
        let Some(items) = value.get_ref().as_array() else {
            report.add(&value.span(), described(value.get_ref()), expected);
            return Vec::new();
        };
        if !count.contains(&items.len()) {
            report.add(&value.span(), described(value.get_ref()), expected);
        }
        let read = items
            .iter()
            .filter_map(|item| Some((kind.of(item, report)?, item.span())));
        read.collect()
    }

    /// Says that `key` is missing when it is.
    pub(crate) fn require(&self, key: &'static str, expected: &str, report: &mut Report<'_>) {
        if !self.table.contains_key(key) {
            self.say_missing(key, expected, report);
        }
    }

    /// The tables `[[key]]`, each opened with the keys `known`, when their number is in `count`.
    pub(crate) fn tables(
        &self,
        key: &'static str,
        known: &[&'static str],
        count: RangeInclusive<usize>,
        report: &mut Report<'_>,
    ) -> Vec<Section<'a, 'i>> {
        let expected = format!("{} to {} tables [[{key}]]", count.start(), count.end());
        let Some(value) = self.table.get(key) else {
            if *count.start() > 0 {
                self.say_missing(key, &expected, report);
            }
            return Vec::new();
        };
        let Some(items) = value.get_ref().as_array() else {
            report.add(&value.span(), described(value.get_ref()), expected);
            return Vec::new();
        };
        if !count.contains(&items.len()) {
            let at = items.get(*count.end()).map_or(value.span(), Spanned::span);
            report.add(&at, format!("{} [[{key}]]", items.len()), expected);
        }
        let sections = items
            .iter()
            .filter_map(|item| Self::sub(item, format!("[[{key}]]"), known, report));
        sections.collect()
    }

    /// The table `[key]`, opened with the keys `known`; nothing when it is not there.
    pub(crate) fn table(
        &self,
        key: &'static str,
        known: &[&'static str],
        report: &mut Report<'_>,
    ) -> Option<Self> {
        let name = match self.name.strip_prefix("[[") {
            Some(above) => format!("[{}.{key}]", above.trim_end_matches("]]")),
            None => format!("[{key}]"),
        };
        Self::sub(self.table.get(key)?, name, known, report)
    }

    fn sub(
        value: &'a Spanned<DeValue<'i>>,
        name: String,
        known: &[&'static str],
        report: &mut Report<'_>,
    ) -> Option<Self> {
        match value.get_ref().as_table() {
            Some(table) => Some(Section::open(table, value.span(), name, known, report)),
            None => {
                report.add(
                    &value.span(),
                    described(value.get_ref()),
                    format!("a table {name}"),
                );
                None
            }
        }
    }
}

/// A value in words.
fn described(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("\"{}\"", shortened(text)),
        DeValue::Integer(number) => format!("{number}"),
        DeValue::Float(number) => format!("{number}"),
        DeValue::Boolean(value) => format!("{value}"),
        DeValue::Datetime(value) => format!("{value}"),
        DeValue::Array(items) => format!("a list of {}", items.len()),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// At most 60 characters, printable: a mistake is one line.
pub(crate) fn shortened(text: &str) -> String {
    let printable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut short: String = text.chars().take(60).map(printable).collect();
    if text.chars().count() > 60 {
        short.push('…');
    }
    short
}
