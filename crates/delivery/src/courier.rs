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

/// How often the place is written down at most, but for an outlet that waits for it.
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
    /// Held while records are read for it: who removed some knows afterwards whether they were read before.
    reading: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Default)]
struct State {
    delivered: u64,
    settled: u64,
    /// Why it takes nothing, and since when.
    failure: Option<(String, Instant)>,
    /// The last record that is in memory for it: it needs nothing up to there from the trail.
    held: u64,
    missed: Missed,
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

    /// How many records it will never get, since it was set up.
    pub fn missed(&self) -> u64 {
        self.state.lock().missed.all()
    }

    /// Told that record `next` is the first that the trail still has. Tells which ones the outlet misses, the first and the
    /// last of each row of them, as far as that was not told before.
    pub async fn begins_at(&self, next: u64) -> Vec<(u64, u64)> {
        let _nobody_reads = self.reading.lock().await;
        let mut state = self.state.lock();
        state.miss_up_to(next);
        std::mem::take(&mut state.missed.untold)
    }
}

impl State {
    /// Notes as missed what comes before a record and is neither in memory nor known to be missing.
    fn miss_up_to(&mut self, next: u64) {
        let first = self.held.max(self.missed.last()) + 1;
        if first < next {
            self.missed.add(first, next - 1);
        }
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
            reading: Arc::default(),
        };
        {
            let (mut state, at) = (status.state.lock(), position.sequence());
            (state.delivered, state.settled, state.held) = (at, at, at);
            state.missed.behind = cursor.missed();
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
        if let Err(error) = self.save().await {
            tracing::warn!(outlet = self.status.name(), %error, "what was delivered last is delivered again");
        }
    }

    async fn bring(&mut self) {
        loop {
            match self.read().await {
                Ok(page) if page.entries.is_empty() => {
                    self.position = page.end;
                    let outcome = match self.outlet.idle().await {
                        Ok(()) => self.go_on().await,
                        failure => failure,
                    };
                    self.settle(outcome).await;
                    tokio::time::sleep(INTERVAL).await;
                }
                Ok(page) => self.take(page).await,
                // A segment was closed just now: it is there under another name.
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => tokio::time::sleep(INTERVAL).await,
                Err(error) => {
                    let failure = Undelivered(format!("the audit trail cannot be read: {error}"));
                    self.settle(Err(failure)).await;
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
        let _reading = self.status.reading.lock().await;
        let page = tokio::task::spawn_blocking(move || trail.read_behind(&position, PAGE));
        let page = page.await.map_err(std::io::Error::other)??;
        if page.gap {
            self.status.state.lock().miss_up_to(page.first());
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
            let outcome = match taken.failure {
                None => self.go_on().await,
                Some(failure) => Err(failure),
            };
            self.settle(outcome).await;
        }
        self.position = page.end;
    }

    /// Has an outlet go on that waits for what it has to remember to be written down.
    async fn go_on(&mut self) -> Result<(), Undelivered> {
        if !self.outlet.awaits_saving() {
            return Ok(());
        }
        self.save().await?;
        self.outlet.saved().await
    }

    /// Notes how it went, now and then in the store as well, and waits after a failure.
    async fn settle(&mut self, outcome: Result<(), Undelivered>) {
        self.status.state.lock().delivered = self.position.sequence();
        self.save_now_and_then().await;
        let name = self.status.name();
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

    /// Writes down how far the outlet has come, unless that was done just now.
    async fn save_now_and_then(&mut self) {
        if self.saved.elapsed() >= SAVE_INTERVAL
            && let Err(error) = self.save().await
        {
            tracing::warn!(outlet = self.status.name(), %error, "deliveries go on");
        }
    }

    /// Writes down how far the outlet has come, if that is news. As long as it cannot be, what comes after is brought again
    /// after a restart.
    async fn save(&mut self) -> Result<(), Undelivered> {
        self.saved = Instant::now();
        let position = self.outlet.settled().unwrap_or(self.position);
        let missed = self.status.state.lock().missed.before(position.sequence());
        let saved = self.cursor.save(position, self.outlet.memory(), missed).await;
        saved.map_err(|error| Undelivered(format!("how far deliveries have come cannot be written down: {error}")))?;
        self.status.state.lock().settled = position.sequence();
        Ok(())
    }
}

/// The records that an outlet will never get.
#[derive(Debug, Default)]
struct Missed {
    /// How many there are before the place that was written down, and so for good.
    behind: u64,
    /// The first and the last ones of those after it. After a restart they are found missing again.
    ahead: Vec<(u64, u64)>,
    /// Those that nobody was told of.
    untold: Vec<(u64, u64)>,
}

impl Missed {
    fn add(&mut self, first: u64, last: u64) {
        for rows in [&mut self.ahead, &mut self.untold] {
            match rows.last_mut() {
                Some(before) if before.1 + 1 == first => before.1 = last,
                _ => rows.push((first, last)),
            }
        }
    }

    fn all(&self) -> u64 {
        let ahead = self.ahead.iter().map(|(first, last)| last + 1 - first);
        self.behind + ahead.sum::<u64>()
    }

    /// The last one that is known to be missing.
    fn last(&self) -> u64 {
        self.ahead.last().map_or(0, |(_, last)| *last)
    }

    /// How many come before a place, which is never left for one before it.
    fn before(&mut self, sequence: u64) -> u64 {
        while let Some((first, last)) = self.ahead.first().copied().filter(|(_, last)| *last <= sequence) {
            self.behind += last + 1 - first;
            self.ahead.remove(0);
        }
        self.behind
    }
}

#[cfg(test)]
mod tests;
