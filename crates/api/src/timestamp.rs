//! Points in time: epoch seconds with a fraction in JSON, ISO 8601 in XML and in queries.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since the epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// A point in time by its milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// A point in time by its whole seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Reads a count of seconds with a fraction; what is finer than milliseconds is rounded.
    pub(crate) fn from_fractional_seconds(seconds: f64) -> Self {
        // The cast saturates, and a date out there breaks whatever rule its operation has.
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds are as fine as it gets")]
        Self((seconds * 1000.0).round() as i64)
    }
}

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// A point in time as ISO 8601 writes it, in UTC: `2026-01-31T09:30:00Z`, with milliseconds if there are any.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date_of(self.0.div_euclid(DAY));
        let rest = self.0.rem_euclid(DAY);
        let (seconds, millis) = (rest / 1000, rest % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if millis > 0 {
            write!(f, ".{millis:03}")?;
        }
        f.write_str("Z")
    }
}

impl Timestamp {
    /// The time as audit records write some dates: `Jan 1, 2021, 8:00:00 PM`, in UTC.
    pub fn in_words(self) -> String {
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let (year, month, day) = date_of(self.0.div_euclid(DAY));
        let seconds = self.0.rem_euclid(DAY) / 1000;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let name = MONTHS.iter().zip(1..).find(|(_, number)| *number == month);
        let name = name.map_or("", |(name, _)| name);
        let half = if hour < 12 { "AM" } else { "PM" };
        let hour = (hour + 11) % 12 + 1;
        format!("{name} {day}, {year}, {hour}:{minute:02}:{second:02} {half}")
    }

    /// Reads ISO 8601 in UTC as clients write it, `2026-01-31T09:30:00Z` with or without a fraction, or a count of
    /// seconds since the epoch.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(seconds) = number(text) {
            return Some(Self::from_seconds(seconds));
        }
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let fields = |text: &str, separator, widths: [usize; 3]| -> Option<[i64; 3]> {
            let mut parts = text.split(separator);
            let mut next = |width| parts.next().filter(|part| part.len() == width).and_then(number);
            let fields = [next(widths[0])?, next(widths[1])?, next(widths[2])?];
            parts.next().is_none().then_some(fields)
        };
        let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let [year, month, day] = fields(date, '-', [4, 2, 2])?;
        let [hour, minute, second] = fields(time, ':', [2, 2, 2])?;
        let days = days_before(year, month, day);
        if date_of(days) != (year, month, day)
            || hour > 23
            || minute > 59
            || second > 59
            || !(1..=9).contains(&fraction.len())
        {
            return None;
        }
        let millis = number(&format!("{fraction:0<9}"))? / 1_000_000;
        Some(Self(days * DAY + ((hour * 60 + minute) * 60 + second) * 1000 + millis))
    }
}

/// A number of digits alone.
fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// The days before the first of March of the year zero, from which years are counted here, so that leap days come last.
const BEFORE_EPOCH: i64 = 719_468;
/// The days of four centuries.
const ERA: i64 = 146_097;

/// The day since the epoch of a date in the Gregorian calendar.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - BEFORE_EPOCH
}

/// The date in the Gregorian calendar of a day since the epoch.
fn date_of(day: i64) -> (i64, i64, i64) {
    let day = day + BEFORE_EPOCH;
    let (era, of_era) = (day.div_euclid(ERA), day.rem_euclid(ERA));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let date = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, date)
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(millis(after)),
            Err(before) => Self(-millis(before.duration())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_8601_goes_both_ways() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2000-02-29T12:34:56Z", 951_827_696_000),
            ("2024-12-31T23:59:59.120Z", 1_735_689_599_120),
            ("2100-03-01T00:00:00Z", 4_107_542_400_000),
        ] {
            assert_eq!(Timestamp(millis).to_string(), text);
            assert_eq!(Timestamp::parse(text), Some(Timestamp(millis)), "{text}");
        }
        assert_eq!(Timestamp::parse("1700000000"), Some(Timestamp(1_700_000_000_000)));
        assert_eq!(
            Timestamp::parse("2024-01-01T00:00:00.5Z"),
            Some(Timestamp(1_704_067_200_500))
        );
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "now",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00",
            "2024-1-1T00:00:00Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T+1:00:00Z",
            "99999999999999999999",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
