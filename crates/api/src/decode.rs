//! From the body of a request to a plain struct: one interpreter for every shape.
//!
//! First the document is read against the shape; a value of the wrong JSON type ends that at once, with the
//! framework's words for it. Only then are the constraints checked, all of them, so that one reply names every
//! violation. Unknown members are skipped, null is the same as absent.

use crate::shape::{Bytes, Shape, Structure};
use crate::value::{Fields, FromValue, Value};
use crate::{ApiError, Blob, Shaped, Timestamp, constraints, protocol};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

/// The input of an operation.
pub trait Input: Shaped + FromValue + Send + 'static {}

/// Reads a request's body as the input `I`.
///
/// # Errors
///
/// `SerializationException` if the body is not a JSON object or a value has the wrong JSON type,
/// `ValidationException` if it breaks constraints.
pub fn decode<I: Input>(body: &[u8]) -> Result<I, ApiError> {
    let fields = read(I::SHAPE, body)?;
    constraints::check(I::SHAPE, &fields)?;
    // What the constraints let through has the type that the struct wants.
    I::from_value(Value::Structure(fields)).ok_or_else(protocol::internal_failure)
}

/// Checks a body against a shape without building anything: what [`decode`] would answer, for any operation.
pub fn check(shape: &'static Structure, body: &[u8]) -> Result<(), ApiError> {
    constraints::check(shape, &read(shape, body)?)
}

fn read<'b>(shape: &'static Structure, body: &'b [u8]) -> Result<Fields<'b>, ApiError> {
    let malformed = || protocol::serialization(None);
    let text = std::str::from_utf8(body).map_err(|_| malformed())?;
    match text.trim_ascii_start().as_bytes().first() {
        Some(b'{') => {}
        Some(b'[') => return Err(protocol::serialization(Some(Cow::Borrowed(UNEXPECTED_LIST)))),
        _ => return Err(malformed()),
    }
    let complaint = Cell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let fields = StructureReader {
        shape,
        complaint: &complaint,
    }
    .deserialize(&mut deserializer)
    .and_then(|fields| deserializer.end().map(|()| fields));
    fields.map_err(|_| protocol::serialization(complaint.take()))
}

const UNEXPECTED_LIST: &str = "Start of list found where not expected";
const UNEXPECTED_STRUCTURE: &str = "Start of structure or map found where not expected.";

/// Where a reader leaves what it says to the caller about a value of the wrong type; malformed JSON leaves nothing.
type Complaint<'c> = &'c Cell<Option<Cow<'static, str>>>;

fn complain<T, E: serde::de::Error>(complaint: Complaint<'_>, text: impl Into<Cow<'static, str>>) -> Result<T, E> {
    complaint.set(Some(text.into()));
    Err(E::custom("type mismatch"))
}

#[derive(Clone, Copy)]
struct StructureReader<'c> {
    shape: &'static Structure,
    complaint: Complaint<'c>,
}

impl<'de> DeserializeSeed<'de> for StructureReader<'_> {
    type Value = Fields<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for StructureReader<'_> {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let members = self.shape.members;
        let mut fields: Vec<_> = members.iter().map(|_| Value::Absent).collect();
        while let Some(position) = map.next_key_seed(MemberName(self.shape))? {
            match position {
                Some(at) => {
                    let reader = ValueReader {
                        shape: members[at].shape,
                        complaint: self.complaint,
                    };
                    fields[at] = map.next_value_seed(reader)?;
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Fields(fields))
    }
}

/// Finds a member's position by its name, without keeping the name.
struct MemberName(&'static Structure);

impl<'de> DeserializeSeed<'de> for MemberName {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for MemberName {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.position(name))
    }
}

#[derive(Clone, Copy)]
struct ValueReader<'c> {
    shape: &'static Shape,
    complaint: Complaint<'c>,
}

impl ValueReader<'_> {
    /// A scalar where the shape wants another type; `token` is the framework's name of what it found.
    fn scalar_mismatch<T, E: serde::de::Error>(&self, token: &str) -> Result<T, E> {
        let wanted = match self.shape {
            Shape::Text(_) | Shape::Enumeration(_) => "a String",
            Shape::Bytes(_) => "a Blob",
            Shape::Integer { .. } => "an Integer",
            Shape::Number => "a Double",
            Shape::Boolean => "a Boolean",
            Shape::Timestamp => "milliseconds since epoch",
            Shape::List { .. } => return complain(self.complaint, "Expected list or null"),
            Shape::TextMap | Shape::Map { .. } => return complain(self.complaint, "Expected map or null"),
            Shape::Structure(_) => return complain(self.complaint, "Expected null"),
        };
        complain(self.complaint, format!("{token} can not be converted to {wanted}"))
    }

    fn bytes<'de, E: serde::de::Error>(&self, limits: &Bytes, text: &str) -> Result<Value<'de>, E> {
        match STANDARD.decode(text) {
            Ok(bytes) => Ok(Value::Bytes(Blob::new(bytes))),
            // Repeating what was sent would put a secret into the reply and into logs.
            Err(_) if limits.sensitive => Err(E::custom("invalid base64")),
            Err(error) => {
                let reason = blob_complaint(text, &error);
                complain(
                    self.complaint,
                    format!("'{text}' can not be converted to a Blob: {reason}"),
                )
            }
        }
    }
}

fn blob_complaint(text: &str, error: &base64::DecodeError) -> String {
    match error {
        _ if !text.len().is_multiple_of(4) => {
            format!(
                "Base64 encoded length is expected a multiple of 4 bytes but found: {}",
                text.len()
            )
        }
        &base64::DecodeError::InvalidByte(at, byte) => {
            let found = text
                .get(at..)
                .and_then(|rest| rest.chars().next())
                .unwrap_or(char::from(byte));
            format!("Invalid Base64 character: '{found}'")
        }
        // The misspelling is the framework's.
        _ => "Invalid last non-pad Base64 character dectected".to_owned(),
    }
}

impl<'de> DeserializeSeed<'de> for ValueReader<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueReader<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the modelled type")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Absent)
    }

    fn visit_bool<E: serde::de::Error>(self, flag: bool) -> Result<Self::Value, E> {
        match self.shape {
            Shape::Boolean => Ok(Value::Boolean(flag)),
            _ => self.scalar_mismatch(if flag { "TRUE_VALUE" } else { "FALSE_VALUE" }),
        }
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Self::Value, E> {
        match self.shape {
            Shape::Integer { .. } => Ok(Value::Integer(number)),
            Shape::Timestamp => Ok(Value::Timestamp(Timestamp::from_seconds(number))),
            _ => self.scalar_mismatch("NUMBER_VALUE"),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Self::Value, E> {
        self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Self::Value, E> {
        match self.shape {
            // The framework cuts the fraction off; the cast saturates, and the range is checked afterwards.
            #[expect(clippy::cast_possible_truncation, reason = "cutting off is what is wanted")]
            Shape::Integer { .. } => Ok(Value::Integer(number as i64)),
            Shape::Timestamp => Ok(Value::Timestamp(Timestamp::from_fractional_seconds(number))),
            _ => self.scalar_mismatch("NUMBER_VALUE"),
        }
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        match self.shape {
            Shape::Text(_) | Shape::Enumeration(_) => Ok(Value::Text(Cow::Borrowed(text))),
            Shape::Bytes(limits) => self.bytes(limits, text),
            _ => self.scalar_mismatch("STRING_VALUE"),
        }
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match self.shape {
            Shape::Text(_) | Shape::Enumeration(_) => Ok(Value::Text(Cow::Owned(text.to_owned()))),
            Shape::Bytes(limits) => self.bytes(limits, text),
            _ => self.scalar_mismatch("STRING_VALUE"),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let Shape::List { element, .. } = self.shape else {
            return complain(self.complaint, UNEXPECTED_LIST);
        };
        let reader = ValueReader {
            shape: element,
            complaint: self.complaint,
        };
        let mut elements = Vec::new();
        while let Some(value) = sequence.next_element_seed(reader)? {
            elements.push(value);
        }
        Ok(Value::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        match self.shape {
            Shape::Structure(shape) => StructureReader {
                shape,
                complaint: self.complaint,
            }
            .visit_map(map)
            .map(Value::Structure),
            Shape::TextMap => text_map(map, self.complaint),
            _ => complain(self.complaint, UNEXPECTED_STRUCTURE),
        }
    }
}

fn text_map<'de, A: MapAccess<'de>>(mut map: A, complaint: Complaint<'_>) -> Result<Value<'de>, A::Error> {
    let mut pairs = Vec::new();
    while let Some(Borrowable(key)) = map.next_key()? {
        let literal: &'de RawValue = map.next_value()?;
        pairs.push((key, literal_text(literal.get(), complaint)?));
    }
    Ok(Value::TextMap(pairs))
}

/// Numbers and truth values count as the text that they are written with: `10103.0` is the same as `"10103.0"`.
fn literal_text<'de, E: serde::de::Error>(literal: &'de str, complaint: Complaint<'_>) -> Result<Cow<'de, str>, E> {
    match literal.as_bytes().first() {
        Some(b'"') => serde_json::from_str(literal)
            .map(|Borrowable(text)| text)
            .map_err(E::custom),
        Some(b'[') => complain(complaint, UNEXPECTED_LIST),
        Some(b'{') => complain(complaint, UNEXPECTED_STRUCTURE),
        Some(b'n') => complain(complaint, "NULL_VALUE can not be converted to a String"),
        _ => Ok(Cow::Borrowed(literal)),
    }
}

/// Text that is borrowed from the document unless an escape forces a copy.
#[derive(serde::Deserialize)]
struct Borrowable<'b>(#[serde(borrow)] Cow<'b, str>);
