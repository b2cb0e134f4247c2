//! Events as the journal keeps them: JSON with a version beside it, lifted step by step to today's form.

use serde_json::{Value, json};

use crate::event::Event;

/// The form [`to_stored`] writes. A change of [`Event`]'s JSON that old readers or old rows do not survive raises it
/// and asks for a step in `STEPS`.
pub const EVENT_VERSION: u16 = 2;

/// A row that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
    /// Written by a newer program.
    #[error(
        "event version {found} is newer than {EVENT_VERSION}, the newest this program reads: start the newer program"
    )]
    Newer {
        /// The version found.
        found: u16,
    },
    /// Not the JSON of an event.
    #[error("not an event of version {version}: {source}")]
    Malformed {
        /// The version the row claims.
        version: u16,
        /// What was wrong.
        source: serde_json::Error,
    },
}

/// The event as JSON of version [`EVENT_VERSION`].
///
/// # Errors
/// None in practice: every event has a JSON form.
pub fn to_stored(event: &Event) -> Result<String, serde_json::Error> {
    serde_json::to_string(event)
}

/// Reads an event of any version up to [`EVENT_VERSION`].
///
/// # Errors
/// [`StoredError`] when the version is unknown or the JSON is not an event's.
pub fn from_stored(version: u16, json: &str) -> Result<Event, StoredError> {
    let malformed = |source| StoredError::Malformed { version, source };
    match version {
        EVENT_VERSION => serde_json::from_str(json).map_err(malformed),
        newer if newer > EVENT_VERSION => Err(StoredError::Newer { found: newer }),
        older => {
            let value = serde_json::from_str(json).map_err(malformed)?;
            serde_json::from_value(upcast(older, value)).map_err(malformed)
        }
    }
}

/// Step `n` lifts a row of version `n` to version `n + 1`; the length makes a raised [`EVENT_VERSION`] ask for its step.
/// Version 0 was never written.
const STEPS: [fn(Value) -> Value; EVENT_VERSION as usize] =
    [|never_written| never_written, name_staff];

/// Version 2 tells staff apart by an id beside the name, keeps all rules in one change, and says where a reopened
/// question stands.
fn name_staff(mut event: Value) -> Value {
    for role in ["moderator", "director"] {
        if let Some(by) = event.pointer_mut(&format!("/by/{role}")) {
            *by = json!({ "id": "", "name": by.take() });
        }
    }
    if let Some(change) = event.get_mut("change").and_then(Value::as_object_mut) {
        if let Some(patch) = change.remove("queue_set") {
            change.insert("policy_set".to_owned(), json!({ "patch": patch }));
        }
        if let Some(reopened) = change.get_mut("reopened").and_then(Value::as_object_mut) {
            let staged = reopened.remove("staged") == Some(Value::Bool(true));
            let to = if staged { "staged" } else { "approved" };
            reopened.insert("to".to_owned(), Value::from(to));
        }
    }
    event
}

fn upcast(version: u16, value: Value) -> Value {
    STEPS[usize::from(version)..]
        .iter()
        .fold(value, |value, step| step(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Actor, Change, QuestionId, UnixMs};

    /// Rows of version 1 as they lie on disks: they must be readable for ever.
    const V1: &[&str] = &[
        r#"{"at":1,"by":{"participant":"07070707070707070707070707070707"},"change":{"asked":{"question":1,"author":{"participant":"07070707070707070707070707070707"},"text":"Et la 5G ?","theme":"egalite"}}}"#,
        r#"{"at":2,"by":{"moderator":"Anne"},"change":{"declined":{"question":1,"reason":{"code":"off_topic"}}}}"#,
        r#"{"at":3,"by":"system","change":{"air_seen":{"question":1,"at":99,"shown":true}}}"#,
        r#"{"at":4,"by":{"director":"Luc"},"change":{"queue_set":{"open":false,"moderation":"after"}}}"#,
        r#"{"at":5,"by":{"room":{"site":"nancy","participant":"07070707070707070707070707070707"}},"change":{"voted":{"question":3}}}"#,
        r#"{"at":6,"by":{"moderator":"Anne"},"change":{"reopened":{"question":1,"staged":true}}}"#,
        r#"{"at":7,"by":{"moderator":"Anne"},"change":{"reopened":{"question":1,"staged":false}}}"#,
        r#"{"at":8,"by":"system","change":{"taken_on_air":{"question":1}}}"#,
        r#"{"at":9,"by":"system","change":{"answered":{"question":1,"written":"Oui."}}}"#,
    ];

    /// What they say, as it is written today.
    const V2: &[&str] = &[
        V1[0],
        r#"{"at":2,"by":{"moderator":{"id":"","name":"Anne"}},"change":{"declined":{"question":1,"reason":{"code":"off_topic"}}}}"#,
        V1[2],
        r#"{"at":4,"by":{"director":{"id":"","name":"Luc"}},"change":{"policy_set":{"patch":{"open":false,"moderation":"after"}}}}"#,
        V1[4],
        r#"{"at":6,"by":{"moderator":{"id":"","name":"Anne"}},"change":{"reopened":{"question":1,"to":"staged"}}}"#,
        r#"{"at":7,"by":{"moderator":{"id":"","name":"Anne"}},"change":{"reopened":{"question":1,"to":"approved"}}}"#,
        V1[7],
        V1[8],
    ];

    #[test]
    fn rows_of_version_1_say_today_what_they_said() {
        assert_eq!(V1.len(), V2.len());
        for (old, new) in V1.iter().zip(V2) {
            let event = from_stored(1, old).unwrap();
            assert_eq!(&to_stored(&event).unwrap(), new);
            assert_eq!(from_stored(2, new).unwrap(), event);
        }
    }

    #[test]
    fn rows_of_a_newer_program_are_refused_with_a_remedy() {
        let event = Event {
            at: UnixMs(1),
            by: Actor::System,
            change: Change::Approved {
                question: QuestionId(1),
            },
        };
        let error = from_stored(EVENT_VERSION + 1, &to_stored(&event).unwrap()).unwrap_err();
        assert!(error.to_string().contains("newer program"), "{error}");
        assert!(from_stored(1, "{}").is_err());
    }
}
