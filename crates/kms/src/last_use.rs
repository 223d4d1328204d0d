//! When keys were used last: noted in memory as calls are carried out, written down every now and then.
//!
//! A note costs a call the look at a table that it shares with few others, and no write. A server that stops writes its notes
//! first; one that crashes loses those since the last time it wrote. Whoever asks a running server hears of the latest use.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;
use trent_api::{ApiError, kms::KeyLastUsageTrackingOperation};
use trent_audit::EventId;
use trent_names::{AccountId, KeyId, Region};
use trent_service::{AuditedResource, Call, Recorded, internal};
use trent_store::{CommitError, Key};
use uuid::Uuid;

use crate::Kms;
use crate::keys::KeySpace;
use crate::records::key_address;
use crate::records::uses::{LastUseRecord, UsesSince, last_use_address};

/// How many tables a Region's notes are spread over, so that calls seldom wait for each other.
const TABLES: usize = 64;

/// How many keys a table takes notes of until they are written; those of further keys are lost.
const KEPT: usize = 4096;

/// How many notes a table takes before it puts them where they belong: one after the other, without waiting for the memory
/// of each.
const UNSORTED: usize = 16;

/// How many notes are written in one transaction, each with the key that it is about.
const AT_ONCE: usize = 32;

/// A key that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Used(AccountId, KeyId);

/// Ids are drawn by this service, so a part of one spreads as well as a hash of it would, and takes no time: the next note
/// is looked for in memory while this one is still on its way.
impl Hash for Used {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Not the last byte, which is the same, more or less, for all in a table.
        let [_, _, _, _, _, _, _, part @ .., _] = self.1.as_bytes();
        state.write_u64(u64::from_be_bytes(part));
    }
}

/// Takes the one number that it is given.
#[derive(Default)]
struct AsDrawn(u64);

impl Hasher for AsDrawn {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// How often a key was used for an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uses {
    /// The Region.
    pub region: Region,
    /// The account that owns the key.
    pub account: AccountId,
    /// The key.
    pub key: KeyId,
    /// The operation.
    pub operation: &'static str,
    /// How often.
    pub count: u64,
}

type Notes = HashMap<Used, Noted, BuildHasherDefault<AsDrawn>>;

/// A use of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Use {
    operation: KeyLastUsageTrackingOperation,
    at: i64,
    event: EventId,
    request: Uuid,
}

/// What is noted of a key, in one place: finding it is a wait for memory.
#[derive(Default)]
struct Noted {
    /// Its last use, unless that is written down.
    last: Option<Use>,
    /// How often it was used for each operation since that was last asked. A key is used for few operations.
    counts: SmallVec<[(KeyLastUsageTrackingOperation, u64); 1]>,
}

impl Noted {
    fn add(&mut self, new: Use) {
        self.last = Some(new);
        match self
            .counts
            .iter_mut()
            .find(|(operation, _)| *operation == new.operation)
        {
            Some((_, count)) => *count += 1,
            None => self.counts.push((new.operation, 1)),
        }
    }

    fn is_empty(&self) -> bool {
        self.last.is_none() && self.counts.is_empty()
    }
}

/// The uses of a Region's keys that are not written down yet.
pub(crate) struct Notebook([Mutex<Table>; TABLES]);

#[derive(Default)]
struct Table {
    notes: Notes,
    /// The newest uses, in their order.
    unsorted: Vec<(Used, Use)>,
}

impl Table {
    fn sort(&mut self) {
        for (key, new) in self.unsorted.drain(..) {
            if let Some(noted) = self.notes.get_mut(&key) {
                noted.add(new);
            } else if self.notes.len() < KEPT {
                self.notes.entry(key).or_default().add(new);
            }
        }
    }

    fn last(&self) -> Vec<(Used, Use)> {
        let last = |(key, noted): (&Used, &Noted)| Some((*key, noted.last?));
        self.notes.iter().filter_map(last).collect()
    }

    fn take_counts(&mut self) -> Vec<(Used, KeyLastUsageTrackingOperation, u64)> {
        let mut taken = Vec::with_capacity(self.notes.len());
        self.notes.retain(|key, noted| {
            let counts = noted.counts.drain(..);
            taken.extend(counts.map(|(operation, count)| (*key, operation, count)));
            !noted.is_empty()
        });
        taken
    }

    fn forget(&mut self, key: &Used, written: &Use) {
        let Some(noted) = self.notes.get_mut(key) else { return };
        if noted.last == Some(*written) {
            noted.last = None;
        }
        if noted.is_empty() {
            self.notes.remove(key);
        }
    }
}

impl Default for Notebook {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl Notebook {
    fn table(&self, id: KeyId) -> MutexGuard<'_, Table> {
        // Ids are random, so any byte of them spreads.
        let [.., last] = id.as_bytes();
        locked(&self.0[usize::from(last) % TABLES])
    }

    fn note(&self, key: Used, new: Use) {
        let mut table = self.table(key.1);
        table.unsorted.push((key, new));
        if table.unsorted.len() >= UNSORTED {
            table.sort();
        }
    }

    fn last(&self, key: Used) -> Option<Use> {
        sorted(self.table(key.1)).notes.get(&key)?.last
    }

    fn noted(&self) -> Vec<(Used, Use)> {
        let last = |table: &Mutex<Table>| sorted(locked(table)).last();
        self.0.iter().flat_map(last).collect()
    }

    /// How often keys were used since this was last asked, a table at a time.
    fn take_counts(&self) -> impl Iterator<Item = (Used, KeyLastUsageTrackingOperation, u64)> {
        let taken = |table: &Mutex<Table>| sorted(locked(table)).take_counts();
        self.0.iter().flat_map(taken)
    }

    /// Forgets uses that are written down, unless the key was used again since.
    fn forget(&self, written: &[(Used, Use)]) {
        for (key, written) in written {
            sorted(self.table(key.1)).forget(key, written);
        }
    }
}

fn sorted(mut table: MutexGuard<'_, Table>) -> MutexGuard<'_, Table> {
    table.sort();
    table
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Use {
    fn record(self) -> LastUseRecord {
        LastUseRecord {
            operation: self.operation.as_str().to_owned(),
            at: self.at,
            event: (*self.event.as_bytes()).into(),
            request: self.request.into_bytes().into(),
        }
    }
}

/// Notes that a call used the keys that it was about, if it is a cryptographic one.
pub(crate) fn note(space: &KeySpace, call: &Call, operation: &str, about: &[AuditedResource], recorded: &Recorded) {
    let Some(operation) = KeyLastUsageTrackingOperation::parse(operation) else {
        return;
    };
    let keys = about.iter().filter_map(|key| {
        let (_, id) = key.arn.rsplit_once('/')?;
        Some(Used(key.account, KeyId::parse(id).ok()?))
    });
    for key in keys {
        let last = Use {
            operation,
            at: call.now_millis(),
            // The record that the key's owner can look up.
            event: recorded.id_for(&key.0),
            request: call.request_id,
        };
        space.uses.note(key, last);
    }
}

/// The last use of a key that this server knows of.
pub(crate) async fn of(space: &KeySpace, account: AccountId, id: KeyId) -> Result<Option<LastUseRecord>, ApiError> {
    if let Some(noted) = space.uses.last(Used(account, id)) {
        return Ok(Some(noted.record()));
    }
    let stored = space
        .store
        .get(&last_use_address(account, id))
        .await
        .map_err(internal)?;
    Ok(stored.map(|stored| stored.value))
}

/// Since when uses of the Region's keys are noted, in milliseconds since the Unix epoch. None: nothing was written yet.
pub(crate) async fn since(space: &KeySpace) -> Result<Option<i64>, ApiError> {
    let since = space.store.get(&Key::<UsesSince>::new()).await.map_err(internal)?;
    Ok(since.map(|since| since.value.at))
}

impl Kms {
    /// How often keys were used for each operation since this was last asked, those uses that were carried out.
    pub fn take_uses(&self) -> impl Iterator<Item = Uses> {
        self.spaces().flat_map(|space| {
            let counts = space.uses.take_counts();
            counts.map(|(Used(account, key), operation, count)| Uses {
                region: space.region().clone(),
                account,
                key,
                operation: operation.as_str(),
                count,
            })
        })
    }

    /// Writes down the uses of keys that were noted; `now` is in milliseconds since the Unix epoch. The first time, it also
    /// says since when uses are noted. What cannot be written stays noted for the next time.
    pub async fn write_last_uses(&self, now: i64) -> Result<(), CommitError> {
        for space in self.spaces() {
            begin(space, now).await?;
            let mut noted = space.uses.noted();
            // In the order of the records: those of one transaction are near each other, and few pages change.
            noted.sort_unstable_by_key(|(Used(account, id), _)| (*id, *account));
            for some in noted.chunks(AT_ONCE) {
                write(space, some).await?;
            }
        }
        Ok(())
    }
}

async fn begin(space: &KeySpace, now: i64) -> Result<(), CommitError> {
    let address = Key::<UsesSince>::new();
    if space.store.get(&address).await?.is_some() {
        return Ok(());
    }
    let mut txn = space.store.txn();
    txn.insert(&address, &UsesSince { at: now });
    match space.store.commit(txn).await {
        Ok(_) | Err(CommitError::Conflict(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Writes some notes. Of a key that is gone nothing is written: it leaves nothing behind.
async fn write(space: &KeySpace, some: &[(Used, Use)]) -> Result<(), CommitError> {
    let mut txn = space.store.txn();
    for (Used(account, id), last) in some {
        let address = key_address(*account, *id);
        if let Some(key) = space.store.get(&address).await? {
            txn.require(&address, key.revision);
            txn.put(&last_use_address(*account, *id), &last.record());
        }
    }
    if !txn.is_empty() {
        match space.store.commit(txn).await {
            Ok(_) => {}
            // One of the keys was changed at this very moment: all are written the next time.
            Err(CommitError::Conflict(_)) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    space.uses.forget(some);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(id: u8, at: i64) -> (Used, Use) {
        let last = Use {
            operation: KeyLastUsageTrackingOperation::Encrypt,
            at,
            event: EventId::from_bytes([1; 16]),
            request: Uuid::nil(),
        };
        (Used(AccountId::ZERO, KeyId::from_bytes([id; 16], false)), last)
    }

    #[test]
    fn a_use_during_the_writing_of_another_is_not_forgotten() {
        let uses = Notebook::default();
        let (key, first) = used(1, 1);
        uses.note(key, first);
        let written = uses.noted();
        let (_, second) = used(1, 2);
        uses.note(key, second);
        uses.forget(&written);
        assert_eq!(uses.last(key), Some(second));
        uses.forget(&uses.noted());
        assert_eq!(uses.last(key), None);
    }

    #[test]
    fn uses_are_counted_by_key_and_operation_until_they_are_taken() {
        let uses = Notebook::default();
        let (key, encrypted) = used(1, 1);
        let decrypted = Use {
            operation: KeyLastUsageTrackingOperation::Decrypt,
            ..encrypted
        };
        for _ in 0..40 {
            uses.note(key, encrypted);
        }
        uses.note(key, decrypted);
        uses.note(used(2, 1).0, decrypted);
        let mut taken: Vec<_> = uses.take_counts().collect();
        taken.sort_by_key(|(Used(_, key), _, count)| (*key, *count));
        let operations = taken.iter().map(|(_, operation, count)| (operation.as_str(), *count));
        assert_eq!(
            operations.collect::<Vec<_>>(),
            [("Decrypt", 1), ("Encrypt", 40), ("Decrypt", 1)]
        );
        assert_eq!(uses.take_counts().next(), None);
        assert!(uses.last(key).is_some(), "when it was used last is known still");
        uses.note(key, encrypted);
        uses.forget(&uses.noted());
        assert_eq!(
            uses.take_counts().count(),
            1,
            "it was counted, though its last use is written down"
        );
        assert_eq!(sorted(uses.table(key.1)).notes.len(), 0, "nothing is left of it");
    }

    #[test]
    fn notes_take_no_more_room_than_they_may() {
        let uses = Notebook::default();
        for number in 0..2 * KEPT as u128 {
            let mut id = [0; 16];
            id[..15].copy_from_slice(&number.to_be_bytes()[1..]);
            uses.note(Used(AccountId::ZERO, KeyId::from_bytes(id, false)), used(0, 1).1);
        }
        assert_eq!(uses.noted().len(), KEPT, "they are all in one table");
        let (_, again) = used(0, 2);
        let first = uses.noted()[0].0;
        uses.note(first, again);
        assert_eq!(uses.last(first), Some(again), "what is known is kept up to date");
    }
}
