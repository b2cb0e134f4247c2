//! Carries changes of the state into the topics: `public`, `moderation`, `stage`, `journal` and one `mine` per
//! participant who looks. Votes and counts are gathered and told at a pace; everything else at once.

mod mine;
mod shown;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use pleniere_moderation_core::{
    Act, Change, Event, HandId, HandStanding, ParticipantId, Question, QuestionId, Standing, State,
    UnixMs,
};
use serde_json::json;

use crate::{
    access::Role,
    history::History,
    journal::{Journal, JournalError},
    live::Live,
    similar::Known,
    topic::{Hub, Readers, Topic},
    views::{
        BanView, ModeratedHand, ModeratedQuestion, PolicyView, PublicQuestion, QueueView,
        StageHand, balance, next,
    },
};

use super::now;
use mine::Mine;
use shown::Shown;

/// How often the public view is told at most.
const PUBLIC_HZ: f32 = 5.0;
/// How long the end of a ban is slept towards at a time: the wall clock, by which it ends, may be set meanwhile.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

pub(super) struct Views {
    event: String,
    live: Arc<Live>,
    public: Topic,
    moderation: Topic,
    stage: Topic,
    mine: Mine,
    shown: Shown,
    /// Questions whose votes changed and were not told yet.
    voted: BTreeSet<QuestionId>,
    /// Counts may have changed and were not told yet.
    counted: bool,
    told: Told,
}

/// What was told last of things that change without being named by an event.
#[derive(Default)]
struct Told {
    stage: Vec<QuestionId>,
    on_air: Option<QuestionId>,
    line: Vec<HandId>,
    /// What each merged question was merged into.
    into: BTreeMap<QuestionId, QuestionId>,
    bans: BTreeMap<ParticipantId, Option<UnixMs>>,
    young: bool,
}

impl Views {
    /// `connections_per_address`: see [`Live::new`].
    pub(super) fn new(
        event: String,
        hub: &Hub,
        journal: Arc<dyn Journal>,
        connections_per_address: u32,
    ) -> Self {
        let staff = [Role::Moderator, Role::Director];
        let stage = [Role::Stage, Role::Moderator, Role::Director];
        let told = hub.topic("journal", Readers::roles(&staff), None);
        Self {
            event,
            live: Live::new(History::new(told, journal), connections_per_address),
            public: hub.topic("public", Readers::everybody(), Some(PUBLIC_HZ)),
            moderation: hub.topic("moderation", Readers::roles(&staff), None),
            stage: hub.topic("stage", Readers::roles(&stage), None),
            mine: Mine::new(hub.runtime().clone()),
            shown: Shown::default(),
            voted: BTreeSet::new(),
            counted: false,
            told: Told::default(),
        }
    }

    pub(super) fn event(&self) -> &str {
        &self.event
    }

    pub(super) fn moderation(&self) -> &Topic {
        &self.moderation
    }

    pub(super) fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// Makes every topic say what the state says and nothing of what was there `before`: at start, and after the state
    /// was taken back.
    pub(super) fn rebuild(&mut self, state: &State, before: &State) {
        let both = state.questions().chain(before.questions());
        self.publish(state, both.map(|question| question.id).collect());
        let both = state.hands().chain(before.hands());
        self.publish_hands(state, &both.map(|hand| hand.id).collect());
        self.tell_bans(state);
        self.tell_rules(state);
        self.tell_counts(state);
        self.mine.refresh(state, before);
    }

    /// Fills the topic `journal` with the latest of these rows.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub(super) async fn recall(&self, acts: &[u64]) -> Result<(), JournalError> {
        self.live.history.recall(acts).await
    }

    /// Tells what followed from these events; `first` is the number of the first one's row, the others follow.
    pub(super) fn follow(&mut self, state: &State, first: u64, events: &[Event]) {
        let mut touched = BTreeSet::new();
        let mut hands = BTreeSet::new();
        for event in events {
            self.follow_one(state, event, &mut touched, &mut hands);
        }
        self.counted |= !events.is_empty();
        if self.told.stage != state.stage() {
            // Ranks shift for others too; a value that stays the same is not told.
            touched.extend(std::mem::take(&mut self.told.stage));
            touched.extend(state.stage());
        }
        if self.told.on_air != state.on_air() {
            touched.extend([self.told.on_air, state.on_air()].into_iter().flatten());
        }
        if self.told.line != state.line() {
            hands.extend(std::mem::take(&mut self.told.line));
            hands.extend(state.line());
        }
        if !touched.is_empty() {
            self.publish(state, touched);
        }
        if !hands.is_empty() {
            self.publish_hands(state, &hands);
        }
        self.live.history.follow(first, events);
    }

    fn follow_one(
        &mut self,
        state: &State,
        event: &Event,
        touched: &mut BTreeSet<QuestionId>,
        hands: &mut BTreeSet<HandId>,
    ) {
        let change = &event.change;
        hands.extend(change.hand());
        match change {
            Change::Voted { question } | Change::Unvoted { question } => {
                self.voted.insert(*question);
                if matches!(change, Change::Unvoted { .. }) {
                    united(state, *question, &mut self.voted);
                }
                if let Some(voter) = event.by.participant() {
                    self.mine.tell_votes(state, voter);
                }
                return;
            }
            Change::Merged { .. }
            | Change::Unmerged { .. }
            | Change::Undone {
                act: Act::Merge | Act::Unmerge,
                ..
            } => self.mine.tell_all_votes(state),
            Change::Banned { participant, .. } | Change::Unbanned { participant } => {
                self.tell_bans(state);
                self.mine.tell_ban(state, *participant);
                touched.extend(asked_by(state, *participant));
            }
            Change::PolicySet { .. }
            | Change::SessionPolicySet { .. }
            | Change::SessionNoted { .. } => {
                if self.told.young != state.policy().young {
                    touched.extend(state.questions().map(|question| question.id));
                    hands.extend(state.hands().map(|hand| hand.id));
                }
                self.tell_rules(state);
                self.tell_counts(state);
                self.mine.tell_all_limits(state);
            }
            Change::Asked { author, .. } => self.mine.tell_limits(state, author.participant),
            _ => {}
        }
        touched.extend(change.question());
    }

    /// Tells the votes and counts gathered since.
    pub(super) fn tell_gathered(&mut self, state: &State) {
        let voted = std::mem::take(&mut self.voted);
        if !voted.is_empty() {
            self.publish(state, voted);
        }
        self.tell_counts(state);
    }

    pub(super) fn has_gathered(&self) -> bool {
        self.counted || !self.voted.is_empty()
    }

    /// How many read the public list.
    pub(super) fn public_readers(&self) -> u32 {
        self.public.readers_now()
    }

    /// The topic of one participant, filled.
    pub(super) fn mine(&mut self, state: &State, participant: ParticipantId) -> Topic {
        self.mine.topic(state, participant)
    }

    /// The same before there is anything to fill it with; the next [`Views::rebuild`] does.
    pub(super) fn mine_unfilled(&mut self, participant: ParticipantId) -> Topic {
        self.mine.unfilled(participant)
    }

    fn tell_counts(&mut self, state: &State) {
        self.counted = false;
        let queue = QueueView::new(state);
        self.public.set("queue", &queue);
        self.moderation.update(|change| {
            change.set("queue", &queue);
            change.set("balance", &balance(state.balance()));
            change.set("next", &next(state.balance()));
        });
    }

    fn tell_rules(&mut self, state: &State) {
        self.told.young = state.policy().young;
        self.live
            .set_per_address(state.policy().per_address_per_min);
        self.moderation.set("policy", &PolicyView::new(state));
        self.stage
            .set("queue", &json!({ "young": state.policy().young }));
    }

    /// How long until a ban that was told ends by itself; none when none does.
    pub(super) fn next_ban_end(&self) -> Option<Duration> {
        let end = self.told.bans.values().flatten().min()?;
        let left = end.0.saturating_sub(now().0);
        Some(Duration::from_millis(u64::try_from(left).unwrap_or(0)).min(LOOK_AGAIN))
    }

    /// Tells that bans have ended, where any have: no event says so.
    pub(super) fn tell_ended_bans(&mut self, state: &State) {
        let now = now();
        let told = self.told.bans.keys().copied();
        let ended: Vec<_> = told.filter(|who| state.ban(*who, now).is_none()).collect();
        if ended.is_empty() {
            return;
        }
        self.tell_bans(state);
        let asked = ended.iter().flat_map(|who| asked_by(state, *who)).collect();
        self.publish(state, asked);
        ended.iter().for_each(|who| self.mine.tell_ban(state, *who));
    }

    fn tell_bans(&mut self, state: &State) {
        let at = now();
        let key = |who: &ParticipantId| format!("ban/{}", who.pseudonym());
        self.moderation.update(|change| {
            self.told
                .bans
                .keys()
                .for_each(|who| change.unset(&key(who)));
            let live = state.bans().filter(|(_, ban)| ban.is_live(at));
            self.told.bans = live
                .map(|(who, ban)| {
                    change.set(&key(&who), &BanView::new(ban));
                    (who, ban.until)
                })
                .collect();
        });
    }

    /// Tells these questions as they are now, and those they are or were united with.
    fn publish(&mut self, state: &State, mut touched: BTreeSet<QuestionId>) {
        self.told.stage = state.stage().to_vec();
        self.told.on_air = state.on_air();
        self.reach(state, &mut touched);
        let questions: Vec<&Question> = touched
            .iter()
            .filter_map(|id| state.question(*id))
            .collect();
        let gone: Vec<QuestionId> = touched
            .iter()
            .copied()
            .filter(|id| state.question(*id).is_none())
            .collect();
        gone.iter().for_each(|id| self.shown.forget(*id));
        questions
            .iter()
            .for_each(|question| self.shown.note(question));
        self.publish_public(state, &questions);
        self.publish_moderation(state, &questions, &gone);
        self.publish_stage(state, &questions, &gone);
        self.mine.tell_questions(state, &touched);
        self.live.similar.tell(
            questions
                .iter()
                .map(|question| (question.id, known(question))),
        );
    }

    /// Adds what the touched questions were merged into and are merged into now: its votes count theirs.
    fn reach(&mut self, state: &State, touched: &mut BTreeSet<QuestionId>) {
        let mut waiting: Vec<QuestionId> = touched.iter().copied().collect();
        while let Some(id) = waiting.pop() {
            let merging = state
                .question(id)
                .and_then(|question| question.merging.as_ref());
            let now = merging.map(|merging| merging.into);
            let before = match now {
                Some(now) => self.told.into.insert(id, now),
                None => self.told.into.remove(&id),
            };
            let targets = [before, now].into_iter().flatten();
            waiting.extend(targets.filter(|target| touched.insert(*target)));
        }
    }

    fn publish_public(&mut self, state: &State, questions: &[&Question]) {
        let turn = self.shown.turn();
        let (public, shown) = (&self.public, &self.shown);
        public.update(|change| {
            turn.gone.iter().for_each(|id| change.unset(&key(*id)));
            let come = turn.come.iter().filter_map(|id| state.question(*id));
            let here = questions
                .iter()
                .copied()
                .filter(|question| shown.has(question.id));
            for question in come.chain(here) {
                change.set(&key(question.id), &PublicQuestion::new(state, question));
            }
        });
    }

    fn publish_moderation(&self, state: &State, questions: &[&Question], gone: &[QuestionId]) {
        let now = now();
        self.moderation.update(|change| {
            gone.iter().for_each(|id| change.unset(&key(*id)));
            for question in questions {
                let key = key(question.id);
                if question.standing == Standing::Withdrawn {
                    change.unset(&key);
                } else {
                    change.set(&key, &ModeratedQuestion::new(state, question, now));
                }
            }
        });
    }

    fn publish_stage(&self, state: &State, questions: &[&Question], gone: &[QuestionId]) {
        let shows = |standing| {
            matches!(
                standing,
                Standing::Approved | Standing::Staged | Standing::OnAir
            )
        };
        self.stage.update(|change| {
            gone.iter().for_each(|id| change.unset(&key(*id)));
            for question in questions {
                if shows(question.standing) {
                    change.set(&key(question.id), &PublicQuestion::new(state, question));
                } else {
                    change.unset(&key(question.id));
                }
            }
        });
    }

    /// Tells these hands as they are now. Those taken down leave; those that spoke or were not taken stay to be read.
    fn publish_hands(&mut self, state: &State, touched: &BTreeSet<HandId>) {
        self.told.line = state.line().to_vec();
        let key = |id: &HandId| format!("hand/{id}");
        let up = |id: &HandId| {
            state
                .hand(*id)
                .filter(|hand| hand.standing != HandStanding::Lowered)
        };
        self.moderation.update(|change| {
            for id in touched {
                match up(id) {
                    Some(hand) => change.set(&key(id), &ModeratedHand::new(state, hand)),
                    None => change.unset(&key(id)),
                }
            }
        });
        self.stage.update(|change| {
            for id in touched {
                match up(id).filter(|hand| StageHand::shows(hand)) {
                    Some(hand) => change.set(&key(id), &StageHand::new(state, hand)),
                    None => change.unset(&key(id)),
                }
            }
        });
        self.mine.tell_hands(state, touched);
    }
}

/// Adds the questions merged into this one, and into those.
fn united(state: &State, id: QuestionId, all: &mut BTreeSet<QuestionId>) {
    let merged = state.question(id).map(|question| &question.merged);
    for id in merged.into_iter().flatten() {
        all.insert(*id);
        united(state, *id, all);
    }
}

fn asked_by(state: &State, who: ParticipantId) -> impl Iterator<Item = QuestionId> {
    let person = state.person(who);
    person
        .into_iter()
        .flat_map(|person| person.questions.iter().copied())
}

/// What the index of similar questions should know of it. What was united is found as what it was united with.
fn known(question: &Question) -> Option<Known> {
    let found = !matches!(question.standing, Standing::Withdrawn | Standing::Merged);
    found.then(|| Known {
        text: question.text.clone(),
        state: question.standing,
        votes: question.votes(),
        public: question.is_public(),
    })
}

fn key(id: QuestionId) -> String {
    format!("q/{id}")
}
