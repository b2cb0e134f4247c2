//! The topics `mine`: what each participant who looks is told of their own questions, votes, hand and limits.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use pleniere_moderation_core::{HandId, ParticipantId, QuestionId, State};
use tokio::runtime::Handle;

use super::{key, united};
use crate::{
    queue::now,
    topic::{Map, Readers, Topic, Update},
    views::{OwnBan, OwnHand, OwnLimits, OwnQuestion},
};

/// Topics before those nobody reads are swept for the first time.
const SWEEP_AT: usize = 1024;

pub(super) struct Mine {
    runtime: Handle,
    everybody: Arc<Readers>,
    /// As long as somebody reads them.
    topics: HashMap<ParticipantId, Topic>,
    sweep_at: usize,
    /// What all are told who have not done anything yet: most.
    common: Arc<Map>,
}

impl Mine {
    pub(super) fn new(runtime: Handle) -> Self {
        Self {
            runtime,
            everybody: Readers::everybody().into(),
            topics: HashMap::new(),
            sweep_at: SWEEP_AT,
            common: Arc::default(),
        }
    }

    /// The topic of one participant, filled.
    pub(super) fn topic(&mut self, state: &State, who: ParticipantId) -> Topic {
        let topic = self.unfilled(who);
        fill(&topic, state, who);
        if state.person(who).is_none() {
            topic.share(&mut self.common);
        }
        topic
    }

    /// The topic of one participant as it is.
    pub(super) fn unfilled(&mut self, who: ParticipantId) -> Topic {
        if self.topics.len() >= self.sweep_at {
            self.topics.retain(|_, topic| topic.is_watched());
            self.sweep_at = (self.topics.len() * 2).max(SWEEP_AT);
        }
        let make = || Topic::new("mine", Arc::clone(&self.everybody), None, &self.runtime);
        self.topics.entry(who).or_insert_with(make).clone()
    }

    /// Makes every topic say what the state says and nothing of what was there `before`.
    pub(super) fn refresh(&self, state: &State, before: &State) {
        for (who, topic) in &self.topics {
            let asked = before.person(*who).map(|person| &person.questions);
            let gone = asked
                .into_iter()
                .flatten()
                .filter(|id| state.question(**id).is_none());
            topic.update(|change| gone.for_each(|id| change.unset(&key(*id))));
            fill(topic, state, *who);
        }
    }

    pub(super) fn tell_votes(&self, state: &State, who: ParticipantId) {
        if let Some(topic) = self.topics.get(&who) {
            topic.set("votes", &state.supports(who));
        }
    }

    /// Uniting questions changes what people support.
    pub(super) fn tell_all_votes(&self, state: &State) {
        for (who, topic) in &self.topics {
            if state.person(*who).is_some() {
                topic.set("votes", &state.supports(*who));
            }
        }
    }

    pub(super) fn tell_limits(&self, state: &State, who: ParticipantId) {
        if let Some(topic) = self.topics.get(&who) {
            topic.set("limits", &OwnLimits::new(state, who));
        }
    }

    pub(super) fn tell_all_limits(&mut self, state: &State) {
        for (who, topic) in &self.topics {
            topic.set("limits", &OwnLimits::new(state, *who));
            if state.person(*who).is_none() {
                topic.share(&mut self.common);
            }
        }
    }

    pub(super) fn tell_ban(&self, state: &State, who: ParticipantId) {
        if let Some(topic) = self.topics.get(&who) {
            topic.set("banned", &OwnBan::new(state, who, now()));
        }
    }

    pub(super) fn tell_hands(&self, state: &State, touched: &BTreeSet<HandId>) {
        for hand in touched.iter().filter_map(|id| state.hand(*id)) {
            let who = hand.author.participant;
            if let Some(topic) = self.topics.get(&who) {
                topic.update(|change| tell_hand(change, state, who));
            }
        }
    }

    /// Tells their askers, and the askers of what was merged into them.
    pub(super) fn tell_questions(&self, state: &State, touched: &BTreeSet<QuestionId>) {
        if self.topics.is_empty() {
            return;
        }
        let mut all = touched.clone();
        touched.iter().for_each(|id| united(state, *id, &mut all));
        for question in all.iter().filter_map(|id| state.question(*id)) {
            if let Some(topic) = self.topics.get(&question.author.participant) {
                topic.set(&key(question.id), &OwnQuestion::new(state, question));
            }
        }
    }
}

fn fill(topic: &Topic, state: &State, who: ParticipantId) {
    topic.update(|change| {
        change.set("votes", &state.supports(who));
        change.set("limits", &OwnLimits::new(state, who));
        change.set("banned", &OwnBan::new(state, who, now()));
        tell_hand(change, state, who);
        let asked = state.person(who).map(|person| &person.questions);
        for question in asked
            .into_iter()
            .flatten()
            .filter_map(|id| state.question(*id))
        {
            change.set(&key(question.id), &OwnQuestion::new(state, question));
        }
    });
}

fn tell_hand(change: &mut Update<'_>, state: &State, who: ParticipantId) {
    change.set(
        "hand",
        &state.hand_of(who).map(|hand| OwnHand::new(state, hand)),
    );
}
