//! The data folder: its lock, its format stamp and the engine's file.
//!
//! ```text
//! FORMAT       "trent store", the format's number, the mode
//! lock         locked by the process that has the folder open; holds its process id
//! store.redb   the embedded engine
//! ```

use std::{
    fmt,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{embedded::RedbEngine, error::OpenError};

/// The newest format that this build reads, and the one that it writes.
const FORMAT: u32 = 1;
const STAMP: &str = "FORMAT";
const LOCK: &str = "lock";
const STORE: &str = "store.redb";

/// What a store is for. One made for development is refused in production, and the reverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Real keys.
    Production,
    /// `trent serve --dev`.
    Development,
}

impl Mode {
    /// As the stamp and messages write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Development => "development",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Production, Self::Development]
            .into_iter()
            .find(|mode| mode.as_str() == text)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A data folder, locked for this process until dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    mode: Mode,
    _lock: File,
}

impl DataFolder {
    /// Makes a data folder with an empty store. A folder may be there, but no store in it.
    pub fn create(path: &Path, mode: Mode) -> Result<Self, OpenError> {
        let folder = Self::prepare(path, mode)?;
        drop(RedbEngine::open(&folder.store_file(), true)?);
        folder.stamp()?;
        Ok(folder)
    }

    /// Locks an existing data folder and checks its stamp.
    pub fn open(path: &Path, mode: Mode) -> Result<Self, OpenError> {
        if !path.join(STAMP).exists() && !path.join(STORE).exists() {
            return Err(OpenError::Missing { path: path.to_owned() });
        }
        let folder = Self {
            path: path.to_owned(),
            mode,
            _lock: lock(path)?,
        };
        folder.check_stamp()?;
        if !folder.store_file().exists() {
            return Err(folder.foreign("its store.redb is missing"));
        }
        Ok(folder)
    }

    /// Opens the store's engine.
    pub fn engine(&self) -> Result<RedbEngine, OpenError> {
        RedbEngine::open(&self.store_file(), false)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it was made for.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The folder, locked, with nothing in it yet.
    pub(crate) fn prepare(path: &Path, mode: Mode) -> Result<Self, OpenError> {
        let io = |error| OpenError::Io {
            path: path.to_owned(),
            error,
        };
        make_private_folder(path).map_err(io)?;
        let folder = Self {
            path: path.to_owned(),
            mode,
            _lock: lock(path)?,
        };
        if path.join(STAMP).exists() {
            return Err(OpenError::Exists { path: path.to_owned() });
        }
        if folder.store_file().exists() {
            return Err(folder.foreign(
                "it holds a store.redb without a FORMAT file: making it was interrupted, or something was removed",
            ));
        }
        Ok(folder)
    }

    /// The engine's file.
    pub fn store_file(&self) -> PathBuf {
        self.path.join(STORE)
    }

    /// Declares the folder complete: the last step of making one.
    pub(crate) fn stamp(&self) -> Result<(), OpenError> {
        let path = self.path.join(STAMP);
        let write = || {
            let mut file = File::create_new(&path)?;
            writeln!(file, "trent store {FORMAT} {}", self.mode)?;
            file.sync_all()?;
            File::open(&self.path)?.sync_all()
        };
        write().map_err(|error| OpenError::Io {
            path: path.clone(),
            error,
        })
    }

    fn check_stamp(&self) -> Result<(), OpenError> {
        let path = self.path.join(STAMP);
        let stamp = fs::read_to_string(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => self.foreign("its FORMAT file is missing"),
            io::ErrorKind::InvalidData => self.foreign("its FORMAT file is not text"),
            _ => OpenError::Io {
                path: path.clone(),
                error,
            },
        })?;
        let unreadable = || self.foreign("its FORMAT file is not a store's stamp");
        let (format, mode) = stamp
            .strip_prefix("trent store ")
            .and_then(|rest| rest.trim_end().split_once(' '))
            .ok_or_else(unreadable)?;
        let found: u32 = format.parse().map_err(|_| unreadable())?;
        if found > FORMAT {
            return Err(OpenError::Newer {
                path: self.path.clone(),
                found,
                supported: FORMAT,
            });
        }
        match Mode::parse(mode) {
            Some(mode) if mode == self.mode && found == FORMAT => Ok(()),
            Some(mode) if found == FORMAT => Err(OpenError::WrongMode {
                path: self.path.clone(),
                found: mode.as_str(),
                wanted: self.mode.as_str(),
            }),
            _ => Err(unreadable()),
        }
    }

    fn foreign(&self, reason: &str) -> OpenError {
        OpenError::Foreign {
            path: self.path.clone(),
            reason: reason.into(),
        }
    }
}

/// Locks the folder; the lock goes with the process, however that ends.
fn lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join(LOCK);
    let io = |error| OpenError::Io {
        path: path.clone(),
        error,
    };
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let pid = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
            return Err(OpenError::Locked {
                path: folder.to_owned(),
                pid,
            });
        }
        Err(TryLockError::Error(error)) => return Err(io(error)),
    }
    file.set_len(0).map_err(io)?;
    writeln!(file, "{}", std::process::id()).map_err(io)?;
    Ok(file)
}

/// Only the owner may enter; a folder that exists keeps its permissions.
fn make_private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if path.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    // So that the folder itself is there after a power cut, not only what is in it.
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}
