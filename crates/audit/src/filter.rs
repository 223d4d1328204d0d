//! Filters of records, in the language that metric filters of `CloudWatch` Logs have for JSON.
//!
//! ```text
//! { $.eventSource = kms* && $.errorMessage = "* is pending deletion." }
//! ```
//!
//! What a record does not have compares with nothing, neither as equal nor as different; only `NOT EXISTS` asks for that.

mod parse;

use serde_json::Value;

pub use parse::FilterError;

/// A filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Expression);

#[derive(Debug, Clone, PartialEq)]
enum Expression {
    Any(Vec<Self>),
    All(Vec<Self>),
    Test(Selector, Test),
}

/// A place in a record: names of members, and numbers of elements.
#[derive(Debug, Clone, PartialEq)]
struct Selector(Vec<Step>);

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Member(String),
    Element(usize),
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    /// Is this text, in which `*` stands for any; or is not.
    Text { pattern: String, equal: bool },
    /// Stands in this relation to a number.
    Number { relation: Relation, number: f64 },
    /// Is `null`, `true` or `false`.
    Is(Option<bool>),
    /// Is there, whatever it is; or is not.
    Exists(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Filter {
    /// Reads a filter.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::filter(text).map(Self)
    }

    /// Whether a record, a line of JSON, fits. One that cannot be read fits nothing.
    pub fn fits(&self, record: &[u8]) -> bool {
        serde_json::from_slice(record).is_ok_and(|record| self.0.fits(&record))
    }

    /// Whether only records of refused calls can fit: then no others need be looked at.
    pub fn wants_failure(&self) -> bool {
        self.0.wants_failure()
    }
}

impl Expression {
    fn fits(&self, record: &Value) -> bool {
        match self {
            Self::Any(parts) => parts.iter().any(|part| part.fits(record)),
            Self::All(parts) => parts.iter().all(|part| part.fits(record)),
            Self::Test(selector, test) => test.fits(selector.find(record)),
        }
    }

    fn wants_failure(&self) -> bool {
        match self {
            Self::Any(parts) => parts.iter().all(Self::wants_failure),
            Self::All(parts) => parts.iter().any(Self::wants_failure),
            Self::Test(Selector(steps), test) => {
                let of_failure =
                    |step: &Step| matches!(step, Step::Member(name) if name == "errorCode" || name == "errorMessage");
                steps.first().is_some_and(of_failure) && *test != Test::Exists(false)
            }
        }
    }
}

impl Selector {
    fn find<'a>(&self, record: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(record, |value, step| match step {
            Step::Member(name) => value.get(name),
            Step::Element(number) => value.get(number),
        })
    }
}

impl Test {
    fn fits(&self, found: Option<&Value>) -> bool {
        match (self, found) {
            (Self::Exists(wanted), found) => found.is_some() == *wanted,
            (_, None) => false,
            (Self::Is(None), Some(value)) => value.is_null(),
            (Self::Is(Some(wanted)), Some(value)) => value.as_bool() == Some(*wanted),
            (Self::Text { pattern, equal }, Some(value)) => match value {
                Value::String(text) => is_like(text, pattern) == *equal,
                Value::Bool(flag) => is_like(if *flag { "true" } else { "false" }, pattern) == *equal,
                Value::Number(number) => is_like(&number.to_string(), pattern) == *equal,
                Value::Null | Value::Array(_) | Value::Object(_) => false,
            },
            (Self::Number { relation, number }, Some(value)) => {
                value.as_f64().is_some_and(|found| relation.holds(found, *number))
            }
        }
    }
}

impl Relation {
    #[expect(clippy::float_cmp, reason = "whoever asks for equality wants just that")]
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

/// Whether a text is like a pattern, in which `*` stands for any text. Takes time in proportion to the two together for
/// each `*` at most.
fn is_like(text: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return text == pattern;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests;
