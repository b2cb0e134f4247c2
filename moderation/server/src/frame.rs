//! WebSocket frames as they go to clients (RFC 6455 section 5.2). A server's frames are not masked, so the bytes are
//! the same for every client: they are made once and shared.

use bytes::Bytes;

const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;
const FIN: u8 = 0x80;

/// A text message in one frame.
pub(crate) fn text(payload: &str) -> Bytes {
    build(TEXT, payload.as_bytes())
}

/// A ping without content.
pub(crate) fn ping() -> Bytes {
    Bytes::from_static(&[FIN | PING, 0])
}

/// The answer to a ping, with its content (at most 125 bytes).
pub(crate) fn pong(payload: &[u8]) -> Bytes {
    build(PONG, payload)
}

/// A close frame; the reason is cut to what a control frame holds.
pub(crate) fn close(code: u16, reason: &str) -> Bytes {
    let mut end = reason.len().min(120);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(&reason.as_bytes()[..end]);
    build(CLOSE, &payload)
}

fn build(opcode: u8, payload: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(payload.len() + 10);
    frame.push(FIN | opcode);
    match payload.len() {
        short @ 0..=125 => frame.push(short as u8),
        medium @ 126..=0xFFFF => {
            frame.push(126);
            frame.extend_from_slice(&(medium as u16).to_be_bytes());
        }
        long => {
            frame.push(127);
            frame.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    Bytes::from(frame)
}
