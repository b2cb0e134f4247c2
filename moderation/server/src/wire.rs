//! Messages of clients as they are written: parsed here, and nowhere else, into the types the rest works with.

use pleniere_moderation_core::{
    Ask, Audience, Command, Decline, Moderation, Patch, PolicyPatch, QuestionId, UnixMs,
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::refusal::{Refusal, RefusalCode};

/// Longest client id of a command, in bytes. A UUID has 36.
const MAX_COMMAND_ID: usize = 64;
/// Most topics named in one hello.
pub(crate) const MAX_TOPICS: usize = 16;

#[derive(Debug)]
pub(crate) enum ClientMessage {
    Hello(Hello),
    Subscribe(TopicAt),
    Do(Do),
}

#[derive(Deserialize)]
pub(crate) struct Hello {
    pub(crate) key: Option<String>,
    pub(crate) participant: Option<String>,
    #[serde(default)]
    pub(crate) topics: Vec<TopicAt>,
}

impl std::fmt::Debug for Hello {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hello")
            .field("topics", &self.topics)
            .finish_non_exhaustive() // no secrets in logs
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct TopicAt {
    pub(crate) topic: String,
    pub(crate) epoch: Option<String>,
    pub(crate) offset: Option<u64>,
}

impl TopicAt {
    pub(crate) fn position(&self) -> Option<(&str, u64)> {
        Some((self.epoch.as_deref()?, self.offset?))
    }
}

#[derive(Debug)]
pub(crate) struct Do {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) fields: Value,
}

/// Parses one text message.
///
/// # Errors
/// What is wrong with it and what would be right.
pub(crate) fn parse(text: &str) -> Result<ClientMessage, String> {
    let mut map: Map<String, Value> = serde_json::from_str(text)
        .map_err(|error| format!("a message is one JSON object: {error}"))?;
    if let Some(hello) = map.remove("hello") {
        let hello: Hello =
            serde_json::from_value(hello).map_err(|error| format!("hello: {error}"))?;
        if hello.topics.len() > MAX_TOPICS {
            return Err(format!("hello: at most {MAX_TOPICS} topics"));
        }
        return Ok(ClientMessage::Hello(hello));
    }
    if let Some(topic) = map.remove("subscribe") {
        let topic = serde_json::from_value(topic).map_err(|error| format!("subscribe: {error}"))?;
        return Ok(ClientMessage::Subscribe(topic));
    }
    let Some(name) = map.remove("do") else {
        return Err("a message has one of the keys hello, subscribe, do".to_owned());
    };
    match (name, map.remove("id")) {
        (Value::String(name), Some(Value::String(id)))
            if (1..=MAX_COMMAND_ID).contains(&id.len()) =>
        {
            Ok(ClientMessage::Do(Do {
                name,
                id,
                fields: Value::Object(map),
            }))
        }
        _ => Err(format!(
            "do: a name and an id of 1 to {MAX_COMMAND_ID} characters, both text"
        )),
    }
}

/// The command of that name; none when the queue does not know it.
///
/// # Errors
/// [`RefusalCode::BadRequest`] for fields that do not fit.
pub(crate) fn command(name: &str, fields: Value) -> Result<Option<Command>, Refusal> {
    Ok(Some(match name {
        "ask" => Command::Ask(ask(fields)?),
        "vote" => Command::Vote {
            question: read::<About>(fields)?.question,
        },
        "unvote" => Command::Unvote {
            question: read::<About>(fields)?.question,
        },
        "withdraw" => Command::Withdraw {
            question: read::<About>(fields)?.question,
        },
        "queue" => {
            let QueueFields { open, moderation } = read(fields)?;
            Command::SetPolicy {
                session: None,
                patch: PolicyPatch {
                    open,
                    moderation,
                    ..PolicyPatch::default()
                },
            }
        }
        "decline" => {
            let DeclineFields {
                at: At { question, version },
                reason,
            } = read(fields)?;
            Command::Decline {
                question,
                version,
                reason,
            }
        }
        "edit" => {
            let EditFields {
                at: At { question, version },
                text,
                theme,
                public,
                site,
            } = read(fields)?;
            Command::Edit {
                question,
                version,
                text,
                theme,
                public,
                site,
            }
        }
        "move" => {
            let MoveFields {
                at: At { question, version },
                to,
            } = read(fields)?;
            Command::Move {
                question,
                version,
                to,
            }
        }
        "answer" => {
            let AnswerFields {
                at: At { question, version },
                written,
            } = read(fields)?;
            Command::Answer {
                question,
                version,
                written: written.filter(|text| !text.is_empty()),
                to: Audience::All,
            }
        }
        _ => return plain(name, fields),
    }))
}

/// Commands that carry a question and a version and nothing else.
fn plain(name: &str, fields: Value) -> Result<Option<Command>, Refusal> {
    let make = match name {
        "approve" => |At { question, version }| Command::Approve { question, version },
        "restore" => |At { question, version }| Command::Restore { question, version },
        "stage" => |At { question, version }| Command::Stage { question, version },
        "unstage" => |At { question, version }| Command::Unstage { question, version },
        "air" => |At { question, version }| Command::Air { question, version },
        "off_air" => |At { question, version }| Command::OffAir { question, version },
        "reopen" => |At { question, version }| Command::Reopen { question, version },
        _ => return Ok(None),
    };
    Ok(Some(make(read(fields)?)))
}

/// A question as pages and scripts send it.
///
/// # Errors
/// [`RefusalCode::BadRequest`] for fields that do not fit.
pub(crate) fn ask(fields: Value) -> Result<Ask, Refusal> {
    let AskFields {
        text,
        name,
        show_name,
        public,
        theme,
        site,
        programme_at,
    } = read(fields)?;
    Ok(Ask {
        text,
        name,
        show_name,
        public,
        theme,
        site,
        lang: None,
        programme_at,
    })
}

fn read<T: DeserializeOwned>(fields: Value) -> Result<T, Refusal> {
    serde_json::from_value(fields)
        .map_err(|error| Refusal::new(RefusalCode::BadRequest, error.to_string()))
}

#[derive(Deserialize)]
struct About {
    question: QuestionId,
}

#[derive(Deserialize)]
struct At {
    question: QuestionId,
    version: u64,
}

#[derive(Deserialize)]
struct AskFields {
    text: String,
    name: Option<String>,
    #[serde(default)]
    show_name: bool,
    #[serde(default, deserialize_with = "blank_is_none")]
    public: Option<pleniere_moderation_core::PublicId>,
    #[serde(default, deserialize_with = "blank_is_none")]
    theme: Option<pleniere_moderation_core::ThemeId>,
    #[serde(default, deserialize_with = "blank_is_none")]
    site: Option<pleniere_moderation_core::SiteId>,
    programme_at: Option<UnixMs>,
}

#[derive(Deserialize)]
struct QueueFields {
    open: Option<bool>,
    moderation: Option<Moderation>,
}

#[derive(Deserialize)]
struct DeclineFields {
    #[serde(flatten)]
    at: At,
    reason: Decline,
}

#[derive(Deserialize)]
struct EditFields {
    #[serde(flatten)]
    at: At,
    text: String,
    #[serde(default, deserialize_with = "patch")]
    theme: Patch<pleniere_moderation_core::ThemeId>,
    #[serde(default, deserialize_with = "patch")]
    public: Patch<pleniere_moderation_core::PublicId>,
    #[serde(default, deserialize_with = "patch")]
    site: Patch<pleniere_moderation_core::SiteId>,
}

#[derive(Deserialize)]
struct MoveFields {
    #[serde(flatten)]
    at: At,
    to: usize,
}

#[derive(Deserialize)]
struct AnswerFields {
    #[serde(flatten)]
    at: At,
    written: Option<String>,
}

/// An empty choice in a form is no choice.
fn blank_is_none<'de, D: Deserializer<'de>, T: TryFrom<String, Error: std::fmt::Display>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let text = Option::<String>::deserialize(from)?.filter(|text| !text.is_empty());
    text.map(T::try_from)
        .transpose()
        .map_err(serde::de::Error::custom)
}

/// Absent: as it was. `null` or empty: cleared.
fn patch<'de, D: Deserializer<'de>, T: TryFrom<String, Error: std::fmt::Display>>(
    from: D,
) -> Result<Patch<T>, D::Error> {
    Ok(blank_is_none(from)?.map_or(Patch::Clear, Patch::Set))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn messages_that_are_not_ours_say_what_would_be() {
        let wrong = [
            ("", "JSON"),
            ("[]", "JSON object"),
            ("{}", "hello, subscribe, do"),
            (r#"{"hello":3}"#, "hello"),
            (r#"{"subscribe":{}}"#, "topic"),
            (r#"{"do":"ask"}"#, "id"),
            (r#"{"do":1,"id":"a"}"#, "id"),
            (r#"{"do":"ask","id":""}"#, "id"),
        ];
        for (text, hint) in wrong {
            let error = parse(text).unwrap_err();
            assert!(error.contains(hint), "{text}: {error}");
        }
        assert!(parse(&"[".repeat(10_000)).is_err());
    }

    #[test]
    fn an_edit_tells_absent_from_cleared() {
        let fields =
            json!({ "question": 1, "version": 2, "text": "t", "theme": null, "site": "nancy" });
        let Some(Command::Edit {
            theme,
            public,
            site,
            ..
        }) = command("edit", fields).unwrap()
        else {
            panic!()
        };
        assert_eq!((theme, public), (Patch::Clear, Patch::Keep));
        assert!(matches!(site, Patch::Set(_)));
    }

    #[test]
    fn every_command_of_the_protocol_is_known_and_others_are_left_alone() {
        let names = "ask vote unvote withdraw approve decline restore edit stage unstage move air off_air answer reopen queue";
        let all = json!({ "question": 1, "version": 1, "text": "t", "to": 1, "reason": { "code": "time" } });
        for name in names.split(' ') {
            assert!(command(name, all.clone()).unwrap().is_some(), "{name}");
        }
        assert!(command("take", all).unwrap().is_none());
        assert!(command("approve", json!({ "question": -1 })).is_err());
        assert!(command("ask", json!({ "text": "t", "site": "../etc" })).is_err());
    }
}
