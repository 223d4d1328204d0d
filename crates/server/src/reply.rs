//! Replies, as the service writes them.
//!
//! The live service sends a checksum header (`x-amz-crc32`) with some services' replies, not with this one's; and it
//! forbids every cache to keep a reply, since replies hold plaintext.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, EXPIRES, PRAGMA};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use trent_api::{ApiError, Protocol};
use uuid::Uuid;

/// What every answer's body is.
pub(crate) type Body = Full<Bytes>;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");
const MODE: HeaderName = HeaderName::from_static("x-trent-mode");
pub(crate) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const NOT_CACHED: HeaderValue = HeaderValue::from_static("no-cache, no-store, must-revalidate, private");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const AT_ONCE: HeaderValue = HeaderValue::from_static("0");
const DEV: HeaderValue = HeaderValue::from_static("dev");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// An answer in a service's protocol.
pub(crate) fn of(protocol: Protocol, id: Uuid, status: u16, body: impl AsRef<[u8]> + Send + 'static) -> Response<Body> {
    let kind = HeaderValue::from_static(protocol.content_type());
    answer(id, status, kind, Bytes::from_owner(body))
}

/// An error in a service's protocol.
pub(crate) fn error(protocol: Protocol, id: Uuid, error: ApiError) -> Response<Body> {
    let error = protocol.spell(error);
    of(protocol, id, error.status, protocol.encode_error(&id, &error))
}

/// An answer of one word, and of what is to be known besides.
pub(crate) fn health(id: Uuid, status: u16, word: &'static str, notices: &str) -> Response<Body> {
    answer(id, status, TEXT, Bytes::from(format!("{word}{notices}")))
}

/// An answer of plain text of some kind.
pub(crate) fn text(id: Uuid, status: u16, kind: HeaderValue, body: Bytes) -> Response<Body> {
    answer(id, status, kind, body)
}

fn answer(id: Uuid, status: u16, kind: HeaderValue, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let mut text = Uuid::encode_buffer();
    if let Ok(id) = HeaderValue::from_str(id.hyphenated().encode_lower(&mut text)) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(CACHE_CONTROL, NOT_CACHED);
    headers.insert(EXPIRES, AT_ONCE);
    headers.insert(PRAGMA, NO_CACHE);
    headers.insert(CONTENT_TYPE, kind);
    response
}

/// Says on an error what AWS Query calls it, where clients of the service may know it by that name.
pub(crate) fn name_as_query(response: &mut Response<Body>, protocol: Protocol, code: &str) {
    let named = protocol.query_error(code, response.status().as_u16());
    if let Some(value) = named.and_then(|named| HeaderValue::from_str(&named).ok()) {
        response.headers_mut().insert(QUERY_ERROR, value);
    }
}

/// Says on a reply that the server is a development one.
pub(crate) fn mark_dev(response: &mut Response<Body>) {
    response.headers_mut().insert(MODE, DEV);
}

/// Says on a reply that the connection ends with it.
pub(crate) fn mark_last(response: &mut Response<Body>) {
    response.headers_mut().insert(CONNECTION, CLOSE);
}
