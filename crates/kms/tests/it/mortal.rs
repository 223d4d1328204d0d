//! An engine that stops after a number of commits, as a process does that is killed between two of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use trent_store::engine::{Page, Range, Txn};
use trent_store::{Engine, MemoryEngine, Outcome, Revision, Snapshot, StoreError, TxnId, Versioned, Watch, Witness};

/// An engine that makes so many commits and no more. What it has made outlives the server.
pub(crate) struct Mortal {
    engine: MemoryEngine,
    allowed: AtomicUsize,
}

impl Mortal {
    /// An empty store, without bounds.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            engine: MemoryEngine::new(),
            allowed: AtomicUsize::new(usize::MAX),
        })
    }

    /// Makes only so many commits from now on.
    pub(crate) fn allow(&self, commits: usize) {
        self.allowed.store(commits, Ordering::SeqCst);
    }

    /// How many of them are left.
    pub(crate) fn left(&self) -> usize {
        self.allowed.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Engine for Mortal {
    async fn get(&self, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        self.engine.get(key).await
    }

    async fn range(&self, range: &Range) -> Result<Page, StoreError> {
        self.engine.range(range).await
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        self.engine.snapshot().await
    }

    async fn commit(&self, txn: Txn) -> Result<Outcome, StoreError> {
        if self.left() == 0 {
            return Err(StoreError::Closed);
        }
        let outcome = self.engine.commit(txn).await?;
        // A transaction that is refused is no durable step.
        if let Outcome::Committed(_) = outcome {
            self.allowed.fetch_sub(1, Ordering::SeqCst);
        }
        Ok(outcome)
    }

    async fn outcome(&self, id: TxnId) -> Result<Option<Outcome>, StoreError> {
        self.engine.outcome(id).await
    }

    fn watch(&self, from: Revision) -> Watch {
        self.engine.watch(from)
    }

    fn revision(&self) -> Revision {
        self.engine.revision()
    }

    async fn head(&self) -> Result<Option<Bytes>, StoreError> {
        self.engine.head().await
    }

    async fn install_witness(&self, witness: Arc<dyn Witness>, at: Revision, head: Bytes) -> Result<(), StoreError> {
        self.engine.install_witness(witness, at, head).await
    }

    fn stopped(&self) -> Option<StoreError> {
        self.engine.stopped()
    }

    async fn close(&self) {
        self.engine.close().await;
    }
}
