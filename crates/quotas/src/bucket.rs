//! Where requests are counted: so many in an interval that the first of them begins.
//!
//! A bucket has no tokens that trickle in. The guide counts the requests of an interval and refuses all further ones until it
//! is over, and it states slow rates as intervals: one in four seconds. An interval begins with a request, not with the
//! clock, so one request is never followed by another sooner than the rate allows, and a client that keeps on asking is let
//! through exactly as often as the rate says.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::Amount;

/// Bits of a bucket's word that count requests; the others say when the interval began.
const COUNT_BITS: u32 = 22;

/// The most that is counted in one interval.
const MOST: u64 = (1 << COUNT_BITS) - 1;

/// The unit in which intervals are measured: a ten thousandth of a second. What is left of a word is fourteen years of them.
const TICKS_PER_SECOND: u64 = 10_000;

/// So many requests in so long an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    requests: u64,
    ticks: u64,
}

impl Limit {
    /// The limit that a rate of requests a second is: as many as are a whole number, in as many seconds. Five a second are
    /// five in one second, a quarter of one is one in four. None where there is no limit, or a higher one than is counted.
    pub const fn of_rate(rate: Amount) -> Option<Self> {
        let thousandths = rate.in_thousandths();
        let divisor = greatest_common_divisor(thousandths, 1000);
        let (requests, seconds) = (thousandths / divisor, 1000 / divisor);
        if requests > MOST {
            return None;
        }
        Some(Self {
            requests,
            ticks: seconds * TICKS_PER_SECOND,
        })
    }

    /// The requests of one interval.
    pub const fn requests(self) -> u64 {
        self.requests
    }

    /// How long an interval is.
    pub const fn interval(self) -> Duration {
        Duration::from_secs(self.ticks / TICKS_PER_SECOND)
    }
}

const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// What was let through in the present interval. Many threads may charge it at once; none waits for another.
#[derive(Debug, Default)]
pub struct Bucket(AtomicU64);

impl Bucket {
    /// Counts requests if the interval has room for all of them, and answers whether it has. `now` is the time since any
    /// fixed moment, by a clock that does not go backwards. More requests than an interval ever has room for count as a
    /// whole interval's.
    pub fn take(&self, limit: Limit, requests: u32, now: Duration) -> bool {
        let (requests, now) = (u64::from(requests).min(limit.requests), ticks(now));
        if limit.requests == 0 {
            return false;
        }
        self.change(|began, count| match elapsed(began, count, now) {
            // Nobody was let through since the interval ended: a new one begins.
            elapsed if count == 0 || elapsed >= limit.ticks => Some((now, requests)),
            _ if count + requests <= limit.requests => Some((began, count + requests)),
            _ => None,
        })
    }

    /// Undoes a [`Bucket::take`], whose request another bucket had no room for.
    pub fn give_back(&self, requests: u32) {
        self.change(|began, count| Some((began, count.saturating_sub(u64::from(requests)))));
    }

    /// How many requests there were in the interval that is not over yet.
    pub fn used(&self, limit: Limit, now: Duration) -> u64 {
        let (began, count) = parts(self.0.load(Ordering::Relaxed));
        if elapsed(began, count, ticks(now)) < limit.ticks {
            count
        } else {
            0
        }
    }

    fn change(&self, next: impl Fn(u64, u64) -> Option<(u64, u64)>) -> bool {
        let changed = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
            let (began, count) = parts(word);
            next(began, count).map(|(began, count)| began << COUNT_BITS | count)
        });
        changed.is_ok()
    }
}

const fn parts(word: u64) -> (u64, u64) {
    (word >> COUNT_BITS, word & MOST)
}

/// How long ago an interval began. One that another thread begins a moment later began now.
const fn elapsed(began: u64, count: u64, now: u64) -> u64 {
    if count == 0 {
        return u64::MAX;
    }
    now.saturating_sub(began)
}

fn ticks(time: Duration) -> u64 {
    time.as_secs() * TICKS_PER_SECOND + u64::from(time.subsec_micros()) / 100
}
