//! Stopping without dropping anybody: no new connections, requests under way finish, then the end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Tells listeners and connections to stop.
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stop {
    /// Asks for the end. Asking twice is harmless.
    pub fn request(&self) {
        self.0.send_replace(true);
    }

    /// Returns once the end was asked for.
    pub(crate) async fn requested(&self) {
        let mut watched = self.0.subscribe();
        // The sender lives in `self`, so waiting can only end by the value.
        let _ = watched.wait_for(|stop| *stop).await;
    }
}

/// Slots for connections: taken while one is served.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    free: Arc<Semaphore>,
    all: u32,
}

impl Slots {
    pub(crate) fn new(connections: usize) -> Self {
        let all = u32::try_from(connections.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        Self {
            free: Arc::new(Semaphore::new(all as usize)),
            all,
        }
    }

    /// Waits for a free slot.
    pub(crate) async fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// Waits until no connection is left, at most `patience`. Answers how many were.
    pub(crate) async fn drained(&self, patience: Duration) -> u32 {
        match tokio::time::timeout(patience, self.free.acquire_many(self.all)).await {
            Ok(_) => 0,
            Err(_) => self.all - u32::try_from(self.free.available_permits()).unwrap_or(self.all),
        }
    }
}
