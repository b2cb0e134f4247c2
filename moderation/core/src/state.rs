//! The state of the queue: every question in exactly one standing, the stage list, what is on air, who voted, whose
//! hand is up, who is banned, and the rules in force.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    balance::Balance,
    hand::Hand,
    id::{HandId, ParticipantId, QuestionId, SessionId, UnixMs},
    imitation::Reserved,
    person::{Ban, Person},
    policy::{Catalogue, Policy, PolicyPatch},
    question::Question,
    undo::UndoStacks,
};

/// The whole queue of one event. A clone shares nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub(crate) rules: Rules,
    pub(crate) catalogue: Catalogue,
    pub(crate) reserved: Reserved,
    pub(crate) questions: BTreeMap<QuestionId, Question>,
    pub(crate) people: BTreeMap<ParticipantId, Person>,
    pub(crate) stage: Vec<QuestionId>,
    pub(crate) on_air: Option<QuestionId>,
    pub(crate) balance: Balance,
    pub(crate) claimed: BTreeSet<QuestionId>,
    pub(crate) hands: BTreeMap<HandId, Hand>,
    pub(crate) line: Vec<HandId>,
    /// How many hands are open.
    pub(crate) up: usize,
    pub(crate) bans: BTreeMap<ParticipantId, Ban>,
    pub(crate) undo: UndoStacks,
}

/// The rules in force and what they are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    /// As the event file has them.
    file: Policy,
    /// What was changed live.
    pub(crate) live: PolicyPatch,
    /// The session that runs.
    pub(crate) session: Option<SessionId>,
    /// What was changed live since it began, or since its own rules were: it holds against these.
    pub(crate) since: PolicyPatch,
    /// What is kept for each session: what the event file says, or what moderators made of it.
    pub(crate) sessions: BTreeMap<SessionId, PolicyPatch>,
    /// Sessions whose rules moderators changed or took away: what the event file says of them holds no more.
    pub(crate) changed: BTreeSet<SessionId>,
    pub(crate) now: Policy,
}

impl Rules {
    pub(crate) fn new(file: Policy, sessions: BTreeMap<SessionId, PolicyPatch>) -> Self {
        let now = file.with(&PolicyPatch::default());
        Self {
            file,
            live: PolicyPatch::default(),
            session: None,
            since: PolicyPatch::default(),
            sessions,
            changed: BTreeSet::new(),
            now,
        }
    }

    /// What is kept for a session.
    pub(crate) fn of(&self, session: &SessionId) -> PolicyPatch {
        self.sessions.get(session).cloned().unwrap_or_default()
    }

    pub(crate) fn refresh(&mut self) {
        let own = self.session.as_ref().map(|session| self.of(session));
        let over = own.unwrap_or_default().without(&self.since);
        self.now = self.file.with(&self.live.then(&over));
    }
}

impl State {
    /// An empty queue under these rules.
    pub fn new(policy: Policy, catalogue: Catalogue) -> Self {
        Self {
            rules: Rules::new(policy, catalogue.sessions.clone()),
            reserved: Reserved::new(&catalogue),
            catalogue,
            questions: BTreeMap::new(),
            people: BTreeMap::new(),
            stage: Vec::new(),
            on_air: None,
            balance: Balance::default(),
            claimed: BTreeSet::new(),
            hands: BTreeMap::new(),
            line: Vec::new(),
            up: 0,
            bans: BTreeMap::new(),
            undo: UndoStacks::default(),
        }
    }

    /// The rules in force.
    pub fn policy(&self) -> &Policy {
        &self.rules.now
    }

    /// What is kept for each session: nothing any more for one whose rules were taken away.
    pub fn session_policies(&self) -> &BTreeMap<SessionId, PolicyPatch> {
        &self.rules.sessions
    }

    /// The sessions whose rules are not the event file's any more: they were changed live.
    pub fn sessions_changed(&self) -> &BTreeSet<SessionId> {
        &self.rules.changed
    }

    /// The session that runs.
    pub fn session(&self) -> Option<&SessionId> {
        self.rules.session.as_ref()
    }

    /// What questions may be tagged with.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
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

    /// What a person asked, supports and raised; none if they did nothing yet.
    pub fn person(&self, id: ParticipantId) -> Option<&Person> {
        self.people.get(&id)
    }

    /// Who is heard.
    pub fn balance(&self) -> &Balance {
        &self.balance
    }

    /// Questions somebody claimed, whether or not the claim ended by the clock since.
    pub fn claimed(&self) -> &BTreeSet<QuestionId> {
        &self.claimed
    }

    /// One hand.
    pub fn hand(&self, id: HandId) -> Option<&Hand> {
        self.hands.get(&id)
    }

    /// Every hand, by number.
    pub fn hands(&self) -> impl Iterator<Item = &Hand> {
        self.hands.values()
    }

    /// Hands that wait to be called, first to come first.
    pub fn line(&self) -> &[HandId] {
        &self.line
    }

    /// A raised hand's place in the line, from 1.
    pub fn place(&self, id: HandId) -> Option<usize> {
        let index = self.line.iter().position(|waiting| *waiting == id)?;
        Some(index + 1)
    }

    /// How many hands are up: raised, called, ready or speaking.
    pub fn raised(&self) -> usize {
        self.up
    }

    /// A person's hand: the open one, else the last.
    pub fn hand_of(&self, who: ParticipantId) -> Option<&Hand> {
        self.people
            .get(&who)?
            .hand
            .and_then(|id| self.hands.get(&id))
    }

    /// Everybody who was banned and not let back, whether or not the ban ended by the clock since.
    pub fn bans(&self) -> impl Iterator<Item = (ParticipantId, &Ban)> {
        self.bans.iter().map(|(who, ban)| (*who, ban))
    }

    /// The ban that keeps a person out at wall clock `now`.
    pub fn ban(&self, who: ParticipantId, now: UnixMs) -> Option<&Ban> {
        self.bans.get(&who).filter(|ban| ban.is_live(now))
    }

    /// The question this one was merged into, and that one in turn, to the last; itself when it is not merged.
    pub fn root(&self, id: QuestionId) -> QuestionId {
        let mut root = id;
        while let Some(merging) = self.questions.get(&root).and_then(|q| q.merging.as_ref()) {
            root = merging.into;
        }
        root
    }

    /// How many questions are united in this one, itself not counted.
    pub fn united(&self, id: QuestionId) -> usize {
        let mut count = 0;
        let mut open = vec![id];
        while let Some(question) = open.pop().and_then(|id| self.questions.get(&id)) {
            count += question.merged.len();
            open.extend(&question.merged);
        }
        count
    }

    /// What a person supports as they see it: what they voted for, or what it and their own questions were merged
    /// into.
    pub fn supports(&self, who: ParticipantId) -> BTreeSet<QuestionId> {
        let Some(person) = self.people.get(&who) else {
            return BTreeSet::new();
        };
        let united = |id: &&QuestionId| self.questions.get(id).is_some_and(|q| q.merging.is_some());
        let own = person.questions.iter().filter(united);
        let roots = person.votes.iter().chain(own).map(|id| self.root(*id));
        roots
            .filter(|id| {
                let question = self.questions.get(id);
                question.is_some_and(|question| question.author.participant != who)
            })
            .collect()
    }

    /// When this person may ask again under the slow mode; none when at once, whatever the clock says.
    pub fn next_ask_at(&self, who: ParticipantId) -> Option<UnixMs> {
        let slow = self.policy().slow_mode_ms;
        let last = self.people.get(&who)?.questions.last()?;
        let asked = self.questions.get(last)?;
        let free = slow <= 0 || asked.author.room.is_some();
        (!free).then(|| UnixMs(asked.asked_at.0.saturating_add(slow)))
    }

    /// The number the next question gets.
    pub(crate) fn next_id(&self) -> QuestionId {
        let last = self.questions.last_key_value();
        QuestionId(last.map_or(0, |(last, _)| last.0).saturating_add(1))
    }
}
