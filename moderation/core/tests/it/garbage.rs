//! Rows and snapshots that are not what they claim to be: refused, never a panic.

use pleniere_moderation_core::{EVENT_VERSION, Policy, State, UnixMs, apply, from_stored};
use proptest::prelude::*;

use crate::given::{Story, anne, catalogue, stage};

/// Something like a row: of the words rows are made of.
fn rows() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"at\"",
        "\"by\"",
        "\"change\"",
        "\"system\"",
        "\"moderator\"",
        "\"reopened\"",
        "\"queue_set\"",
        "\"question\"",
        "\"staged\"",
        "1",
        "-1",
        "1e400",
        "18446744073709551616",
        "null",
        "true",
        "\"\\ud800\"",
        "\"é\"",
        "\"undone\"",
        "\"merged\"",
        "\"into\"",
        "\"policy_set\"",
        "\"patch\"",
    ]);
    prop::collection::vec(word, 0..30).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn a_row_of_any_content_is_an_event_or_an_error(row in rows(), noise in "\\PC{0,60}", version in 0..4_u16) {
        for text in [row, noise] {
            if let Ok(event) = from_stored(version, &text) {
                let mut state = State::new(Policy::default(), catalogue());
                apply(&mut state, &event);
            }
        }
    }

    #[test]
    fn events_out_of_order_are_carried_without_harm(
        order in prop::collection::vec((0..9_usize, 1..4_u64, 1..4_u64), 0..40),
    ) {
        let author = r#"{"participant":"07070707070707070707070707070707"}"#;
        let mut state = State::new(Policy::default(), catalogue());
        for (kind, a, b) in order {
            let change = match kind {
                0 => format!(r#"{{"asked":{{"question":{a},"author":{author},"text":"x","approved":true}}}}"#),
                1 | 2 => format!(r#"{{"merged":{{"question":{a},"into":{b}}}}}"#),
                3 => format!(r#"{{"unmerged":{{"question":{a},"to":"approved"}}}}"#),
                4 => format!(r#"{{"undone":{{"question":{a},"act":"merge"}}}}"#),
                5 => format!(r#"{{"taken_on_air":{{"question":{a}}}}}"#),
                6 => format!(r#"{{"hand_called":{{"hand":{a}}}}}"#),
                7 => format!(r#"{{"moved":{{"question":{a},"rank":18446744073709551615}}}}"#),
                _ => format!(r#"{{"hand_raised":{{"hand":{a},"author":{author}}}}}"#),
            };
            let row = format!(r#"{{"at":1,"by":{{"moderator":{{"id":"a","name":"A"}}}},"change":{change}}}"#);
            apply(&mut state, &from_stored(EVENT_VERSION, &row).unwrap());
            for question in state.questions() {
                state.root(question.id);
                question.claim(UnixMs(0));
            }
        }
    }

    #[test]
    fn a_snapshot_with_any_byte_changed_or_cut_off_is_refused(at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let mut story = Story::new().with_approved(3);
        story.moderate(2, stage).unwrap();
        story.when(&anne(), pleniere_moderation_core::Command::Undo { question: None }).unwrap();
        let bytes = story.state.to_snapshot();
        let read = |bytes: &[u8]| State::from_snapshot(bytes, story.policy.clone(), catalogue());
        let same = read(&bytes);
        prop_assert_eq!(same.as_ref(), Ok(&story.state));
        let mut changed = bytes.clone();
        changed[at.index(bytes.len())] ^= flip;
        prop_assert!(read(&changed).is_err());
        prop_assert!(read(&bytes[..at.index(bytes.len())]).is_err());
    }

    #[test]
    fn any_bytes_are_no_snapshot(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(State::from_snapshot(&bytes, Policy::default(), catalogue()).is_err());
    }
}
