//! Random lives of a queue: whatever people do, in whatever order, these hold after every step.

use std::collections::{BTreeMap, BTreeSet};

use pleniere_moderation_core::{
    Actor, Axis, Change, Command, Counts, EVENT_VERSION, Fairest, HandStanding, ParticipantId,
    Policy, Question, QuestionId, Standing, State, UnixMs, apply, decide, from_stored, to_stored,
};
use proptest::prelude::*;

use crate::{
    attempts::{Try, resolve, tries},
    given::{anne, approve, ask, catalogue, person, staff, stage},
};

fn policy() -> Policy {
    Policy {
        slow_mode_ms: 3,
        per_person: 4,
        per_person_per_min: 0,
        max_questions: 7,
        ..Policy::default()
    }
}

/// Lists and standings agree: every question and every hand is in exactly one place.
fn check_places(state: &State) -> Result<(), TestCaseError> {
    let standing = |wanted: Standing| -> BTreeSet<QuestionId> {
        let wanted = state.questions().filter(|q| q.standing == wanted);
        wanted.map(|question| question.id).collect()
    };
    let staged: BTreeSet<QuestionId> = state.stage().iter().copied().collect();
    prop_assert_eq!(staged.len(), state.stage().len(), "twice on the stage list");
    prop_assert_eq!(staged, standing(Standing::Staged));
    prop_assert_eq!(
        state.on_air().into_iter().collect::<BTreeSet<_>>(),
        standing(Standing::OnAir)
    );
    for (number, question) in (1..).zip(state.questions()) {
        let is = |standing| question.standing == standing;
        prop_assert_eq!(question.id, QuestionId(number));
        prop_assert_eq!(question.answer.is_some(), is(Standing::Answered));
        prop_assert_eq!(question.reason.is_some(), is(Standing::Declined));
        prop_assert_eq!(question.deferred_to.is_some(), is(Standing::Deferred));
        prop_assert_eq!(question.merging.is_some(), is(Standing::Merged));
        prop_assert!(question.held.is_some() || !is(Standing::Held));
        let open = question.airings.iter();
        let open = open.filter(|airing| airing.off_asked_at.is_none()).count();
        prop_assert_eq!(open, usize::from(is(Standing::OnAir)));
    }
    let hands = |wanted: fn(HandStanding) -> bool| {
        let wanted = state.hands().filter(move |hand| wanted(hand.standing));
        wanted.map(|hand| hand.id).collect::<BTreeSet<_>>()
    };
    let line: BTreeSet<_> = state.line().iter().copied().collect();
    prop_assert_eq!(line, hands(|standing| standing == HandStanding::Raised));
    prop_assert_eq!(state.raised(), hands(HandStanding::is_open).len());
    Ok(())
}

/// Whom a question brings along, counted from the beginning.
fn supporters(state: &State, question: &Question) -> BTreeSet<ParticipantId> {
    let mut all = question.own_votes.clone();
    for id in &question.merged {
        let merged = state.question(*id).unwrap();
        all.extend(supporters(state, merged));
        all.insert(merged.author.participant);
    }
    all.remove(&question.author.participant);
    all
}

/// Votes are what was cast, whatever became of the questions; what is united counts everybody once; and what is
/// merged forms a forest.
fn check_votes(
    state: &State,
    cast: &BTreeSet<(ParticipantId, QuestionId)>,
) -> Result<(), TestCaseError> {
    let votes = |question: &Question| {
        let id = question.id;
        let votes = question.own_votes.iter().map(move |voter| (*voter, id));
        votes.collect::<Vec<_>>()
    };
    let by_question: BTreeSet<_> = state.questions().flat_map(votes).collect();
    prop_assert_eq!(&by_question, cast);
    for (voter, question) in cast {
        let person = state.person(*voter).unwrap();
        prop_assert!(person.votes.contains(question));
    }
    for question in state.questions() {
        let counted = supporters(state, question);
        prop_assert_eq!(question.votes(), counted.len(), "{:?}", question);
        for who in &counted {
            prop_assert!(question.is_supported_by(*who));
            if question.merging.is_none() {
                prop_assert!(state.supports(*who).contains(&question.id));
            }
        }
        for id in &question.merged {
            let into = state.question(*id).unwrap().merging.as_ref().unwrap().into;
            prop_assert_eq!(into, question.id);
        }
        if let Some(merging) = &question.merging {
            let parent = state.question(merging.into).unwrap();
            prop_assert!(parent.merged.contains(&question.id));
        }
        let root = state.question(state.root(question.id)).unwrap();
        prop_assert!(root.merging.is_none());
    }
    Ok(())
}

fn id_on(axis: Axis, question: &Question) -> Option<String> {
    match axis {
        Axis::Site => {
            let site = question.author.room.as_ref().or(question.site.as_ref());
            site.map(ToString::to_string)
        }
        Axis::Public => question.public.as_ref().map(ToString::to_string),
        Axis::Theme => question.theme.as_ref().map(ToString::to_string),
    }
}

fn check_balance(state: &State) -> Result<(), TestCaseError> {
    let counted: Vec<_> = state
        .questions()
        .filter(|question| question.standing != Standing::Withdrawn)
        .collect();
    let mut gaps = Vec::new();
    for axis in [Axis::Site, Axis::Public, Axis::Theme] {
        let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
        for question in &counted {
            let Some(id) = id_on(axis, question) else {
                continue;
            };
            let counts = counts.entry(id).or_default();
            let taken = [
                Standing::Approved,
                Standing::Staged,
                Standing::OnAir,
                Standing::Answered,
            ];
            counts.asked += 1;
            counts.approved += u64::from(taken.contains(&question.standing));
            counts.aired += u64::from(!question.airings.is_empty());
        }
        let kept = state.balance().on(axis);
        let kept: BTreeMap<_, _> = kept.map(|(id, counts)| (id.to_owned(), counts)).collect();
        prop_assert_eq!(&kept, &counts);
        let asked: u64 = counts.values().map(|c| c.asked).sum();
        let aired: u64 = counts.values().map(|c| c.aired).sum();
        let share = |part: u64, whole: u64| (part * 1_000_000).checked_div(whole).unwrap_or(0);
        for (id, counts) in counts {
            let gap = share(counts.asked, asked) as i64 - share(counts.aired, aired) as i64;
            gaps.push((axis, id, gap));
        }
    }
    prop_assert_eq!(state.balance().asked(), counted.len() as u64);
    check_fairest(state, &gaps)
}

/// The suggestion waits to go on air, and nothing that waits is of anything heard less.
fn check_fairest(state: &State, gaps: &[(Axis, String, i64)]) -> Result<(), TestCaseError> {
    let waiting =
        |question: &&Question| matches!(question.standing, Standing::Approved | Standing::Staged);
    let gap = |question: &Question| {
        let of = |(axis, id, _): &&(Axis, String, i64)| id_on(*axis, question).as_ref() == Some(id);
        gaps.iter().filter(of).map(|(.., gap)| *gap).max()
    };
    let widest = state.questions().filter(waiting).filter_map(gap).max();
    let Some(Fairest { question, axis, id }) = state.balance().fairest() else {
        prop_assert_eq!(widest, None);
        return Ok(());
    };
    let chosen = state.question(question).unwrap();
    prop_assert!(waiting(&chosen));
    prop_assert_eq!(id_on(axis, chosen), Some(id));
    prop_assert_eq!(gap(chosen), widest);
    let rivals = state
        .questions()
        .filter(waiting)
        .filter(|q| gap(q) == widest);
    let best = rivals.min_by_key(|q| (std::cmp::Reverse(q.votes()), q.id));
    prop_assert_eq!(best.map(|q| q.id), Some(question));
    Ok(())
}

/// From where it stands something can still be done with every question that was not withdrawn, once claims ended.
fn check_reachable(state: &State) -> Result<(), TestCaseError> {
    for question in state
        .questions()
        .filter(|question| question.standing != Standing::Withdrawn)
    {
        let (question, version) = (question.id, question.version);
        let onward = match state.question(question).unwrap().standing {
            Standing::Received | Standing::Held => Command::Approve { question, version },
            Standing::Approved => Command::Stage { question, version },
            Standing::Staged => Command::Air { question, version },
            Standing::OnAir => Command::OffAir { question, version },
            Standing::Answered => Command::Reopen { question, version },
            Standing::Merged => Command::Unmerge { question, version },
            _ => Command::Restore { question, version },
        };
        let done = decide(state, onward, &staff("zz", "Zoé"), UnixMs(1 << 40));
        prop_assert!(done.is_ok(), "{:?} is stuck", question);
    }
    Ok(())
}

/// Everything about the questions that somebody may see, but for who did what when.
fn visible(state: &State) -> impl PartialEq + std::fmt::Debug + use<> {
    let questions = state.questions().map(|question| {
        let seen = question.clone();
        (
            (seen.id, seen.standing, seen.text, seen.original),
            (seen.public, seen.theme, seen.site, seen.reason),
            (seen.held, seen.deferred_to, seen.merging, seen.assigned),
            (seen.answer, seen.own_votes, seen.merged, question.votes()),
        )
    });
    let questions: Vec<_> = questions.collect();
    (questions, state.stage().to_vec(), state.on_air())
}

/// What was just done can be taken back, and then everything is as it was.
fn check_undo(
    before: &State,
    after: &State,
    actor: &Actor,
    events: &[pleniere_moderation_core::Event],
    now: UnixMs,
) -> Result<(), TestCaseError> {
    let Some(last) = events.last() else {
        return Ok(());
    };
    let undoable = !matches!(
        last.change,
        Change::Undone { .. }
            | Change::Noted { .. }
            | Change::AirSeen { .. }
            | Change::Withdrawn { .. }
    ) && !last.change.is_claim();
    let Some(question) = last.change.question().filter(|_| undoable) else {
        return Ok(());
    };
    if actor.staff().is_none() {
        return Ok(());
    }
    let mut state = after.clone();
    let question = Some(question);
    let undone = match decide(&state, Command::Undo { question }, actor, now) {
        // What it was merged into may have been closed meanwhile.
        Err(_) if matches!(last.change, Change::Unmerged { .. }) => return Ok(()),
        undone => undone,
    };
    for event in undone.map_err(|why| TestCaseError::fail(format!("{last:?}: {why}")))? {
        apply(&mut state, &event);
    }
    check_places(&state)?;
    prop_assert_eq!(visible(&state), visible(before), "undoing {:?}", last);
    prop_assert_eq!(&reload(&state)?, &state);
    Ok(())
}

fn reload(state: &State) -> Result<State, TestCaseError> {
    State::from_snapshot(&state.to_snapshot(), policy(), catalogue())
        .map_err(|why| TestCaseError::fail(why.to_string()))
}

/// Nobody does to a question what its live claim keeps for a colleague.
fn check_claim(
    state: &State,
    command: &Command,
    actor: &Actor,
    now: UnixMs,
) -> Result<(), TestCaseError> {
    let kept = match command {
        Command::Approve { .. }
        | Command::Hold { .. }
        | Command::Decline { .. }
        | Command::Restore { .. }
        | Command::Edit { .. }
        | Command::Merge { .. }
        | Command::Defer { .. } => true,
        Command::Answer { written, .. } => written.is_some(),
        _ => false,
    };
    let question = command.question().and_then(|id| state.question(id));
    if let (true, Some(claim)) = (kept, question.and_then(|question| question.claim(now))) {
        prop_assert!(actor.staff().is_some_and(|staff| staff.is(&claim.by)));
        prop_assert!(claim.until > now);
    }
    Ok(())
}

/// A queue, everything that is known to have happened to it, and its clock.
struct Life {
    state: State,
    journal: Vec<String>,
    cast: BTreeSet<(ParticipantId, QuestionId)>,
    now: i64,
}

impl Life {
    /// A queue that is at work already: three questions on the stage list, one that waits.
    fn new() -> Self {
        let mut life = Self {
            state: State::new(policy(), catalogue()),
            journal: Vec::new(),
            cast: BTreeSet::new(),
            now: 1_000,
        };
        for (who, question) in (1..=4).zip((1..=4).map(QuestionId)) {
            life.run(&person(who), ask("Une question ?"));
            if who < 4 {
                life.run(&anne(), approve(question, 1));
                life.run(&anne(), stage(question, 2));
            }
        }
        life
    }

    fn run(&mut self, actor: &Actor, command: Command) {
        let events = decide(&self.state, command, actor, UnixMs(self.now)).unwrap();
        for event in &events {
            self.journal.push(to_stored(event).unwrap());
            apply(&mut self.state, event);
        }
    }

    fn step(&mut self, attempt: &Try) -> Result<(), TestCaseError> {
        self.now += attempt.wait;
        let now = UnixMs(self.now);
        let (actor, command) = resolve(&self.state, attempt);
        let Ok(events) = decide(&self.state, command.clone(), &actor, now) else {
            return Ok(());
        };
        check_claim(&self.state, &command, &actor, now)?;
        self.count(&command, &actor)?;
        let before = self.state.clone();
        for event in &events {
            self.journal.push(to_stored(event).unwrap());
            apply(&mut self.state, event);
        }
        for question in self.state.questions() {
            let old = before.question(question.id);
            let changed = old.is_none_or(|old| old.version < question.version);
            let id = Some(question.id);
            let named = events.iter().any(|event| event.change.question() == id);
            prop_assert!(!changed || named, "a version moved without an event");
        }
        check_undo(&before, &self.state, &actor, &events, now)
    }

    /// Follows votes by their commands alone.
    fn count(&mut self, command: &Command, actor: &Actor) -> Result<(), TestCaseError> {
        let Some(voter) = actor.participant() else {
            return Ok(());
        };
        match command {
            Command::Vote { question } => {
                prop_assert!(self.cast.insert((voter, *question)), "a vote counts twice");
            }
            Command::Unvote { question } => {
                let (state, before) = (&self.state, self.cast.len());
                let root = state.root(*question);
                let gone = |(who, id): &(_, _)| *who == voter && state.root(*id) == root;
                self.cast.retain(|vote| !gone(vote));
                prop_assert!(self.cast.len() < before, "a vote that was not there");
            }
            _ => {}
        }
        Ok(())
    }

    fn check(&self) -> Result<(), TestCaseError> {
        check_places(&self.state)?;
        check_votes(&self.state, &self.cast)?;
        check_balance(&self.state)
    }
}

fn replay(mut state: State, rows: &[String]) -> State {
    for row in rows {
        apply(&mut state, &from_stored(EVENT_VERSION, row).unwrap());
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]
    #[test]
    fn every_life_keeps_its_questions_and_votes_and_replays_the_same(tries in tries(), cut in 0..100_usize) {
        let mut life = Life::new();
        let mut snapshot = (life.state.to_snapshot(), life.journal.len());
        for (index, attempt) in tries.iter().enumerate() {
            life.step(attempt)?;
            life.check()?;
            if index == tries.len() * cut / 100 {
                snapshot = (life.state.to_snapshot(), life.journal.len());
            }
        }
        check_reachable(&life.state)?;
        let new = State::new(policy(), catalogue());
        prop_assert_eq!(&replay(new, &life.journal), &life.state);
        let (bytes, seen) = snapshot;
        let loaded = State::from_snapshot(&bytes, policy(), catalogue());
        prop_assert_eq!(&replay(loaded.unwrap(), &life.journal[seen..]), &life.state);
        prop_assert_eq!(&reload(&life.state)?, &life.state);
    }
}

#[test]
fn lives_see_everything_happen() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (mut standings, mut hands, mut changes) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for _ in 0..300 {
        let mut life = Life::new();
        for attempt in tries().new_tree(&mut runner).unwrap().current() {
            life.step(&attempt).unwrap();
            standings.extend(life.state.questions().map(|q| q.standing.as_str()));
            hands.extend(life.state.hands().map(|hand| hand.standing.as_str()));
        }
        for row in &life.journal {
            let event = from_stored(EVENT_VERSION, row).unwrap();
            changes.insert(event.change.name());
        }
    }
    let seen = (standings.len(), hands.len(), changes.len());
    assert_eq!(seen, (10, 7, 38), "{changes:?}");
}
