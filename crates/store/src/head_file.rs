//! The head file: the last head that this node has seen, kept outside the store, so that an older copy of the whole
//! store put in its place is refused.
//!
//! It is replaced atomically (written beside, synced, renamed) within a second of a commit, and when the store is
//! closed. A store newer than its head file is fine: the node died before the file was renewed. Whoever can put back
//! both the store and the head file is not detected here.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use trent_crypto::record::RecordSealer;

use crate::{
    error::OpenError,
    head::{self, Standing},
};

/// The longest that the file lags behind the store.
const LAG: Duration = Duration::from_millis(500);
/// How a head file starts; it ends with an authentication code.
const MAGIC: &[u8] = b"trent head 1\n";
const MAC: usize = 32;

/// Keeps the head file current from a thread of its own, which ends when this is dropped.
pub(crate) struct HeadKeeper {
    shared: Arc<Shared>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

/// Tells a keeper of durable heads.
pub(crate) struct Reporter(Arc<Shared>);

struct Shared {
    path: PathBuf,
    sealer: RecordSealer,
    state: Mutex<State>,
    wake: Condvar,
    /// Held while the file is replaced.
    writing: Mutex<()>,
}

struct State {
    latest: Bytes,
    written: Bytes,
    stop: bool,
}

impl HeadKeeper {
    /// Compares the store's head with the file and starts keeping the file. With `accept_rollback`, whatever the file
    /// says is replaced.
    pub(crate) fn start(
        path: PathBuf,
        sealer: RecordSealer,
        standing: &Standing,
        accept_rollback: bool,
    ) -> Result<Self, OpenError> {
        if accept_rollback {
            let revision = standing.revision;
            tracing::warn!(%revision, "the operator accepts the store as it is; the head file is replaced");
        } else {
            compare(&path, &sealer, standing)?;
        }
        let head = standing.head.clone();
        write(&path, &sealer, &head).map_err(|error| OpenError::Io {
            path: path.clone(),
            error,
        })?;
        let state = State {
            latest: head.clone(),
            written: head,
            stop: false,
        };
        let shared = Arc::new(Shared {
            path,
            sealer,
            state: Mutex::new(state),
            wake: Condvar::new(),
            writing: Mutex::new(()),
        });
        let keeper = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("trent-head".into())
            .spawn(move || keeper.run());
        let thread = thread.map_err(|error| OpenError::Io {
            path: shared.path.clone(),
            error,
        })?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(crate) fn reporter(&self) -> Reporter {
        Reporter(Arc::clone(&self.shared))
    }

    /// Writes the latest head now.
    pub(crate) fn flush(&self) {
        self.shared.write_latest();
    }
}

impl Drop for HeadKeeper {
    fn drop(&mut self) {
        self.shared.state.lock().stop = true;
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that keeps the head file has panicked");
        }
    }
}

impl Reporter {
    pub(crate) fn report(&self, head: Bytes) {
        self.0.state.lock().latest = head;
    }
}

impl Shared {
    fn run(&self) {
        loop {
            let mut state = self.state.lock();
            if !state.stop {
                self.wake.wait_for(&mut state, LAG);
            }
            let stop = state.stop;
            drop(state);
            self.write_latest();
            if stop {
                return;
            }
        }
    }

    /// A failure is logged and tried again: the store itself is durable without the file.
    fn write_latest(&self) {
        let _one_at_a_time = self.writing.lock();
        let state = self.state.lock();
        let latest = state.latest.clone();
        let due = latest != state.written;
        drop(state);
        if !due {
            return;
        }
        match write(&self.path, &self.sealer, &latest) {
            Ok(()) => self.state.lock().written = latest,
            Err(error) => tracing::error!(path = %self.path.display(), %error, "the head file cannot be written"),
        }
    }
}

/// Refuses a store that is older than the file, or another one. Without a file only a store that nothing was ever
/// attested for is accepted.
fn compare(path: &Path, sealer: &RecordSealer, standing: &Standing) -> Result<(), OpenError> {
    let bad = |reason: &str| OpenError::BadHeadFile {
        path: path.to_owned(),
        reason: reason.into(),
    };
    let file = match fs::read(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound && standing.new => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(bad("it is missing")),
        Err(error) => {
            return Err(OpenError::Io {
                path: path.to_owned(),
                error,
            });
        }
    };
    let body = file
        .strip_prefix(MAGIC)
        .ok_or_else(|| bad("it is not a head file of this version"))?;
    let (seen, mac) = body
        .split_at_checked(body.len().saturating_sub(MAC))
        .ok_or_else(|| bad("it is cut short"))?;
    if !sealer.verify(&authenticated(seen), mac) {
        return Err(bad("it does not belong to this store, or was altered"));
    }
    let seen_revision = head::revision(seen).ok_or_else(|| bad("it holds no head"))?;
    let revision = standing.revision;
    if seen_revision > revision {
        return Err(OpenError::RolledBack {
            found: revision,
            seen: seen_revision,
        });
    }
    if seen_revision == revision && seen != standing.head {
        return Err(OpenError::Forked { revision });
    }
    Ok(())
}

fn write(path: &Path, sealer: &RecordSealer, head: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(&[MAGIC, head, &sealer.attest(&authenticated(head))].concat())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// What the file's authentication code covers.
fn authenticated(head: &[u8]) -> Vec<u8> {
    [b"trent head file\0".as_slice(), head].concat()
}
