//! The node's key file: made once, private, never half written, never replaced.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

use crate::key::NodeKey;

/// Why the node's key file cannot be used.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// The file or its folder cannot be made or read.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others on the machine could read it.
    #[error("found {} open to others (mode {mode:03o}); expected 600: chmod 600 '{}'", path.display(), path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not 32 bytes in base64url.
    #[error("found no key in {}; expected 32 bytes in base64url: restore it from the backup, or move it away to start over (every link printed so far then ends)", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
    },
    /// The system gave no randomness for a new key.
    #[error("the system gives no random numbers: {0}")]
    NoRandomness(#[from] getrandom::Error),
}

impl NodeKey {
    /// The key of `data_dir/keys/node.key` (base64url of the 32-byte seed, mode 0600), made when there is none. Two
    /// processes that start at once end with the same key: the second finds the first one's file.
    ///
    /// # Errors
    /// When the file cannot be made or read, is open to others, or holds no key.
    pub fn load_or_create(data_dir: &Path) -> Result<Self, KeyFileError> {
        let dir = data_dir.join("keys");
        let path = dir.join("node.key");
        if let Some(key) = Self::load(&path)? {
            return Ok(key);
        }
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&dir)
            .map_err(failed("create", &dir))?;
        let mut seed = [0u8; 32];
        getrandom::fill(&mut seed)?;
        create_once(&dir, &path, &seed)?;
        let made = Self::load(&path)?;
        made.ok_or_else(|| failed("read", &path)(io::ErrorKind::NotFound.into()))
    }

    fn load(path: &Path) -> Result<Option<Self>, KeyFileError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", path)(error)),
        };
        let mode = file
            .metadata()
            .map_err(failed("read", path))?
            .permissions()
            .mode()
            & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Open {
                path: path.to_owned(),
                mode,
            });
        }
        let mut text = String::new();
        // A key file is 44 bytes; one that is much longer is something else.
        file.take(256)
            .read_to_string(&mut text)
            .map_err(failed("read", path))?;
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end()).ok();
        let seed = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        seed.map(|seed| Some(Self::from_seed(seed)))
            .ok_or_else(|| KeyFileError::Unreadable {
                path: path.to_owned(),
            })
    }
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyFileError {
    let path = path.to_owned();
    move |source| KeyFileError::Io {
        doing,
        path,
        source,
    }
}

/// Writes the whole file aside and links it into place, so that the name never shows half a key and never replaces one.
fn create_once(dir: &Path, path: &Path, seed: &[u8; 32]) -> Result<(), KeyFileError> {
    let mut tag = [0u8; 8];
    getrandom::fill(&mut tag)?;
    let aside = dir.join(format!(".node.key.{:016x}", u64::from_be_bytes(tag)));
    let written = write_aside(&aside, seed).and_then(|()| fs::hard_link(&aside, path));
    // Its name is random and it is ours alone; if it cannot be removed, nothing depends on it.
    let _ = fs::remove_file(&aside);
    match written {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(failed("create", path)(error))
        }
        _ => File::open(dir)
            .and_then(|dir| dir.sync_all())
            .map_err(failed("sync", dir)),
    }
}

fn write_aside(aside: &Path, seed: &[u8; 32]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(aside)?;
    writeln!(file, "{}", URL_SAFE_NO_PAD.encode(seed))?;
    file.sync_all()
}
