//! The one question that a listener asks of this crate: who sent this?

use std::time::Duration;

use async_trait::async_trait;

use crate::caller::Caller;
use crate::error::AuthenticationError;
use crate::sigv4::SignedRequest;

/// Establishes who sent a request. Which implementation a server uses is decided when it is built.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// Authenticates `request` at `now`, the machine's time since 1970-01-01T00:00:00Z.
    async fn authenticate(&self, request: &SignedRequest<'_>, now: Duration) -> Result<Caller, AuthenticationError>;
}
