//! Words to tell a story with: given a queue, when somebody does something, then this follows.

use std::collections::{BTreeMap, BTreeSet};

use pleniere_moderation_core::{
    Actor, Ask, Audience, Catalogue, Change, Command, Decline, DeclineCode, ParticipantId, Policy,
    PublicId, QuestionId, Rejection, SiteId, Staff, State, ThemeId, UnixMs, apply, decide,
};

pub const Q1: QuestionId = QuestionId(1);
pub const Q2: QuestionId = QuestionId(2);
pub const Q3: QuestionId = QuestionId(3);

pub fn person(n: u8) -> Actor {
    Actor::Participant(ParticipantId([n; 16]))
}

pub fn room(site: &str) -> Actor {
    Actor::Room {
        site: SiteId::new(site).unwrap(),
        participant: ParticipantId([200; 16]),
    }
}

pub fn staff(id: &str, name: &str) -> Actor {
    Actor::Moderator(Staff {
        id: id.to_owned(),
        name: name.to_owned(),
    })
}

pub fn anne() -> Actor {
    staff("a1", "Anne")
}

pub fn catalogue() -> Catalogue {
    Catalogue {
        themes: BTreeSet::from([ThemeId::new("egalite").unwrap()]),
        publics: BTreeSet::from([PublicId::new("eleves").unwrap()]),
        sites: BTreeSet::from([SiteId::new("nancy").unwrap(), SiteId::new("reims").unwrap()]),
        rooms: [("nancy", "Salle de Nancy"), ("reims", "Salle de Reims")]
            .map(|(id, name)| (SiteId::new(id).unwrap(), BTreeSet::from([name.to_owned()])))
            .into(),
        reserved: BTreeSet::from(["Présidence".to_owned()]),
        sessions: BTreeMap::new(),
    }
}

pub fn ask(text: &str) -> Command {
    Command::Ask(Ask {
        text: text.to_owned(),
        ..Ask::default()
    })
}

/// A queue and its clock.
pub struct Story {
    pub state: State,
    pub policy: Policy,
    pub now: i64,
}

impl Story {
    /// A queue under the default rules, without slow mode unless the policy says so.
    pub fn new() -> Self {
        Self::under(Policy {
            slow_mode_ms: 0,
            per_person_per_min: 0,
            ..Policy::default()
        })
    }

    pub fn under(policy: Policy) -> Self {
        Self {
            state: State::new(policy.clone(), catalogue()),
            policy,
            now: 1_000,
        }
    }

    /// Does it at the present moment; then the clock moves on by a millisecond.
    pub fn when(&mut self, actor: &Actor, command: Command) -> Result<Vec<Change>, Rejection> {
        let events = decide(&self.state, command, actor, UnixMs(self.now))?;
        self.now += 1;
        events
            .iter()
            .for_each(|event| apply(&mut self.state, event));
        Ok(events.into_iter().map(|event| event.change).collect())
    }

    /// A moderator's command on a question as it is now.
    pub fn moderate(
        &mut self,
        id: u64,
        command: fn(QuestionId, u64) -> Command,
    ) -> Result<Vec<Change>, Rejection> {
        let id = QuestionId(id);
        let version = self
            .state
            .question(id)
            .map_or(0, |question| question.version);
        self.when(&anne(), command(id, version))
    }

    /// Questions asked by different people and approved.
    pub fn with_approved(mut self, count: u8) -> Self {
        for n in 1..=count {
            self.when(&person(n), ask(&format!("Question {n}")))
                .unwrap();
            self.moderate(n.into(), approve).unwrap();
        }
        self
    }

    pub fn staged(&self) -> Vec<u64> {
        self.state.stage().iter().map(|id| id.0).collect()
    }
}

/// A moderator's command that needs more than the question's id and version.
pub fn decide_all(
    story: &mut Story,
    question: QuestionId,
    command: impl Fn(QuestionId, u64) -> Command,
) -> Result<Vec<Change>, Rejection> {
    let version = story.state.question(question).map_or(0, |q| q.version);
    story.when(&anne(), command(question, version))
}

pub fn approve(question: QuestionId, version: u64) -> Command {
    Command::Approve { question, version }
}

pub fn stage(question: QuestionId, version: u64) -> Command {
    Command::Stage { question, version }
}

pub fn air(question: QuestionId, version: u64) -> Command {
    Command::Air { question, version }
}

pub fn off_air(question: QuestionId, version: u64) -> Command {
    Command::OffAir { question, version }
}

pub fn answer(question: QuestionId, version: u64) -> Command {
    Command::Answer {
        question,
        version,
        written: None,
        to: Audience::All,
    }
}

pub fn reopen(question: QuestionId, version: u64) -> Command {
    Command::Reopen { question, version }
}

pub fn hold(question: QuestionId, version: u64) -> Command {
    Command::Hold {
        question,
        version,
        text: None,
    }
}

pub fn reject(question: QuestionId, version: u64) -> Command {
    decline(question, version, DeclineCode::OffTopic)
}

pub fn unlawful(question: QuestionId, version: u64) -> Command {
    decline(question, version, DeclineCode::Unlawful)
}

fn decline(question: QuestionId, version: u64, code: DeclineCode) -> Command {
    let reason = Decline {
        code,
        text: None,
        see: None,
    };
    Command::Decline {
        question,
        version,
        reason,
    }
}

pub fn defer(question: QuestionId, version: u64) -> Command {
    Command::Defer {
        question,
        version,
        to: "Mme Roux".to_owned(),
    }
}

pub fn restore(question: QuestionId, version: u64) -> Command {
    Command::Restore { question, version }
}
