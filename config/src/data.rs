//! The data folder: its layout on disk (`docs/architecture.md`, On disk) and the address last announced there.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::id::EventId;

/// A data folder. Making one touches nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataDir(PathBuf);

/// The data folder cannot be used.
#[derive(Debug, Error)]
#[error("cannot {doing} {}: {source}", path.display())]
pub struct DataError {
    /// What was tried.
    pub doing: &'static str,
    /// On what.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl DataDir {
    /// The folder at `path`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The folder of one event.
    #[must_use]
    pub fn event(&self, event: &EventId) -> PathBuf {
        self.0.join(event.as_str())
    }

    /// The event's file as it was started.
    #[must_use]
    pub fn event_file(&self, event: &EventId) -> PathBuf {
        self.event(event).join("event.toml")
    }

    /// The event's journal.
    #[must_use]
    pub fn journal(&self, event: &EventId) -> PathBuf {
        self.event(event).join("event.sqlite")
    }

    /// The ids of the event's keys that were taken back, one a line.
    #[must_use]
    pub fn revoked(&self, event: &EventId) -> PathBuf {
        self.event(event).join("revoked")
    }

    /// The event's recordings.
    #[must_use]
    pub fn recordings(&self, event: &EventId) -> PathBuf {
        self.event(event).join("recordings")
    }

    /// The event's slate tracks, encoded beforehand.
    #[must_use]
    pub fn slate(&self, event: &EventId) -> PathBuf {
        self.event(event).join("slate")
    }

    /// Makes `path` and what leads to it, each new folder with mode 0700.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create(&self, path: &Path) -> Result<(), DataError> {
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path);
        made.map_err(|source| DataError {
            doing: "create",
            path: path.to_owned(),
            source,
        })
    }

    /// Keeps the address under which this node was last announced, so that `pleniere link` can use it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn announce_base_url(&self, url: &str) -> Result<(), DataError> {
        self.create(&self.0)?;
        let (path, aside) = (self.base_url_file(), self.0.join(".base-url.new"));
        let failed = |source| DataError {
            doing: "write",
            path: path.clone(),
            source,
        };
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&aside)
            .map_err(failed)?;
        writeln!(file, "{}", url.trim_end_matches('/')).map_err(failed)?;
        fs::rename(&aside, &path).map_err(failed)
    }

    /// The address last announced, without a trailing `/`; nothing when there is none that can be read.
    #[must_use]
    pub fn announced_base_url(&self) -> Option<String> {
        let text = fs::read_to_string(self.base_url_file()).ok()?;
        let url = text.trim().trim_end_matches('/');
        (!url.is_empty()).then(|| url.to_owned())
    }

    fn base_url_file(&self) -> PathBuf {
        self.0.join("base-url")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_announced_address_is_read_back_without_its_slash() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path().join("new"));
        assert_eq!(data.announced_base_url(), None);
        data.announce_base_url("http://127.0.0.1:8080/").unwrap();
        data.announce_base_url("https://live.example.org/").unwrap();
        assert_eq!(
            data.announced_base_url().as_deref(),
            Some("https://live.example.org")
        );
    }

    #[test]
    fn an_events_files_lie_in_its_folder() {
        let data = DataDir::new("/d");
        let id = EventId::new("grand-est").unwrap();
        assert_eq!(data.journal(&id), Path::new("/d/grand-est/event.sqlite"));
        assert_eq!(data.event_file(&id), Path::new("/d/grand-est/event.toml"));
    }
}
