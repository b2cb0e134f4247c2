//! One thing somebody tries: a kind of command, by one of a few people, on one of a few questions, mostly with the
//! version it has.

use pleniere_moderation_core::{
    Actor, Ask, Audience, Banning, Command, Decline, DeclineCode, HandId, Moderation, Names, Patch,
    PolicyPatch, PublicId, QuestionId, Raise, SessionId, SiteId, State, ThemeId, UnixMs,
};
use proptest::prelude::*;

use crate::given::{anne, person, room, staff};

#[derive(Debug, Clone)]
pub struct Try {
    kind: u8,
    who: u8,
    question: u64,
    other: u64,
    stale: bool,
    rank: usize,
    pub wait: i64,
}

pub fn tries() -> impl Strategy<Value = Vec<Try>> {
    let wait = prop_oneof![8 => 0..20_i64, 1 => 20_000..50_000_i64];
    let one = (
        0..66_u8,
        0..6_u8,
        1..8_u64,
        1..8_u64,
        prop::bool::weighted(0.05),
        0..6_usize,
        wait,
    )
        .prop_map(|(kind, who, question, other, stale, rank, wait)| Try {
            kind,
            who,
            question,
            other,
            stale,
            rank,
            wait,
        });
    prop::collection::vec(one, 0..160)
}

impl Try {
    fn text(&self) -> String {
        match self.rank {
            0 => "Voyez www.exemple.fr".to_owned(),
            n => format!("Texte {n}"),
        }
    }

    fn anybody(&self) -> Actor {
        if self.who == 5 {
            room("nancy")
        } else {
            person(self.who)
        }
    }

    fn colleague(&self) -> Actor {
        match self.who {
            0..3 => anne(),
            3..5 => staff("b2", "Bob"),
            _ => staff("c3", "Anne"),
        }
    }

    fn site(&self) -> Option<SiteId> {
        (self.rank > 2).then(|| SiteId::new("reims").unwrap())
    }
}

pub fn resolve(state: &State, attempt: &Try) -> (Actor, Command) {
    let question = QuestionId(attempt.question);
    let seen = state.question(question);
    let version = seen.map_or(1, |question| question.version) + u64::from(attempt.stale);
    match attempt.kind {
        0..=13 => (attempt.anybody(), personal(attempt, question)),
        14 => (Actor::System, report(attempt, question)),
        15..=20 => (attempt.colleague(), on_hand(state, attempt)),
        21..=25 => (attempt.colleague(), ruling(attempt, question)),
        26..=45 => (attempt.colleague(), triage(attempt, question, version)),
        _ => (attempt.colleague(), staging(attempt, question, version)),
    }
}

fn personal(attempt: &Try, question: QuestionId) -> Command {
    let theme = (attempt.other > 4).then(|| ThemeId::new("egalite").unwrap());
    let public = (attempt.other > 2).then(|| PublicId::new("eleves").unwrap());
    match attempt.kind {
        0..=3 => Command::Ask(Ask {
            text: attempt.text(),
            site: attempt.site(),
            theme,
            public,
            ..Ask::default()
        }),
        4..=7 => Command::Vote { question },
        8 => Command::Unvote { question },
        9 => Command::Withdraw { question },
        10..=11 => Command::RaiseHand(Raise {
            site: attempt.site(),
            ..Raise::default()
        }),
        12 => Command::HandReady,
        _ => Command::LowerHand,
    }
}

fn report(attempt: &Try, question: QuestionId) -> Command {
    match attempt.other {
        1..4 => Command::NoteAirSeen {
            question,
            at: UnixMs(7),
            shown: attempt.rank.is_multiple_of(2),
        },
        4 => Command::Release { question },
        5 => Command::ReleaseAll {
            staff: "a1".to_owned(),
        },
        _ => Command::NoteSession {
            session: (attempt.rank > 2).then(|| SessionId::new("s1").unwrap()),
        },
    }
}

fn on_hand(state: &State, attempt: &Try) -> Command {
    let hand = HandId(attempt.question);
    let seen = state.hand(hand);
    let version = seen.map_or(1, |hand| hand.version) + u64::from(attempt.stale);
    match attempt.kind {
        15..=16 => Command::CallHand { hand, version },
        17 => Command::HandSpeaking { hand, version },
        18 => Command::HandDone { hand, version },
        19 => Command::MoveHand {
            hand,
            version,
            to: attempt.rank,
        },
        _ => Command::DismissHand {
            hand,
            version,
            reason: None,
        },
    }
}

fn ruling(attempt: &Try, question: QuestionId) -> Command {
    match attempt.kind {
        21 => Command::Claim {
            question,
            take: attempt.rank == 0,
        },
        22 => Command::Release { question },
        23 => Command::Note {
            question,
            text: attempt.text(),
        },
        24 if attempt.rank == 0 => Command::Ban {
            who: Banning::AskerOf(question),
            reason: "injures".to_owned(),
            minutes: Some(1),
        },
        24 => Command::Unban {
            asker: "bbbbbb".to_owned(),
        },
        _ if attempt.other > 6 => Command::ResetPolicy {
            session: SessionId::new("s1").unwrap(),
            patch: patch(attempt),
        },
        _ => Command::SetPolicy {
            session: (attempt.other > 5).then(|| SessionId::new("s1").unwrap()),
            patch: patch(attempt),
        },
    }
}

fn patch(attempt: &Try) -> PolicyPatch {
    let none = PolicyPatch::default();
    match attempt.rank {
        0 => PolicyPatch {
            moderation: Some(Moderation::After),
            ..none
        },
        1 => PolicyPatch {
            young: Some(attempt.other > 3),
            ..none
        },
        2 => PolicyPatch {
            names: Some(Names::Optional),
            open: Some(true),
            ..none
        },
        3 => PolicyPatch {
            themes: Some(None),
            ..none
        },
        4 => PolicyPatch {
            open: Some(attempt.who != 0),
            ..none
        },
        _ => none,
    }
}

fn triage(attempt: &Try, question: QuestionId, version: u64) -> Command {
    let text = attempt.text();
    match attempt.kind {
        26..=30 => Command::Approve { question, version },
        31 => Command::Hold {
            question,
            version,
            text: None,
        },
        32 => {
            let see = (attempt.rank > 2).then_some(QuestionId(attempt.other));
            let code = if attempt.rank == 0 {
                DeclineCode::Unlawful
            } else {
                DeclineCode::Duplicate
            };
            let reason = Decline {
                code,
                text: None,
                see,
            };
            Command::Decline {
                question,
                version,
                reason,
            }
        }
        33 => Command::Restore { question, version },
        34 => Command::Edit {
            question,
            version,
            text,
            theme: Patch::Keep,
            public: Patch::Keep,
            site: Patch::Clear,
        },
        35 => Command::Defer {
            question,
            version,
            to: "Mme Roux".to_owned(),
        },
        36..=40 => Command::Merge {
            question,
            version,
            into: QuestionId(attempt.other),
        },
        41 => Command::Unmerge { question, version },
        _ => Command::Undo {
            question: (attempt.rank > 3).then_some(question),
        },
    }
}

fn staging(attempt: &Try, question: QuestionId, version: u64) -> Command {
    match attempt.kind {
        46..=48 => Command::Stage { question, version },
        49 => Command::Unstage { question, version },
        50..=52 => Command::Air { question, version },
        53 => Command::OffAir { question, version },
        54 => Command::Assign {
            question,
            version,
            speaker: Patch::Set(attempt.text()),
            site: attempt.site().map_or(Patch::Clear, Patch::Set),
        },
        55..=56 => Command::Answer {
            question,
            version,
            written: (attempt.rank > 2).then(|| attempt.text()),
            to: if attempt.rank > 4 {
                Audience::One
            } else {
                Audience::All
            },
        },
        57 => Command::Reopen { question, version },
        58..=59 => Command::Undo { question: None },
        60..=62 => Command::Stage { question, version },
        _ => Command::Move {
            question,
            version,
            to: attempt.rank,
        },
    }
}
