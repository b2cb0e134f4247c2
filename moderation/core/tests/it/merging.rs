//! Questions that ask the same, united and taken apart.

use pleniere_moderation_core::{Change, Command, ParticipantId, QuestionId, Rejection, Standing};

use crate::given::{
    Q1, Q2, Q3, Story, air, answer, approve, ask, decide_all, defer, person, reject, stage,
};

fn merge(question: QuestionId, into: QuestionId) -> impl Fn(QuestionId, u64) -> Command {
    move |_, version| Command::Merge {
        question,
        version,
        into,
    }
}

fn unmerge(question: QuestionId, version: u64) -> Command {
    Command::Unmerge { question, version }
}

fn vote(story: &mut Story, who: u8, question: QuestionId) -> Result<Vec<Change>, Rejection> {
    story.when(&person(who), Command::Vote { question })
}

fn unvote(story: &mut Story, who: u8, question: QuestionId) -> Result<Vec<Change>, Rejection> {
    story.when(&person(who), Command::Unvote { question })
}

fn votes(story: &Story, id: QuestionId) -> usize {
    story.state.question(id).unwrap().votes()
}

fn unite(story: &mut Story, question: QuestionId, into: QuestionId) {
    decide_all(story, question, merge(question, into)).unwrap();
}

#[test]
fn everybody_counts_once_and_unmerging_gives_back_what_was() {
    let mut story = Story::new().with_approved(3);
    for (who, question) in [(7, Q1), (8, Q1), (8, Q2), (9, Q2), (1, Q2)] {
        vote(&mut story, who, question).unwrap();
    }
    assert_eq!((votes(&story, Q1), votes(&story, Q2)), (2, 3));
    unite(&mut story, Q2, Q1);
    // 7, 8 and 9 voted; 2 asked the one that went in; 1 asked the one that stays and does not count.
    assert_eq!(votes(&story, Q1), 4);
    assert_eq!(story.state.question(Q2).unwrap().standing, Standing::Merged);
    let supported = story.state.supports(ParticipantId([2; 16]));
    assert_eq!(supported.into_iter().collect::<Vec<_>>(), [Q1]);
    assert!(story.state.supports(ParticipantId([1; 16])).is_empty());
    assert_eq!(vote(&mut story, 9, Q1).unwrap_err().code(), "wrong_state");
    assert_eq!(vote(&mut story, 2, Q1).unwrap_err().code(), "wrong_state");
    assert_eq!(vote(&mut story, 7, Q2).unwrap_err().code(), "not_found");
    vote(&mut story, 10, Q1).unwrap();
    story.moderate(2, unmerge).unwrap();
    assert_eq!((votes(&story, Q1), votes(&story, Q2)), (3, 3));
    assert_eq!(
        story.state.question(Q2).unwrap().standing,
        Standing::Approved
    );
}

#[test]
fn a_vote_is_taken_back_wherever_it_was_given() {
    let mut story = Story::new().with_approved(3);
    vote(&mut story, 8, Q1).unwrap();
    vote(&mut story, 8, Q2).unwrap();
    vote(&mut story, 9, Q2).unwrap();
    unite(&mut story, Q2, Q1);
    unite(&mut story, Q1, Q3);
    assert_eq!(votes(&story, Q3), 4, "8, 9 and both askers");
    assert_eq!(
        unvote(&mut story, 8, Q1).unwrap(),
        [Change::Unvoted { question: Q3 }]
    );
    unvote(&mut story, 9, Q3).unwrap();
    assert_eq!(votes(&story, Q3), 2);
    assert_eq!(unvote(&mut story, 9, Q3).unwrap_err().code(), "wrong_state");
    let own = unvote(&mut story, 2, Q3).unwrap_err().to_string();
    assert!(own.contains("united"), "{own}");
    story.moderate(1, unmerge).unwrap();
    story.moderate(2, unmerge).unwrap();
    assert_eq!(
        (votes(&story, Q1), votes(&story, Q2), votes(&story, Q3)),
        (0, 0, 0)
    );
}

#[test]
fn what_is_united_can_be_united_again_and_taken_apart_in_any_order() {
    let mut story = Story::new().with_approved(4);
    vote(&mut story, 9, Q1).unwrap();
    unite(&mut story, Q1, Q2);
    unite(&mut story, Q2, Q3);
    assert_eq!((votes(&story, Q3), story.state.united(Q3)), (3, 2));
    assert_eq!(story.state.root(Q1), Q3);
    story.moderate(1, unmerge).unwrap();
    assert_eq!((votes(&story, Q3), votes(&story, Q1)), (1, 1));
    unite(&mut story, Q1, Q3);
    story.moderate(2, unmerge).unwrap();
    assert_eq!((votes(&story, Q3), votes(&story, Q2)), (2, 0));
}

#[test]
fn a_question_goes_back_to_where_it_stood() {
    let mut story = Story::new().with_approved(2);
    story.when(&person(3), ask("www.exemple.fr")).unwrap();
    story.moderate(2, stage).unwrap();
    unite(&mut story, Q2, Q1);
    assert!(story.staged().is_empty());
    unite(&mut story, Q3, Q1);
    story.moderate(2, unmerge).unwrap();
    story.moderate(3, unmerge).unwrap();
    let standing = |id| story.state.question(id).unwrap().standing;
    assert_eq!(
        (standing(Q2), standing(Q3)),
        (Standing::Approved, Standing::Held)
    );
    assert!(story.state.question(Q3).unwrap().held.is_some());
}

#[test]
fn one_does_not_merge_in_circles_or_into_what_is_closed() {
    let mut story = Story::new().with_approved(3);
    let refused = |story: &mut Story, question, into| {
        decide_all(story, question, merge(question, into))
            .unwrap_err()
            .code()
    };
    assert_eq!(refused(&mut story, Q1, Q1), "bad_request");
    assert_eq!(refused(&mut story, Q1, QuestionId(9)), "not_found");
    unite(&mut story, Q1, Q2);
    assert_eq!(refused(&mut story, Q2, Q1), "wrong_state");
    story.moderate(3, reject).unwrap();
    assert_eq!(refused(&mut story, Q2, Q3), "wrong_state");
    // What was answered takes more.
    let mut story = Story::new().with_approved(2);
    story.moderate(1, air).unwrap();
    assert_eq!(refused(&mut story, Q1, Q2), "wrong_state");
    story.moderate(1, answer).unwrap();
    unite(&mut story, Q2, Q1);
    assert_eq!(
        story.state.question(Q1).unwrap().standing,
        Standing::Answered
    );
}

#[test]
fn what_becomes_of_the_target_leaves_the_merged_ones_merged() {
    let mut story = Story::new().with_approved(2);
    unite(&mut story, Q2, Q1);
    story.moderate(1, defer).unwrap();
    assert_eq!(story.state.question(Q2).unwrap().standing, Standing::Merged);
    story.moderate(2, unmerge).unwrap();
    assert_eq!(votes(&story, Q1), 0);
    assert_eq!(
        story.moderate(2, approve).unwrap_err().code(),
        "wrong_state"
    );
}
