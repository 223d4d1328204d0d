//! From the dotted paths of a form to the values of a shape: `Tags.member.2.Key=a` is the member `Key` of the second
//! element of the list `Tags`; `X.entry.1.key` and `X.entry.1.value` are a pair of the map `X`.

use super::errors::MALFORMED_INPUT;
use super::form::{Form, Pair};
use crate::shape::{Shape, Structure};
use crate::value::{Fields, Value};
use crate::{ApiError, Blob, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// A place in a form: the pairs whose names begin with the path to it.
#[derive(Clone, Copy)]
struct Node<'f> {
    /// The value of the path itself.
    value: Option<&'f str>,
    /// The pairs whose paths go on, sorted.
    pairs: &'f [Pair<'f>],
    /// How many bytes of each name, the last dot among them, lead here.
    depth: usize,
}

impl<'f> Node<'f> {
    fn root(pairs: &'f [Pair<'f>]) -> Self {
        Self {
            value: None,
            pairs,
            depth: 0,
        }
    }

    fn is_absent(&self) -> bool {
        self.value.is_none() && self.pairs.is_empty()
    }

    /// What a pair's name says beyond the path to this place.
    fn rest<'p>(&self, pair: &'p Pair<'_>) -> &'p [u8] {
        pair.0.as_bytes().get(self.depth..).unwrap_or_default()
    }

    /// The place one step further.
    fn child(&self, step: &str) -> Self {
        let exact = self.pairs.binary_search_by(|pair| self.rest(pair).cmp(step.as_bytes()));
        let leading = |pair: &Pair<'_>| -> Ordering {
            let rest = self.rest(pair);
            let path = step.bytes().chain([b'.']);
            let length = step.len() + 1;
            rest.iter().copied().take(length).cmp(path)
        };
        let from = self.pairs.partition_point(|pair| leading(pair) == Ordering::Less);
        let to = self.pairs.partition_point(|pair| leading(pair) != Ordering::Greater);
        Self {
            value: exact.ok().map(|at| &*self.pairs[at].1),
            pairs: &self.pairs[from..to],
            depth: self.depth + step.len() + 1,
        }
    }

    /// The elements of a list or a map, which are numbered from one without a gap.
    fn elements(&self, step: &str) -> Result<Vec<Self>, ApiError> {
        let numbered = self.child(step);
        let mut numbers = BTreeSet::new();
        if numbered.pairs.len() < self.pairs.len() || numbered.value.is_some() {
            return Err(malformed("Unexpected list element termination"));
        }
        for pair in numbered.pairs {
            let rest = numbered.rest(pair);
            let end = rest.iter().position(|byte| *byte == b'.').unwrap_or(rest.len());
            numbers.insert(number(&rest[..end]).ok_or_else(|| malformed("A list has an element without a number"))?);
        }
        // Numbers that begin with one and are as many as the greatest says have no gap.
        if numbers.last().is_some_and(|last| *last != numbers.len()) {
            return Err(malformed("A list's elements are not numbered from 1 without a gap"));
        }
        Ok(numbers.into_iter().map(|at| numbered.child(&at.to_string())).collect())
    }
}

/// A position: digits without a leading zero, within reason.
fn number(digits: &[u8]) -> Option<usize> {
    match digits {
        [b'1'..=b'9', rest @ ..] if rest.len() < 5 && rest.iter().all(u8::is_ascii_digit) => {
            str::from_utf8(digits).ok()?.parse().ok()
        }
        _ => None,
    }
}

fn malformed(message: impl Into<Cow<'static, str>>) -> ApiError {
    MALFORMED_INPUT.with(message)
}

/// Reads the members of a structure from a form.
pub(super) fn members<'f>(shape: &'static Structure, form: &'f Form<'_>) -> Result<Fields<'f>, ApiError> {
    structure(shape, Node::root(form.pairs()))
}

/// Reads the members of a structure; other names are passed over.
fn structure<'f>(shape: &'static Structure, node: Node<'f>) -> Result<Fields<'f>, ApiError> {
    let members = shape.members.iter();
    let values = members.map(|member| value(member.shape, node.child(member.name)));
    values.collect::<Result<_, _>>().map(Fields)
}

fn value<'f>(shape: &'static Shape, node: Node<'f>) -> Result<Value<'f>, ApiError> {
    if node.is_absent() {
        return Ok(Value::Absent);
    }
    match shape {
        Shape::Structure(shape) => match node.value {
            None => structure(shape, node).map(Value::Structure),
            Some(_) => Err(malformed("Unexpected complex element termination")),
        },
        Shape::List { element, .. } => match node.value {
            None => {
                let elements = node.elements("member")?;
                let values = elements.into_iter().map(|node| value(element, node));
                values.collect::<Result<_, _>>().map(Value::List)
            }
            // That is how an empty list is written.
            Some("") if node.pairs.is_empty() => Ok(Value::List(Vec::new())),
            Some(_) => Err(malformed("Unexpected list element termination")),
        },
        Shape::TextMap => match node.value {
            None => text_map(node),
            Some("") if node.pairs.is_empty() => Ok(Value::TextMap(Vec::new())),
            Some(_) => Err(malformed("Unexpected complex element termination")),
        },
        // Only outputs have such maps.
        Shape::Map { .. } => Ok(Value::Absent),
        _ => match node.value {
            Some(text) if node.pairs.is_empty() => scalar(shape, text),
            _ => Err(malformed("Start of structure or map found where not expected.")),
        },
    }
}

fn text_map(node: Node<'_>) -> Result<Value<'_>, ApiError> {
    let mut pairs = Vec::new();
    let mut keys = BTreeSet::new();
    for entry in node.elements("entry")? {
        let (key, value) = (entry.child("key"), entry.child("value"));
        match (key.value, value.value) {
            (Some(key), Some(value)) if entry.pairs.len() == 2 && entry.value.is_none() && keys.insert(key) => {
                pairs.push((Cow::Borrowed(key), Cow::Borrowed(value)));
            }
            _ => return Err(malformed("An entry of a map is not one key and one value")),
        }
    }
    Ok(Value::TextMap(pairs))
}

fn scalar<'f>(shape: &'static Shape, text: &'f str) -> Result<Value<'f>, ApiError> {
    let read = match shape {
        Shape::Integer { .. } => text.parse().ok().map(Value::Integer),
        Shape::Boolean => match text {
            "true" => Some(Value::Boolean(true)),
            "false" => Some(Value::Boolean(false)),
            _ => None,
        },
        Shape::Timestamp => Timestamp::parse(text).map(Value::Timestamp),
        Shape::Bytes(_) => STANDARD.decode(text).ok().map(|bytes| Value::Bytes(Blob::new(bytes))),
        _ => Some(Value::Text(Cow::Borrowed(text))),
    };
    read.ok_or_else(|| {
        malformed(match shape {
            Shape::Integer { .. } => "A value can not be converted to an Integer",
            Shape::Boolean => "A value can not be converted to a Boolean",
            Shape::Timestamp => "timestamp must follow ISO8601",
            _ => "A value can not be converted to a Blob",
        })
    })
}
