//! Loading a whole store into a new file: what a restore does. Nothing is there until all of it is.

use std::path::Path;

use bytes::Bytes;
use redb::{Database, WriteTransaction};

use super::{HEAD, OUTCOMES, RECORDS, REVISION, STATE, failure, open_database, view::stored};
use crate::{
    engine::{Revision, Versioned},
    error::StoreError,
};

/// Fills a new file in one transaction.
pub(crate) struct Loader {
    // In this order: the transaction ends before the database is closed.
    write: WriteTransaction,
    database: Database,
}

impl Loader {
    /// Makes the file; there must be none.
    pub(crate) fn create(path: &Path) -> Result<Self, StoreError> {
        let mut options = std::fs::OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).open(path)?;
        let backend = redb::backends::FileBackend::new(file).map_err(failure::database)?;
        let database = open_database(backend)?;
        let write = database.begin_write()?;
        write.open_table(OUTCOMES)?;
        Ok(Self { write, database })
    }

    /// Adds records.
    pub(crate) fn add(&mut self, items: &[(Bytes, Versioned)]) -> Result<(), StoreError> {
        let mut records = self.write.open_table(RECORDS)?;
        for (key, item) in items {
            records.insert(key.as_ref(), stored(item.revision, &item.value).as_slice())?;
        }
        Ok(())
    }

    /// Makes everything durable, as of a revision with its head.
    pub(crate) fn finish(self, revision: Revision, head: Option<&[u8]>) -> Result<(), StoreError> {
        let mut state = self.write.open_table(STATE)?;
        state.insert(REVISION, revision.0.to_be_bytes().as_slice())?;
        if let Some(head) = head {
            state.insert(HEAD, head)?;
        }
        drop(state);
        self.write.open_table(RECORDS)?;
        self.write.commit()?;
        self.database.close().map_err(failure::database)
    }
}
