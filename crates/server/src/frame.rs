//! From an HTTP request to a frame that a service's pipeline understands.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderMap, USER_AGENT};
use http::request::Parts;
use http::{HeaderName, Method};
use trent_identity::SignedRequest;
use trent_service::{Endpoint, Frame, Peer, Reply};
use uuid::Uuid;

use crate::protocol::ProtocolError;

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// Whether the head alone shows that no service can answer.
pub(crate) fn check_head(head: &Parts) -> Result<(), ProtocolError> {
    if head.method != Method::POST || head.uri.path() != "/" {
        return Err(ProtocolError::NothingHere);
    }
    if !is_aws_json(&head.headers) {
        return Err(ProtocolError::ContentType);
    }
    Ok(())
}

/// Parameters after the media type (`; charset=...`) are the client's business: JSON is UTF-8.
fn is_aws_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            let media_type = value.split_once(';').map_or(value, |(media_type, _)| media_type);
            media_type.trim().eq_ignore_ascii_case("application/x-amz-json-1.1")
        })
}

/// Hands a complete request to the service that its target names.
///
/// A target that names no service goes to the first one with an operation that cannot exist, so that who is asking is
/// settled before what there is to ask for.
pub(crate) async fn dispatch(
    endpoints: &[std::sync::Arc<dyn Endpoint>],
    id: Uuid,
    peer: Peer,
    head: &Parts,
    body: &Bytes,
) -> Reply {
    let mut headers: Vec<(&str, &[u8])> = Vec::with_capacity(head.headers.len() + 1);
    headers.extend(
        head.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes())),
    );
    // HTTP/2 carries the host in a pseudo-header; it is signed as `host` all the same.
    if let (false, Some(authority)) = (head.headers.contains_key(HOST), head.uri.authority()) {
        headers.push((HOST.as_str(), authority.as_str().as_bytes()));
    }
    let (endpoint, operation) = route(endpoints, text(&head.headers, &TARGET));
    let frame = Frame {
        request_id: id,
        operation,
        signed: SignedRequest {
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query().unwrap_or_default(),
            headers: &headers,
            body,
        },
        peer,
        user_agent: text(&head.headers, &USER_AGENT),
        received: since_epoch(),
    };
    endpoint.serve(frame).await
}

fn route<'a>(endpoints: &'a [std::sync::Arc<dyn Endpoint>], target: &'a str) -> (&'a dyn Endpoint, &'a str) {
    target
        .split_once('.')
        .and_then(|(prefix, operation)| {
            let endpoint = endpoints.iter().find(|endpoint| endpoint.target_prefix() == prefix)?;
            Some((&**endpoint, operation))
        })
        .unwrap_or((&*endpoints[0], ""))
}

/// A header's text, or nothing if it is absent or not text.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
