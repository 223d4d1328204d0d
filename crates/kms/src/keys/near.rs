//! The keys in use, each one step away: a deployment may use any of very many keys, and each step to one is a wait for memory.
//!
//! This is a shelf in front of the cache of keys. Each key has one place on it, and shares it with few others; the one used
//! last is there. A key is good for as long as the cache's count of its changes is what it was when the key was put here. One
//! that has changed is taken off at once as well: what goes with a key when it is disabled or deleted does not stay here.

use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use trent_names::{AccountId, KeyId};
use trent_store::Standing;

use super::Key;

pub(super) struct Near(Box<[OnceLock<Board>]>);

/// So many places are made at once, when the first of them is needed: most deployments have few keys.
const BOARD: usize = 256;

type Board = Box<[ArcSwapOption<Key>]>;

impl Near {
    /// With about this many places.
    pub(super) fn new(places: usize) -> Self {
        Self(
            std::iter::repeat_with(OnceLock::new)
                .take(places.div_ceil(BOARD))
                .collect(),
        )
    }

    /// The key, if it is here and stands as it did when it was put here.
    pub(super) fn get(&self, account: AccountId, id: KeyId, standing: Standing) -> Option<Arc<Key>> {
        let place = self.place(standing.hash)?.load();
        let key = place.as_ref()?;
        let is_it = key.record.id == id && key.record.account == account && key.unchanged.holds(standing.changes);
        is_it.then(|| {
            key.touch();
            Arc::clone(key)
        })
    }

    /// Puts a key here that was found when it stood like this. `now` tells how it stands: it may have changed meanwhile.
    pub(super) fn put(&self, key: &Arc<Key>, standing: Standing, now: impl FnOnce() -> Standing) {
        key.unchanged.at(standing.changes);
        if standing.changes.is_some() {
            let (board, place) = self.numbers(standing.hash);
            let make = || std::iter::repeat_with(ArcSwapOption::default).take(BOARD).collect();
            let place = &self.0[board].get_or_init(make)[place];
            place.store(Some(Arc::clone(key)));
            // Whoever counts a change after this finds the key here; a change that was counted before is seen now.
            fence(Ordering::SeqCst);
            if now() != standing {
                place.store(None);
            }
        }
    }

    /// Takes off the key with this hash, or all.
    pub(super) fn take_off(&self, hash: Option<u64>) {
        fence(Ordering::SeqCst);
        match hash {
            Some(hash) => {
                if let Some(place) = self.place(hash) {
                    place.store(None);
                }
            }
            None => {
                for place in self.0.iter().filter_map(OnceLock::get).flatten() {
                    place.store(None);
                }
            }
        }
    }

    /// The place of the key with this hash, once its board is there.
    fn place(&self, hash: u64) -> Option<&ArcSwapOption<Key>> {
        let (board, place) = self.numbers(hash);
        self.0[board].get()?.get(place)
    }

    fn numbers(&self, hash: u64) -> (usize, usize) {
        let [.., a, b, c, d] = hash.to_be_bytes();
        let board = usize::from(u16::from_be_bytes([a, b])) % self.0.len();
        (board, usize::from(u16::from_be_bytes([c, d])) % BOARD)
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

    const fn standing(changes: Option<u64>) -> Standing {
        Standing { hash: 9, changes }
    }

    #[test]
    fn a_key_is_near_until_it_may_have_changed() {
        let near = Near::new(BOARD);
        let key = key([7; 16]);
        let (account, id) = (key.record.account, key.record.id);
        let get = |changes| near.get(account, id, standing(changes)).is_some();
        let put = |changes, now| near.put(&key, standing(changes), || standing(now));
        assert!(!get(Some(0)), "nothing was put there yet");
        put(Some(0), Some(0));
        assert!(get(Some(0)));
        assert!(!get(Some(1)) && !get(None));
        put(Some(1), Some(1));
        assert!(get(Some(1)));
        near.take_off(Some(9));
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
        let [one, other] = [[1; 16], [2; 16]].map(key);
        let now = standing(Some(3));
        let found = |key: &Arc<Key>| near.get(key.record.account, key.record.id, now);
        near.put(&one, now, || now);
        assert!(found(&one).is_some() && found(&other).is_none());
        near.put(&other, now, || now);
        assert!(found(&one).is_none() && found(&other).is_some_and(|near| Arc::ptr_eq(&near, &other)));
        let elsewhere = AccountId::parse("444455556666").expect("an account");
        assert!(near.get(elsewhere, other.record.id, now).is_none());
    }
}
