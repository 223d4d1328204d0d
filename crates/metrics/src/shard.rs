//! The parts that numbers are kept in, so that threads on different processors do not write to the same memory.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many parts a number has. A deployment with more threads than that lets some of them share a part.
pub(crate) const SHARDS: usize = 8;

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static MINE: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The part that this thread writes to.
pub(crate) fn mine() -> usize {
    MINE.with(|mine| {
        mine.get().unwrap_or_else(|| {
            let next = THREADS.fetch_add(1, Ordering::Relaxed) % SHARDS;
            mine.set(Some(next));
            next
        })
    })
}

/// A part alone in its lines of memory: two of them, since processors fetch lines in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Apart<T>(pub(crate) T);
