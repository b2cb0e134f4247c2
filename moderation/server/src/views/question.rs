//! A question as everybody, its asker and the moderators see it.

use pleniere_moderation_core::{
    Audience, Decline, Hold, Question, QuestionId, Standing, State, UnixMs,
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
    /// The asker's name, if they wanted it shown and the rules let names be seen.
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
    /// The room whose operator asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Where it stands.
    pub state: Standing,
    /// How many support it, and what was united with it.
    pub votes: usize,
    /// Questions united with it, when there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged: Option<usize>,
    /// When it was asked, wall clock.
    pub asked_at: UnixMs,
    /// Its place on the stage list, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank: Option<usize>,
    /// To whom it goes on stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned: Option<Assigned>,
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

/// To whom a question goes on stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assigned {
    /// The speaker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speaker: Option<String>,
    /// The site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
}

impl PublicQuestion {
    pub(crate) fn new(state: &State, question: &Question) -> Self {
        let aired = question.airings.last();
        let answer = question.answer.as_ref();
        Self {
            id: question.id,
            number: question.id.0,
            text: question.text.clone(),
            name: name(state, question).filter(|_| question.show_name),
            public: question.public.as_ref().map(ToString::to_string),
            theme: question.theme.as_ref().map(ToString::to_string),
            site: question.site.as_ref().map(ToString::to_string),
            room: question.author.room.as_ref().map(ToString::to_string),
            state: question.standing,
            votes: question.votes(),
            merged: Some(united(state, question)).filter(|count| *count > 0),
            asked_at: question.asked_at,
            rank: if question.standing == Standing::Staged {
                state.rank(question.id)
            } else {
                None
            },
            assigned: assigned(question),
            air_at: aired.map(|airing| airing.seen_at.unwrap_or(airing.asked_at)),
            answered_at: answered_at(question),
            written: answer.and_then(|answer| answer.written.clone()),
        }
    }
}

fn name(state: &State, question: &Question) -> Option<String> {
    question.name.clone().filter(|_| !state.policy().young)
}

fn assigned(question: &Question) -> Option<Assigned> {
    let to = &question.assigned;
    let assigned = Assigned {
        speaker: to.speaker.clone(),
        site: to.site.as_ref().map(ToString::to_string),
    };
    (assigned.speaker.is_some() || assigned.site.is_some()).then_some(assigned)
}

fn answered_at(question: &Question) -> Option<UnixMs> {
    let answer = question.answer.as_ref()?;
    let aired = question.airings.last();
    let gone = aired
        .filter(|airing| airing.off_asked_at == Some(answer.at))
        .and_then(|airing| airing.gone_at);
    Some(gone.unwrap_or(answer.at))
}

/// Who reads the answer, where there is one to read.
fn audience(question: &Question) -> Option<Audience> {
    let answer = question.answer.as_ref()?;
    answer.written.as_ref().map(|_| answer.to)
}

/// Questions merged into this one, and into those.
fn united(state: &State, question: &Question) -> usize {
    let merged = question.merged.iter().filter_map(|id| state.question(*id));
    merged.map(|merged| 1 + united(state, merged)).sum()
}

/// The state its asker is told: quarantine is not.
pub(super) fn told(standing: Standing) -> Standing {
    if standing == Standing::Held {
        Standing::Received
    } else {
        standing
    }
}

/// What a question was merged into, as the asker of the former sees it.
#[derive(Debug, Serialize)]
struct Into {
    id: QuestionId,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    state: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_at: Option<UnixMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Audience>,
}

impl Into {
    fn new(state: &State, question: &Question) -> Option<Self> {
        question.merging.as_ref()?;
        let target = state.question(state.root(question.id))?;
        let shown = Some(target).filter(|target| target.is_public());
        Some(Self {
            id: target.id,
            text: shown.map(|target| target.text.clone()),
            state: told(target.standing),
            answered_at: shown.and_then(answered_at),
            written: shown.and_then(|target| target.answer.as_ref()?.written.clone()),
            to: audience(target),
        })
    }
}

/// A question as its asker sees it.
#[derive(Debug, Serialize)]
pub(crate) struct OwnQuestion<'a> {
    #[serde(flatten)]
    shared: PublicQuestion,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a Decline>,
    #[serde(skip_serializing_if = "Option::is_none")]
    into: Option<Into>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deferred_to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Audience>,
}

impl<'a> OwnQuestion<'a> {
    pub(crate) fn new(state: &State, question: &'a Question) -> Self {
        Self {
            shared: PublicQuestion {
                name: name(state, question),
                state: told(question.standing),
                ..PublicQuestion::new(state, question)
            },
            reason: question.reason.as_ref(),
            into: Into::new(state, question),
            deferred_to: question.deferred_to.as_deref(),
            to: audience(question),
        }
    }
}

#[derive(Debug, Serialize)]
struct ClaimView<'a> {
    by: &'a str,
    staff: &'a str,
    until: UnixMs,
}

#[derive(Debug, Serialize)]
struct NoteView<'a> {
    by: &'a str,
    at: UnixMs,
    text: &'a str,
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
    asked_from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    programme_at: Option<UnixMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a Decline>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<&'a Hold>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<ClaimView<'a>>,
    /// Replaces the number of united questions by their ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    merged: Option<Vec<QuestionId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    into: Option<QuestionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Standing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<Vec<NoteView<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deferred_to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    banned: Option<bool>,
}

impl<'a> ModeratedQuestion<'a> {
    /// As it is at wall clock `now`, by which claims and bans end.
    pub(crate) fn new(state: &State, question: &'a Question, now: UnixMs) -> Self {
        let merging = question.merging.as_ref();
        let author = question.author.participant;
        Self {
            shared: PublicQuestion {
                name: name(state, question),
                merged: None,
                ..PublicQuestion::new(state, question)
            },
            version: question.version,
            original: question.original.as_deref(),
            show_name: question.show_name,
            asker: author.pseudonym(),
            asked_from: question.lang.as_deref(),
            programme_at: question.programme_at,
            by: question.by.as_deref(),
            reason: question.reason.as_ref(),
            held: question.held.as_ref(),
            claim: claim(question, now),
            merged: Some(question.merged.iter().copied().collect())
                .filter(|ids: &Vec<_>| !ids.is_empty()),
            into: merging.map(|merging| merging.into),
            before: merging.map(|merging| merging.before),
            notes: notes(question),
            deferred_to: question.deferred_to.as_deref(),
            to: audience(question),
            banned: state.ban(author, now).map(|_| true),
        }
    }
}

fn claim(question: &Question, now: UnixMs) -> Option<ClaimView<'_>> {
    question.claim(now).map(|claim| ClaimView {
        by: &claim.by.name,
        staff: claim.by.key(),
        until: claim.until,
    })
}

fn notes(question: &Question) -> Option<Vec<NoteView<'_>>> {
    let notes = question.notes.iter().map(|note| NoteView {
        by: &note.by.name,
        at: note.at,
        text: &note.text,
    });
    Some(notes.collect()).filter(|notes: &Vec<_>| !notes.is_empty())
}

/// What the asker alone is told over HTTP.
#[derive(Debug, Serialize)]
pub(crate) struct StatusView<'a> {
    state: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a Decline>,
    #[serde(skip_serializing_if = "Option::is_none")]
    into: Option<Into>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deferred_to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<&'a str>,
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
        who: pleniere_moderation_core::ParticipantId,
        event: &str,
    ) -> Option<Self> {
        let question = state
            .question(id)
            .filter(|question| question.author.participant == who)?;
        let into = Into::new(state, question);
        // A merged question is answered where the one it was merged into is.
        let (place, merged_at) = match &into {
            Some(into) => (into.id, into.answered_at),
            None => (id, None),
        };
        let answered_at = answered_at(question).or(merged_at);
        let answer = question.answer.as_ref();
        Some(Self {
            state: told(question.standing),
            reason: question.reason.as_ref(),
            into,
            deferred_to: question.deferred_to.as_deref(),
            written: answer.and_then(|answer| answer.written.as_deref()),
            answered_at,
            replay_url: answered_at.map(|_| format!("/e/{event}/replay/#q={place}")),
        })
    }
}
