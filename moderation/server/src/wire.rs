//! Messages of clients as they are written: parsed here, and nowhere else, into the types the rest works with.
//!
//! Strictly: a field that is missing, of another type or unknown is refused with its name and with what is right, so
//! that a typing error in a page or a script is found the first time it is sent.

mod commands;
mod fields;

use serde_json::{Map, Value};

pub(crate) use commands::{Acting, PastOf, acting, ask};

use fields::Fields;

/// Longest client id of a command, in bytes. A UUID has 36.
const MAX_COMMAND_ID: usize = 64;
/// Longest name of a command, in bytes.
const MAX_NAME: usize = 40;
/// Characters of a parser's own words that are told.
const MAX_WHY: usize = 200;
/// Most topics named in one hello.
pub(crate) const MAX_TOPICS: usize = 16;

#[derive(Debug)]
pub(crate) enum ClientMessage {
    Hello(Hello),
    Subscribe(TopicAt),
    Do(Do),
}

pub(crate) struct Hello {
    pub(crate) key: Option<String>,
    pub(crate) participant: Option<String>,
    pub(crate) topics: Vec<TopicAt>,
}

impl std::fmt::Debug for Hello {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hello")
            .field("topics", &self.topics)
            .finish_non_exhaustive() // no secrets in logs
    }
}

#[derive(Debug)]
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
    pub(crate) fields: Map<String, Value>,
}

/// Parses one text message.
///
/// # Errors
/// What is wrong with it and what would be right.
pub(crate) fn parse(text: &str) -> Result<ClientMessage, String> {
    let map: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        format!(
            "a message is one JSON object: {}",
            cut(&error.to_string(), MAX_WHY)
        )
    })?;
    let one = |name: &'static str, map: Map<String, Value>| {
        let mut message = Fields::new("a message", map);
        let value: Map<String, Value> = message.need(name, "an object")?;
        message.end()?;
        Ok::<_, String>(Fields::new(name, value))
    };
    if map.contains_key("do") {
        return parse_do(map).map(ClientMessage::Do);
    }
    if map.contains_key("hello") {
        return parse_hello(one("hello", map)?).map(ClientMessage::Hello);
    }
    if map.contains_key("subscribe") {
        return parse_topic(one("subscribe", map)?).map(ClientMessage::Subscribe);
    }
    Err("a message has one of the keys hello, subscribe, do".to_owned())
}

fn parse_hello(mut fields: Fields) -> Result<Hello, String> {
    let key = fields.may("key", "text")?;
    let participant = fields.may("participant", "text")?;
    let right = "a list of objects with topic, epoch, offset";
    let topics: Option<Vec<Map<String, Value>>> = fields.may("topics", right)?;
    fields.end()?;
    let topics = topics.unwrap_or_default();
    if topics.len() > MAX_TOPICS {
        return Err(format!("hello: at most {MAX_TOPICS} topics"));
    }
    let topics = topics
        .into_iter()
        .map(|topic| parse_topic(Fields::new("topics", topic)));
    Ok(Hello {
        key,
        participant,
        topics: topics.collect::<Result<_, _>>()?,
    })
}

fn parse_topic(mut fields: Fields) -> Result<TopicAt, String> {
    let topic = TopicAt {
        topic: fields.need("topic", "the name of a topic")?,
        epoch: fields.may("epoch", "the text of the last change")?,
        offset: fields.may("offset", "a whole number")?,
    };
    fields.end()?;
    Ok(topic)
}

fn parse_do(mut map: Map<String, Value>) -> Result<Do, String> {
    match (map.remove("do"), map.remove("id")) {
        (Some(Value::String(name)), Some(Value::String(id)))
            if (1..=MAX_COMMAND_ID).contains(&id.len()) && name.len() <= MAX_NAME =>
        {
            Ok(Do {
                name,
                id,
                fields: map,
            })
        }
        _ => Err(format!(
            "do: a name of at most {MAX_NAME} and an id of 1 to {MAX_COMMAND_ID} characters, both text"
        )),
    }
}

/// The beginning of what a client sent, to be repeated to it.
pub(crate) fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_are_not_ours_say_what_would_be() {
        let wrong = [
            ("", "JSON"),
            ("[]", "JSON object"),
            ("{}", "hello, subscribe, do"),
            (r#"{"hello":3}"#, "an object, not 3"),
            (r#"{"hello":{},"token":"x"}"#, "token"),
            (r#"{"hello":{"keys":"x"}}"#, "key, participant, topics"),
            (r#"{"hello":{"key":7}}"#, "key: expected text"),
            (
                r#"{"hello":{"topics":["public"]}}"#,
                "topics: expected a list of objects",
            ),
            (r#"{"hello":{"topics":[{"topic":"public","at":3}]}}"#, "at"),
            (r#"{"subscribe":{}}"#, "topic is missing"),
            (
                r#"{"subscribe":{"topic":"mine","offset":-1}}"#,
                "offset: expected a whole number",
            ),
            (r#"{"do":"ask"}"#, "id"),
            (r#"{"do":1,"id":"a"}"#, "id"),
            (r#"{"do":"ask","id":""}"#, "id"),
        ];
        for (text, hint) in wrong {
            let error = parse(text).unwrap_err();
            assert!(error.contains(hint), "{text}: {error}");
        }
        assert!(parse(&"[".repeat(10_000)).is_err());
        let deep = format!(
            "{{\"do\":\"ask\",\"id\":\"1\",\"text\":{}1{}}}",
            "[".repeat(5000),
            "]".repeat(5000)
        );
        assert!(parse(&deep).unwrap_err().contains("recursion"));
    }
}
