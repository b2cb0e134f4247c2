//! What happened, in the past tense: the journal's content and the only thing that changes the state.

use serde::{Deserialize, Serialize};

use crate::{
    command::{Actor, Decline},
    id::{PublicId, QuestionId, SiteId, ThemeId, UnixMs},
    policy::Moderation,
    state::Author,
};

/// One thing that happened: when, by whom, what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Wall clock of the decision.
    pub at: UnixMs,
    /// Who decided.
    pub by: Actor,
    /// What changed.
    pub change: Change,
}

/// The change. Fields hold results, not wishes, so that applying them needs no rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "fields are those of the command that led here; `rank` counts from 1"
)]
pub enum Change {
    Asked {
        question: QuestionId,
        author: Author,
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        show_name: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        public: Option<PublicId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        theme: Option<ThemeId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        site: Option<SiteId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        programme_at: Option<UnixMs>,
        /// Public at once: the queue was moderated afterwards.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        approved: bool,
    },
    Voted {
        question: QuestionId,
    },
    Unvoted {
        question: QuestionId,
    },
    Withdrawn {
        question: QuestionId,
    },
    Approved {
        question: QuestionId,
    },
    Declined {
        question: QuestionId,
        reason: Decline,
    },
    Restored {
        question: QuestionId,
    },
    Edited {
        question: QuestionId,
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        public: Option<PublicId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        theme: Option<ThemeId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        site: Option<SiteId>,
    },
    Staged {
        question: QuestionId,
        rank: usize,
    },
    Unstaged {
        question: QuestionId,
    },
    Moved {
        question: QuestionId,
        rank: usize,
    },
    TakenOnAir {
        question: QuestionId,
    },
    TakenOffAir {
        question: QuestionId,
    },
    AirSeen {
        question: QuestionId,
        at: UnixMs,
        shown: bool,
    },
    Answered {
        question: QuestionId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        written: Option<String>,
    },
    Reopened {
        question: QuestionId,
        staged: bool,
    },
    QueueSet {
        open: bool,
        moderation: Moderation,
    },
}

impl Change {
    /// The question it is about; none for a change of the rules.
    pub fn question(&self) -> Option<QuestionId> {
        match self {
            Self::Asked { question, .. }
            | Self::Voted { question }
            | Self::Unvoted { question }
            | Self::Withdrawn { question }
            | Self::Approved { question }
            | Self::Declined { question, .. }
            | Self::Restored { question }
            | Self::Edited { question, .. }
            | Self::Staged { question, .. }
            | Self::Unstaged { question }
            | Self::Moved { question, .. }
            | Self::TakenOnAir { question }
            | Self::TakenOffAir { question }
            | Self::AirSeen { question, .. }
            | Self::Answered { question, .. }
            | Self::Reopened { question, .. } => Some(*question),
            Self::QueueSet { .. } => None,
        }
    }

    /// Whether only the set of voters changed.
    pub fn is_vote(&self) -> bool {
        matches!(self, Self::Voted { .. } | Self::Unvoted { .. })
    }
}
