//! How a service is spoken to: what finds the operation in a request, and how requests, replies and errors look.

use crate::decode::Input;
use crate::encode::Output;
use crate::target::Target;
use crate::{ApiError, Query, protocol};
use std::fmt::Display;
use zeroize::Zeroizing;

/// The protocol of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON: the header `X-Amz-Target` names the operation, the body is a JSON object.
    Json {
        /// What stands before the operation's name and a dot.
        target_prefix: &'static str,
        /// The version of the protocol.
        version: JsonVersion,
    },
    /// AWS Query: a form names the operation and holds its members; replies are XML.
    Query(Query),
}

/// The versions of AWS JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonVersion {
    /// 1.1.
    V1_1,
    /// 1.0, of a service that spoke AWS Query before: what errors were called there stands in a header of its own.
    V1_0AfterQuery,
}

impl JsonVersion {
    /// The content type of requests, replies and errors.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::V1_1 => "application/x-amz-json-1.1",
            Self::V1_0AfterQuery => "application/x-amz-json-1.0",
        }
    }
}

impl Protocol {
    /// The content type of replies and errors.
    pub const fn content_type(&self) -> &'static str {
        match self {
            Self::Json { version, .. } => version.content_type(),
            Self::Query(_) => "text/xml",
        }
    }

    /// Whether the document, a body or a query string, is for this service; what is wrong with it otherwise.
    ///
    /// # Errors
    ///
    /// `MissingAction`, `InvalidAction` or `MalformedQueryString` in the Query protocol.
    pub fn check_target(&self, document: &[u8]) -> Result<(), ApiError> {
        match self {
            Self::Json { .. } => Ok(()),
            Self::Query(query) => query.check_target(document),
        }
    }

    /// The error for an operation that the service does not have.
    pub fn unknown_operation(&self, operation: &str) -> ApiError {
        match self {
            Self::Json { .. } => protocol::unknown_operation(),
            Self::Query(query) => query.unknown_operation(operation),
        }
    }

    /// Reads a document as the input `I`.
    ///
    /// # Errors
    ///
    /// Those of a document that cannot be read and of members that break constraints, spelled as the protocol does.
    pub fn decode<I: Input>(&self, document: &[u8]) -> Result<I, ApiError> {
        match self {
            Self::Json { .. } => crate::decode(document),
            Self::Query(_) => crate::query::decode(document),
        }
    }

    /// The body of a reply, wiped when it is dropped: it may hold a secret.
    pub fn encode<O: Output>(&self, target: Target<'_>, output: &O) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Json { .. } => crate::encode(output),
            Self::Query(query) => query.encode(target, output),
        }
    }

    /// The body of an error reply.
    pub fn encode_error(&self, request_id: &dyn Display, error: &ApiError) -> Vec<u8> {
        match self {
            Self::Json { .. } => error.to_json(),
            Self::Query(query) => query.encode_error(request_id, error),
        }
    }

    /// What an error reply says in the header `x-amzn-query-error`, if it has that: what AWS Query calls the error, and whose
    /// fault it is.
    pub fn query_error(&self, code: &str, status: u16) -> Option<String> {
        let Self::Json {
            version: JsonVersion::V1_0AfterQuery,
            ..
        } = self
        else {
            return None;
        };
        let name = match code {
            "InternalServiceFault" => "InternalServiceError",
            "MissingRequiredParameterException" => "MissingParameter",
            "ValidationException" => "ValidationError",
            other => other.strip_suffix("Exception").unwrap_or(other),
        };
        let fault = if status >= 500 { "Receiver" } else { "Sender" };
        Some(format!("{name};{fault}"))
    }

    /// The same error under the name and status that this protocol has for it. Modelled errors stay as they are.
    #[must_use]
    pub fn spell(&self, error: ApiError) -> ApiError {
        match self {
            Self::Json { .. } => error,
            Self::Query(_) => crate::query::spell(error),
        }
    }
}
