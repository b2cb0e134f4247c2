//! One question: where it stands, what became of it, who supports it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use crate::{
    CLAIM_MS,
    command::Staff,
    id::{ParticipantId, PublicId, QuestionId, SiteId, ThemeId, UnixMs},
    reason::{Audience, Decline, Hold},
};

/// Where a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Waits for a moderator.
    Received,
    /// Quarantined: something about it is suspicious.
    Held,
    /// Public.
    Approved,
    /// Public and on the ranked stage list.
    Staged,
    /// On air; at most one.
    OnAir,
    /// Answered, orally or in writing.
    Answered,
    /// Not taken, with a reason.
    Declined,
    /// For somebody after the event.
    Deferred,
    /// Taken back by its asker.
    Withdrawn,
    /// United with another.
    Merged,
}

impl Standing {
    /// The protocol's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Held => "held",
            Self::Approved => "approved",
            Self::Staged => "staged",
            Self::OnAir => "on_air",
            Self::Answered => "answered",
            Self::Declined => "declined",
            Self::Deferred => "deferred",
            Self::Withdrawn => "withdrawn",
            Self::Merged => "merged",
        }
    }

    /// Whether nothing more will happen to it by itself.
    pub fn is_closed(self) -> bool {
        matches!(
            self,
            Self::Answered | Self::Declined | Self::Deferred | Self::Withdrawn | Self::Merged
        )
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The person, or the stand-in for a room.
    pub participant: ParticipantId,
    /// The room it was asked in, when its operator asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<SiteId>,
}

/// One time on air. Intent and outcome are two things: `asked` and `off_asked` are wall clock of the moderator's
/// acts, `seen` and `gone` are programme time as the engine reported it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Airing {
    /// When it was put on air.
    pub asked_at: UnixMs,
    /// Programme time of the first frame that carried it.
    pub seen_at: Option<UnixMs>,
    /// When it was taken off or answered.
    pub off_asked_at: Option<UnixMs>,
    /// Programme time of the first frame without it.
    pub gone_at: Option<UnixMs>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// When it was marked as answered.
    pub at: UnixMs,
    /// The answer, when given in writing.
    pub written: Option<String>,
    /// Who reads it.
    pub to: Audience,
    /// Where the question stood before.
    pub from: Standing,
}

/// A colleague is at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Who.
    pub by: Staff,
    /// When the claim ends by itself.
    pub until: UnixMs,
}

impl Claim {
    /// Whether it holds at wall clock `now`. One that would hold much longer than any may was made by a clock that
    /// stepped back since.
    fn is_live(&self, now: UnixMs) -> bool {
        (1..=2 * CLAIM_MS).contains(&self.until.0.saturating_sub(now.0))
    }
}

/// A note between moderators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Who wrote it.
    pub by: Staff,
    /// When.
    pub at: UnixMs,
    /// The note.
    pub text: String,
}

/// To whom a question goes on stage.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Assignment {
    /// The speaker.
    pub speaker: Option<String>,
    /// The site.
    pub site: Option<SiteId>,
}

/// Where a merged question went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merging {
    /// The question it was merged into.
    pub into: QuestionId,
    /// Where it stood before.
    pub before: Standing,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Its number.
    pub id: QuestionId,
    /// Who asked.
    #[serde(with = "crate::compact::author")]
    pub author: Author,
    /// The wording now.
    pub text: String,
    /// The asker's wording, once it was edited.
    pub original: Option<String>,
    /// The asker's name.
    pub name: Option<String>,
    /// Whether the name may be shown.
    pub show_name: bool,
    /// The asker's public.
    pub public: Option<PublicId>,
    /// The theme.
    pub theme: Option<ThemeId>,
    /// The site addressed.
    pub site: Option<SiteId>,
    /// The language it was asked in, as a BCP 47 tag.
    pub lang: Option<String>,
    /// Programme time the asker was watching.
    pub programme_at: Option<UnixMs>,
    /// When it was asked.
    pub asked_at: UnixMs,
    /// Where it stands.
    pub standing: Standing,
    /// Counts its changes from 1; votes, notes, claims, sightings on air and what is merged into it do not count.
    pub version: u64,
    /// The moderator who changed it last.
    pub by: Option<String>,
    /// Why it is declined.
    #[serde(with = "crate::compact::decline")]
    pub reason: Option<Decline>,
    /// Why it is held, or was before it was merged.
    #[serde(with = "crate::compact::hold")]
    pub held: Option<Hold>,
    /// To whom it is deferred.
    pub deferred_to: Option<String>,
    /// Where it went, when merged.
    pub merging: Option<Merging>,
    /// To whom it goes on stage.
    pub assigned: Assignment,
    /// Who is at it; see [`Question::claim`].
    pub(crate) claim: Option<Claim>,
    /// Notes between moderators, oldest first.
    pub notes: Vec<Note>,
    /// Every time on air, oldest first.
    pub airings: Vec<Airing>,
    /// The answer.
    pub answer: Option<Answer>,
    /// Who voted for this very question.
    #[serde(skip)]
    pub own_votes: BTreeSet<ParticipantId>,
    /// What was merged into it and was not unmerged; these may have had others merged into them before.
    #[serde(skip)]
    pub merged: BTreeSet<QuestionId>,
    /// While something is merged into it: how often each person is among its own voters and the supporters of those.
    #[serde(skip)]
    pub(crate) united: BTreeMap<ParticipantId, u32>,
}

impl Question {
    /// Whether everybody may see it.
    pub fn is_public(&self) -> bool {
        match self.standing {
            Standing::Approved | Standing::Staged | Standing::OnAir => true,
            Standing::Answered => self.answer.as_ref().is_none_or(|answer| answer.to.is_all()),
            _ => false,
        }
    }

    /// How many support it: its voters, those of the questions merged into it and these questions' askers, each once.
    pub fn votes(&self) -> usize {
        if self.merged.is_empty() {
            return self.own_votes.len();
        }
        self.united.len() - usize::from(self.united.contains_key(&self.author.participant))
    }

    /// Whether this person is among those counted by [`Question::votes`].
    pub fn is_supported_by(&self, who: ParticipantId) -> bool {
        if self.merged.is_empty() {
            return self.own_votes.contains(&who);
        }
        who != self.author.participant && self.united.contains_key(&who)
    }

    /// The claim that is live at wall clock `now`.
    pub fn claim(&self, now: UnixMs) -> Option<&Claim> {
        self.claim.as_ref().filter(|claim| claim.is_live(now))
    }
}
