//! The static shape table: what the interface model says of each member, in the form that the interpreter reads.
//!
//! The tables themselves are generated; see `cargo xtask model`.

use crate::ErrorShape;
use crate::pattern::Pattern;

/// A structure: the input or output of an operation, or a part of one.
#[derive(Debug)]
pub struct Structure {
    /// The model's name of it.
    pub name: &'static str,
    /// Its members in the model's order, which is also the order in which violations are reported.
    pub members: &'static [Member],
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// The name on the wire, such as `KeyId`.
    pub name: &'static str,
    /// The name in messages, such as `keyId`.
    pub path: &'static str,
    /// Whether it must be present and not null.
    pub required: bool,
    /// What it may hold.
    pub shape: &'static Shape,
}

/// What a member or a list's element may hold.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Text.
    Text(Text),
    /// One of a fixed set of texts.
    Enumeration(&'static [&'static str]),
    /// Bytes.
    Bytes(Bytes),
    /// A whole number within bounds.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A number with a fraction. Only outputs have any: nothing reads one.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A point in time.
    Timestamp,
    /// A list.
    List {
        /// What each element may hold.
        element: &'static Shape,
        /// How many elements there may be.
        length: Option<Length>,
    },
    /// A map of texts to texts, neither of them constrained.
    TextMap,
    /// A map with other keys or values. Only outputs have any: nothing reads one.
    Map {
        /// What each key may be.
        key: &'static Shape,
        /// What each value may hold.
        value: &'static Shape,
    },
    /// A nested structure.
    Structure(&'static Structure),
}

/// The constraints of a text.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// How many characters there may be.
    pub length: Option<Length>,
    /// The regular expression that the whole text matches.
    pub pattern: Option<&'static Pattern>,
    /// Whether messages must not show it.
    pub sensitive: bool,
}

/// The constraints of bytes.
#[derive(Debug, Clone, Copy)]
pub struct Bytes {
    /// How many bytes there may be.
    pub length: Option<Length>,
    /// Whether messages must not show it.
    pub sensitive: bool,
}

/// Bounds of a length, both inclusive.
#[derive(Debug, Clone, Copy)]
pub struct Length {
    /// The least.
    pub min: usize,
    /// The greatest.
    pub max: usize,
}

/// An operation of a service.
#[derive(Debug)]
pub struct OperationShape {
    /// Its name, such as `Encrypt`.
    pub name: &'static str,
    /// What it takes.
    pub input: &'static Structure,
    /// What it answers, if it answers anything.
    pub output: Option<&'static Structure>,
    /// The errors that the model gives it.
    pub errors: &'static [&'static ErrorShape],
}

impl Member {
    /// A member that must be there.
    pub const fn required(name: &'static str, path: &'static str, shape: &'static Shape) -> Self {
        Self {
            name,
            path,
            required: true,
            shape,
        }
    }

    /// A member that may be missing.
    pub const fn optional(name: &'static str, path: &'static str, shape: &'static Shape) -> Self {
        Self {
            name,
            path,
            required: false,
            shape,
        }
    }
}

impl Shape {
    /// Text of `min` to `max` characters.
    pub const fn text(min: usize, max: usize) -> Self {
        Self::Text(Text {
            length: Some(Length { min, max }),
            pattern: None,
            sensitive: false,
        })
    }

    /// Text of any length.
    pub const fn unbounded_text() -> Self {
        Self::Text(Text {
            length: None,
            pattern: None,
            sensitive: false,
        })
    }

    /// `min` to `max` bytes.
    pub const fn bytes(min: usize, max: usize) -> Self {
        Self::Bytes(Bytes {
            length: Some(Length { min, max }),
            sensitive: false,
        })
    }

    /// Any number of bytes.
    pub const fn unbounded_bytes() -> Self {
        Self::Bytes(Bytes {
            length: None,
            sensitive: false,
        })
    }

    /// A list of `min` to `max` elements.
    pub const fn list(element: &'static Self, min: usize, max: usize) -> Self {
        Self::List {
            element,
            length: Some(Length { min, max }),
        }
    }

    /// A list of any length.
    pub const fn unbounded_list(element: &'static Self) -> Self {
        Self::List { element, length: None }
    }

    /// The same text, which must match a pattern.
    #[must_use]
    pub const fn matching(self, pattern: &'static Pattern) -> Self {
        match self {
            Self::Text(Text { length, sensitive, .. }) => Self::Text(Text {
                length,
                pattern: Some(pattern),
                sensitive,
            }),
            other => other,
        }
    }

    /// The same text or bytes, which messages must not show.
    #[must_use]
    pub const fn sensitive(self) -> Self {
        match self {
            Self::Text(Text { length, pattern, .. }) => Self::Text(Text {
                length,
                pattern,
                sensitive: true,
            }),
            Self::Bytes(Bytes { length, .. }) => Self::Bytes(Bytes {
                length,
                sensitive: true,
            }),
            other => other,
        }
    }
}

impl Structure {
    /// Where a member stands, by its name on the wire.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|member| member.name == name)
    }
}
