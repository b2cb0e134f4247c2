//! Random lives of a queue: whatever people do, in whatever order, these hold after every step.

use std::collections::{BTreeMap, BTreeSet};

use pleniere_moderation_core::{
    Actor, Ask, Audience, Axis, Command, Counts, Decline, DeclineCode, EVENT_VERSION, Event,
    Moderation, ParticipantId, Patch, Policy, PolicyPatch, QuestionId, SiteId, Standing, State,
    UnixMs, apply, decide, from_stored, to_stored,
};
use proptest::prelude::*;

use crate::given::{anne, catalogue, person, room};

/// One thing somebody tries: a kind of command, by one of a few people, on one of a few questions, mostly with the
/// version it has.
#[derive(Debug, Clone)]
struct Try {
    kind: u8,
    who: u8,
    question: u64,
    stale: bool,
    rank: usize,
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let one = (
        0..20_u8,
        0..6_u8,
        1..7_u64,
        prop::bool::weighted(0.1),
        0..6_usize,
    )
        .prop_map(|(kind, who, question, stale, rank)| Try {
            kind,
            who,
            question,
            stale,
            rank,
        });
    prop::collection::vec(one, 0..120)
}

fn policy() -> Policy {
    Policy {
        slow_mode_ms: 3,
        per_person: 4,
        max_questions: 6,
        per_person_per_min: 0,
        ..Policy::default()
    }
}

fn resolve(state: &State, attempt: &Try) -> (Actor, Command) {
    let question = QuestionId(attempt.question);
    let version = state
        .question(question)
        .map_or(1, |question| question.version)
        + u64::from(attempt.stale);
    let anybody = if attempt.who == 5 {
        room("nancy")
    } else {
        person(attempt.who)
    };
    match attempt.kind {
        0..=2 => {
            let site = (attempt.rank > 2).then(|| SiteId::new("reims").unwrap());
            (
                anybody,
                Command::Ask(Ask {
                    text: text_of(attempt),
                    site,
                    ..Ask::default()
                }),
            )
        }
        3..=4 => (anybody, Command::Vote { question }),
        5 => (anybody, Command::Unvote { question }),
        6 => (anybody, Command::Withdraw { question }),
        7..=18 => (anne(), moderation(attempt, question, version)),
        _ if attempt.who < 2 => {
            let moderation = if attempt.rank > 2 {
                Moderation::After
            } else {
                Moderation::Before
            };
            (
                anne(),
                Command::SetPolicy {
                    session: None,
                    patch: PolicyPatch {
                        open: Some(attempt.rank != 0),
                        moderation: Some(moderation),
                        ..PolicyPatch::default()
                    },
                },
            )
        }
        _ => (
            Actor::System,
            Command::NoteAirSeen {
                question,
                at: UnixMs(7),
                shown: attempt.rank.is_multiple_of(2),
            },
        ),
    }
}

fn moderation(attempt: &Try, question: QuestionId, version: u64) -> Command {
    let text = text_of(attempt);
    match attempt.kind {
        7..=8 => Command::Approve { question, version },
        9 => {
            let see = (attempt.rank > 0).then_some(QuestionId(attempt.rank as u64));
            let reason = Decline {
                code: DeclineCode::Duplicate,
                text: None,
                see,
            };
            Command::Decline {
                question,
                version,
                reason,
            }
        }
        10 => Command::Restore { question, version },
        11 => {
            let (theme, public, site) = (Patch::Keep, Patch::Keep, Patch::Clear);
            Command::Edit {
                question,
                version,
                text,
                theme,
                public,
                site,
            }
        }
        12 => Command::Stage { question, version },
        13 => Command::Unstage { question, version },
        14 => Command::Move {
            question,
            version,
            to: attempt.rank,
        },
        15 => Command::Air { question, version },
        16 => Command::OffAir { question, version },
        17 => Command::Answer {
            question,
            version,
            written: (attempt.rank > 3).then_some(text),
            to: Audience::All,
        },
        _ => Command::Reopen { question, version },
    }
}

fn text_of(attempt: &Try) -> String {
    format!("Texte {}", attempt.rank)
}

/// Lists and standings agree: every question is in exactly one place.
fn check_places(state: &State) -> Result<(), TestCaseError> {
    let standing = |wanted: Standing| -> BTreeSet<QuestionId> {
        state
            .questions()
            .filter(|question| question.standing == wanted)
            .map(|question| question.id)
            .collect()
    };
    let staged: BTreeSet<QuestionId> = state.stage().iter().copied().collect();
    prop_assert_eq!(
        staged.len(),
        state.stage().len(),
        "somebody is on the stage list twice"
    );
    prop_assert_eq!(staged, standing(Standing::Staged));
    prop_assert_eq!(
        state.on_air().into_iter().collect::<BTreeSet<_>>(),
        standing(Standing::OnAir)
    );
    for (number, question) in (1..).zip(state.questions()) {
        prop_assert_eq!(question.id, QuestionId(number));
        prop_assert_eq!(
            question.answer.is_some(),
            question.standing == Standing::Answered
        );
        prop_assert_eq!(
            question.reason.is_some(),
            question.standing == Standing::Declined
        );
        let open = question
            .airings
            .iter()
            .filter(|airing| airing.off_asked_at.is_none())
            .count();
        prop_assert_eq!(open, usize::from(question.standing == Standing::OnAir));
    }
    Ok(())
}

/// Votes on both sides are what was voted, whatever happened to the questions since.
fn check_votes(
    state: &State,
    cast: &BTreeSet<(ParticipantId, QuestionId)>,
) -> Result<(), TestCaseError> {
    let of = |question: &pleniere_moderation_core::Question| {
        let id = question.id;
        question
            .own_votes
            .iter()
            .map(move |voter| (*voter, id))
            .collect::<Vec<_>>()
    };
    let by_question: BTreeSet<_> = state.questions().flat_map(of).collect();
    prop_assert_eq!(&by_question, cast);
    for (voter, question) in cast {
        prop_assert!(
            state
                .person(*voter)
                .is_some_and(|person| person.votes.contains(question))
        );
    }
    Ok(())
}

fn check_balance(state: &State) -> Result<(), TestCaseError> {
    let mut sites: BTreeMap<String, Counts> = BTreeMap::new();
    let counted = || {
        state
            .questions()
            .filter(|question| question.standing != Standing::Withdrawn)
    };
    for question in counted() {
        let Some(site) = question.author.room.as_ref().or(question.site.as_ref()) else {
            continue;
        };
        let counts = sites.entry(site.to_string()).or_default();
        counts.asked += 1;
        counts.approved += u64::from(question.is_public());
        counts.aired += u64::from(!question.airings.is_empty());
    }
    let kept: BTreeMap<String, Counts> = state
        .balance()
        .on(Axis::Site)
        .map(|(id, c)| (id.to_owned(), c))
        .collect();
    prop_assert_eq!(kept, sites);
    prop_assert_eq!(state.balance().asked(), counted().count() as u64);
    let answered = counted()
        .filter(|question| question.standing == Standing::Answered)
        .count();
    prop_assert_eq!(state.balance().answered(), answered as u64);
    Ok(())
}

/// From where it stands something can still be done with every question that was not withdrawn.
fn check_reachable(state: &State) -> Result<(), TestCaseError> {
    for question in state
        .questions()
        .filter(|question| question.standing != Standing::Withdrawn)
    {
        let (id, version) = (question.id, question.version);
        let onward = match question.standing {
            Standing::Received => Command::Approve {
                question: id,
                version,
            },
            Standing::Approved => Command::Stage {
                question: id,
                version,
            },
            Standing::Staged => Command::Air {
                question: id,
                version,
            },
            Standing::OnAir => Command::Answer {
                question: id,
                version,
                written: None,
                to: Audience::All,
            },
            Standing::Answered => Command::Reopen {
                question: id,
                version,
            },
            _ => Command::Restore {
                question: id,
                version,
            },
        };
        prop_assert!(
            decide(state, onward, &anne(), UnixMs(0)).is_ok(),
            "{:?} is stuck",
            question
        );
    }
    Ok(())
}

fn voter(actor: &Actor) -> ParticipantId {
    match actor {
        Actor::Participant(id)
        | Actor::Room {
            participant: id, ..
        } => *id,
        other => panic!("{other:?} voted"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn every_life_keeps_its_questions_and_votes_and_replays_the_same(tries in tries()) {
        let mut state = State::new(policy(), catalogue());
        let mut journal: Vec<String> = Vec::new();
        let mut cast = BTreeSet::new();
        for (now, attempt) in tries.iter().enumerate() {
            let (actor, command) = resolve(&state, attempt);
            let vote = match command {
                Command::Vote { question } => Some((question, true)),
                Command::Unvote { question } => Some((question, false)),
                _ => None,
            };
            let before: BTreeMap<_, _> = state.questions().map(|question| (question.id, question.version)).collect();
            let Ok(events) = decide(&state, command, &actor, UnixMs(now as i64)) else { continue };
            if let Some((question, support)) = vote {
                let key = (voter(&actor), question);
                let news = if support { cast.insert(key) } else { cast.remove(&key) };
                prop_assert!(news, "a vote was taken twice");
            }
            for event in &events {
                journal.push(to_stored(event).unwrap());
                apply(&mut state, event);
            }
            for question in state.questions() {
                let changed = before.get(&question.id).is_none_or(|version| *version < question.version);
                let named = events.iter().any(|event: &Event| event.change.question() == Some(question.id));
                prop_assert!(!changed || named, "a version moved without an event");
            }
            check_places(&state)?;
            check_votes(&state, &cast)?;
            check_balance(&state)?;
        }
        check_reachable(&state)?;
        let mut replayed = State::new(policy(), catalogue());
        for row in &journal {
            apply(&mut replayed, &from_stored(EVENT_VERSION, row).unwrap());
        }
        prop_assert_eq!(replayed, state);
    }
}
