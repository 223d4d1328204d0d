//! The object cache: parsed objects in front of the engine, so that the hot path never touches it.
//!
//! Keyed by record, bounded, invalidated by the feed of changes; absence is cached too. A commit answers only after
//! every cache of the node has applied it, so a read that starts after a write's answer sees the write.
//!
//! With a replication delay (development only) a cache answers with the state of that long ago, as a node of a
//! replicated service would that has not heard of a change yet.

use std::{
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use quick_cache::sync::Cache;

use crate::{
    engine::{Revision, Versioned},
    error::StoreError,
    feed::Changes,
    follower::Subscriber,
    key::{Key, kind_of},
    lag::Lag,
    place::Place,
    record::{Kind, LivesIn, Record, Stored},
    scope::ScopedStore,
    sealed::Sealed,
};

type View<R, T> = dyn Fn(Stored<R>) -> T + Send + Sync;

/// Parsed objects of one record type, kept by record key.
pub struct ObjectCache<R, T> {
    shared: Arc<Shared<T>>,
    view: Box<View<R, T>>,
    record: PhantomData<fn() -> R>,
}

/// What follows the changes.
struct Shared<T> {
    objects: Cache<Bytes, Cached<T>>,
    lag: Option<Lag>,
    kind: Kind,
    /// Changes to records of this kind, counted once they are applied.
    changes: AtomicU64,
}

/// What a key was read as.
struct Cached<T> {
    /// The parsed object, or that there is none.
    object: Option<Arc<T>>,
    /// The state of the store that was read is at least this recent.
    revision: Revision,
}

impl<T> Clone for Cached<T> {
    fn clone(&self) -> Self {
        Self {
            object: self.object.clone(),
            revision: self.revision,
        }
    }
}

impl<R: Record, T: Send + Sync + 'static> ObjectCache<R, T> {
    /// A cache of up to about `capacity` keys; `view` turns a record into what is kept.
    pub fn new(store: &Sealed, capacity: usize, view: impl Fn(Stored<R>) -> T + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared {
            objects: Cache::new(capacity),
            lag: store.replication_delay().map(Lag::new),
            kind: R::KIND,
            changes: AtomicU64::new(0),
        });
        let subscriber: Arc<dyn Subscriber> = Arc::<Shared<T>>::clone(&shared);
        store.subscribe(Arc::downgrade(&subscriber));
        Self {
            shared,
            view: Box::new(view),
            record: PhantomData,
        }
    }

    /// The object, or `None` if there is no such record. Reads the engine if the cache does not know.
    pub async fn get<P: Place>(&self, store: &ScopedStore<P>, key: &Key<R>) -> Result<Option<Arc<T>>, StoreError>
    where
        R: LivesIn<P>,
    {
        let raw = store.raw(key);
        if let Some(before) = self.shared.lag.as_ref().and_then(|lag| lag.before(&raw)) {
            return self.parse(store, &raw, before.as_ref());
        }
        let guard = match self.shared.objects.get_value_or_guard_async(&raw).await {
            Ok(cached) => return Ok(cached.object),
            Err(guard) => guard,
        };
        let revision = store.revision();
        let stored = store.sealed().engine().get(&raw).await?;
        let object = self.parse(store, &raw, stored.as_ref())?;
        // A change applied meanwhile has removed the guard's place; then the object is only this call's answer.
        let _ = guard.insert(Cached {
            object: object.clone(),
            revision,
        });
        Ok(object)
    }

    /// What the cache knows without reading: `Some(None)` is a record known to be absent.
    pub fn peek<P: Place>(&self, store: &ScopedStore<P>, key: &Key<R>) -> Option<Option<Arc<T>>>
    where
        R: LivesIn<P>,
    {
        let raw = store.raw(key);
        if self.shared.lag.as_ref().is_some_and(|lag| lag.before(&raw).is_some()) {
            return None;
        }
        self.shared.objects.get(&raw).map(|cached| cached.object)
    }

    /// How many changes to records of this type have been applied: for what is derived from objects and must not
    /// outlive them. Read before the objects, it stays the same for as long as they do. `None` with a replication
    /// delay, under which an object's answer changes without a commit.
    pub fn changes(&self) -> Option<u64> {
        let undelayed = self.shared.lag.is_none();
        undelayed.then(|| self.shared.changes.load(Ordering::Acquire))
    }

    /// The revision that a key's cached state was read at.
    pub fn read_at<P: Place>(&self, store: &ScopedStore<P>, key: &Key<R>) -> Option<Revision>
    where
        R: LivesIn<P>,
    {
        self.shared.objects.peek(&store.raw(key)).map(|cached| cached.revision)
    }

    fn parse<P: Place>(
        &self,
        store: &ScopedStore<P>,
        raw: &[u8],
        stored: Option<&Versioned>,
    ) -> Result<Option<Arc<T>>, StoreError> {
        let Some(stored) = stored else { return Ok(None) };
        let record = store.sealed().unseal(raw, stored)?;
        Ok(Some(Arc::new((self.view)(record))))
    }
}

impl<T: Send + Sync> Subscriber for Shared<T> {
    fn apply(&self, changes: &Changes) {
        for change in &changes.changes {
            if let Some(lag) = &self.lag {
                lag.record(change);
            }
            self.objects.remove(&change.key);
            // Counted only now: whoever reads the new count no longer finds the old object.
            if kind_of(&change.key) == Some(self.kind) {
                self.changes.fetch_add(1, Ordering::AcqRel);
            }
        }
    }

    fn reset(&self) {
        self.objects.clear();
        self.changes.fetch_add(1, Ordering::AcqRel);
    }
}
