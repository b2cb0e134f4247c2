//! Identifiers and instants: one type each, so that a theme is never taken for a site.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMs(pub i64);

/// A question, numbered from 1 in the order of asking; the id is its public number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuestionId(pub u64);

impl fmt::Display for QuestionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A request for the floor, numbered from 1 in the order of raising.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HandId(pub u64);

impl fmt::Display for HandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A person who asks or votes, as the journal knows them: a digest of the secret they hold, never the secret.
/// 32 hexadecimal digits in JSON, 16 bytes in a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParticipantId(pub [u8; 16]);

impl ParticipantId {
    /// A short name a moderator can tell people apart by: 6 characters, the same for the whole event, useless to
    /// impersonate.
    pub fn pseudonym(&self) -> String {
        self.letters().collect()
    }

    /// Whether this is their pseudonym.
    pub(crate) fn is_called(&self, pseudonym: &str) -> bool {
        self.letters().eq(pseudonym.chars())
    }

    fn letters(&self) -> impl Iterator<Item = char> {
        // No vowels and no look-alikes, so that chance spells no word.
        const LETTERS: &[u8; 20] = b"bcdfghjkmnpqrstvwxz2";
        let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
        self.0.iter().take(6).map(letter)
    }
}

impl Serialize for ParticipantId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&String::from(*self))
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for ParticipantId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Self::try_from(text).map_err(serde::de::Error::custom)
        } else {
            <[u8; 16]>::deserialize(deserializer).map(Self)
        }
    }
}

impl From<ParticipantId> for String {
    fn from(id: ParticipantId) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        id.0.iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|digit| char::from(DIGITS[usize::from(digit)]))
            .collect()
    }
}

impl TryFrom<String> for ParticipantId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        let wrong = || InvalidId {
            found: text.clone(),
            expected: "32 hexadecimal digits",
        };
        if text.len() != 32 || !text.is_ascii() {
            return Err(wrong());
        }
        let mut bytes = [0; 16];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

/// A string that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not an id: expected {expected}")]
pub struct InvalidId {
    /// What was given.
    pub found: String,
    /// What an id looks like.
    pub expected: &'static str,
}

fn check_slug(text: &str) -> Result<(), InvalidId> {
    let length_fits = (1..=40).contains(&text.len());
    if length_fits
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    {
        return Ok(());
    }
    Err(InvalidId {
        found: text.chars().take(60).collect(),
        expected: "1 to 40 of a-z, 0-9 and -",
    })
}

macro_rules! slug {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Accepts 1 to 40 characters of `a-z`, `0-9` and `-`.
            ///
            /// # Errors
            /// [`InvalidId`] for anything else.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                check_slug(&text)?;
                Ok(Self(text))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

slug! {
    /// A theme of the event, as its file names it.
    ThemeId
}
slug! {
    /// A public (pupils, parents, teachers ...), as the event file names it.
    PublicId
}
slug! {
    /// A linked room.
    SiteId
}
slug! {
    /// A session of the event, as the event file names it.
    SessionId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_accept_slugs_and_nothing_else() {
        assert!(SiteId::new("mulhouse-2").is_ok());
        for wrong in ["", "Nancy", "a b", "../x", "é", &"x".repeat(41)] {
            assert!(SiteId::new(wrong).is_err(), "{wrong:?} was accepted");
        }
    }

    #[test]
    fn a_participant_survives_the_journal_and_shows_only_a_pseudonym() {
        let id = ParticipantId([7; 16]);
        let text = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<ParticipantId>(&text).unwrap(), id);
        assert_eq!(id.pseudonym().len(), 6);
        assert!(
            serde_json::from_str::<ParticipantId>("\"é234567890123456789012345678901\"").is_err()
        );
    }
}
