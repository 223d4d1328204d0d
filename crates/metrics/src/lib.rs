//! Counters and histograms for what happens very often: an increment is one relaxed addition to a number that the thread
//! shares with few others. Nothing is locked, allocated or looked up. Whoever reads adds the parts up.
//!
//! What a number is called and how it is told to the world is for whoever tells it.

mod counter;
mod histogram;
mod shard;

pub use counter::Counter;
pub use histogram::{BOUNDS, Histogram, Observed};
