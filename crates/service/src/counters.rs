//! Two numbers that only grow: requests, and those that were refused.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts requests of one kind.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    requests: AtomicU64,
    refused: AtomicU64,
}

impl Counters {
    /// Counts requests that were let through or not.
    pub(crate) fn count(&self, requests: u64, let_through: bool) {
        self.requests.fetch_add(requests, Ordering::Relaxed);
        if !let_through {
            self.refused.fetch_add(requests, Ordering::Relaxed);
        }
    }

    /// All that were counted.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Those that were refused.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}
