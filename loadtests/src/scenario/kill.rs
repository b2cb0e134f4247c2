//! `kill -9` of the whole program in mid-event: what a viewer had already been offered and the recording lacks, and how
//! long until the same playlist grows again.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::Folder;
use crate::process::{Rehearsal, wait_until};
use crate::{http, result};

/// The recording grows for this long before each kill.
const BEFORE: Duration = Duration::from_secs(12);

/// Kills `runs` times and prints the loss of the recording and the time until the picture is back.
///
/// # Errors
/// The program does not run, or does not come back.
pub fn run(runs: usize) -> anyhow::Result<()> {
    let folder = Folder::new("kill")?;
    let (mut lost_ms, mut back_s) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let rehearsal = Rehearsal::start(folder.path(), &["--audience", "2"])?;
        std::thread::sleep(BEFORE);
        let offered = newest_end(&rehearsal.base)?;
        rehearsal.kill()?;
        let kept = recorded_end(folder.path())?;
        lost_ms.push((offered - kept).max(0.0));

        let again = Instant::now();
        let rehearsal = Rehearsal::start(folder.path(), &["--audience", "0"])?;
        wait_until(Duration::from_secs(20), || {
            newest_end(&rehearsal.base).is_ok_and(|end| end > offered)
        })?;
        back_s.push(again.elapsed().as_secs_f64());
    }
    let conditions =
        json!({ "part_ms": 320, "signal": "SIGKILL", "recorded_before_s": BEFORE.as_secs() });
    result::print("kill_part_loss_ms", "ms", &lost_ms, &conditions);
    result::print("kill_playlist_back_s", "s", &back_s, &conditions);
    Ok(())
}

/// Programme time (unix ms) at which the newest part offered in the live playlist ends. Every segment carries its date,
/// so the parts after the last date are all that counts.
fn newest_end(base: &str) -> anyhow::Result<f64> {
    let playlist = http::get(&format!("{base}/e/grand-est/live/v720.m3u8"))?;
    let mut at = None;
    for line in playlist.lines() {
        if let Some(date) = line.strip_prefix("#EXT-X-PROGRAM-DATE-TIME:") {
            at = Some(date.parse::<jiff::Timestamp>()?.as_millisecond() as f64);
        } else if let (Some(time), Some(part)) = (at.as_mut(), line.strip_prefix("#EXT-X-PART:")) {
            *time += attribute(part, "DURATION").context("a part without duration")? * 1000.0;
        }
    }
    at.context("the playlist carries no date")
}

fn attribute(list: &str, name: &str) -> Option<f64> {
    list.split(',')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

/// Programme time (unix ms) at which the recording on disk ends.
fn recorded_end(data: &Path) -> anyhow::Result<f64> {
    let mut newest = 0.0_f64;
    for index in find(&data.join("grand-est/recordings"), "v720.index")? {
        let text = std::fs::read_to_string(&index)?;
        for line in text.lines() {
            let Ok(chunk) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            if let (Some(at), Some(duration)) =
                (chunk["at"].as_f64(), chunk["duration_ns"].as_f64())
            {
                newest = newest.max(at + duration / 1e6);
            }
        }
    }
    ensure!(newest > 0.0, "nothing was recorded");
    Ok(newest)
}

fn find(folder: &Path, name: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(find(&path, name)?);
        } else if path.file_name().is_some_and(|file| file == name) {
            found.push(path);
        }
    }
    Ok(found)
}
