//! Every message the queue reads, open to whatever bytes: for `cargo test`, which mutates good ones, and for libFuzzer
//! (`make fuzz`, the crate in `fuzz/`). Not part of the program.
//!
//! Each function takes any bytes, lets them go where they would go, and panics when something does not hold.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::task::noop_waker_ref;
use pleniere_moderation_core::{Catalogue, Event, Policy, State, apply, from_stored, to_stored};
use serde_json::{Map, Value};
use tokio::io::{AsyncRead, ReadBuf};

use crate::{
    socket::{Incoming, MAX_MESSAGE, Socket},
    wire::{self, ClientMessage},
};

/// The longest refusal: what is repeated of a wrong message is cut.
const MAX_DETAIL: usize = 600;

/// Any text message of a client, to the command it asks for.
pub fn client_message(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match wire::parse(text) {
        Ok(ClientMessage::Do(act)) => {
            if let Err(refusal) = wire::acting(&act.name, act.fields) {
                check_detail(&refusal.detail);
            }
        }
        Ok(ClientMessage::Hello(_) | ClientMessage::Subscribe(_)) => {}
        Err(detail) => check_detail(&detail),
    }
}

/// The content of a hello.
pub fn hello(data: &[u8]) {
    let mut message = b"{\"hello\":".to_vec();
    message.extend_from_slice(data);
    message.push(b'}');
    client_message(&message);
}

/// The body of a question sent over HTTP.
pub fn ask_body(data: &[u8]) {
    if let Ok(fields) = serde_json::from_slice::<Map<String, Value>>(data)
        && let Err(refusal) = wire::ask(fields)
    {
        check_detail(&refusal.detail);
    }
}

/// What comes over a line after the handshake. The first byte says in which pieces it comes.
pub fn frames(data: &[u8]) {
    let Some((size, bytes)) = data.split_first() else {
        return;
    };
    let pieces = Pieces {
        bytes,
        size: usize::from(*size).max(1),
    };
    let mut socket = Socket::new(tokio::io::join(pieces, tokio::io::sink()), Vec::new());
    let mut context = Context::from_waker(noop_waker_ref());
    loop {
        let Poll::Ready(incoming) = socket.poll_incoming(&mut context) else {
            panic!("a line that has an end waits for ever");
        };
        match incoming {
            Incoming::Text(text) => assert!(text.len() <= MAX_MESSAGE),
            Incoming::Gone | Incoming::Broken(..) | Incoming::Close(_) => return,
            Incoming::Ping | Incoming::Pong => {}
        }
        let flushed = socket.poll_flush(&mut context);
        assert!(matches!(flushed, Poll::Ready(Ok(()))));
    }
}

/// Rows of the journal, one a line, each after a digit: the version it is written in. What can be read is applied.
pub fn stored_row(data: &[u8]) {
    let mut state = State::new(Policy::default(), Catalogue::default());
    for line in data.split(|byte| *byte == b'\n') {
        if let Some(event) = read_row(line) {
            let again = to_stored(&event).map(|json| json.into_bytes());
            let again = again
                .ok()
                .and_then(|json| read_row(&[b"2", json.as_slice()].concat()));
            assert_eq!(again.as_ref(), Some(&event), "what is written is read back");
            apply(&mut state, &event);
        }
    }
}

fn read_row(line: &[u8]) -> Option<Event> {
    let (version, json) = line.split_first()?;
    let json = std::str::from_utf8(json).ok()?;
    from_stored(u16::from(version.wrapping_sub(b'0')), json).ok()
}

/// A snapshot.
pub fn snapshot(data: &[u8]) {
    let read =
        |bytes: &[u8]| State::from_snapshot(bytes, Policy::default(), Catalogue::default()).ok();
    if let Some(state) = read(data) {
        let again = read(&state.to_snapshot());
        assert_eq!(again.as_ref(), Some(&state), "what is written is read back");
    }
}

fn check_detail(detail: &str) {
    assert!(!detail.is_empty());
    assert!(detail.chars().count() <= MAX_DETAIL, "{detail}");
}

/// A line whose bytes come in pieces of this size.
struct Pieces<'a> {
    bytes: &'a [u8],
    size: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let size = self.size.min(self.bytes.len()).min(buffer.remaining());
        let (piece, rest) = self.bytes.split_at(size);
        buffer.put_slice(piece);
        self.bytes = rest;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pleniere_moderation_core::{
        Actor, Ask, Command, ParticipantId, QuestionId, Staff, UnixMs, decide,
    };
    use proptest::prelude::*;

    /// How a good message is spoilt: where, how, and with what.
    type Spoiling = (prop::sample::Index, u8, u8);

    fn spoilt(good: &[u8], spoilings: &[Spoiling]) -> Vec<u8> {
        let mut bytes = good.to_vec();
        for (place, how, with) in spoilings {
            let at = place.index(bytes.len() + 1);
            match how % 6 {
                0 => bytes.insert(at, *with),
                1 if at < bytes.len() => bytes[at] = *with,
                2 if at < bytes.len() => bytes[at] ^= 1 << (with % 8),
                3 => bytes.truncate(at),
                4 => {
                    let end = (at + usize::from(*with)).min(bytes.len());
                    bytes.drain(at..end);
                }
                _ => {
                    let start = at.saturating_sub(usize::from(*with));
                    let piece = bytes[start..at].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
        bytes
    }

    fn spoilings() -> impl Strategy<Value = Vec<Spoiling>> {
        prop::collection::vec(any::<Spoiling>(), 0..6)
    }

    const MESSAGES: &[&str] = &[
        r#"{"hello":{"key":"k.s","participant":"abcdefghijklmnopqrstuv","topics":[{"topic":"public","epoch":"0a1b","offset":7}]}}"#,
        r#"{"subscribe":{"topic":"mine","epoch":null,"offset":0}}"#,
        r#"{"do":"ask","id":"1","text":"Où en est la 5G ?","name":"Léa","show_name":true,"public":"eleves","theme":"","site":null,"programme_at":1}"#,
        r#"{"do":"decline","id":"2","question":1,"version":2,"reason":{"code":"duplicate","text":"déjà","see":4}}"#,
        r#"{"do":"edit","id":"3","question":1,"version":2,"text":"t","theme":null,"site":"nancy"}"#,
        r#"{"do":"bulk","id":"4","act":"approve","items":[{"question":1,"version":2},{"question":2,"version":1}]}"#,
        r#"{"do":"policy","id":"5","session":"s","open":true,"slow_mode_s":5,"names":"none","themes":["a"],"publics":null}"#,
        r#"{"do":"ban","id":"6","asker":"bcdfgh","reason":"r","minutes":5}"#,
        r#"{"do":"history","id":"7","before":500}"#,
        r#"{"do":"similar","id":"8","text":"la cantine"}"#,
    ];

    fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![1, 0x80 | opcode]; // one byte at a time
        let length = u16::try_from(payload.len()).unwrap();
        match payload.len() {
            0..=125 => frame.push(0x80 | length as u8),
            _ => {
                frame.push(0x80 | 126);
                frame.extend(length.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        frame
    }

    /// A question on its way, as rows and as a snapshot.
    fn past() -> (Vec<u8>, Vec<u8>) {
        let mut state = State::new(Policy::default(), Catalogue::default());
        let anne = Actor::Moderator(Staff {
            id: "0".repeat(16),
            name: "Anne".to_owned(),
        });
        let asker = Actor::Participant(ParticipantId([7; 16]));
        let voter = Actor::Participant(ParticipantId([8; 16]));
        let question = QuestionId(1);
        let ask = Ask {
            text: "Et la 5G ?".to_owned(),
            ..Ask::default()
        };
        let version = 1;
        let commands = [
            (Command::Ask(ask), asker),
            (Command::Approve { question, version }, anne.clone()),
            (Command::Vote { question }, voter),
            (
                Command::Air {
                    question,
                    version: 2,
                },
                anne,
            ),
        ];
        let mut rows = Vec::new();
        for (command, actor) in commands {
            for event in decide(&state, command, &actor, UnixMs(1)).unwrap() {
                rows.extend(format!("2{}\n", to_stored(&event).unwrap()).into_bytes());
                apply(&mut state, &event);
            }
        }
        (rows, state.to_snapshot())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_message_is_too_much(which in 0..MESSAGES.len(), how in spoilings()) {
            let bytes = spoilt(MESSAGES[which].as_bytes(), &how);
            client_message(&bytes);
            hello(&bytes);
            ask_body(&bytes);
        }

        #[test]
        fn no_line_is_too_much(which in 0..MESSAGES.len(), opcode in 0_u8..16, how in spoilings()) {
            frames(&spoilt(&masked(opcode, MESSAGES[which].as_bytes()), &how));
        }

        #[test]
        fn no_journal_is_too_much(how in spoilings()) {
            let (rows, bytes) = past();
            stored_row(&spoilt(&rows, &how));
            snapshot(&spoilt(&bytes, &how));
        }

        #[test]
        fn no_bytes_at_all_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for message in [client_message, hello, ask_body, frames, stored_row, snapshot] {
                message(&bytes);
            }
        }
    }
}
