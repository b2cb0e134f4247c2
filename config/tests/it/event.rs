//! Event files: the shipped ones are whole, and every mistake is found where it stands.

use std::fs;
use std::path::{Path, PathBuf};

use pleniere_config::{Event, Language, Mistakes, Moderation, Names, SiteId};
use proptest::prelude::*;

const SMALL: &str = r#"id = "small"
title = "Small"
place = "Here"
dates = [2020-10-13]
timezone = "Europe/Paris"

[[sites]]
id = "a"
name = "A"

[[sites]]
id = "b"
name = "B"

[[sessions]]
id = "one"
title = "One"
starts = 2020-10-13T09:30
duration_min = 30
sites = ["a"]
"#;

fn events() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("events")
}

fn shipped(name: &str) -> Event {
    Event::load(&events().join(name)).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// The mistakes of `SMALL` with `more` after it, as printed.
fn printed(text: &str) -> Vec<String> {
    match Event::parse(text, "e.toml") {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.iter().map(ToString::to_string).collect(),
    }
}

fn changed(from: &str, to: &str) -> Vec<String> {
    assert!(SMALL.contains(from));
    printed(&SMALL.replacen(from, to, 1))
}

#[test]
fn every_shipped_event_is_whole() {
    let files: Vec<_> = fs::read_dir(events())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(files.len() >= 3);
    for file in files {
        let event = Event::load(&file).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        assert_eq!(
            event.id.as_str(),
            file.file_stem().unwrap().to_str().unwrap()
        );
        assert_eq!(event.publics.len(), 5, "the five publics");
        assert_eq!(event.languages, [Language::Fr, Language::En]);
        assert!(
            event
                .sessions
                .iter()
                .all(|session| session.title_en.is_some())
        );
        assert_eq!(event.session_times().len(), event.sessions.len());
    }
}

#[test]
fn grand_est_links_seven_rooms_of_which_three_are_marked_invented() {
    let event = shipped("grand-est.toml");
    let numbered: Vec<_> = event
        .sites
        .iter()
        .map(|site| (site.number, site.id.as_str(), site.invented))
        .collect();
    assert_eq!(
        numbered,
        [
            (1, "nancy", false),
            (2, "strasbourg", false),
            (3, "reims", false),
            (4, "mulhouse", false),
            (5, "metz", true),
            (6, "troyes", true),
            (7, "charleville", true)
        ]
    );
    assert_eq!((event.themes.len(), event.sessions.len()), (5, 7));
    assert_eq!(event.questions.moderation, Moderation::Before);
    assert_eq!(event.questions.names, Names::Optional);
    // 09:30 in Paris on that day is 07:30 UTC.
    assert_eq!(event.session_times()[0].starts_ms, 1_602_574_200_000);
}

#[test]
fn poitiers_takes_three_days_and_the_school_one_evening() {
    let poitiers = shipped("poitiers.toml");
    assert_eq!(poitiers.dates.len(), 3);
    for day in &poitiers.dates {
        assert!(
            poitiers
                .sessions
                .iter()
                .any(|session| session.starts.date() == *day),
            "{day}"
        );
    }
    let school = shipped("school-meeting.toml");
    let minutes: u32 = school
        .sessions
        .iter()
        .map(|session| session.duration_min)
        .sum();
    assert!((120..=180).contains(&minutes), "{minutes}");
    assert!(
        school.workshops.len() >= 3 && school.workshops.iter().all(|workshop| workshop.seats <= 15)
    );
}

#[test]
fn a_rehearsal_begins_now_and_keeps_the_distances() {
    let event = shipped("grand-est.toml");
    let (real, shifted) = (event.session_times(), event.shifted_to(1_000));
    assert_eq!(shifted[0].starts_ms, 1_000);
    for (one, other) in real.iter().zip(&shifted) {
        assert_eq!(one.id, other.id);
        assert_eq!(one.starts_ms - real[0].starts_ms, other.starts_ms - 1_000);
        assert_eq!(one.ends_ms - one.starts_ms, other.ends_ms - other.starts_ms);
    }
}

#[test]
fn a_small_event_has_sensible_rules() {
    let event = Event::parse(SMALL, "e.toml").unwrap();
    assert_eq!(
        (event.questions.max_length, event.questions.open),
        (300, true)
    );
    assert_eq!(event.recording.title, "Small");
    assert!(event.site(&SiteId::new("b").unwrap()).is_some());
    let json = serde_json::to_value(&event).unwrap();
    assert_eq!(json["timezone"], "Europe/Paris");
    assert_eq!(json["dates"][0], "2020-10-13");
    assert_eq!(json["sessions"][0]["starts"], "2020-10-13T09:30:00");
}

#[test]
fn a_mistyped_key_is_named_with_its_line_and_what_was_meant() {
    let said = changed("title = \"Small\"", "tilte = \"Small\"");
    assert_eq!(
        said.len(),
        1,
        "the missing title is not said a second time: {said:?}"
    );
    assert!(said[0].starts_with(
        "e.toml:2: found unknown key `tilte` in the event; expected one of id, title, "
    ));
    assert!(said[0].ends_with("(did you mean `title`?)"));
}

#[test]
fn a_mistyped_room_is_named_with_what_was_meant() {
    let text = SMALL
        .replace("id = \"a\"", "id = \"nancy\"")
        .replace("sites = [\"a\"]", "sites = [\"nacny\"]");
    let said = printed(&text);
    assert_eq!(
        said,
        ["e.toml:20: found unknown site `nacny`; expected one of nancy, b (did you mean `nancy`?)"]
    );
}

#[test]
fn each_mistake_has_its_own_words() {
    let cases = [
        (
            "id = \"small\"",
            "id = \"Small Event\"",
            "e.toml:1: found \"Small Event\"; expected an id",
        ),
        (
            "title = \"Small\"",
            "title = 5",
            "e.toml:2: found 5; expected text of 1 to 120 characters",
        ),
        (
            "title = \"Small\"",
            "title = \"\"",
            "e.toml:2: found text of 0 characters; expected text of 1 to 120",
        ),
        (
            "place = \"Here\"\n",
            "",
            "e.toml:1: found no `place` in the event; expected `place`, text of",
        ),
        (
            "Europe/Paris",
            "Europe/Pariss",
            "e.toml:5: found \"Europe/Pariss\"; expected an IANA time zone",
        ),
        (
            "[2020-10-13]",
            "[\"2020-10-13\"]",
            "e.toml:4: found \"2020-10-13\"; expected a date without quotes",
        ),
        (
            "[2020-10-13]",
            "[2020-10-13, 2020-10-12]",
            "e.toml:4: found 2020-10-12; expected days in order",
        ),
        (
            "[2020-10-13]",
            "[]",
            "e.toml:4: found a list of 0; expected a list of 1 to 14, each a date",
        ),
        (
            "[2020-10-13]",
            "[2020-10-14]",
            "e.toml:18: found a session on 2020-10-13; expected a day of the event",
        ),
        (
            "id = \"b\"",
            "id = \"a\"",
            "e.toml:12: found site `a` again (first in line 8); expected each one once",
        ),
        (
            "T09:30",
            "T09:30:00Z",
            "e.toml:18: found 2020-10-13T09:30:00Z; expected a local date and time",
        ),
        (
            "duration_min = 30",
            "duration_min = 0",
            "e.toml:19: found 0; expected a whole number from 1 to 720",
        ),
        (
            "duration_min = 30",
            "duration_min = -30",
            "e.toml:19: found -30; expected a whole number",
        ),
        (
            "sites = [\"a\"]",
            "sites = \"a\"",
            "e.toml:20: found \"a\"; expected a list of 0 to 9, each an id",
        ),
        (
            "sites = [\"a\"]",
            "sites = [\"a\", \"a\"]",
            "e.toml:20: found site `a` again (first in line 20)",
        ),
        (
            "sites = [\"a\"]",
            "theme = \"x\"",
            "e.toml:20: found unknown theme `x`; expected a theme of this file",
        ),
    ];
    for (from, to, words) in cases {
        let said = changed(from, to);
        assert_eq!(said.len(), 1, "{to}: {said:?}");
        assert!(said[0].starts_with(words), "{to}: {}", said[0]);
    }
}

/// What `SMALL` says wrong with `more` at its end, from line 21 on, inside the session.
fn with(more: &str) -> Vec<String> {
    printed(&format!("{SMALL}{more}"))
}

#[test]
fn a_session_lays_its_rules_over_the_events() {
    let text = format!(
        "{SMALL}[sessions.questions]\nyoung = true\nhands = true\nthemes = []\n\n\
         [questions]\nnames = \"required\"\nslow_mode_s = 30\npublics = \"all\"\n"
    );
    let event = Event::parse(&text, "e.toml").unwrap();
    let rules = event.questions.clone();
    assert_eq!((rules.names, rules.slow_mode_s), (Names::Required, 30));
    assert!(!rules.young && !rules.hands, "not unless said");
    assert_eq!(rules.publics, None, "all of the event");
    let said = event.sessions[0].questions.clone().unwrap();
    let over = rules.with(&said);
    assert!(over.young && over.hands);
    assert_eq!(over.themes, Some(vec![]), "none on offer");
    assert_eq!(over.slow_mode_s, 30, "what it does not say stays");
}

#[test]
fn mistakes_in_the_rules_are_named_where_they_stand() {
    let cases = [
        (
            "[sessions.questions]\nslowmode_s = 3\n",
            "e.toml:22: found unknown key `slowmode_s` in [sessions.questions]; expected one of open, moderation, max_length, \
             names, slow_mode_s, per_person, per_person_per_min, per_address_per_min, young, hands, themes, publics \
             (did you mean `slow_mode_s`?)",
        ),
        (
            "[questions]\nslow_mode_s = 3600\n",
            "e.toml:22: found 3600; expected a whole number from 0 to 600",
        ),
        (
            "[questions]\nthemes = \"some\"\n",
            "e.toml:22: found \"some\"; expected a list of 0 to 12, each an id: 1 to 40 characters of a-z, 0-9 and -",
        ),
        (
            "[questions]\npublics = [\"eleves\"]\n",
            "e.toml:22: found unknown public `eleves`; expected a public of this file",
        ),
        (
            "[questions]\nyoung = true\nmoderation = \"after\"\n",
            "e.toml:23: found moderation = \"after\" with young = true; expected moderation = \"before\": with `young` every \
             question is read before it is shown",
        ),
        (
            "[questions]\nyoung = true\nnames = \"optional\"\n",
            "e.toml:23: found names with young = true; expected names = \"none\": with `young` no name is taken",
        ),
    ];
    for (more, words) in cases {
        assert_eq!(with(more), [words], "{more}");
    }
}

#[test]
fn ids_that_the_program_uses_itself_are_refused() {
    for id in ["programme", "stage", "return-nancy"] {
        let said = changed("id = \"b\"", &format!("id = \"{id}\""));
        let words = format!(
            "e.toml:12: found the id `{id}`, which is a name of the program itself; expected another one (did you mean `the-{id}`?)"
        );
        assert_eq!(said, [words]);
    }
    for id in ["keys", "past", "base-url"] {
        let said = changed("id = \"small\"", &format!("id = \"{id}\""));
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(
            said[0].contains("which is a name of the data folder"),
            "{said:?}"
        );
    }
}

#[test]
fn every_mistake_is_found_in_one_pass() {
    let text = "id = \"X\"\ntitel = \"t\"\ndates = [2020-10-13]\ntimezone = \"Mars\"\n[[sites]]\nid = \"a\"\nname = 3\ncolor = 1\n";
    let lines: Vec<usize> = Event::parse(text, "e")
        .unwrap_err()
        .iter()
        .map(|mistake| mistake.line)
        .collect();
    // The id, the title's key, the zone, the site's name and unknown key; place and sessions missing.
    assert_eq!(lines, [1, 1, 1, 2, 4, 7, 8]);
}

#[test]
fn what_is_not_toml_is_shown_and_the_rest_is_still_read() {
    let said = changed("title = \"Small\"", "title = \"Small");
    assert!(
        said[0].starts_with("e.toml:2: found `title = \"Small`; expected TOML ("),
        "{said:?}"
    );
    let said = printed(
        &SMALL
            .replace("place = \"Here\"", "place == 1")
            .replace("= 30\n", "= \"x\"\n"),
    );
    let lines: Vec<&str> = said
        .iter()
        .map(|line| line.split(':').nth(1).unwrap())
        .collect();
    assert_eq!(lines, ["3", "19"], "{said:?}");
}

#[test]
fn sessions_that_overlap_in_a_room_are_refused() {
    let second = |starts: &str, sites: &str| {
        format!(
            "{SMALL}\n[[sessions]]\nid = \"two\"\ntitle = \"Two\"\nstarts = 2020-10-13T{starts}\nduration_min = 10\n{sites}"
        )
    };
    let said = printed(&second("09:45", "sites = [\"a\"]"));
    assert_eq!(
        said,
        [
            "e.toml:25: found `two` beginning at 09:45:00 while `one` runs; expected a start at 10:00:00 or later, or other sites"
        ]
    );
    assert_eq!(
        printed(&second("09:45", "")).len(),
        1,
        "a break concerns every room"
    );
    assert!(
        printed(&second("09:45", "sites = [\"b\"]")).is_empty(),
        "another room"
    );
    assert!(
        printed(&second("10:00", "sites = [\"a\"]")).is_empty(),
        "afterwards"
    );
    assert_eq!(
        printed(&second("09:25", "sites = [\"a\"]")).len(),
        1,
        "begins before and runs into it"
    );
}

#[test]
fn a_time_that_clocks_skip_is_refused() {
    let text = SMALL
        .replace("2020-10-13", "2020-03-29")
        .replace("T09:30", "T02:30");
    let said = printed(&text);
    assert!(
        said[0].contains("which clocks skip that day; expected a time that exists in Europe/Paris"),
        "{said:?}"
    );
}

#[test]
fn a_brand_colour_must_be_readable_and_a_readable_one_is_proposed() {
    let said = printed(&format!("{SMALL}\n[theme]\nbrand = \"#6fa8ff\"\n"));
    assert_eq!(said.len(), 1);
    assert!(
        said[0].starts_with("e.toml:23: found #6fa8ff, whose contrast on white is 2."),
        "{said:?}"
    );
    let proposed = said[0]
        .split("as ")
        .nth(1)
        .unwrap()
        .trim_end_matches(" has");
    assert!(printed(&format!("{SMALL}\n[theme]\nbrand = \"{proposed}\"\n")).is_empty());
}

#[test]
fn a_logo_or_style_sheet_cannot_leave_its_place() {
    for bad in [
        "../secret.svg",
        "/etc/logo.svg",
        "logo.html",
        "a//b.svg",
        ".hidden.svg",
        ".svg",
        "a b.svg",
    ] {
        assert_eq!(
            printed(&format!("{SMALL}\n[theme]\nlogo = \"{bad}\"\n")).len(),
            1,
            "{bad}"
        );
    }
    for bad in [
        "//evil.example/x.css",
        "http://example.org/x.css",
        "javascript:alert(1)",
        "/a\\\"><script>",
    ] {
        assert_eq!(
            printed(&format!("{SMALL}\n[theme]\ncss_url = \"{bad}\"\n")).len(),
            1,
            "{bad}"
        );
    }
    assert!(
        printed(&format!(
            "{SMALL}\n[theme]\nlogo = \"img/logo.svg\"\ncss_url = \"/theme/own.css\"\n"
        ))
        .is_empty()
    );
}

#[test]
fn ten_rooms_are_one_too_many() {
    let more: String = (0..8)
        .map(|n| format!("[[sites]]\nid = \"s{n}\"\nname = \"S\"\n"))
        .collect();
    let said = printed(&format!("{SMALL}{more}"));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("found 10 [[sites]]; expected 1 to 9 tables [[sites]]"));
}

#[test]
fn workshops_keep_to_fifteen_people_and_one_room_each() {
    let themes = "[[themes]]\nid = \"t\"\nname = \"T\"\n";
    let workshop = |id: &str, seats: u32| {
        format!(
            "[[workshops]]\nid = \"{id}\"\ntitle = \"W\"\nsession = \"one\"\ntheme = \"t\"\nchallenge = \"C?\"\nroom = \"12\"\nseats = {seats}\n"
        )
    };
    assert!(printed(&format!("{SMALL}{themes}{}", workshop("w", 15))).is_empty());
    let said = printed(&format!("{SMALL}{themes}{}", workshop("w", 16)));
    assert!(
        said[0].contains("found 16; expected a whole number from 1 to 15"),
        "{said:?}"
    );
    let said = printed(&format!(
        "{SMALL}{themes}{}{}",
        workshop("w", 9),
        workshop("v", 9)
    ));
    assert!(said[0].contains("room \"12\" again in `one`"), "{said:?}");
}

#[test]
fn names_are_not_kept_longer_than_the_recording() {
    let said = printed(&format!(
        "{SMALL}[recording]\nkeep_days = 10\nnames_keep_days = 11\n"
    ));
    assert!(
        said[0].contains("found names kept 11 days; expected at most `keep_days`, 10"),
        "{said:?}"
    );
    let event = Event::parse(&format!("{SMALL}[recording]\nkeep_days = 10\n"), "e").unwrap();
    assert_eq!(event.recording.names_keep_days, 10, "the default gives way");
}

#[test]
fn files_that_cannot_be_read_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let said = |mistakes: Mistakes| mistakes.to_string();
    let missing = said(Event::load(&dir.path().join("none.toml")).unwrap_err());
    assert!(
        missing.contains("none.toml: found nothing to read (")
            && missing.ends_with("expected an event file"),
        "{missing}"
    );
    fs::write(
        dir.path().join("latin.toml"),
        b"id = \"x\"\ntitle = \"\xe9\"\n",
    )
    .unwrap();
    let latin = said(Event::load(&dir.path().join("latin.toml")).unwrap_err());
    assert!(
        latin.contains("bytes that are not UTF-8 in line 2"),
        "{latin}"
    );
    fs::write(dir.path().join("big.toml"), vec![b'#'; 300 * 1024]).unwrap();
    assert!(
        said(Event::load(&dir.path().join("big.toml")).unwrap_err()).contains("more than 256 KiB")
    );
    assert!(
        Event::load(dir.path()).is_err(),
        "a folder is no event file"
    );
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "(?s).{0,400}") {
        let _ = Event::parse(&text, "e.toml").map_err(|mistakes| mistakes.to_string());
    }

    #[test]
    fn a_file_with_a_stroke_of_noise_is_read_or_explained(at in any::<prop::sample::Index>(), noise in "(?s).{1,6}", gone in 0..20usize) {
        let chars: Vec<char> = SMALL.chars().collect();
        let at = at.index(chars.len());
        let rest = chars.iter().skip(at + gone);
        let text: String = chars[..at].iter().copied().chain(noise.chars()).chain(rest.copied()).collect();
        if let Err(mistakes) = Event::parse(&text, "e.toml") {
            let lines = text.lines().count().max(1);
            prop_assert!(mistakes.iter().all(|mistake| mistake.line <= lines + 1 && !mistake.to_string().contains('\n')));
        }
    }
}
