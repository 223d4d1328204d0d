//! The bell: rings when a letter has been committed, so that it need not wait for a tick.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::{feed::Changes, follower::Subscriber, key::kind_of, record::kinds, sealed::Sealed};

/// Rings when this node learns of a letter, whichever Region wrote it. A ring that nobody hears is kept.
pub struct Bell(Arc<Clapper>);

struct Clapper(Notify);

impl Bell {
    /// The bell of a store. It rings once for the letters that wait already.
    pub fn new(store: &Sealed) -> Self {
        let clapper = Arc::new(Clapper(Notify::new()));
        let subscriber: Arc<dyn Subscriber> = Arc::<Clapper>::clone(&clapper);
        store.subscribe(Arc::downgrade(&subscriber));
        clapper.0.notify_one();
        Self(clapper)
    }

    /// Waits until it rings. One that stops waiting loses no ring.
    pub async fn rung(&self) {
        self.0.0.notified().await;
    }
}

impl Subscriber for Clapper {
    fn apply(&self, changes: &Changes) {
        let is_letter = |key: &[u8]| kind_of(key) == Some(kinds::LETTER);
        let mut written = changes.changes.iter().filter(|change| change.after.is_some());
        if written.any(|change| is_letter(&change.key)) {
            self.0.notify_one();
        }
    }

    fn reset(&self) {
        self.0.notify_one();
    }
}
