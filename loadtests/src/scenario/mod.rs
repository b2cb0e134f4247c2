//! The scenarios, one file each.

pub mod kill;
pub mod latency;
pub mod mosaic;

use std::path::{Path, PathBuf};

/// A data folder that goes when the scenario ends.
pub struct Folder(PathBuf);

impl Folder {
    /// A new empty folder under the system's temporary one.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(name: &str) -> std::io::Result<Self> {
        let path =
            std::env::temp_dir().join(format!("pleniere-load-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
