use pleniere_moderation_core::{Command, Patch, QuestionId};
use serde_json::{Value, json};

use super::{Acting, read};

fn parse(name: &str, fields: Value) -> Result<Acting, String> {
    let Value::Object(map) = fields else { panic!() };
    read(name, map)
}

/// Every command of the protocol with fields that fit.
fn every() -> Vec<(&'static str, Value)> {
    let at = || json!({ "question": 1, "version": 2 });
    let with = |more: Value| {
        let mut all = at();
        for (key, value) in more.as_object().unwrap() {
            all[key] = value.clone();
        }
        all
    };
    let hand = || json!({ "hand": 1, "version": 2 });
    vec![
        (
            "ask",
            json!({ "text": "t", "name": null, "theme": "", "lang": "fr", "programme_at": 5 }),
        ),
        ("vote", json!({ "question": 1 })),
        ("unvote", json!({ "question": 1 })),
        ("withdraw", json!({ "question": 1 })),
        ("approve", at()),
        ("hold", with(json!({ "text": "t" }))),
        (
            "decline",
            with(json!({ "reason": { "code": "time", "see": 4 } })),
        ),
        ("restore", at()),
        ("defer", with(json!({ "to": "la mairie" }))),
        ("edit", with(json!({ "text": "t", "site": "nancy" }))),
        ("merge", with(json!({ "into": 3 }))),
        ("unmerge", at()),
        ("note", json!({ "question": 1, "text": "t" })),
        (
            "assign",
            with(json!({ "speaker": "Mme Roy", "to_site": null })),
        ),
        ("claim", json!({ "question": 1, "take": true })),
        ("release", json!({ "question": 1 })),
        ("undo", json!({})),
        ("undo", json!({ "question": 1 })),
        ("stage", at()),
        ("unstage", at()),
        ("move", with(json!({ "to": 1 }))),
        ("air", at()),
        ("off_air", at()),
        ("answer", with(json!({ "written": "t", "to": "one" }))),
        ("reopen", at()),
        ("ban", json!({ "question": 1, "reason": "t", "minutes": 5 })),
        ("ban", json!({ "asker": "bcdfgh", "reason": "t" })),
        ("unban", json!({ "asker": "bcdfgh" })),
        (
            "policy",
            json!({ "session": "ouverture", "slow_mode_s": 3, "themes": null, "publics": ["eleves"] }),
        ),
        ("policy", json!({ "session": "ouverture", "rules": null })),
        ("queue", json!({ "open": false, "moderation": "after" })),
        ("hand", json!({ "about": "t" })),
        ("hand_down", json!({})),
        ("hand_ready", json!({})),
        ("call", hand()),
        ("dismiss", json!({ "hand": 1, "version": 2, "reason": "t" })),
        ("speaking", hand()),
        ("hand_done", hand()),
        ("move_hand", json!({ "hand": 1, "version": 2, "to": 1 })),
        (
            "bulk",
            json!({ "act": "approve", "items": [{ "question": 1, "version": 2 }] }),
        ),
        ("similar", json!({ "text": "t" })),
        ("similar", json!({ "question": 1 })),
        ("history", json!({ "before": 7 })),
        ("history", json!({ "question": 1 })),
    ]
}

#[test]
fn every_command_of_the_protocol_is_known_and_others_are_left_alone() {
    for (name, fields) in every() {
        let acting = parse(name, fields).unwrap();
        assert!(!matches!(acting, Acting::Other(_)), "{name}");
    }
    let take = parse("take", json!({ "layout": "full" })).unwrap();
    assert!(matches!(take, Acting::Other(fields) if fields["layout"] == "full"));
}

#[test]
fn a_field_that_is_unknown_missing_or_of_another_type_is_named_with_what_is_right() {
    for (name, fields) in every() {
        let mut more = fields.clone();
        more["colour"] = json!("red");
        let error = parse(name, more).unwrap_err();
        assert!(error.contains("colour"), "{name}: {error}");
        for field in fields.as_object().unwrap().keys() {
            let mut wrong = fields.clone();
            wrong[field] = json!({ "an": "object" });
            let error = parse(name, wrong).unwrap_err();
            assert!(
                error.contains(field.as_str()) || field == "reason",
                "{name} {field}: {error}"
            );
        }
    }
    let missing = parse("approve", json!({ "question": 1 })).unwrap_err();
    assert_eq!(
        missing,
        "approve: version is missing, the version you saw, a whole number"
    );
    let wrong = parse("approve", json!({ "question": -1, "version": 1 })).unwrap_err();
    assert_eq!(
        wrong,
        "approve: question: expected the number of a question, not -1"
    );
    assert!(
        parse("ask", json!({ "text": "t", "site": "../etc" }))
            .unwrap_err()
            .contains("site")
    );
    let nested = json!({ "question": 1, "version": 1, "reason": { "code": "rude" } });
    assert!(parse("decline", nested).unwrap_err().contains("off_topic"));
}

#[test]
fn an_edit_tells_absent_from_cleared() {
    let fields =
        json!({ "question": 1, "version": 2, "text": "t", "theme": null, "site": "nancy" });
    let Ok(Acting::One(Command::Edit {
        theme,
        public,
        site,
        ..
    })) = parse("edit", fields)
    else {
        panic!()
    };
    assert_eq!((theme, public), (Patch::Clear, Patch::Keep));
    assert!(matches!(site, Patch::Set(_)));
}

#[test]
fn a_sessions_rules_are_added_to_or_forgotten_first() {
    let read = |fields| parse("policy", fields);
    let added = read(json!({ "session": "s", "young": true }));
    assert!(matches!(added, Ok(Acting::One(Command::SetPolicy { .. }))));
    let only = read(json!({ "session": "s", "rules": null, "young": true }));
    let Ok(Acting::One(Command::ResetPolicy { patch, .. })) = only else {
        panic!("{only:?}")
    };
    assert_eq!(patch.young, Some(true));
    let none = read(json!({ "session": "s", "rules": null }));
    assert!(
        matches!(none, Ok(Acting::One(Command::ResetPolicy { patch, .. })) if patch.is_empty())
    );
    for wrong in [
        json!({ "rules": null }),
        json!({ "session": "s", "rules": 1 }),
    ] {
        assert!(read(wrong).unwrap_err().contains("rules"));
    }
}

#[test]
fn a_bulk_is_commands_on_questions_with_what_they_have_in_common() {
    let items = json!([{ "question": 1, "version": 2 }, { "question": 5, "version": 6 }]);
    let reason = json!({ "code": "time" });
    let bulk = parse(
        "bulk",
        json!({ "act": "decline", "items": items, "reason": reason }),
    );
    let Ok(Acting::Bulk(commands)) = bulk else {
        panic!("{bulk:?}")
    };
    assert!(matches!(
        commands[1],
        (QuestionId(5), Command::Decline { version: 6, .. })
    ));

    let undo = parse("bulk", json!({ "act": "undo", "items": items }));
    assert!(matches!(undo, Ok(Acting::Bulk(_))), "{undo:?}");
    for act in ["ask", "vote", "policy", "bulk", "take", "call"] {
        assert!(
            parse("bulk", json!({ "act": act, "items": items })).is_err(),
            "{act}"
        );
    }
    let one = json!({ "question": 1, "version": 2 });
    for count in [0, 101] {
        let items = vec![one.clone(); count];
        assert!(parse("bulk", json!({ "act": "approve", "items": items })).is_err());
    }
}
