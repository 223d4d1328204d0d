//! What can go wrong in a store, one variant per case.

use std::{io, path::PathBuf, sync::Arc};

use bytes::Bytes;

use crate::revision::Revision;

/// The most operations in one transaction. A write and a precondition on the same key are one operation.
pub const MAX_OPERATIONS: usize = 100;
/// The most bytes of keys and values in one transaction.
pub const MAX_TRANSACTION_BYTES: usize = 512 * 1024;

/// Why a read or a commit failed. A commit that fails with one of these certainly did not happen.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// More than [`MAX_OPERATIONS`] preconditions and writes.
    #[error("a transaction has at most {MAX_OPERATIONS} operations, this one has {operations}")]
    TooManyOperations {
        /// What it has.
        operations: usize,
    },
    /// More than [`MAX_TRANSACTION_BYTES`] of keys and values.
    #[error("a transaction has at most {MAX_TRANSACTION_BYTES} bytes, this one has {bytes}")]
    TooLarge {
        /// What it has.
        bytes: usize,
    },
    /// One key is written twice.
    #[error("a transaction writes one key twice")]
    WrittenTwice,
    /// A key of no bytes.
    #[error("a transaction names an empty key")]
    EmptyKey,
    /// The engine's file or disk failed; nothing more is written until the store has been opened again.
    #[error("the store stopped after a failure and accepts no more writes until it is opened again: {0}")]
    Stopped(Arc<str>),
    /// The disk could not be read or written.
    #[error("the store's disk failed: {0}")]
    Io(Arc<io::Error>),
    /// The engine's own structures are damaged.
    #[error("the store's file is damaged: {0}")]
    Corrupt(Arc<str>),
    /// A record does not open: it was altered, moved or cut short.
    #[error("the record {key} does not open: {reason}")]
    BadRecord {
        /// The record's key, printable.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The store changed while a witness was being installed.
    #[error("the store is at revision {found}, not at {expected}, where it was verified")]
    Moved {
        /// Where it was verified.
        expected: Revision,
        /// Where it is.
        found: Revision,
    },
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

/// The first precondition of a transaction that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The key that the precondition is about.
    pub key: Bytes,
}

/// Why a typed commit did not succeed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// A precondition did not hold; nothing changed.
    #[error("another change came first")]
    Conflict(Conflict),
    /// Whether it happened could not be found out. It must be neither reported as done nor as not done.
    #[error("whether the change was stored is not known: {0}")]
    Unknown(StoreError),
    /// The transaction was begun in another place than the one it was to be committed in.
    #[error("a transaction is committed in the place that it was begun in")]
    Misplaced,
    /// It certainly did not happen.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has the store open.
    #[error("{path} is in use by another process{}", pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default())]
    Locked {
        /// The data folder.
        path: PathBuf,
        /// The process, if its lock file says so.
        pid: Option<u32>,
    },
    /// There is no store.
    #[error("there is no store at {path}: create one with `trent init`")]
    Missing {
        /// The data folder.
        path: PathBuf,
    },
    /// There is one already.
    #[error("{path} already holds a store")]
    Exists {
        /// The data folder.
        path: PathBuf,
    },
    /// The folder's format stamp is missing or not one of ours.
    #[error("{path} is not a Trent data folder: {reason}")]
    Foreign {
        /// The data folder.
        path: PathBuf,
        /// What is odd about it.
        reason: String,
    },
    /// Written by a newer version.
    #[error(
        "{path} has store format {found}, this version reads up to {supported}: use the version that wrote it, or a newer one"
    )]
    Newer {
        /// The data folder.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest that this build reads.
        supported: u32,
    },
    /// A development store opened for production, or the reverse.
    #[error("{path} is a {found} store and cannot be opened in {wanted} mode")]
    WrongMode {
        /// The data folder.
        path: PathBuf,
        /// What it was created as.
        found: &'static str,
        /// What was asked for.
        wanted: &'static str,
    },
    /// The folder or a file in it cannot be used.
    #[error("cannot use {path}: {error}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The records are not what the store last attested: some were dropped, added, swapped, edited or replayed.
    #[error(
        "the store's records are not those that it last wrote (revision {revision}): a record was dropped, added, edited or replayed from an older state; restore a backup"
    )]
    Tampered {
        /// The revision that the head names.
        revision: Revision,
    },
    /// The head is missing or does not verify.
    #[error("the store's head does not verify: {0}")]
    BadHead(&'static str),
    /// The whole store is older than what this node has seen.
    #[error(
        "the store is at revision {found}, but this node has already seen revision {seen}: an older copy of the whole store was put in its place; start with `--accept-rollback` only if you did that yourself"
    )]
    RolledBack {
        /// Where the store is.
        found: Revision,
        /// What the head file says.
        seen: Revision,
    },
    /// The store is at the revision that this node has seen, with other contents.
    #[error(
        "the store at revision {revision} is not the one that this node has seen there: another copy of the whole store was put in its place; start with `--accept-rollback` only if you did that yourself"
    )]
    Forked {
        /// The revision.
        revision: Revision,
    },
    /// The head file beside the store cannot be read.
    #[error("the head file {path} is unusable ({reason}): start with `--accept-rollback` if it was lost")]
    BadHeadFile {
        /// The head file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The store itself failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
