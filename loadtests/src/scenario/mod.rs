//! The scenarios, one file each.

pub mod ask;
pub mod decide;
pub mod fanout;
pub mod forward;
pub mod kill;
pub mod latency;
pub mod mosaic;
pub mod start;
pub mod storm;
mod viewer;
pub mod votes;

use std::path::Path;

use tempfile::TempDir;

/// A data folder that goes when the scenario ends.
pub struct Folder(TempDir);

impl Folder {
    /// A new empty folder under the system's temporary one.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(name: &str) -> std::io::Result<Self> {
        let prefix = format!("pleniere-load-{name}-");
        tempfile::Builder::new().prefix(&prefix).tempdir().map(Self)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}
