//! The rules: changed live, kept for sessions, and what they do to those who ask.

use std::collections::BTreeSet;

use pleniere_moderation_core::{
    Actor, Ask, Catalogue, Command, HoldCode, Moderation, Names, ParticipantId, Policy,
    PolicyPatch, PublicId, Rejection, SessionId, Standing, State, ThemeId, UnixMs,
};

use crate::given::{
    Q1, Q2, Q3, Story, anne, approve, ask, catalogue, person, restore, room, staff,
};

fn session(id: &str) -> Option<SessionId> {
    Some(SessionId::new(id).unwrap())
}

fn set(session: Option<SessionId>, patch: PolicyPatch) -> Command {
    Command::SetPolicy { session, patch }
}

fn reset(id: &str, patch: PolicyPatch) -> Command {
    Command::ResetPolicy {
        session: SessionId::new(id).unwrap(),
        patch,
    }
}

fn begin(id: &str) -> Command {
    Command::NoteSession {
        session: session(id),
    }
}

fn none() -> PolicyPatch {
    PolicyPatch::default()
}

fn slow(seconds: u32) -> PolicyPatch {
    PolicyPatch {
        slow_mode_s: Some(seconds),
        ..none()
    }
}

fn named(name: &str) -> Command {
    Command::Ask(Ask {
        text: "Et la 5G ?".into(),
        name: Some(name.into()),
        show_name: true,
        ..Ask::default()
    })
}

#[test]
fn rules_kept_for_a_session_hold_while_it_runs() {
    let mut story = Story::new();
    let young = PolicyPatch {
        young: Some(true),
        ..slow(30)
    };
    story.when(&anne(), set(session("s2"), young)).unwrap();
    story.when(&anne(), set(None, slow(10))).unwrap();
    assert_eq!(story.state.policy().slow_mode_ms, 10_000);
    assert_eq!(
        story.when(&anne(), begin("s2")).unwrap_err().code(),
        "not_allowed"
    );
    story.when(&Actor::System, begin("s2")).unwrap();
    let policy = story.state.policy();
    assert_eq!(
        (policy.slow_mode_ms, policy.young, policy.names),
        (30_000, true, Names::None)
    );
    // A live change holds at once, and goes on after the session; what the session laid over does not.
    story.when(&anne(), set(None, slow(5))).unwrap();
    assert_eq!(
        (
            story.state.policy().slow_mode_ms,
            story.state.policy().young
        ),
        (5_000, true)
    );
    assert_eq!(story.when(&Actor::System, begin("s2")).unwrap(), []);
    story.when(&Actor::System, begin("s3")).unwrap();
    assert_eq!(
        (
            story.state.policy().slow_mode_ms,
            story.state.policy().young
        ),
        (5_000, false)
    );
    // Kept rules are added to, take effect in the session that runs, and are taken away.
    let closed = PolicyPatch {
        open: Some(false),
        ..none()
    };
    story.when(&anne(), set(session("s3"), closed)).unwrap();
    story.when(&anne(), set(session("s3"), slow(1))).unwrap();
    assert_eq!(
        (story.state.policy().slow_mode_ms, story.state.policy().open),
        (1_000, false)
    );
    assert_eq!(story.when(&anne(), set(session("s3"), none())).unwrap(), []);
    story.when(&anne(), reset("s3", slow(1))).unwrap();
    let policy = story.state.policy();
    assert_eq!((policy.slow_mode_ms, policy.open), (1_000, true));
    story.when(&anne(), reset("s3", none())).unwrap();
    assert_eq!(story.state.policy().slow_mode_ms, 5_000, "the event's");
    for gone in ["s3", "s4"] {
        assert_eq!(story.when(&anne(), reset(gone, none())).unwrap(), []);
    }
}

#[test]
fn the_files_rules_for_a_session_are_those_of_today_unless_they_were_changed_live() {
    let file = |seconds| Catalogue {
        sessions: ["s1", "s2"]
            .map(|id| (session(id).unwrap(), slow(seconds)))
            .into(),
        ..catalogue()
    };
    let mut story = Story::new();
    story.state = State::new(story.policy.clone(), file(1));
    assert_eq!(
        story.when(&anne(), set(session("s1"), slow(1))).unwrap(),
        []
    );
    story.when(&anne(), set(session("s2"), slow(2))).unwrap();
    story.when(&Actor::System, begin("s1")).unwrap();
    assert_eq!(story.state.policy().slow_mode_ms, 1_000);

    let bytes = story.state.to_snapshot();
    let state = State::from_snapshot(&bytes, story.policy.clone(), file(9)).unwrap();
    assert_eq!(state.policy().slow_mode_ms, 9_000);
    let kept = state.session_policies().values();
    assert!(kept.eq(&[slow(9), slow(2)]));
    assert!(state.sessions_changed().iter().eq(&session("s2")));
}

#[test]
fn what_changes_nothing_is_not_recorded_and_nonsense_is_refused() {
    let mut story = Story::new();
    assert_eq!(story.when(&anne(), set(None, none())).unwrap(), []);
    story.when(&anne(), set(None, slow(3))).unwrap();
    assert_eq!(story.when(&anne(), set(None, slow(3))).unwrap(), []);
    let unknown = Some(Some(BTreeSet::from([ThemeId::new("autre").unwrap()])));
    for patch in [
        slow(4_000),
        PolicyPatch {
            max_length: Some(3),
            ..none()
        },
        PolicyPatch {
            per_person: Some(0),
            ..none()
        },
        PolicyPatch {
            themes: unknown,
            ..none()
        },
        PolicyPatch {
            young: Some(true),
            names: Some(Names::Required),
            ..none()
        },
    ] {
        assert_eq!(
            story.when(&anne(), set(None, patch)).unwrap_err().code(),
            "bad_request"
        );
    }
}

#[test]
fn the_patch_is_the_protocols_and_tells_all_from_unchanged() {
    let patch: PolicyPatch = serde_json::from_str(r#"{"themes":null,"slow_mode_s":2}"#).unwrap();
    assert_eq!(
        (patch.themes, patch.publics, patch.slow_mode_s),
        (Some(None), None, Some(2))
    );
}

#[test]
fn only_what_is_offered_now_is_taken_and_moderators_may_still_tag() {
    let offer = PolicyPatch {
        publics: Some(Some(BTreeSet::new())),
        ..none()
    };
    let mut story = Story::new();
    story.when(&anne(), set(None, offer)).unwrap();
    let tagged = Command::Ask(Ask {
        text: "Quoi ?".into(),
        public: PublicId::new("eleves").ok(),
        ..Ask::default()
    });
    assert_eq!(
        story.when(&person(1), tagged).unwrap_err().code(),
        "bad_request"
    );
    let all = PolicyPatch {
        publics: Some(None),
        ..none()
    };
    story.when(&anne(), set(None, all)).unwrap();
    assert_eq!(story.state.policy().publics, None);
}

#[test]
fn children_are_not_named_and_not_public_at_once() {
    let file = Policy {
        young: true,
        moderation: Moderation::After,
        slow_mode_ms: 0,
        ..Policy::default()
    };
    let mut story = Story::under(file);
    story.when(&person(1), named("Léa")).unwrap();
    let question = story.state.question(Q1).unwrap();
    assert_eq!(
        (question.standing, &question.name, question.show_name),
        (Standing::Received, &None, false)
    );
}

#[test]
fn a_needed_name_is_asked_for_except_of_rooms() {
    let mut story = Story::under(Policy {
        names: Names::Required,
        slow_mode_ms: 0,
        ..Policy::default()
    });
    assert_eq!(
        story.when(&person(1), ask("Quoi ?")).unwrap_err().code(),
        "bad_request"
    );
    story.when(&person(1), named("Léa")).unwrap();
    story.when(&room("nancy"), ask("Quoi ?")).unwrap();
}

#[test]
fn nobody_asks_under_a_name_that_looks_like_the_teams() {
    let mut story = Story::new().with_approved(1);
    story
        .when(
            &staff("d4", "Mél Iris"),
            Command::Note {
                question: Q1,
                text: "vu".into(),
            },
        )
        .unwrap();
    for taken in [
        "Anne",
        " ANNE ",
        "Аnne",
        "Ａｎｎｅ",
        "A.n.n.e",
        "Mél Iris",
        "mel-lris",
        "Prèsidence",
        "présidence",
    ] {
        assert_eq!(
            story.when(&person(2), named(taken)).unwrap_err().code(),
            "name_taken",
            "{taken}"
        );
    }
    for free in ["Anne-Laure", "Anna", "Président"] {
        story.when(&person(2), named(free)).unwrap();
    }
}

#[test]
fn nobody_poses_as_a_room_and_a_first_name_is_a_first_name() {
    let mut story = Story::new();
    for (who, name) in [
        (person(2), "Salle de Nancy"),
        (person(2), "salle de  Nаncy"),
        (room("reims"), "Salle de Nancy"),
    ] {
        let refused = story.when(&who, named(name)).unwrap_err();
        assert_eq!(refused.code(), "name_taken", "{name}");
    }
    let refused = story.when(&room("nancy"), named("Anne-Laure"));
    assert!(refused.is_ok(), "who asks in a room has a name, too");
    story.when(&room("nancy"), named("Salle de Nancy")).unwrap();
    story.when(&person(2), named("Nancy")).unwrap();
}

#[test]
fn suspicious_questions_wait_aside_whatever_the_moderation() {
    let mut story = Story::under(Policy {
        moderation: Moderation::After,
        slow_mode_ms: 0,
        per_person_per_min: 0,
        ..Policy::default()
    });
    let held = |story: &mut Story, who, command| {
        story.when(&person(who), command).unwrap();
        let question = story.state.questions().last().unwrap();
        assert_eq!(question.is_public(), question.held.is_none());
        question.held.as_ref().map(|held| held.code)
    };
    assert_eq!(
        held(&mut story, 1, ask("Venez sur www.exemple.fr")),
        Some(HoldCode::Link)
    );
    assert_eq!(
        held(&mut story, 1, ask("Appelez le 06 12 34 56 78")),
        Some(HoldCode::Contact)
    );
    assert_eq!(
        held(&mut story, 1, named("jean@exemple.fr")),
        Some(HoldCode::Name)
    );
    assert_eq!(held(&mut story, 1, ask("Et la 5G ?")), None);
    story.moderate(4, crate::given::unlawful).unwrap();
    assert_eq!(
        held(&mut story, 1, ask("Et alors ?")),
        Some(HoldCode::Watched)
    );
    // Taken back, it is forgiven.
    story.moderate(4, restore).unwrap();
    assert_eq!(held(&mut story, 1, ask("Et maintenant ?")), None);
    story.moderate(1, approve).unwrap();
    let question = story.state.question(Q1).unwrap();
    assert_eq!(
        (question.standing, &question.held),
        (Standing::Approved, &None)
    );
    story.moderate(2, restore).unwrap();
    assert_eq!(
        story.state.question(Q2).unwrap().standing,
        Standing::Received
    );
    assert!(story.state.question(Q3).unwrap().held.is_some());
}

#[test]
fn a_person_asks_so_many_a_minute_and_a_room_as_it_likes() {
    let mut story = Story::under(Policy {
        slow_mode_ms: 1_000,
        per_person_per_min: 2,
        ..Policy::default()
    });
    let me = ParticipantId([1; 16]);
    assert_eq!(story.state.next_ask_at(me), None);
    story.when(&person(1), ask("a")).unwrap();
    assert_eq!(story.state.next_ask_at(me), Some(UnixMs(2_000)));
    story.now = 11_000;
    story.when(&person(1), ask("b")).unwrap();
    story.now = 21_000;
    assert_eq!(
        story.when(&person(1), ask("c")),
        Err(Rejection::TooFast { retry_ms: 40_000 })
    );
    story.now = 61_000;
    story.when(&person(1), ask("c")).unwrap();
    for text in ["d", "e", "f"] {
        story.when(&room("nancy"), ask(text)).unwrap();
    }
    assert_eq!(story.state.next_ask_at(ParticipantId([200; 16])), None);
}

#[test]
fn a_language_is_kept_and_nonsense_is_not() {
    let mut story = Story::new();
    let said = |lang: &str| {
        Command::Ask(Ask {
            text: "Hi".into(),
            lang: Some(lang.into()),
            ..Ask::default()
        })
    };
    story.when(&person(1), said("pt-BR")).unwrap();
    assert_eq!(
        story.state.question(Q1).unwrap().lang.as_deref(),
        Some("pt-BR")
    );
    assert_eq!(
        story.when(&person(1), said("<b>")).unwrap_err().code(),
        "bad_request"
    );
}
