//! One WebSocket, server side, after the handshake (RFC 6455): reads masked frames into whole messages and writes
//! ready-made frames. An idle socket holds no buffer: input is read through the stack and kept only while a message
//! is incomplete, output is a reference to bytes shared with every other socket.
//!
//! It never decides: what a message means, when to ping and when to give up are the connection's.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::frame;

/// The largest message a client may send, over all its fragments, in bytes.
pub(crate) const MAX_MESSAGE: usize = 16 * 1024;

/// What came in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// A whole text message.
    Text(String),
    /// A ping; the pong is on its way.
    Ping,
    /// A pong.
    Pong,
    /// The client closes; the code it gave.
    Close(Option<u16>),
    /// Something no client of ours sends: the close code that says so and why.
    Broken(u16, &'static str),
    /// The line is gone.
    Gone,
}

pub(crate) struct Socket<S> {
    io: S,
    input: Vec<u8>,
    /// Fragments of a text message so far.
    fragments: Option<Vec<u8>>,
    output: Bytes,
    written: u64,
    /// A pong that waits for the frame before it; a newer one replaces it (RFC 6455 section 5.5.3).
    pong: Option<Bytes>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// A socket on `io`, of which `input` was read already.
    pub(crate) fn new(io: S, input: Vec<u8>) -> Self {
        Self {
            io,
            input,
            fragments: None,
            output: Bytes::new(),
            written: 0,
            pong: None,
        }
    }

    /// Whether a frame is still being written: [`Socket::send`] only when not.
    pub(crate) fn is_writing(&self) -> bool {
        self.output.has_remaining()
    }

    /// Starts writing a whole frame.
    pub(crate) fn send(&mut self, frame: Bytes) {
        debug_assert!(!self.is_writing());
        self.output = frame;
    }

    /// Writes as much as the line takes now; ready when everything is out.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if !self.output.has_remaining() {
                match self.pong.take() {
                    Some(pong) => self.output = pong,
                    None => {
                        // Let go of the shared frame: an idle socket keeps nothing alive.
                        self.output = Bytes::new();
                        return Poll::Ready(Ok(()));
                    }
                }
            }
            match Pin::new(&mut self.io).poll_write(cx, &self.output) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => {
                    self.output.advance(written);
                    self.written += written as u64;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// The next thing that comes in.
    pub(crate) fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        loop {
            if let Some(incoming) = self.take_incoming() {
                return Poll::Ready(incoming);
            }
            let mut stack = [0; 2048];
            let mut buffer = ReadBuf::new(&mut stack);
            match Pin::new(&mut self.io).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                    return Poll::Ready(Incoming::Gone);
                }
                Poll::Ready(Ok(())) => self.input.extend_from_slice(buffer.filled()),
                Poll::Ready(Err(_)) => return Poll::Ready(Incoming::Gone),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Bytes written so far: whether the line moves at all.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Reads and forgets until the other side has ended.
    pub(crate) fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let mut stack = [0; 4096];
            let mut buffer = ReadBuf::new(&mut stack);
            match Pin::new(&mut self.io).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Ends our direction of the line.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    /// Takes whole frames off the input until one means something, or more input is needed.
    fn take_incoming(&mut self) -> Option<Incoming> {
        loop {
            let header = match Header::parse(&self.input) {
                Ok(header) => header?,
                Err((code, why)) => return Some(Incoming::Broken(code, why)),
            };
            let have = self.fragments.as_ref().map_or(0, Vec::len);
            if !header.is_control() && header.payload + have > MAX_MESSAGE {
                return Some(Incoming::Broken(1009, "a message is at most 16 KiB"));
            }
            let whole = header.length + header.payload;
            if self.input.len() < whole {
                return None;
            }
            let mut payload = self.input[header.length..whole].to_vec();
            for (byte, mask) in payload.iter_mut().zip(header.mask.iter().cycle()) {
                *byte ^= mask;
            }
            self.input.drain(..whole);
            if self.input.is_empty() {
                self.input = Vec::new();
            }
            if let Some(incoming) = self.accept(&header, payload) {
                return Some(incoming);
            }
        }
    }

    /// What a frame means; none for a fragment that is not the last.
    fn accept(&mut self, header: &Header, payload: Vec<u8>) -> Option<Incoming> {
        Some(match (header.opcode, self.fragments.is_some()) {
            (0x0, false) => Incoming::Broken(1002, "a continuation of nothing"),
            (0x1, true) => Incoming::Broken(1002, "a new message inside a fragmented one"),
            (0x0 | 0x1, _) => {
                let mut message = self.fragments.take().unwrap_or_default();
                message.extend_from_slice(&payload);
                if !header.last {
                    self.fragments = Some(message);
                    return None;
                }
                String::from_utf8(message)
                    .map_or(Incoming::Broken(1007, "text must be UTF-8"), Incoming::Text)
            }
            (0x2, _) => Incoming::Broken(1003, "messages are JSON text, not binary"),
            (0x8, _) => {
                Incoming::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code)))
            }
            (0x9, _) => {
                self.pong = Some(frame::pong(&payload));
                Incoming::Ping
            }
            (0xA, _) => Incoming::Pong,
            _ => Incoming::Broken(1002, "unknown opcode"),
        })
    }
}

struct Header {
    last: bool,
    opcode: u8,
    /// Bytes of the header itself, mask included.
    length: usize,
    payload: usize,
    mask: [u8; 4],
}

impl Header {
    fn is_control(&self) -> bool {
        self.opcode >= 0x8
    }

    /// None when more bytes are needed. A length is judged before any memory is given to it.
    fn parse(input: &[u8]) -> Result<Option<Self>, (u16, &'static str)> {
        let [first, second, rest @ ..] = input else {
            return Ok(None);
        };
        let (last, opcode) = (first & 0x80 != 0, first & 0x0F);
        if first & 0x70 != 0 {
            return Err((1002, "no extension was agreed"));
        }
        if second & 0x80 == 0 {
            return Err((1002, "frames of a client are masked"));
        }
        if opcode >= 0x8 && (!last || second & 0x7F > 125) {
            return Err((1002, "a control frame is whole and at most 125 bytes"));
        }
        let (extra, payload) = match second & 0x7F {
            126 => match rest.first_chunk::<2>() {
                Some(bytes) => (2, u64::from(u16::from_be_bytes(*bytes))),
                None => return Ok(None),
            },
            127 => match rest.first_chunk::<8>() {
                Some(bytes) => (8, u64::from_be_bytes(*bytes)),
                None => return Ok(None),
            },
            short => (0, u64::from(short)),
        };
        if payload > MAX_MESSAGE as u64 {
            return Err((1009, "a message is at most 16 KiB"));
        }
        let Some(mask) = rest.get(extra..).and_then(|rest| rest.first_chunk::<4>()) else {
            return Ok(None);
        };
        Ok(Some(Self {
            last,
            opcode,
            length: 2 + extra + 4,
            payload: payload as usize,
            mask: *mask,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::poll_fn;
    use proptest::prelude::*;

    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [1, 2, 3, 4];
        let mut out = vec![first];
        match payload.len() {
            short @ 0..=125 => out.push(0x80 | short as u8),
            long => {
                out.push(0x80 | 126);
                out.extend_from_slice(&(long as u16).to_be_bytes());
            }
        }
        out.extend_from_slice(&mask);
        out.extend(
            payload
                .iter()
                .zip(mask.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
        out
    }

    async fn all_incoming(bytes: &[u8]) -> Vec<Incoming> {
        let (client, server) = tokio::io::duplex(1 << 20);
        let mut socket = Socket::new(server, Vec::new());
        let mut client = client;
        tokio::io::AsyncWriteExt::write_all(&mut client, bytes)
            .await
            .unwrap();
        drop(client);
        let mut seen = Vec::new();
        loop {
            let incoming = poll_fn(|cx| socket.poll_incoming(cx)).await;
            let end = matches!(incoming, Incoming::Gone | Incoming::Broken(..));
            seen.push(incoming);
            if end {
                return seen;
            }
        }
    }

    #[tokio::test]
    async fn whole_and_fragmented_messages_arrive_with_controls_between() {
        let mut bytes = masked(0x81, "é".as_bytes());
        bytes.extend(masked(0x01, &"é".as_bytes()[..1]));
        bytes.extend(masked(0x89, b"hi"));
        bytes.extend(masked(0x80, &"é".as_bytes()[1..]));
        bytes.extend(masked(0x88, &1000_u16.to_be_bytes()));
        let seen = all_incoming(&bytes).await;
        let text = || Incoming::Text("é".to_owned());
        assert_eq!(
            seen,
            [
                text(),
                Incoming::Ping,
                text(),
                Incoming::Close(Some(1000)),
                Incoming::Gone
            ]
        );
    }

    #[tokio::test]
    async fn what_no_client_sends_is_named_by_its_close_code() {
        let huge = [0x81, 0xFF, 0, 0, 0, 0, 4, 0, 0, 0, 9, 9, 9, 9];
        let mut many = masked(0x01, &[b'a'; 16_000]);
        many.extend(masked(0x80, &[b'a'; 1000]));
        let cases: [(&[u8], u16); 8] = [
            (&huge, 1009),
            (&many, 1009),
            (&masked(0x82, b"x"), 1003),
            (&masked(0x81, &[0xFF]), 1007),
            (&[0x81, 0x01, b'a'], 1002),
            (&masked(0xC1, b"x"), 1002),
            (&masked(0x80, b"x"), 1002),
            (&masked(0x83, b"x"), 1002),
        ];
        for (bytes, code) in cases {
            let seen = all_incoming(bytes).await;
            assert!(
                matches!(seen[..], [Incoming::Broken(got, _)] if got == code),
                "{seen:?} instead of {code}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_keep_more_than_a_message(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let seen = runtime.block_on(all_incoming(&bytes));
            prop_assert!(matches!(seen.last(), Some(Incoming::Gone | Incoming::Broken(..))));
        }
    }
}
