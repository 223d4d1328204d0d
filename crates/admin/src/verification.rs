//! Checking the trail while the server writes it: a run at a time, on a thread of its own, watched from call to call.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::watch;
use trent_audit::{Chains, Files, Progress, verify_after};
use trent_store::{Sealed, StoreError};
use uuid::Uuid;

/// How long a call waits for the end of a run.
const PATIENCE: Duration = Duration::from_secs(2);

/// The verifications of a server.
#[derive(Default)]
pub struct Verification(Mutex<Option<Arc<Run>>>);

/// A verification under way, or at its end.
pub(crate) struct Run {
    pub(crate) id: Uuid,
    done: AtomicU64,
    total: AtomicU64,
    outcome: watch::Sender<Option<Value>>,
}

/// Why a verification was not begun.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotBegun {
    #[error("the audit trail cannot be read: {0}")]
    Io(#[from] std::io::Error),
    #[error("the store cannot be read: {0}")]
    Store(#[from] StoreError),
}

impl Verification {
    /// The run that is under way, or a new one.
    pub(crate) async fn begin(&self, path: &Path, store: &Sealed, gone: u64) -> Result<Arc<Run>, NotBegun> {
        if let Some(run) = self.0.lock().as_ref().filter(|run| run.outcome.borrow().is_none()) {
            return Ok(Arc::clone(run));
        }
        // What the store knew before the files were looked at has to be in them; chains that were begun until they were
        // have to be known.
        let anchored = Chains::load(store).await?;
        let files = Files::of(path)?;
        let chains = Chains::load(store).await?.anchored_as(anchored);
        let run = Arc::new(Run {
            id: Uuid::new_v4(),
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            outcome: watch::Sender::new(None),
        });
        *self.0.lock() = Some(Arc::clone(&run));
        let running = Arc::clone(&run);
        tokio::task::spawn_blocking(move || running.check(files, &chains, gone));
        Ok(run)
    }

    /// A run by its id.
    pub(crate) fn find(&self, id: &Uuid) -> Option<Arc<Run>> {
        self.0.lock().as_ref().filter(|run| run.id == *id).cloned()
    }
}

impl Run {
    fn check(&self, files: Files, chains: &Chains, gone: u64) {
        let outcome = match verify_after(files, chains, gone, |progress| self.note(progress)) {
            Ok(summary) => summary.to_json(),
            Err(fault) => fault.to_json(),
        };
        self.outcome.send_replace(Some(outcome));
    }

    fn note(&self, progress: Progress) {
        self.done.store(progress.done, Ordering::Relaxed);
        self.total.store(progress.total, Ordering::Relaxed);
    }

    /// How far it is.
    pub(crate) fn progress(&self) -> Progress {
        Progress {
            done: self.done.load(Ordering::Relaxed),
            total: self.total.load(Ordering::Relaxed),
        }
    }

    /// What it found, if it ends soon.
    pub(crate) async fn outcome(&self) -> Option<Value> {
        let mut outcome = self.outcome.subscribe();
        let ended = tokio::time::timeout(PATIENCE, outcome.wait_for(Option::is_some)).await;
        ended.ok()?.ok()?.clone()
    }
}
