use proptest::prelude::*;
use trent_crypto::identity::MaterialId;
use trent_crypto::spec::{KeySpec, KeyUsage};

use super::*;
use crate::keys::fixture;
use crate::records::{MaterialRecord, Rotated, RotationKind};

/// The day that a moment is on, as (year, month, day): the proleptic Gregorian calendar, walked year by year and month by
/// month so that it has nothing in common with the code under test.
fn date(at: i64) -> (i32, u32, i64) {
    let leap = |year: i32| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let (mut year, mut day) = (1970, at.div_euclid(DAY));
    while day >= 365 + i64::from(leap(year)) {
        day -= 365 + i64::from(leap(year));
        year += 1;
    }
    let february = 28 + i64::from(leap(year));
    for (month, days) in (1..).zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
        if day < days {
            return (year, month, day + 1);
        }
        day -= days;
    }
    unreachable!("a year has twelve months")
}

/// 15 March 2022, 09:30 UTC.
const ENABLED: i64 = 1_647_336_600_000;

/// The guide's own example; it calls the third date 15 March, but 365 days later is the day before in a leap year.
///
/// KEY-396
#[test]
fn days_are_counted_from_when_rotation_was_switched_on() {
    assert_eq!(date(ENABLED), (2022, 3, 15));
    let mut calendar = AutomaticRotation::from_now(ENABLED, YEAR);
    let mut dates = Vec::new();
    for _ in 0..4 {
        dates.push(date(calendar.next));
        // The runner comes a little after the moment; the calendar does not move with it.
        calendar = calendar.carried_out(calendar.next + 1_234);
    }
    assert_eq!(dates, [(2023, 3, 15), (2024, 3, 14), (2025, 3, 14), (2026, 3, 14)]);
    assert_eq!(calendar.next, ENABLED + 5 * 365 * DAY, "and to the millisecond");
}

/// An example of today's service: 730 days, the next of them 14 April 2024.
///
/// KEY-416
#[test]
fn every_period_is_as_long_as_the_last() {
    let scheduled = AutomaticRotation {
        period_days: 730,
        next: 1_713_052_800_000,
    };
    assert_eq!(date(scheduled.next), (2024, 4, 14));
    let after = scheduled.carried_out(scheduled.next);
    assert_eq!((after.period_days, date(after.next)), (730, (2026, 4, 14)));
}

/// KEY-404, KEY-405
#[test]
fn aws_managed_keys_rotate_a_year_after_they_last_did() {
    let mut record = fixture::record(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt);
    record.created = ENABLED;
    assert_eq!(record.calendar(), None, "other keys rotate if somebody switches it on");
    record.manager = Manager::Aws;
    assert_eq!(record.calendar(), Some(AutomaticRotation::from_now(ENABLED, 365)));
    // As a key of the older calendar: three years passed before it rotated.
    let rotated = ENABLED + 1_095 * DAY;
    record.materials = vec![MaterialRecord {
        rotated: Some(Rotated {
            at: rotated,
            how: RotationKind::Automatic,
        }),
        ..MaterialRecord::new(MaterialId([1; 32]), vec![1], rotated)
    }];
    assert_eq!(record.calendar(), Some(AutomaticRotation::from_now(rotated, 365)));
}

proptest! {
    /// Whatever the period and however late the rotation: the next one is later than this one by a whole period, but for
    /// the little that this one came late; and a day has 24 hours across every leap day.
    ///
    /// KEY-400
    #[test]
    fn one_rotation_makes_up_for_all_that_were_missed(
        enabled in 0..4_000_000_000_000_i64,
        period in 90..=2560_i32,
        late in prop_oneof![0..=2 * DAY, 0..=9_000 * DAY],
    ) {
        let length = i64::from(period) * DAY;
        let calendar = AutomaticRotation::from_now(enabled, period);
        prop_assert_eq!(calendar.next - enabled, length);
        let done = calendar.next + late;
        let after = calendar.carried_out(done);
        prop_assert_eq!(after.period_days, period);
        prop_assert!(after.next > done, "none is left over to be made up for");
        let expected = if late <= LATE { calendar.next } else { done };
        prop_assert_eq!(after.next, expected + length);
    }

    /// KEY-403
    #[test]
    fn the_calendar_begins_anew_whenever_rotation_is_switched_on(
        first in 0..2_000_000_000_000_i64,
        pause in 0..2_000_000_000_000_i64,
        period in 90..=2560_i32,
    ) {
        let again = AutomaticRotation::from_now(first + pause, period);
        prop_assert_eq!(again.next, first + pause + i64::from(period) * DAY);
        prop_assert!(again.next > first + pause);
    }
}
