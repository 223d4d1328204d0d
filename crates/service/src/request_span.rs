//! The span of a request: what is told of it to whoever follows traces.
//!
//! Nobody follows them unless the operator says so, and then a request pays for a comparison here and there.

use std::fmt::Display;

use tracing::field::{Empty, display};
use tracing::{Level, Span};
use uuid::Uuid;

use crate::catalogue::Catalogue;
use crate::serving::Reply;

/// What the spans are known by.
pub const TARGET: &str = "trent::request";

/// Begins the span of a request.
pub fn begin(id: Uuid) -> Span {
    tracing::trace_span!(
        target: TARGET,
        parent: None,
        "request",
        otel.name = Empty,
        otel.kind = "server",
        otel.status_code = Empty,
        rpc.system = "aws-api",
        rpc.service = Empty,
        rpc.method = Empty,
        aws.request_id = %id,
        cloud.account.id = Empty,
        cloud.region = Empty,
        trent.resource = Empty,
        error.type = Empty,
        http.response.status_code = Empty,
    )
}

/// Notes how the request was answered at last.
pub fn note_status(span: &Span, status: u16) {
    span.record("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// Notes what a service was asked for, if there is such an operation, and what it answers.
pub(crate) fn note_reply<S: Catalogue>(operation: &str, reply: &Reply) {
    let Some(span) = current() else { return };
    span.record("rpc.service", S::EVENT_SOURCE);
    // Whatever else callers write there, nobody is told.
    if let Some(entry) = S::catalogue().iter().find(|entry| entry.row.name == operation) {
        let name = entry.row.name;
        span.record("rpc.method", name);
        span.record("otel.name", display(format_args!("{}/{name}", S::EVENT_SOURCE)));
    }
    if let Some(error) = reply.error {
        span.record("error.type", error);
    }
}

/// Notes whose request it is, for which Region, and what it is about.
pub(crate) fn note_call(account: Option<impl Display>, region: impl Display, resource: Option<&str>) {
    let Some(span) = current() else { return };
    span.record("cloud.region", display(region));
    if let Some(account) = account {
        span.record("cloud.account.id", display(account));
    }
    if let Some(resource) = resource {
        span.record("trent.resource", resource);
    }
}

/// The span of the request that this works for, if anybody follows it.
fn current() -> Option<Span> {
    tracing::span_enabled!(target: TARGET, Level::TRACE).then(Span::current)
}
