//! What moderators do about people and for them: bans, private answers, deferring, assigning, notes.

use pleniere_moderation_core::{
    Audience, Banning, Change, Command, MAX_NOTES, ParticipantId, Patch, QuestionId, Raise,
    Rejection, SiteId, Standing, UnixMs,
};

use crate::given::{
    Q1, Q2, Story, anne, approve, ask, defer, person, reopen, restore, room, stage,
};

fn ban(who: Banning, minutes: Option<u32>) -> Command {
    Command::Ban {
        who,
        reason: " injures ".into(),
        minutes,
    }
}

fn written(question: QuestionId, version: u64, to: Audience) -> Command {
    Command::Answer {
        question,
        version,
        written: Some("Oui.".into()),
        to,
    }
}

#[test]
fn the_banned_are_told_why_and_come_back_when_it_ends() {
    let mut story = Story::new().with_approved(2);
    story
        .when(&anne(), ban(Banning::AskerOf(Q1), Some(1)))
        .unwrap();
    let until = Some(UnixMs(story.now - 1 + 60_000));
    let refused = Rejection::Banned {
        reason: "injures".into(),
        until,
    };
    let raise = Command::RaiseHand(Raise::default());
    for command in [ask("Encore"), Command::Vote { question: Q2 }, raise] {
        assert_eq!(story.when(&person(1), command).unwrap_err(), refused);
    }
    story
        .when(&person(1), Command::Withdraw { question: Q1 })
        .unwrap();
    story.now += 60_000;
    story.when(&person(1), ask("Pardon")).unwrap();
}

#[test]
fn a_ban_for_good_is_lifted_by_pseudonym() {
    let mut story = Story::new().with_approved(1);
    let pseudonym = ParticipantId([1; 16]).pseudonym();
    let who = || Banning::Pseudonym(pseudonym.clone());
    story.when(&anne(), ban(who(), None)).unwrap();
    assert!(
        story
            .state
            .ban(ParticipantId([1; 16]), UnixMs(i64::MAX))
            .is_some()
    );
    let unban = Command::Unban {
        asker: pseudonym.clone(),
    };
    story.when(&anne(), unban.clone()).unwrap();
    story.when(&person(1), ask("Merci")).unwrap();
    assert_eq!(story.when(&anne(), unban).unwrap_err().code(), "not_found");
    assert_eq!(
        story
            .when(&anne(), ban(Banning::Pseudonym("zzz".into()), None))
            .unwrap_err()
            .code(),
        "not_found"
    );
    assert_eq!(
        story.when(&anne(), ban(who(), Some(0))).unwrap_err().code(),
        "bad_request"
    );
    story.when(&room("nancy"), ask("Ici")).unwrap();
    let last = story.state.questions().last().unwrap().id;
    assert_eq!(
        story
            .when(&anne(), ban(Banning::AskerOf(last), None))
            .unwrap_err()
            .code(),
        "not_allowed"
    );
}

#[test]
fn an_answer_to_one_is_not_public() {
    let mut story = Story::new().with_approved(1);
    story.when(&person(2), ask("Deux ?")).unwrap();
    let oral = Command::Answer {
        question: Q1,
        version: 2,
        written: None,
        to: Audience::One,
    };
    assert_eq!(story.when(&anne(), oral).unwrap_err().code(), "bad_request");
    story.when(&anne(), written(Q1, 2, Audience::One)).unwrap();
    story.when(&anne(), written(Q2, 1, Audience::All)).unwrap();
    let public = |story: &Story, id| story.state.question(id).unwrap().is_public();
    assert_eq!((public(&story, Q1), public(&story, Q2)), (false, true));
    assert_eq!(
        story
            .when(&person(3), Command::Vote { question: Q1 })
            .unwrap_err()
            .code(),
        "not_found"
    );
    story.moderate(1, reopen).unwrap();
    story.moderate(2, reopen).unwrap();
    let standing = |id| story.state.question(id).unwrap().standing;
    assert_eq!(
        (standing(Q1), standing(Q2)),
        (Standing::Approved, Standing::Received)
    );
}

#[test]
fn what_waits_is_answered_in_writing_only() {
    let mut story = Story::new();
    story.when(&person(1), ask("Une ?")).unwrap();
    let oral = |version| Command::Answer {
        question: Q1,
        version,
        written: None,
        to: Audience::All,
    };
    assert_eq!(
        story.when(&anne(), oral(1)).unwrap_err().code(),
        "wrong_state"
    );
    story.moderate(1, defer).unwrap();
    assert_eq!(
        story.when(&anne(), oral(2)).unwrap_err().code(),
        "wrong_state"
    );
    story.when(&anne(), written(Q1, 2, Audience::All)).unwrap();
}

#[test]
fn deferred_says_to_whom_and_comes_back() {
    let mut story = Story::new().with_approved(1);
    story.moderate(1, stage).unwrap();
    story.moderate(1, defer).unwrap();
    let question = story.state.question(Q1).unwrap();
    assert_eq!(
        (question.standing, question.deferred_to.as_deref()),
        (Standing::Deferred, Some("Mme Roux"))
    );
    assert!(!question.is_public() && story.staged().is_empty());
    story.moderate(1, restore).unwrap();
    assert_eq!(story.state.question(Q1).unwrap().deferred_to, None);
}

#[test]
fn a_staged_question_is_assigned_and_stays_so_when_unstaged() {
    let mut story = Story::new().with_approved(1);
    let assign = |version, site: Patch<SiteId>| Command::Assign {
        question: Q1,
        version,
        speaker: Patch::Set(" Mme  Roux ".into()),
        site,
    };
    assert_eq!(
        story
            .when(&anne(), assign(2, Patch::Keep))
            .unwrap_err()
            .code(),
        "wrong_state"
    );
    story.moderate(1, stage).unwrap();
    let unknown = Patch::Set(SiteId::new("brest").unwrap());
    assert_eq!(
        story.when(&anne(), assign(3, unknown)).unwrap_err().code(),
        "bad_request"
    );
    let nancy = Patch::Set(SiteId::new("nancy").unwrap());
    story.when(&anne(), assign(3, nancy)).unwrap();
    assert_eq!(story.when(&anne(), assign(4, Patch::Keep)).unwrap(), []);
    assert_eq!(story.staged(), [1]);
    story
        .moderate(1, |question, version| Command::Unstage {
            question,
            version,
        })
        .unwrap();
    let assigned = &story.state.question(Q1).unwrap().assigned;
    assert_eq!(
        (
            assigned.speaker.as_deref(),
            assigned.site.as_ref().map(|s| s.as_str())
        ),
        (Some("Mme Roux"), Some("nancy"))
    );
}

#[test]
fn notes_are_kept_in_order_and_change_no_version() {
    let mut story = Story::new().with_approved(1);
    let note = |text: &str| Command::Note {
        question: Q1,
        text: text.into(),
    };
    for n in 1..=MAX_NOTES {
        story.when(&anne(), note(&format!("note {n}"))).unwrap();
    }
    let question = story.state.question(Q1).unwrap();
    assert_eq!(
        (
            question.version,
            question.notes.len(),
            question.notes[1].text.as_str()
        ),
        (2, MAX_NOTES, "note 2")
    );
    assert_eq!(question.notes[0].by.name, "Anne");
    assert_eq!(
        story.when(&anne(), note("encore")).unwrap_err().code(),
        "full"
    );
    assert!(matches!(
        story.moderate(1, approve),
        Err(Rejection::WrongState { .. })
    ));
}

#[test]
fn a_banned_asker_is_named_in_the_journal_by_digest_only() {
    let mut story = Story::new().with_approved(1);
    let changes = story
        .when(&anne(), ban(Banning::AskerOf(Q1), None))
        .unwrap();
    let expected = Change::Banned {
        participant: ParticipantId([1; 16]),
        reason: "injures".into(),
        until: None,
    };
    assert_eq!(changes, [expected]);
}
