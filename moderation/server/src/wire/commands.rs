//! Commands by their name and fields.

use pleniere_moderation_core::{
    Ask, Audience, Banning, Command, Decline, DeclineCode, HandId, Moderation, Names, Patch,
    PolicyPatch, QuestionId, Raise, SessionId,
};
use serde_json::{Map, Value};

use super::fields::Fields;
use crate::{
    refusal::{Refusal, RefusalCode},
    similar::Like,
};

/// Commands in one `bulk`.
const MAX_BULK: usize = 100;

const NUMBER: &str = "a whole number";
const TEXT: &str = "text";
const FLAG: &str = "true or false";
const SLUG: &str = "an id of a-z, 0-9 and -";

/// What a command asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Acting {
    /// One command of the queue.
    One(Command),
    /// The same on several questions, each on its own.
    Bulk(Vec<(QuestionId, Command)>),
    /// Questions that say nearly the same.
    Similar(Like),
    /// What happened before.
    Past(PastOf),
    /// Nothing the queue knows; its fields as they came.
    Other(Map<String, Value>),
}

/// Which part of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PastOf {
    /// Everything before this row of the journal.
    Before(u64),
    /// Everything of one question.
    Question(QuestionId),
}

/// What the command of that name asks for.
///
/// # Errors
/// [`RefusalCode::BadRequest`] for fields that do not fit.
pub(crate) fn acting(name: &str, map: Map<String, Value>) -> Result<Acting, Refusal> {
    read(name, map).map_err(|detail| Refusal::new(RefusalCode::BadRequest, detail))
}

/// A question as pages and scripts send it.
///
/// # Errors
/// [`RefusalCode::BadRequest`] for fields that do not fit.
pub(crate) fn ask(map: Map<String, Value>) -> Result<Ask, Refusal> {
    let mut fields = Fields::new("ask", map);
    let ask = read_ask(&mut fields).and_then(|ask| fields.end().map(|()| ask));
    ask.map_err(|detail| Refusal::new(RefusalCode::BadRequest, detail))
}

fn read(name: &str, map: Map<String, Value>) -> Result<Acting, String> {
    let mut fields = Fields::new(name, map);
    let acting = match name {
        "bulk" => Acting::Bulk(read_bulk(&mut fields)?),
        "similar" => Acting::Similar(read_similar(&mut fields)?),
        "history" => Acting::Past(read_past(&mut fields)?),
        _ => match read_command(name, &mut fields)? {
            Some(command) => Acting::One(command),
            None => return Ok(Acting::Other(fields.rest())),
        },
    };
    fields.end()?;
    Ok(acting)
}

fn read_command(name: &str, fields: &mut Fields) -> Result<Option<Command>, String> {
    let found = match read_asking(name, fields)? {
        None => read_step(name, fields)?,
        found => found,
    };
    let found = match found {
        None => read_moderating(name, fields)?,
        found => found,
    };
    match found {
        None => read_hand(name, fields),
        found => Ok(found),
    }
}

/// What anybody may do.
fn read_asking(name: &str, fields: &mut Fields) -> Result<Option<Command>, String> {
    Ok(Some(match name {
        "ask" => Command::Ask(read_ask(fields)?),
        "vote" => Command::Vote {
            question: question(fields)?,
        },
        "unvote" => Command::Unvote {
            question: question(fields)?,
        },
        "withdraw" => Command::Withdraw {
            question: question(fields)?,
        },
        "hand" => Command::RaiseHand(Raise {
            name: fields.may("name", TEXT)?,
            public: chosen(fields, "public")?,
            site: chosen(fields, "site")?,
            about: fields.may("about", TEXT)?,
        }),
        "hand_down" => Command::LowerHand,
        "hand_ready" => Command::HandReady,
        _ => return Ok(None),
    }))
}

/// Commands that carry a question and a version and nothing else.
fn read_step(name: &str, fields: &mut Fields) -> Result<Option<Command>, String> {
    let make: fn(QuestionId, u64) -> Command = match name {
        "approve" => |question, version| Command::Approve { question, version },
        "restore" => |question, version| Command::Restore { question, version },
        "unmerge" => |question, version| Command::Unmerge { question, version },
        "stage" => |question, version| Command::Stage { question, version },
        "unstage" => |question, version| Command::Unstage { question, version },
        "air" => |question, version| Command::Air { question, version },
        "off_air" => |question, version| Command::OffAir { question, version },
        "reopen" => |question, version| Command::Reopen { question, version },
        _ => return Ok(None),
    };
    let (question, version) = at(fields)?;
    Ok(Some(make(question, version)))
}

fn read_moderating(name: &str, fields: &mut Fields) -> Result<Option<Command>, String> {
    Ok(Some(match name {
        "hold" => {
            let (question, version) = at(fields)?;
            let text = fields.may("text", TEXT)?;
            Command::Hold {
                question,
                version,
                text,
            }
        }
        "decline" => {
            let (question, version) = at(fields)?;
            let reason = read_reason(fields.need("reason", "an object with code, text, see")?)?;
            Command::Decline {
                question,
                version,
                reason,
            }
        }
        "defer" => {
            let (question, version) = at(fields)?;
            let to = fields.need("to", "text: to whom")?;
            Command::Defer {
                question,
                version,
                to,
            }
        }
        "edit" => {
            let (question, version) = at(fields)?;
            Command::Edit {
                question,
                version,
                text: fields.need("text", TEXT)?,
                theme: patch(fields, "theme")?,
                public: patch(fields, "public")?,
                site: patch(fields, "site")?,
            }
        }
        "merge" => {
            let (question, version) = at(fields)?;
            let into = fields.need("into", "the number of another question")?;
            Command::Merge {
                question,
                version,
                into,
            }
        }
        "assign" => {
            let (question, version) = at(fields)?;
            Command::Assign {
                question,
                version,
                speaker: patch(fields, "speaker")?,
                site: patch(fields, "to_site")?,
            }
        }
        "move" => {
            let (question, version) = at(fields)?;
            let to = fields.need("to", "a rank from 1")?;
            Command::Move {
                question,
                version,
                to,
            }
        }
        "answer" => read_answer(fields)?,
        "note" => Command::Note {
            question: question(fields)?,
            text: fields.need("text", TEXT)?,
        },
        "claim" => Command::Claim {
            question: question(fields)?,
            take: fields.may("take", FLAG)?.unwrap_or(false),
        },
        "release" => Command::Release {
            question: question(fields)?,
        },
        "undo" => Command::Undo {
            question: fields.may("question", NUMBER)?,
        },
        "ban" => read_ban(fields)?,
        "unban" => Command::Unban {
            asker: fields.need("asker", "a pseudonym")?,
        },
        "policy" => Command::SetPolicy {
            session: fields.may::<SessionId>("session", SLUG)?,
            patch: read_policy(fields)?,
        },
        "queue" => Command::SetPolicy {
            session: None,
            patch: PolicyPatch {
                open: fields.may("open", FLAG)?,
                moderation: read_moderation(fields)?,
                ..PolicyPatch::default()
            },
        },
        _ => return Ok(None),
    }))
}

fn read_hand(name: &str, fields: &mut Fields) -> Result<Option<Command>, String> {
    let mut at = || -> Result<(HandId, u64), String> {
        let hand = fields.need("hand", "the number of a hand")?;
        Ok((hand, fields.need("version", NUMBER)?))
    };
    Ok(Some(match name {
        "call" => {
            let (hand, version) = at()?;
            Command::CallHand { hand, version }
        }
        "speaking" => {
            let (hand, version) = at()?;
            Command::HandSpeaking { hand, version }
        }
        "hand_done" => {
            let (hand, version) = at()?;
            Command::HandDone { hand, version }
        }
        "dismiss" => {
            let (hand, version) = at()?;
            let reason = fields.may("reason", TEXT)?;
            Command::DismissHand {
                hand,
                version,
                reason,
            }
        }
        "move_hand" => {
            let (hand, version) = at()?;
            let to = fields.need("to", "a place from 1")?;
            Command::MoveHand { hand, version, to }
        }
        _ => return Ok(None),
    }))
}

fn read_ask(fields: &mut Fields) -> Result<Ask, String> {
    Ok(Ask {
        text: fields.need("text", TEXT)?,
        name: fields.may("name", TEXT)?,
        show_name: fields.may("show_name", FLAG)?.unwrap_or(false),
        public: chosen(fields, "public")?,
        theme: chosen(fields, "theme")?,
        site: chosen(fields, "site")?,
        lang: fields.may("lang", "a language tag")?,
        programme_at: fields.may("programme_at", "milliseconds since 1970")?,
    })
}

fn read_answer(fields: &mut Fields) -> Result<Command, String> {
    let (question, version) = at(fields)?;
    let written: Option<String> = fields.may("written", TEXT)?;
    let to = fields.may("to", "\"all\" or \"one\"")?;
    Ok(Command::Answer {
        question,
        version,
        written: written.filter(|text| !text.is_empty()),
        to: to.unwrap_or(Audience::All),
    })
}

fn read_reason(map: Map<String, Value>) -> Result<Decline, String> {
    let mut fields = Fields::new("reason", map);
    let right =
        "one of answered, duplicate, off_topic, too_long, unclear, personal, unlawful, time, other";
    let reason = Decline {
        code: fields.need::<DeclineCode>("code", right)?,
        text: fields.may("text", TEXT)?,
        see: fields.may("see", "the number of a question")?,
    };
    fields.end()?;
    Ok(reason)
}

fn read_ban(fields: &mut Fields) -> Result<Command, String> {
    let who = if fields.has("asker") {
        Banning::Pseudonym(fields.need("asker", "a pseudonym")?)
    } else {
        let right = "the number of a question, or asker: a pseudonym";
        Banning::AskerOf(fields.need("question", right)?)
    };
    Ok(Command::Ban {
        who,
        reason: fields.need("reason", TEXT)?,
        minutes: fields.may("minutes", NUMBER)?,
    })
}

fn read_moderation(fields: &mut Fields) -> Result<Option<Moderation>, String> {
    fields.may("moderation", "\"before\" or \"after\"")
}

fn read_policy(fields: &mut Fields) -> Result<PolicyPatch, String> {
    let list = "a list of ids, or null for all";
    Ok(PolicyPatch {
        open: fields.may("open", FLAG)?,
        moderation: read_moderation(fields)?,
        slow_mode_s: fields.may("slow_mode_s", "whole seconds")?,
        per_person: fields.may("per_person", NUMBER)?,
        per_person_per_min: fields.may("per_person_per_min", NUMBER)?,
        per_address_per_min: fields.may("per_address_per_min", NUMBER)?,
        max_length: fields.may("max_length", NUMBER)?,
        names: fields.may::<Names>("names", "\"none\", \"optional\" or \"required\"")?,
        themes: fields.present("themes", list)?,
        publics: fields.present("publics", list)?,
        young: fields.may("young", FLAG)?,
        hands: fields.may("hands", FLAG)?,
    })
}

fn read_similar(fields: &mut Fields) -> Result<Like, String> {
    if fields.has("question") {
        return Ok(Like::Question(question(fields)?));
    }
    let right = "text, or question: its number";
    Ok(Like::Text(fields.need("text", right)?))
}

fn read_past(fields: &mut Fields) -> Result<PastOf, String> {
    if fields.has("question") {
        return Ok(PastOf::Question(question(fields)?));
    }
    let right = "the number of an entry, or question: its number";
    Ok(PastOf::Before(fields.need("before", right)?))
}

/// Commands for a bulk: those on one question, each with the fields all have in common.
fn read_bulk(fields: &mut Fields) -> Result<Vec<(QuestionId, Command)>, String> {
    let act: String = fields.need("act", "the name of a command")?;
    let right = "a list of objects with question and version";
    let items: Vec<Map<String, Value>> = fields.need("items", right)?;
    if !(1..=MAX_BULK).contains(&items.len()) {
        return Err(format!("bulk: 1 to {MAX_BULK} items, not {}", items.len()));
    }
    let common = fields.rest();
    let versioned = !matches!(act.as_str(), "undo" | "claim" | "release" | "note");
    let one = |item: Map<String, Value>| {
        let mut item = Fields::new("items", item);
        let question: QuestionId = question(&mut item)?;
        let version: Option<u64> = item.may("version", NUMBER)?;
        item.end()?;
        let mut whole = common.clone();
        whole.insert("question".to_owned(), question.0.into());
        if let Some(version) = version.filter(|_| versioned) {
            whole.insert("version".to_owned(), version.into());
        }
        let mut whole = Fields::new(act.clone(), whole);
        let command = read_command(&act, &mut whole)?
            .filter(|command| !command.is_personal() && command.question().is_some())
            .ok_or_else(|| {
                format!(
                    "bulk: act: {:?} is no command on a question",
                    super::cut(&act, 40)
                )
            })?;
        whole.end()?;
        Ok((question, command))
    };
    items.into_iter().map(one).collect()
}

fn question(fields: &mut Fields) -> Result<QuestionId, String> {
    fields.need("question", "the number of a question")
}

fn at(fields: &mut Fields) -> Result<(QuestionId, u64), String> {
    let question = question(fields)?;
    Ok((
        question,
        fields.need("version", "the version you saw, a whole number")?,
    ))
}

/// A choice in a form; an empty one is none.
fn chosen<T: TryFrom<String>>(
    fields: &mut Fields,
    field: &'static str,
) -> Result<Option<T>, String> {
    Ok(match patch(fields, field)? {
        Patch::Set(value) => Some(value),
        Patch::Keep | Patch::Clear => None,
    })
}

/// Absent: as it was. `null` or empty: cleared.
fn patch<T: TryFrom<String>>(fields: &mut Fields, field: &'static str) -> Result<Patch<T>, String> {
    let sent = fields.present::<String>(field, TEXT)?;
    let Some(text) = sent else {
        return Ok(Patch::Keep);
    };
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(Patch::Clear);
    };
    T::try_from(text)
        .map(Patch::Set)
        .map_err(|_| format!("{field}: expected {SLUG}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
}
