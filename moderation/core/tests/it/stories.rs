//! What each command leads to, and what it is refused for.

use pleniere_moderation_core::{
    Actor, Ask, Audience, Axis, Change, Command, Decline, DeclineCode, Moderation, Names, Patch,
    Policy, PolicyPatch, QuestionId, Rejection, SiteId, Standing, ThemeId, UnixMs,
};

use crate::given::{
    Q1, Story, air, anne, answer, approve, ask, off_air, person, reject, reopen, restore, room,
    stage,
};

fn close() -> Command {
    let patch = PolicyPatch {
        open: Some(false),
        ..PolicyPatch::default()
    };
    let session = None;
    Command::SetPolicy { session, patch }
}

#[test]
fn a_question_is_cleaned_numbered_and_waits() {
    let mut story = Story::new();
    let command = Command::Ask(Ask {
        text: " Où\n est  la 5G ? ".into(),
        name: Some("\u{200b}".into()),
        show_name: true,
        ..Ask::default()
    });
    let changes = story.when(&person(1), command).unwrap();
    let [
        Change::Asked {
            question,
            text,
            name,
            show_name,
            approved,
            ..
        },
    ] = &changes[..]
    else {
        panic!("{changes:?}")
    };
    assert_eq!(
        (*question, text.as_str(), name, *show_name, *approved),
        (Q1, "Où est la 5G ?", &None, false, false)
    );
    assert_eq!(
        story.state.question(Q1).unwrap().standing,
        Standing::Received
    );
}

#[test]
fn with_moderation_afterwards_it_is_public_at_once() {
    let mut story = Story::under(Policy {
        moderation: Moderation::After,
        ..Policy::default()
    });
    story.when(&person(1), ask("Oui ?")).unwrap();
    assert_eq!(
        story.state.question(Q1).unwrap().standing,
        Standing::Approved
    );
}

#[test]
fn asking_is_refused_for_each_reason_by_its_name() {
    let policy = Policy {
        slow_mode_ms: 5_000,
        per_person: 2,
        max_length: 10,
        names: Names::None,
        ..Policy::default()
    };
    let mut story = Story::under(policy);
    let me = person(1);
    assert_eq!(story.when(&me, ask("??")), Err(Rejection::Empty));
    assert_eq!(
        story.when(&me, ask("bien trop long")),
        Err(Rejection::TooLong { max: 10, found: 14 })
    );
    let unknown = Command::Ask(Ask {
        text: "a".into(),
        theme: ThemeId::new("autre").ok(),
        ..Ask::default()
    });
    assert!(matches!(
        story.when(&me, unknown),
        Err(Rejection::BadRequest(_))
    ));
    let named = Command::Ask(Ask {
        text: "un".into(),
        name: Some("Jean".into()),
        show_name: true,
        ..Ask::default()
    });
    story.when(&me, named).unwrap();
    assert_eq!(
        story.state.question(Q1).unwrap().name,
        None,
        "a name that is not taken is not stored"
    );
    assert_eq!(
        story.when(&me, ask("deux")),
        Err(Rejection::TooFast { retry_ms: 4_999 })
    );
    story.now += 5_000;
    story.when(&me, ask("deux")).unwrap();
    story.now += 5_000;
    assert!(matches!(
        story.when(&me, ask("trois")),
        Err(Rejection::Full(_))
    ));
    story.moderate(1, reject).unwrap();
    story.when(&me, ask("trois")).unwrap();
    // A clock that stepped back silences nobody for longer than the slow mode.
    story.now -= 1_000_000;
    assert_eq!(
        story.when(&me, ask("quatre")),
        Err(Rejection::TooFast { retry_ms: 5_000 })
    );
    // Rooms speak for many.
    for text in ["a", "b", "c"] {
        story.when(&room("nancy"), ask(text)).unwrap();
    }
    story.when(&anne(), close()).unwrap();
    assert_eq!(
        story.when(&room("nancy"), ask("d")),
        Err(Rejection::Closed("questions"))
    );
    assert!(matches!(
        story.when(&Actor::System, ask("d")),
        Err(Rejection::NotAllowed(_))
    ));
}

#[test]
fn only_one_question_is_on_air_and_the_one_before_returns_to_the_front() {
    let mut story = Story::new().with_approved(3);
    story.moderate(3, stage).unwrap();
    story.moderate(1, air).unwrap();
    let changes = story.moderate(2, air).unwrap();
    assert_eq!(
        changes,
        [
            Change::TakenOffAir { question: Q1 },
            Change::TakenOnAir {
                question: QuestionId(2),
                displaced: Some(Q1),
            }
        ]
    );
    assert_eq!(
        (story.state.on_air(), story.staged()),
        (Some(QuestionId(2)), vec![1, 3])
    );
    story.moderate(2, off_air).unwrap();
    assert_eq!(
        (story.state.on_air(), story.staged()),
        (None, vec![2, 1, 3])
    );
    assert!(matches!(
        story.moderate(2, off_air),
        Err(Rejection::WrongState { .. })
    ));
}

#[test]
fn an_answer_ends_the_airing_and_reopening_puts_it_back_where_it_was() {
    let mut story = Story::new().with_approved(3);
    story.moderate(2, stage).unwrap();
    story.moderate(1, air).unwrap();
    story.moderate(1, answer).unwrap();
    let aired = &story.state.question(Q1).unwrap().airings[0];
    assert_eq!(aired.off_asked_at, Some(UnixMs(story.now - 1)));
    story.moderate(1, reopen).unwrap();
    assert_eq!(story.staged(), [1, 2]);
    // Answered in writing, never staged: back among the approved.
    let written = Command::Answer {
        question: QuestionId(3),
        version: 2,
        written: Some("  Oui.\n".into()),
        to: Audience::All,
    };
    story.when(&anne(), written).unwrap();
    assert_eq!(
        story
            .state
            .question(QuestionId(3))
            .unwrap()
            .answer
            .as_ref()
            .unwrap()
            .written
            .as_deref(),
        Some("Oui.")
    );
    story.moderate(3, reopen).unwrap();
    assert_eq!(
        story.state.question(QuestionId(3)).unwrap().standing,
        Standing::Approved
    );
}

#[test]
fn sightings_on_air_are_kept_once_and_only_from_the_system() {
    let mut story = Story::new().with_approved(1);
    story.moderate(1, air).unwrap();
    let seen = |at, shown| Command::NoteAirSeen {
        question: Q1,
        at: UnixMs(at),
        shown,
    };
    assert!(matches!(
        story.when(&anne(), seen(50, true)),
        Err(Rejection::NotAllowed(_))
    ));
    assert_eq!(story.when(&Actor::System, seen(50, true)).unwrap().len(), 1);
    assert_eq!(story.when(&Actor::System, seen(60, true)).unwrap(), []);
    assert_eq!(
        story.when(&Actor::System, seen(70, false)).unwrap(),
        [],
        "it was not taken off"
    );
    story.moderate(1, off_air).unwrap();
    story.when(&Actor::System, seen(80, false)).unwrap();
    story.moderate(1, air).unwrap();
    let airings = &story.state.question(Q1).unwrap().airings;
    assert_eq!(
        (airings[0].seen_at, airings[0].gone_at),
        (Some(UnixMs(50)), Some(UnixMs(80)))
    );
    assert_eq!((airings.len(), airings[1].seen_at), (2, None));
}

#[test]
fn an_edit_keeps_the_first_wording_and_leaves_what_it_does_not_name() {
    let mut story = Story::new();
    let tagged = Ask {
        text: "Avant".into(),
        site: SiteId::new("nancy").ok(),
        ..Ask::default()
    };
    story.when(&person(1), Command::Ask(tagged)).unwrap();
    let edit = |version, text: &str, site| Command::Edit {
        question: Q1,
        version,
        text: text.into(),
        theme: Patch::Keep,
        public: Patch::Keep,
        site,
    };
    story
        .when(&anne(), edit(1, "Pendant", Patch::Keep))
        .unwrap();
    story.when(&anne(), edit(2, "Après", Patch::Clear)).unwrap();
    let question = story.state.question(Q1).unwrap();
    assert_eq!(
        (
            question.original.as_deref(),
            question.text.as_str(),
            &question.site
        ),
        (Some("Avant"), "Après", &None)
    );
    assert_eq!(
        story
            .when(&anne(), edit(3, " Après ", Patch::Keep))
            .unwrap(),
        [],
        "nothing changed, nothing is recorded"
    );
    assert_eq!(
        story.when(&anne(), edit(3, "", Patch::Keep)),
        Err(Rejection::Empty)
    );
}

#[test]
fn a_stale_version_is_refused_before_anything_else_about_the_question() {
    let mut story = Story::new().with_approved(1);
    let stale = Command::Approve {
        question: Q1,
        version: 1,
    };
    assert_eq!(
        story.when(&anne(), stale),
        Err(Rejection::Stale {
            question: Q1,
            seen: 1,
            current: 2
        })
    );
    assert!(matches!(
        story.when(
            &anne(),
            Command::Stage {
                question: QuestionId(9),
                version: 1
            }
        ),
        Err(Rejection::NotFound(_))
    ));
    // Votes do not make a moderator's view stale.
    story
        .when(&person(7), Command::Vote { question: Q1 })
        .unwrap();
    story
        .when(
            &anne(),
            Command::Stage {
                question: Q1,
                version: 2,
            },
        )
        .unwrap();
}

#[test]
fn declined_says_why_and_can_be_undone() {
    let mut story = Story::new().with_approved(1);
    story.when(&person(2), ask("Pareil")).unwrap();
    let see = |see| Command::Decline {
        question: QuestionId(2),
        version: 1,
        reason: Decline {
            code: DeclineCode::Duplicate,
            text: Some(" déjà ".into()),
            see: Some(QuestionId(see)),
        },
    };
    assert_eq!(
        story.when(&anne(), see(7)),
        Err(Rejection::NotFound(QuestionId(7)))
    );
    assert!(matches!(
        story.when(&anne(), see(2)),
        Err(Rejection::BadRequest(_))
    ));
    story.when(&anne(), see(1)).unwrap();
    assert_eq!(
        story
            .state
            .question(QuestionId(2))
            .unwrap()
            .reason
            .as_ref()
            .unwrap()
            .text
            .as_deref(),
        Some("déjà")
    );
    story.moderate(2, restore).unwrap();
    let question = story.state.question(QuestionId(2)).unwrap();
    assert_eq!(
        (question.standing, &question.reason),
        (Standing::Received, &None)
    );
}

#[test]
fn votes_are_for_what_is_public_and_somebody_elses() {
    let mut story = Story::new().with_approved(1);
    story.when(&person(2), ask("Cachée")).unwrap();
    let vote = |id| Command::Vote {
        question: QuestionId(id),
    };
    assert!(matches!(
        story.when(&person(1), vote(1)),
        Err(Rejection::NotAllowed(_))
    ));
    assert_eq!(
        story.when(&person(3), vote(2)),
        Err(Rejection::NotFound(QuestionId(2))),
        "what is not public is not there"
    );
    story.when(&person(3), vote(1)).unwrap();
    assert!(matches!(
        story.when(&person(3), vote(1)),
        Err(Rejection::WrongState { .. })
    ));
    story.moderate(1, answer).unwrap();
    assert!(matches!(
        story.when(&person(4), vote(1)),
        Err(Rejection::WrongState { .. })
    ));
    assert_eq!(story.state.question(Q1).unwrap().votes(), 1);
}

#[test]
fn one_takes_back_ones_own_question_until_it_is_on_air() {
    let mut story = Story::new().with_approved(2);
    let withdraw = |id| Command::Withdraw {
        question: QuestionId(id),
    };
    assert_eq!(
        story.when(&person(2), withdraw(1)),
        Err(Rejection::NotFound(Q1))
    );
    story.moderate(1, air).unwrap();
    assert!(matches!(
        story.when(&person(1), withdraw(1)),
        Err(Rejection::WrongState { .. })
    ));
    story.moderate(2, stage).unwrap();
    story.when(&person(2), withdraw(2)).unwrap();
    assert!(story.staged().is_empty());
    assert!(matches!(
        story.moderate(2, approve),
        Err(Rejection::WrongState { .. })
    ));
}

#[test]
fn the_stage_list_is_ordered_by_rank_and_ranks_are_clamped() {
    let mut story = Story::new().with_approved(4);
    (1..=4).for_each(|id| drop(story.moderate(id, stage).unwrap()));
    story
        .moderate(4, |question, version| Command::Move {
            question,
            version,
            to: 1,
        })
        .unwrap();
    assert_eq!(story.staged(), [4, 1, 2, 3]);
    story
        .moderate(4, |question, version| Command::Move {
            question,
            version,
            to: 99,
        })
        .unwrap();
    assert_eq!(story.staged(), [1, 2, 3, 4]);
    let same = story
        .moderate(1, |question, version| Command::Move {
            question,
            version,
            to: 0,
        })
        .unwrap();
    assert_eq!(same, []);
    story
        .moderate(2, |question, version| Command::Unstage {
            question,
            version,
        })
        .unwrap();
    assert_eq!(story.staged(), [1, 3, 4]);
}

#[test]
fn the_balance_follows_rooms_and_addressed_sites() {
    let mut story = Story::new();
    story.when(&room("nancy"), ask("De la salle")).unwrap();
    let to_reims = Ask {
        text: "Pour Reims".into(),
        site: SiteId::new("reims").ok(),
        ..Ask::default()
    };
    story.when(&person(1), Command::Ask(to_reims)).unwrap();
    story.moderate(1, approve).unwrap();
    story.moderate(1, air).unwrap();
    let shares = |story: &Story| -> Vec<(String, u64, u64, u64)> {
        let on = story.state.balance().on(Axis::Site);
        on.map(|(id, counts)| (id.to_owned(), counts.asked, counts.approved, counts.aired))
            .collect()
    };
    assert_eq!(
        shares(&story),
        [("nancy".to_owned(), 1, 1, 1), ("reims".to_owned(), 1, 0, 0)]
    );
    story
        .when(
            &person(1),
            Command::Withdraw {
                question: QuestionId(2),
            },
        )
        .unwrap();
    assert_eq!(shares(&story), [("nancy".to_owned(), 1, 1, 1)]);
}

#[test]
fn participants_and_rooms_do_not_moderate() {
    let mut story = Story::new().with_approved(1);
    for actor in [person(1), room("nancy"), Actor::System] {
        for command in [air(Q1, 2), reject(Q1, 2), close()] {
            assert!(
                matches!(story.when(&actor, command), Err(Rejection::NotAllowed(_))),
                "{actor:?}"
            );
        }
    }
}
