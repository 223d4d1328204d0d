//! Replication delay for development: remembers what keys held before their recent changes.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::{engine::Versioned, feed::Change};

/// The recent past of keys.
pub(crate) struct Lag {
    delay: Duration,
    past: Mutex<Past>,
}

#[derive(Default)]
struct Past {
    /// What each recently changed key held before each change, oldest first.
    keys: HashMap<Bytes, VecDeque<(Instant, Option<Versioned>)>>,
    /// The changes in the order in which they stop being recent.
    order: VecDeque<(Instant, Bytes)>,
}

impl Lag {
    /// A memory of `delay`.
    pub(crate) fn new(delay: Duration) -> Self {
        Self {
            delay,
            past: Mutex::default(),
        }
    }

    /// Notes a change that happened now.
    pub(crate) fn record(&self, change: &Change) {
        let now = Instant::now();
        let mut past = self.past.lock();
        past.forget(now, self.delay);
        let states = past.keys.entry(change.key.clone()).or_default();
        states.push_back((now, change.before.clone()));
        past.order.push_back((now, change.key.clone()));
    }

    /// What the key held `delay` ago, if it has changed since: `Some(None)` if it held nothing.
    #[allow(clippy::option_option, reason = "changed or not, and then present or absent")]
    pub(crate) fn before(&self, key: &[u8]) -> Option<Option<Versioned>> {
        let mut past = self.past.lock();
        past.forget(Instant::now(), self.delay);
        past.keys.get(key)?.front().map(|(_, before)| before.clone())
    }
}

impl Past {
    fn forget(&mut self, now: Instant, delay: Duration) {
        while let Some((changed, _)) = self.order.front()
            && now.duration_since(*changed) >= delay
            && let Some((_, key)) = self.order.pop_front()
        {
            if let Some(states) = self.keys.get_mut(&key) {
                states.pop_front();
                if states.is_empty() {
                    self.keys.remove(&key);
                }
            }
        }
    }
}
