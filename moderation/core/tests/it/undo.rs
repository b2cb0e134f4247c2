//! Taking back one's own last act.

use pleniere_moderation_core::{
    Act, Actor, Change, Command, Patch, Rejection, Standing, UNDO_DEPTH,
};

use crate::given::{
    Q1, Q2, Q3, Story, air, anne, approve, ask, off_air, person, reject, staff, stage,
};

fn bob() -> Actor {
    staff("b2", "Bob")
}

const LAST: Command = Command::Undo { question: None };

fn on(question: pleniere_moderation_core::QuestionId) -> Command {
    Command::Undo {
        question: Some(question),
    }
}

fn reworded(story: &mut Story, who: &Actor, text: &str) {
    let version = story.state.question(Q1).unwrap().version;
    let edit = Command::Edit {
        question: Q1,
        version,
        text: text.into(),
        theme: Patch::Keep,
        public: Patch::Keep,
        site: Patch::Keep,
    };
    story.when(who, edit).unwrap();
}

fn text(story: &Story) -> &str {
    &story.state.question(Q1).unwrap().text
}

#[test]
fn ones_acts_are_taken_back_from_the_last_to_the_first() {
    let mut story = Story::new().with_approved(1);
    reworded(&mut story, &anne(), "Deux");
    reworded(&mut story, &anne(), "Trois");
    assert_eq!(
        story.when(&anne(), LAST).unwrap(),
        [Change::Undone {
            question: Q1,
            act: Act::Edit
        }]
    );
    assert_eq!(text(&story), "Deux");
    story.when(&anne(), LAST).unwrap();
    assert_eq!(
        (text(&story), &story.state.question(Q1).unwrap().original),
        ("Question 1", &None)
    );
    story.when(&anne(), LAST).unwrap();
    let question = story.state.question(Q1).unwrap();
    assert_eq!(
        (question.standing, question.version),
        (Standing::Received, 7),
        "undoing is a change"
    );
    assert!(matches!(
        story.when(&anne(), LAST),
        Err(Rejection::Nothing(_))
    ));
}

#[test]
fn what_a_colleague_changed_since_is_not_overwritten() {
    let mut story = Story::new().with_approved(2);
    reworded(&mut story, &bob(), "Bob");
    assert_eq!(
        story.when(&anne(), on(Q1)),
        Err(Rejection::Stale {
            question: Q1,
            seen: 2,
            current: 3
        })
    );
    // Her last act was on another question: that one is hers.
    story.when(&anne(), LAST).unwrap();
    assert_eq!(
        story.state.question(Q2).unwrap().standing,
        Standing::Received
    );
    // Once he took his back, the question is as she left it.
    story.when(&bob(), on(Q1)).unwrap();
    story.when(&anne(), on(Q1)).unwrap();
    assert_eq!(
        story.state.question(Q1).unwrap().standing,
        Standing::Received
    );
}

#[test]
fn votes_and_notes_are_no_changes() {
    let mut story = Story::new().with_approved(1);
    story
        .when(&person(8), Command::Vote { question: Q1 })
        .unwrap();
    story
        .when(
            &bob(),
            Command::Note {
                question: Q1,
                text: "vu".into(),
            },
        )
        .unwrap();
    story.when(&anne(), LAST).unwrap();
    story.moderate(1, approve).unwrap();
    assert_eq!(story.state.question(Q1).unwrap().votes(), 1);
}

#[test]
fn a_rank_on_the_stage_list_comes_back() {
    let mut story = Story::new().with_approved(3);
    (1..=3).for_each(|id| drop(story.moderate(id, stage).unwrap()));
    story.moderate(2, reject).unwrap();
    assert_eq!(story.staged(), [1, 3]);
    story.when(&anne(), LAST).unwrap();
    assert_eq!(story.staged(), [1, 2, 3]);
    assert_eq!(story.state.question(Q2).unwrap().reason, None);
}

#[test]
fn undoing_on_air_gives_the_air_back_to_what_had_it() {
    let mut story = Story::new().with_approved(3);
    story.moderate(3, stage).unwrap();
    story.moderate(1, air).unwrap();
    story.moderate(3, air).unwrap();
    assert_eq!((story.state.on_air(), story.staged()), (Some(Q3), vec![1]));
    story.when(&anne(), LAST).unwrap();
    assert_eq!((story.state.on_air(), story.staged()), (Some(Q1), vec![3]));
    let airings = |id| story.state.question(id).unwrap().airings.len();
    assert_eq!(
        (airings(Q1), airings(Q3)),
        (1, 0),
        "the first never left, the other was never seen"
    );
    // While another is on air, nothing is put back there by undoing.
    story.moderate(1, off_air).unwrap();
    story.moderate(2, air).unwrap();
    assert_eq!(
        story.when(&anne(), on(Q1)).unwrap_err().code(),
        "wrong_state"
    );
}

#[test]
fn so_many_acts_are_remembered_and_no_more() {
    let mut story = Story::new();
    story.when(&person(1), ask("Zéro")).unwrap();
    for n in 1..=UNDO_DEPTH + 2 {
        reworded(&mut story, &anne(), &format!("n {n}"));
    }
    for _ in 0..UNDO_DEPTH {
        story.when(&anne(), LAST).unwrap();
    }
    assert_eq!(text(&story), "n 2");
    assert!(story.when(&anne(), LAST).is_err());
}

#[test]
fn a_colleagues_claim_keeps_from_undoing_what_it_keeps_from_doing() {
    let mut story = Story::new().with_approved(1);
    story
        .when(
            &bob(),
            Command::Claim {
                question: Q1,
                take: false,
            },
        )
        .unwrap();
    assert_eq!(story.when(&anne(), LAST).unwrap_err().code(), "claimed");
    story.moderate(1, stage).unwrap();
    story.when(&anne(), LAST).unwrap();
    assert!(story.staged().is_empty());
}
