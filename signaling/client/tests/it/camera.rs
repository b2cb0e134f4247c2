//! A camera: one second of H.264 (160x90, made with x264, keyframe every 12 frames, access unit delimiters) for ever, and
//! Opus silence.

use std::time::{Duration, Instant};

use bytes::Bytes;
use pleniere_signaling_client::{Publisher, State};
use tokio::sync::watch;

const SAMPLE: &[u8] = include_bytes!("sample.h264");
const SILENCE: &[u8] = &[0xf8, 0xff, 0xfe];
const DELIMITER: &[u8] = &[0, 0, 0, 1, 9];

/// The access units, and whether each is a keyframe.
pub fn access_units() -> Vec<(Bytes, bool)> {
    let starts: Vec<usize> = (0..SAMPLE.len())
        .filter(|at| SAMPLE[*at..].starts_with(DELIMITER))
        .collect();
    let ends = starts.iter().skip(1).copied().chain([SAMPLE.len()]);
    let units = starts
        .iter()
        .zip(ends)
        .map(|(start, end)| &SAMPLE[*start..end]);
    units
        .map(|unit| {
            (
                Bytes::from_static(unit),
                unit.windows(4)
                    .any(|at| at[..3] == [0, 0, 1] && at[3] & 31 == 5),
            )
        })
        .collect()
}

/// Films until the connection is over, at 25 frames a second; asked for a keyframe, goes on at the next one and says to
/// `asked` how often that was.
pub async fn film(mut publisher: Publisher, asked: watch::Sender<usize>) {
    let units = access_units();
    let (keyframes, state) = (publisher.keyframes(), publisher.state());
    let mut unit = 0;
    let start = Instant::now();
    for frame in 0u32.. {
        let due = start + Duration::from_millis(40) * frame;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(due.into()) => break,
                () = keyframes.next() => {
                    asked.send_modify(|times| *times += 1);
                    while !units[unit % units.len()].1 {
                        unit += 1;
                    }
                }
            }
        }
        if *state.borrow() == State::Lost {
            break;
        }
        let pts_ns = u64::from(frame) * 40_000_000;
        let sent = async {
            publisher
                .video(&units[unit % units.len()].0, pts_ns)
                .await?;
            publisher
                .audio(&Bytes::from_static(SILENCE), pts_ns)
                .await?;
            publisher
                .audio(&Bytes::from_static(SILENCE), pts_ns + 20_000_000)
                .await
        };
        if sent.await.is_err() {
            break;
        }
        unit += 1;
    }
    publisher.close().await;
}
