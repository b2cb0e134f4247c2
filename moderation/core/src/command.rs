//! What can be asked of the queue, and by whom.

use serde::{Deserialize, Serialize};

use crate::{
    id::{ParticipantId, PublicId, QuestionId, SiteId, ThemeId, UnixMs},
    policy::Moderation,
};

/// Who gives a command. The caller vouches for it; names are shown to colleagues and kept in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Anybody who watches.
    Participant(ParticipantId),
    /// The operator of a room, for the people in it.
    Room {
        /// The room.
        site: SiteId,
        /// Stands for the room where a person is needed; the same for every operator of it.
        participant: ParticipantId,
    },
    /// A moderator, by name.
    Moderator(String),
    /// A director, by name.
    Director(String),
    /// The program itself, reporting what it saw.
    System,
}

/// One thing to do. Commands on an existing question by a moderator name the `version` they saw.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "every `question` is the one meant and every `version` the one its sender saw"
)]
pub enum Command {
    /// Ask a question.
    Ask(Ask),
    /// Support a question of somebody else.
    Vote { question: QuestionId },
    /// Take the support back.
    Unvote { question: QuestionId },
    /// Take one's own question back, as long as it is not on air or closed.
    Withdraw { question: QuestionId },
    /// Received -> approved.
    Approve { question: QuestionId, version: u64 },
    /// Received, approved or staged -> declined.
    Decline {
        question: QuestionId,
        version: u64,
        reason: Decline,
    },
    /// Declined or approved -> received.
    Restore { question: QuestionId, version: u64 },
    /// Change wording or tags of a question that is not closed; the first wording is kept.
    Edit {
        question: QuestionId,
        version: u64,
        text: String,
        theme: Patch<ThemeId>,
        public: Patch<PublicId>,
        site: Patch<SiteId>,
    },
    /// Approved -> last of the stage list.
    Stage { question: QuestionId, version: u64 },
    /// Staged -> approved.
    Unstage { question: QuestionId, version: u64 },
    /// To rank `to` (from 1, clamped) of the stage list.
    Move {
        question: QuestionId,
        version: u64,
        to: usize,
    },
    /// Approved or staged -> on air. What was on air before returns to the front of the stage list.
    Air { question: QuestionId, version: u64 },
    /// On air -> front of the stage list.
    OffAir { question: QuestionId, version: u64 },
    /// Approved, staged or on air -> answered: orally, or in writing with `written`.
    Answer {
        question: QuestionId,
        version: u64,
        written: Option<String>,
    },
    /// Answered -> where it was: front of the stage list if it came from there or from the air, else approved.
    Reopen { question: QuestionId, version: u64 },
    /// Change the rules; `None` leaves as is.
    SetQueue {
        open: Option<bool>,
        moderation: Option<Moderation>,
    },
    /// The system saw the question appear in (`shown`) or leave the programme at programme time `at`.
    NoteAirSeen {
        question: QuestionId,
        at: UnixMs,
        shown: bool,
    },
}

/// A question as it is asked, uncleaned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ask {
    /// The question.
    pub text: String,
    /// Who asks, if they say.
    pub name: Option<String>,
    /// Whether the name may be shown to the public and on screen.
    pub show_name: bool,
    /// The public the asker belongs to.
    pub public: Option<PublicId>,
    /// The theme.
    pub theme: Option<ThemeId>,
    /// The site addressed.
    pub site: Option<SiteId>,
    /// Programme time the asker was watching.
    pub programme_at: Option<UnixMs>,
}

/// A field of an edit: left, cleared or set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// As it was.
    #[default]
    Keep,
    /// To nothing.
    Clear,
    /// To this.
    Set(T),
}

impl<T: Clone> Patch<T> {
    /// The field's value after the edit.
    pub fn over(&self, before: Option<&T>) -> Option<T> {
        match self {
            Self::Keep => before.cloned(),
            Self::Clear => None,
            Self::Set(value) => Some(value.clone()),
        }
    }
}

/// Why a question is declined; shown to its asker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decline {
    /// The reason.
    pub code: DeclineCode,
    /// In the moderator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The question that says the same or was answered already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub see: Option<QuestionId>,
}

/// Reasons that pages translate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the words are the protocol's and say themselves"
)]
pub enum DeclineCode {
    Answered,
    Duplicate,
    OffTopic,
    TooLong,
    Unclear,
    Personal,
    Unlawful,
    Time,
    Other,
}
