//! Decimal numbers of any length, compared exactly: `1546257599.0` is `1546257599`, and neither is rounded.

use std::cmp::Ordering;

/// Larger exponents are no numbers to us; they could only serve to confuse.
const MAX_EXPONENT: i64 = 100_000;

/// A number, borrowed from its text: `0.d1d2d3… × 10^point`, without leading or trailing zeros.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal<'a> {
    negative: bool,
    /// The significant digits that stand before the point in the text, then those behind it.
    digits: (&'a str, &'a str),
    /// Where the decimal point is, counted from the first significant digit.
    point: i64,
}

impl<'a> Decimal<'a> {
    /// Reads an optional sign, digits with an optional point among them, and an optional exponent.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, self::exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        let length = |part: &str| i64::try_from(part.len()).ok();
        if whole.is_empty() {
            let significant = fraction.trim_start_matches('0');
            if significant.is_empty() {
                return Some(Self::ZERO);
            }
            let point = exponent - (length(fraction)? - length(significant)?);
            return Some(Self {
                negative,
                digits: ("", significant),
                point,
            });
        }
        let point = exponent + length(whole)?;
        let whole = if fraction.is_empty() {
            whole.trim_end_matches('0')
        } else {
            whole
        };
        Some(Self {
            negative,
            digits: (whole, fraction),
            point,
        })
    }

    const ZERO: Self = Self {
        negative: false,
        digits: ("", ""),
        point: 0,
    };

    fn is_zero(&self) -> bool {
        self.digits.0.is_empty() && self.digits.1.is_empty()
    }

    fn significant(&self) -> impl Iterator<Item = u8> {
        self.digits.0.bytes().chain(self.digits.1.bytes())
    }

    fn compare_magnitudes(&self, other: &Self) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            // No trailing zeros: of two with a common beginning the longer one is larger.
            (false, false) => self
                .point
                .cmp(&other.point)
                .then_with(|| self.significant().cmp(other.significant())),
        }
    }

    /// The order of two numbers.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.compare_magnitudes(other),
            (true, true) => other.compare_magnitudes(self),
        }
    }
}

fn exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let exponent: i64 = text.parse().ok()?;
    (-MAX_EXPONENT..=MAX_EXPONENT).contains(&exponent).then_some(exponent)
}

/// A number of a policy: the text, known to be a number.
#[derive(Debug, Clone)]
pub(crate) struct OwnedDecimal(Box<str>);

impl OwnedDecimal {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Decimal::parse(text).map(|_| Self(text.into()))
    }

    pub(crate) fn get(&self) -> Decimal<'_> {
        Decimal::parse(&self.0).unwrap_or(Decimal::ZERO)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn order(a: &str, b: &str) -> Ordering {
        Decimal::parse(a).unwrap().compare(&Decimal::parse(b).unwrap())
    }

    #[test]
    fn equal_numbers_are_equal_however_they_are_written() {
        for group in [
            &["180", "180.0", "0180", "+180", "1.8e2", "18e1", "1800E-1", "180.000e+0"][..],
            &["0", "-0", "0.0", "000", "0e5", ".0", "0."],
            &["-0.05", "-.05", "-5e-2", "-00.0500"],
            &["1546257599", "1546257599.0"],
        ] {
            for (a, b) in group.iter().flat_map(|a| group.iter().map(move |b| (a, b))) {
                assert_eq!(order(a, b), Ordering::Equal, "{a} and {b}");
            }
        }
    }

    #[test]
    fn numbers_are_ordered_exactly() {
        let ascending = [
            "-1e3",
            "-999.9",
            "-10",
            "-9.99",
            "-0.1",
            "-0.01",
            "0",
            "0.009",
            "0.01",
            "0.011",
            "9",
            "10",
            "10.01",
            "100",
            "9007199254740992",
            "9007199254740993",
            "9007199254740993.000000000000000000001",
            "1e40",
        ];
        for (at, a) in ascending.iter().enumerate() {
            for (other, b) in ascending.iter().enumerate() {
                assert_eq!(order(a, b), at.cmp(&other), "{a} and {b}");
            }
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            "-",
            "+",
            ".",
            "e5",
            "1e",
            "1e+",
            "1e1.5",
            "1.2.3",
            "1 ",
            " 1",
            "0x10",
            "NaN",
            "inf",
            "1,000",
            "--1",
            "1e-+1",
            "1e100001",
            "1e99999999999999999999",
            "١",
        ] {
            assert!(Decimal::parse(text).is_none(), "{text:?}");
        }
        assert!(Decimal::parse("1e100000").is_some());
    }
}
