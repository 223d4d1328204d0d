//! A strict JSON reader that knows lines and refuses duplicate members (RFC 8259, and section 2.3 of RFC 7493).
//!
//! A policy says who may do what. A reader that keeps the last of two members with one name, as most do, lets the
//! document mean one thing to its author's tools and another to the evaluator; so duplicates are refused here. The line
//! of every value is kept, because a decision is explained by the statement's place in its author's text. Numbers keep
//! their literal text: they are compared exactly, or as strings, never as binary fractions.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

/// Deeper than the grammar of policies ever nests, and shallow enough for any stack.
const MAX_DEPTH: u32 = 16;

/// A value, the line that it begins on, counted from 1, and the bytes that it takes in the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node<'a> {
    pub(crate) line: u32,
    pub(crate) span: Range<usize>,
    pub(crate) value: Value<'a>,
}

impl<'a> Node<'a> {
    /// The values of a list, or the value itself if it stands alone.
    pub(crate) fn one_or_many(self) -> impl Iterator<Item = Node<'a>> {
        let (one, many) = match self.value {
            Value::Array(items) => (None, items),
            value => (Some(Node { value, ..self }), Vec::new()),
        };
        one.into_iter().chain(many)
    }
}

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    /// The literal, as written.
    Number(&'a str),
    Text(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    /// In the order written; the names are unique.
    Object(Vec<Member<'a>>),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member<'a> {
    pub(crate) line: u32,
    pub(crate) name: Cow<'a, str>,
    pub(crate) value: Node<'a>,
}

/// Why a text is not acceptable JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonProblem {
    /// It ends too early.
    #[error("the text ends before the document does")]
    Truncated,
    /// A character that cannot stand here.
    #[error("unexpected character {0:?}")]
    Unexpected(char),
    /// Something after the document.
    #[error("something follows the document")]
    Trailing,
    /// Two members of one object have the same name.
    #[error("a member is given twice")]
    Duplicate,
    /// Nested too deeply.
    #[error("the document is nested too deeply")]
    Depth,
    /// An escape sequence that means no character.
    #[error("an escape sequence means no character")]
    Escape,
    /// A malformed number.
    #[error("a number is malformed")]
    Number,
}

/// A problem and its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct JsonError {
    pub(crate) line: u32,
    pub(crate) problem: JsonProblem,
}

/// Reads one document that fills the whole text.
pub(crate) fn read(text: &str) -> Result<Node<'_>, JsonError> {
    let mut reader = Reader { text, at: 0, line: 1 };
    reader.blanks();
    let node = reader.node(0)?;
    reader.blanks();
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(reader.error(JsonProblem::Trailing)),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn error(&self, problem: JsonProblem) -> JsonError {
        JsonError {
            line: self.line,
            problem,
        }
    }

    /// The complaint about whatever stands here.
    fn unexpected(&self) -> JsonError {
        let found = self.text.get(self.at..).and_then(|rest| rest.chars().next());
        self.error(found.map_or(JsonProblem::Truncated, JsonProblem::Unexpected))
    }

    fn blanks(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\n' | b'\r')) = self.peek() {
            self.line += u32::from(byte == b'\n');
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, JsonError> {
        for byte in word.bytes() {
            self.expect(byte)?;
        }
        Ok(value)
    }

    fn node(&mut self, depth: u32) -> Result<Node<'a>, JsonError> {
        let (line, start) = (self.line, self.at);
        let value = match self.peek() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => return Err(self.error(JsonProblem::Depth)),
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Value::Text(self.string()?),
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => return Err(self.unexpected()),
        };
        Ok(Node {
            line,
            span: start..self.at,
            value,
        })
    }

    fn array(&mut self, depth: u32) -> Result<Value<'a>, JsonError> {
        let mut items = Vec::new();
        self.expect(b'[')?;
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(items));
        }
        loop {
            self.blanks();
            items.push(self.node(depth + 1)?);
            self.blanks();
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(Value::Array(items));
            }
            self.expect(b',')?;
        }
    }

    fn object(&mut self, depth: u32) -> Result<Value<'a>, JsonError> {
        let mut members = Vec::new();
        let mut names = HashSet::new();
        self.expect(b'{')?;
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(members));
        }
        loop {
            self.blanks();
            let line = self.line;
            let name = self.string()?;
            if !names.insert(name.clone()) {
                return Err(self.error(JsonProblem::Duplicate));
            }
            self.blanks();
            self.expect(b':')?;
            self.blanks();
            let value = self.node(depth + 1)?;
            members.push(Member { line, name, value });
            self.blanks();
            if self.peek() == Some(b'}') {
                self.at += 1;
                return Ok(Value::Object(members));
            }
            self.expect(b',')?;
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.expect(b'"')?;
        let start = self.at;
        let mut decoded: Option<String> = None;
        loop {
            let run = self.at;
            while self
                .peek()
                .is_some_and(|byte| byte != b'"' && byte != b'\\' && byte >= b' ')
            {
                self.at += 1;
            }
            let plain = &self.text[run..self.at];
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(match decoded {
                        None => Cow::Borrowed(&self.text[start..self.at - 1]),
                        Some(mut text) => {
                            text.push_str(plain);
                            Cow::Owned(text)
                        }
                    });
                }
                Some(b'\\') => {
                    let text = decoded.get_or_insert_with(String::new);
                    text.push_str(plain);
                    self.at += 1;
                    let character = self.escape()?;
                    text.push(character);
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let byte = self.peek().ok_or_else(|| self.error(JsonProblem::Truncated))?;
        let character = match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err(self.error(JsonProblem::Escape)),
        };
        self.at += 1;
        Ok(character)
    }

    /// What follows `\u`: four hexadecimal digits, or a pair of surrogates.
    fn unicode(&mut self) -> Result<char, JsonError> {
        let bad = self.error(JsonProblem::Escape);
        let first = self.unit()?;
        let scalar = if (0xD800..0xDC00).contains(&first) {
            self.expect(b'\\').map_err(|_| bad)?;
            self.expect(b'u').map_err(|_| bad)?;
            let second = self.unit()?;
            if !(0xDC00..0xE000).contains(&second) {
                return Err(bad);
            }
            0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
        } else {
            first
        };
        char::from_u32(scalar).ok_or(bad)
    }

    fn unit(&mut self) -> Result<u32, JsonError> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            unit = unit * 16 + digit.ok_or_else(|| self.error(JsonProblem::Escape))?;
            self.at += 1;
        }
        Ok(unit)
    }

    fn number(&mut self) -> Result<Value<'a>, JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Value::Number(&self.text[start..self.at]))
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.error(JsonProblem::Number));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
