//! How far each outlet has come, kept in the store.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use trent_audit::{Position, Trail};
use trent_crypto::record::Class;
use trent_store::{CommitError, Everywhere, GlobalStore, Key, Kind, LivesIn, Record, Sealed, kinds};

/// How far an outlet has come.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct CursorRecord {
    /// Everything before it was delivered.
    #[n(0)]
    position: Position,
    /// What the outlet itself has to remember.
    #[n(1)]
    memory: ByteVec,
    /// How many records before the position were gone before they could be delivered.
    #[n(2)]
    #[cbor(default)]
    missed: u64,
}

impl Record for CursorRecord {
    const KIND: Kind = kinds::DELIVERY_CURSOR;
    const CLASS: Class = Class::Audit;
    const VERSION: u8 = 1;
}

impl LivesIn<Everywhere> for CursorRecord {}

/// The cursors of all outlets.
#[derive(Clone)]
pub struct Cursors {
    store: GlobalStore,
}

impl Cursors {
    /// The cursors in a store.
    pub fn new(store: &Sealed) -> Self {
        Self { store: store.global() }
    }

    /// The cursor of an outlet. One that is new begins at the trail's end, and is written down before this answers: what
    /// comes from now on is its.
    pub(crate) async fn open(&self, name: &str, trail: &Trail) -> Result<Cursor, CommitError> {
        let key = Key::new().part(&self.store.blind::<CursorRecord>(name.as_bytes()));
        let known = self.store.get(&key).await.map_err(CommitError::from)?;
        let is_new = known.is_none();
        let cursor = Cursor {
            store: self.store.clone(),
            key,
            record: known.map_or_else(
                || CursorRecord {
                    position: trail.end(),
                    memory: Vec::new().into(),
                    missed: 0,
                },
                |known| known.value,
            ),
        };
        if is_new {
            cursor.write(&cursor.record).await?;
        }
        Ok(cursor)
    }

    /// Forgets what is not in use any more: the cursors of all outlets but these.
    pub async fn keep_only(&self, names: &[&str]) -> Result<(), CommitError> {
        let kept: Vec<_> = names
            .iter()
            .map(|name| Key::<CursorRecord>::new().part(&self.store.blind::<CursorRecord>(name.as_bytes())))
            .collect();
        let mut after = None;
        loop {
            let page = self
                .store
                .range(&Key::<CursorRecord>::new(), after.as_ref(), 64)
                .await
                .map_err(CommitError::from)?;
            let mut txn = self.store.txn();
            for (key, _) in page.items.iter().filter(|(key, _)| !kept.contains(key)) {
                txn.remove(key);
            }
            if !txn.is_empty() {
                self.store.commit(txn).await?;
            }
            after = page.items.into_iter().next_back().map(|(key, _)| key);
            if !page.more {
                return Ok(());
            }
        }
    }
}

/// The cursor of one outlet.
pub(crate) struct Cursor {
    store: GlobalStore,
    key: Key<CursorRecord>,
    record: CursorRecord,
}

impl Cursor {
    /// Everything before it was delivered, as it was last written down.
    pub(crate) fn position(&self) -> Position {
        self.record.position
    }

    /// What the outlet had to remember then.
    pub(crate) fn memory(&self) -> &[u8] {
        &self.record.memory
    }

    /// How many records before the position it had missed then.
    pub(crate) fn missed(&self) -> u64 {
        self.record.missed
    }

    /// Writes down how far the outlet has come, if that is news.
    pub(crate) async fn save(&mut self, position: Position, memory: Vec<u8>, missed: u64) -> Result<(), CommitError> {
        let record = CursorRecord {
            position,
            memory: memory.into(),
            missed,
        };
        if record == self.record {
            return Ok(());
        }
        self.write(&record).await?;
        self.record = record;
        Ok(())
    }

    async fn write(&self, record: &CursorRecord) -> Result<(), CommitError> {
        let mut txn = self.store.txn();
        txn.put(&self.key, record);
        self.store.commit(txn).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use trent_audit::MemoryLog;

    use super::*;

    #[test]
    fn a_place_of_before_there_was_a_count_is_known_still() {
        #[derive(Encode)]
        #[cbor(map)]
        struct Before {
            #[n(0)]
            position: Position,
            #[n(1)]
            memory: ByteVec,
        }
        let position = Trail::in_memory(MemoryLog::new(4096)).end();
        let before = minicbor::to_vec(Before {
            position,
            memory: vec![1, 2].into(),
        });
        let known: CursorRecord = minicbor::decode(&before.expect("encoded")).expect("known");
        assert_eq!(
            (known.position, known.memory.to_vec(), known.missed),
            (position, vec![1, 2], 0)
        );
    }
}
