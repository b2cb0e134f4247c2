//! The state of the queue: every question in exactly one standing, the stage list, what is on air, who voted.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use crate::{
    balance::Balance,
    command::Decline,
    id::{ParticipantId, PublicId, QuestionId, SiteId, ThemeId, UnixMs},
    policy::{Catalogue, Policy},
};

/// Where a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Waits for a moderator.
    Received,
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
    /// Taken back by its asker.
    Withdrawn,
}

impl Standing {
    /// The protocol's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Approved => "approved",
            Self::Staged => "staged",
            Self::OnAir => "on_air",
            Self::Answered => "answered",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether everybody may see the question.
    pub fn is_public(self) -> bool {
        matches!(
            self,
            Self::Approved | Self::Staged | Self::OnAir | Self::Answered
        )
    }

    /// Whether nothing more will happen to it by itself.
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Answered | Self::Declined | Self::Withdrawn)
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
#[derive(Debug, Clone, PartialEq, Eq)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// When it was marked as answered.
    pub at: UnixMs,
    /// The answer, when given in writing.
    pub written: Option<String>,
    /// Whether the question came from the stage list or the air, where reopening puts it back.
    pub from_stage: bool,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its number.
    pub id: QuestionId,
    /// Who asked.
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
    /// Programme time the asker was watching.
    pub programme_at: Option<UnixMs>,
    /// When it was asked.
    pub asked_at: UnixMs,
    /// Where it stands.
    pub standing: Standing,
    /// Counts its changes from 1; votes and sightings on air do not count.
    pub version: u64,
    /// Who supports it.
    pub votes: BTreeSet<ParticipantId>,
    /// The moderator who changed it last.
    pub by: Option<String>,
    /// Why it is declined.
    pub reason: Option<Decline>,
    /// Every time on air, oldest first.
    pub airings: Vec<Airing>,
    /// The answer.
    pub answer: Option<Answer>,
}

/// What one person did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// Their questions, oldest first.
    pub questions: Vec<QuestionId>,
    /// What they support.
    pub votes: BTreeSet<QuestionId>,
}

/// The whole queue of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub(crate) policy: Policy,
    pub(crate) catalogue: Catalogue,
    pub(crate) questions: BTreeMap<QuestionId, Question>,
    pub(crate) people: BTreeMap<ParticipantId, Person>,
    pub(crate) stage: Vec<QuestionId>,
    pub(crate) on_air: Option<QuestionId>,
    pub(crate) balance: Balance,
}

impl State {
    /// An empty queue under these rules.
    pub fn new(policy: Policy, catalogue: Catalogue) -> Self {
        Self {
            policy,
            catalogue,
            questions: BTreeMap::new(),
            people: BTreeMap::new(),
            stage: Vec::new(),
            on_air: None,
            balance: Balance::default(),
        }
    }

    /// The rules in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// One question.
    pub fn question(&self, id: QuestionId) -> Option<&Question> {
        self.questions.get(&id)
    }

    /// Every question, by number.
    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        self.questions.values()
    }

    /// The stage list, first to come first.
    pub fn stage(&self) -> &[QuestionId] {
        &self.stage
    }

    /// The question's rank on the stage list, from 1.
    pub fn rank(&self, id: QuestionId) -> Option<usize> {
        self.stage
            .iter()
            .position(|staged| *staged == id)
            .map(|index| index + 1)
    }

    /// The question on air.
    pub fn on_air(&self) -> Option<QuestionId> {
        self.on_air
    }

    /// What a person asked and supports; none if they did neither.
    pub fn person(&self, id: ParticipantId) -> Option<&Person> {
        self.people.get(&id)
    }

    /// Who is heard.
    pub fn balance(&self) -> &Balance {
        &self.balance
    }

    /// The number the next question gets.
    pub(crate) fn next_id(&self) -> QuestionId {
        QuestionId(
            self.questions
                .last_key_value()
                .map_or(0, |(last, _)| last.0)
                + 1,
        )
    }
}
