//! The files as their readers see them: a CSV parser, and calamine for xlsx and ods.

use std::io::Cursor;

use calamine::{Data, Reader};
use jiff::tz::TimeZone;
use pleniere_moderation_core::{
    Actor, Ask, Catalogue, Command, Decline, DeclineCode, ParticipantId, Policy, PolicyPatch,
    QuestionId, Staff, State, ThemeId, UnixMs, apply, decide,
};
use proptest::prelude::*;

use super::{Format, Language, Naming, Table, csv, ods, write, xlsx};

/// 13 October 2020, 09:30:05 in Paris.
const ASKED: UnixMs = UnixMs(1_602_574_205_000);
const DAY_MS: i64 = 86_400_000;

fn naming() -> Naming {
    Naming {
        title: "États généraux".into(),
        themes: [("egal-acces".into(), "Égal accès".into())].into(),
        publics: [].into(),
        sites: [].into(),
        zone: TimeZone::get("Europe/Paris").unwrap(),
        language: Language::French,
        names_keep_ms: 30 * DAY_MS,
    }
}

fn odile() -> Actor {
    Actor::Moderator(Staff {
        id: "0123456789abcdef".into(),
        name: "Odile".into(),
    })
}

fn state(policy: Policy, texts: &[&str]) -> State {
    let themes = [ThemeId::new("egal-acces").unwrap()].into();
    let catalogue = Catalogue {
        themes,
        ..Catalogue::default()
    };
    let mut state = State::new(policy, catalogue);
    for (text, person) in texts.iter().zip(1u8..) {
        let ask = Ask {
            text: (*text).to_owned(),
            name: Some("Inès".into()),
            theme: Some(ThemeId::new("egal-acces").unwrap()),
            ..Ask::default()
        };
        let actor = Actor::Participant(ParticipantId([person; 16]));
        act(&mut state, actor, Command::Ask(ask));
    }
    state
}

fn act(state: &mut State, actor: Actor, command: Command) {
    for event in decide(state, command, &actor, ASKED).unwrap() {
        apply(state, &event);
    }
}

fn table(texts: &[&str]) -> Table {
    Table::new(&state(Policy::default(), texts), naming(), ASKED)
}

/// Cells of a CSV file by RFC 4180 with `;`, as a spreadsheet reads them.
fn parse(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = std::str::from_utf8(bytes).unwrap();
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    let (mut rows, mut row, mut cell, mut quoted) = (vec![], vec![], String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ';' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {
                assert_eq!(chars.next(), Some('\n'));
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    assert!(row.is_empty() && cell.is_empty(), "the last line ends");
    rows
}

fn sheet(format: Format, bytes: Vec<u8>) -> calamine::Range<Data> {
    let bytes = Cursor::new(bytes);
    match format {
        Format::Ods => {
            let mut book: calamine::Ods<_> = calamine::open_workbook_from_rs(bytes).unwrap();
            assert!(
                book.worksheet_formula("Questions")
                    .is_ok_and(|formulas| formulas.is_empty())
            );
            book.worksheet_range("Questions").unwrap()
        }
        _ => {
            let mut book: calamine::Xlsx<_> = calamine::open_workbook_from_rs(bytes).unwrap();
            assert!(
                book.worksheet_formula("Questions")
                    .is_ok_and(|formulas| formulas.is_empty())
            );
            book.worksheet_range("Questions").unwrap()
        }
    }
}

#[test]
fn every_spreadsheet_says_the_same() {
    let mut state = state(
        Policy::default(),
        &["Et la « 5G » ; \"vraiment\" ?", "=HYPERLINK(\"http://x\")"],
    );
    let reason = Decline {
        code: DeclineCode::Duplicate,
        text: Some("voir plus haut".into()),
        see: Some(QuestionId(1)),
    };
    let approve = Command::Approve {
        question: QuestionId(1),
        version: 1,
    };
    act(&mut state, odile(), approve);
    let decline = Command::Decline {
        question: QuestionId(2),
        version: 1,
        reason,
    };
    act(&mut state, odile(), decline);
    let table = Table::new(&state, naming(), ASKED);
    let rows = parse(&csv::write(&table));
    assert_eq!(rows[0][..3], ["N°", "État", "Question"]);
    assert_eq!(rows[1][2], "Et la « 5G » ; \"vraiment\" ?");
    assert_eq!(rows[1][4..7], ["Inès", "", "Égal accès"]);
    assert_eq!(rows[1][10], "2020-10-13 09:30:05");
    assert_eq!(rows[2][2], "'=HYPERLINK(\"http://x\")");
    assert_eq!(rows[2][14], "Déjà posée\u{a0}: voir plus haut (voir 1)");
    assert_eq!(rows[2][18], "Odile");
    for format in [Format::Xlsx, Format::Ods] {
        let sheet = sheet(format, write(&table, format).unwrap());
        for (row, line) in rows.iter().enumerate() {
            for (column, expected) in line.iter().enumerate() {
                let found = sheet
                    .get((row, column))
                    .map(ToString::to_string)
                    .unwrap_or_default();
                let expected = expected.strip_prefix('\'').unwrap_or(expected);
                assert_eq!(found, expected, "{format} {row} {column}");
            }
        }
    }
}

#[test]
fn json_keeps_the_protocols_words_and_the_offset() {
    let file: serde_json::Value =
        serde_json::from_slice(&write(&table(&["Et la 5G ?"]), Format::Json).unwrap()).unwrap();
    let question = &file["questions"][0];
    assert_eq!(question["state"], "received");
    assert_eq!(question["asked_at"], "2020-10-13T09:30:05.000+02:00");
    assert_eq!(question["text"], "Et la 5G ?");
}

#[test]
fn names_go_when_their_time_is_over() {
    let state = state(Policy::default(), &["Et la 5G ?"]);
    let name = |now: i64| {
        let table = Table::new(&state, naming(), UnixMs(now));
        parse(&csv::write(&table))[1][4].clone()
    };
    assert_eq!(name(ASKED.0 + 30 * DAY_MS), "Inès");
    assert_eq!(name(ASKED.0 + 30 * DAY_MS + 1), "");
}

#[test]
fn a_young_audience_has_no_names() {
    let mut state = state(Policy::default(), &["Et la 5G ?"]);
    let young = Command::SetPolicy {
        session: None,
        patch: PolicyPatch {
            young: Some(true),
            ..PolicyPatch::default()
        },
    };
    act(&mut state, odile(), young);
    let table = Table::new(&state, naming(), ASKED);
    let json = String::from_utf8(write(&table, Format::Json).unwrap()).unwrap();
    assert!(!json.contains("Inès"), "{json}");
    assert!(
        !String::from_utf8(csv::write(&table))
            .unwrap()
            .contains("Inès")
    );
}

#[test]
fn a_merged_and_a_deferred_question_say_where_they_went() {
    let mut state = state(Policy::default(), &["Et la 5G ?", "La 5G ?", "Et la 6G ?"]);
    let merge = Command::Merge {
        question: QuestionId(2),
        version: 1,
        into: QuestionId(1),
    };
    act(&mut state, odile(), merge);
    let defer = Command::Defer {
        question: QuestionId(3),
        version: 1,
        to: "le rectorat".into(),
    };
    act(&mut state, odile(), defer);
    let rows = parse(&csv::write(&Table::new(&state, naming(), ASKED)));
    assert_eq!(
        (rows[2][1].as_str(), rows[2][16].as_str()),
        ("Réunie à une autre", "1")
    );
    assert_eq!(
        (rows[3][1].as_str(), rows[3][15].as_str()),
        ("Renvoyée après l’événement", "le rectorat")
    );
    assert_eq!(rows[1][9], "1", "the other asker supports it");
}

#[test]
fn an_event_without_questions_has_headings_all_the_same() {
    let table = table(&[]);
    assert!(table.is_empty());
    assert_eq!(parse(&csv::write(&table)).len(), 1);
    for format in [Format::Xlsx, Format::Ods] {
        assert_eq!(
            sheet(format, write(&table, format).unwrap()).height(),
            1,
            "{format}"
        );
    }
}

/// Whether a spreadsheet would calculate a cell: what is at its beginning, after folding full-width forms.
fn is_formula(cell: &str) -> bool {
    let folded = cell.chars().next().map(|c| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap(),
        c => c,
    });
    matches!(folded, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n'))
}

proptest! {
    #[test]
    fn nothing_somebody_types_is_calculated(texts in prop::collection::vec("[=+\\-@＝＋－＠ '\";\n\u{a0}<&a-c\u{301}]{1,12}", 1..6)) {
        let mut texts = texts;
        texts.push("=1+1".into());
        let rows: Vec<String> = texts.iter().map(|text| format!("{text}x")).collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let table = table(&rows);
        for row in parse(&csv::write(&table)) {
            prop_assert_eq!(row.len(), 19);
            for cell in row {
                prop_assert!(!is_formula(&cell), "{:?}", cell);
            }
        }
        for (format, bytes) in [(Format::Xlsx, xlsx::write(&table).unwrap()), (Format::Ods, ods::write(&table).unwrap())] {
            let sheet = sheet(format, bytes);
            for (at, row) in table.rows.iter().enumerate() {
                prop_assert_eq!(sheet.get((at + 1, 2)), Some(&Data::String(row.text.clone())));
            }
        }
    }
}
