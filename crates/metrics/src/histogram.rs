//! How long something took, by size.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::shard::{Apart, SHARDS, mine};

/// The largest time that each size holds; what took longer is of the last size, which has no bound. They fit calls that
/// take a fraction of a millisecond as well as those that wait for a slow disk.
pub const BOUNDS: [Duration; 16] = [
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_millis(2500),
    Duration::from_secs(10),
];

const SIZES: usize = BOUNDS.len() + 1;

/// Times, counted by size and added up; in several parts, or in one where there are few to count.
#[derive(Debug)]
pub struct Histogram<const PARTS: usize = SHARDS>([Apart<Part>; PARTS]);

#[derive(Debug, Default)]
struct Part {
    sizes: [AtomicU64; SIZES],
    nanoseconds: AtomicU64,
}

/// What a histogram held when it was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Observed {
    /// How many times were of each size: those of [`BOUNDS`], and longer ones.
    pub sizes: [u64; SIZES],
    /// All of them together.
    pub sum: Duration,
}

impl<const PARTS: usize> Default for Histogram<PARTS> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Apart::default()))
    }
}

impl<const PARTS: usize> Histogram<PARTS> {
    /// Counts a time.
    pub fn observe(&self, time: Duration) {
        let size = BOUNDS.partition_point(|bound| *bound < time);
        let part = &self.0[mine() % PARTS].0;
        part.sizes[size].fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        part.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// What was counted so far.
    pub fn read(&self) -> Observed {
        let mut observed = Observed::default();
        for part in &self.0 {
            for (sum, size) in observed.sizes.iter_mut().zip(&part.0.sizes) {
                *sum = sum.wrapping_add(size.load(Ordering::Relaxed));
            }
            observed.sum += Duration::from_nanos(part.0.nanoseconds.load(Ordering::Relaxed));
        }
        observed
    }
}

impl Observed {
    /// How many times were counted.
    pub fn count(&self) -> u64 {
        self.sizes.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_of_the_first_size_that_holds_it() {
        let histogram = <Histogram>::default();
        histogram.observe(Duration::ZERO);
        histogram.observe(BOUNDS[0]);
        histogram.observe(BOUNDS[0] + Duration::from_nanos(1));
        histogram.observe(Duration::from_mins(1));
        let observed = histogram.read();
        assert_eq!(
            (observed.sizes[0], observed.sizes[1], observed.sizes[SIZES - 1]),
            (2, 1, 1)
        );
        assert_eq!(observed.count(), 4);
        let all = BOUNDS[0] + BOUNDS[0] + Duration::from_nanos(1) + Duration::from_mins(1);
        assert_eq!(observed.sum, all);
    }

    #[test]
    fn the_bounds_grow() {
        assert!(BOUNDS.is_sorted());
    }
}
