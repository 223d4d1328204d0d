//! RSA key pairs made before they are asked for: making one takes long, and how long cannot be told.
//!
//! They are in memory only, each is given out once, and none is made for a size before the first is asked for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use trent_crypto::pair::{PairError, PrivateKey};
use trent_crypto::spec::KeySpec;

use crate::error::KeystoreError;
use crate::workers::Workers;

/// How many pairs of each size lie ready.
const READY: usize = 4;

/// The specs of which pairs are made ahead.
const SPECS: [KeySpec; 3] = [KeySpec::Rsa2048, KeySpec::Rsa3072, KeySpec::Rsa4096];

/// The pairs that lie ready, those of each spec on a shelf.
#[derive(Default)]
pub(super) struct Ahead([Shelf; SPECS.len()]);

impl Ahead {
    /// A pair of any spec: one that lies ready, or one made now.
    pub(super) async fn pair(&self, workers: &Arc<Workers>, spec: KeySpec) -> Result<PrivateKey, KeystoreError> {
        let Some(ready) = self.shelf(spec) else {
            let make = move || PrivateKey::generate(spec);
            return Ok(if is_slow_to_make(spec) {
                workers.run(make).await??
            } else {
                make()?
            });
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

    fn shelf(&self, spec: KeySpec) -> Option<&Shelf> {
        let place = SPECS.iter().position(|of| *of == spec)?;
        self.0.get(place)
    }
}

/// Whether making a pair takes longer than handing it to the workers is worth: a scalar and its point do not.
const fn is_slow_to_make(spec: KeySpec) -> bool {
    !matches!(spec, KeySpec::EccNistP256 | KeySpec::EccNistEdwards25519)
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
