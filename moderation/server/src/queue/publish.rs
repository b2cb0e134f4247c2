//! Carries changes of the state into the topics: `public`, `moderation`, `stage` and one `mine` per participant who
//! looks. Votes are gathered and told at a pace; everything else at once.

use std::collections::{BTreeSet, HashMap};

use pleniere_moderation_core::{
    Actor, Change, Event, ParticipantId, Question, QuestionId, Standing, State,
};
use tokio::runtime::Handle;

use crate::{
    access::Role,
    topic::{Hub, Readers, Topic},
    views::{self, ModeratedQuestion, OwnQuestion, PublicQuestion, QueueView},
};

/// How often the public view is told at most.
const PUBLIC_HZ: f32 = 5.0;

pub(super) struct Views {
    event: String,
    runtime: Handle,
    public: Topic,
    moderation: Topic,
    stage: Topic,
    /// Topics of participants, as long as somebody reads them.
    mine: HashMap<ParticipantId, Topic>,
    /// `mine` is swept of unread topics when it reaches this many.
    sweep_at: usize,
    /// Questions whose votes changed and were not told yet.
    voted: BTreeSet<QuestionId>,
}

impl Views {
    pub(super) fn new(event: String, hub: &Hub) -> Self {
        let staff = [Role::Moderator, Role::Director];
        let stage = [Role::Stage, Role::Moderator, Role::Director];
        Self {
            event,
            runtime: hub.runtime().clone(),
            public: hub.topic("public", Readers::everybody(), Some(PUBLIC_HZ)),
            moderation: hub.topic("moderation", Readers::roles(&staff), None),
            stage: hub.topic("stage", Readers::roles(&stage), None),
            mine: HashMap::new(),
            sweep_at: 1024,
            voted: BTreeSet::new(),
        }
    }

    pub(super) fn event(&self) -> &str {
        &self.event
    }

    pub(super) fn moderation(&self) -> &Topic {
        &self.moderation
    }

    /// Makes every topic say what the state says: at start, and after the state was taken back.
    pub(super) fn rebuild(&mut self, state: &State) {
        self.publish(
            state,
            &state.questions().map(|question| question.id).collect(),
        );
        let people: Vec<_> = self.mine.keys().copied().collect();
        for person in people {
            self.refresh_mine(state, person);
        }
    }

    /// Tells what followed from these events. `staged_before` is the stage list before them.
    pub(super) fn follow(&mut self, state: &State, events: &[Event], staged_before: &[QuestionId]) {
        let mut touched = BTreeSet::new();
        for event in events {
            if event.change.is_vote() {
                self.voted.extend(event.change.question());
                if let Actor::Participant(voter)
                | Actor::Room {
                    participant: voter, ..
                } = &event.by
                {
                    self.tell_votes(state, *voter);
                }
            } else {
                touched.extend(event.change.question());
            }
        }
        if staged_before != state.stage() {
            // Ranks shift for others too; a value that stays the same is not told.
            touched.extend(staged_before);
            touched.extend(state.stage());
        }
        let rules = events.iter().any(|event| {
            matches!(
                event.change,
                Change::PolicySet { .. } | Change::SessionNoted { .. }
            )
        });
        if rules || !touched.is_empty() {
            self.publish(state, &touched);
        }
    }

    /// Tells the votes gathered since.
    pub(super) fn tell_gathered(&mut self, state: &State) {
        let voted = std::mem::take(&mut self.voted);
        if !voted.is_empty() {
            self.publish(state, &voted);
        }
    }

    pub(super) fn has_gathered(&self) -> bool {
        !self.voted.is_empty()
    }

    /// The topic of one participant, filled.
    pub(super) fn mine(&mut self, state: &State, participant: ParticipantId) -> Topic {
        if self.mine.len() >= self.sweep_at {
            self.mine.retain(|_, topic| topic.is_watched());
            self.sweep_at = (self.mine.len() * 2).max(1024);
        }
        if let Some(topic) = self.mine.get(&participant) {
            return topic.clone();
        }
        let topic = Topic::new("mine", Readers::everybody(), None, &self.runtime);
        self.mine.insert(participant, topic.clone());
        self.refresh_mine(state, participant);
        topic
    }

    fn refresh_mine(&self, state: &State, participant: ParticipantId) {
        let Some(topic) = self.mine.get(&participant) else {
            return;
        };
        let empty = pleniere_moderation_core::Person::default();
        let person = state.person(participant).unwrap_or(&empty);
        topic.update(|change| {
            change.set("votes", &state.supports(participant));
            for question in person.questions.iter().filter_map(|id| state.question(*id)) {
                change.set(&key(question.id), &OwnQuestion::new(state, question));
            }
        });
    }

    fn tell_votes(&self, state: &State, voter: ParticipantId) {
        if let Some(topic) = self.mine.get(&voter) {
            topic.set("votes", &state.supports(voter));
        }
    }

    fn publish(&mut self, state: &State, touched: &BTreeSet<QuestionId>) {
        let questions: Vec<&Question> = touched
            .iter()
            .filter_map(|id| state.question(*id))
            .collect();
        let gone: Vec<String> = touched
            .iter()
            .filter(|id| state.question(**id).is_none())
            .map(|id| key(*id))
            .collect();
        let queue = QueueView::new(state);
        self.public.update(|change| {
            change.set("queue", &queue);
            gone.iter().for_each(|key| change.unset(key));
            for question in &questions {
                if question.is_public() {
                    change.set(&key(question.id), &PublicQuestion::new(state, question));
                } else {
                    change.unset(&key(question.id));
                }
            }
        });
        self.moderation.update(|change| {
            change.set("queue", &queue);
            change.set("balance", &views::balance(state.balance()));
            gone.iter().for_each(|key| change.unset(key));
            for question in &questions {
                if question.standing == Standing::Withdrawn {
                    change.unset(&key(question.id));
                } else {
                    change.set(&key(question.id), &ModeratedQuestion::new(state, question));
                }
            }
        });
        self.stage.update(|change| {
            gone.iter().for_each(|key| change.unset(key));
            for question in &questions {
                if matches!(
                    question.standing,
                    Standing::Approved | Standing::Staged | Standing::OnAir
                ) {
                    change.set(&key(question.id), &PublicQuestion::new(state, question));
                } else {
                    change.unset(&key(question.id));
                }
            }
        });
        for question in &questions {
            if let Some(topic) = self.mine.get(&question.author.participant) {
                topic.set(&key(question.id), &OwnQuestion::new(state, question));
            }
        }
    }
}

fn key(id: QuestionId) -> String {
    format!("q/{id}")
}
