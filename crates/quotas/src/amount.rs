//! How much a quota is: requests a second, resources or bytes.

use std::fmt;
use std::str::FromStr;

/// Thousandths in one.
const ONE: u64 = 1000;

/// A quota's value, exact to a thousandth: 5, 0.25, or no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u64);

/// The text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a quota's value; write a number with at most three decimals, as in `5` or `0.25`, or `unlimited`"
)]
pub struct InvalidAmount(pub String);

impl Amount {
    /// No limit.
    pub const UNLIMITED: Self = Self(u64::MAX);

    /// A whole number.
    pub const fn whole(number: u64) -> Self {
        Self(number.saturating_mul(ONE))
    }

    /// A number of thousandths.
    pub const fn thousandths(number: u64) -> Self {
        Self(number)
    }

    /// The same, in thousandths.
    pub const fn in_thousandths(self) -> u64 {
        self.0
    }

    /// The whole part; the greatest number, if there is no limit.
    pub const fn count(self) -> u64 {
        match self {
            Self::UNLIMITED => u64::MAX,
            Self(thousandths) => thousandths / ONE,
        }
    }

    /// Whether it is a whole number.
    pub const fn is_whole(self) -> bool {
        self.0.is_multiple_of(ONE)
    }

    /// Whether there is no limit.
    pub const fn is_unlimited(self) -> bool {
        self.0 == u64::MAX
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_unlimited() {
            return f.pad("unlimited");
        }
        let (whole, rest) = (self.0 / ONE, self.0 % ONE);
        if rest == 0 {
            return f.pad(&whole.to_string());
        }
        f.pad(format!("{whole}.{rest:03}").trim_end_matches('0'))
    }
}

impl FromStr for Amount {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, InvalidAmount> {
        if text == "unlimited" {
            return Ok(Self::UNLIMITED);
        }
        let invalid = || InvalidAmount(text.to_owned());
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > 3 {
            return Err(invalid());
        }
        let thousandths: u64 = format!("{decimals:0<3}").parse().map_err(|_| invalid())?;
        let whole: u64 = whole.parse().map_err(|_| invalid())?;
        let amount = whole.checked_mul(ONE).and_then(|whole| whole.checked_add(thousandths));
        amount
            .map(Self)
            .filter(|amount| !amount.is_unlimited())
            .ok_or_else(invalid)
    }
}
