//! Request ids, and the id of the request that this thread is working for.
//!
//! An id is a version 4 UUID. Drawing 16 bytes from the operating system for every request would be the dearest
//! step of a cheap one, so ids are a keyed hash of a counter under a key drawn at start: unique for the life of the
//! process, and not to be guessed from outside. They name requests; nothing secret hangs on them.

use std::cell::Cell;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use uuid::{Builder, Uuid};

/// Makes request ids.
#[derive(Debug, Default)]
pub(crate) struct RequestIds {
    high: RandomState,
    low: RandomState,
    next: AtomicU64,
}

impl RequestIds {
    /// A new id.
    pub(crate) fn next(&self) -> Uuid {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.high.hash_one(count).to_ne_bytes());
        bytes[8..].copy_from_slice(&self.low.hash_one(count).to_ne_bytes());
        Builder::from_random_bytes(bytes).into_uuid()
    }
}

thread_local! {
    static CURRENT: Cell<Option<Uuid>> = const { Cell::new(None) };
}

/// The request that the calling code works for, if any: what a log line carries.
pub fn current_request_id() -> Option<Uuid> {
    CURRENT.get()
}

/// A future that works for one request: while it is polled, [`current_request_id`] names that request.
///
/// It does what a span would, without a span's cost on requests that log nothing.
#[derive(Debug)]
pub(crate) struct OnBehalfOf<F> {
    id: Uuid,
    work: F,
}

impl<F> OnBehalfOf<F> {
    pub(crate) fn new(id: Uuid, work: F) -> Self {
        Self { id, work }
    }
}

/// Puts back what was there before, even if the poll panics.
struct Restore(Option<Uuid>);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

impl<F: Future + Unpin> Future for OnBehalfOf<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _restore = Restore(CURRENT.replace(Some(self.id)));
        Pin::new(&mut self.work).poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_distinct_version_4_uuids() {
        let ids = RequestIds::default();
        let drawn: HashSet<Uuid> = (0..10_000).map(|_| ids.next()).collect();
        assert_eq!(drawn.len(), 10_000);
        assert!(drawn.iter().all(|id| id.get_version_num() == 4));
    }

    #[tokio::test]
    async fn the_current_id_is_known_while_working_and_forgotten_after() {
        let id = RequestIds::default().next();
        let work = std::pin::pin!(async { current_request_id() });
        assert_eq!(OnBehalfOf::new(id, work).await, Some(id));
        assert_eq!(current_request_id(), None);
    }
}
