//! The keys in use, each one step away: a deployment may use any of very many keys, and each step to one is a wait for memory.
//!
//! This is a shelf in front of the cache of keys. Each key has one place on it, and shares it with few others; the one used
//! last is there. A key is good for as long as the cache's count of its changes is what it was when the key was put here. One
//! that has changed is taken off at once as well: what goes with a key when it is disabled or deleted does not stay here.
//!
//! What remains is one long wait for the key itself. A request names its key in the clear, so the shelf is told of it before
//! anything else is done with the request, and the key is on its way while the processor checks the signature.

use std::sync::atomic::{AtomicUsize, Ordering, fence};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use prefetch_index::prefetch_index;
use trent_names::{AccountId, KeyId};

use super::Key;

pub(super) struct Near(Box<[OnceLock<Board>]>);

/// So many places are made at once, when the first of them is needed: most deployments have few keys.
const BOARD: usize = 256;

type Board = Box<[Place]>;

/// Room for one key.
#[derive(Default)]
struct Place {
    key: ArcSwapOption<Key>,
    /// The address of the key that was put here last. It may be gone: nothing is read there.
    address: AtomicUsize,
}

impl Place {
    fn put(&self, key: &Arc<Key>) {
        self.address.store(Arc::as_ptr(key).addr(), Ordering::Relaxed);
        self.key.store(Some(Arc::clone(key)));
    }

    fn clear(&self) {
        self.address.store(0, Ordering::Relaxed);
        self.key.store(None);
    }
}

impl Near {
    /// With about this many places.
    pub(super) fn new(places: usize) -> Self {
        Self(
            std::iter::repeat_with(OnceLock::new)
                .take(places.div_ceil(BOARD))
                .collect(),
        )
    }

    /// Has a key with this id come nearer, if one is here, without waiting for it.
    pub(super) fn expect(&self, id: KeyId) {
        let place = self.place(id).map(|place| place.address.load(Ordering::Relaxed));
        if let Some(address) = place.filter(|address| *address != 0) {
            approach(address, size_of::<Key>());
        }
    }

    /// The key, if it is here and has not changed since it was put here.
    pub(super) fn get(&self, account: AccountId, id: KeyId, changes: Option<u64>) -> Option<Arc<Key>> {
        let place = self.place(id)?.key.load();
        let key = place.as_ref()?;
        let is_it = key.record.id == id && key.record.account == account && key.unchanged.holds(changes);
        is_it.then(|| Arc::clone(key))
    }

    /// Puts a key here that was found when its changes were counted so. `now` counts them: it may have changed meanwhile.
    pub(super) fn put(&self, key: &Arc<Key>, changes: Option<u64>, now: impl FnOnce() -> Option<u64>) {
        key.unchanged.at(changes);
        if changes.is_some() {
            let (board, place) = self.numbers(key.record.id);
            let make = || std::iter::repeat_with(Place::default).take(BOARD).collect();
            let place = &self.0[board].get_or_init(make)[place];
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
        match id {
            Some(id) => {
                if let Some(place) = self.place(id) {
                    place.clear();
                }
            }
            None => {
                for place in self.0.iter().filter_map(OnceLock::get).flatten() {
                    place.clear();
                }
            }
        }
    }

    /// The place of the keys with this id, once its board is there.
    fn place(&self, id: KeyId) -> Option<&Place> {
        let (board, place) = self.numbers(id);
        self.0[board].get()?.get(place)
    }

    /// Ids are drawn by this service: some bits of one spread as well as a hash of it would.
    fn numbers(&self, id: KeyId) -> (usize, usize) {
        let [a, b, c, ..] = id.as_bytes();
        let board = usize::from(u16::from_be_bytes([a, b])) % self.0.len();
        (board, usize::from(c) % BOARD)
    }
}

/// Has some bytes brought from memory. Nothing need be there: they are not read.
fn approach(address: usize, bytes: usize) {
    /// What comes from memory at once.
    const LINE: usize = 64;
    let nothing: &[u8] = &[];
    for line in (0..bytes).step_by(LINE) {
        prefetch_index(nothing, (address + line).wrapping_sub(nothing.as_ptr().addr()));
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
        let near = Near::new(BOARD);
        let key = key([7; 16]);
        let (account, id) = (key.record.account, key.record.id);
        let get = |changes| near.get(account, id, changes).is_some();
        let put = |changes, now| near.put(&key, changes, || now);
        near.expect(id);
        assert!(!get(Some(0)), "nothing was put there yet");
        put(Some(0), Some(0));
        near.expect(id);
        assert!(get(Some(0)));
        assert!(!get(Some(1)) && !get(None));
        put(Some(1), Some(1));
        assert!(get(Some(1)));
        near.take_off(Some(id));
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

    #[test]
    fn a_place_has_the_key_that_was_put_there_last() {
        let near = Near::new(1);
        let [one, other] = [1, 2].map(|last| key([7, 7, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]));
        let now = Some(3);
        let found = |key: &Arc<Key>| near.get(key.record.account, key.record.id, now);
        near.put(&one, now, || now);
        assert!(found(&one).is_some() && found(&other).is_none());
        near.put(&other, now, || now);
        assert!(found(&one).is_none() && found(&other).is_some_and(|near| Arc::ptr_eq(&near, &other)));
        let elsewhere = AccountId::parse("444455556666").expect("an account");
        assert!(near.get(elsewhere, other.record.id, now).is_none());
    }
}
