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
#[derive(Debug)]
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
    /// A nested structure.
    Structure(&'static Structure),
}

/// The constraints of a text.
#[derive(Debug)]
pub struct Text {
    /// How many characters there may be.
    pub length: Option<Length>,
    /// The regular expression that the whole text matches.
    pub pattern: Option<&'static Pattern>,
    /// Whether messages must not show it.
    pub sensitive: bool,
}

/// The constraints of bytes.
#[derive(Debug)]
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

impl Structure {
    /// Where a member stands, by its name on the wire.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|member| member.name == name)
    }
}
