//! What a reply repeats of its request.

use std::fmt::Display;

/// What a request is for: the names that a reply repeats.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// The operation.
    pub operation: &'a str,
    /// The id of the request.
    pub request_id: &'a dyn Display,
}
