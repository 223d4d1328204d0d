//! Spans of requests, for whoever follows traces.

use http::HeaderMap;
use tracing::Span;
use uuid::Uuid;

/// Begins the spans of requests.
pub trait Spans: Send + Sync {
    /// The span of a request with this id; its headers may say which trace of the caller's it belongs to.
    fn begin(&self, id: Uuid, headers: &HeaderMap) -> Span;
}
