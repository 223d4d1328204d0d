//! The keys in use, each one step away: a deployment may use any of very many keys, and each step to one is a wait for memory.
//!
//! This is a shelf in front of the cache of keys. A key has its place in one of a few places that come from memory together;
//! when all are taken, it takes that of another. A key is good for as long as the cache's count of its changes is what it was
//! when the key was put here. One that has changed is taken off at once as well: what goes with a key when it is disabled or
//! deleted does not stay here.
//!
//! What remains are two waits: for the places, and for the key itself. A request names its key in the clear, so the shelf is
//! told of it before anything else is done with the request, and has the places brought; it is told again when the signature
//! has been checked, and has the key brought while the request is decoded.

use std::array;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use prefetch_index::prefetch_index;
use trent_names::{AccountId, KeyId};

use super::Key;

pub(super) struct Near(Box<[OnceLock<Board>]>);

/// So many rows are made at once, when the first of them is needed: most deployments have few keys.
const BOARD: usize = 256;

/// How many keys find room in a row.
const ROW: usize = 4;

/// What comes from memory at once, in bytes.
const LINE: usize = 64;

type Board = Box<[Row]>;

/// Places that come from memory together.
#[derive(Default)]
#[repr(align(64))]
struct Row([Place; ROW]);

/// Room for one key.
#[derive(Default)]
struct Place {
    key: ArcSwapOption<Key>,
    hint: AtomicU64,
}

/// Which key was put in a place last, more or less, and where that key was in memory. It may be gone: nothing is read there.
#[derive(Clone, Copy)]
struct Hint(u64);

impl Hint {
    /// Addresses have so many bits on the machines there are. Of one that has more, another is brought.
    const ADDRESS: u32 = 48;

    const NONE: Self = Self(0);

    fn at(key: &Arc<Key>) -> Self {
        let address = Arc::as_ptr(key).addr() as u64 & ((1 << Self::ADDRESS) - 1);
        Self(address | u64::from(Self::tag(key.record.id)) << Self::ADDRESS)
    }

    /// Some bits of a key's id that do not say which row it is in.
    fn tag(id: KeyId) -> u16 {
        let [_, _, _, a, b, ..] = id.as_bytes();
        u16::from_be_bytes([a, b])
    }

    fn is_of(self, id: KeyId) -> bool {
        self.0 != 0 && self.0 >> Self::ADDRESS == u64::from(Self::tag(id))
    }

    fn address(self) -> usize {
        usize::try_from(self.0 & ((1 << Self::ADDRESS) - 1)).unwrap_or(0)
    }
}

impl Place {
    fn hint(&self) -> Hint {
        Hint(self.hint.load(Ordering::Relaxed))
    }

    fn put(&self, key: &Arc<Key>) {
        self.hint.store(Hint::at(key).0, Ordering::Relaxed);
        self.key.store(Some(Arc::clone(key)));
    }

    fn clear(&self) {
        self.hint.store(Hint::NONE.0, Ordering::Relaxed);
        self.key.store(None);
    }
}

impl Near {
    /// With room for about this many keys.
    pub(super) fn new(keys: usize) -> Self {
        Self(
            std::iter::repeat_with(OnceLock::new)
                .take(keys.div_ceil(BOARD * ROW))
                .collect(),
        )
    }

    /// Has the places of a key with this id come nearer, without waiting for them.
    pub(super) fn expect(&self, id: KeyId) {
        if let Some(row) = self.row(id) {
            bring(std::ptr::from_ref(row).addr(), size_of::<Row>());
        }
    }

    /// Has a key with this id come nearer, if one is here, without waiting for it.
    pub(super) fn approach(&self, id: KeyId) {
        /// The counts of an [`Arc`], which are in front of what it holds.
        const COUNTS: usize = size_of::<[AtomicUsize; 2]>();
        let places = self.row(id).into_iter().flat_map(|row| &row.0);
        let hints = places.map(Place::hint).filter(|hint| hint.is_of(id));
        for hint in hints {
            bring(hint.address().wrapping_sub(COUNTS), COUNTS + size_of::<Key>());
        }
    }

    /// The key, if it is here and has not changed since it was put here.
    pub(super) fn get(&self, account: AccountId, id: KeyId, changes: Option<u64>) -> Option<Arc<Key>> {
        let row = self.row(id)?;
        let is_it = |key: &Key| key.record.id == id && key.record.account == account && key.unchanged.holds(changes);
        row.0.iter().filter(|place| place.hint().is_of(id)).find_map(|place| {
            let key = place.key.load();
            key.as_ref().filter(|key| is_it(key)).cloned()
        })
    }

    /// Puts a key here that was found when its changes were counted so. `now` counts them: it may have changed meanwhile.
    pub(super) fn put(&self, key: &Arc<Key>, changes: Option<u64>, now: impl FnOnce() -> Option<u64>) {
        key.unchanged.at(changes);
        if changes.is_some() {
            let id = key.record.id;
            let (board, row) = self.numbers(id);
            let make = || std::iter::repeat_with(Row::default).take(BOARD).collect();
            let place = self.0[board].get_or_init(make)[row].place_for(id);
            place.put(key);
            // Whoever counts a change after this finds the key here; a change that was counted before is seen now.
            fence(Ordering::SeqCst);
            if now() != changes {
                place.clear();
            }
        }
    }

    /// Takes off the key with this id, or all.
    pub(super) fn take_off(&self, id: Option<KeyId>) {
        fence(Ordering::SeqCst);
        if let Some(id) = id {
            for place in self.row(id).into_iter().flat_map(|row| &row.0) {
                // What its hint says may be of another key that is being put there.
                if place.key.load().as_ref().is_some_and(|key| key.record.id == id) {
                    place.clear();
                }
            }
        } else {
            let rows = self.0.iter().filter_map(OnceLock::get).flatten();
            rows.flat_map(|row| &row.0).for_each(Place::clear);
        }
    }

    /// The row of the keys with this id, once its board is there.
    fn row(&self, id: KeyId) -> Option<&Row> {
        let (board, row) = self.numbers(id);
        self.0[board].get()?.get(row)
    }

    /// Ids are drawn by this service: some bits of one spread as well as a hash of it would.
    fn numbers(&self, id: KeyId) -> (usize, usize) {
        let [a, b, c, ..] = id.as_bytes();
        let board = usize::from(u16::from_be_bytes([a, b])) % self.0.len();
        (board, usize::from(c) % BOARD)
    }
}

impl Row {
    /// Where a key goes: where one with such an id is, else where none is, else where its id says.
    fn place_for(&self, id: KeyId) -> &Place {
        let hints: [Hint; ROW] = array::from_fn(|place| self.0[place].hint());
        let same = hints.iter().position(|hint| hint.is_of(id));
        let free = || hints.iter().position(|hint| hint.0 == Hint::NONE.0);
        let [_, _, _, _, _, other, ..] = id.as_bytes();
        let place = same.or_else(free).unwrap_or(usize::from(other) % ROW);
        &self.0[place]
    }
}

/// Has some bytes brought from memory. Nothing need be there: they are not read.
fn bring(address: usize, bytes: usize) {
    let nothing: &[u8] = &[];
    let first = address & !(LINE - 1);
    for line in (first..address.saturating_add(bytes)).step_by(LINE) {
        prefetch_index(nothing, line.wrapping_sub(nothing.as_ptr().addr()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trent_crypto::spec::{KeySpec, KeyUsage};

    use crate::keys::fixture;

    fn key(id: [u8; 16]) -> Arc<Key> {
        Arc::new(fixture::with(
            KeySpec::SymmetricDefault,
            KeyUsage::EncryptDecrypt,
            |record| {
                record.id = KeyId::from_bytes(id, false);
            },
        ))
    }

    #[test]
    fn a_key_is_near_until_it_may_have_changed() {
        let near = Near::new(1);
        let key = key([7; 16]);
        let (account, id) = (key.record.account, key.record.id);
        let get = |changes| near.get(account, id, changes).is_some();
        let put = |changes, now| near.put(&key, changes, || now);
        let hope = || {
            near.expect(id);
            near.approach(id);
        };
        hope();
        assert!(!get(Some(0)), "nothing was put there yet");
        put(Some(0), Some(0));
        hope();
        assert!(get(Some(0)));
        assert!(!get(Some(1)) && !get(None));
        put(Some(1), Some(1));
        assert!(get(Some(1)));
        near.take_off(Some(id));
        hope();
        assert!(!get(Some(1)));
        put(Some(1), Some(2));
        assert!(!get(Some(1)), "it changed while it was put there");
        put(Some(1), Some(1));
        near.take_off(None);
        assert!(!get(Some(1)));
        put(None, None);
        assert!(!get(None), "nothing is known of when it changes");
        assert_eq!(Arc::strong_count(&key), 1);
    }

    /// A key in the row of all others of the test, with a tag.
    fn in_row(tag: u8, last: u8) -> Arc<Key> {
        key([7, 7, 7, 0, tag, tag, 0, 0, 0, 0, 0, 0, 0, 0, 0, last])
    }

    #[test]
    fn a_row_has_room_for_some_keys_and_a_further_one_takes_the_place_of_another() {
        let near = Near::new(1);
        let now = Some(3);
        let found = |key: &Arc<Key>| {
            let found = near.get(key.record.account, key.record.id, now);
            found.is_some_and(|near| Arc::ptr_eq(&near, key))
        };
        let keys: Vec<_> = (0..=4).map(|tag| in_row(tag, 1)).collect();
        let (further, first) = keys.split_last().expect("five");
        for key in first {
            near.put(key, now, || now);
            near.put(key, now, || now);
        }
        assert!(first.iter().all(&found) && !found(further));
        near.put(further, now, || now);
        assert!(found(further));
        assert_eq!(first.iter().filter(|key| found(key)).count(), ROW - 1);
        near.take_off(Some(further.record.id));
        assert!(!found(further));
        assert_eq!(Arc::strong_count(further), 1);
        assert_eq!(first.iter().filter(|key| found(key)).count(), ROW - 1, "others stay");
        let elsewhere = AccountId::parse("444455556666").expect("an account");
        for key in &keys {
            assert!(near.get(elsewhere, key.record.id, now).is_none());
        }
    }

    #[test]
    fn keys_whose_ids_look_alike_are_told_apart() {
        let near = Near::new(1);
        let [one, other] = [1, 2].map(|last| in_row(9, last));
        let now = Some(3);
        let found = |key: &Arc<Key>| near.get(key.record.account, key.record.id, now);
        near.put(&one, now, || now);
        assert!(found(&one).is_some() && found(&other).is_none());
        near.put(&other, now, || now);
        assert!(found(&one).is_none() && found(&other).is_some_and(|near| Arc::ptr_eq(&near, &other)));
    }

    /// A deployment may have very many keys in use. What few of them need goes in a box of its own.
    #[test]
    fn a_key_does_not_grow_unnoticed() {
        assert!(size_of::<Key>() <= 880, "{} bytes", size_of::<Key>());
    }

    #[test]
    fn a_row_comes_from_memory_at_once() {
        assert_eq!((size_of::<Row>(), align_of::<Row>()), (LINE, LINE));
    }
}
