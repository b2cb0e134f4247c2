//! Who may do what, in one place: the table of topics and commands of `docs/protocol.md` as functions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a person (or an encoder) is to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Anybody with the address: watches, asks, votes. Needs no key.
    Viewer,
    /// Sorts questions.
    Moderator,
    /// Cuts the programme; may do everything a moderator may.
    Director,
    /// Operates one linked room, or is that room's encoder.
    Site,
    /// The chair or speaker with the page of questions.
    Stage,
    /// A remote person brought to the stage.
    Guest,
}

/// Text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("found role `{found}`; expected viewer, moderator, director, site, stage or guest")]
pub struct UnknownRole {
    /// The refused text, cut to 40 characters.
    pub found: String,
}

impl Role {
    /// Every role, in the order of the documentation.
    pub const ALL: [Self; 6] = [
        Self::Viewer,
        Self::Moderator,
        Self::Director,
        Self::Site,
        Self::Stage,
        Self::Guest,
    ];

    /// The word used in keys, links and URLs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Moderator => "moderator",
            Self::Director => "director",
            Self::Site => "site",
            Self::Stage => "stage",
            Self::Guest => "guest",
        }
    }

    /// Whether acting in this role takes a key.
    #[must_use]
    pub const fn needs_key(self) -> bool {
        !matches!(self, Self::Viewer)
    }

    /// Topic `moderation` and the moderators' commands (approve, decline, stage, put on air, ...).
    #[must_use]
    pub const fn may_moderate(self) -> bool {
        matches!(self, Self::Moderator | Self::Director)
    }

    /// The director's commands (preview, take, mute, phase, session, mask, standby, message, countdown).
    #[must_use]
    pub const fn may_direct(self) -> bool {
        matches!(self, Self::Director)
    }

    /// Topic `direct`.
    #[must_use]
    pub const fn may_read_direct(self) -> bool {
        matches!(self, Self::Director | Self::Moderator)
    }

    /// Topic `stage`.
    #[must_use]
    pub const fn may_read_stage(self) -> bool {
        matches!(self, Self::Stage | Self::Moderator | Self::Director)
    }

    /// Acknowledging the director's message to the stage.
    #[must_use]
    pub const fn may_answer_stage(self) -> bool {
        matches!(self, Self::Stage)
    }

    /// Watching a room or a return over WHEP. The programme itself takes no key.
    #[must_use]
    pub const fn may_watch_rooms(self) -> bool {
        matches!(
            self,
            Self::Site | Self::Director | Self::Moderator | Self::Stage
        )
    }

    /// Sending a camera over WHIP; which seat is up to the key (`Claims::may_publish`).
    #[must_use]
    pub const fn may_publish(self) -> bool {
        matches!(self, Self::Site)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let role = Self::ALL.into_iter().find(|role| role.as_str() == text);
        role.ok_or_else(|| UnknownRole {
            found: text.chars().take(40).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse::<Role>().unwrap(), role);
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{role}\""));
        }
        assert!("admin".parse::<Role>().is_err());
    }

    #[test]
    fn a_viewer_may_nothing_that_takes_a_key() {
        for may in [
            Role::may_moderate,
            Role::may_direct,
            Role::may_read_direct,
            Role::may_read_stage,
            Role::may_answer_stage,
            Role::may_watch_rooms,
            Role::may_publish,
            Role::needs_key,
        ] {
            assert!(!may(Role::Viewer));
        }
    }

    #[test]
    fn only_the_director_directs_and_only_a_room_publishes() {
        assert_eq!(
            Role::ALL
                .into_iter()
                .filter(|r| r.may_direct())
                .collect::<Vec<_>>(),
            [Role::Director]
        );
        assert_eq!(
            Role::ALL
                .into_iter()
                .filter(|r| r.may_publish())
                .collect::<Vec<_>>(),
            [Role::Site]
        );
    }
}
