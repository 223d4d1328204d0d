//! A record of the trail as it is read again: what is looked for in it.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;
use serde_json::value::RawValue;

/// The members of a record that something can be found by; the others stay in the text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded<'a> {
    #[serde(borrow)]
    user_identity: Identity<'a>,
    #[serde(borrow)]
    event_time: Cow<'a, str>,
    #[serde(borrow)]
    event_source: Cow<'a, str>,
    #[serde(borrow)]
    event_name: Cow<'a, str>,
    #[serde(borrow)]
    aws_region: Cow<'a, str>,
    #[serde(rename = "sourceIPAddress", borrow, default)]
    source_ip_address: Cow<'a, str>,
    #[serde(rename = "requestID", borrow, default)]
    request_id: Option<Text<'a>>,
    #[serde(rename = "eventID", borrow)]
    event_id: Cow<'a, str>,
    #[serde(default)]
    read_only: bool,
    #[serde(borrow, default)]
    error_code: Option<Text<'a>>,
    #[serde(borrow, default)]
    error_message: Option<Text<'a>>,
    #[serde(borrow, default)]
    request_parameters: Option<&'a RawValue>,
    #[serde(borrow, default)]
    resources: Option<Vec<About<'a>>>,
    #[serde(borrow, default)]
    recipient_account_id: Option<Text<'a>>,
}

/// A text that is borrowed where it can be; within an option a plain one would not.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The members of a `userIdentity` block that something can be found by.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Identity<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    arn: Option<Text<'a>>,
    #[serde(borrow)]
    user_name: Option<Text<'a>>,
    #[serde(borrow)]
    principal_id: Option<Text<'a>>,
    #[serde(borrow)]
    access_key_id: Option<Text<'a>>,
    #[serde(borrow)]
    invoked_by: Option<Text<'a>>,
}

/// Members of a request that something can be found by. Each service has its own, so none need be of this form.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Parameters {
    encryption_context: BTreeMap<String, String>,
    dry_run: bool,
}

/// A resource that a record is about.
#[derive(Debug, Deserialize)]
pub struct About<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Cow<'a, str>,
    #[serde(rename = "ARN", borrow, default)]
    arn: Cow<'a, str>,
}

impl About<'_> {
    /// What kind of resource it is.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The key's id, if it is a key.
    pub fn key_id(&self) -> Option<&str> {
        key_id(&self.arn)
    }
}

fn text<'t>(text: Option<&'t Text<'_>>) -> Option<&'t str> {
    text.map(|text| &*text.0)
}

impl Parameters {
    fn read(text: &str) -> Self {
        // Reading what has neither is not worth it.
        let is_worth = text.contains("\"encryptionContext\"") || text.contains("\"dryRun\"");
        is_worth
            .then(|| serde_json::from_str(text).ok())
            .flatten()
            .unwrap_or_default()
    }
}

impl<'a> Identity<'a> {
    /// Reads a block; of one that is none nothing is known.
    pub(crate) fn read(block: &'a [u8]) -> Self {
        serde_json::from_slice(block).unwrap_or_default()
    }

    fn access_key_id(&self) -> Option<&str> {
        text(self.access_key_id.as_ref()).filter(|id| !id.is_empty())
    }

    fn principal(&self) -> Option<&str> {
        text(self.arn.as_ref())
    }

    fn principal_without_session(&self) -> Option<&str> {
        let arn = self.principal()?;
        match arn.split_once(":assumed-role/") {
            Some(_) => arn.rsplit_once('/').map(|(role, _)| role),
            None => Some(arn),
        }
    }

    fn user_name(&self) -> Option<&str> {
        if let Some(name) = text(self.user_name.as_ref()) {
            return Some(name);
        }
        match text(self.kind.as_ref()) {
            Some("Root") => Some("root"),
            Some("AWSService") => text(self.invoked_by.as_ref()),
            _ => match text(self.arn.as_ref()) {
                Some(arn) => arn.rsplit_once('/').map(|(_, name)| name),
                None => text(self.principal_id.as_ref()),
            },
        }
    }
}

impl<'a> Recorded<'a> {
    /// Reads a record's line; `None` if it is no record.
    pub fn read(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// The record's id.
    pub fn event_id(&self) -> &str {
        &self.event_id
    }

    /// The request's id, if somebody called.
    pub fn request_id(&self) -> Option<&str> {
        text(self.request_id.as_ref())
    }

    /// The operation.
    pub fn event_name(&self) -> &str {
        &self.event_name
    }

    /// The service.
    pub fn event_source(&self) -> &str {
        &self.event_source
    }

    /// When it was, as the record has it.
    pub fn event_time(&self) -> &str {
        &self.event_time
    }

    /// The same in seconds since the Unix epoch; 0 if it cannot be read.
    pub fn seconds(&self) -> u64 {
        seconds_of(self.event_time.as_bytes()).unwrap_or(0)
    }

    /// Where it was.
    pub fn region(&self) -> &str {
        &self.aws_region
    }

    /// Whose record it is.
    pub fn recipient(&self) -> Option<&str> {
        text(self.recipient_account_id.as_ref())
    }

    /// Whether the operation changes nothing.
    pub fn read_only(&self) -> bool {
        self.read_only
    }

    /// The error that the caller was given.
    pub fn error_code(&self) -> Option<&str> {
        text(self.error_code.as_ref())
    }

    /// The text of that error, as the record has it.
    pub fn error_message(&self) -> Option<&str> {
        text(self.error_message.as_ref())
    }

    /// The caller's access key.
    pub fn access_key_id(&self) -> Option<&str> {
        self.user_identity.access_key_id()
    }

    /// The caller's ARN, if it has one.
    pub fn principal(&self) -> Option<&str> {
        self.user_identity.principal()
    }

    /// The service that called, for itself or for somebody.
    pub fn invoked_by(&self) -> Option<&str> {
        text(self.user_identity.invoked_by.as_ref())
    }

    /// The caller's ARN without the part that each session has of its own.
    pub fn principal_without_session(&self) -> Option<&str> {
        self.user_identity.principal_without_session()
    }

    /// The pairs of the request's encryption context.
    pub fn encryption_context(&self) -> BTreeMap<String, String> {
        self.parameters().encryption_context
    }

    /// Whether the request asked for a dry run.
    pub fn is_dry_run(&self) -> bool {
        self.parameters().dry_run || self.error_code() == Some("DryRunOperationException")
    }

    fn parameters(&self) -> Parameters {
        self.request_parameters
            .map(RawValue::get)
            .map(Parameters::read)
            .unwrap_or_default()
    }

    /// The name of whoever called: a user's, a session's, `root`, or a service's.
    pub fn user_name(&self) -> Option<&str> {
        self.user_identity.user_name()
    }

    /// Whether it is the caller's own record of a request: neither the copy that another account got, nor what the service
    /// did elsewhere because of the request.
    pub fn is_callers(&self) -> bool {
        match text(self.user_identity.kind.as_ref()) {
            Some("AWSAccount") => false,
            // The operator has no address.
            Some("Operator") => true,
            _ => self.source_ip_address != self.event_source,
        }
    }

    /// Whether it is the copy that the owner of a key has of another account's record.
    pub fn is_copy(&self) -> bool {
        text(self.user_identity.kind.as_ref()) == Some("AWSAccount")
    }

    /// What it is about.
    pub fn resources(&self) -> &[About<'a>] {
        self.resources.as_deref().unwrap_or_default()
    }
}

/// Something that records can be found by. The numbers are part of the index's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Attribute {
    /// The account whose record it is and the Region, with a line break between them.
    Place = 1,
    /// The record's id.
    EventId = 2,
    /// The operation.
    EventName = 3,
    /// `true` if it changes nothing, or `false`.
    ReadOnly = 4,
    /// The name of whoever called.
    Username = 5,
    /// The type of a resource.
    ResourceType = 6,
    /// A resource's ARN, or a key's id.
    ResourceName = 7,
    /// The service.
    EventSource = 8,
    /// The caller's access key.
    AccessKeyId = 9,
    /// The caller's ARN; of a role's session, also what all sessions of the role have.
    Principal = 10,
    /// The request's id.
    RequestId = 11,
    /// A pair of the encryption context, with `=` between its parts.
    EncryptionContext = 12,
}

impl Attribute {
    /// The value of [`Attribute::Place`].
    pub fn place(account: &str, region: &str) -> String {
        format!("{account}\n{region}")
    }

    /// Tells everything that a record can be found by.
    pub(crate) fn each(record: &Recorded<'_>, mut tell: impl FnMut(Self, &str)) {
        if let Some(account) = record.recipient() {
            tell(Self::Place, &Self::place(account, record.region()));
        }
        tell(Self::EventId, record.event_id());
        tell(Self::EventName, record.event_name());
        tell(Self::ReadOnly, Self::read_only(record.read_only));
        tell(Self::EventSource, record.event_source());
        if let Some(id) = record.request_id() {
            tell(Self::RequestId, id);
        }
        Self::each_of_caller(&record.user_identity, &mut tell);
        if let Some(parameters) = record.request_parameters {
            Self::each_of_request(parameters.get(), &mut tell);
        }
        for resource in record.resources() {
            Self::each_of_resource(resource.kind(), resource.arn(), &mut tell);
        }
    }

    /// The value of [`Attribute::ReadOnly`].
    pub(crate) fn read_only(read_only: bool) -> &'static str {
        if read_only { "true" } else { "false" }
    }

    /// What a record can be found by for who called.
    pub(crate) fn each_of_caller(identity: &Identity<'_>, mut tell: impl FnMut(Self, &str)) {
        let principal = identity.principal();
        let role = identity
            .principal_without_session()
            .filter(|role| Some(*role) != principal);
        let single = [
            (Self::Username, identity.user_name()),
            (Self::AccessKeyId, identity.access_key_id()),
            (Self::Principal, principal),
            (Self::Principal, role),
        ];
        for (attribute, value) in single {
            if let Some(value) = value {
                tell(attribute, value);
            }
        }
    }

    /// What a record can be found by for what was asked for; `parameters` is its `requestParameters`.
    pub(crate) fn each_of_request(parameters: &str, mut tell: impl FnMut(Self, &str)) {
        for (key, value) in Parameters::read(parameters).encryption_context {
            tell(Self::EncryptionContext, &format!("{key}={value}"));
        }
    }

    /// What a record can be found by for one resource.
    pub(crate) fn each_of_resource(kind: &str, arn: &str, mut tell: impl FnMut(Self, &str)) {
        tell(Self::ResourceType, kind);
        tell(Self::ResourceName, arn);
        if let Some(id) = key_id(arn) {
            tell(Self::ResourceName, id);
        }
    }
}

fn key_id(arn: &str) -> Option<&str> {
    arn.rsplit_once(":key/").map(|(_, id)| id)
}

/// The seconds since the Unix epoch of a time such as `2026-01-02T03:04:05Z`.
fn seconds_of(text: &[u8]) -> Option<u64> {
    let number = |from: usize, to: usize| -> Option<u64> {
        let digits = text.get(from..to)?;
        let value = |value: u64, digit: &u8| digit.is_ascii_digit().then(|| value * 10 + u64::from(digit - b'0'));
        digits.iter().try_fold(0, value)
    };
    let month = time::Month::try_from(u8::try_from(number(5, 7)?).ok()?).ok()?;
    let (year, day) = (i32::try_from(number(0, 4)?).ok()?, u8::try_from(number(8, 10)?).ok()?);
    let date = time::Date::from_calendar_date(year, month, day).ok()?;
    let days = i64::from(date.to_julian_day()) - i64::from(time::OffsetDateTime::UNIX_EPOCH.date().to_julian_day());
    let days = u64::try_from(days).ok()?;
    Some(days * 86_400 + number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        assert_eq!(seconds_of(b"1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds_of(b"2026-01-02T03:04:05Z"), Some(1_767_323_045));
        assert_eq!(seconds_of(b"2024-02-29T23:59:59Z"), Some(1_709_251_199));
        for odd in [
            "",
            "2026",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-0x-01T00:00:00Z",
        ] {
            assert_eq!(seconds_of(odd.as_bytes()), None, "{odd}");
        }
    }

    #[test]
    fn a_caller_is_named_as_its_kind_is() {
        let named = |identity: &str| {
            let line = format!(
                r#"{{"userIdentity":{identity},"eventTime":"","eventSource":"","eventName":"","awsRegion":"","eventID":""}}"#
            );
            let record = Recorded::read(line.as_bytes()).expect("a record");
            record.user_name().map(ToOwned::to_owned)
        };
        for (identity, name) in [
            (
                r#"{"type":"Root","arn":"arn:aws:iam::111122223333:root"}"#,
                Some("root"),
            ),
            (
                r#"{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/a/ana"}"#,
                Some("ana"),
            ),
            (
                r#"{"type":"IAMUser","arn":"arn:aws:iam::1:user/a/ana","userName":"an\u0061"}"#,
                Some("ana"),
            ),
            (
                r#"{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/app/deploy"}"#,
                Some("deploy"),
            ),
            (
                r#"{"type":"AWSService","invokedBy":"s3.amazonaws.com"}"#,
                Some("s3.amazonaws.com"),
            ),
            (r#"{"type":"Operator","principalId":"uid:0"}"#, Some("uid:0")),
            (r#"{"type":"Unknown"}"#, None),
        ] {
            assert_eq!(named(identity).as_deref(), name, "{identity}");
        }
    }
}
