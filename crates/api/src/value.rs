//! What the interpreter makes of a document before it becomes a plain struct.

use crate::{Blob, SecretText, Timestamp};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A value of a known shape, borrowed from the request's body where that is possible.
pub enum Value<'b> {
    /// Not in the document, or null.
    Absent,
    /// Text, or the name of an enumeration's value.
    Text(Cow<'b, str>),
    /// Decoded bytes.
    Bytes(Blob),
    /// A whole number.
    Integer(i64),
    /// `true` or `false`.
    Boolean(bool),
    /// A point in time.
    Timestamp(Timestamp),
    /// The elements of a list.
    List(Vec<Value<'b>>),
    /// The pairs of a map in the document's order.
    TextMap(Vec<(Cow<'b, str>, Cow<'b, str>)>),
    /// The members of a structure.
    Structure(Fields<'b>),
}

/// The members of a structure, in the order of its shape.
pub struct Fields<'b>(pub(crate) Vec<Value<'b>>);

impl Fields<'_> {
    /// Takes an optional member out.
    pub fn optional<T: FromValue>(&mut self, position: usize) -> Option<Option<T>> {
        match self.take(position) {
            Value::Absent => Some(None),
            value => T::from_value(value).map(Some),
        }
    }

    /// Takes a required member out.
    pub fn required<T: FromValue>(&mut self, position: usize) -> Option<T> {
        T::from_value(self.take(position))
    }

    fn take(&mut self, position: usize) -> Value<'_> {
        match self.0.get_mut(position) {
            Some(field) => std::mem::replace(field, Value::Absent),
            None => Value::Absent,
        }
    }
}

impl<'b> Value<'b> {
    /// The members, if this is a structure.
    pub fn into_fields(self) -> Option<Fields<'b>> {
        match self {
            Self::Structure(fields) => Some(fields),
            _ => None,
        }
    }
}

/// Types that a value of the fitting shape becomes. `None` means a value that its shape's constraints had to refuse.
pub trait FromValue: Sized {
    /// Takes the value over.
    fn from_value(value: Value<'_>) -> Option<Self>;
}

impl FromValue for String {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.into_owned()),
            _ => None,
        }
    }
}

impl FromValue for SecretText {
    fn from_value(value: Value<'_>) -> Option<Self> {
        String::from_value(value).map(Self::new)
    }
}

impl FromValue for Blob {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl FromValue for i32 {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Integer(number) => Self::try_from(number).ok(),
            _ => None,
        }
    }
}

impl FromValue for bool {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Boolean(flag) => Some(flag),
            _ => None,
        }
    }
}

impl FromValue for Timestamp {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Timestamp(time) => Some(time),
            _ => None,
        }
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::List(elements) => elements.into_iter().map(T::from_value).collect(),
            _ => None,
        }
    }
}

impl FromValue for BTreeMap<String, String> {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::TextMap(pairs) => Some(
                pairs
                    .into_iter()
                    .map(|(key, value)| (key.into_owned(), value.into_owned()))
                    .collect(),
            ),
            _ => None,
        }
    }
}
