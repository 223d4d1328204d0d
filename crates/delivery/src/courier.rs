//! Couriers: each brings one outlet the records of the trail, in order, and keeps its place in the store.
//!
//! The place is written down after what lies before it was taken. So a crash in between brings some records again, and
//! loses none. An outlet that cannot be reached stops its own courier and nothing else: what it has not taken is in the
//! trail, not in memory.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::sync::watch;
use trent_audit::{Page, Position, Trail};
use trent_store::CommitError;

use crate::{
    backoff::Backoff,
    cursor::{Cursor, Cursors},
    outlets::{Outlet, Undelivered},
};

/// How often the trail is looked at while nothing comes.
const INTERVAL: Duration = Duration::from_millis(100);

/// How often the place is written down while records come; at once when they stop coming.
const SAVE_INTERVAL: Duration = Duration::from_secs(1);

/// About how many bytes of records are read at once.
const PAGE: usize = 256 * 1024;

/// How often an outlet that stays out of reach is mentioned in the log.
const REMINDER: Duration = Duration::from_hours(1);

/// The word to stop, for all couriers at once.
#[derive(Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Stop {
    /// Asks for the end.
    pub fn request(&self) {
        self.0.send_replace(true);
    }

    async fn requested(&self) {
        let mut said = self.0.subscribe();
        // The sender is held here, so this ends with the word alone.
        drop(said.wait_for(|stop| *stop).await);
    }
}

/// How an outlet is doing; clones share it.
#[derive(Clone, Debug)]
pub struct Status {
    name: Arc<str>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    delivered: u64,
    failure: Option<String>,
}

impl Status {
    /// The outlet.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of the last record that it is done with.
    pub fn delivered(&self) -> u64 {
        self.state.lock().delivered
    }

    /// Why it took nothing the last time, if it did not.
    pub fn failure(&self) -> Option<String> {
        self.state.lock().failure.clone()
    }
}

/// Brings one outlet the records of the trail.
pub struct Courier {
    trail: Trail,
    cursor: Cursor,
    outlet: Box<dyn Outlet>,
    /// Everything before it was taken; what was written down may lag behind.
    position: Position,
    saved: Instant,
    status: Status,
    failing_since: Option<Instant>,
    reminded: Instant,
    backoff: Backoff,
}

impl Courier {
    /// A courier to an outlet, which goes on where the last one with this name came to, or begins with what comes now.
    pub async fn new(
        name: &str,
        trail: Trail,
        cursors: &Cursors,
        mut outlet: Box<dyn Outlet>,
    ) -> Result<Self, CommitError> {
        let cursor = cursors.open(name, &trail).await?;
        let position = cursor.position();
        outlet.begin(position, cursor.memory());
        let status = Status {
            name: name.into(),
            state: Arc::default(),
        };
        status.state.lock().delivered = position.sequence();
        Ok(Self {
            trail,
            cursor,
            outlet,
            position,
            saved: Instant::now(),
            status,
            failing_since: None,
            reminded: Instant::now(),
            backoff: Backoff::default(),
        })
    }

    /// How the outlet is doing.
    pub fn status(&self) -> Status {
        self.status.clone()
    }

    /// Brings records as they come, until it is to stop; what an outlet is being given then, it is given again by the next
    /// courier.
    pub async fn run(mut self, stop: Stop) {
        let finished = tokio::select! {
            () = stop.requested() => false,
            () = self.bring() => true,
        };
        debug_assert!(!finished, "it only ends when it is told to");
        self.save().await;
    }

    async fn bring(&mut self) {
        loop {
            match self.read().await {
                Ok(page) if page.entries.is_empty() => {
                    self.position = page.end;
                    let outcome = self.outlet.idle().await;
                    self.settle(outcome).await;
                    self.save().await;
                    tokio::time::sleep(INTERVAL).await;
                }
                Ok(page) => self.take(page).await,
                // A segment was closed just now: it is there under another name.
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    tracing::error!(outlet = self.status.name(), %error, "the audit trail cannot be read for delivery");
                    tokio::time::sleep(self.backoff.after_failure()).await;
                }
            }
        }
    }

    /// What comes next.
    async fn read(&mut self) -> std::io::Result<Page> {
        let (trail, position) = (self.trail.clone(), self.position);
        if trail.end() == position {
            return Ok(Page {
                entries: Vec::new(),
                end: position,
                gap: false,
            });
        }
        let page = tokio::task::spawn_blocking(move || trail.read_behind(&position, PAGE));
        let page = page.await.map_err(std::io::Error::other)??;
        if page.gap {
            tracing::warn!(
                outlet = self.status.name(),
                after = position.sequence(),
                "the audit trail no longer has the place that this outlet had come to; it goes on with what there is"
            );
        }
        Ok(page)
    }

    /// Gives the outlet a page, as often as it takes.
    async fn take(&mut self, page: Page) {
        let mut rest = page.entries.as_slice();
        while !rest.is_empty() {
            let taken = self.outlet.take(rest).await;
            if let Some(last) = taken.count.checked_sub(1).and_then(|last| rest.get(last)) {
                self.position = last.behind;
            }
            rest = rest.get(taken.count..).unwrap_or_default();
            let failed = taken.failure.is_some();
            if failed || self.saved.elapsed() >= SAVE_INTERVAL {
                self.save().await;
            }
            self.settle(taken.failure.map_or(Ok(()), Err)).await;
        }
        self.position = page.end;
    }

    /// Notes how it went, and waits after a failure.
    async fn settle(&mut self, outcome: Result<(), Undelivered>) {
        let name = self.status.name();
        self.status.state.lock().delivered = self.position.sequence();
        match outcome {
            Ok(()) => {
                self.backoff.reset();
                if let Some(since) = self.failing_since.take() {
                    self.status.state.lock().failure = None;
                    tracing::info!(outlet = name, after = ?since.elapsed(), "deliveries succeed again");
                }
            }
            Err(error) => {
                let now = Instant::now();
                if self.failing_since.is_none() || now - self.reminded >= REMINDER {
                    self.reminded = now;
                    tracing::warn!(outlet = name, %error, "a delivery failed and is tried again until it succeeds");
                }
                self.failing_since.get_or_insert(now);
                self.status.state.lock().failure = Some(error.to_string());
                tokio::time::sleep(self.backoff.after_failure()).await;
            }
        }
    }

    /// Writes down how far the outlet has come, if that is news. If it cannot be, what comes after is brought again after a
    /// restart.
    async fn save(&mut self) {
        let memory = self.outlet.memory();
        let position = self.outlet.settled().unwrap_or(self.position);
        if self.cursor.position() == position && self.cursor.memory() == memory {
            return;
        }
        self.saved = Instant::now();
        if let Err(error) = self.cursor.save(position, memory).await {
            tracing::warn!(outlet = self.status.name(), %error, "how far deliveries have come cannot be written down");
        }
    }
}

#[cfg(test)]
mod tests;
