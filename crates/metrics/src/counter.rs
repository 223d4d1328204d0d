//! A number that only grows.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::shard::{Apart, SHARDS, mine};

/// Counts events.
#[derive(Debug, Default)]
pub struct Counter([Apart<AtomicU64>; SHARDS]);

impl Counter {
    /// Counts one more.
    pub fn increment(&self) {
        self.add(1);
    }

    /// Counts so many more.
    pub fn add(&self, many: u64) {
        self.0[mine()].0.fetch_add(many, Ordering::Relaxed);
    }

    /// How many there were. Events of this very moment may be missing.
    pub fn get(&self) -> u64 {
        let parts = self.0.iter().map(|part| part.0.load(Ordering::Relaxed));
        parts.fold(0, u64::wrapping_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_threads_count_is_counted_once_each() {
        let counter = Counter::default();
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| (0..1000).for_each(|_| counter.increment()));
            }
        });
        counter.add(5);
        assert_eq!(counter.get(), 16_005);
    }
}
