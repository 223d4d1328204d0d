//! How long to wait before trying again.

use std::time::Duration;

use uuid::Uuid;

/// The first wait, at most.
const FIRST: Duration = Duration::from_millis(500);

/// The longest wait.
const LONGEST: Duration = Duration::from_mins(1);

/// Waits that double, each shortened by up to a half so that those who failed together do not come back together.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure.
    pub(crate) fn after_failure(&mut self) -> Duration {
        let doubled = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        // Evenly spread is all that is asked of it.
        let share = u32::from_le_bytes(Uuid::new_v4().into_bytes()[..4].try_into().unwrap_or_default());
        doubled.div_f64(1.0 + f64::from(share) / f64::from(u32::MAX))
    }

    /// Begins anew after a success.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_are_spread() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..40).map(|_| backoff.after_failure()).collect();
        let mut most = FIRST;
        for wait in &waits {
            assert!(*wait <= most && *wait >= most / 2, "{wait:?} of {most:?}");
            most = (most * 2).min(LONGEST);
        }
        let late: std::collections::BTreeSet<_> = waits[20..].iter().collect();
        assert!(late.len() > 10, "they are spread: {late:?}");
        backoff.reset();
        assert!(backoff.after_failure() <= FIRST);
    }
}
