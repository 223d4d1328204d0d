//! A view: the records as of one durable commit, which is what all reads use.

use std::{ops::Bound, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use redb::{Database, ReadOnlyTable, ReadableDatabase};

use super::{
    HEAD, RECORDS, REVISION, STATE,
    failure::{corrupt, guarded},
};
use crate::{
    engine::{Page, Range, Revision, Snapshot, Versioned},
    error::StoreError,
};

/// The records as of one commit. redb keeps their pages for as long as it lives.
pub(super) struct View {
    pub(super) revision: Revision,
    pub(super) head: Option<Bytes>,
    records: ReadOnlyTable<&'static [u8], &'static [u8]>,
}

impl View {
    /// The latest commit.
    pub(super) fn of(database: &Database) -> Result<Self, StoreError> {
        let read = database.begin_read()?;
        let state = read.open_table(STATE)?;
        let revision = match state.get(REVISION)? {
            Some(bytes) => revision(bytes.value())?,
            None => Revision::ZERO,
        };
        let head = state.get(HEAD)?.map(|head| Bytes::copy_from_slice(head.value()));
        Ok(Self {
            revision,
            head,
            records: read.open_table(RECORDS)?,
        })
    }

    pub(super) fn read(&self, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        self.records
            .get(key)?
            .map(|stored| versioned(stored.value()))
            .transpose()
    }

    pub(super) fn page(&self, range: &Range) -> Result<Page, StoreError> {
        let start = match &range.after {
            Some(after) if *after >= range.start => Bound::Excluded(after.as_ref()),
            _ => Bound::Included(range.start.as_ref()),
        };
        let end = range.end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut page = Page {
            items: Vec::new(),
            more: false,
            revision: self.revision,
        };
        if is_empty(start, end) {
            return Ok(page);
        }
        for item in self.records.range::<&[u8]>((start, end))? {
            let (key, stored) = item?;
            if page.items.len() == range.page_size() {
                page.more = true;
                break;
            }
            page.items
                .push((Bytes::copy_from_slice(key.value()), versioned(stored.value())?));
        }
        Ok(page)
    }
}

/// Whether nothing can lie between the bounds.
fn is_empty(start: Bound<&[u8]>, end: Bound<&[u8]>) -> bool {
    match (start, end) {
        (Bound::Included(start) | Bound::Excluded(start), Bound::Excluded(end)) => start >= end,
        _ => false,
    }
}

#[async_trait]
impl Snapshot for Arc<View> {
    async fn get(&self, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        guarded(|| self.read(key))
    }

    async fn range(&self, range: &Range) -> Result<Page, StoreError> {
        guarded(|| self.page(range))
    }

    async fn head(&self) -> Result<Option<Bytes>, StoreError> {
        Ok(self.head.clone())
    }

    fn revision(&self) -> Revision {
        self.revision
    }
}

/// How a value lies in the records table.
pub(super) fn stored(revision: Revision, value: &[u8]) -> Vec<u8> {
    [&revision.0.to_be_bytes(), value].concat()
}

/// The reverse of [`stored`].
pub(super) fn versioned(stored: &[u8]) -> Result<Versioned, StoreError> {
    let (revision, value) = stored
        .split_first_chunk()
        .ok_or_else(|| corrupt("a record is cut short"))?;
    Ok(Versioned {
        value: Bytes::copy_from_slice(value),
        revision: Revision(u64::from_be_bytes(*revision)),
    })
}

/// A revision as the state table holds it.
pub(super) fn revision(bytes: &[u8]) -> Result<Revision, StoreError> {
    let bytes = bytes.try_into().map_err(|_| corrupt("the revision is cut short"))?;
    Ok(Revision(u64::from_be_bytes(bytes)))
}
