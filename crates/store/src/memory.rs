//! The in-memory engine: for development mode and tests. Nothing survives the process.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::{Mutex, RwLock};

use crate::{
    OUTCOMES_KEPT,
    engine::{Conflict, Engine, Outcome, Page, Precondition, Range, Revision, Snapshot, Txn, TxnId, Versioned, Write},
    error::StoreError,
    feed::{Change, Changes, Feed, Watch},
    witness::Witness,
};

type Records = BTreeMap<Bytes, Versioned>;

/// An engine that keeps everything in memory.
pub struct MemoryEngine {
    feed: Arc<Feed>,
    /// Held across a whole commit: there is one writer at a time.
    writer: Mutex<Writer>,
    state: RwLock<State>,
}

/// What only commits touch.
struct Writer {
    witness: Option<Arc<dyn Witness>>,
    outcomes: HashMap<TxnId, Revision>,
    order: VecDeque<TxnId>,
    closed: bool,
}

/// What readers see. The map is copied on the first write behind a snapshot.
#[derive(Clone)]
struct State {
    revision: Revision,
    records: Arc<Records>,
    head: Option<Bytes>,
}

impl MemoryEngine {
    /// An empty store.
    pub fn new() -> Self {
        let state = State {
            revision: Revision::ZERO,
            records: Arc::default(),
            head: None,
        };
        let writer = Writer {
            witness: None,
            outcomes: HashMap::new(),
            order: VecDeque::new(),
            closed: false,
        };
        Self {
            feed: Arc::new(Feed::new(Revision::ZERO)),
            writer: Mutex::new(writer),
            state: RwLock::new(state),
        }
    }
}

impl Default for MemoryEngine {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    fn page(&self, range: &Range) -> Page {
        let start = match &range.after {
            Some(after) if *after >= range.start => std::ops::Bound::Excluded(after.clone()),
            _ => std::ops::Bound::Included(range.start.clone()),
        };
        let mut found = self
            .records
            .range((start, std::ops::Bound::Unbounded))
            .take_while(|(key, _)| range.end.as_ref().is_none_or(|end| *key < end))
            .map(|(key, value)| (key.clone(), value.clone()));
        let items: Vec<_> = found.by_ref().take(range.page_size()).collect();
        let more = found.next().is_some();
        Page {
            items,
            more,
            revision: self.revision,
        }
    }

    fn holds(&self, condition: &Precondition) -> bool {
        match condition {
            Precondition::Absent(key) => !self.records.contains_key(key),
            Precondition::At(key, revision) => self.records.get(key).is_some_and(|found| found.revision == *revision),
        }
    }
}

impl State {
    /// What a write will change; a deletion of nothing changes nothing.
    fn change(&self, revision: Revision, write: Write) -> Option<Change> {
        match write {
            Write::Put(key, value) => {
                let before = self.records.get(&key).cloned();
                Some(Change {
                    key,
                    before,
                    after: Some(Versioned { value, revision }),
                })
            }
            Write::Delete(key) => {
                let before = self.records.get(&key).cloned()?;
                Some(Change {
                    key,
                    before: Some(before),
                    after: None,
                })
            }
        }
    }

    fn apply(&mut self, revision: Revision, changes: &[Change], head: Option<Bytes>) {
        self.revision = revision;
        self.head = head.or_else(|| self.head.take());
        let records = Arc::make_mut(&mut self.records);
        for Change { key, after, .. } in changes {
            match after {
                Some(after) => records.insert(key.clone(), after.clone()),
                None => records.remove(key),
            };
        }
    }
}

impl Writer {
    fn remember(&mut self, id: TxnId, revision: Revision) {
        self.outcomes.insert(id, revision);
        self.order.push_back(id);
        if self.order.len() > OUTCOMES_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.outcomes.remove(&oldest);
        }
    }
}

#[async_trait]
impl Engine for MemoryEngine {
    async fn get(&self, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        Ok(self.state.read().records.get(key).cloned())
    }

    async fn range(&self, range: &Range) -> Result<Page, StoreError> {
        Ok(self.state.read().page(range))
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        Ok(Box::new(self.state.read().clone()))
    }

    async fn commit(&self, txn: Txn) -> Result<Outcome, StoreError> {
        txn.check()?;
        let mut writer = self.writer.lock();
        if writer.closed {
            return Err(StoreError::Closed);
        }
        if let Some(revision) = writer.outcomes.get(&txn.id) {
            return Ok(Outcome::Committed(*revision));
        }
        let state = self.state.read();
        let failed = txn.preconditions.iter().find(|condition| !state.holds(condition));
        if let Some(failed) = failed {
            return Ok(Outcome::Rejected(Conflict {
                key: failed.key().clone(),
            }));
        }
        let revision = state.revision.next();
        let changes: Vec<_> = txn
            .writes
            .into_iter()
            .filter_map(|write| state.change(revision, write))
            .collect();
        drop(state);
        let head = writer
            .witness
            .as_ref()
            .map(|witness| witness.attest(revision, &changes));
        self.state.write().apply(revision, &changes, head.clone());
        writer.remember(txn.id, revision);
        if let (Some(witness), Some(head)) = (&writer.witness, head) {
            witness.durable(revision, &head);
        }
        self.feed.publish([Changes { revision, changes }]);
        Ok(Outcome::Committed(revision))
    }

    async fn outcome(&self, id: TxnId) -> Result<Option<Outcome>, StoreError> {
        Ok(self
            .writer
            .lock()
            .outcomes
            .get(&id)
            .map(|revision| Outcome::Committed(*revision)))
    }

    fn watch(&self, from: Revision) -> Watch {
        self.feed.watch(from)
    }

    fn revision(&self) -> Revision {
        self.state.read().revision
    }

    async fn head(&self) -> Result<Option<Bytes>, StoreError> {
        Ok(self.state.read().head.clone())
    }

    async fn install_witness(&self, witness: Arc<dyn Witness>, at: Revision, head: Bytes) -> Result<(), StoreError> {
        let mut writer = self.writer.lock();
        let mut state = self.state.write();
        if state.revision != at {
            return Err(StoreError::Moved {
                expected: at,
                found: state.revision,
            });
        }
        state.head = Some(head);
        writer.witness = Some(witness);
        Ok(())
    }

    fn stopped(&self) -> Option<StoreError> {
        None
    }

    async fn close(&self) {
        self.writer.lock().closed = true;
    }
}

#[async_trait]
impl Snapshot for State {
    async fn get(&self, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        Ok(self.records.get(key).cloned())
    }

    async fn range(&self, range: &Range) -> Result<Page, StoreError> {
        Ok(self.page(range))
    }

    async fn head(&self) -> Result<Option<Bytes>, StoreError> {
        Ok(self.head.clone())
    }

    fn revision(&self) -> Revision {
        self.revision
    }
}
