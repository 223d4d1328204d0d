//! The constraints of the model, and the service's words for a violation.
//!
//! Every violation of a request is reported, members in the model's order, at most [`MOST_REPORTED`] in all. Within
//! one member an enumeration or a regular expression comes before the bounds. A list of scalars is reported as a
//! whole, with every constraint of its elements; a list of structures by the member of the element. What the model
//! marks as sensitive is never repeated.

use crate::shape::{Length, Shape, Structure, Text};
use crate::value::{Fields, Value};
use crate::{ApiError, protocol};
use std::fmt::{self, Display, Write as _};

/// The framework stops after so many.
const MOST_REPORTED: usize = 10;

/// Checks every member of a structure, nested ones included.
pub(crate) fn check(shape: &'static Structure, fields: &Fields<'_>) -> Result<(), ApiError> {
    let mut violations = Violations::default();
    violations.structure(shape, fields, &Path::Root);
    violations.into_result()
}

/// Where a value stands: written only when it is in the wrong.
enum Path<'p> {
    Root,
    Member(&'p Path<'p>, &'static str),
    /// Elements are counted from one.
    Element(&'p Path<'p>, usize),
}

impl Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Self::Root, name) => f.write_str(name),
            Self::Member(parent, name) => write!(f, "{parent}.{name}"),
            Self::Element(parent, position) => write!(f, "{parent}.{position}.member"),
        }
    }
}

#[derive(Default)]
struct Violations {
    text: String,
    count: usize,
}

impl Violations {
    fn into_result(self) -> Result<(), ApiError> {
        match self.count {
            0 => Ok(()),
            1 => Err(protocol::validation(format!(
                "1 validation error detected: {}",
                self.text
            ))),
            many => Err(protocol::validation(format!(
                "{many} validation errors detected: {}",
                self.text
            ))),
        }
    }

    fn add(&mut self, value: &Shown<'_, '_>, path: &Path<'_>, constraint: Constraint) {
        if self.count == MOST_REPORTED {
            return;
        }
        if self.count > 0 {
            self.text.push_str("; ");
        }
        self.count += 1;
        // Writing to a String cannot fail.
        let _ = write!(
            self.text,
            "Value{value} at '{path}' failed to satisfy constraint: {constraint}"
        );
    }

    fn structure(&mut self, shape: &'static Structure, fields: &Fields<'_>, path: &Path<'_>) {
        for (member, value) in shape.members.iter().zip(&fields.0) {
            let path = Path::Member(path, member.path);
            match value {
                Value::Absent if member.required => self.add(&Shown::Null, &path, Constraint::NotNull),
                Value::Absent => {}
                value => self.value(member.shape, value, &path),
            }
        }
    }

    fn value(&mut self, shape: &'static Shape, value: &Value<'_>, path: &Path<'_>) {
        match (shape, value) {
            (Shape::Structure(shape), Value::Structure(fields)) => self.structure(shape, fields, path),
            (Shape::List { element, length }, Value::List(elements)) => {
                self.list(element, *length, elements, value, path);
            }
            _ => each_broken(shape, value, &mut |constraint| {
                self.add(&Shown::of(shape, value), path, constraint);
            }),
        }
    }

    fn list(
        &mut self,
        element: &'static Shape,
        length: Option<Length>,
        elements: &[Value<'_>],
        whole: &Value<'_>,
        path: &Path<'_>,
    ) {
        let shown = Shown::of(element, whole);
        if let Some(constraint) = length.and_then(|bounds| broken_length(bounds, elements.len())) {
            self.add(&shown, path, constraint);
        }
        if let Shape::Structure(shape) = element {
            for (position, value) in elements.iter().enumerate() {
                let path = Path::Element(path, position + 1);
                match value {
                    Value::Structure(fields) => self.structure(shape, fields, &path),
                    _ => self.add(&Shown::Null, &path, Constraint::NotNull),
                }
            }
        } else if elements.iter().any(|value| is_broken(element, value)) {
            self.add(&shown, path, Constraint::Element(element));
        }
    }
}

fn is_broken(shape: &'static Shape, value: &Value<'_>) -> bool {
    let mut broken = matches!(value, Value::Absent);
    each_broken(shape, value, &mut |_| broken = true);
    broken
}

/// Calls `report` for each constraint of a scalar that the value breaks.
fn each_broken(shape: &'static Shape, value: &Value<'_>, report: &mut dyn FnMut(Constraint)) {
    match (shape, value) {
        (Shape::Text(limits), Value::Text(text)) => {
            if let Some(pattern) = limits.pattern.filter(|pattern| !pattern.matches(text)) {
                report(Constraint::Pattern(pattern.source));
            }
            if let Some(broken) = limits.length.and_then(|bounds| broken_text_length(bounds, text)) {
                report(broken);
            }
        }
        (Shape::Enumeration(values), Value::Text(text)) if !values.contains(&text.as_ref()) => {
            report(Constraint::OneOf(values));
        }
        (Shape::Bytes(limits), Value::Bytes(bytes)) => {
            if let Some(broken) = limits.length.and_then(|bounds| broken_length(bounds, bytes.len())) {
                report(broken);
            }
        }
        (Shape::Integer { min, max }, Value::Integer(number)) => {
            if number > max {
                report(Constraint::ValueAtMost(*max));
            } else if number < min {
                report(Constraint::ValueAtLeast(*min));
            }
        }
        _ => {}
    }
}

/// A text of n bytes has between n/4 and n characters, which mostly spares the counting.
fn broken_text_length(bounds: Length, text: &str) -> Option<Constraint> {
    let surely_within = text.len() <= bounds.max && text.len() / 4 >= bounds.min;
    if surely_within {
        None
    } else {
        broken_length(bounds, text.chars().count())
    }
}

fn broken_length(bounds: Length, length: usize) -> Option<Constraint> {
    if length > bounds.max {
        Some(Constraint::LengthAtMost(bounds.max))
    } else if length < bounds.min {
        Some(Constraint::LengthAtLeast(bounds.min))
    } else {
        None
    }
}

fn is_sensitive(shape: &Shape) -> bool {
    match shape {
        Shape::Text(limits) => limits.sensitive,
        Shape::Bytes(limits) => limits.sensitive,
        _ => false,
    }
}

/// A constraint in the service's words.
#[derive(Clone, Copy)]
enum Constraint {
    NotNull,
    LengthAtMost(usize),
    LengthAtLeast(usize),
    ValueAtMost(i64),
    ValueAtLeast(i64),
    Pattern(&'static str),
    OneOf(&'static [&'static str]),
    /// All constraints of a list's element, broken or not.
    Element(&'static Shape),
}

impl Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNull => f.write_str("Member must not be null"),
            Self::LengthAtMost(most) => write!(f, "Member must have length less than or equal to {most}"),
            Self::LengthAtLeast(least) => write!(f, "Member must have length greater than or equal to {least}"),
            Self::ValueAtMost(most) => write!(f, "Member must have value less than or equal to {most}"),
            Self::ValueAtLeast(least) => write!(f, "Member must have value greater than or equal to {least}"),
            Self::Pattern(source) => write!(f, "Member must satisfy regular expression pattern: {source}"),
            Self::OneOf(values) => write!(f, "Member must satisfy enum value set: [{}]", values.join(", ")),
            Self::Element(shape) => {
                f.write_str("Member must satisfy constraint: [")?;
                for constraint in of_element(shape).into_iter().flatten() {
                    write!(f, "{constraint}, ")?;
                }
                write!(f, "{}]", Self::NotNull)
            }
        }
    }
}

/// The constraints of a list's element in the order in which the service lists them.
fn of_element(shape: &'static Shape) -> [Option<Constraint>; 3] {
    let bounds = |length: Option<Length>| {
        [
            length.map(|bounds| Constraint::LengthAtMost(bounds.max)),
            length.map(|bounds| Constraint::LengthAtLeast(bounds.min)),
        ]
    };
    match shape {
        Shape::Text(Text { length, pattern, .. }) => {
            let [most, least] = bounds(*length);
            [most, least, pattern.map(|pattern| Constraint::Pattern(pattern.source))]
        }
        Shape::Bytes(limits) => {
            let [most, least] = bounds(limits.length);
            [most, least, None]
        }
        Shape::Enumeration(values) => [Some(Constraint::OneOf(values)), None, None],
        Shape::Integer { min, max } => [
            Some(Constraint::ValueAtMost(*max)),
            Some(Constraint::ValueAtLeast(*min)),
            None,
        ],
        _ => [None; 3],
    }
}

/// What a message shows of a value, with the space before it.
enum Shown<'v, 'b> {
    /// Nothing there: `null`, without quotes.
    Null,
    /// Sensitive: left out altogether.
    Hidden,
    /// The value in quotes.
    Quoted(&'v Value<'b>),
}

impl<'v, 'b> Shown<'v, 'b> {
    fn of(shape: &Shape, value: &'v Value<'b>) -> Self {
        if is_sensitive(shape) {
            Self::Hidden
        } else {
            Self::Quoted(value)
        }
    }
}

impl Display for Shown<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str(" null"),
            Self::Hidden => Ok(()),
            Self::Quoted(value) => write!(f, " '{}'", Plain(value)),
        }
    }
}

/// A value as the service's runtime prints it.
struct Plain<'v, 'b>(&'v Value<'b>);

impl Display for Plain<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Absent => f.write_str("null"),
            Value::Text(text) => f.write_str(text),
            Value::Bytes(bytes) => write!(f, "java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]", bytes.len()),
            Value::Integer(number) => number.fmt(f),
            Value::Boolean(flag) => flag.fmt(f),
            Value::Timestamp(time) => time.as_millis().fmt(f),
            Value::List(elements) => {
                f.write_str("[")?;
                for (position, element) in elements.iter().enumerate() {
                    if position > 0 {
                        f.write_str(", ")?;
                    }
                    Plain(element).fmt(f)?;
                }
                f.write_str("]")
            }
            // Neither has a constraint of its own, so neither is ever shown whole.
            Value::TextMap(_) | Value::Structure(_) => Ok(()),
        }
    }
}
