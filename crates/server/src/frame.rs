//! From an HTTP request to a frame that a service's pipeline understands.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderMap, USER_AGENT};
use http::request::Parts;
use http::{HeaderName, Method};
use trent_api::{JsonVersion, Protocol, Query, query};
use trent_identity::SignedRequest;
use trent_identity::sigv4::Claim;
use trent_service::{Endpoint, Frame, Reply};
use uuid::Uuid;

use crate::connection::Origin;
use crate::protocol::ProtocolError;

/// How a server of no service answers.
const PLAIN: Protocol = Protocol::Json {
    target_prefix: "",
    version: JsonVersion::V1_1,
};

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// How a request is written, as its head alone tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// AWS JSON.
    Json,
    /// AWS Query, its parameters in the body or in the query string.
    Query,
}

impl Form {
    /// The form of a request, or why no service can answer it. The Query protocol is read where a service speaks it.
    pub(crate) fn of(head: &Parts, endpoints: &[Arc<dyn Endpoint>]) -> Result<Self, ProtocolError> {
        let query = || endpoints.iter().any(|endpoint| query_of(&**endpoint).is_some());
        if head.uri.path() != "/" || endpoints.is_empty() {
            return Err(ProtocolError::NothingHere);
        }
        match head.method {
            Method::POST if has_media_type(&head.headers, JsonVersion::V1_1.content_type()) => Ok(Self::Json),
            Method::POST if is_json_1_0(&head.headers, endpoints) => Ok(Self::Json),
            Method::POST if query() && has_media_type(&head.headers, "application/x-www-form-urlencoded") => {
                Ok(Self::Query)
            }
            Method::POST => Err(ProtocolError::ContentType),
            Method::GET if query() && names_action(head.uri.query().unwrap_or_default()) => Ok(Self::Query),
            _ => Err(ProtocolError::NothingHere),
        }
    }

    /// The protocol in which a request of this form is answered as long as its service is not known.
    pub(crate) fn protocol(self, endpoints: &[Arc<dyn Endpoint>]) -> Protocol {
        let spoken = endpoints.iter().map(|endpoint| endpoint.protocol());
        let mut fitting = spoken.filter(|protocol| matches!(protocol, Protocol::Query(_)) == (self == Self::Query));
        fitting
            .next()
            .or_else(|| Some(endpoints.first()?.protocol()))
            .unwrap_or(PLAIN)
    }
}

/// Whether a query string could be a request: reading it in earnest is left until it is known who asks.
fn names_action(query: &str) -> bool {
    query.split('&').any(|pair| pair.starts_with("Action="))
}

/// Whether a request is in JSON 1.0 and names a service that speaks it. The others know 1.1 alone.
fn is_json_1_0(headers: &HeaderMap, endpoints: &[Arc<dyn Endpoint>]) -> bool {
    let version = JsonVersion::V1_0AfterQuery;
    has_media_type(headers, version.content_type())
        && find_by_target(endpoints, text(headers, &TARGET)).is_some_and(
            |(endpoint, _)| matches!(endpoint.protocol(), Protocol::Json { version: spoken, .. } if spoken == version),
        )
}

/// Parameters after the media type (`; charset=...`) are the client's business: both kinds are UTF-8.
fn has_media_type(headers: &HeaderMap, wanted: &str) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            let media_type = value.split_once(';').map_or(value, |(media_type, _)| media_type);
            media_type.trim().eq_ignore_ascii_case(wanted)
        })
}

/// Hands a complete request to the service that it is for, and says in which protocol that answered.
///
/// What names no service goes to the first one of its form with an operation that cannot exist, so that who is asking
/// is settled before what there is to ask for.
pub(crate) async fn dispatch(
    endpoints: &[Arc<dyn Endpoint>],
    form: Form,
    id: Uuid,
    origin: Origin,
    head: &Parts,
    body: &Bytes,
) -> (Protocol, Reply) {
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
    let mut frame = Frame {
        request_id: id,
        operation: "",
        signed: SignedRequest {
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query().unwrap_or_default(),
            headers: &headers,
            body,
        },
        peer: origin.peer,
        tls: origin.tls,
        user_agent: text(&head.headers, &USER_AGENT),
        received: since_epoch(),
    };
    match form {
        Form::Json => {
            let (endpoint, operation) = by_target(endpoints, text(&head.headers, &TARGET));
            frame.operation = operation;
            (endpoint.protocol(), endpoint.serve(frame).await)
        }
        Form::Query => {
            // A form that cannot be read names nothing; its service says so, to whom it knows.
            let parameters = query::Form::parse(frame.document()).ok();
            let parameter = |name| parameters.as_ref().and_then(|form| form.get(name)).unwrap_or_default();
            let endpoint = by_credential(endpoints, &frame.signed, parameter("Version"));
            frame.operation = parameter("Action");
            (endpoint.protocol(), endpoint.serve(frame).await)
        }
    }
}

fn by_target<'a>(endpoints: &'a [Arc<dyn Endpoint>], target: &'a str) -> (&'a dyn Endpoint, &'a str) {
    find_by_target(endpoints, target).unwrap_or((&*endpoints[0], ""))
}

/// The service and the operation that a target names.
fn find_by_target<'a>(endpoints: &'a [Arc<dyn Endpoint>], target: &'a str) -> Option<(&'a dyn Endpoint, &'a str)> {
    // A prefix may have dots, an operation has none.
    let (prefix, operation) = target.rsplit_once('.')?;
    let names = |protocol| matches!(protocol, Protocol::Json { target_prefix, .. } if target_prefix == prefix);
    let endpoint = endpoints.iter().find(|endpoint| names(endpoint.protocol()))?;
    Some((&**endpoint, operation))
}

/// The service that the caller's credential is for; without one, the service whose version the request names.
fn by_credential<'a>(
    endpoints: &'a [Arc<dyn Endpoint>],
    signed: &SignedRequest<'_>,
    version: &str,
) -> &'a dyn Endpoint {
    let claim = Claim::read(signed).ok();
    let service = claim.as_ref().and_then(Claim::service);
    let find = |fits: &dyn Fn(Query) -> bool| {
        endpoints
            .iter()
            .find(|endpoint| query_of(&***endpoint).is_some_and(fits))
    };
    let found = find(&|query| Some(query.signing_name) == service)
        .or_else(|| find(&|query| query.version == version))
        .or_else(|| find(&|_| true));
    &**found.unwrap_or(&endpoints[0])
}

fn query_of(endpoint: &dyn Endpoint) -> Option<Query> {
    match endpoint.protocol() {
        Protocol::Query(query) => Some(query),
        Protocol::Json { .. } => None,
    }
}

/// A header's text, or nothing if it is absent or not text.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

pub(crate) fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
