//! One request for the floor: raised, called, ready, speaking, and how it ended.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    id::{HandId, PublicId, SiteId, UnixMs},
    question::Author,
};

/// Where a hand stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandStanding {
    /// Waits in the line.
    Raised,
    /// Asked to come.
    Called,
    /// In front of camera and microphone.
    Ready,
    /// Has the floor.
    Speaking,
    /// Has spoken.
    Done,
    /// Taken down by its owner.
    Lowered,
    /// Not taken.
    Dismissed,
}

impl HandStanding {
    /// The protocol's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Called => "called",
            Self::Ready => "ready",
            Self::Speaking => "speaking",
            Self::Done => "done",
            Self::Lowered => "lowered",
            Self::Dismissed => "dismissed",
        }
    }

    /// Whether it is still up: raised, called, ready or speaking.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Done | Self::Lowered | Self::Dismissed)
    }
}

impl fmt::Display for HandStanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One request for the floor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hand {
    /// Its number.
    pub id: HandId,
    /// Who raised it.
    #[serde(with = "crate::compact::author")]
    pub author: Author,
    /// Their name.
    pub name: Option<String>,
    /// Their public.
    pub public: Option<PublicId>,
    /// The site addressed.
    pub site: Option<SiteId>,
    /// What about.
    pub about: Option<String>,
    /// Where it stands.
    pub standing: HandStanding,
    /// Counts its changes from 1.
    pub version: u64,
    /// When it was raised.
    pub raised_at: UnixMs,
    /// When it was called last.
    pub called_at: Option<UnixMs>,
    /// The moderator who changed it last.
    pub by: Option<String>,
    /// Why it was dismissed.
    pub reason: Option<String>,
}
