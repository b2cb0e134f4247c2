//! Who is at a question: for a minute, renewed, taken over, given back, ended by the clock.

use pleniere_moderation_core::{
    Actor, Audience, CLAIM_MS, Change, Command, QuestionId, Rejection, UnixMs,
};

use crate::given::{
    Q1, Story, air, anne, answer, approve, ask, hold, person, reject, staff, stage,
};

fn bob() -> Actor {
    staff("b2", "Bob")
}

fn claim(take: bool) -> Command {
    Command::Claim { question: Q1, take }
}

fn release() -> Command {
    Command::Release { question: Q1 }
}

fn claimed() -> Story {
    let mut story = Story::new();
    story.when(&person(1), ask("Une ?")).unwrap();
    story.when(&anne(), claim(false)).unwrap();
    story
}

#[test]
fn a_claim_keeps_colleagues_from_triage_until_it_ends() {
    let mut story = claimed();
    let by_bob = |story: &mut Story, command| story.when(&bob(), command);
    let written = Command::Answer {
        question: Q1,
        version: 1,
        written: Some("Oui".into()),
        to: Audience::All,
    };
    let defer = Command::Defer {
        question: Q1,
        version: 1,
        to: "M. X".into(),
    };
    for command in [approve(Q1, 1), hold(Q1, 1), reject(Q1, 1), written, defer] {
        let refused = by_bob(&mut story, command).unwrap_err();
        assert_eq!(refused.code(), "claimed");
        assert!(refused.to_string().contains("Anne"), "{refused}");
    }
    assert_eq!(
        by_bob(&mut story, approve(Q1, 7)).unwrap_err().code(),
        "stale",
        "what they see is old anyway"
    );
    story.now += CLAIM_MS;
    by_bob(&mut story, approve(Q1, 1)).unwrap();
}

#[test]
fn stage_air_and_oral_answers_do_not_wait_for_a_claim() {
    let mut story = claimed();
    story.when(&anne(), approve(Q1, 1)).unwrap();
    story.when(&anne(), claim(false)).unwrap();
    for (version, command) in [(2, stage as fn(_, _) -> _), (3, air), (4, answer)] {
        story.when(&bob(), command(Q1, version)).unwrap();
    }
    let claim = story.state.question(Q1).unwrap().claim(UnixMs(story.now));
    assert_eq!(
        claim.unwrap().by.name,
        "Anne",
        "it was not Bob's to release"
    );
}

#[test]
fn ones_own_act_ends_ones_claim_and_versions_do_not_count_claims() {
    let mut story = claimed();
    assert_eq!(story.state.question(Q1).unwrap().version, 1);
    story.when(&anne(), approve(Q1, 1)).unwrap();
    let question = story.state.question(Q1).unwrap();
    assert_eq!(question.claim(UnixMs(story.now)), None);
    assert!(story.state.claimed().is_empty());
}

#[test]
fn a_claim_is_renewed_by_its_holder_and_taken_over_only_on_purpose() {
    let mut story = claimed();
    let until = |story: &Story| {
        story
            .state
            .question(Q1)
            .unwrap()
            .claim(UnixMs(story.now))
            .unwrap()
            .until
    };
    let first = until(&story);
    assert_eq!(
        story.when(&anne(), claim(false)).unwrap(),
        [],
        "it holds nearly as long"
    );
    story.now += 30_000;
    story.when(&anne(), claim(false)).unwrap();
    assert!(until(&story) > first);
    let refused = story.when(&bob(), claim(false)).unwrap_err();
    assert!(matches!(refused, Rejection::Claimed { question: Q1, .. }));
    assert_eq!(story.when(&bob(), release()).unwrap_err().code(), "claimed");
    story.when(&bob(), claim(true)).unwrap();
    assert_eq!(
        story.when(&anne(), approve(Q1, 1)).unwrap_err().code(),
        "claimed"
    );
    // Another Anne is somebody else, the same key under another name is not.
    story.when(&staff("b2", "Robert"), approve(Q1, 1)).unwrap();
}

#[test]
fn claims_of_who_left_are_given_back() {
    let mut story = claimed();
    story.when(&person(2), ask("Deux ?")).unwrap();
    let two = Command::Claim {
        question: QuestionId(2),
        take: false,
    };
    story.when(&bob(), two).unwrap();
    let all = |staff: &str| Command::ReleaseAll {
        staff: staff.into(),
    };
    assert_eq!(
        story.when(&bob(), all("a1")).unwrap_err().code(),
        "not_allowed"
    );
    assert_eq!(story.when(&Actor::System, all("zz")).unwrap(), []);
    assert_eq!(
        story.when(&Actor::System, all("a1")).unwrap(),
        [Change::Released { question: Q1 }]
    );
    assert_eq!(story.state.claimed().len(), 1);
    let two = Command::Release {
        question: QuestionId(2),
    };
    story.when(&Actor::System, two.clone()).unwrap();
    assert_eq!(story.when(&bob(), two).unwrap(), [], "given back already");
}

#[test]
fn a_clock_that_stepped_back_does_not_make_a_claim_last() {
    let mut story = claimed();
    story.now -= 10 * CLAIM_MS;
    story.when(&bob(), approve(Q1, 1)).unwrap();
}
