//! Records that wait in the store: the record of a change is written in the change's own transaction, and moved into
//! the trail afterwards.
//!
//! Moving is two durable steps, append and delete. A crash between them leaves a record in both places, so the first
//! drain of a process looks for each waiting record's id among the lines that can hold it: a record notes where the
//! trail stood when it was made, and its line can only come later. So each is in the trail exactly once.

use std::{
    collections::HashSet,
    fs::File,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use minicbor::{Decode, Encode};
use tokio::{
    sync::{Mutex, Notify},
    time::Instant,
};
use trent_crypto::record::Class;
use trent_names::Region;
use trent_store::{
    CommitError, GlobalStore, Key, Kind, LivesIn, Place, Record, RegionStore, ScopedStore, ScopedTxn, Sealed,
    StoreError, kinds,
};
use uuid::Uuid;

use crate::{
    backwards::Backwards,
    chain::Line,
    event::{EventId, Rendered},
    queue::TrailError,
    segment,
    trail::Trail,
};

/// Records moved by one transaction; each counts twice against its limit, as a condition and as a write.
const BATCH: usize = 48;

/// How often a drain looks without having been asked to.
const INTERVAL: Duration = Duration::from_secs(1);

/// How often the store is told how far the trail reaches, if it has grown: the end that can be cut off unnoticed.
const ANCHOR_INTERVAL: Duration = Duration::from_secs(5);

/// An audit record in the store, on its way to the trail.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OutboxRecord {
    /// The open segment when the record was made.
    #[cbor(n(0), with = "minicbor::bytes")]
    trail: [u8; 16],
    /// The last durable record at the time.
    #[n(1)]
    after: u64,
    /// The event's text.
    #[cbor(n(2), with = "minicbor::bytes")]
    event: Vec<u8>,
}

impl Record for OutboxRecord {
    const KIND: Kind = kinds::AUDIT_OUTBOX;
    const CLASS: Class = Class::Audit;
    const VERSION: u8 = 1;
}

impl<P: Place> LivesIn<P> for OutboxRecord {}

impl OutboxRecord {
    /// The record of an event that is to reach `trail`.
    pub fn new(event: &Rendered, trail: &Trail) -> Self {
        Self {
            trail: *trail.id().as_bytes(),
            after: trail.durable_sequence(),
            event: event.json().to_vec(),
        }
    }

    /// Where the record of an event goes; in the order of the events' times.
    pub fn key(event: &Rendered) -> Key<Self> {
        Key::new()
            .number(event.time_millis().max(0).unsigned_abs())
            .part(event.id().as_bytes())
    }
}

/// Adds the record of an event to the transaction that has the event's effect.
pub fn enqueue<P: Place>(txn: &mut ScopedTxn<P>, event: &Rendered, trail: &Trail) {
    txn.insert(&OutboxRecord::key(event), &OutboxRecord::new(event, trail));
}

/// Why waiting records could not be moved. They wait on.
#[derive(Debug, thiserror::Error)]
pub enum DrainError {
    /// The trail does not take them.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// They cannot be read.
    #[error("the waiting audit records cannot be read: {0}")]
    Store(#[from] StoreError),
    /// They are in the trail and could not be removed; the next drain only removes them.
    #[error("audit records that reached the trail cannot be removed from the store: {0}")]
    Commit(#[from] CommitError),
    /// The store cannot be told how far the trail reaches.
    #[error("the audit trail cannot be anchored in the store: {0}")]
    Anchor(#[source] CommitError),
    /// The trail's file cannot be searched for records that are already there.
    #[error("the audit trail cannot be searched: {0}")]
    Search(#[from] io::Error),
}

/// Moves waiting records into the trail. One per process.
pub struct Drain {
    trail: Trail,
    regions: Vec<RegionStore>,
    global: GlobalStore,
    asked: Notify,
    /// The ids of waiting records that are in the trail already; `None` while that has to be looked up.
    moved: Mutex<Option<HashSet<EventId>>>,
}

impl Drain {
    /// A drain of the outboxes of `regions` and of the one outside all Regions.
    pub fn new(trail: Trail, store: &Sealed, regions: &[Region]) -> Self {
        Self {
            trail,
            regions: regions.iter().map(|region| store.region(region)).collect(),
            global: store.global(),
            asked: Notify::new(),
            moved: Mutex::new(None),
        }
    }

    /// Moves everything that waits and returns how many records that were. Called once before a node serves.
    pub async fn run_once(&self) -> Result<u64, DrainError> {
        let mut guard = self.moved.lock().await;
        // Taken, and put back only where it is certain again: a drain that fails or is dropped half-way makes the next
        // one look.
        let mut moved = match guard.take() {
            Some(moved) => moved,
            None => self.find_moved().await?,
        };
        let outcome = self.empty_all(&mut moved).await;
        if !matches!(outcome, Err(DrainError::Trail(_))) {
            *guard = Some(moved);
        }
        outcome
    }

    async fn empty_all(&self, moved: &mut HashSet<EventId>) -> Result<u64, DrainError> {
        let mut count = self.empty(&self.global, moved).await?;
        for region in &self.regions {
            count += self.empty(region, moved).await?;
        }
        Ok(count)
    }

    /// Moves everything that waits, makes the trail durable and anchors its end in the store: what is to be done before
    /// the store is closed.
    pub async fn finish(&self) -> Result<(), DrainError> {
        let drained = self.run_once().await;
        self.trail.flush().await?;
        self.trail.anchor().await.map_err(DrainError::Anchor)?;
        drained.map(drop)
    }

    /// Says that there is something to move.
    pub fn nudge(&self) {
        self.asked.notify_one();
    }

    /// Moves records as they come and keeps the trail anchored, until the future is dropped. What fails is logged and
    /// tried again.
    pub async fn run(&self) {
        let mut anchored = Instant::now();
        loop {
            // Woken by a nudge or by the clock: either way there may be something to move.
            drop(tokio::time::timeout(INTERVAL, self.asked.notified()).await);
            if let Err(error) = self.run_once().await {
                tracing::error!(%error, "audit records wait in the store");
                tokio::time::sleep(INTERVAL).await;
            }
            if anchored.elapsed() >= ANCHOR_INTERVAL {
                anchored = Instant::now();
                if let Err(error) = self.trail.anchor().await {
                    tracing::error!(%error, "the audit trail cannot be anchored in the store");
                }
            }
        }
    }

    /// Moves the records of one place.
    async fn empty<P: Place>(&self, store: &ScopedStore<P>, moved: &mut HashSet<EventId>) -> Result<u64, DrainError> {
        let mut count = 0;
        loop {
            let page = store.range(&Key::<OutboxRecord>::new(), None, BATCH).await?;
            if page.items.is_empty() {
                return Ok(count);
            }
            let mut txn = store.txn();
            let mut missing = Vec::new();
            let mut ids = Vec::with_capacity(page.items.len());
            for (key, stored) in page.items {
                let id = id_of(&key)?;
                txn.delete(&key, stored.revision);
                ids.push(id);
                if !moved.contains(&id) {
                    missing.push(Rendered::from_stored(id, stored.value.event));
                }
            }
            self.trail.append_durably(&missing).await?;
            count += missing.len() as u64;
            moved.extend(&ids);
            match store.commit(txn).await {
                Ok(_) => ids.iter().for_each(|id| {
                    moved.remove(id);
                }),
                // A drain that was dropped half-way had its own removal under way: look at what is left.
                Err(CommitError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The waiting records that were put into the trail, by a process before this one or by a drain that came to no
    /// end, and were not removed.
    async fn find_moved(&self) -> Result<HashSet<EventId>, DrainError> {
        self.trail.flush().await?;
        let Some(path) = self.trail.path() else {
            return Ok(HashSet::new());
        };
        let segments = Segments::newest_first(path)?;
        let mut waiting = Waiting::default();
        waiting.collect(&self.global, &segments.ids).await?;
        for region in &self.regions {
            waiting.collect(region, &segments.ids).await?;
        }
        if waiting.ids.is_empty() {
            return Ok(HashSet::new());
        }
        Ok(search(&segments, &waiting)?)
    }
}

/// The records that wait at the start of a process, and the last line that can be none of theirs.
#[derive(Default)]
struct Waiting {
    ids: HashSet<EventId>,
    after: Option<u64>,
}

impl Waiting {
    async fn collect<P: Place>(&mut self, store: &ScopedStore<P>, trail: &[Uuid]) -> Result<(), DrainError> {
        let mut last = None;
        loop {
            let page = store.range(&Key::<OutboxRecord>::new(), last.as_ref(), BATCH).await?;
            for (key, stored) in &page.items {
                // In another trail than the record's own, its line may be anywhere.
                let after = if trail.contains(&Uuid::from_bytes(stored.value.trail)) {
                    stored.value.after
                } else {
                    0
                };
                self.after = Some(self.after.map_or(after, |least| least.min(after)));
                self.ids.insert(id_of(key)?);
            }
            last = page.items.into_iter().next_back().map(|(key, _)| key);
            if !page.more || last.is_none() {
                return Ok(());
            }
        }
    }
}

/// The segments of a trail, the open one first.
#[derive(Default)]
struct Segments {
    paths: Vec<PathBuf>,
    ids: Vec<Uuid>,
}

impl Segments {
    fn newest_first(path: &Path) -> io::Result<Self> {
        let mut segments = Self::default();
        let closed = segment::closed(path)?.into_iter().rev().map(|segment| segment.path);
        for path in std::iter::once(path.to_owned()).chain(closed) {
            segments
                .ids
                .extend(segment::header_of(&path)?.map(|header| header.trail));
            segments.paths.push(path);
        }
        Ok(segments)
    }
}

/// Looks for waiting records from the trail's end back to where none can be.
fn search(segments: &Segments, waiting: &Waiting) -> io::Result<HashSet<EventId>> {
    let mut found = HashSet::new();
    // The number of the record to come; unknown until the first batch line, behind which are those being written.
    let mut sequence = u64::MAX;
    for path in &segments.paths {
        let mut lines = Backwards::new(File::open(path)?)?;
        while let Some(line) = lines.next_line()? {
            match Line::parse(&line).map_err(io::Error::other)? {
                Line::Header(header, _) => sequence = header.sequence,
                Line::Batch(batch, _) => sequence = batch.last,
                Line::Record(record) => {
                    found.extend(id_in(record).filter(|id| waiting.ids.contains(id)));
                    sequence = sequence.saturating_sub(1);
                }
            }
            if sequence <= waiting.after.unwrap_or(0) {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// The id of a record as it stands in the trail.
fn id_in(record: &[u8]) -> Option<EventId> {
    #[derive(serde::Deserialize)]
    struct Id<'a> {
        #[serde(rename = "eventID", borrow)]
        id: &'a str,
    }
    serde_json::from_slice::<Id<'_>>(record)
        .ok()
        .and_then(|event| EventId::parse(event.id))
}

fn id_of(key: &Key<OutboxRecord>) -> Result<EventId, StoreError> {
    let id = key.parts().pop().and_then(|part| <[u8; 16]>::try_from(part).ok());
    id.map(EventId::from_bytes).ok_or_else(|| StoreError::BadRecord {
        key: format!("{key:?}"),
        reason: "it does not name an event".into(),
    })
}
