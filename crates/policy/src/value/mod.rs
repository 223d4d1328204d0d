//! The values that typed condition operators compare, each parsed once from a policy and without allocation from a
//! request.

mod address;
mod binary;
mod date;
mod number;

pub(crate) use address::{Network, address};
pub(crate) use binary::{Binary, same_bytes};
pub(crate) use date::{Instant, instant};
pub(crate) use number::{Decimal, OwnedDecimal};

/// Reads `true` or `false`, in any case.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}
