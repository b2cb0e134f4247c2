//! Whether a rehearsal goes on or begins anew. One that was cut off a moment ago goes on where it stood, with its questions and
//! its recording; an older one is put aside whole, and nothing of it is deleted.

use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, ensure};
use pleniere_config::{DataDir, EventId};

use crate::house::unix_ms;

/// A rehearsal whose journal was written less than this long ago goes on.
const GOES_ON: Duration = Duration::from_secs(10 * 60);
/// Holds when the run sheet began, unix milliseconds.
const BEGAN: &str = "rehearsal-began";

/// When the rehearsal's run sheet begins: now, or when the one that goes on began. Makes the event's folder.
///
/// # Errors
/// The data folder cannot be written, or the event itself (no rehearsal of it) is kept there.
pub fn begins(data: &DataDir, event: &EventId) -> anyhow::Result<i64> {
    let dir = data.event(event);
    let file = dir.join(BEGAN);
    ensure!(
        !dir.join("event.sqlite").exists() || file.exists(),
        "{} holds the event itself; rehearse in a folder of its own: --data DIR",
        dir.display()
    );
    if dir.exists() && !written_lately(&dir) {
        put_aside(data, event)?;
    }
    data.create(&dir)?;
    if let Some(began) = std::fs::read_to_string(&file)
        .ok()
        .and_then(|text| text.trim().parse().ok())
    {
        return Ok(began);
    }
    let now = unix_ms();
    std::fs::write(&file, now.to_string())
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(now)
}

/// Whether the event's folder holds a rehearsal of it.
pub fn is_kept(data: &DataDir, event: &EventId) -> bool {
    data.event(event).join(BEGAN).exists()
}

/// Keeps a rehearsal under `DATA/past`, so that the event's folder is free.
///
/// # Errors
/// The data folder cannot be written.
pub fn put_aside(data: &DataDir, event: &EventId) -> anyhow::Result<()> {
    let dir = data.event(event);
    let aside = (1..)
        .map(|n| data.path().join(format!("past/{event}-{n}")))
        .find(|path| !path.exists())
        .context("no name is free for the old rehearsal")?;
    data.create(&data.path().join("past"))?;
    std::fs::rename(&dir, &aside).with_context(|| format!("cannot put {} aside", dir.display()))?;
    println!("the rehearsal before this is kept in {}", aside.display());
    Ok(())
}

fn written_lately(dir: &Path) -> bool {
    let age = |name: &str| {
        let written = std::fs::metadata(dir.join(name)).ok()?.modified().ok()?;
        SystemTime::now().duration_since(written).ok()
    };
    ["event.sqlite", "event.sqlite-wal"]
        .into_iter()
        .filter_map(age)
        .any(|age| age < GOES_ON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rehearsal_cut_off_a_moment_ago_goes_on_and_an_old_one_is_kept_aside() {
        let folder = tempfile::tempdir().unwrap();
        let (data, event) = (
            DataDir::new(folder.path()),
            EventId::new("grand-est").unwrap(),
        );
        let first = begins(&data, &event).unwrap();
        let journal = data.event(&event).join("event.sqlite");
        std::fs::write(&journal, "questions").unwrap();
        assert_eq!(begins(&data, &event).unwrap(), first, "it goes on");

        let old = SystemTime::now() - 2 * GOES_ON;
        std::fs::File::options()
            .write(true)
            .open(&journal)
            .unwrap()
            .set_modified(old)
            .unwrap();
        begins(&data, &event).unwrap();
        assert!(!journal.exists(), "a new one begins");
        assert!(
            folder.path().join("past/grand-est-1/event.sqlite").exists(),
            "the old one is kept"
        );
    }

    #[test]
    fn the_event_itself_is_not_rehearsed_upon() {
        let folder = tempfile::tempdir().unwrap();
        let (data, event) = (
            DataDir::new(folder.path()),
            EventId::new("grand-est").unwrap(),
        );
        std::fs::create_dir(data.event(&event)).unwrap();
        std::fs::write(data.journal(&event), "questions").unwrap();
        let refused = begins(&data, &event).unwrap_err();
        assert!(refused.to_string().contains("--data"), "{refused}");
        assert!(data.journal(&event).exists());
    }
}
