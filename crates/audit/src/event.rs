//! One record of the trail: who asked for what, from where, with which outcome.
//!
//! The fields and their order are those of a `CloudTrail` record. An [`Event`] borrows everything; [`Event::render`] turns
//! it into text in one pass, so that the cost on the path of a request is one allocation and the copying.

use std::{borrow::Cow, fmt, net::IpAddr};

use trent_names::{AccountId, Region};
use uuid::Uuid;

use crate::{
    identity::UserIdentity,
    index::Noted,
    json::{self, Fragment},
    recorded::Attribute,
};

/// The version of the record layout.
pub const EVENT_VERSION: &str = "1.11";

/// Who calls when nobody does: stands for identity, address and user agent of what the service does by itself.
pub const INTERNAL: &str = "AWS Internal";

/// What the operator's part of a record begins with; it is the last part.
const FOR_OPERATOR: &[u8] = b",\"operatorOnly\":";

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

/// The error that the caller was given.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    /// The error's name, such as `AccessDenied` or `NotFoundException`.
    pub code: &'a str,
    /// Its message, if it has one.
    pub message: Option<&'a str>,
}

/// What the call was about: a key or an alias, which both count as a key, or a role.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// The account that owns it.
    pub account: &'a AccountId,
    /// Its ARN.
    pub arn: &'a str,
}

impl Resource<'_> {
    /// What it is.
    fn kind(&self) -> &'static str {
        let service = self.arn.split(':').nth(2);
        if service == Some("iam") {
            "AWS::IAM::Role"
        } else {
            "AWS::KMS::Key"
        }
    }
}

/// What the two ends of a TLS connection agreed upon, by the names that records have for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// The version, such as `TLSv1.3`.
    pub version: &'static str,
    /// The cipher suite, such as `TLS_AES_128_GCM_SHA256` or `ECDHE-RSA-AES256-GCM-SHA384`.
    pub cipher_suite: &'static str,
    /// The group of the key exchange, such as `X25519MLKEM768`; `None` where a session went on without one.
    pub key_exchange: Option<&'static str>,
}

/// How a call was protected on its way.
#[derive(Clone, Copy, Debug)]
pub struct TlsDetails<'a> {
    /// What was agreed upon.
    pub negotiated: Negotiated,
    /// The request's `Host`.
    pub host: &'a str,
}

impl TlsDetails<'_> {
    /// What an ordinary one adds to a record, in bytes.
    const ORDINARY: usize = 192;

    fn push(&self, out: &mut Vec<u8>) {
        let Negotiated {
            version,
            cipher_suite,
            key_exchange,
        } = self.negotiated;
        out.extend_from_slice(b",\"tlsDetails\":{\"tlsVersion\":");
        json::push_string(out, version);
        out.extend_from_slice(b",\"cipherSuite\":");
        json::push_string(out, cipher_suite);
        out.extend_from_slice(b",\"clientProvidedHostHeader\":");
        json::push_capped(out, self.host, MAX_TEXT);
        if let Some(group) = key_exchange {
            out.extend_from_slice(b",\"keyExchange\":");
            json::push_string(out, group);
        }
        out.push(b'}');
    }
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
    /// What the call was about.
    pub resources: &'a [Resource<'a>],
    /// The private endpoint that the call came through.
    pub vpc_endpoint: Option<&'a str>,
    /// How a call over TLS was protected; `None` without TLS, and for what a service called.
    pub tls: Option<TlsDetails<'a>>,
    /// The account whose record this is; `None` for the operator's calls, which belong to no account.
    pub recipient: Option<&'a AccountId>,
    /// What all copies of a record have in common, if several accounts get one.
    pub shared: Option<EventId>,
    /// What the operator alone may know of it; the record that an account gets is without.
    pub for_operator: Option<&'a Fragment>,
}

/// A record as text: one line of JSON without a line break, and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    id: EventId,
    time_millis: i64,
    json: Vec<u8>,
    /// What it is found by; `None`: that is read from the text when it is needed.
    noted: Option<Noted>,
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
            noted: None,
        }
    }

    /// What it is found by, if that is known.
    pub(crate) fn noted(&self) -> Option<&Noted> {
        self.noted.as_ref()
    }
}

impl Event<'_> {
    /// Writes the record as JSON, and notes what it is found by.
    pub(crate) fn render_noted(&self) -> Rendered {
        Rendered {
            noted: self.noted(),
            ..self.render()
        }
    }

    /// Writes the record as JSON.
    pub fn render(&self) -> Rendered {
        let mut out = Vec::with_capacity(self.size_hint());
        out.extend_from_slice(b"{\"eventVersion\":\"");
        out.extend_from_slice(EVENT_VERSION.as_bytes());
        out.extend_from_slice(b"\",\"userIdentity\":");
        out.extend_from_slice(self.identity.as_bytes());
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
            out.extend_from_slice(b",\"type\":\"");
            out.extend_from_slice(resource.kind().as_bytes());
            out.extend_from_slice(b"\",\"ARN\":");
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
        if let Some(shared) = &self.shared {
            out.extend_from_slice(b",\"sharedEventID\":\"");
            push_uuid(&mut out, &shared.0);
            out.push(b'"');
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
        if let Some(tls) = &self.tls {
            tls.push(&mut out);
        }
        if let Some(part) = self.for_operator {
            out.extend_from_slice(FOR_OPERATOR);
            out.extend_from_slice(part.as_bytes());
        }
        out.push(b'}');
        Rendered {
            id: self.id,
            time_millis: self.time_millis,
            json: out,
            noted: None,
        }
    }

    /// What reading the record again would say that it is found by.
    fn noted(&self) -> Option<Noted> {
        // A name that is cut is found by what is left of it.
        if self.name.len() > MAX_TEXT {
            return None;
        }
        let mut terms = self.identity.terms().clone();
        let mut add = |attribute, value: &str| terms.add(attribute, value);
        if let Some(account) = self.recipient {
            add(
                Attribute::Place,
                &Attribute::place(account.as_str(), self.region.as_str()),
            );
        }
        add(Attribute::EventId, uuid_text(&self.id.0, &mut Uuid::encode_buffer()));
        add(Attribute::EventName, self.name);
        add(Attribute::ReadOnly, Attribute::read_only(self.read_only));
        add(Attribute::EventSource, self.source);
        if let Some(id) = &self.request_id {
            add(Attribute::RequestId, uuid_text(id, &mut Uuid::encode_buffer()));
        }
        if let Some(parameters) = self
            .request_parameters
            .and_then(|shown| str::from_utf8(shown.as_bytes()).ok())
        {
            Attribute::each_of_request(parameters, &mut add);
        }
        for resource in self.resources {
            Attribute::each_of_resource(resource.kind(), resource.arn, &mut add);
        }
        Some(Noted {
            time: u32::try_from(seconds(self.time_millis)).unwrap_or(u32::MAX),
            terms,
        })
    }

    /// Enough for an ordinary record, so that rendering it allocates once.
    fn size_hint(&self) -> usize {
        let fragment = |part: Option<&Fragment>| part.map_or(4, |part| part.as_bytes().len());
        640 + self.identity.as_bytes().len()
            + self.user_agent.len().min(MAX_TEXT)
            + fragment(self.request_parameters)
            + fragment(self.response_elements)
            + fragment(self.additional_event_data)
            + fragment(self.for_operator)
            + self.failure.map_or(0, |_| 256)
            + self
                .tls
                .map_or(0, |tls| TlsDetails::ORDINARY + tls.host.len().min(MAX_TEXT))
            + self
                .resources
                .iter()
                .map(|resource| 64 + resource.arn.len())
                .sum::<usize>()
    }
}

/// A record as the account that it belongs to gets it: without what the operator alone may know.
pub fn for_account(record: &[u8]) -> Cow<'_, [u8]> {
    // Callers choose the names of some members, all of which come before the event's id.
    let callers_part = last(record, b",\"eventID\":").unwrap_or(0);
    match last(&record[callers_part..], FOR_OPERATOR) {
        None => Cow::Borrowed(record),
        Some(length) => Cow::Owned([&record[..callers_part + length], b"}"].concat()),
    }
}

fn last(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).rposition(|found| found == part)
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
    out.extend_from_slice(uuid_text(id, &mut Uuid::encode_buffer()).as_bytes());
}

fn uuid_text<'b>(id: &Uuid, buffer: &'b mut [u8; 45]) -> &'b str {
    id.as_hyphenated().encode_lower(buffer)
}

/// The seconds that a time is written with.
fn seconds(millis: i64) -> i64 {
    const LATEST: i64 = 253_402_300_799;
    millis.div_euclid(1000).clamp(0, LATEST)
}

/// `2026-01-02T03:04:05Z` in quotation marks. A time outside the years 0 to 9999 is written as the nearest one inside.
pub(crate) fn push_time(out: &mut Vec<u8>, millis: i64) {
    let moment = time::OffsetDateTime::from_unix_timestamp(seconds(millis)).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
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
