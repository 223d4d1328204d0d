//! The two forms of date that a signed request may carry: ISO 8601 basic (`20150830T123600Z`) and the
//! fixed HTTP form of RFC 9110 (`Sun, 30 Aug 2015 12:36:00 GMT`). Read by hand: this runs once per
//! request, and a date library would accept far more than the service does.

use std::fmt;

/// A second in time, as the service writes it: `20150830T123600Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    seconds: i64,
}

const DAY: i64 = 86_400;
const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
const WEEKDAYS: [&[u8; 3]; 7] = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"];

impl Timestamp {
    /// The second that is `seconds` after 1970-01-01T00:00:00Z. Years outside 0 to 9999 are clamped: a
    /// clock that far off is as wrong either way.
    pub fn from_unix(seconds: i64) -> Self {
        Self {
            seconds: seconds.clamp(-62_167_219_200, 253_402_300_799),
        }
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix(self) -> i64 {
        self.seconds
    }

    /// Reads `YYYYMMDDTHHMMSSZ`.
    pub fn parse_basic(text: &[u8]) -> Option<Self> {
        let text: &[u8; 16] = text.try_into().ok()?;
        if text[8] != b'T' || text[15] != b'Z' {
            return None;
        }
        Self::from_parts(
            digits(&text[0..4])?,
            digits(&text[4..6])?,
            digits(&text[6..8])?,
            [digits(&text[9..11])?, digits(&text[11..13])?, digits(&text[13..15])?],
        )
    }

    /// Reads `Sun, 30 Aug 2015 12:36:00 GMT`, the one form of date that HTTP senders may produce
    /// (RFC 9110, section 5.6.7).
    pub fn parse_http(text: &[u8]) -> Option<Self> {
        let text: &[u8; 29] = text.try_into().ok()?;
        let separators = text[3..5] == *b", "
            && [7, 11, 16].iter().all(|&at| text[at] == b' ')
            && text[19] == b':'
            && text[22] == b':'
            && text[25..] == *b" GMT";
        if !separators {
            return None;
        }
        let month = MONTHS.iter().position(|name| name[..] == text[8..11])?;
        let parsed = Self::from_parts(
            digits(&text[12..16])?,
            i64::try_from(month).ok()? + 1,
            digits(&text[5..7])?,
            [digits(&text[17..19])?, digits(&text[20..22])?, digits(&text[23..25])?],
        )?;
        let weekday = usize::try_from(parsed.seconds.div_euclid(DAY).rem_euclid(7)).ok()?;
        (WEEKDAYS[weekday][..] == text[0..3]).then_some(parsed)
    }

    fn from_parts(year: i64, month: i64, day: i64, [hour, minute, second]: [i64; 3]) -> Option<Self> {
        let in_range = (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        in_range.then(|| Self {
            seconds: days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second,
        })
    }

    /// `YYYYMMDD`, the day of a credential scope.
    pub fn day(self) -> Day {
        Day::of(&self.basic())
    }

    /// `YYYYMMDDTHHMMSSZ`.
    pub fn basic(self) -> [u8; 16] {
        let (year, month, day) = civil_from_days(self.seconds.div_euclid(DAY));
        let of_day = self.seconds.rem_euclid(DAY);
        let mut text = *b"00000000T000000Z";
        put(&mut text[0..4], year);
        put(&mut text[4..6], month);
        put(&mut text[6..8], day);
        put(&mut text[9..11], of_day / 3600);
        put(&mut text[11..13], of_day / 60 % 60);
        put(&mut text[13..15], of_day % 60);
        text
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.basic()))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// When a request says that it was signed: the second, and its text in the string to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigningTime {
    second: Timestamp,
    text: [u8; 16],
}

impl SigningTime {
    /// Reads `YYYYMMDDTHHMMSSZ`, which is what the string to sign repeats.
    pub fn parse_basic(text: &[u8]) -> Option<Self> {
        let second = Timestamp::parse_basic(text)?;
        let text = text.try_into().ok()?;
        Some(Self { second, text })
    }

    /// Reads the form of HTTP's `date`.
    pub fn parse_http(text: &[u8]) -> Option<Self> {
        let second = Timestamp::parse_http(text)?;
        let text = second.basic();
        Some(Self { second, text })
    }

    /// The second.
    pub fn second(&self) -> Timestamp {
        self.second
    }

    /// `YYYYMMDDTHHMMSSZ`.
    pub fn basic(&self) -> &[u8; 16] {
        &self.text
    }

    /// `YYYYMMDD`, the day that the credential scope must name.
    pub fn day(&self) -> Day {
        Day::of(&self.text)
    }
}

/// The day of a credential scope, `YYYYMMDD`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Day([u8; 8]);

impl Day {
    fn of(basic: &[u8; 16]) -> Self {
        let mut day = [0; 8];
        day.copy_from_slice(&basic[..8]);
        Self(day)
    }

    /// Its eight digits.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("eight ASCII digits")
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0'))
    })
}

fn put(place: &mut [u8], mut value: i64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar; years begin in March so that
/// the leap day comes last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_name_the_same_second() {
        let basic = Timestamp::parse_basic(b"20150830T123600Z").expect("basic form");
        assert_eq!(basic.unix(), 1_440_938_160);
        assert_eq!(Timestamp::parse_http(b"Sun, 30 Aug 2015 12:36:00 GMT"), Some(basic));
        assert_eq!(basic.to_string(), "20150830T123600Z");
        assert_eq!(basic.day().to_string(), "20150830");
    }

    #[test]
    fn every_day_of_eight_centuries_survives_the_round_trip() {
        for day in -146_097..=146_097 {
            let second = Timestamp::from_unix(day * DAY + 45_296);
            assert_eq!(Timestamp::parse_basic(&second.basic()), Some(second));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "20150830",
            "20150830T123600",
            "20150830T123600z",
            "20150830t123600Z",
            "20150830T123660Z",
            "20150830T126000Z",
            "20150830T240000Z",
            "20150229T000000Z",
            "20151301T000000Z",
            "20150800T000000Z",
            "2015-08-30T12:36:00Z",
            "+0150830T123600Z",
            "20150830T123600Z ",
            "२0150830T1236Z",
        ] {
            assert_eq!(Timestamp::parse_basic(text.as_bytes()), None, "{text}");
        }
        for text in [
            "Mon, 30 Aug 2015 12:36:00 GMT",
            "Sun, 30 aug 2015 12:36:00 GMT",
            "Sun, 30 Aug 2015 12:36:00 UTC",
            "Sun, 30 Aug 15 12:36:00 GMT",
            "Sunday, 30-Aug-15 12:36:00 GMT",
            "Sun Aug 30 12:36:00 2015",
        ] {
            assert_eq!(Timestamp::parse_http(text.as_bytes()), None, "{text}");
        }
        assert!(Timestamp::parse_basic(b"20240229T000000Z").is_some());
        assert!(Timestamp::parse_basic(b"19000229T000000Z").is_none());
    }
}
