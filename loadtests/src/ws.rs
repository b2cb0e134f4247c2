//! WebSocket frames from a client's side (RFC 6455): masked out, plain in. Knows nothing of sockets.

/// A text frame.
pub const TEXT: u8 = 0x1;
/// A close frame.
pub const CLOSE: u8 = 0x8;
/// A ping.
pub const PING: u8 = 0x9;
/// A pong.
pub const PONG: u8 = 0xA;

/// The request that opens a WebSocket at `path`.
pub fn handshake(host: &str, path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
}

/// One whole frame as a client sends it. The mask is zero: it hides nothing and spares the work.
pub fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(opcode, payload.len());
    frame[1] |= 0x80;
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// One whole frame as a server sends it.
pub fn plain(opcode: u8, payload: &[u8]) -> Vec<u8> {
    [&header(opcode, payload.len()), payload].concat()
}

fn header(opcode: u8, length: usize) -> Vec<u8> {
    let mut header = vec![0x80 | opcode];
    match length {
        short @ 0..=125 => header.push(short as u8),
        medium @ 126..=0xFFFF => {
            header.push(126);
            header.extend_from_slice(&(medium as u16).to_be_bytes());
        }
        long => {
            header.push(127);
            header.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    header
}

/// A frame as a server sends it.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What kind.
    pub opcode: u8,
    /// Its content.
    pub payload: &'a [u8],
    /// Bytes of all of it.
    pub length: usize,
}

/// The first frame of `input`, once it is there whole. None of the servers measured fragments a message.
pub fn frame(input: &[u8]) -> Option<Frame<'_>> {
    let [first, second, rest @ ..] = input else {
        return None;
    };
    let (header, size) = match second & 0x7F {
        126 => (4, usize::from(u16::from_be_bytes(*rest.first_chunk()?))),
        127 => (
            10,
            usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?,
        ),
        short => (2, usize::from(short)),
    };
    let length = header + size;
    Some(Frame {
        opcode: first & 0x0F,
        payload: input.get(header..length)?,
        length,
    })
}

/// Code and reason of a close frame's content; 1005 when there is none (RFC 6455 section 7.1.5).
pub fn close_reason(payload: &[u8]) -> (u16, String) {
    match payload.split_first_chunk() {
        Some((code, reason)) => (
            u16::from_be_bytes(*code),
            String::from_utf8_lossy(reason).into_owned(),
        ),
        None => (1005, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_taken_whole_whatever_their_length() {
        for size in [0, 125, 126, 70_000] {
            let payload = vec![b'a'; size];
            let bytes = plain(TEXT, &payload);
            assert_eq!(frame(&bytes[..bytes.len() - 1]), None, "{size}");
            let whole = frame(&bytes).unwrap();
            assert_eq!(
                (whole.opcode, whole.payload.len(), whole.length),
                (TEXT, size, bytes.len())
            );
        }
    }
}
