//! The names that parts, pages and files share: one type per kind of id.
//!
//! An id is 1 to 40 characters of `a-z`, `0-9` and `-`, so that it can stand in a URL, a file name and an attribute as it is.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The longest id, in characters.
pub(crate) const MAX_LEN: usize = 40;

/// Text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("found `{found}`; expected 1 to 40 characters of a-z, 0-9 and -")]
pub struct MalformedId {
    /// The refused text, cut to 60 characters.
    pub found: String,
}

fn checked(text: &str) -> Result<(), MalformedId> {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    if (1..=MAX_LEN).contains(&text.len()) && text.bytes().all(plain) {
        return Ok(());
    }
    let found = text.chars().filter(|c| !c.is_control()).take(60).collect();
    Err(MalformedId { found })
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes `text` as an id.
            ///
            /// # Errors
            /// When it is empty, longer than 40 characters or holds anything but `a-z`, `0-9`, `-`.
            pub fn new(text: impl Into<String>) -> Result<Self, MalformedId> {
                let text = text.into();
                checked(&text)?;
                Ok(Self(text))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;
            fn from_str(text: &str) -> Result<Self, MalformedId> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = MalformedId;
            fn try_from(text: String) -> Result<Self, MalformedId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

id! {
    /// An event; the `{event}` of every URL and the name of its data folder.
    EventId
}
id! {
    /// A linked room.
    SiteId
}
id! {
    /// An item of the run sheet.
    SessionId
}
id! {
    /// A subject that questions are sorted by.
    ThemeId
}
id! {
    /// A kind of people whose voice is sought (pupils, parents, ...).
    PublicId
}
id! {
    /// A small group that works beside the programme during one session.
    WorkshopId
}
id! {
    /// One signed key; what a revocation names.
    KeyId
}

impl KeyId {
    /// A fresh id: 80 random bits as 20 hexadecimal digits.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0u8; 10];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes.iter().map(|b| format!("{b:02x}")).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_to_forty_plain_characters() {
        for good in ["a", "grand-est", "0", "-", &"x".repeat(40)] {
            assert_eq!(SiteId::new(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "Nancy",
            "a b",
            "é",
            "a/b",
            "..",
            "a_b",
            "a\n",
            &"x".repeat(41),
        ] {
            assert!(SiteId::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn reading_json_refuses_a_malformed_id() {
        assert!(serde_json::from_str::<EventId>("\"../etc\"").is_err());
        let id: EventId = serde_json::from_str("\"grand-est\"").unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"grand-est\"");
    }

    #[test]
    fn key_ids_differ_and_are_ids() {
        let (a, b) = (KeyId::random().unwrap(), KeyId::random().unwrap());
        assert_ne!(a, b);
        assert!(KeyId::new(a.as_str()).is_ok());
    }
}
