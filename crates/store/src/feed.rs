//! The feed of changes: every commit in order, kept for a while, and the watchers that follow it.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::revision::{Revision, Versioned};

/// The most commits that a feed keeps; a watcher that is further behind has to resync.
const KEPT_COMMITS: usize = 8192;
/// The most bytes of changes that a feed keeps.
const KEPT_BYTES: usize = 16 * 1024 * 1024;

/// One commit's changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The commit.
    pub revision: Revision,
    /// What it changed.
    pub changes: Vec<Change>,
}

/// One key's change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The key.
    pub key: Bytes,
    /// What the engine held before.
    pub before: Option<Versioned>,
    /// What it holds since.
    pub after: Option<Versioned>,
}

/// The watcher is too far behind: what it missed is no longer kept. Drop everything derived from the feed and start
/// again at a revision that is read afresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the changes behind the watched revision are no longer kept")]
pub struct Compacted;

/// Why a watch ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WatchEnd {
    /// Resync.
    #[error(transparent)]
    Compacted(#[from] Compacted),
    /// The engine was closed.
    #[error("the store is closed")]
    Closed,
}

/// What engines publish to.
#[derive(Debug)]
pub(crate) struct Feed {
    kept: Mutex<Kept>,
    latest: watch::Sender<Revision>,
}

#[derive(Debug)]
struct Kept {
    /// The revision before the first one kept.
    floor: Revision,
    bytes: usize,
    commits: VecDeque<Arc<Changes>>,
}

impl Feed {
    /// A feed for a store that is at `revision`.
    pub(crate) fn new(revision: Revision) -> Self {
        let kept = Kept {
            floor: revision,
            bytes: 0,
            commits: VecDeque::new(),
        };
        Self {
            kept: Mutex::new(kept),
            latest: watch::Sender::new(revision),
        }
    }

    /// Publishes durable commits, in order, without a gap behind the last.
    pub(crate) fn publish(&self, batch: impl IntoIterator<Item = Changes>) {
        let mut kept = self.kept.lock();
        let mut latest = *self.latest.borrow();
        for changes in batch {
            debug_assert_eq!(changes.revision, latest.next(), "revisions are published without gaps");
            latest = changes.revision;
            kept.bytes += size(&changes);
            kept.commits.push_back(Arc::new(changes));
        }
        while kept.commits.len() > KEPT_COMMITS || kept.bytes > KEPT_BYTES {
            let Some(oldest) = kept.commits.pop_front() else { break };
            kept.bytes -= size(&oldest);
            kept.floor = oldest.revision;
        }
        drop(kept);
        self.latest.send_replace(latest);
    }

    /// The last published revision.
    pub(crate) fn revision(&self) -> Revision {
        *self.latest.borrow()
    }

    /// A watcher of everything behind `from`.
    pub(crate) fn watch(self: &Arc<Self>, from: Revision) -> Watch {
        Watch {
            feed: Arc::downgrade(self),
            latest: self.latest.subscribe(),
            last: from,
        }
    }

    fn after(&self, revision: Revision) -> Result<Option<Arc<Changes>>, Compacted> {
        let kept = self.kept.lock();
        if revision < kept.floor {
            return Err(Compacted);
        }
        let index = usize::try_from(revision.0 - kept.floor.0).map_err(|_| Compacted)?;
        Ok(kept.commits.get(index).cloned())
    }
}

fn size(changes: &Changes) -> usize {
    let of = |stored: &Option<Versioned>| stored.as_ref().map_or(0, |stored| stored.value.len());
    changes
        .changes
        .iter()
        .map(|change| change.key.len() + of(&change.before) + of(&change.after))
        .sum()
}

/// A watcher: every change behind a revision, in order, none skipped.
#[derive(Debug)]
pub struct Watch {
    feed: std::sync::Weak<Feed>,
    latest: watch::Receiver<Revision>,
    last: Revision,
}

impl Watch {
    /// The next commit's changes; waits for one. Cancelling the wait loses nothing.
    pub async fn next(&mut self) -> Result<Arc<Changes>, WatchEnd> {
        loop {
            let feed = self.feed.upgrade().ok_or(WatchEnd::Closed)?;
            // Seen before looking, so that a commit published in between wakes the wait below.
            self.latest.borrow_and_update();
            if let Some(changes) = feed.after(self.last)? {
                self.last = changes.revision;
                return Ok(changes);
            }
            drop(feed);
            self.latest.changed().await.map_err(|_| WatchEnd::Closed)?;
        }
    }

    /// The last revision that was returned, or where the watch began.
    pub fn position(&self) -> Revision {
        self.last
    }
}
