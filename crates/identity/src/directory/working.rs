//! The records that a change has read, as they were and as they will be.

use std::collections::BTreeMap;

use trent_store::{Everywhere, GlobalStore, GlobalTxn, Key, LivesIn, Revision, StoreError};

/// Records of one type: each is read once, changed in memory, and written only if it still is as it was read.
pub(super) struct Working<R>(BTreeMap<Vec<u8>, Slot<R>>);

struct Slot<R> {
    key: Key<R>,
    read_at: Option<Revision>,
    value: Option<R>,
    changed: bool,
}

impl<R> Default for Working<R> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<R: LivesIn<Everywhere>> Working<R> {
    /// The record as it will be.
    pub(super) async fn get(&mut self, store: &GlobalStore, key: &Key<R>) -> Result<Option<&R>, StoreError> {
        Ok(self.slot(store, key).await?.value.as_ref())
    }

    /// The record, to be changed.
    pub(super) async fn edit(&mut self, store: &GlobalStore, key: &Key<R>) -> Result<Option<&mut R>, StoreError> {
        let slot = self.slot(store, key).await?;
        slot.changed |= slot.value.is_some();
        Ok(slot.value.as_mut())
    }

    /// Writes the record; with `None` removes it.
    pub(super) async fn set(&mut self, store: &GlobalStore, key: &Key<R>, value: Option<R>) -> Result<(), StoreError> {
        let slot = self.slot(store, key).await?;
        slot.value = value;
        slot.changed = true;
        Ok(())
    }

    /// Adds what changed, on the condition that nothing else has changed it.
    pub(super) fn write(&self, transaction: &mut GlobalTxn) {
        for slot in self.0.values().filter(|slot| slot.changed) {
            match (slot.read_at, &slot.value) {
                (None, None) => continue,
                (None, Some(value)) => transaction.insert(&slot.key, value),
                (Some(revision), Some(value)) => transaction.update(&slot.key, value, revision),
                (Some(revision), None) => transaction.delete(&slot.key, revision),
            };
        }
    }

    /// How many records will be written.
    pub(super) fn writes(&self) -> usize {
        self.0.values().filter(|slot| slot.changed).count()
    }

    /// Adds that what was only read has not changed.
    pub(super) fn require(&self, transaction: &mut GlobalTxn) {
        for slot in self.0.values().filter(|slot| !slot.changed) {
            if let Some(revision) = slot.read_at {
                transaction.require(&slot.key, revision);
            }
        }
    }

    async fn slot(&mut self, store: &GlobalStore, key: &Key<R>) -> Result<&mut Slot<R>, StoreError> {
        let place = key.as_bytes().to_vec();
        if !self.0.contains_key(&place) {
            let stored = store.get(key).await?;
            let (read_at, value) = match stored {
                Some(stored) => (Some(stored.revision), Some(stored.value)),
                None => (None, None),
            };
            let slot = Slot {
                key: key.clone(),
                read_at,
                value,
                changed: false,
            };
            self.0.insert(place.clone(), slot);
        }
        Ok(self.0.get_mut(&place).expect("it was put there just now"))
    }
}
