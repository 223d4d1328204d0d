//! redb's failures as the store's: I/O errors, damage, and the panics that damage can cause.

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
};

use redb::{CommitError, DatabaseError, StorageError, TableError, TransactionError};

use crate::error::StoreError;

/// Runs something that reads redb's structures. In a damaged file redb may run into a state that it holds to be
/// impossible and panic: that is damage too, not a crash of ours. What unwinds is only read from again through redb,
/// which poisons what it was changing, and the caller stops writing.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let reason = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("a state that should be impossible");
        Err(StoreError::Corrupt(reason.into()))
    })
}

pub(super) fn corrupt(reason: &str) -> StoreError {
    StoreError::Corrupt(reason.into())
}

impl From<StorageError> for StoreError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                corrupt("it is shorter than its contents")
            }
            StorageError::Io(error) if error.kind() == io::ErrorKind::InvalidData => corrupt(&error.to_string()),
            StorageError::Io(error) => Self::Io(Arc::new(error)),
            StorageError::PreviousIo => Self::Stopped("the disk failed before".into()),
            StorageError::DatabaseClosed => Self::Closed,
            other => Self::Corrupt(other.to_string().into()),
        }
    }
}

impl From<TransactionError> for StoreError {
    fn from(error: TransactionError) -> Self {
        match error {
            TransactionError::Storage(error) => error.into(),
            other => Self::Corrupt(other.to_string().into()),
        }
    }
}

impl From<TableError> for StoreError {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Storage(error) => error.into(),
            other => Self::Corrupt(other.to_string().into()),
        }
    }
}

impl From<CommitError> for StoreError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Storage(error) => error.into(),
            other => Self::Corrupt(other.to_string().into()),
        }
    }
}

/// By name, not by `From`: opening is the only place where it occurs.
pub(super) fn database(error: DatabaseError) -> StoreError {
    match error {
        DatabaseError::Storage(error) => error.into(),
        other => StoreError::Corrupt(other.to_string().into()),
    }
}
