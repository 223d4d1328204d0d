//! How many lines there may be, of one source and of all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Instant;

use super::Rate;

/// How many sources are told apart; beyond, they are forgotten and begin anew.
const SOURCES: usize = 4096;

/// What share of the whole one source may take.
const SHARE: u32 = 4;

/// A bucket for all and one for each source, so that one that floods does not hide the others.
pub(super) struct Limit {
    rate: Rate,
    all: Bucket,
    sources: HashMap<Option<IpAddr>, Bucket>,
}

/// Lines that may be written now, in thousandths.
#[derive(Clone, Copy)]
struct Bucket {
    level: u64,
    filled: Option<Instant>,
}

impl Limit {
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            rate,
            all: Bucket::full(rate),
            sources: HashMap::new(),
        }
    }

    /// Whether one more line may be written, about a request from there.
    pub(super) fn allows(&mut self, source: Option<IpAddr>, now: Instant) -> bool {
        let share = Rate {
            per_second: (self.rate.per_second / SHARE).max(1),
            burst: (self.rate.burst / SHARE).max(1),
        };
        if self.sources.len() >= SOURCES && !self.sources.contains_key(&source) {
            self.sources.clear();
        }
        let of_source = self.sources.entry(source).or_insert_with(|| Bucket::full(share));
        of_source.fill(share, now);
        self.all.fill(self.rate, now);
        of_source.has_one() && self.all.has_one() && {
            of_source.take();
            self.all.take();
            true
        }
    }
}

impl Bucket {
    fn full(rate: Rate) -> Self {
        Self {
            level: u64::from(rate.burst) * 1000,
            filled: None,
        }
    }

    fn fill(&mut self, rate: Rate, now: Instant) {
        let since = self
            .filled
            .map_or(0, |filled| now.saturating_duration_since(filled).as_millis());
        let more = u64::try_from(since)
            .unwrap_or(u64::MAX)
            .saturating_mul(rate.per_second.into());
        self.level = self.level.saturating_add(more).min(u64::from(rate.burst) * 1000);
        self.filled = Some(now);
    }

    fn has_one(self) -> bool {
        self.level >= 1000
    }

    fn take(&mut self) {
        self.level -= 1000;
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;

    fn source(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(number).into()
    }

    #[test]
    fn a_source_has_its_share_and_all_together_have_theirs() {
        let mut limit = Limit::new(Rate {
            per_second: 8,
            burst: 40,
        });
        let mut now = Instant::now();
        let mut allowed =
            |from: IpAddr, times: usize, now: Instant| (0..times).filter(|_| limit.allows(Some(from), now)).count();
        assert_eq!(allowed(source(1), 100, now), 10, "a quarter of the burst");
        assert_eq!(allowed(source(2), 5, now), 5, "another one is not hidden");
        now += Duration::from_secs(3);
        assert_eq!(allowed(source(1), 100, now), 6, "two a second");
        let from_everywhere: usize = (10..1000).map(|number| allowed(source(number), 1, now)).sum();
        assert_eq!(from_everywhere, 40 - 6, "all of them have the burst, and no more");
        for number in 0..20_000 {
            allowed(source(number), 1, now);
        }
        assert!(limit.sources.len() <= SOURCES);
    }
}
