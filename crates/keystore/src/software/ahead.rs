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

/// The pairs that lie ready.
#[derive(Default)]
pub(super) struct Ahead {
    rsa_2048: Shelf,
    rsa_3072: Shelf,
    rsa_4096: Shelf,
}

impl Ahead {
    /// A pair of any spec: one that lies ready, or one made now.
    pub(super) async fn pair(&self, workers: &Arc<Workers>, spec: KeySpec) -> Result<PrivateKey, KeystoreError> {
        let Some(shelf) = self.shelf(spec) else {
            return Ok(workers.run(move || PrivateKey::generate(spec)).await??);
        };
        if let Some(pair) = shelf.take() {
            shelf.fill(workers, spec)?;
            return Ok(pair);
        }
        let unwanted = shelf.clone();
        let made = workers
            .run_or_keep(
                move || PrivateKey::generate(spec),
                move |made: Result<PrivateKey, PairError>| unwanted.put(made.ok()),
            )
            .await??;
        shelf.fill(workers, spec)?;
        Ok(made)
    }

    fn shelf(&self, spec: KeySpec) -> Option<&Shelf> {
        match spec {
            KeySpec::Rsa2048 => Some(&self.rsa_2048),
            KeySpec::Rsa3072 => Some(&self.rsa_3072),
            KeySpec::Rsa4096 => Some(&self.rsa_4096),
            _ => None,
        }
    }
}

#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<Stock>>);

#[derive(Default)]
struct Stock {
    pairs: Vec<PrivateKey>,
    /// How many are being made.
    coming: usize,
}

impl Shelf {
    fn take(&self) -> Option<PrivateKey> {
        self.stock().pairs.pop()
    }

    /// Puts a pair there, if there is one and room for it.
    fn put(&self, pair: Option<PrivateKey>) {
        let mut stock = self.stock();
        if stock.pairs.len() < READY {
            stock.pairs.extend(pair);
        }
    }

    /// Has as many made as are missing.
    fn fill(&self, workers: &Arc<Workers>, spec: KeySpec) -> Result<(), KeystoreError> {
        let missing = {
            let mut stock = self.stock();
            let missing = READY.saturating_sub(stock.pairs.len() + stock.coming);
            stock.coming += missing;
            missing
        };
        for _ in 0..missing {
            let shelf = self.clone();
            workers.later(move || {
                let made = PrivateKey::generate(spec).ok();
                shelf.stock().coming -= 1;
                shelf.put(made);
            })?;
        }
        Ok(())
    }

    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
