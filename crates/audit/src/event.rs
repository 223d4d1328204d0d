//! One record of the trail: who asked for what, from where, with which outcome.
//!
//! The fields and their order are those of a `CloudTrail` record. An [`Event`] borrows everything; [`Event::render`] turns
//! it into text in one pass, so that the cost on the path of a request is one allocation and the copying.

use std::{fmt, net::IpAddr, sync::Arc};

use trent_names::{AccountId, Region};
use uuid::Uuid;

use crate::json::{self, Fragment};

/// The version of the record layout.
pub const EVENT_VERSION: &str = "1.11";

/// Who calls when nobody does: stands for identity, address and user agent of what the service does by itself.
pub const INTERNAL: &str = "AWS Internal";

/// The longest user agent and error message kept whole, in bytes.
pub const MAX_TEXT: usize = 1024;

/// The identity of one record, unique over all trails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(Uuid);

impl EventId {
    /// An id from 16 random bytes (the version and variant bits are set).
    pub fn from_random_bytes(bytes: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// The id as stored.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The 16 bytes of the id.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// Reads the hyphenated form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

/// Who made the call: the `userIdentity` block, rendered once and shared by the records of that principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserIdentity(Arc<[u8]>);

impl UserIdentity {
    /// The root user of an account, which called with the access key `access_key_id`.
    pub fn root(arn: &str, account: &AccountId, access_key_id: &str) -> Self {
        Self::principal("Root", account.as_str(), arn, account, access_key_id)
    }

    /// A user, a role's session or a federated user, whichever `kind` says (`IAMUser`, `AssumedRole`, `FederatedUser`).
    pub fn principal(kind: &str, principal_id: &str, arn: &str, account: &AccountId, access_key_id: &str) -> Self {
        let mut block = json::Object::new();
        block
            .string("type", kind)
            .string("principalId", principal_id)
            .string("arn", arn)
            .string("accountId", account.as_str())
            .string("accessKeyId", access_key_id);
        Self(block.finish().as_bytes().into())
    }

    /// A principal as [`principal`](Self::principal) has it, for whom the service `invoked_by` calls.
    #[must_use]
    pub fn forwarded(self, invoked_by: &str) -> Self {
        let mut block = self.0.to_vec();
        // The block is an object with members: its last byte closes it.
        block.pop();
        block.extend_from_slice(b",\"invokedBy\":");
        json::push_string(&mut block, invoked_by);
        block.push(b'}');
        Self(block.into())
    }

    /// A service that calls as itself (`invokedBy` names it), this one included.
    pub fn service(invoked_by: &str) -> Self {
        let mut block = json::Object::new();
        block.string("type", "AWSService").string("invokedBy", invoked_by);
        Self(block.finish().as_bytes().into())
    }

    /// This service, when it does something by itself for the owner of a key.
    pub fn internal(owner: &AccountId) -> Self {
        let mut block = json::Object::new();
        block.string("accountId", owner.as_str()).string("invokedBy", INTERNAL);
        Self(block.finish().as_bytes().into())
    }

    /// Somebody whose request was not signed.
    pub fn unknown() -> Self {
        let mut block = json::Object::new();
        block.string("type", "Unknown");
        Self(block.finish().as_bytes().into())
    }

    /// A block that was rendered before.
    pub fn from_rendered(block: Arc<[u8]>) -> Self {
        Self(block)
    }

    /// The block's text, to be kept with the principal.
    pub fn into_rendered(self) -> Arc<[u8]> {
        self.0
    }

    /// The operator of this deployment, who is apart from every account.
    pub fn operator(name: &str) -> Self {
        let mut block = json::Object::new();
        block.string("type", "Operator").string("principalId", name);
        Self(block.finish().as_bytes().into())
    }
}

/// The error that the caller was given.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    /// The error's name, such as `AccessDenied` or `NotFoundException`.
    pub code: &'a str,
    /// Its message, if it has one.
    pub message: Option<&'a str>,
}

/// A key that the call was about.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// The account that owns the key.
    pub account: &'a AccountId,
    /// The key's ARN.
    pub arn: &'a str,
}

/// What kind of event a record tells of.
#[derive(Clone, Copy, Debug)]
pub enum EventType<'a> {
    /// A call.
    ApiCall,
    /// Something that the service did by itself, with what is told of it beside the resources.
    ServiceEvent(Option<&'a Fragment>),
}

/// What a call was, as its record tells it. Secrets (plaintext, key material, tokens) are never put in.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The record's id.
    pub id: EventId,
    /// The request's id, the one in the reply's headers; `None` for a [service event](EventType::ServiceEvent).
    pub request_id: Option<Uuid>,
    /// Whether somebody called or the service did something by itself.
    pub event_type: EventType<'a>,
    /// When the call came, in milliseconds since the epoch; the record keeps whole seconds.
    pub time_millis: i64,
    /// Who called.
    pub identity: &'a UserIdentity,
    /// The service that was called, such as `kms.amazonaws.com`.
    pub source: &'a str,
    /// The operation.
    pub name: &'a str,
    /// The Region that answered.
    pub region: &'a Region,
    /// Where the call came from; `None` for what the service does by itself.
    pub source_ip: Option<IpAddr>,
    /// The service that called, for itself or for somebody: then its name stands in the place of address and user agent.
    pub calling_service: Option<&'a str>,
    /// The caller's `User-Agent`.
    pub user_agent: &'a str,
    /// The error, if the call failed.
    pub failure: Option<Failure<'a>>,
    /// The request's members.
    pub request_parameters: Option<&'a Fragment>,
    /// The reply's members, for operations that change something.
    pub response_elements: Option<&'a Fragment>,
    /// Facts beside request and reply.
    pub additional_event_data: Option<&'a Fragment>,
    /// True if the operation changes nothing.
    pub read_only: bool,
    /// The keys that the call was about.
    pub resources: &'a [Resource<'a>],
    /// The private endpoint that the call came through.
    pub vpc_endpoint: Option<&'a str>,
    /// The account whose record this is; `None` for the operator's calls, which belong to no account.
    pub recipient: Option<&'a AccountId>,
}

/// A record as text: one line of JSON without a line break, and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    id: EventId,
    time_millis: i64,
    json: Vec<u8>,
}

impl Rendered {
    /// The record's id.
    pub fn id(&self) -> EventId {
        self.id
    }

    /// The event's time, in milliseconds since the epoch.
    pub fn time_millis(&self) -> i64 {
        self.time_millis
    }

    /// The JSON text.
    pub fn json(&self) -> &[u8] {
        &self.json
    }

    /// A record that was rendered before; its place among others is settled, so its time no longer matters.
    pub(crate) fn from_stored(id: EventId, json: Vec<u8>) -> Self {
        Self {
            id,
            time_millis: 0,
            json,
        }
    }
}

impl Event<'_> {
    /// Writes the record as JSON.
    pub fn render(&self) -> Rendered {
        let mut out = Vec::with_capacity(self.size_hint());
        out.extend_from_slice(b"{\"eventVersion\":\"");
        out.extend_from_slice(EVENT_VERSION.as_bytes());
        out.extend_from_slice(b"\",\"userIdentity\":");
        out.extend_from_slice(&self.identity.0);
        out.extend_from_slice(b",\"eventTime\":");
        push_time(&mut out, self.time_millis);
        out.extend_from_slice(b",\"eventSource\":");
        json::push_string(&mut out, self.source);
        out.extend_from_slice(b",\"eventName\":");
        json::push_capped(&mut out, self.name, MAX_TEXT);
        out.extend_from_slice(b",\"awsRegion\":");
        json::push_string(&mut out, self.region.as_str());
        out.extend_from_slice(b",\"sourceIPAddress\":");
        match (self.calling_service, self.source_ip) {
            (Some(service), _) => json::push_string(&mut out, service),
            (None, Some(address)) => push_address(&mut out, address),
            (None, None) => json::push_string(&mut out, self.source),
        }
        out.extend_from_slice(b",\"userAgent\":");
        json::push_capped(&mut out, self.calling_service.unwrap_or(self.user_agent), MAX_TEXT);
        if let Some(failure) = self.failure {
            out.extend_from_slice(b",\"errorCode\":");
            json::push_capped(&mut out, failure.code, MAX_TEXT);
            if let Some(message) = failure.message {
                out.extend_from_slice(b",\"errorMessage\":");
                json::push_capped(&mut out, message, MAX_TEXT);
            }
        }
        out.extend_from_slice(b",\"requestParameters\":");
        push_fragment(&mut out, self.request_parameters);
        out.extend_from_slice(b",\"responseElements\":");
        push_fragment(&mut out, self.response_elements);
        if let Some(facts) = self.additional_event_data {
            out.extend_from_slice(b",\"additionalEventData\":");
            out.extend_from_slice(facts.as_bytes());
        }
        if let Some(request_id) = &self.request_id {
            out.extend_from_slice(b",\"requestID\":\"");
            push_uuid(&mut out, request_id);
            out.push(b'"');
        }
        out.extend_from_slice(b",\"eventID\":\"");
        push_uuid(&mut out, &self.id.0);
        out.extend_from_slice(b"\",\"readOnly\":");
        out.extend_from_slice(if self.read_only { b"true" } else { b"false" });
        out.extend_from_slice(b",\"resources\":[");
        for (index, resource) in self.resources.iter().enumerate() {
            out.extend_from_slice(if index > 0 {
                b",{\"accountId\":"
            } else {
                b"{\"accountId\":"
            });
            json::push_string(&mut out, resource.account.as_str());
            out.extend_from_slice(b",\"type\":\"AWS::KMS::Key\",\"ARN\":");
            json::push_string(&mut out, resource.arn);
            out.push(b'}');
        }
        out.extend_from_slice(match self.event_type {
            EventType::ApiCall => b"],\"eventType\":\"AwsApiCall\",\"managementEvent\":true".as_slice(),
            EventType::ServiceEvent(_) => b"],\"eventType\":\"AwsServiceEvent\",\"managementEvent\":true",
        });
        if let Some(recipient) = self.recipient {
            out.extend_from_slice(b",\"recipientAccountId\":");
            json::push_string(&mut out, recipient.as_str());
        }
        if let EventType::ServiceEvent(Some(details)) = self.event_type {
            out.extend_from_slice(b",\"serviceEventDetails\":");
            out.extend_from_slice(details.as_bytes());
        }
        out.extend_from_slice(b",\"eventCategory\":\"Management\"");
        if let Some(endpoint) = self.vpc_endpoint {
            out.extend_from_slice(b",\"vpcEndpointId\":");
            json::push_string(&mut out, endpoint);
        }
        out.push(b'}');
        Rendered {
            id: self.id,
            time_millis: self.time_millis,
            json: out,
        }
    }

    /// Enough for an ordinary record, so that rendering it allocates once.
    fn size_hint(&self) -> usize {
        let fragment = |part: Option<&Fragment>| part.map_or(4, |part| part.as_bytes().len());
        640 + self.identity.0.len()
            + self.user_agent.len().min(MAX_TEXT)
            + fragment(self.request_parameters)
            + fragment(self.response_elements)
            + fragment(self.additional_event_data)
            + self.failure.map_or(0, |_| 256)
            + self
                .resources
                .iter()
                .map(|resource| 64 + resource.arn.len())
                .sum::<usize>()
    }
}

fn push_fragment(out: &mut Vec<u8>, fragment: Option<&Fragment>) {
    out.extend_from_slice(fragment.map_or(b"null", |fragment| fragment.as_bytes()));
}

/// An address has no character to escape.
fn push_address(out: &mut Vec<u8>, address: IpAddr) {
    out.push(b'"');
    match address {
        IpAddr::V4(address) => {
            for (index, part) in address.octets().into_iter().enumerate() {
                if index > 0 {
                    out.push(b'.');
                }
                json::push_unsigned(out, part.into());
            }
        }
        // Writing to a Vec cannot fail.
        IpAddr::V6(address) => drop(std::io::Write::write_fmt(out, format_args!("{address}"))),
    }
    out.push(b'"');
}

pub(crate) fn push_uuid(out: &mut Vec<u8>, id: &Uuid) {
    let mut buffer = Uuid::encode_buffer();
    out.extend_from_slice(id.as_hyphenated().encode_lower(&mut buffer).as_bytes());
}

/// `"2026-01-02T03:04:05Z"`. A time outside the years 0 to 9999 is written as the nearest one inside.
fn push_time(out: &mut Vec<u8>, millis: i64) {
    const LATEST: i64 = 253_402_300_799;
    let seconds = millis.div_euclid(1000).clamp(0, LATEST);
    let moment = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let year = u16::try_from(moment.year()).unwrap_or(0);
    out.push(b'"');
    push_two(out, year / 100);
    push_two(out, year % 100);
    for (mark, value) in [
        (b'-', u8::from(moment.month())),
        (b'-', moment.day()),
        (b'T', moment.hour()),
        (b':', moment.minute()),
        (b':', moment.second()),
    ] {
        out.push(mark);
        push_two(out, value.into());
    }
    out.extend_from_slice(b"Z\"");
}

/// Two decimal digits of a value below 100.
fn push_two(out: &mut Vec<u8>, value: u16) {
    for digit in [value / 10 % 10, value % 10] {
        out.push(b'0' + u8::try_from(digit).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests;
