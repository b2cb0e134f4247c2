//! What can be asked of the queue, and by whom.

use serde::{Deserialize, Serialize};

use crate::{
    id::{HandId, ParticipantId, PublicId, QuestionId, SessionId, SiteId, ThemeId, UnixMs},
    policy::PolicyPatch,
    reason::{Audience, Decline},
};

/// A moderator or director: two people of the same name are two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Staff {
    /// Stable digest of the key they hold, 16 hexadecimal digits. Empty in rows of event version 1, which knew names
    /// only.
    pub id: String,
    /// The name colleagues see.
    pub name: String,
}

impl Staff {
    /// What tells people apart: the id, or the name where there is none.
    pub fn key(&self) -> &str {
        if self.id.is_empty() {
            &self.name
        } else {
            &self.id
        }
    }

    /// Whether both are one person.
    pub fn is(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

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
    /// A moderator.
    Moderator(Staff),
    /// A director.
    Director(Staff),
    /// The program itself, reporting what it saw.
    System,
}

impl Actor {
    /// The person it stands for, where there is one.
    pub fn participant(&self) -> Option<ParticipantId> {
        match self {
            Self::Participant(id)
            | Self::Room {
                participant: id, ..
            } => Some(*id),
            Self::Moderator(_) | Self::Director(_) | Self::System => None,
        }
    }

    /// The moderator or director it is.
    pub fn staff(&self) -> Option<&Staff> {
        match self {
            Self::Moderator(staff) | Self::Director(staff) => Some(staff),
            Self::Participant(_) | Self::Room { .. } | Self::System => None,
        }
    }
}

/// One thing to do. Commands on an existing question or hand by a moderator name the `version` they saw.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "every `question` or `hand` is the one meant and every `version` the one its sender saw"
)]
pub enum Command {
    /// Ask a question.
    Ask(Ask),
    /// Support a question of somebody else.
    Vote { question: QuestionId },
    /// Take the support back, wherever among the questions united with it it was given.
    Unvote { question: QuestionId },
    /// Take one's own question back, as long as it is not on air or closed.
    Withdraw { question: QuestionId },
    /// Received or held -> approved.
    Approve { question: QuestionId, version: u64 },
    /// Received -> held (quarantine).
    Hold {
        question: QuestionId,
        version: u64,
        text: Option<String>,
    },
    /// Received, held, approved, staged or deferred -> declined.
    Decline {
        question: QuestionId,
        version: u64,
        reason: Decline,
    },
    /// Declined, approved, held or deferred -> received.
    Restore { question: QuestionId, version: u64 },
    /// Received, held, approved or staged -> deferred: `to` somebody after the event.
    Defer {
        question: QuestionId,
        version: u64,
        to: String,
    },
    /// Change wording or tags of a question that is not closed; the first wording is kept.
    Edit {
        question: QuestionId,
        version: u64,
        text: String,
        theme: Patch<ThemeId>,
        public: Patch<PublicId>,
        site: Patch<SiteId>,
    },
    /// Received, held, approved or staged -> merged into another, which then counts the voters of both.
    Merge {
        question: QuestionId,
        version: u64,
        into: QuestionId,
    },
    /// Merged -> where it was (a staged one: approved), with its votes as they were.
    Unmerge { question: QuestionId, version: u64 },
    /// A note between moderators; changes no version.
    Note { question: QuestionId, text: String },
    /// To whom a staged or aired question goes; kept when it is unstaged.
    Assign {
        question: QuestionId,
        version: u64,
        speaker: Patch<String>,
        site: Patch<SiteId>,
    },
    /// Say that one is at it, for [`CLAIM_MS`](crate::CLAIM_MS); renews one's own; `take` takes a colleague's over.
    Claim { question: QuestionId, take: bool },
    /// Give one's claim back. By the system: whoever holds it.
    Release { question: QuestionId },
    /// By the system: give back every claim of a person (by [`Staff::key`]) who is gone.
    ReleaseAll { staff: String },
    /// Take back one's own last act, or the last on this question.
    Undo { question: Option<QuestionId> },
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
    /// Approved, staged or on air -> answered: orally, or in writing with `written`; in writing also received, held
    /// or deferred -> answered. An answer to the asker alone must be written.
    Answer {
        question: QuestionId,
        version: u64,
        written: Option<String>,
        to: Audience,
    },
    /// Answered -> where it was: front of the stage list if it came from there or from the air, approved if it was
    /// that, else received.
    Reopen { question: QuestionId, version: u64 },
    /// Keep somebody from asking, voting and raising a hand, for so many minutes or for good.
    Ban {
        who: Banning,
        reason: String,
        minutes: Option<u32>,
    },
    /// Let somebody back, by pseudonym.
    Unban { asker: String },
    /// Change the rules of now, or with `session` those laid over when it begins.
    SetPolicy {
        session: Option<SessionId>,
        patch: PolicyPatch,
    },
    /// Keep these rules for a session and no others; with none, the event's hold while it runs.
    ResetPolicy {
        session: SessionId,
        patch: PolicyPatch,
    },
    /// By the system: this session has begun (or, without one, none is running).
    NoteSession { session: Option<SessionId> },
    /// The system saw the question appear in (`shown`) or leave the programme at programme time `at`.
    NoteAirSeen {
        question: QuestionId,
        at: UnixMs,
        shown: bool,
    },
    /// Ask for the floor; one open hand a person.
    RaiseHand(Raise),
    /// Take one's open hand down.
    LowerHand,
    /// Called -> ready: the person is in front of camera and microphone.
    HandReady,
    /// Raised -> called; again for one who did not come.
    CallHand { hand: HandId, version: u64 },
    /// Any open hand -> dismissed.
    DismissHand {
        hand: HandId,
        version: u64,
        reason: Option<String>,
    },
    /// Called or ready -> speaking.
    HandSpeaking { hand: HandId, version: u64 },
    /// Called, ready or speaking -> done.
    HandDone { hand: HandId, version: u64 },
    /// A raised hand to place `to` (from 1, clamped) of the line.
    MoveHand {
        hand: HandId,
        version: u64,
        to: usize,
    },
}

impl Command {
    /// The question it is about, where it names one.
    pub fn question(&self) -> Option<QuestionId> {
        match self {
            Self::Vote { question }
            | Self::Unvote { question }
            | Self::Withdraw { question }
            | Self::Approve { question, .. }
            | Self::Hold { question, .. }
            | Self::Decline { question, .. }
            | Self::Restore { question, .. }
            | Self::Defer { question, .. }
            | Self::Edit { question, .. }
            | Self::Merge { question, .. }
            | Self::Unmerge { question, .. }
            | Self::Note { question, .. }
            | Self::Assign { question, .. }
            | Self::Claim { question, .. }
            | Self::Release { question }
            | Self::Stage { question, .. }
            | Self::Unstage { question, .. }
            | Self::Move { question, .. }
            | Self::Air { question, .. }
            | Self::OffAir { question, .. }
            | Self::Answer { question, .. }
            | Self::Reopen { question, .. }
            | Self::NoteAirSeen { question, .. } => Some(*question),
            Self::Undo { question } => *question,
            Self::Ban { who, .. } => match who {
                Banning::AskerOf(question) => Some(*question),
                Banning::Pseudonym(_) => None,
            },
            Self::Ask(_)
            | Self::ReleaseAll { .. }
            | Self::Unban { .. }
            | Self::SetPolicy { .. }
            | Self::ResetPolicy { .. }
            | Self::NoteSession { .. }
            | Self::RaiseHand(_)
            | Self::LowerHand
            | Self::HandReady
            | Self::CallHand { .. }
            | Self::DismissHand { .. }
            | Self::HandSpeaking { .. }
            | Self::HandDone { .. }
            | Self::MoveHand { .. } => None,
        }
    }

    /// Whether it is given for oneself, as anybody who watches: staff give these as participants.
    pub fn is_personal(&self) -> bool {
        matches!(
            self,
            Self::Ask(_)
                | Self::Vote { .. }
                | Self::Unvote { .. }
                | Self::Withdraw { .. }
                | Self::RaiseHand(_)
                | Self::LowerHand
                | Self::HandReady
        )
    }
}

/// Whom a ban is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Banning {
    /// Whoever asked this question.
    AskerOf(QuestionId),
    /// The one person of this pseudonym.
    Pseudonym(String),
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
    /// The language it is written in, as a BCP 47 tag of at most 35 characters.
    pub lang: Option<String>,
    /// Programme time the asker was watching.
    pub programme_at: Option<UnixMs>,
}

/// A request for the floor as it is made, uncleaned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Raise {
    /// Who wants to speak, if they say.
    pub name: Option<String>,
    /// The public they belong to.
    pub public: Option<PublicId>,
    /// The site addressed.
    pub site: Option<SiteId>,
    /// What about, in at most [`MAX_ABOUT`](crate::MAX_ABOUT) characters.
    pub about: Option<String>,
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
