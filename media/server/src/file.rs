//! Bytes of a recorded file over HTTP: a stretch of it as a body, and the one range a request may name (RFC 9110, 14.2).

use std::io::SeekFrom;
use std::path::Path;

use axum::body::Body;
use bytes::Bytes;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// Bytes read at once: what one slow reader holds in memory.
const BLOCK: u64 = 64 * 1024;

/// A stretch of a file as a body; errors only when the file cannot be opened.
pub(crate) async fn stream(path: &Path, offset: u64, len: u64) -> std::io::Result<Body> {
    let mut file = File::open(path).await?;
    file.seek(SeekFrom::Start(offset)).await?;
    let blocks = futures_util::stream::try_unfold((file, len), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let mut block = Vec::new();
        let read = (&mut file)
            .take(left.min(BLOCK))
            .read_to_end(&mut block)
            .await?;
        if read == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
        }
        Ok(Some((Bytes::from(block), (file, left - read as u64))))
    });
    Ok(Body::from_stream(blocks))
}

/// What a Range header asks of so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    /// Everything: no range, several, or one of another unit or shape, which RFC 9110 lets a server ignore.
    Whole,
    /// Offset and length.
    Part(u64, u64),
    /// None of the bytes there are.
    Unsatisfiable,
}

impl Range {
    /// Reads a Range header against the length of the file.
    pub(crate) fn read(value: Option<&str>, len: u64) -> Self {
        let Some((first, last)) = value
            .and_then(|v| v.strip_prefix("bytes="))
            .and_then(|v| v.split_once('-'))
        else {
            return Self::Whole;
        };
        let number = |text: &str| -> Option<u64> {
            text.bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| text.parse().ok())
                .flatten()
        };
        match (number(first), number(last)) {
            (Some(first), Some(last)) if last < first => Self::Whole,
            (Some(first), last) if last.is_some() || is_open(value) => {
                let end = last.map_or(len, |last| last.saturating_add(1).min(len));
                if first < end {
                    Self::Part(first, end - first)
                } else {
                    Self::Unsatisfiable
                }
            }
            (None, Some(suffix)) if first.is_empty() => {
                let taken = suffix.min(len);
                if taken == 0 {
                    Self::Unsatisfiable
                } else {
                    Self::Part(len - taken, taken)
                }
            }
            _ => Self::Whole,
        }
    }
}

/// `bytes=5-` is open; `bytes=5-x` is no range at all.
fn is_open(value: Option<&str>) -> bool {
    value.is_some_and(|value| value.ends_with('-'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        let read = |value| Range::read(Some(value), 100);
        assert_eq!(read("bytes=0-9"), Range::Part(0, 10));
        assert_eq!(read("bytes=90-"), Range::Part(90, 10));
        assert_eq!(read("bytes=90-1000"), Range::Part(90, 10));
        assert_eq!(read("bytes=-5"), Range::Part(95, 5));
        assert_eq!(read("bytes=-500"), Range::Part(0, 100));
        for unsatisfiable in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(read(unsatisfiable), Range::Unsatisfiable, "{unsatisfiable}");
        }
        for ignored in [
            "bytes=",
            "bytes=-",
            "bytes=5-x",
            "bytes=9-5",
            "bytes=0-1,5-6",
            "items=0-1",
            "bytes=1-+2",
            "x",
        ] {
            assert_eq!(read(ignored), Range::Whole, "{ignored}");
        }
    }

    proptest! {
        #[test]
        fn any_range_stays_within_the_file(value in "(bytes=)?[0-9x,-]{0,24}", len in 0_u64..1000) {
            if let Range::Part(offset, part) = Range::read(Some(&value), len) {
                prop_assert!(part > 0 && offset + part <= len);
            }
        }
    }
}
