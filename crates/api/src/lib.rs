//! The wire: the shapes, constraints and errors of each service, and the two protocols around them, AWS JSON 1.1 and
//! AWS Query.
//!
//! Pure: bytes in, plain structs out, and back. The structs and the table of shapes are generated from a facts-only
//! interface model (`cargo xtask model`); a hand-written interpreter for each protocol reads a request against the table
//! ([`decode`], [`query`]), and every constraint of every member is checked and worded in one place.

mod blob;
pub mod cloudtrail;
pub mod cloudwatch;
mod constraints;
pub mod decode;
pub mod encode;
mod enumeration;
mod error;
pub mod iam;
mod interface;
pub mod kms;
mod number;
pub mod pattern;
pub mod protocol;
pub mod query;
pub mod shape;
pub mod sts;
mod target;
mod timestamp;
mod unicode;
mod value;

pub use blob::{Blob, SecretText};
pub use decode::{Input, decode};
pub use encode::{Empty, Encode, ObjectWriter, Output, encode};
pub use error::{ApiError, ErrorShape, MessageKey};
pub use interface::{JsonVersion, Protocol};
pub use number::Number;
pub use query::{Content, Query, XmlWriter};
pub use target::Target;
pub use timestamp::Timestamp;
pub use value::{Fields, FromValue, Value};

/// What has a row in the shape table.
pub trait Shaped {
    /// The row.
    const SHAPE: &'static shape::Structure;
}
