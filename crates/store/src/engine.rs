//! What an engine is: an ordered key-value store with conditional multi-key transactions and a feed of changes.
//!
//! Small enough to fit an embedded file, `PostgreSQL` or etcd. Keys and values are opaque bytes here; meaning, sealing
//! and integrity are [`crate::Sealed`]'s. One conformance suite runs against every engine.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{error::StoreError, feed::Watch, witness::Witness};
pub use crate::{
    error::{Conflict, MAX_OPERATIONS, MAX_TRANSACTION_BYTES},
    revision::{Revision, Versioned},
};

/// The most items in one page of a range, whatever was asked for.
pub const MAX_PAGE: usize = 1000;

/// The unique id of a transaction, by which a lost answer is resolved. Random; drawn by whoever builds the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxnId(pub [u8; 16]);

/// What must hold for a transaction to commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// The key has no value.
    Absent(Bytes),
    /// The key's value was written by exactly this revision.
    At(Bytes, Revision),
}

impl Precondition {
    /// The key that the condition is about.
    pub fn key(&self) -> &Bytes {
        match self {
            Self::Absent(key) | Self::At(key, _) => key,
        }
    }
}

/// One write of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Stores a value, replacing any other.
    Put(Bytes, Bytes),
    /// Removes the key; no error if it has no value.
    Delete(Bytes),
}

impl Write {
    /// The key that is written.
    pub fn key(&self) -> &Bytes {
        match self {
            Self::Put(key, _) | Self::Delete(key) => key,
        }
    }
}

/// A transaction: all of it happens if every precondition holds, none of it otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Txn {
    /// Unique; committing the same id again answers as the first time and changes nothing.
    pub id: TxnId,
    /// What must hold.
    pub preconditions: Vec<Precondition>,
    /// What is written. A key may be written once only.
    pub writes: Vec<Write>,
}

impl Txn {
    /// Checks the limits that every engine enforces: at most [`MAX_OPERATIONS`], [`MAX_TRANSACTION_BYTES`], no key
    /// written twice and no empty key.
    pub fn check(&self) -> Result<(), StoreError> {
        let mut written: Vec<&Bytes> = self.writes.iter().map(Write::key).collect();
        written.sort_unstable();
        if written.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(StoreError::WrittenTwice);
        }
        let conditions = self.preconditions.iter().map(Precondition::key);
        let only_required = conditions.clone().filter(|key| written.binary_search(key).is_err());
        let operations = written.len() + only_required.count();
        if operations > MAX_OPERATIONS {
            return Err(StoreError::TooManyOperations { operations });
        }
        let values = self.writes.iter().map(|write| match write {
            Write::Put(_, value) => value.len(),
            Write::Delete(_) => 0,
        });
        let keys = || written.iter().copied().chain(conditions.clone());
        let bytes = keys().map(Bytes::len).chain(values).sum();
        if bytes > MAX_TRANSACTION_BYTES {
            return Err(StoreError::TooLarge { bytes });
        }
        if keys().any(Bytes::is_empty) {
            return Err(StoreError::EmptyKey);
        }
        Ok(())
    }
}

/// How a commit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Durable, as this revision.
    Committed(Revision),
    /// A precondition did not hold; nothing changed.
    Rejected(Conflict),
    /// The answer was lost: ask [`Engine::outcome`].
    Unknown,
}

/// A stretch of keys, read page by page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The first key, included.
    pub start: Bytes,
    /// The end, excluded; `None` is the end of the store.
    pub end: Option<Bytes>,
    /// Continue behind this key: the last one of the page before.
    pub after: Option<Bytes>,
    /// The most items wanted; engines return no more than [`MAX_PAGE`].
    pub limit: usize,
}

impl Range {
    /// Every key that starts with `prefix`.
    pub fn prefix(prefix: Bytes, after: Option<Bytes>, limit: usize) -> Self {
        let end = successor(&prefix);
        Self {
            start: prefix,
            end,
            after,
            limit,
        }
    }

    /// Every key of the store.
    pub fn everything(after: Option<Bytes>, limit: usize) -> Self {
        Self {
            start: Bytes::new(),
            end: None,
            after,
            limit,
        }
    }

    /// The items that one page may hold.
    pub(crate) fn page_size(&self) -> usize {
        self.limit.min(MAX_PAGE)
    }
}

/// The first key that is behind every key that starts with `prefix`.
fn successor(prefix: &[u8]) -> Option<Bytes> {
    let kept = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=kept].to_vec();
    end[kept] += 1;
    Some(end.into())
}

/// One page of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The items, in key order.
    pub items: Vec<(Bytes, Versioned)>,
    /// Whether the range goes on behind the last item.
    pub more: bool,
    /// The revision of the store that was read.
    pub revision: Revision,
}

/// Reads that all see the store as it was at one revision. Short-lived: it may hold space in the engine.
#[async_trait]
pub trait Snapshot: Send + Sync {
    /// The value of a key at the snapshot's revision.
    async fn get(&self, key: &[u8]) -> Result<Option<Versioned>, StoreError>;
    /// A page of a range at the snapshot's revision.
    async fn range(&self, range: &Range) -> Result<Page, StoreError>;
    /// The authenticated head that the snapshot's revision was committed with.
    async fn head(&self) -> Result<Option<Bytes>, StoreError>;
    /// The revision that is read.
    fn revision(&self) -> Revision;
}

/// An ordered transactional key-value store with watch.
///
/// `get` and `range` are linearizable: they read the latest committed state. A commit that was answered
/// [`Outcome::Committed`] is durable, through `kill -9` and power loss, as far as the engine promises durability.
#[async_trait]
pub trait Engine: Send + Sync {
    /// The value of a key.
    async fn get(&self, key: &[u8]) -> Result<Option<Versioned>, StoreError>;

    /// A page of a range.
    async fn range(&self, range: &Range) -> Result<Page, StoreError>;

    /// A consistent view of the latest revision.
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError>;

    /// Commits a transaction. `Err` means that it certainly did not and will not happen. The transaction runs to its
    /// end even if the caller stops waiting.
    async fn commit(&self, txn: Txn) -> Result<Outcome, StoreError>;

    /// How the transaction of this id ended; never [`Outcome::Unknown`]. `None`: it has not committed, and what was
    /// handed over before this call will not commit later. Engines remember at least the last
    /// [`crate::OUTCOMES_KEPT`] commits.
    async fn outcome(&self, id: TxnId) -> Result<Option<Outcome>, StoreError>;

    /// Every change behind `from`, in order, none skipped.
    fn watch(&self, from: Revision) -> Watch;

    /// The latest committed revision.
    fn revision(&self) -> Revision;

    /// The authenticated head that the latest revision was committed with, `None` if no witness ever attested.
    async fn head(&self) -> Result<Option<Bytes>, StoreError>;

    /// Installs the witness that attests every commit from now on, and stores its `head` for the present revision,
    /// durably. Refused if a commit has happened since `at`.
    async fn install_witness(&self, witness: Arc<dyn Witness>, at: Revision, head: Bytes) -> Result<(), StoreError>;

    /// Why the engine accepts no more writes, if it has stopped after a failure.
    fn stopped(&self) -> Option<StoreError>;

    /// Finishes what was handed over and refuses the rest. Idempotent.
    async fn close(&self);
}
