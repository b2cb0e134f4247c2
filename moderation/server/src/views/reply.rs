//! What the sender of a command is answered, and what somebody refused should have known.

use std::sync::Arc;

use pleniere_moderation_core::{
    Actor, Banning, Change, Command, Event, Hand, HandId, ParticipantId, QuestionId, Standing,
    State, UnixMs,
};
use serde_json::{Value, json};

use super::{ModeratedHand, ModeratedQuestion, PublicQuestion};

/// What a command is about, kept beside it while it is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum About {
    Question(QuestionId),
    Hand(HandId),
    /// The sender's own hand.
    OwnHand(ParticipantId),
    /// Somebody, by pseudonym.
    Person(String),
    /// The rules, or what only the events will tell.
    Nothing,
}

impl About {
    pub(crate) fn new(command: &Command, actor: &Actor) -> Self {
        match command {
            Command::RaiseHand(_) | Command::LowerHand | Command::HandReady => {
                actor.participant().map_or(Self::Nothing, Self::OwnHand)
            }
            Command::CallHand { hand, .. }
            | Command::DismissHand { hand, .. }
            | Command::HandSpeaking { hand, .. }
            | Command::HandDone { hand, .. }
            | Command::MoveHand { hand, .. } => Self::Hand(*hand),
            Command::Unban { asker }
            | Command::Ban {
                who: Banning::Pseudonym(asker),
                ..
            } => Self::Person(asker.clone()),
            command => command.question().map_or(Self::Nothing, Self::Question),
        }
    }

    /// The answer to a command that was done and led to these events.
    pub(crate) fn answer(&self, state: &State, events: &[Event]) -> Arc<str> {
        Arc::from(self.value(state, events).to_string())
    }

    fn value(&self, state: &State, events: &[Event]) -> Value {
        for event in events {
            match &event.change {
                Change::Banned {
                    participant, until, ..
                } => return person(&participant.pseudonym(), *until),
                Change::Asked { question, .. } => return asked(state, *question),
                Change::Voted { question } | Change::Unvoted { question } => {
                    let votes = state.question(*question).map(|question| question.votes());
                    return json!({ "question": question, "votes": votes });
                }
                Change::Undone { question, act } => {
                    let mut value = changed(state, *question);
                    value["undone"] = json!(act.as_str());
                    return value;
                }
                _ => {}
            }
        }
        match self {
            Self::Question(id) => claimed(state, *id, events),
            Self::Hand(id) => hand(state, *id),
            Self::OwnHand(who) => {
                let own = state.hand_of(*who);
                let value = |own: &Hand| {
                    let mut value = hand(state, own.id);
                    if let Some(name) = &own.name {
                        value["name"] = json!(name);
                    }
                    value
                };
                own.map_or_else(|| json!({}), value)
            }
            Self::Person(asker) => person(asker, None),
            Self::Nothing => {
                let last = events
                    .iter()
                    .rev()
                    .find_map(|event| event.change.question());
                last.map_or_else(|| json!({}), |id| changed(state, id))
            }
        }
    }
}

/// Quarantine is not told to who asks.
fn asked(state: &State, id: QuestionId) -> Value {
    let standing = state.question(id).map(|question| question.standing);
    let standing = standing.map(super::question::told);
    json!({ "id": id, "number": id, "state": standing })
}

fn changed(state: &State, id: QuestionId) -> Value {
    state.question(id).map_or_else(|| json!({}), |question| {
        json!({ "question": id, "version": question.version, "state": question.standing })
    })
}

fn claimed(state: &State, id: QuestionId, events: &[Event]) -> Value {
    let mut value = changed(state, id);
    let until = events.iter().find_map(|event| match event.change {
        Change::Claimed { until, .. } => Some(until),
        _ => None,
    });
    if let Some(until) = until {
        value["until"] = json!(until);
    }
    value
}

fn hand(state: &State, id: HandId) -> Value {
    let Some(hand) = state.hand(id) else {
        return json!({});
    };
    let mut value = json!({ "hand": id, "version": hand.version, "state": hand.standing });
    if let Some(place) = state.place(id) {
        value["place"] = json!(place);
    }
    value
}

fn person(asker: &str, until: Option<UnixMs>) -> Value {
    let mut value = json!({ "asker": asker });
    if let Some(until) = until {
        value["until"] = json!(until);
    }
    value
}

/// What it is about as it is now, as far as whoever was refused may see it.
pub(crate) fn current(state: &State, about: &About, actor: &Actor, now: UnixMs) -> Option<Value> {
    let staff = actor.staff().is_some();
    match about {
        About::Question(id) => {
            let question = state.question(*id)?;
            if staff && question.standing != Standing::Withdrawn {
                return serde_json::to_value(ModeratedQuestion::new(state, question, now)).ok();
            }
            let public = question.is_public();
            let value = public.then(|| serde_json::to_value(PublicQuestion::new(state, question)));
            value?.ok()
        }
        About::Hand(id) if staff => {
            serde_json::to_value(ModeratedHand::new(state, state.hand(*id)?)).ok()
        }
        _ => None,
    }
}
