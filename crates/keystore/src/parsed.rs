//! Private keys in the clear, few and not for long.
//!
//! Reading a private key costs as much as using one: an RSA key is checked, a seed is expanded. A key that is in use is
//! therefore kept as it was read, until its handle goes: each change of the key's record, its disabling and deletion
//! too, makes a new handle, and the old one takes what was kept for it along. At most [`KEPT`] keys are kept; the one
//! that was not used for longest makes room. The library wipes a private key when it is dropped.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use trent_crypto::pair::PrivateKey;

use crate::error::KeystoreError;

/// How many private keys are kept.
const KEPT: usize = 256;

/// The claim of one handle on what is kept for it. It ends with the handle; a copy of the handle has none yet.
#[derive(Default)]
pub struct Lease(OnceLock<Claim>);

impl Clone for Lease {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// What is kept is no part of what a handle says.
impl PartialEq for Lease {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Lease {}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease")
    }
}

struct Claim {
    number: u64,
    kept: Weak<Mutex<Kept>>,
}

impl Claim {
    fn is_of(&self, kept: &Arc<Mutex<Kept>>) -> bool {
        std::ptr::eq(self.kept.as_ptr(), Arc::as_ptr(kept))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(kept) = self.kept.upgrade() {
            locked(&kept).keys.remove(&self.number);
        }
    }
}

/// The private keys that are kept.
#[derive(Default)]
pub(crate) struct Parsed {
    kept: Arc<Mutex<Kept>>,
    claims: AtomicU64,
}

#[derive(Default)]
struct Kept {
    keys: HashMap<u64, Entry>,
    uses: u64,
}

struct Entry {
    key: Arc<PrivateKey>,
    used: u64,
}

impl Parsed {
    /// The key that is kept under a lease, or the one that `read` gives, kept from now on. Where another has given the
    /// lease its claim, nothing is kept: the claim's number means another key here.
    pub(crate) fn get(
        &self,
        lease: &Lease,
        read: impl FnOnce() -> Result<PrivateKey, KeystoreError>,
    ) -> Result<Arc<PrivateKey>, KeystoreError> {
        let claim = lease.0.get_or_init(|| Claim {
            number: self.claims.fetch_add(1, Ordering::Relaxed),
            kept: Arc::downgrade(&self.kept),
        });
        if !claim.is_of(&self.kept) {
            return read().map(Arc::new);
        }
        if let Some(key) = locked(&self.kept).used(claim.number) {
            return Ok(key);
        }
        let key = Arc::new(read()?);
        locked(&self.kept).keep(claim.number, Arc::clone(&key));
        Ok(key)
    }

    /// How many keys are kept.
    #[cfg(test)]
    fn len(&self) -> usize {
        locked(&self.kept).keys.len()
    }
}

impl Kept {
    fn used(&mut self, number: u64) -> Option<Arc<PrivateKey>> {
        let entry = self.keys.get_mut(&number)?;
        self.uses += 1;
        entry.used = self.uses;
        Some(Arc::clone(&entry.key))
    }

    fn keep(&mut self, number: u64, key: Arc<PrivateKey>) {
        // Two may have read one key at the same time: then it has its place already.
        if self.keys.len() >= KEPT && !self.keys.contains_key(&number) {
            let oldest = self.keys.iter().min_by_key(|(_, entry)| entry.used);
            if let Some(oldest) = oldest.map(|(number, _)| *number) {
                self.keys.remove(&oldest);
            }
        }
        self.uses += 1;
        let used = self.uses;
        self.keys.insert(number, Entry { key, used });
    }
}

/// A thread that panicked with the lock left whole entries behind: none is changed in two steps.
fn locked(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use trent_crypto::spec::KeySpec;

    use super::*;

    fn made() -> Result<PrivateKey, KeystoreError> {
        Ok(PrivateKey::generate(KeySpec::EccNistEdwards25519)?)
    }

    fn unread() -> Result<PrivateKey, KeystoreError> {
        panic!("a kept key was read again")
    }

    #[test]
    fn a_key_is_read_once_for_each_handle_and_goes_with_it() {
        let parsed = Parsed::default();
        let lease = Lease::default();
        let first = parsed.get(&lease, made).expect("a key");
        let again = parsed.get(&lease, unread).expect("the key");
        assert!(Arc::ptr_eq(&first, &again));
        let copy = lease.clone();
        assert!(!Arc::ptr_eq(&first, &parsed.get(&copy, made).expect("another reading")));
        assert_eq!(parsed.len(), 2);
        drop(lease);
        assert_eq!(parsed.len(), 1);
        drop(copy);
        assert_eq!(parsed.len(), 0);
    }

    #[test]
    fn a_handle_of_another_keystore_gives_no_other_key() {
        let (here, there) = (Parsed::default(), Parsed::default());
        let (lease, other) = (Lease::default(), Lease::default());
        let kept = here.get(&lease, made).expect("a key");
        let first = there.get(&other, made).expect("the first of the other keystore");
        let found = there.get(&lease, made).expect("a key that is read again");
        assert!(!Arc::ptr_eq(&found, &kept) && !Arc::ptr_eq(&found, &first));
        assert_eq!((here.len(), there.len()), (1, 1));
    }

    #[test]
    fn a_key_that_two_have_read_takes_one_place() {
        let mut kept = Kept::default();
        for number in (0..).take(KEPT).chain([7]) {
            kept.keep(number, Arc::new(made().expect("a key")));
        }
        assert_eq!(kept.keys.len(), KEPT);
    }

    #[test]
    fn what_cannot_be_read_is_not_kept() {
        let parsed = Parsed::default();
        let lease = Lease::default();
        let refused = parsed.get(&lease, || Err(KeystoreError::Stopped));
        assert_eq!(refused.err(), Some(KeystoreError::Stopped));
        assert_eq!(parsed.len(), 0);
    }

    #[test]
    fn the_key_that_was_not_used_for_longest_makes_room() {
        let parsed = Parsed::default();
        let leases: Vec<Lease> = (0..=KEPT).map(|_| Lease::default()).collect();
        for lease in &leases[..KEPT] {
            parsed.get(lease, made).expect("a key");
        }
        parsed.get(&leases[0], unread).expect("the first is used again");
        parsed.get(&leases[KEPT], made).expect("one more");
        assert_eq!(parsed.len(), KEPT);
        parsed.get(&leases[0], unread).expect("the first is still there");
        assert!(
            locked(&parsed.kept).keys.values().all(|entry| entry.used > 2),
            "the second is gone"
        );
    }
}
