//! Places: the global records and those of each Region, kept apart by type.
//!
//! A [`ScopedStore`] reads and commits in one place only. A transaction begun on it carries its place and can be
//! committed nowhere else, and a record type says by [`LivesIn`] which kind of place it belongs to.

use bytes::Bytes;
use trent_names::Region;

use crate::{
    engine::{Conflict, Range, Revision, Snapshot},
    error::{CommitError, StoreError},
    key::Key,
    place::{Everywhere, InRegion, Place},
    record::{LivesIn, Stored},
    sealed::Sealed,
    txn::ScopedTxn,
};

/// The records of one Region.
pub type RegionStore = ScopedStore<InRegion>;
/// The records that belong to no Region.
pub type GlobalStore = ScopedStore<Everywhere>;
/// A transaction in one Region.
pub type RegionTxn = ScopedTxn<InRegion>;
/// A transaction outside all Regions.
pub type GlobalTxn = ScopedTxn<Everywhere>;

/// One page of a typed range.
pub struct Page<R> {
    /// The items, in key order.
    pub items: Vec<(Key<R>, Stored<R>)>,
    /// Whether the range goes on behind the last item.
    pub more: bool,
    /// The revision of the store that was read.
    pub revision: Revision,
}

/// The store as seen from one place. Cheap to clone.
#[derive(Clone)]
pub struct ScopedStore<P> {
    sealed: Sealed,
    place: P,
    prefix: Bytes,
}

impl Sealed {
    /// The records of a Region.
    pub fn region(&self, region: &Region) -> RegionStore {
        ScopedStore::new(self.clone(), InRegion(region.clone()))
    }

    /// The records that belong to no Region.
    pub fn global(&self) -> GlobalStore {
        ScopedStore::new(self.clone(), Everywhere)
    }
}

impl RegionStore {
    /// The Region.
    pub fn region(&self) -> &Region {
        &self.place.0
    }
}

impl RegionTxn {
    /// The Region that the transaction is for.
    pub fn region(&self) -> &Region {
        &self.place().0
    }
}

impl<P: Place> ScopedStore<P> {
    fn new(sealed: Sealed, place: P) -> Self {
        let prefix = place.prefix();
        Self { sealed, place, prefix }
    }

    /// The store that this is a view of.
    pub fn sealed(&self) -> &Sealed {
        &self.sealed
    }

    /// The digest of a name, as it goes into record keys: whoever reads the file learns no names.
    pub fn blind<R: LivesIn<P>>(&self, name: &[u8]) -> [u8; 32] {
        self.sealed.blind::<R>(name)
    }

    /// The latest state of a record.
    pub async fn get<R: LivesIn<P>>(&self, key: &Key<R>) -> Result<Option<Stored<R>>, StoreError> {
        let raw = self.raw(key);
        match self.sealed.engine().get(&raw).await? {
            Some(stored) => self.sealed.unseal(&raw, &stored).map(Some),
            None => Ok(None),
        }
    }

    /// A page of the records whose keys start with `prefix`, behind `after`.
    pub async fn range<R: LivesIn<P>>(
        &self,
        prefix: &Key<R>,
        after: Option<&Key<R>>,
        limit: usize,
    ) -> Result<Page<R>, StoreError> {
        let page = self.sealed.engine().range(&self.range_of(prefix, after, limit)).await?;
        self.unseal_page(page)
    }

    /// A consistent view of the latest revision.
    pub async fn snapshot(&self) -> Result<ScopedSnapshot<P>, StoreError> {
        Ok(ScopedSnapshot {
            store: self.clone(),
            snapshot: self.sealed.engine().snapshot().await?,
        })
    }

    /// Begins a transaction.
    pub fn txn(&self) -> ScopedTxn<P> {
        ScopedTxn::new(self.place.clone(), self.prefix.clone())
    }

    /// Commits a transaction of this place. Answers when it is durable and every cache of this node has applied it.
    pub async fn commit(&self, txn: ScopedTxn<P>) -> Result<Revision, CommitError> {
        if *txn.place() != self.place {
            return Err(CommitError::Misplaced);
        }
        self.sealed.commit(txn.into_operations()).await
    }

    /// Whether a rejected transaction was rejected because of this record.
    pub fn conflicts<R: LivesIn<P>>(&self, conflict: &Conflict, key: &Key<R>) -> bool {
        conflict.key == self.raw(key)
    }

    /// The latest committed revision.
    pub fn revision(&self) -> Revision {
        self.sealed.revision()
    }

    /// The key in the engine.
    pub(crate) fn raw<R: LivesIn<P>>(&self, key: &Key<R>) -> Bytes {
        key.raw(&self.prefix)
    }

    /// The same in the parts that it is made of.
    pub(crate) fn raw_parts<'a, R: LivesIn<P>>(&'a self, key: &'a Key<R>) -> [&'a [u8]; 3] {
        key.raw_parts(&self.prefix)
    }

    fn range_of<R: LivesIn<P>>(&self, prefix: &Key<R>, after: Option<&Key<R>>, limit: usize) -> Range {
        Range::prefix(self.raw(prefix), after.map(|key| self.raw(key)), limit)
    }

    fn unseal_page<R: LivesIn<P>>(&self, page: crate::engine::Page) -> Result<Page<R>, StoreError> {
        let items = page.items.into_iter().map(|(raw, stored)| {
            let key = Key::from_raw(&self.prefix, &raw).ok_or_else(|| StoreError::BadRecord {
                key: crate::key::printable(&raw),
                reason: "it is outside the range that was read".into(),
            })?;
            Ok((key, self.sealed.unseal(&raw, &stored)?))
        });
        Ok(Page {
            items: items.collect::<Result<_, StoreError>>()?,
            more: page.more,
            revision: page.revision,
        })
    }
}

/// A consistent view of one place at one revision. Short-lived.
pub struct ScopedSnapshot<P> {
    store: ScopedStore<P>,
    snapshot: Box<dyn Snapshot>,
}

impl<P: Place> ScopedSnapshot<P> {
    /// The record at the snapshot's revision.
    pub async fn get<R: LivesIn<P>>(&self, key: &Key<R>) -> Result<Option<Stored<R>>, StoreError> {
        let raw = self.store.raw(key);
        match self.snapshot.get(&raw).await? {
            Some(stored) => self.store.sealed.unseal(&raw, &stored).map(Some),
            None => Ok(None),
        }
    }

    /// A page of a range at the snapshot's revision.
    pub async fn range<R: LivesIn<P>>(
        &self,
        prefix: &Key<R>,
        after: Option<&Key<R>>,
        limit: usize,
    ) -> Result<Page<R>, StoreError> {
        let page = self.snapshot.range(&self.store.range_of(prefix, after, limit)).await?;
        self.store.unseal_page(page)
    }

    /// The revision that is read.
    pub fn revision(&self) -> Revision {
        self.snapshot.revision()
    }
}
