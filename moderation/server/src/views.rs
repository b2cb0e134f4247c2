//! Questions as each reader sees them. Makes values for topics; decides nothing about questions.

use std::collections::BTreeMap;

use pleniere_moderation_core::{
    Axis, Balance, Decline, Moderation, ParticipantId, Question, QuestionId, Standing, State,
    UnixMs,
};
use serde::Serialize;

/// A question as everybody may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicQuestion {
    /// Its id.
    pub id: QuestionId,
    /// The number people call it by; the same as the id.
    pub number: u64,
    /// The wording.
    pub text: String,
    /// The asker's name, if they wanted it shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The asker's public.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public: Option<String>,
    /// The theme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
    /// The site addressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Where it stands.
    pub state: Standing,
    /// How many support it.
    pub votes: usize,
    /// When it was asked, wall clock.
    pub asked_at: UnixMs,
    /// Its place on the stage list, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank: Option<usize>,
    /// When it was last on air: programme time if the engine reported it, else when it was put on air.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub air_at: Option<UnixMs>,
    /// When it was answered: programme time of its leaving the picture if that was reported, else of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<UnixMs>,
    /// The answer, if given in writing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
}

impl PublicQuestion {
    pub(crate) fn new(state: &State, question: &Question) -> Self {
        let aired = question.airings.last();
        let answered_at = question.answer.as_ref().map(|answer| {
            let gone = aired
                .filter(|airing| airing.off_asked_at == Some(answer.at))
                .and_then(|airing| airing.gone_at);
            gone.unwrap_or(answer.at)
        });
        Self {
            id: question.id,
            number: question.id.0,
            text: question.text.clone(),
            name: question.name.clone().filter(|_| question.show_name),
            public: question.public.as_ref().map(ToString::to_string),
            theme: question.theme.as_ref().map(ToString::to_string),
            site: question.site.as_ref().map(ToString::to_string),
            state: question.standing,
            votes: question.votes(),
            asked_at: question.asked_at,
            rank: if question.standing == Standing::Staged {
                state.rank(question.id)
            } else {
                None
            },
            air_at: aired.map(|airing| airing.seen_at.unwrap_or(airing.asked_at)),
            answered_at,
            written: question
                .answer
                .as_ref()
                .and_then(|answer| answer.written.clone()),
        }
    }
}

/// A question as its asker sees it.
#[derive(Debug, Serialize)]
pub(crate) struct OwnQuestion<'a> {
    #[serde(flatten)]
    shared: PublicQuestion,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a Decline>,
}

impl<'a> OwnQuestion<'a> {
    pub(crate) fn new(state: &State, question: &'a Question) -> Self {
        let shared = PublicQuestion {
            name: question.name.clone(),
            ..PublicQuestion::new(state, question)
        };
        Self {
            shared,
            reason: question.reason.as_ref(),
        }
    }
}

/// A question as moderators see it. Of the asker only a pseudonym.
#[derive(Debug, Serialize)]
pub(crate) struct ModeratedQuestion<'a> {
    #[serde(flatten)]
    shared: PublicQuestion,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    original: Option<&'a str>,
    show_name: bool,
    asker: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    programme_at: Option<UnixMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a Decline>,
}

impl<'a> ModeratedQuestion<'a> {
    pub(crate) fn new(state: &State, question: &'a Question) -> Self {
        Self {
            shared: PublicQuestion {
                name: question.name.clone(),
                ..PublicQuestion::new(state, question)
            },
            version: question.version,
            original: question.original.as_deref(),
            show_name: question.show_name,
            asker: question.author.participant.pseudonym(),
            room: question.author.room.as_ref().map(|site| site.as_str()),
            programme_at: question.programme_at,
            by: question.by.as_deref(),
            reason: question.reason.as_ref(),
        }
    }
}

/// The state of the queue as everybody sees it.
#[derive(Debug, Serialize)]
pub(crate) struct QueueView {
    open: bool,
    moderation: Moderation,
    max_length: usize,
    asked: u64,
    answered: u64,
}

impl QueueView {
    pub(crate) fn new(state: &State) -> Self {
        Self {
            open: state.policy().open,
            moderation: state.policy().moderation,
            max_length: state.policy().max_length,
            asked: state.balance().asked(),
            answered: state.balance().answered(),
        }
    }
}

/// What the asker alone is told over HTTP.
#[derive(Debug, Serialize)]
pub(crate) struct StatusView<'a> {
    state: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a Decline>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_at: Option<UnixMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replay_url: Option<String>,
}

impl<'a> StatusView<'a> {
    /// None unless `who` asked it.
    pub(crate) fn new(
        state: &'a State,
        id: QuestionId,
        who: ParticipantId,
        event: &str,
    ) -> Option<Self> {
        let question = state
            .question(id)
            .filter(|question| question.author.participant == who)?;
        let answered_at = PublicQuestion::new(state, question).answered_at;
        let replay_url = answered_at.map(|_| format!("/e/{event}/replay/#q={id}"));
        Some(Self {
            state: question.standing,
            reason: question.reason.as_ref(),
            answered_at,
            replay_url,
        })
    }
}

#[derive(Debug, Default, Serialize)]
struct Share {
    asked: u64,
    approved: u64,
    aired: u64,
}

/// Counts by site, public and theme.
pub(crate) fn balance(balance: &Balance) -> impl Serialize + use<> {
    let on = |axis| -> BTreeMap<String, Share> {
        let counts = balance.on(axis);
        let share = |(id, c): (&str, pleniere_moderation_core::Counts)| {
            (
                id.to_owned(),
                Share {
                    asked: c.asked,
                    approved: c.approved,
                    aired: c.aired,
                },
            )
        };
        counts.map(share).collect()
    };
    BTreeMap::from([
        ("site", on(Axis::Site)),
        ("public", on(Axis::Public)),
        ("theme", on(Axis::Theme)),
    ])
}
