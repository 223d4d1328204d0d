//! Points in time: ISO 8601 as the W3C profiles it, or seconds since 1970 (IAM User Guide, "Date condition operators").

/// Nanoseconds in a second.
const NANOS: i128 = 1_000_000_000;

/// A point in time, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(i128);

/// Reads a point in time. Four digits are a year; any other plain number is seconds since 1970. A time without a zone
/// is in UTC. What is smaller than a nanosecond is cut.
pub(crate) fn instant(text: &str) -> Option<Instant> {
    if let Some(epoch) = epoch(text) {
        return Some(epoch);
    }
    let mut text = Cursor(text);
    let year = text.digits(4)?;
    let month = if text.take('-') { Some(text.digits(2)?) } else { None };
    let day = if month.is_some() && text.take('-') {
        text.digits(2)?
    } else {
        1
    };
    let month = month.unwrap_or(1);
    let mut nanos = i128::from(days(year, month, day)?) * 86_400 * NANOS;
    if text.take('T') || text.take('t') {
        nanos += time(&mut text)?;
    }
    text.0.is_empty().then_some(Instant(nanos))
}

/// `hh:mm`, `hh:mm:ss` or `hh:mm:ss.s`, and a zone.
fn time(text: &mut Cursor<'_>) -> Option<i128> {
    let hours = text.digits(2)?;
    let minutes = text.take(':').then(|| text.digits(2))??;
    let mut seconds = 0;
    let mut fraction = 0;
    if text.take(':') {
        seconds = text.digits(2)?;
        if text.take('.') {
            fraction = text.fraction()?;
        }
    }
    // A leap second is the first of the next minute.
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let offset = zone(text)?;
    Some(i128::from((hours * 60 + minutes - offset) * 60 + seconds) * NANOS + i128::from(fraction))
}

/// `Z`, or an offset, in minutes east of Greenwich.
fn zone(text: &mut Cursor<'_>) -> Option<i64> {
    let sign = if text.0.is_empty() || text.take('Z') || text.take('z') {
        return Some(0);
    } else if text.take('+') {
        1
    } else if text.take('-') {
        -1
    } else {
        return None;
    };
    let hours = text.digits(2)?;
    let colon = text.take(':');
    let minutes = if colon || !text.0.is_empty() {
        text.digits(2)?
    } else {
        0
    };
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
}

/// Seconds since 1970, with an optional fraction.
fn epoch(text: &str) -> Option<Instant> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let year = !negative && text.len() == 4;
    if year || whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut fraction = Cursor(fraction);
    let nanos = i128::from(fraction.fraction()?);
    // Longer than any time that can be told.
    let whole: i64 = whole.parse().ok()?;
    let nanos = i128::from(whole) * NANOS + nanos;
    fraction
        .0
        .is_empty()
        .then_some(Instant(if negative { -nanos } else { nanos }))
}

/// Days since 1970 in the Gregorian calendar, if there is such a day.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin in March put the leap day last; eras of 400 years repeat.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

struct Cursor<'a>(&'a str);

impl Cursor<'_> {
    fn take(&mut self, character: char) -> bool {
        match self.0.strip_prefix(character) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// Exactly so many digits.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let digits = self.0.get(..count)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.0 = &self.0[count..];
        digits.parse().ok()
    }

    /// One digit or more behind a decimal point, as nanoseconds.
    fn fraction(&mut self) -> Option<i64> {
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        let padded = digits.bytes().chain(std::iter::repeat(b'0')).take(9);
        (length > 0).then(|| padded.fold(0, |nanos, digit| nanos * 10 + i64::from(digit - b'0')))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn one_instant_has_many_spellings() {
        for group in [
            &[
                "2018-12-31T11:59:59Z",
                "1546257599",
                "1546257599.0",
                "2018-12-31T12:59:59+01:00",
                "2018-12-31t06:59:59.000-0500",
                "2018-12-31T11:59:59",
                "2018-12-30T12:59:59-23",
                "2018-12-31T17:29:59+05:30",
                "2018-12-31T08:29:59-0330",
            ][..],
            &[
                "2020",
                "2020-01",
                "2020-01-01",
                "2020-01-01T00:00Z",
                "2019-12-31T23:59:60Z",
                "1577836800",
            ],
            &["1970-01-01T00:00:00Z", "0", "-0"],
            &["1969-12-31T23:59:58.5Z", "-1.5"],
            &["2024-02-29T00:00:00.123456789Z", "1709164800.1234567891"],
        ] {
            for text in group {
                assert_eq!(instant(text).unwrap(), instant(group[0]).unwrap(), "{text}");
            }
        }
    }

    #[test]
    fn days_are_counted_right() {
        for (text, seconds) in [
            ("0000-03-01", -62_162_035_200_i128),
            ("1900-03-01", -2_203_891_200),
            ("2000-02-29", 951_782_400),
            ("2000-03-01", 951_868_800),
            ("2100-02-28", 4_107_456_000),
            ("2100-03-01", 4_107_542_400),
            ("9999-12-31", 253_402_214_400),
        ] {
            assert_eq!(instant(text), Some(Instant(seconds * NANOS)), "{text}");
        }
        assert!(instant("2020-01-01T00:00:00.000000001Z") > instant("2020-01-01"));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "b",
            "sdfdsf",
            "234-13",
            "2020-13",
            "2020-00",
            "2020-02-30",
            "2021-02-29",
            "2100-02-29",
            "2020-01-32",
            "2020-04-31",
            "2020-06-31",
            "2020-09-31",
            "2020-11-31",
            "2020-1-1",
            "2020-01-01T",
            "2020-01-01T1",
            "2020-01-01T10",
            "2020-01-01T24:00Z",
            "2020-01-01T10:60Z",
            "2020-01-01T10:00:61Z",
            "2020-01-01T10:00:00.Z",
            "2020-01-01T10:00:00+",
            "2020-01-01T10:00:00+24",
            "2020-01-01T10:00:00+01:60",
            "2020-01-01T10:00:00ZZ",
            "2020-01-01 10:00:00Z",
            "2020-01-01x",
            "9223372036854775808",
            "1.",
            ".5",
            "--1",
            "1e5",
            "-",
            "2020-01-01T10:00:00+1",
            "2016-12-13t2:00:00.593194+1",
            "٢٠٢٠",
        ] {
            assert_eq!(instant(text), None, "{text:?}");
        }
    }
}
