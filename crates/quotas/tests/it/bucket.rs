//! Buckets: what one interval lets through, and what many do.

use std::time::Duration;

use proptest::prelude::*;
use trent_names::Region;
use trent_quotas::{Amount, Bucket, Limit, Quota};

fn limit(rate: &str) -> Limit {
    Limit::of_rate(rate.parse().expect("an amount")).expect("a limit")
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// REF-224
#[test]
fn slow_rates_are_intervals() {
    for (rate, interval) in [("0.25", 4.0), ("0.5", 2.0), ("0.1", 10.0)] {
        let (limit, bucket) = (limit(rate), Bucket::default());
        assert_eq!((limit.requests(), limit.interval()), (1, seconds(interval)));
        // Wherever in a second the first one falls.
        let first = 1000.7;
        assert!(bucket.take(limit, 1, seconds(first)));
        for later in [0.0, 1.0, interval - 0.001] {
            assert!(!bucket.take(limit, 1, seconds(first + later)), "{rate} after {later} s");
        }
        assert!(bucket.take(limit, 1, seconds(first + interval)));
        assert!(!bucket.take(limit, 1, seconds(first + interval + 0.5)));
    }
}

/// Whatever is not let through takes no room.
///
/// REF-252
#[test]
fn all_further_requests_of_an_interval_are_refused() {
    let (limit, bucket) = (limit("2000"), Bucket::default());
    for _ in 0..2000 {
        assert!(bucket.take(limit, 1, seconds(5.0)));
    }
    for millisecond in 0..1000 {
        let now = seconds(5.0) + Duration::from_millis(millisecond);
        assert!(!bucket.take(limit, 1, now), "{now:?}");
        assert_eq!(bucket.used(limit, now), 2000);
    }
    assert!(bucket.take(limit, 1, seconds(6.0)));
    assert_eq!(bucket.used(limit, seconds(6.5)), 1);
    assert_eq!(bucket.used(limit, seconds(7.0)), 0);
}

/// REF-232, REF-233, REF-234
#[test]
fn the_worked_examples_of_shared_quotas() {
    let taken = |limit: Limit, calls: &[u32]| {
        let bucket = Bucket::default();
        let let_through = calls.iter().map(|calls| {
            let passed = (0..*calls).filter(|_| bucket.take(limit, 1, seconds(1.0))).count();
            u32::try_from(passed).expect("few calls")
        });
        (let_through.collect::<Vec<_>>(), bucket.take(limit, 1, seconds(1.999)))
    };
    let london: Region = "eu-west-2".parse().expect("a Region");
    let default = |quota: Quota| Limit::of_rate(quota.default_in(&london)).expect("a limit");
    // GenerateDataKey and Decrypt or Encrypt with symmetric keys.
    assert_eq!(
        taken(default(Quota::SYMMETRIC), &[7000, 2000]),
        (vec![7000, 2000], true)
    );
    assert_eq!(
        taken(default(Quota::SYMMETRIC), &[9500, 1000]),
        (vec![9500, 500], false)
    );
    // Encrypt, Decrypt, Sign and Verify with RSA keys.
    assert_eq!(
        taken(default(Quota::RSA), &[200, 100, 50, 150]),
        (vec![200, 100, 50, 150], false)
    );
    // Sign and Verify with keys on curves; then all four with SM2 keys.
    assert_eq!(taken(default(Quota::ECC), &[100, 200]), (vec![100, 200], false));
    assert_eq!(
        taken(default(Quota::ECC), &[100, 100, 50, 50]),
        (vec![100, 100, 50, 50], false)
    );
}

#[test]
fn several_requests_are_taken_together_or_not_at_all() {
    let (limit, bucket) = (limit("5"), Bucket::default());
    assert!(bucket.take(limit, 2, seconds(1.0)));
    assert!(bucket.take(limit, 2, seconds(1.1)));
    assert!(!bucket.take(limit, 2, seconds(1.2)));
    assert!(bucket.take(limit, 1, seconds(1.3)));
    assert!(!bucket.take(limit, 1, seconds(1.4)));
    bucket.give_back(1);
    assert!(bucket.take(limit, 1, seconds(1.5)));
    // More than there ever is room for is a whole interval's.
    assert!(bucket.take(self::limit("1"), 2, seconds(9.0)));
    assert!(!bucket.take(self::limit("0"), 1, seconds(20.0)));
}

#[test]
fn threads_share_a_bucket_exactly() {
    let (limit, bucket) = (limit("50000"), Bucket::default());
    let passed: usize = std::thread::scope(|threads| {
        let workers: Vec<_> = (0..8)
            .map(|_| threads.spawn(|| (0..10_000).filter(|_| bucket.take(limit, 1, seconds(3.0))).count()))
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("a thread")).sum()
    });
    assert_eq!(passed, 50_000);
}

proptest! {
    /// Whoever asks more often than the rate allows, evenly or not, is let through as often as it says, exact to a
    /// hundredth; no interval of the rate's length that begins with a request lets more through.
    #[test]
    fn what_is_let_through_is_the_rate(
        rate in 100_u64..20_000,
        excess in 2_u64..6,
        jitter in proptest::collection::vec(0_u64..100, 16),
    ) {
        let limit = Limit::of_rate(Amount::whole(rate)).expect("a limit");
        let (bucket, whole) = (Bucket::default(), 5_u64);
        let gap = 1_000_000 / (rate * excess);
        let (mut now, mut passed, mut at) = (0_u64, Vec::new(), 0);
        while now < whole * 1_000_000 {
            if bucket.take(limit, 1, Duration::from_micros(now)) {
                passed.push(now);
            }
            at = (at + 1) % jitter.len();
            now += (gap * (50 + jitter[at]) / 100).max(1);
        }
        let expected = rate * whole;
        let passed_count = passed.len() as u64;
        prop_assert!(passed_count.abs_diff(expected) * 100 <= expected, "{passed_count} of {expected}");
        for (place, began) in passed.iter().enumerate().step_by(usize::try_from(rate).expect("small")) {
            let within = passed[place..].iter().take_while(|moment| *moment - began < 999_900).count() as u64;
            prop_assert!(within <= rate);
        }
    }

    /// Whoever keeps to the rate is never refused.
    #[test]
    fn who_keeps_to_the_rate_is_let_through(rate in 1_u64..5000, start in 0_u64..10_000_000) {
        let limit = Limit::of_rate(Amount::whole(rate)).expect("a limit");
        let bucket = Bucket::default();
        // Rounded up, as a client that waits does.
        let gap = 1_000_000_u64.div_ceil(rate) + 1;
        for request in 0..rate * 3 {
            prop_assert!(bucket.take(limit, 1, Duration::from_micros(start + request * gap)));
        }
    }

    /// Any rate is so many in so many whole seconds, exactly.
    #[test]
    fn a_limit_is_its_rate(thousandths in 1_u64..4_000_000_000) {
        if let Some(limit) = Limit::of_rate(Amount::thousandths(thousandths)) {
            prop_assert_eq!(limit.requests() * 1000, thousandths * limit.interval().as_secs());
        } else {
            prop_assert!(thousandths > 4_000_000);
        }
    }
}
