//! Patterns with variables, resolved against each request.
//!
//! A variable's value is compared literally: a `*` in somebody's tag is no wildcard. A key with several values has no
//! value as a variable. Values are looked up once for each match and kept on the stack.

use super::Answer;
use super::template::{MAX_VARIABLES, Part, TemplateError, Variable};
use crate::context::{Context, Values};

/// A pattern with variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dynamic {
    parts: Box<[Part]>,
}

/// The values of a pattern's variables, in their order.
struct Resolved<'a> {
    values: [&'a str; MAX_VARIABLES],
}

impl Dynamic {
    pub(crate) fn new(parts: Vec<Part>) -> Result<Self, TemplateError> {
        let parts = parts.into_boxed_slice();
        if variables(&parts).count() > MAX_VARIABLES {
            return Err(TemplateError::TooManyVariables);
        }
        Ok(Self { parts })
    }

    pub(crate) fn matches(&self, text: &str, context: &dyn Context) -> Answer {
        match self.resolve(context) {
            Some(resolved) => resolved.glob(&self.parts, text).into(),
            None => Answer::Unresolved,
        }
    }

    /// Compares without regard to case; there are no wildcards.
    pub(crate) fn equals_ignoring_case(&self, text: &str, context: &dyn Context) -> Answer {
        let Some(resolved) = self.resolve(context) else {
            return Answer::Unresolved;
        };
        let pieces = resolved.pieces(&self.parts, 0).filter_map(Piece::literal);
        same_text(pieces, text).into()
    }

    /// Compares a literal without regard to case.
    pub(crate) fn same_ignoring_case(literal: &str, text: &str) -> bool {
        same_text(std::iter::once(literal), text)
    }

    pub(crate) fn variables<'a>(&'a self, visit: &mut dyn FnMut(&'a crate::ConditionKey)) {
        variables(&self.parts).for_each(|variable| visit(&variable.key));
    }

    fn resolve<'a>(&'a self, context: &'a dyn Context) -> Option<Resolved<'a>> {
        let mut values = [""; MAX_VARIABLES];
        for (slot, variable) in values.iter_mut().zip(variables(&self.parts)) {
            let found = context.lookup(&variable.key);
            *slot = match found {
                found if found.count() == 0 => variable.default.as_deref()?,
                Values::One(value) => value,
                found => found.single()?,
            };
        }
        Some(Resolved { values })
    }
}

fn same_text<'a>(mut pieces: impl Iterator<Item = &'a str>, text: &str) -> bool {
    let mut rest = text.chars();
    let same = pieces.all(|literal| {
        literal
            .chars()
            .all(|wanted| rest.next().is_some_and(|found| same_letter(wanted, found)))
    });
    same && rest.next().is_none()
}

/// Whether two characters are one letter in two cases.
fn same_letter(a: char, b: char) -> bool {
    a == b || a.to_lowercase().eq(b.to_lowercase()) || a.to_uppercase().eq(b.to_uppercase())
}

fn variables(parts: &[Part]) -> impl Iterator<Item = &Variable> {
    parts.iter().filter_map(|part| match part {
        Part::Variable(variable) => Some(variable),
        _ => None,
    })
}

/// A part whose variable is resolved.
#[derive(Clone, Copy)]
enum Piece<'a> {
    Literal(&'a str),
    One,
}

impl<'a> Piece<'a> {
    fn literal(self) -> Option<&'a str> {
        match self {
            Self::Literal(text) => Some(text),
            Self::One => None,
        }
    }
}

impl<'a> Resolved<'a> {
    /// The pieces of some parts without `*`, of which `skipped` variables come before.
    fn pieces<'s>(&'s self, parts: &'s [Part], skipped: usize) -> impl DoubleEndedIterator<Item = Piece<'s>> + Clone
    where
        'a: 's,
    {
        parts.iter().enumerate().map(move |(at, part)| match part {
            Part::Literal(text) => Piece::Literal(text),
            Part::Variable(_) => {
                let before = variables(&parts[..at]).count();
                Piece::Literal(self.values[skipped + before])
            }
            Part::One | Part::Any => Piece::One,
        })
    }

    fn glob(&self, parts: &[Part], text: &str) -> bool {
        let mut pieces = parts.split(|part| *part == Part::Any);
        let head = pieces.next().unwrap_or_default();
        let Some(mut rest) = strip_head(self.pieces(head, 0), text) else {
            return false;
        };
        let mut skipped = variables(head).count();
        let mut pending: Option<&[Part]> = None;
        for piece in pieces {
            if let Some(middle) = pending.replace(piece) {
                match find(&self.pieces(middle, skipped), rest) {
                    Some(after) => rest = after,
                    None => return false,
                }
                skipped += variables(middle).count();
            }
        }
        match pending {
            None => rest.is_empty(),
            Some(tail) => strip_tail(self.pieces(tail, skipped), rest),
        }
    }
}

fn strip_head<'t, 'p>(pieces: impl Iterator<Item = Piece<'p>>, mut text: &'t str) -> Option<&'t str> {
    for piece in pieces {
        text = match piece {
            Piece::Literal(literal) => text.strip_prefix(literal)?,
            Piece::One => {
                let mut characters = text.chars();
                characters.next()?;
                characters.as_str()
            }
        };
    }
    Some(text)
}

/// Whether the text ends with the pieces.
fn strip_tail<'p>(pieces: impl DoubleEndedIterator<Item = Piece<'p>>, mut text: &str) -> bool {
    for piece in pieces.rev() {
        let rest = match piece {
            Piece::Literal(literal) => text.strip_suffix(literal),
            Piece::One => {
                let mut characters = text.chars();
                characters.next_back().map(|_| characters.as_str())
            }
        };
        match rest {
            Some(rest) => text = rest,
            None => return false,
        }
    }
    true
}

/// What follows the first occurrence of the pieces. Literals are compared as whole slices, so the cost of a long value
/// is that of comparing memory.
fn find<'t, 'p>(pieces: &(impl Iterator<Item = Piece<'p>> + Clone), text: &'t str) -> Option<&'t str> {
    let mut rest = text;
    loop {
        if let Some(after) = strip_head(pieces.clone(), rest) {
            return Some(after);
        }
        let mut characters = rest.chars();
        characters.next()?;
        rest = characters.as_str();
    }
}
