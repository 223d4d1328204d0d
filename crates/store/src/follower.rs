//! The follower: applies every change to this node's caches, in commit order, and tells how far it has got.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::{sync::watch, task::AbortHandle};

use crate::{
    engine::{Engine, Revision},
    error::StoreError,
    feed::{Changes, WatchEnd},
};

/// Something derived from records that has to follow their changes.
pub(crate) trait Subscriber: Send + Sync {
    /// One commit's changes.
    fn apply(&self, changes: &Changes);
    /// Changes were missed: drop everything.
    fn reset(&self);
}

type Subscribers = Arc<Mutex<Vec<Weak<dyn Subscriber>>>>;

/// Follows one engine's feed. Stops when dropped.
pub(crate) struct Follower {
    subscribers: Subscribers,
    applied: watch::Receiver<Revision>,
    task: AbortHandle,
}

impl Follower {
    /// Follows everything behind `from`.
    pub(crate) fn start(engine: &Arc<dyn Engine>, from: Revision) -> Self {
        let subscribers = Subscribers::default();
        let (sender, applied) = watch::channel(from);
        let task = tokio::spawn(follow(Arc::downgrade(engine), from, Arc::clone(&subscribers), sender));
        Self {
            subscribers,
            applied,
            task: task.abort_handle(),
        }
    }

    pub(crate) fn subscribe(&self, subscriber: Weak<dyn Subscriber>) {
        let mut subscribers = self.subscribers.lock();
        subscribers.retain(|known| known.strong_count() > 0);
        subscribers.push(subscriber);
    }

    /// The last revision that every subscriber has applied.
    pub(crate) fn applied(&self) -> Revision {
        *self.applied.borrow()
    }

    /// Waits until every subscriber has applied `revision`.
    pub(crate) async fn reached(&self, revision: Revision) -> Result<(), StoreError> {
        let mut applied = self.applied.clone();
        let reached = applied.wait_for(|applied| *applied >= revision).await;
        reached.map(|_| ()).map_err(|_| StoreError::Closed)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn follow(engine: Weak<dyn Engine>, from: Revision, subscribers: Subscribers, applied: watch::Sender<Revision>) {
    let Some(mut watch) = engine.upgrade().map(|engine| engine.watch(from)) else {
        return;
    };
    let live = || -> Vec<_> { subscribers.lock().iter().filter_map(Weak::upgrade).collect() };
    loop {
        match watch.next().await {
            Ok(changes) => {
                for subscriber in live() {
                    subscriber.apply(&changes);
                }
                applied.send_replace(changes.revision);
            }
            Err(WatchEnd::Compacted(_)) => {
                let Some(engine) = engine.upgrade() else { return };
                // Read before the caches are dropped: what they fill from then on is at least as new.
                let revision = engine.revision();
                watch = engine.watch(revision);
                for subscriber in live() {
                    subscriber.reset();
                }
                tracing::warn!(%revision, "fell behind the store's changes; caches were dropped");
                applied.send_replace(revision);
            }
            Err(WatchEnd::Closed) => return,
        }
    }
}
