//! When the records of requests that are served together are made durable: when whoever serves has nothing more to do.
//!
//! A sync costs the processor as much as a few requests do, so one sync for many records is what makes a durable trail
//! cheap. How long to wait for more of them is known where they come from: a worker thread that has another request to
//! serve will soon have another record, one that goes to sleep will not. So a worker's record wakes the writer only once
//! the worker is about to sleep, or when enough of them wait.

use std::{
    cell::RefCell,
    ptr,
    sync::{Arc, OnceLock, Weak},
};

use crate::{queue::Shared, trail::Trail};

thread_local! {
    /// Whom this thread tells when it is about to sleep.
    static TOLD: RefCell<Weak<Shared>> = const { RefCell::new(Weak::new()) };
}

/// Whether this thread tells a trail when it is about to sleep.
pub(crate) fn tells(shared: &Shared) -> bool {
    TOLD.with_borrow(|told| ptr::eq(told.as_ptr(), shared))
}

/// What the workers of a runtime tell a trail; clones are the same.
#[derive(Clone, Default)]
pub struct Workers(Arc<OnceLock<Weak<Shared>>>);

impl Workers {
    /// To be called by each worker whenever it is about to sleep.
    pub fn about_to_sleep(&self) {
        if let Some(shared) = self.0.get().and_then(Weak::upgrade) {
            if !tells(&shared) {
                TOLD.set(Arc::downgrade(&shared));
            }
            shared.worker_sleeps();
        }
    }

    /// Has the records of a trail wait for these workers. Those of other threads wait for nobody.
    pub fn serve(&self, trail: &Trail) {
        // A runtime has one trail.
        let _ = self.0.set(Arc::downgrade(trail.shared()));
    }
}
