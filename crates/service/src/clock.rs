//! The policy clock: the time that decisions and records use.
//!
//! Signatures are checked against the machine's clock, which no test may move; everything that an operation
//! decides or stamps uses this one, so that a development server can turn it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where operations get the time from.
pub trait Clock: Send + Sync + 'static {
    /// The time since the Unix epoch.
    fn now(&self) -> Duration;

    /// Learns that this time was reached for certain: it never runs behind that.
    fn reached(&self, _time: Duration) {}

    /// Learns that what was reached was wrong: the operator says that it is as late as the machine says.
    fn correct(&self) {}
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO)
    }
}

/// The machine's clock, never behind the time that was last known for certain: a clock that is set back lets nothing that is
/// over begin again.
#[derive(Debug, Default)]
pub struct SteadyClock(std::sync::atomic::AtomicU64);

impl Clock for SteadyClock {
    fn now(&self) -> Duration {
        let reached = self.0.load(std::sync::atomic::Ordering::Acquire);
        SystemClock.now().max(Duration::from_millis(reached))
    }

    fn reached(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.0.fetch_max(millis, std::sync::atomic::Ordering::AcqRel);
    }

    fn correct(&self) {
        self.0.store(0, std::sync::atomic::Ordering::Release);
    }
}

/// The machine's clock, run ahead as far as somebody moved it: how a development server shows what time will bring.
#[derive(Debug, Default)]
pub struct MovableClock(std::sync::atomic::AtomicU64);

impl MovableClock {
    /// Moves the clock on, from wherever it is; milliseconds are kept. Time never runs backwards.
    pub fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let ahead = |ahead: u64| Some(ahead.saturating_add(millis));
        let order = std::sync::atomic::Ordering::AcqRel;
        // It is always moved.
        let _ = self.0.fetch_update(order, std::sync::atomic::Ordering::Acquire, ahead);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Duration {
        let ahead = Duration::from_millis(self.0.load(std::sync::atomic::Ordering::Acquire));
        SystemClock.now().saturating_add(ahead)
    }
}

/// A clock that stands where it is put; for tests and repeatable runs.
#[derive(Debug, Default)]
pub struct FixedClock(std::sync::atomic::AtomicU64);

impl FixedClock {
    /// A clock that stands at `now`, counted from the Unix epoch; milliseconds are kept.
    pub fn at(now: Duration) -> Self {
        let clock = Self::default();
        clock.set(now);
        clock
    }

    /// Moves the clock to `now`.
    pub fn set(&self, now: Duration) {
        let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        self.0.store(millis, std::sync::atomic::Ordering::Release);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(std::sync::atomic::Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_clock_does_not_run_behind_what_was_reached() {
        let clock = SteadyClock::default();
        let later = Duration::from_secs(clock.now().as_secs() + 3600);
        clock.reached(later);
        clock.reached(Duration::ZERO);
        assert_eq!(clock.now(), later);
        clock.correct();
        assert!(clock.now() < later);
    }

    #[test]
    fn a_movable_clock_runs_ahead_and_never_back() {
        let clock = MovableClock::default();
        let before = clock.now();
        for by in [Duration::from_hours(1), Duration::ZERO, Duration::from_hours(1)] {
            clock.advance(by);
        }
        let after = clock.now();
        assert!(after >= before + Duration::from_hours(2) && after < before + Duration::from_hours(3));
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert!(clock.now() > after);
    }
}
