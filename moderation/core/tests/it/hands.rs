//! Asking for the floor.

use pleniere_moderation_core::{
    Actor, Change, Command, HandId, HandStanding, Policy, Raise, Rejection, UnixMs,
};

use crate::given::{Story, anne, person, room};

const H1: HandId = HandId(1);

fn raise() -> Command {
    Command::RaiseHand(Raise {
        about: Some(" le  budget ".into()),
        ..Raise::default()
    })
}

fn on(
    story: &mut Story,
    hand: u64,
    make: fn(HandId, u64) -> Command,
) -> Result<Vec<Change>, Rejection> {
    let hand = HandId(hand);
    let version = story.state.hand(hand).map_or(0, |hand| hand.version);
    story.when(&anne(), make(hand, version))
}

fn call(hand: HandId, version: u64) -> Command {
    Command::CallHand { hand, version }
}

fn speaking(hand: HandId, version: u64) -> Command {
    Command::HandSpeaking { hand, version }
}

fn done(hand: HandId, version: u64) -> Command {
    Command::HandDone { hand, version }
}

fn dismiss(hand: HandId, version: u64) -> Command {
    Command::DismissHand {
        hand,
        version,
        reason: Some("plus tard".into()),
    }
}

fn with_hands(count: u8) -> Story {
    let mut story = Story::new();
    (1..=count).for_each(|n| drop(story.when(&person(n), raise()).unwrap()));
    story
}

fn line(story: &Story) -> Vec<u64> {
    story.state.line().iter().map(|hand| hand.0).collect()
}

#[test]
fn a_hand_is_called_gets_ready_speaks_and_is_done() {
    let mut story = with_hands(2);
    assert_eq!(
        story.state.hand(H1).unwrap().about.as_deref(),
        Some("le budget")
    );
    assert_eq!(
        story
            .when(&person(1), Command::HandReady)
            .unwrap_err()
            .code(),
        "wrong_state"
    );
    on(&mut story, 1, call).unwrap();
    assert_eq!((line(&story), story.state.raised()), (vec![2], 2));
    story.when(&person(1), Command::HandReady).unwrap();
    assert_eq!(
        story.when(&person(1), Command::HandReady).unwrap(),
        [],
        "ready already; a new key is no event"
    );
    on(&mut story, 1, speaking).unwrap();
    on(&mut story, 1, done).unwrap();
    assert_eq!(story.state.raised(), 1);
    assert_eq!(on(&mut story, 1, done).unwrap_err().code(), "wrong_state");
    story.when(&person(1), raise()).unwrap();
    assert_eq!(line(&story), [2, 3]);
}

#[test]
fn somebody_who_did_not_come_is_called_again_or_dismissed() {
    let mut story = with_hands(1);
    on(&mut story, 1, call).unwrap();
    let called = story.state.hand(H1).unwrap().called_at;
    story.now += 70_000;
    on(&mut story, 1, call).unwrap();
    assert!(story.state.hand(H1).unwrap().called_at > called);
    on(&mut story, 1, dismiss).unwrap();
    let hand = story.state.hand(H1).unwrap();
    assert_eq!(
        (hand.standing, hand.reason.as_deref()),
        (HandStanding::Dismissed, Some("plus tard"))
    );
    assert_eq!(hand.by.as_deref(), Some("Anne"));
}

#[test]
fn the_line_keeps_its_order_unless_it_is_changed() {
    let mut story = with_hands(4);
    let to_front = |hand, version| Command::MoveHand {
        hand,
        version,
        to: 0,
    };
    on(&mut story, 3, to_front).unwrap();
    assert_eq!(
        (line(&story), story.state.place(HandId(4))),
        (vec![3, 1, 2, 4], Some(4))
    );
    assert_eq!(on(&mut story, 3, to_front).unwrap(), []);
    let to_end = |hand, version| Command::MoveHand {
        hand,
        version,
        to: 99,
    };
    on(&mut story, 3, to_end).unwrap();
    story.when(&person(1), Command::LowerHand).unwrap();
    assert_eq!(line(&story), [2, 4, 3]);
}

#[test]
fn one_hand_a_person_and_only_when_hands_are_taken() {
    let mut story = with_hands(1);
    assert!(matches!(
        story.when(&person(1), raise()),
        Err(Rejection::WrongHand { .. })
    ));
    assert_eq!(
        story.when(&anne(), raise()).unwrap_err().code(),
        "not_allowed"
    );
    assert_eq!(
        story
            .when(&person(2), Command::LowerHand)
            .unwrap_err()
            .code(),
        "wrong_state"
    );
    let closed = Policy {
        hands: false,
        ..Policy::default()
    };
    let mut story = Story::under(closed);
    assert_eq!(
        story.when(&person(1), raise()),
        Err(Rejection::Closed("hands"))
    );
    let young = Policy {
        young: true,
        ..Policy::default()
    };
    let mut story = Story::under(young);
    assert_eq!(
        story.when(&person(1), raise()).unwrap_err().code(),
        "not_allowed"
    );
    story.when(&room("nancy"), raise()).unwrap();
}

#[test]
fn raising_again_and_again_is_slowed_down() {
    let mut story = Story::under(Policy::default());
    story.when(&person(1), raise()).unwrap();
    story.when(&person(1), Command::LowerHand).unwrap();
    assert_eq!(
        story.when(&person(1), raise()),
        Err(Rejection::TooFast { retry_ms: 4_998 })
    );
    story.now += 5_000;
    story.when(&person(1), raise()).unwrap();
}

#[test]
fn a_stale_or_unknown_hand_is_refused_by_its_name() {
    let mut story = with_hands(1);
    let stale = story.when(&anne(), call(H1, 9));
    assert_eq!(
        stale,
        Err(Rejection::StaleHand {
            hand: H1,
            seen: 9,
            current: 1
        })
    );
    assert_eq!(
        story.when(&anne(), call(HandId(7), 1)),
        Err(Rejection::NoHand(HandId(7)))
    );
    assert_eq!(
        story.when(&Actor::System, call(H1, 1)).unwrap_err().code(),
        "not_allowed"
    );
    assert_eq!(
        story
            .state
            .hand_of(pleniere_moderation_core::ParticipantId([1; 16]))
            .unwrap()
            .raised_at,
        UnixMs(1_000)
    );
}
