//! Names of what can be published and played. Owns their grammar; never knows whether one exists.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Most characters of an id of the protocol.
const ID_MAX: usize = 40;

/// Why a text names no site and no stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id has 1 to 40 characters of a-z, 0-9 and '-'")]
pub struct InvalidId;

/// A room as the event file names it: `[a-z0-9-]{1,40}`, and neither `programme` nor `return-…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SiteId(Arc<str>);

impl SiteId {
    /// Reads a site id.
    ///
    /// # Errors
    /// [`InvalidId`] for another alphabet or length, and for the names that streams use themselves.
    pub fn new(text: &str) -> Result<Self, InvalidId> {
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let reserved = text == "programme" || text.starts_with("return-");
        if text.is_empty() || text.len() > ID_MAX || reserved || !text.bytes().all(plain) {
            return Err(InvalidId);
        }
        Ok(Self(text.into()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SiteId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::new(&text)
    }
}

impl From<SiteId> for String {
    fn from(site: SiteId) -> Self {
        String::from(&*site.0)
    }
}

impl fmt::Display for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a WHEP player asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamId {
    /// The mixed programme.
    Programme,
    /// One room as it publishes itself.
    Site(SiteId),
    /// What is sent back to one room.
    Return(SiteId),
}

impl StreamId {
    /// Reads `programme`, a site id, or `return-{site}`.
    ///
    /// # Errors
    /// [`InvalidId`] when it is none of these.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if text == "programme" {
            return Ok(Self::Programme);
        }
        match text.strip_prefix("return-") {
            Some(site) => SiteId::new(site).map(Self::Return),
            None => SiteId::new(text).map(Self::Site),
        }
    }

    /// Where its packets come from. A return carries the whole programme: the room's own sound is in it.
    #[must_use]
    pub fn feed(&self) -> Feed {
        match self {
            Self::Site(site) => Feed::Site(site.clone()),
            Self::Programme | Self::Return(_) => Feed::Programme,
        }
    }

    /// The site named in it, if any.
    #[must_use]
    pub fn site(&self) -> Option<&SiteId> {
        match self {
            Self::Programme => None,
            Self::Site(site) | Self::Return(site) => Some(site),
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Programme => f.write_str("programme"),
            Self::Site(site) => write!(f, "{site}"),
            Self::Return(site) => write!(f, "return-{site}"),
        }
    }
}

/// A source of packets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feed {
    /// The engine's output.
    Programme,
    /// A room's publisher, whoever it is at the moment.
    Site(SiteId),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_read() {
        let nancy = SiteId::new("nancy").unwrap();
        assert_eq!(StreamId::parse("programme"), Ok(StreamId::Programme));
        assert_eq!(StreamId::parse("nancy"), Ok(StreamId::Site(nancy.clone())));
        assert_eq!(StreamId::parse("return-nancy"), Ok(StreamId::Return(nancy)));
    }

    #[test]
    fn names_that_would_be_two_things_are_no_sites() {
        assert!(SiteId::new("programme").is_err());
        assert!(SiteId::new("return-nancy").is_err());
        assert!(StreamId::parse("return-return-nancy").is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_read_prints_back(text in ".{0,50}") {
            if let Ok(stream) = StreamId::parse(&text) {
                prop_assert_eq!(stream.to_string(), text);
            }
        }
    }
}
