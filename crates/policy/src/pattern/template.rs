//! The parts of a pattern's text: literals, wildcards, `${variables}` with defaults, and the three escapes.
//!
//! IAM User Guide, "IAM policy elements: Variables and tags". Variables exist only in documents of version 2012-10-17;
//! in older ones their text is literal.

use crate::ConditionKey;

/// More variables than this in one text are refused: matching keeps their values in an array on the stack.
pub(crate) const MAX_VARIABLES: usize = 16;
/// More characters than this between two `*` are refused if a `?` is among them: searching keeps their state on the
/// stack. ARNs end at this length.
pub(crate) const MAX_MASKED: usize = 2048;

/// What is special in a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Syntax {
    /// `*` and `?` match.
    pub(crate) wildcards: bool,
    /// `${...}` is replaced.
    pub(crate) variables: bool,
}

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Literal(Box<str>),
    /// `*`
    Any,
    /// `?`
    One,
    Variable(Variable),
}

/// A policy variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) key: ConditionKey,
    pub(crate) default: Option<Box<str>>,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `${` without its end, without a name, or with a malformed default.
    #[error("a policy variable is malformed")]
    Variable,
    /// More variables than can be matched.
    #[error("a text has more than {MAX_VARIABLES} policy variables")]
    TooManyVariables,
    /// A piece with `?` between two `*` that is too long.
    #[error("a text has a '?' among more than {MAX_MASKED} characters between two '*'")]
    TooLong,
}

/// Splits a text.
pub(crate) fn template(text: &str, syntax: Syntax) -> Result<Vec<Part>, TemplateError> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if syntax.variables && rest.starts_with("${") {
            let (piece, after) = variable(&rest[2..])?;
            match piece {
                Piece::Escaped(character) => literal.push(character),
                Piece::Variable(variable) => {
                    flush(&mut literal, &mut parts);
                    parts.push(Part::Variable(variable));
                }
            }
            rest = after;
            continue;
        }
        match character {
            '*' if syntax.wildcards => {
                flush(&mut literal, &mut parts);
                if parts.last() != Some(&Part::Any) {
                    parts.push(Part::Any);
                }
            }
            '?' if syntax.wildcards => {
                flush(&mut literal, &mut parts);
                parts.push(Part::One);
            }
            other => literal.push(other),
        }
        rest = &rest[character.len_utf8()..];
    }
    flush(&mut literal, &mut parts);
    Ok(parts)
}

fn flush(literal: &mut String, parts: &mut Vec<Part>) {
    if !literal.is_empty() {
        parts.push(Part::Literal(std::mem::take(literal).into_boxed_str()));
    }
}

enum Piece {
    Escaped(char),
    Variable(Variable),
}

/// Reads what follows `${`, and returns what follows its `}`.
fn variable(text: &str) -> Result<(Piece, &str), TemplateError> {
    let bad = TemplateError::Variable;
    for character in ['*', '?', '$'] {
        if let Some(after) = text.strip_prefix(character).and_then(|rest| rest.strip_prefix('}')) {
            return Ok((Piece::Escaped(character), after));
        }
    }
    let end = text.find(['}', ',']).ok_or(bad)?;
    let name = text[..end].trim();
    if name.is_empty() || name.contains(['$', '{', '*', '?', '\'']) || name.contains(char::is_whitespace) {
        return Err(bad);
    }
    let key = ConditionKey::new(name);
    if let Some(after) = text[end..].strip_prefix('}') {
        return Ok((Piece::Variable(Variable { key, default: None }), after));
    }
    let quoted = text[end + 1..].trim_start().strip_prefix('\'').ok_or(bad)?;
    let close = quoted.find('\'').ok_or(bad)?;
    let default = Some(Box::from(&quoted[..close]));
    let after = quoted[close + 1..].trim_start().strip_prefix('}').ok_or(bad)?;
    Ok((Piece::Variable(Variable { key, default }), after))
}
