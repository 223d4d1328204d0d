//! What is done for the trail while the server runs: segments are closed and the oldest removed as the configuration says,
//! and the indexes are kept up to date, so that nobody who looks something up waits for them.

use std::{
    io,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::time::Instant;
use trent_audit::{Keeping, Removed, Trail};
use trent_delivery::Status;
use trent_names::Region;
use trent_service::{Clock, ClockGuard, SystemClock};

use crate::node::Deed;

/// How often it is looked whether a segment is to be closed, and whether the disk answers.
const LOOK: Duration = Duration::from_secs(1);

/// How often it is looked whether segments are to be removed.
const EXPIRE: Duration = Duration::from_mins(1);

/// How often the index of the open segment is brought up to date.
const INDEX: Duration = Duration::from_secs(2);

/// The least of a thread's claims on a processor.
const NICE: i32 = 19;

/// Those who get what is recorded, and where the record is made that they miss some of it.
pub(crate) struct Followers {
    pub(crate) outlets: Vec<Status>,
    pub(crate) home_region: Region,
}

/// Closes segments, removes the oldest and notices a disk that does not answer, until the future is dropped.
pub(crate) async fn run(trail: Trail, keeping: Keeping, guard: Arc<ClockGuard>, followers: Followers) {
    // Apart from each other: closing a segment waits for the disk.
    tokio::join!(keep(&trail, &keeping, &guard, &followers), watch(&trail));
}

async fn watch(trail: &Trail) {
    loop {
        tokio::time::sleep(LOOK).await;
        trail.notice_stall();
    }
}

/// Closes segments and removes the oldest. What fails is logged and tried again.
async fn keep(trail: &Trail, keeping: &Keeping, guard: &ClockGuard, followers: &Followers) {
    let mut expired: Option<Instant> = None;
    loop {
        match trail.rotate_if_due(keeping, SystemClock.now()).await {
            Ok(false) => {}
            Ok(true) => tracing::debug!("a segment of the audit trail was closed"),
            Err(error) => tracing::error!(%error, "no segment of the audit trail can be closed; it grows on"),
        }
        if expired.is_none_or(|expired| expired.elapsed() >= EXPIRE) {
            expired = Some(Instant::now());
            // A clock that jumps removes nothing.
            let may_remove = |due: Duration| {
                let due = i64::try_from(due.as_millis()).unwrap_or(i64::MAX);
                due <= guard.now() && guard.may_destroy(due).is_ok()
            };
            match trail.expire_delivered(keeping, followers.awaited(), may_remove).await {
                Ok(None) => {}
                Ok(Some(removed)) => followers.tell(trail, removed).await,
                Err(error) => tracing::error!(%error, "the oldest segments of the audit trail cannot be removed"),
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

impl Followers {
    /// The number of the first record that one of them does not have for certain.
    fn awaited(&self) -> u64 {
        let settled = self.outlets.iter().map(Status::settled).min();
        settled.map_or(u64::MAX, |settled| settled.saturating_add(1))
    }

    /// Tells the log of what was removed, and the trail itself of what of that somebody misses now.
    async fn tell(&self, trail: &Trail, removed: Removed) {
        tracing::info!(
            records = removed.records,
            "the oldest records of the audit trail were removed"
        );
        let mut missed = Vec::new();
        for outlet in &self.outlets {
            let name = outlet.name();
            for (first, last) in outlet.begins_at(removed.next).await {
                tracing::error!(
                    outlet = name,
                    first,
                    last,
                    "records were removed before they were delivered: they had waited for as long as the trail keeps them"
                );
                missed.push(format!("{name}: records {first} to {last}"));
            }
        }
        if missed.is_empty() {
            return;
        }
        let deed = Deed::of_the_operator("RemoveUndeliveredRecords").with_changes(&missed);
        if let Err(error) = trail.append_durably(&[deed.render(&self.home_region)]).await {
            tracing::error!(%error, "the audit trail cannot tell what was removed of it undelivered");
        }
    }
}

/// The thread that keeps the indexes up to date.
pub(crate) struct Indexing {
    stop: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

/// Starts it. It takes what others leave of the processors.
pub(crate) fn index(trail: &Trail) -> io::Result<Indexing> {
    let (stop, stopped) = mpsc::channel();
    let trail = trail.clone();
    let thread = thread::Builder::new().name("audit-index".into()).spawn(move || {
        // On Linux a thread has a priority of its own. One that keeps its priority is no reason not to index.
        let _ = rustix::process::nice(NICE);
        let mut wait = Duration::ZERO;
        while stopped.recv_timeout(wait) == Err(mpsc::RecvTimeoutError::Timeout) {
            wait = match trail.history().index() {
                Ok(true) => Duration::from_millis(100),
                Ok(false) => INDEX,
                Err(error) => {
                    tracing::error!(%error, "the audit trail cannot be indexed");
                    INDEX * 5
                }
            };
        }
    })?;
    Ok(Indexing { stop, thread })
}

impl Indexing {
    /// Ends the thread. Blocks for the time of a step.
    pub(crate) fn stop(self) {
        // A thread that ended by itself hears nothing.
        let _ = self.stop.send(());
        let _ = self.thread.join();
    }
}
