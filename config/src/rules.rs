//! The rules for questions in an event file: `[questions]`, and `[sessions.questions]` laid over it while a session runs.

use crate::event::{Moderation, Names, Public, QuestionPolicy, QuestionRules, Theme};
use crate::event_file::id_kind;
use crate::id::{PublicId, ThemeId};
use crate::run_sheet::refer;
use crate::schema::{Kind, Report, Section, boolean, choice, whole};

pub(crate) const QUESTIONS: &[&str] = &[
    "open",
    "moderation",
    "max_length",
    "names",
    "slow_mode_s",
    "per_person",
    "per_person_per_min",
    "per_address_per_min",
    "young",
    "hands",
    "themes",
    "publics",
];

/// What a list of ids may name instead.
const ALL: &str = "all";

/// The event's own rules.
pub(crate) fn of_event(
    file: &Section<'_, '_>,
    themes: &[Theme],
    publics: &[Public],
    r: &mut Report<'_>,
) -> QuestionPolicy {
    let said = of_table(file, themes, publics, r).unwrap_or_default();
    QuestionPolicy::default().with(&said)
}

/// What the table `questions` of an event or a session says; nothing when there is none.
pub(crate) fn of_table(
    file: &Section<'_, '_>,
    themes: &[Theme],
    publics: &[Public],
    r: &mut Report<'_>,
) -> Option<QuestionRules> {
    let table = file.table("questions", QUESTIONS, r)?;
    let themes = themes.iter().map(|theme| theme.id.as_str()).collect();
    let publics = publics.iter().map(|public| public.id.as_str()).collect();
    let rules = QuestionRules {
        open: table.optional("open", &boolean(), r),
        moderation: table.optional("moderation", &moderation(), r),
        max_length: table.optional("max_length", &whole(20..=2000), r),
        names: table.optional("names", &names(), r),
        slow_mode_s: table.optional("slow_mode_s", &whole(0..=600), r),
        per_person: table.optional("per_person", &whole(1..=100), r),
        per_person_per_min: table.optional("per_person_per_min", &whole(0..=60), r),
        per_address_per_min: table.optional("per_address_per_min", &whole(0..=1_000_000), r),
        young: table.optional("young", &boolean(), r),
        hands: table.optional("hands", &boolean(), r),
        themes: offered(&table, "themes", "theme", themes, ThemeId::new, r),
        publics: offered(&table, "publics", "public", publics, PublicId::new, r),
    };
    contradictions(&table, &rules, r);
    Some(rules)
}

fn moderation() -> Kind<Moderation> {
    choice(&[("before", Moderation::Before), ("after", Moderation::After)])
}

fn names() -> Kind<Names> {
    choice(&[
        ("optional", Names::Optional),
        ("required", Names::Required),
        ("none", Names::None),
    ])
}

/// The ids of a list, each of which the event knows; all of them for `"all"`; nothing when the key is not there.
fn offered<I: AsRef<str> + 'static, E: 'static>(
    table: &Section<'_, '_>,
    key: &'static str,
    what: &str,
    known: Vec<&str>,
    make: impl Fn(String) -> Result<I, E> + 'static,
    r: &mut Report<'_>,
) -> Option<Option<Vec<I>>> {
    if !table.has(key) {
        return None;
    }
    if table.says(key, ALL) {
        return Some(None);
    }
    let listed = table.list(key, &id_kind(make), 0..=12, r);
    for (id, at) in &listed {
        refer(what, id.as_ref(), at, known.iter().copied(), r);
    }
    Some(Some(listed.into_iter().map(|(id, _)| id).collect()))
}

/// `young` forces what it forces: a file that says otherwise beside it means something else.
fn contradictions(table: &Section<'_, '_>, rules: &QuestionRules, r: &mut Report<'_>) {
    if rules.young != Some(true) {
        return;
    }
    if rules.moderation == Some(Moderation::After) {
        let expected =
            "moderation = \"before\": with `young` every question is read before it is shown";
        r.add(
            &table.place("moderation"),
            "moderation = \"after\" with young = true",
            expected,
        );
    }
    if rules.names.is_some_and(|names| names != Names::None) {
        let expected = "names = \"none\": with `young` no name is taken";
        r.add(&table.place("names"), "names with young = true", expected);
    }
}
