//! Frames of the engine link over the socket that is this process's standard input: reads and writes them, blocking.
//! Knows their outer shape only (`docs/architecture.md`, Processes), never what a message means.

use std::io::{self, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pleniere_media_core::link::FRAME_MAX;
use serde::Serialize;
use serde::de::DeserializeOwned;

const KIND_MESSAGE: u8 = 0;
const KIND_BINARY: u8 = 1;

/// Why the link cannot go on. Every case ends the engine: the peer is `serve`, which starts another.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The socket failed, or ended inside a frame.
    #[error("engine link: {0}")]
    Io(#[from] io::Error),
    /// A frame longer than [`FRAME_MAX`] (8 MiB) or shorter than its own headers.
    #[error("engine link: a frame of {0} bytes; 1 to {FRAME_MAX} are accepted")]
    Length(usize),
    /// A kind this link does not have.
    #[error("engine link: frame kind {0}; 0 (JSON) and 1 (binary) exist")]
    Kind(u8),
    /// A message that is not the expected JSON.
    #[error("engine link: {0}")]
    Json(#[from] serde_json::Error),
}

/// One frame as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Kind 0: one JSON message, not yet parsed.
    Message(Vec<u8>),
    /// Kind 1: JSON header, not yet parsed, and the bytes it describes.
    Binary {
        /// The JSON header.
        header: Vec<u8>,
        /// What follows it.
        bytes: Vec<u8>,
    },
}

/// Both halves of the link on standard input, which must be a Unix stream socket.
///
/// # Errors
/// When the descriptor cannot be duplicated.
pub fn open_stdin() -> io::Result<(FrameReader<UnixStream>, FrameWriter<UnixStream>)> {
    let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let reader = FrameReader::new(stream.try_clone()?);
    Ok((reader, FrameWriter::new(stream)))
}

/// Reads frames; blocks until one is whole.
#[derive(Debug)]
pub struct FrameReader<R> {
    input: BufReader<R>,
}

impl<R: Read> FrameReader<R> {
    /// Reads from `input`.
    pub fn new(input: R) -> Self {
        Self {
            input: BufReader::new(input),
        }
    }

    /// The next frame; `None` when the peer closed between two frames, which means "leave".
    ///
    /// # Errors
    /// [`WireError::Length`] before anything of the size announced is allocated; [`WireError::Kind`]; [`WireError::Io`].
    pub fn next_frame(&mut self) -> Result<Option<Frame>, WireError> {
        let Some(length) = self.length()? else {
            return Ok(None);
        };
        if length == 0 || length > FRAME_MAX {
            return Err(WireError::Length(length));
        }
        let mut kind = [0];
        self.input.read_exact(&mut kind)?;
        let mut payload = vec![0; length - 1];
        self.input.read_exact(&mut payload)?;
        match kind[0] {
            KIND_MESSAGE => Ok(Some(Frame::Message(payload))),
            KIND_BINARY => split_binary(payload).map(Some),
            other => Err(WireError::Kind(other)),
        }
    }

    /// The next JSON message as a `T`; binary frames are skipped (`serve` sends none).
    ///
    /// # Errors
    /// As [`Self::next_frame`], and [`WireError::Json`] for a message that is no `T`; the stream stays usable after that.
    pub fn next_message<T: DeserializeOwned>(&mut self) -> Result<Option<T>, WireError> {
        loop {
            match self.next_frame()? {
                None => return Ok(None),
                Some(Frame::Message(json)) => return Ok(Some(serde_json::from_slice(&json)?)),
                Some(Frame::Binary { .. }) => {}
            }
        }
    }

    fn length(&mut self) -> Result<Option<usize>, WireError> {
        let mut prefix = [0; 4];
        loop {
            match self.input.read(&mut prefix[..1]) {
                Ok(0) => return Ok(None),
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.input.read_exact(&mut prefix[1..])?;
        Ok(Some(u32::from_be_bytes(prefix) as usize))
    }
}

fn split_binary(mut payload: Vec<u8>) -> Result<Frame, WireError> {
    let whole = payload.len();
    let [high, low, rest @ ..] = payload.as_slice() else {
        return Err(WireError::Length(whole));
    };
    let header_len = usize::from(u16::from_be_bytes([*high, *low]));
    if header_len > rest.len() {
        return Err(WireError::Length(whole));
    }
    let bytes = payload.split_off(2 + header_len);
    payload.drain(..2);
    Ok(Frame::Binary {
        header: payload,
        bytes,
    })
}

/// Writes frames, from any thread, each whole. It has no queue: a writer waits for the socket, and the socket for `serve`.
#[derive(Debug)]
pub struct FrameWriter<W> {
    output: Arc<Mutex<W>>,
}

impl<W> Clone for FrameWriter<W> {
    fn clone(&self) -> Self {
        Self {
            output: Arc::clone(&self.output),
        }
    }
}

impl<W: Write> FrameWriter<W> {
    /// Writes to `output`.
    pub fn new(output: W) -> Self {
        Self {
            output: Arc::new(Mutex::new(output)),
        }
    }

    /// Sends one JSON message.
    ///
    /// # Errors
    /// [`WireError::Io`] when the peer left, [`WireError::Length`] above [`FRAME_MAX`].
    pub fn message<T: Serialize>(&self, message: &T) -> Result<(), WireError> {
        let json = serde_json::to_vec(message)?;
        let prefix = prefix(KIND_MESSAGE, json.len())?;
        self.write(&[&prefix, &json])
    }

    /// Sends one binary frame: `header` as JSON, then the pieces of `body` in order (a CMAF chunk comes in several).
    ///
    /// # Errors
    /// As [`Self::message`].
    pub fn binary<H: Serialize>(&self, header: &H, body: &[&[u8]]) -> Result<(), WireError> {
        let header = serde_json::to_vec(header)?;
        let header_len =
            u16::try_from(header.len()).map_err(|_| WireError::Length(header.len()))?;
        let body_len: usize = body.iter().map(|piece| piece.len()).sum();
        let mut head = prefix(KIND_BINARY, 2 + header.len() + body_len)?.to_vec();
        head.extend_from_slice(&header_len.to_be_bytes());
        head.extend_from_slice(&header);
        let mut pieces = Vec::with_capacity(body.len() + 1);
        pieces.push(head.as_slice());
        pieces.extend_from_slice(body);
        self.write(&pieces)
    }

    fn write(&self, pieces: &[&[u8]]) -> Result<(), WireError> {
        let whole = pieces.concat();
        let mut output: MutexGuard<'_, W> =
            self.output.lock().unwrap_or_else(PoisonError::into_inner);
        output.write_all(&whole)?;
        Ok(output.flush()?)
    }
}

fn prefix(kind: u8, payload_len: usize) -> Result<[u8; 5], WireError> {
    let length = payload_len + 1;
    let announced = u32::try_from(length)
        .ok()
        .filter(|_| length <= FRAME_MAX)
        .ok_or(WireError::Length(length))?;
    let [a, b, c, d] = announced.to_be_bytes();
    Ok([a, b, c, d, kind])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&FrameWriter<Vec<u8>>)) -> Vec<u8> {
        let writer = FrameWriter::new(Vec::new());
        write(&writer);
        writer.output.lock().unwrap().clone()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let bytes = written(|writer| {
            writer.message(&"é").unwrap();
            writer.binary(&7, &[b"ab", b"", b"c"]).unwrap();
        });
        let mut reader = FrameReader::new(bytes.as_slice());
        assert_eq!(
            reader.next_frame().unwrap(),
            Some(Frame::Message("\"é\"".into()))
        );
        let binary = Frame::Binary {
            header: b"7".to_vec(),
            bytes: b"abc".to_vec(),
        };
        assert_eq!(reader.next_frame().unwrap(), Some(binary));
        assert_eq!(reader.next_frame().unwrap(), None);
    }

    #[test]
    fn a_frame_over_the_limit_is_refused_before_it_is_read() {
        let mut reader = FrameReader::new([0xff, 0xff, 0xff, 0xff, 0].as_slice());
        assert!(matches!(
            reader.next_frame(),
            Err(WireError::Length(0xffff_ffff))
        ));
        let mut reader = FrameReader::new([0, 0, 0, 0].as_slice());
        assert!(matches!(reader.next_frame(), Err(WireError::Length(0))));
    }

    #[test]
    fn garbage_is_an_error_and_never_a_panic() {
        let mut cut = FrameReader::new([0, 0, 0, 9, 0, b'{'].as_slice());
        assert!(matches!(cut.next_frame(), Err(WireError::Io(_))));
        let mut kind = FrameReader::new([0, 0, 0, 1, 7].as_slice());
        assert!(matches!(kind.next_frame(), Err(WireError::Kind(7))));
        let mut header_too_long = FrameReader::new([0, 0, 0, 4, 1, 0, 9, b'x'].as_slice());
        assert!(matches!(
            header_too_long.next_frame(),
            Err(WireError::Length(3))
        ));
    }

    #[test]
    fn a_message_of_another_shape_leaves_the_stream_usable() {
        let bytes = written(|writer| {
            writer.message(&"text").unwrap();
            writer.message(&5).unwrap();
        });
        let mut reader = FrameReader::new(bytes.as_slice());
        assert!(matches!(
            reader.next_message::<u32>(),
            Err(WireError::Json(_))
        ));
        assert_eq!(reader.next_message::<u32>().unwrap(), Some(5));
    }
}
