//! The guard of the clock: whether what time says may be believed enough to destroy something.
//!
//! Keys are deleted by the calendar, and a calendar that is wrong for a minute must not destroy one. So three clocks have to
//! agree within [`TOLERANCE`]: the wall clock, the time since boot, which nobody sets, and the mark that the store keeps of
//! how far the wall clock had come. While they do not, work is done no further than the slower of the first two, and
//! nothing is destroyed. If the server was down while a deletion fell due, nobody could have cancelled it in that time: it
//! waits for the operator's word.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use trent_store::{CommitError, GlobalStore, Sealed, StoreError};

use crate::clock::Clock;

/// How far the clocks may be apart.
const TOLERANCE: Duration = Duration::from_mins(1);

/// How often the store's mark is moved on.
const MARK_EVERY: Duration = Duration::from_secs(20);

/// How often the wall clock is taken as the new measure while the clocks agree, so that small corrections do not add up to a
/// difference.
const ANCHOR_EVERY: Duration = Duration::from_hours(1);

/// Why nothing is destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Held {
    /// The wall clock and the time since boot are apart.
    #[error("the clock was set by {} seconds while the server ran", .0 / 1000)]
    Jumped(i64),
    /// The server was down at that time.
    #[error("the server was down when it fell due")]
    Down,
}

/// The time since some fixed moment, which nobody sets.
pub type Elapsed = Box<dyn Fn() -> Duration + Send + Sync>;

/// Tells how far the clock may be believed.
pub struct ClockGuard {
    clock: Arc<dyn Clock>,
    elapsed: Option<Elapsed>,
    store: Option<GlobalStore>,
    marked: AtomicI64,
    state: Mutex<State>,
}

struct State {
    anchor: Anchor,
    /// From behind the one to the other the server was down, in milliseconds since the Unix epoch; the operator has not
    /// confirmed it.
    down: Option<(i64, i64)>,
}

/// A moment on both clocks.
#[derive(Clone, Copy)]
struct Anchor {
    wall: i64,
    elapsed: Duration,
}

impl ClockGuard {
    /// Believes whatever `clock` says: that of a development server is there to be moved.
    pub fn trusting(clock: Arc<dyn Clock>) -> Self {
        Self::new(clock, None, None)
    }

    /// The guard of a server that starts: reads how far the clock had come when the last one stopped. `elapsed` is the time
    /// since boot, suspension included.
    pub async fn open(store: &Sealed, clock: Arc<dyn Clock>, elapsed: Elapsed) -> Result<Self, StoreError> {
        let store = store.global();
        let mark = store.clock_mark().await?;
        let guard = Self::new(clock, Some(elapsed), Some(store));
        if let Some(from) = mark {
            guard.clock.reached(Duration::from_millis(from.unsigned_abs()));
            let to = guard.wall();
            guard.marked.store(from, Ordering::Release);
            if to.saturating_sub(from) > millis(TOLERANCE) {
                guard.state().down = Some((from, to));
            }
        }
        Ok(guard)
    }

    fn new(clock: Arc<dyn Clock>, elapsed: Option<Elapsed>, store: Option<GlobalStore>) -> Self {
        let anchor = Anchor {
            wall: millis(clock.now()),
            elapsed: elapsed.as_ref().map_or(Duration::ZERO, |elapsed| elapsed()),
        };
        Self {
            clock,
            elapsed,
            store,
            marked: AtomicI64::new(0),
            state: Mutex::new(State { anchor, down: None }),
        }
    }

    /// The time up to which work that is due is done, in milliseconds since the Unix epoch: the wall clock's, but no later
    /// than the time since boot allows.
    pub fn now(&self) -> i64 {
        let (wall, expected) = self.read();
        wall.min(expected.saturating_add(millis(TOLERANCE)))
    }

    /// Whether something that fell due at `due`, in milliseconds since the Unix epoch, may be destroyed.
    pub fn may_destroy(&self, due: i64) -> Result<(), Held> {
        let (wall, expected) = self.read();
        let apart = wall.saturating_sub(expected);
        if apart.abs() > millis(TOLERANCE) {
            return Err(Held::Jumped(apart));
        }
        match self.state().down {
            Some((from, to)) if from < due && due <= to => Err(Held::Down),
            _ => Ok(()),
        }
    }

    /// Why something may be held, if anything may be.
    pub fn held(&self) -> Option<Held> {
        let down = self.state().down;
        self.may_destroy(i64::MIN).err().or(down.map(|_| Held::Down))
    }

    /// The time in which the server was down and which is not confirmed: behind the first moment up to the second, in
    /// milliseconds since the Unix epoch.
    pub fn down(&self) -> Option<(i64, i64)> {
        self.state().down
    }

    /// Nothing that is to be destroyed fell due while the server was down: there is nothing to confirm.
    pub fn pass_over_down_time(&self) {
        self.state().down = None;
    }

    /// The operator says that the clock is right as it is, were it behind what was reached before, and that what fell due
    /// meanwhile is to be done.
    pub fn confirm(&self) {
        self.clock.correct();
        self.marked.store(0, Ordering::Release);
        let wall = self.wall();
        let mut state = self.state();
        state.anchor = self.anchor(wall);
        state.down = None;
    }

    /// Moves the store's mark on, now and then, while the clocks agree.
    pub async fn mark(&self) -> Result<(), CommitError> {
        let Some(store) = &self.store else { return Ok(()) };
        let wall = self.wall();
        let due = self.marked.load(Ordering::Acquire).saturating_add(millis(MARK_EVERY));
        // What was down is remembered until it is confirmed: a restart must not make it forgotten.
        if wall < due || self.held().is_some() {
            return Ok(());
        }
        store.mark_clock(wall).await?;
        self.marked.store(wall, Ordering::Release);
        self.clock.reached(Duration::from_millis(wall.unsigned_abs()));
        Ok(())
    }

    /// What the wall clock says and what it should say by the time since boot.
    fn read(&self) -> (i64, i64) {
        let wall = self.wall();
        let Some(elapsed) = &self.elapsed else {
            return (wall, wall);
        };
        let mut state = self.state();
        let since = elapsed().saturating_sub(state.anchor.elapsed);
        let expected = state.anchor.wall.saturating_add(millis(since));
        if since >= ANCHOR_EVERY && (wall - expected).abs() <= millis(TOLERANCE) {
            state.anchor = self.anchor(wall);
        }
        (wall, expected)
    }

    fn anchor(&self, wall: i64) -> Anchor {
        Anchor {
            wall,
            elapsed: self.elapsed.as_ref().map_or(Duration::ZERO, |elapsed| elapsed()),
        }
    }

    fn wall(&self) -> i64 {
        millis(self.clock.now())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
