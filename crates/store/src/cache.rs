//! The object cache: parsed objects in front of the engine, so that the hot path never touches it.
//!
//! Keyed by record, bounded, invalidated by the feed of changes; absence is cached too. A commit answers only after
//! every cache of the node has applied it, so a read that starts after a write's answer sees the write.
//!
//! With a replication delay (development only) a cache answers with the state of that long ago, as a node of a
//! replicated service would that has not heard of a change yet.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    marker::PhantomData,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use quick_cache::sync::Cache;
use smallvec::SmallVec;
use trent_metrics::Counter;

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

/// That something was seen while [`ObjectCache::changes`] gave a certain count: it holds until the count moves on. Asking
/// costs nothing but a look at what remembers it.
#[derive(Debug, Default)]
pub struct Seen(AtomicU64);

impl Seen {
    /// Remembers that it was seen after `changes` was read. Without a count nothing is remembered.
    pub fn at(&self, changes: Option<u64>) {
        self.0.store(Self::mark(changes), Ordering::Relaxed);
    }

    /// Whether it still holds at this count.
    pub fn holds(&self, changes: Option<u64>) -> bool {
        changes.is_some() && self.0.load(Ordering::Relaxed) == Self::mark(changes)
    }

    /// Zero: it was never seen.
    fn mark(changes: Option<u64>) -> u64 {
        changes.map_or(0, |changes| changes.wrapping_add(1))
    }
}

type View<R, T> = dyn Fn(Stored<R>) -> T + Send + Sync;

/// Parsed objects of one record type, kept by record key.
pub struct ObjectCache<R, T> {
    shared: Arc<Shared<T>>,
    view: Box<View<R, T>>,
    record: PhantomData<fn() -> R>,
}

/// A key in the engine, in place: looking one up follows no pointer. Most records that are asked for often have keys of
/// up to this many bytes.
#[derive(Clone, PartialEq, Eq, Hash)]
struct InPlace(SmallVec<[u8; 56]>);

/// What follows the changes.
struct Shared<T> {
    objects: Cache<InPlace, Cached<T>>,
    lag: Option<Lag>,
    kind: Kind,
    /// Changes to records of this kind, counted once they are applied.
    changes: AtomicU64,
    /// The same, by where a record's key falls among these: each counts the changes of few records.
    changes_near: Box<[AtomicU64]>,
    told: OnceLock<Box<Told>>,
    hits: Counter,
    misses: Counter,
}

/// What was counted of a cache since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// How often what was asked for was there.
    pub hits: u64,
    /// How often the engine had to be read.
    pub misses: u64,
    /// How many records, absent ones included, are there now.
    pub entries: u64,
}

impl std::ops::Add for CacheCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            hits: self.hits + other.hits,
            misses: self.misses + other.misses,
            entries: self.entries + other.entries,
        }
    }
}

/// Hears of a change by the record's key in the engine; none stands for all records.
type Told = dyn Fn(Option<&[u8]>) + Send + Sync;

/// How many counts of changes a cache keeps beside that of all.
const COUNTS: usize = 1024;

/// What a key was read as.
struct Cached<T> {
    /// The parsed object, or that there is none.
    object: Option<Arc<T>>,
    /// The state of the store that was read is at least this recent.
    revision: Revision,
}

impl InPlace {
    fn of<P: Place, R: LivesIn<P>>(store: &ScopedStore<P>, key: &Key<R>) -> Self {
        let mut raw = SmallVec::new();
        for part in store.raw_parts(key) {
            raw.extend_from_slice(part);
        }
        Self(raw)
    }
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
            changes_near: std::iter::repeat_with(AtomicU64::default).take(COUNTS).collect(),
            told: OnceLock::new(),
            hits: Counter::default(),
            misses: Counter::default(),
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
        let raw = InPlace::of(store, key);
        if let Some(before) = self.shared.lag.as_ref().and_then(|lag| lag.before(&raw.0)) {
            return self.parse(store, &raw, before.as_ref());
        }
        let guard = match self.shared.objects.get_value_or_guard_async(&raw).await {
            Ok(cached) => {
                self.shared.hits.increment();
                return Ok(cached.object);
            }
            Err(guard) => guard,
        };
        self.shared.misses.increment();
        let revision = store.revision();
        let stored = store.sealed().engine().get(&raw.0).await?;
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
        let raw = InPlace::of(store, key);
        if self.shared.lag.as_ref().is_some_and(|lag| lag.before(&raw.0).is_some()) {
            return None;
        }
        let cached = self.shared.objects.get(&raw)?;
        self.shared.hits.increment();
        Some(cached.object)
    }

    /// Counts what was found before anybody asked here: in what is derived from this cache.
    pub fn found_nearer(&self) {
        self.shared.hits.increment();
    }

    /// What was counted so far.
    pub fn counts(&self) -> CacheCounts {
        CacheCounts {
            hits: self.shared.hits.get(),
            misses: self.shared.misses.get(),
            entries: self.shared.objects.len() as u64,
        }
    }

    /// How many changes to records of this type have been applied: for what is derived from objects and must not
    /// outlive them. Read before the objects, it stays the same for as long as they do. `None` with a replication
    /// delay, under which an object's answer changes without a commit.
    pub fn changes(&self) -> Option<u64> {
        let undelayed = self.shared.lag.is_none();
        undelayed.then(|| self.shared.changes.load(Ordering::Acquire))
    }

    /// The same of one record: for what is derived from that record alone. The count is shared with some other records.
    pub fn changes_of<P: Place>(&self, store: &ScopedStore<P>, key: &Key<R>) -> Option<u64>
    where
        R: LivesIn<P>,
    {
        let undelayed = self.shared.lag.is_none();
        undelayed.then(|| {
            let count = self.shared.count_of(&InPlace::of(store, key));
            count.load(Ordering::Acquire)
        })
    }

    /// Has `told` know of each record of this type that has changed, wherever it lives, and of a reset of all (none); after
    /// the change was counted, before its commit is answered. There is one to be told.
    pub fn tell(&self, told: impl Fn(Option<Key<R>>) + Send + Sync + 'static) {
        let told = move |raw: Option<&[u8]>| told(raw.and_then(Key::of_raw));
        let _ = self.shared.told.set(Box::new(told));
    }

    /// The revision that a key's cached state was read at.
    pub fn read_at<P: Place>(&self, store: &ScopedStore<P>, key: &Key<R>) -> Option<Revision>
    where
        R: LivesIn<P>,
    {
        self.shared
            .objects
            .peek(&InPlace::of(store, key))
            .map(|cached| cached.revision)
    }

    fn parse<P: Place>(
        &self,
        store: &ScopedStore<P>,
        raw: &InPlace,
        stored: Option<&Versioned>,
    ) -> Result<Option<Arc<T>>, StoreError> {
        let Some(stored) = stored else { return Ok(None) };
        let record = store.sealed().unseal(&raw.0, stored)?;
        Ok(Some(Arc::new((self.view)(record))))
    }
}

impl<T> Shared<T> {
    fn count_of(&self, key: &InPlace) -> &AtomicU64 {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % COUNTS as u64).unwrap_or(0);
        &self.changes_near[place]
    }

    fn tell(&self, changed: Option<&[u8]>) {
        if let Some(told) = self.told.get() {
            told(changed);
        }
    }
}

impl<T: Send + Sync> Subscriber for Shared<T> {
    fn apply(&self, changes: &Changes) {
        for change in &changes.changes {
            if let Some(lag) = &self.lag {
                lag.record(change);
            }
            let key = InPlace(SmallVec::from_slice(&change.key));
            self.objects.remove(&key);
            // Counted only now: whoever reads the new count no longer finds the old object.
            if kind_of(&change.key) == Some(self.kind) {
                self.changes.fetch_add(1, Ordering::AcqRel);
                self.count_of(&key).fetch_add(1, Ordering::AcqRel);
                self.tell(Some(&change.key));
            }
        }
    }

    fn reset(&self) {
        self.objects.clear();
        for count in self.changes_near.iter().chain([&self.changes]) {
            count.fetch_add(1, Ordering::AcqRel);
        }
        self.tell(None);
    }
}
