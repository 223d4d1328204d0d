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
    settled: u64,
    /// Why it takes nothing, and since when.
    failure: Option<(String, Instant)>,
    /// The last record that is in memory for it: it needs nothing up to there from the trail.
    held: u64,
    missed: u64,
    /// The last record that was counted as missed.
    missed_to: u64,
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

    /// The number of the last record that is where it is to be, whatever happens now.
    pub fn settled(&self) -> u64 {
        self.state.lock().settled
    }

    /// Why it took nothing the last time, if it did not, and for how long it has not.
    pub fn failure(&self) -> Option<(String, Duration)> {
        let state = self.state.lock();
        state
            .failure
            .as_ref()
            .map(|(why, since)| (why.clone(), since.elapsed()))
    }

    /// How many records it will never get, since the server was started.
    pub fn missed(&self) -> u64 {
        self.state.lock().missed
    }

    /// Told that record `next` is the first that the trail still has. Tells from which one to which one the outlet misses
    /// what is gone, if it does and that was not told before.
    pub fn begins_at(&self, next: u64) -> Option<(u64, u64)> {
        let mut state = self.state.lock();
        let (first, last) = (state.held.max(state.missed_to) + 1, next.checked_sub(1)?);
        if first > last {
            return None;
        }
        state.missed += last + 1 - first;
        state.missed_to = last;
        Some((first, last))
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
        {
            let (mut state, at) = (status.state.lock(), position.sequence());
            (state.delivered, state.settled, state.held) = (at, at, at);
        }
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
            self.status.begins_at(page.first());
            tracing::error!(
                outlet = self.status.name(),
                after = position.sequence(),
                next = page.first(),
                "the audit trail no longer has the place that this outlet had come to; it goes on with what there is"
            );
        }
        self.status.state.lock().held = page.end.sequence();
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
                let since = *self.failing_since.get_or_insert(now);
                self.status.state.lock().failure = Some((error.to_string(), since));
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
        match self.cursor.save(position, memory).await {
            Ok(()) => self.status.state.lock().settled = position.sequence(),
            Err(error) => {
                tracing::warn!(outlet = self.status.name(), %error, "how far deliveries have come cannot be written down");
            }
        }
    }
}

#[cfg(test)]
mod tests;
