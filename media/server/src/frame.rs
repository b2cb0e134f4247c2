//! Frames of the engine link, asynchronously: `u32 length · u8 kind · payload` (`media/core` `link`). A frame of a wrong size or
//! shape is an error before anything of its size is allocated.

use bytes::Bytes;
use pleniere_media_core::link::{ChunkHeader, FRAME_MAX, FromProgramme, ToProgramme};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What the engine says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Incoming {
    /// A message.
    Message(FromProgramme),
    /// A chunk.
    Chunk(ChunkHeader, Bytes),
}

/// Why the link cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("engine link: {0}")]
    Io(#[from] std::io::Error),
    #[error("engine link: a frame of {0} bytes; 1 to {FRAME_MAX} are accepted")]
    Length(usize),
    #[error("engine link: frame kind {0}; 0 (JSON) and 1 (binary) exist")]
    Kind(u8),
    #[error("engine link: a binary frame shorter than its header")]
    Torn,
    #[error("engine link: {0}")]
    Json(#[from] serde_json::Error),
}

/// The next frame; `None` when the engine left between two frames.
pub(crate) async fn read(
    input: &mut (impl AsyncRead + Unpin),
) -> Result<Option<Incoming>, FrameError> {
    let length = match input.read_u32().await {
        Ok(length) => usize::try_from(length).unwrap_or(usize::MAX),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if length == 0 || length > FRAME_MAX {
        return Err(FrameError::Length(length));
    }
    let kind = input.read_u8().await?;
    let mut payload = vec![0; length - 1];
    input.read_exact(&mut payload).await?;
    parse(kind, Bytes::from(payload)).map(Some)
}

fn parse(kind: u8, payload: Bytes) -> Result<Incoming, FrameError> {
    match kind {
        0 => Ok(Incoming::Message(serde_json::from_slice(&payload)?)),
        1 => {
            let length = payload
                .get(..2)
                .map(|two| usize::from(two[0]) << 8 | usize::from(two[1]));
            let end = 2 + length.ok_or(FrameError::Torn)?;
            let header = payload.get(2..end).ok_or(FrameError::Torn)?;
            Ok(Incoming::Chunk(
                serde_json::from_slice(header)?,
                payload.slice(end..),
            ))
        }
        other => Err(FrameError::Kind(other)),
    }
}

/// Writes one message.
pub(crate) async fn write(
    output: &mut (impl AsyncWrite + Unpin),
    message: &ToProgramme,
) -> Result<(), FrameError> {
    let json = serde_json::to_vec(message)?;
    let length = u32::try_from(json.len() + 1)
        .ok()
        .filter(|len| *len as usize <= FRAME_MAX);
    let length = length.ok_or(FrameError::Length(json.len() + 1))?;
    let frame = [&length.to_be_bytes()[..], &[0], &json].concat();
    Ok(output.write_all(&frame).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len() + 1).unwrap();
        [&length.to_be_bytes()[..], &[kind], payload].concat()
    }

    #[tokio::test]
    async fn messages_and_chunks_are_read_and_the_end_is_told() {
        let header = br#"{"track":"audio","kind":"part","pts_ns":5,"duration_ns":6}"#;
        let binary = [
            &u16::try_from(header.len()).unwrap().to_be_bytes()[..],
            header,
            b"bytes",
        ]
        .concat();
        let message = br#"{"is":"scene_shown","id":4,"pts_ns":9}"#;
        let stream = [framed(0, message), framed(1, &binary)].concat();
        let mut input = &stream[..];
        assert_eq!(
            read(&mut input).await.unwrap(),
            Some(Incoming::Message(FromProgramme::SceneShown {
                id: 4,
                pts_ns: 9
            }))
        );
        let Some(Incoming::Chunk(header, bytes)) = read(&mut input).await.unwrap() else {
            panic!("no chunk")
        };
        assert_eq!((header.pts_ns, &bytes[..]), (5, &b"bytes"[..]));
        assert_eq!(read(&mut input).await.unwrap(), None);
    }

    #[tokio::test]
    async fn garbage_is_refused() {
        for bytes in [
            &[0, 0, 0, 0, 0][..],
            &[255, 255, 255, 255, 0],
            &[0, 0, 0, 2, 7, 1],
            &[0, 0, 0, 2, 0, b'{'],
            &[0, 0, 0, 2, 1, 1],
            &[0, 0, 0, 4, 1, 9, 9, 9],
            &[0, 0, 0, 9, 0, b'{'],
        ] {
            assert!(read(&mut &bytes[..]).await.is_err(), "{bytes:?}");
        }
    }
}
