//! ARNs are matched field by field: a `*` never reaches over a colon into the next of the six fields, and the sixth
//! holds all the rest (POL-232; IAM User Guide, "Resource" and "ARN condition operators").

use super::template::{Part, Syntax, TemplateError, template};
use super::{Answer, Pattern};
use crate::context::Context;

/// The fields of an ARN: `arn`, partition, service, Region, account, resource.
const FIELDS: usize = 6;

/// An ARN, split.
pub(crate) type Fields<'a> = [&'a str; FIELDS];

/// Splits a text into the fields of an ARN, if it has six.
pub(crate) fn split(text: &str) -> Option<Fields<'_>> {
    let mut fields = [""; FIELDS];
    let [others @ .., last] = &mut fields;
    let mut colons = memchr::memchr_iter(b':', text.as_bytes());
    let mut start = 0;
    for field in others {
        let colon = colons.next()?;
        *field = &text[start..colon];
        start = colon + 1;
    }
    *last = &text[start..];
    Some(fields)
}

/// A pattern for ARNs.
#[derive(Debug, Clone)]
pub(crate) enum ArnPattern {
    /// `*`
    Anything,
    /// Neither wildcards nor variables.
    Exact(Box<str>),
    /// A literal that ends within the resource, then `*`: the resource is the last field, so the `*` is all the rest.
    Beginning(Box<str>),
    /// A pattern for each field.
    Fields(Box<[Pattern; FIELDS]>),
    /// No ARN: matches nothing.
    Nothing,
}

/// How a pattern with fewer than six fields is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Short {
    /// The missing fields may be anything: `Resource` elements.
    Padded,
    /// It is no ARN: ARN condition operators.
    Nothing,
}

impl ArnPattern {
    /// Reads a pattern.
    pub(crate) fn new(text: &str, variables: bool, short: Short) -> Result<Self, TemplateError> {
        let syntax = Syntax {
            wildcards: true,
            variables,
        };
        let parts = template(text, syntax)?;
        match parts.as_slice() {
            [Part::Any] => return Ok(Self::Anything),
            [Part::Literal(literal)] if split(literal).is_some() => return Ok(Self::Exact(literal.clone())),
            [Part::Literal(literal), Part::Any]
                if split(literal).is_some_and(|fields| !fields[FIELDS - 1].is_empty()) =>
            {
                return Ok(Self::Beginning(literal.clone()));
            }
            _ => {}
        }
        let mut fields = divide(parts);
        if fields.len() < FIELDS && short == Short::Nothing {
            return Ok(Self::Nothing);
        }
        fields.resize_with(FIELDS, || vec![Part::Any]);
        let patterns = fields
            .into_iter()
            .map(Pattern::of_parts)
            .collect::<Result<Vec<_>, _>>()?;
        Ok(<Box<[Pattern; FIELDS]>>::try_from(patterns.into_boxed_slice()).map_or(Self::Nothing, Self::Fields))
    }

    /// Compares with an ARN that is split.
    #[inline]
    pub(crate) fn matches(&self, whole: &str, fields: &Fields<'_>, context: &dyn Context) -> Answer {
        match self {
            Self::Anything => Answer::Matches,
            Self::Exact(literal) => super::same(literal, whole).into(),
            Self::Beginning(literal) => super::begins(whole, literal).into(),
            Self::Nothing => Answer::Differs,
            Self::Fields(patterns) => {
                // The resource differs most often.
                all(patterns.iter().zip(fields).rev(), context)
            }
        }
    }

    /// Whether the pattern covers operations that have no resource: `*`, or an account-wide form that ends in `:*`
    /// (AUTHZ-327, AUTHZ-328).
    pub(crate) fn covers_all_of(&self, scope: &Fields<'_>, context: &dyn Context) -> Answer {
        match self {
            Self::Anything => Answer::Matches,
            Self::Exact(_) | Self::Beginning(_) | Self::Nothing => Answer::Differs,
            Self::Fields(patterns) => {
                let Some((resource, others)) = patterns.split_last() else {
                    return Answer::Differs;
                };
                if !matches!(resource, Pattern::Anything) {
                    return Answer::Differs;
                }
                all(others.iter().zip(scope), context)
            }
        }
    }

    /// Calls back with each variable's key.
    pub(crate) fn variables<'a>(&'a self, visit: &mut dyn FnMut(&'a crate::ConditionKey)) {
        if let Self::Fields(patterns) = self {
            patterns.iter().for_each(|pattern| pattern.variables(visit));
        }
    }
}

/// Whether all fields match. One that differs decides, whatever cannot be resolved.
#[inline]
fn all<'a>(pairs: impl Iterator<Item = (&'a Pattern, &'a &'a str)>, context: &dyn Context) -> Answer {
    let mut answer = Answer::Matches;
    for (pattern, field) in pairs {
        match pattern.matches(field, context) {
            Answer::Matches => {}
            Answer::Differs => return Answer::Differs,
            Answer::Unresolved => answer = Answer::Unresolved,
        }
    }
    answer
}

/// Divides parts at the colons of their literals into at most six fields.
fn divide(parts: Vec<Part>) -> Vec<Vec<Part>> {
    let mut fields = vec![Vec::new()];
    for part in parts {
        let Part::Literal(text) = part else {
            if let Some(field) = fields.last_mut() {
                field.push(part);
            }
            continue;
        };
        let room = FIELDS - fields.len() + 1;
        for (at, piece) in text.splitn(room, ':').enumerate() {
            if at > 0 {
                fields.push(Vec::new());
            }
            if let (Some(field), false) = (fields.last_mut(), piece.is_empty()) {
                field.push(Part::Literal(piece.into()));
            }
        }
    }
    fields
}
