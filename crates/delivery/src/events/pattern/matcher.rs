//! What one value may be asked.

use std::cmp::Ordering;
use std::net::IpAddr;

use serde_json::{Map, Value};

use super::PatternError;

/// What a value must be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Matcher {
    /// This text, number, boolean or null.
    Exact(Value),
    Text(TextMatcher),
    /// There, and nothing that one of these takes.
    AnythingBut(Vec<Matcher>),
    /// There, or not.
    Exists(bool),
    /// A number within all these bounds.
    Numeric(Vec<(Comparison, f64)>),
}

/// What a text must be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TextMatcher {
    Prefix(String),
    Suffix(String),
    EqualsIgnoreCase(String),
    /// With `*` for any characters.
    Wildcard(String),
    /// An address of this network.
    Cidr(IpAddr, u8),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    Greater,
}

impl Matcher {
    pub(super) fn parse(path: &str, value: &Value) -> Result<Self, PatternError> {
        match value {
            Value::Object(members) => Self::parse_named(path, members),
            Value::Array(_) => Err(PatternError::at(path, "a list in a list")),
            scalar => Ok(Self::Exact(scalar.clone())),
        }
    }

    fn parse_named(path: &str, members: &Map<String, Value>) -> Result<Self, PatternError> {
        let mut members = members.iter();
        let (Some((name, value)), None) = (members.next(), members.next()) else {
            return Err(PatternError::at(path, "a filter has one name"));
        };
        match (name.as_str(), value) {
            ("exists", Value::Bool(there)) => Ok(Self::Exists(*there)),
            ("anything-but", Value::Array(values)) if values.iter().all(is_scalar) && !values.is_empty() => {
                Ok(Self::AnythingBut(values.iter().cloned().map(Self::Exact).collect()))
            }
            ("anything-but", Value::Object(members)) => anything_but(path, members),
            ("anything-but", value) if is_scalar(value) => Ok(Self::AnythingBut(vec![Self::Exact(value.clone())])),
            ("numeric", Value::Array(bounds)) => bounds_of(path, bounds).map(Self::Numeric),
            (name, Value::String(text)) => TextMatcher::parse(path, name, text).map(Self::Text),
            _ => Err(unknown(path, name)),
        }
    }

    pub(super) fn takes(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Exists(there), value) => *there == value.is_some_and(|value| !value.is_object()),
            (_, None | Some(Value::Object(_))) => false,
            (Self::Exact(exact), Some(value)) => is_same(exact, value),
            (Self::AnythingBut(others), value) => !others.iter().any(|other| other.takes(value)),
            (Self::Text(matcher), Some(value)) => value.as_str().is_some_and(|text| matcher.takes(text)),
            (Self::Numeric(bounds), Some(value)) => value
                .as_f64()
                .is_some_and(|value| bounds.iter().all(|(comparison, bound)| comparison.holds(value, *bound))),
        }
    }

    pub(super) fn takes_text(&self, text: &str) -> bool {
        match self {
            Self::Exists(there) => *there,
            Self::Exact(Value::String(exact)) => exact == text,
            Self::Exact(_) | Self::Numeric(_) => false,
            Self::AnythingBut(others) => !others.iter().any(|other| other.takes_text(text)),
            Self::Text(matcher) => matcher.takes(text),
        }
    }
}

impl TextMatcher {
    fn parse(path: &str, name: &str, text: &str) -> Result<Self, PatternError> {
        let owned = text.to_owned();
        match name {
            "prefix" => Ok(Self::Prefix(owned)),
            "suffix" => Ok(Self::Suffix(owned)),
            "equals-ignore-case" => Ok(Self::EqualsIgnoreCase(owned)),
            "wildcard" if text.contains("**") => Err(PatternError::at(path, "two `*` in a row")),
            "wildcard" => Ok(Self::Wildcard(owned)),
            "cidr" => {
                let network = text.split_once('/').and_then(|(address, bits)| {
                    let address: IpAddr = address.parse().ok()?;
                    let bits: u8 = bits.parse().ok()?;
                    (bits <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, bits))
                });
                let network = network.ok_or_else(|| PatternError::at(path, "`cidr` is a network, as 10.0.0.0/8 is"));
                network.map(|(address, bits)| Self::Cidr(address, bits))
            }
            _ => Err(unknown(path, name)),
        }
    }

    fn takes(&self, text: &str) -> bool {
        match self {
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Self::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Self::EqualsIgnoreCase(other) => text.to_lowercase() == other.to_lowercase(),
            Self::Wildcard(wildcard) => is_like(wildcard, text),
            Self::Cidr(network, bits) => text.parse().is_ok_and(|address| is_within(address, *network, *bits)),
        }
    }
}

impl Comparison {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "<" => Self::Less,
            "<=" => Self::AtMost,
            "=" => Self::Equal,
            ">=" => Self::AtLeast,
            ">" => Self::Greater,
            _ => return None,
        })
    }

    fn holds(self, value: f64, bound: f64) -> bool {
        value.partial_cmp(&bound).is_some_and(|order| match self {
            Self::Less => order == Ordering::Less,
            Self::AtMost => order != Ordering::Greater,
            Self::Equal => order == Ordering::Equal,
            Self::AtLeast => order != Ordering::Less,
            Self::Greater => order == Ordering::Greater,
        })
    }
}

fn unknown(path: &str, name: &str) -> PatternError {
    PatternError::at(path, &format!("there is no filter `{name}` of such a value"))
}

/// Texts that a value must not begin with, end with, be like, or be the same as but for case.
fn anything_but(path: &str, members: &Map<String, Value>) -> Result<Matcher, PatternError> {
    let mut members = members.iter();
    let (Some((name, value)), None) = (members.next(), members.next()) else {
        return Err(PatternError::at(path, "a filter has one name"));
    };
    let parse = |value: &Value| match value {
        Value::String(text) if name != "cidr" => TextMatcher::parse(path, name, text).map(Matcher::Text),
        _ => Err(unknown(path, name)),
    };
    let others = match value {
        Value::Array(values) if !values.is_empty() => values.iter().map(parse).collect::<Result<_, _>>()?,
        value => vec![parse(value)?],
    };
    Ok(Matcher::AnythingBut(others))
}

fn bounds_of(path: &str, bounds: &[Value]) -> Result<Vec<(Comparison, f64)>, PatternError> {
    let wrong = || {
        PatternError::at(
            path,
            "`numeric` is comparisons and numbers by turns, as [\">\", 0, \"<=\", 5] is",
        )
    };
    if bounds.is_empty() || !bounds.len().is_multiple_of(2) {
        return Err(wrong());
    }
    let bound = |pair: &[Value]| match pair {
        [Value::String(comparison), Value::Number(number)] => {
            Comparison::parse(comparison).zip(number.as_f64()).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    };
    bounds.chunks(2).map(bound).collect()
}

fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

/// Numbers are the same however they are written.
fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        _ => left == right,
    }
}

/// Whether a text is like one with `*` for any characters.
fn is_like(wildcard: &str, text: &str) -> bool {
    let mut parts = wildcard.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

fn is_within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let leading = |address: u128, width: u32| address.checked_shr(width - u32::from(bits)).unwrap_or(0);
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            leading(address.to_bits().into(), 32) == leading(network.to_bits().into(), 32)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            leading(address.to_bits(), 128) == leading(network.to_bits(), 128)
        }
        _ => false,
    }
}
