//! The errors of the Query protocol itself, and its names for those that every protocol has.

use crate::{ApiError, ErrorShape, protocol};

/// The form names no operation.
pub(super) const MISSING_ACTION: ErrorShape = ErrorShape::framework("MissingAction", 400);
/// The form names an operation or a version that the service does not have.
pub(super) const INVALID_ACTION: ErrorShape = ErrorShape::framework("InvalidAction", 400);
/// What arrived is not a form.
pub(super) const MALFORMED_QUERY_STRING: ErrorShape = ErrorShape::framework("MalformedQueryString", 404);
/// A member of the form is not what its shape says.
pub(super) const MALFORMED_INPUT: ErrorShape = ErrorShape::framework("MalformedInput", 400);

/// Errors that any operation of any service may answer with: the name in AWS JSON, the name and the status in Query.
const SHARED: [(&str, &str, u16); 10] = [
    (protocol::VALIDATION.code, "ValidationError", 400),
    (
        protocol::SERIALIZATION.code,
        MALFORMED_INPUT.code,
        MALFORMED_INPUT.status,
    ),
    (
        protocol::UNKNOWN_OPERATION.code,
        INVALID_ACTION.code,
        INVALID_ACTION.status,
    ),
    (protocol::ACCESS_DENIED.code, "AccessDenied", 403),
    (protocol::THROTTLING.code, "Throttling", 400),
    (protocol::INTERNAL_FAILURE.code, "InternalFailure", 500),
    ("KMSInternalException", "InternalFailure", 500),
    (protocol::SERVICE_UNAVAILABLE.code, "ServiceUnavailable", 503),
    (protocol::REQUEST_TOO_LARGE.code, "RequestEntityTooLarge", 413),
    ("RequestTimeoutException", "RequestTimeout", 408),
];

/// An error of the framework under the name and the status that the Query protocol has for it; a modelled one as it is.
#[must_use]
pub fn spell(error: ApiError) -> ApiError {
    match SHARED.iter().find(|(json, ..)| *json == error.code) {
        Some(&(_, code, status)) => ApiError { code, status, ..error },
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_errors_change_their_names_and_modelled_ones_keep_theirs() {
        let denied = spell(protocol::access_denied("no"));
        assert_eq!(
            (denied.code, denied.status, denied.message()),
            ("AccessDenied", 403, "no")
        );
        let again = spell(denied.clone());
        assert_eq!(again, denied);
        let expired = crate::sts::error::expired_token("late");
        assert_eq!(spell(expired.clone()), expired);
    }
}
