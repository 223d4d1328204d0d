//! The AWS Query protocol: a form with the operation's name (`Action`), the interface's version (`Version`) and the
//! members by dotted paths in, XML out.
//!
//! A form is read against the same table of shapes as a JSON document, into the same values, so that constraints are
//! checked and worded by the same code.

mod errors;
mod form;
mod read;
mod xml;

pub use errors::spell;
pub use form::{Form, percent_encoded};
pub use xml::{Content, XmlWriter};

use crate::decode::Input;
use crate::encode::Output;
use crate::shape::Structure;
use crate::target::Target;
use crate::value::Value;
use crate::{ApiError, constraints, protocol};
use std::fmt::Display;
use zeroize::Zeroizing;

/// A service that is spoken to in the Query protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// The service's name in the credentials that clients sign with.
    pub signing_name: &'static str,
    /// The version of its interface, which every request names.
    pub version: &'static str,
    /// The XML namespace of its replies.
    pub namespace: &'static str,
}

/// What a request without a version is said to be for.
const NO_VERSION: &str = "NO_VERSION_SPECIFIED";

impl Query {
    /// Whether a form is for this service: it names an action, and this version.
    pub(crate) fn check_target(&self, document: &[u8]) -> Result<(), ApiError> {
        let form = Form::parse(document)?;
        let action = form.get("Action").unwrap_or_default();
        if action.is_empty() {
            return Err(errors::MISSING_ACTION.with("The request must contain the parameter Action"));
        }
        match form.get("Version") {
            Some(version) if version == self.version => Ok(()),
            other => Err(unknown_operation(action, other.unwrap_or(NO_VERSION))),
        }
    }

    /// `InvalidAction` for an operation that this version does not have.
    pub(crate) fn unknown_operation(&self, operation: &str) -> ApiError {
        unknown_operation(operation, self.version)
    }

    /// The body of a reply. An operation without an output answers no result.
    pub(crate) fn encode<O: Output>(&self, target: Target<'_>, output: &O) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(USUAL));
        let operation = target.operation;
        XmlWriter::new(&mut out).raw(&format!("<{operation}Response xmlns=\"{}\">", self.namespace));
        if O::ANSWERS {
            XmlWriter::new(&mut out).raw(&format!("<{operation}Result>"));
            output.write(&mut out);
            XmlWriter::new(&mut out).raw(&format!("</{operation}Result>"));
        }
        XmlWriter::new(&mut out).raw(&format!(
            "<ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></{operation}Response>\n",
            target.request_id
        ));
        out
    }

    /// The body of an error reply.
    pub(crate) fn encode_error(&self, request_id: &dyn Display, error: &ApiError) -> Vec<u8> {
        let mut out = Vec::new();
        let mut xml = XmlWriter::new(&mut out);
        let kind = if error.is_fault() { "Receiver" } else { "Sender" };
        xml.raw(&format!(
            "<ErrorResponse xmlns=\"{}\"><Error><Type>{kind}</Type>",
            self.namespace
        ));
        xml.raw(&format!("<Code>{}</Code>", error.code));
        if let Some(message) = &error.message {
            xml.raw("<Message>");
            xml.text(message);
            xml.raw("</Message>");
        }
        xml.raw(&format!(
            "</Error><RequestId>{request_id}</RequestId></ErrorResponse>\n"
        ));
        out
    }
}

/// The room that a reply starts with: credentials with a session token fit.
const USUAL: usize = 4096;

fn unknown_operation(operation: &str, version: &str) -> ApiError {
    errors::INVALID_ACTION.with(format!("Could not find operation {operation} for version {version}"))
}

/// Reads a form as the input `I`.
///
/// # Errors
///
/// `MalformedQueryString` if it is no form, `MalformedInput` if a member is not what its shape says, `ValidationError`
/// if it breaks constraints.
pub fn decode<I: Input>(document: &[u8]) -> Result<I, ApiError> {
    let form = Form::parse(document)?;
    let fields = read::members(I::SHAPE, &form)?;
    constraints::check(I::SHAPE, &fields).map_err(spell)?;
    // What the constraints let through has the type that the struct wants.
    I::from_value(Value::Structure(fields)).ok_or_else(protocol::internal_failure)
}

/// Checks a form against a shape without building anything: what [`decode`] would answer, for any operation.
pub fn check(shape: &'static Structure, document: &[u8]) -> Result<(), ApiError> {
    let form = Form::parse(document)?;
    constraints::check(shape, &read::members(shape, &form)?).map_err(spell)
}
