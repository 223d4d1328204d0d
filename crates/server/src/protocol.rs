//! What can be wrong with a request before any operation is known: one variant per case, with the name, status and
//! text of its answer.

use trent_api::{ApiError, ErrorShape, protocol};

use crate::body::BodyError;
use crate::dev::DevRefusal;

/// A request that never reaches a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProtocolError {
    /// Nothing is served at this path with this method. The protocols have one path, `/`, and one method, `POST`;
    /// AWS Query has `GET` besides.
    #[error("No operation is served here. Send POST / with the header X-Amz-Target.")]
    NothingHere,
    /// A content type that is not the protocol's, so that no protocol, and so no operation, can be told.
    #[error("No operation is served for this content type. Send Content-Type: application/x-amz-json-1.1.")]
    ContentType,
    /// A body beyond the limit.
    #[error("Request size exceeded the limit of {limit} bytes.")]
    BodyTooLarge {
        /// The limit.
        limit: usize,
    },
    /// A body that did not arrive in time.
    #[error("The request's body did not arrive in time.")]
    BodyTooSlow,
    /// A body whose framing is broken.
    #[error("The request's body could not be read.")]
    BodyBroken,
    /// A request that a development server does not hear.
    #[error(transparent)]
    Dev(#[from] DevRefusal),
}

impl ProtocolError {
    pub(crate) fn of_body(error: BodyError, limit: usize) -> Self {
        match error {
            BodyError::TooLarge => Self::BodyTooLarge { limit },
            BodyError::TooSlow => Self::BodyTooSlow,
            BodyError::Broken => Self::BodyBroken,
        }
    }

    /// Whether the rest of the connection cannot be trusted to be the next request.
    pub(crate) fn ends_connection(self) -> bool {
        matches!(self, Self::BodyTooLarge { .. } | Self::BodyTooSlow | Self::BodyBroken)
    }

    /// The answer as the service writes it.
    pub(crate) fn to_api_error(self) -> ApiError {
        let shape = match self {
            Self::NothingHere | Self::ContentType => ErrorShape::framework("UnknownOperationException", 404),
            Self::BodyTooLarge { .. } => protocol::REQUEST_TOO_LARGE,
            Self::BodyTooSlow => ErrorShape::framework("RequestTimeoutException", 408),
            Self::BodyBroken => protocol::SERIALIZATION,
            Self::Dev(_) => ErrorShape::framework("AccessDeniedException", 403),
        };
        shape.with(self.to_string())
    }
}
