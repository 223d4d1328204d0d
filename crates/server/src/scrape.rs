//! The numbers that a monitoring system fetches: who may have them, and how they are handed out.
//!
//! They are no operation of a service: nothing is done by fetching them, and they name no key, no principal and no request.
//! They do tell of all accounts at once, so they are never served where accounts' principals are, but at doors of their own.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use trent_service::Peer;
use uuid::Uuid;

use crate::dev::DevGuard;
use crate::reply::{self, Body};

/// The path of the numbers.
pub(crate) const METRICS: &str = "/_trent/metrics";

const OPENMETRICS: HeaderValue = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
const BEARER: HeaderValue = HeaderValue::from_static("Bearer");

/// Whoever can write the numbers down.
#[async_trait]
pub trait Metrics: Send + Sync + 'static {
    /// The numbers as they are now, in the `OpenMetrics` text format.
    async fn text(&self) -> String;
}

/// Finds out whether a token is right.
pub type IsRight = Box<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// Who may fetch the numbers.
pub enum Readers {
    /// These users of this machine, who connect over a Unix socket.
    Users(Vec<u32>),
    /// Whoever reaches the address and is no web page, wherever it pretends to be.
    Anyone,
    /// Whoever shows a bearer token that this finds right.
    Bearer(IsRight),
}

/// The numbers and who may have them.
pub(crate) struct Scrape {
    pub(crate) metrics: Arc<dyn Metrics>,
    pub(crate) readers: Readers,
}

impl Scrape {
    /// Answers a request for the numbers.
    pub(crate) async fn answer(&self, id: Uuid, peer: Peer, head: &Parts) -> Response<Body> {
        let refusal = match &self.readers {
            Readers::Users(users) => match peer {
                Peer::Local { uid } if users.contains(&uid) => None,
                _ => Some(StatusCode::FORBIDDEN),
            },
            Readers::Anyone => {
                let authority = head.uri.authority().map(http::uri::Authority::as_str);
                let checked = DevGuard::default().check(&head.headers, authority);
                checked.is_err().then_some(StatusCode::FORBIDDEN)
            }
            Readers::Bearer(is_right) => match bearer_token(head) {
                Some(token) if is_right(token) => None,
                _ => Some(StatusCode::UNAUTHORIZED),
            },
        };
        match refusal {
            None => reply::text(id, 200, OPENMETRICS, Bytes::from(self.metrics.text().await)),
            Some(status) => {
                let mut refused = reply::text(id, status.as_u16(), reply::TEXT, Bytes::from_static(b"refused"));
                if status == StatusCode::UNAUTHORIZED {
                    refused.headers_mut().insert(WWW_AUTHENTICATE, BEARER);
                }
                refused
            }
        }
    }
}

/// The token of an `Authorization: Bearer` header.
fn bearer_token(head: &Parts) -> Option<&[u8]> {
    let value = head.headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}
