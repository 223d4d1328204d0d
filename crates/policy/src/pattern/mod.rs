//! Text patterns: wildcards, policy variables and their escapes.
//!
//! A pattern is read once (`template`) and prepared for matching: literals, prefixes and plain wildcards need no
//! request (`glob`), patterns with variables resolve them against the request's context (`dynamic`). ARNs are matched
//! field by field (`arn`). Matching allocates nothing and never backtracks further than the last `*`.

pub(crate) mod arn;
mod dynamic;
mod glob;
mod template;

use crate::context::Context;

pub(crate) use dynamic::Dynamic;
use glob::Glob;
pub use template::TemplateError;
pub(crate) use template::{Part, Syntax, template};

/// What a pattern says about a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Matches,
    Differs,
    /// A variable of the pattern has no value in this request.
    Unresolved,
}

impl From<bool> for Answer {
    fn from(matches: bool) -> Self {
        if matches { Self::Matches } else { Self::Differs }
    }
}

/// A pattern, prepared for matching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// `*`
    Anything,
    /// No wildcard, no variable.
    Exact(Box<str>),
    /// A literal, then `*`.
    Prefix(Box<str>),
    /// Any other wildcards.
    Glob(Box<Glob>),
    /// Variables, and perhaps wildcards.
    Dynamic(Box<Dynamic>),
}

impl Pattern {
    /// Reads and prepares a pattern.
    pub(crate) fn new(text: &str, syntax: Syntax) -> Result<Self, TemplateError> {
        Self::of_parts(template(text, syntax)?)
    }

    /// Prepares a pattern that has been read.
    pub(crate) fn of_parts(mut parts: Vec<Part>) -> Result<Self, TemplateError> {
        if parts.iter().any(|part| matches!(part, Part::Variable(_))) {
            return Ok(Self::Dynamic(Box::new(Dynamic::new(parts)?)));
        }
        Ok(match parts.as_mut_slice() {
            [] => Self::Exact("".into()),
            [Part::Any] => Self::Anything,
            [Part::Literal(text)] => Self::Exact(std::mem::take(text)),
            [Part::Literal(text), Part::Any] => Self::Prefix(std::mem::take(text)),
            _ => Self::Glob(Box::new(Glob::new(&parts)?)),
        })
    }

    /// The only text that matches, if there is one.
    pub(crate) fn literal(&self) -> Option<&str> {
        match self {
            Self::Exact(literal) => Some(literal),
            _ => None,
        }
    }

    /// Compares with a text.
    #[inline]
    pub(crate) fn matches(&self, text: &str, context: &dyn Context) -> Answer {
        // The common ones first, without a jump.
        if let Self::Prefix(literal) = self {
            return begins(text, literal).into();
        }
        if let Self::Exact(literal) = self {
            return same(literal, text).into();
        }
        self.matches_otherwise(text, context)
    }

    #[inline(never)]
    fn matches_otherwise(&self, text: &str, context: &dyn Context) -> Answer {
        match self {
            Self::Anything => Answer::Matches,
            Self::Glob(glob) => glob.matches(text).into(),
            Self::Dynamic(dynamic) => dynamic.matches(text, context),
            Self::Exact(_) | Self::Prefix(_) => Answer::Differs,
        }
    }

    /// Calls back with each variable's key.
    pub(crate) fn variables<'a>(&'a self, visit: &mut dyn FnMut(&'a crate::ConditionKey)) {
        if let Self::Dynamic(dynamic) = self {
            dynamic.variables(visit);
        }
    }
}

/// Whether two texts are equal. Most that are not differ in their length or at their ends, which is cheap to see.
#[inline]
fn same(literal: &str, text: &str) -> bool {
    literal.len() == text.len() && literal.as_bytes().last() == text.as_bytes().last() && literal == text
}

/// Whether a text begins with a literal; the same thought.
#[inline]
fn begins(text: &str, literal: &str) -> bool {
    let Some(last) = literal.len().checked_sub(1) else {
        return true;
    };
    text.as_bytes().get(last) == literal.as_bytes().last() && text.as_bytes().starts_with(literal.as_bytes())
}

#[cfg(test)]
mod tests;
