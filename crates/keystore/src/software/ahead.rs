//! Key pairs made before they are asked for. Making an RSA pair takes long, and how long cannot be told; pairs of a quick
//! curve are made a few at a time, since the second of them takes less than the first: what it needs is at hand.
//!
//! They are in memory only, each is given out once, and none is made for a spec before the first is asked for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use trent_crypto::pair::{PairError, PrivateKey};
use trent_crypto::spec::KeySpec;

use crate::error::KeystoreError;
use crate::workers::Workers;

/// How many pairs of each spec lie ready.
const READY: usize = 4;

/// The specs of which pairs are made by the workers, one after the other.
const SLOW: [KeySpec; 3] = [KeySpec::Rsa2048, KeySpec::Rsa3072, KeySpec::Rsa4096];

/// The specs of which pairs are made in place: one takes no longer than handing it to the workers.
const QUICK: [KeySpec; 2] = [KeySpec::EccNistP256, KeySpec::EccNistEdwards25519];

/// The pairs that lie ready, those of each spec on a shelf.
#[derive(Default)]
pub(super) struct Ahead {
    slow: [Shelf; SLOW.len()],
    quick: [Shelf; QUICK.len()],
}

impl Ahead {
    /// A pair of any spec: one that lies ready, or one made now.
    pub(super) async fn pair(&self, workers: &Arc<Workers>, spec: KeySpec) -> Result<PrivateKey, KeystoreError> {
        if let Some(ready) = shelf(&self.quick, QUICK, spec) {
            return ready.quickly(spec);
        }
        let Some(ready) = shelf(&self.slow, SLOW, spec) else {
            return Ok(workers.run(move || PrivateKey::generate(spec)).await??);
        };
        if let Some(pair) = ready.take() {
            ready.fill(workers, spec)?;
            return Ok(pair);
        }
        let left = ready.clone();
        let made = workers
            .run_or_keep(
                move || PrivateKey::generate(spec),
                move |made: Result<PrivateKey, PairError>| left.put(made.ok()),
            )
            .await??;
        ready.fill(workers, spec)?;
        Ok(made)
    }
}

fn shelf<const N: usize>(shelves: &[Shelf; N], specs: [KeySpec; N], spec: KeySpec) -> Option<&Shelf> {
    let place = specs.iter().position(|of| *of == spec)?;
    shelves.get(place)
}

#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<Stock>>);

#[derive(Default)]
struct Stock {
    pairs: Vec<PrivateKey>,
    /// Whether one is being made.
    is_coming: bool,
}

impl Shelf {
    fn take(&self) -> Option<PrivateKey> {
        self.stock().pairs.pop()
    }

    /// A pair that lies ready, or one of some made now.
    fn quickly(&self, spec: KeySpec) -> Result<PrivateKey, KeystoreError> {
        if let Some(pair) = self.take() {
            return Ok(pair);
        }
        for _ in 1..READY {
            if self.stock().pairs.len() < READY {
                self.put(Some(PrivateKey::generate(spec)?));
            }
        }
        Ok(PrivateKey::generate(spec)?)
    }

    /// Puts a pair there, if there is one and room for it.
    fn put(&self, pair: Option<PrivateKey>) {
        let mut there = self.stock();
        if there.pairs.len() < READY {
            there.pairs.extend(pair);
        }
    }

    /// Has what is missing made, one pair after the other: whoever asks meanwhile waits for one of them at most.
    fn fill(&self, workers: &Arc<Workers>, spec: KeySpec) -> Result<(), KeystoreError> {
        {
            let mut now = self.stock();
            if now.is_coming || now.pairs.len() >= READY {
                return Ok(());
            }
            now.is_coming = true;
        }
        let (to, on) = (self.clone(), Arc::clone(workers));
        workers.later(move || {
            let made = PrivateKey::generate(spec).ok();
            to.stock().is_coming = false;
            let goes_on = made.is_some();
            to.put(made);
            if goes_on {
                // Without workers there is nobody left to make pairs for.
                let _ = to.fill(&on, spec);
            }
        })
    }

    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
