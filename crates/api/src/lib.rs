//! The wire: the shapes, constraints and errors of each service, and AWS JSON 1.1 around them.
//!
//! Pure: bytes in, plain structs out, and back. The structs and the table of shapes are generated from a facts-only
//! interface model (`cargo xtask model`); one hand-written interpreter reads a request against the table
//! ([`decode`]), so that every constraint of every member is checked and worded in one place.

mod blob;
mod constraints;
pub mod decode;
pub mod encode;
mod enumeration;
mod error;
pub mod kms;
pub mod pattern;
pub mod protocol;
pub mod shape;
mod timestamp;
mod value;

pub use blob::{Blob, SecretText};
pub use decode::{Input, decode};
pub use encode::{Empty, Encode, ObjectWriter, Output, encode};
pub use error::{ApiError, ErrorShape, MessageKey};
pub use timestamp::Timestamp;
pub use value::{Fields, FromValue, Value};

/// What has a row in the shape table.
pub trait Shaped {
    /// The row.
    const SHAPE: &'static shape::Structure;
}
