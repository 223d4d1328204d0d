//! The errors that belong to the protocol rather than to a service's model: any operation may answer with them.

use crate::{ApiError, ErrorShape};
use std::borrow::Cow;

/// A member breaks a modelled constraint, or members contradict each other.
pub const VALIDATION: ErrorShape = ErrorShape::modelled("ValidationException", 400);
/// The body is not JSON, or a value has the wrong JSON type.
pub const SERIALIZATION: ErrorShape = ErrorShape::framework("SerializationException", 400);
/// No operation has the name that the request's target gives.
pub const UNKNOWN_OPERATION: ErrorShape = ErrorShape::framework("UnknownOperationException", 400);
/// What stands in the body, with the status 404, when not even the protocol is known: the content type is not
/// `application/x-amz-json-1.1`.
pub const UNKNOWN_PROTOCOL: &[u8] = b"<UnknownOperationException/>\n";
/// The caller may not do this.
pub const ACCESS_DENIED: ErrorShape = ErrorShape::framework("AccessDeniedException", 400);
/// Too many requests.
pub const THROTTLING: ErrorShape = ErrorShape::modelled("ThrottlingException", 400);
/// The server failed before it knew the operation.
pub const INTERNAL_FAILURE: ErrorShape = ErrorShape::framework("InternalFailure", 500);
/// The server cannot take requests now.
pub const SERVICE_UNAVAILABLE: ErrorShape = ErrorShape::framework("ServiceUnavailableException", 503);
/// The body is over the limit.
pub const REQUEST_TOO_LARGE: ErrorShape = ErrorShape::framework("RequestEntityTooLargeException", 413);
/// The caller is not allowed to manage what belongs to the service, such as names that begin with `alias/aws/`.
pub const NOT_AUTHORIZED: ErrorShape = ErrorShape::modelled("NotAuthorizedException", 400);

/// `ValidationException` with the message as given.
pub fn validation(message: impl Into<Cow<'static, str>>) -> ApiError {
    VALIDATION.with(message)
}

/// `SerializationException`: a value of the wrong JSON type has a message, text that is no JSON object has none.
pub fn serialization(message: Option<Cow<'static, str>>) -> ApiError {
    ApiError {
        message,
        ..SERIALIZATION.bare()
    }
}

/// `UnknownOperationException`, which never has a message.
pub const fn unknown_operation() -> ApiError {
    UNKNOWN_OPERATION.bare()
}

/// `AccessDeniedException`.
pub fn access_denied(message: impl Into<Cow<'static, str>>) -> ApiError {
    ACCESS_DENIED.with(message)
}

/// `ThrottlingException`.
pub fn throttling(message: impl Into<Cow<'static, str>>) -> ApiError {
    THROTTLING.with(message)
}

/// `InternalFailure`; what went wrong is for the log, never for the caller.
pub const fn internal_failure() -> ApiError {
    INTERNAL_FAILURE.bare()
}

/// `ServiceUnavailableException`.
pub fn service_unavailable(message: impl Into<Cow<'static, str>>) -> ApiError {
    SERVICE_UNAVAILABLE.with(message)
}

/// `RequestEntityTooLargeException`.
pub const fn request_too_large() -> ApiError {
    REQUEST_TOO_LARGE.bare()
}

/// `NotAuthorizedException`.
pub fn not_authorized(message: impl Into<Cow<'static, str>>) -> ApiError {
    NOT_AUTHORIZED.with(message)
}
