//! What happened, in the past tense: the journal's content and the only thing that changes the state.

use serde::{Deserialize, Serialize};

use crate::{
    command::Actor,
    id::{HandId, ParticipantId, PublicId, QuestionId, SessionId, SiteId, ThemeId, UnixMs},
    policy::PolicyPatch,
    question::{Author, Standing},
    reason::{Audience, Decline, Hold},
    undo::Act,
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
    reason = "fields are those of the command that led here; ranks and places count from 1"
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
        lang: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        programme_at: Option<UnixMs>,
        /// Public at once: the queue was moderated afterwards.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        approved: bool,
        /// Quarantined at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        held: Option<Hold>,
    },
    Voted {
        question: QuestionId,
    },
    /// Of the voter's votes for this question and for those merged into it, none is left.
    Unvoted {
        question: QuestionId,
    },
    Withdrawn {
        question: QuestionId,
    },
    Approved {
        question: QuestionId,
    },
    Held {
        question: QuestionId,
        reason: Hold,
    },
    Declined {
        question: QuestionId,
        reason: Decline,
    },
    Restored {
        question: QuestionId,
    },
    Deferred {
        question: QuestionId,
        to: String,
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
    Merged {
        question: QuestionId,
        into: QuestionId,
    },
    Unmerged {
        question: QuestionId,
        /// Where it stands now.
        to: Standing,
    },
    Noted {
        question: QuestionId,
        text: String,
    },
    Assigned {
        question: QuestionId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        speaker: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        site: Option<SiteId>,
    },
    Claimed {
        question: QuestionId,
        until: UnixMs,
    },
    Released {
        question: QuestionId,
    },
    Undone {
        question: QuestionId,
        act: Act,
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
        /// What had to leave the air for it, by the [`Change::TakenOffAir`] before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        displaced: Option<QuestionId>,
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
        #[serde(default, skip_serializing_if = "Audience::is_all")]
        to: Audience,
    },
    Reopened {
        question: QuestionId,
        /// Where it stands now.
        to: Standing,
    },
    Banned {
        participant: ParticipantId,
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<UnixMs>,
    },
    Unbanned {
        participant: ParticipantId,
    },
    PolicySet {
        patch: PolicyPatch,
    },
    SessionPolicySet {
        session: SessionId,
        /// All that is kept for it now.
        patch: PolicyPatch,
    },
    SessionNoted {
        session: Option<SessionId>,
    },
    HandRaised {
        hand: HandId,
        author: Author,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        public: Option<PublicId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        site: Option<SiteId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<String>,
    },
    HandLowered {
        hand: HandId,
    },
    HandCalled {
        hand: HandId,
    },
    HandReady {
        hand: HandId,
    },
    HandSpeaking {
        hand: HandId,
    },
    HandDone {
        hand: HandId,
    },
    HandDismissed {
        hand: HandId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    HandMoved {
        hand: HandId,
        place: usize,
    },
}

impl Change {
    /// The question it is about, where it is about one.
    pub fn question(&self) -> Option<QuestionId> {
        match self {
            Self::Asked { question, .. }
            | Self::Voted { question }
            | Self::Unvoted { question }
            | Self::Withdrawn { question }
            | Self::Approved { question }
            | Self::Held { question, .. }
            | Self::Declined { question, .. }
            | Self::Restored { question }
            | Self::Deferred { question, .. }
            | Self::Edited { question, .. }
            | Self::Merged { question, .. }
            | Self::Unmerged { question, .. }
            | Self::Noted { question, .. }
            | Self::Assigned { question, .. }
            | Self::Claimed { question, .. }
            | Self::Released { question }
            | Self::Undone { question, .. }
            | Self::Staged { question, .. }
            | Self::Unstaged { question }
            | Self::Moved { question, .. }
            | Self::TakenOnAir { question, .. }
            | Self::TakenOffAir { question }
            | Self::AirSeen { question, .. }
            | Self::Answered { question, .. }
            | Self::Reopened { question, .. } => Some(*question),
            Self::Banned { .. }
            | Self::Unbanned { .. }
            | Self::PolicySet { .. }
            | Self::SessionPolicySet { .. }
            | Self::SessionNoted { .. }
            | Self::HandRaised { .. }
            | Self::HandLowered { .. }
            | Self::HandCalled { .. }
            | Self::HandReady { .. }
            | Self::HandSpeaking { .. }
            | Self::HandDone { .. }
            | Self::HandDismissed { .. }
            | Self::HandMoved { .. } => None,
        }
    }

    /// The hand it is about, where it is about one.
    pub fn hand(&self) -> Option<HandId> {
        match self {
            Self::HandRaised { hand, .. }
            | Self::HandLowered { hand }
            | Self::HandCalled { hand }
            | Self::HandReady { hand }
            | Self::HandSpeaking { hand }
            | Self::HandDone { hand }
            | Self::HandDismissed { hand, .. }
            | Self::HandMoved { hand, .. } => Some(*hand),
            _ => None,
        }
    }

    /// The protocol's word for it, the same as in the journal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Asked { .. } => "asked",
            Self::Voted { .. } => "voted",
            Self::Unvoted { .. } => "unvoted",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Approved { .. } => "approved",
            Self::Held { .. } => "held",
            Self::Declined { .. } => "declined",
            Self::Restored { .. } => "restored",
            Self::Deferred { .. } => "deferred",
            Self::Edited { .. } => "edited",
            Self::Merged { .. } => "merged",
            Self::Unmerged { .. } => "unmerged",
            Self::Noted { .. } => "noted",
            Self::Assigned { .. } => "assigned",
            Self::Claimed { .. } => "claimed",
            Self::Released { .. } => "released",
            Self::Undone { .. } => "undone",
            Self::Staged { .. } => "staged",
            Self::Unstaged { .. } => "unstaged",
            Self::Moved { .. } => "moved",
            Self::TakenOnAir { .. } => "taken_on_air",
            Self::TakenOffAir { .. } => "taken_off_air",
            Self::AirSeen { .. } => "air_seen",
            Self::Answered { .. } => "answered",
            Self::Reopened { .. } => "reopened",
            Self::Banned { .. } => "banned",
            Self::Unbanned { .. } => "unbanned",
            Self::PolicySet { .. } => "policy_set",
            Self::SessionPolicySet { .. } => "session_policy_set",
            Self::SessionNoted { .. } => "session_noted",
            Self::HandRaised { .. } => "hand_raised",
            Self::HandLowered { .. } => "hand_lowered",
            Self::HandCalled { .. } => "hand_called",
            Self::HandReady { .. } => "hand_ready",
            Self::HandSpeaking { .. } => "hand_speaking",
            Self::HandDone { .. } => "hand_done",
            Self::HandDismissed { .. } => "hand_dismissed",
            Self::HandMoved { .. } => "hand_moved",
        }
    }

    /// Whether only the set of voters changed.
    pub fn is_vote(&self) -> bool {
        matches!(self, Self::Voted { .. } | Self::Unvoted { .. })
    }

    /// Whether only a claim changed.
    pub fn is_claim(&self) -> bool {
        matches!(self, Self::Claimed { .. } | Self::Released { .. })
    }
}
