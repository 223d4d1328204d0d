//! Every way in which a request fails to prove who sent it: one variant per case, with the name, the
//! text and the HTTP status that the AWS JSON protocol gives it.
//!
//! Texts follow what the live service answers, as its clients have recorded it. Today's front ends no
//! longer echo an `Authorization` header: they print its SHA-256 in base64, and so do we, which keeps
//! signatures out of everybody's logs.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::sigv4::timestamp::Timestamp;

/// Why a request was not authenticated.
///
/// The AWS JSON names come from [`code`](Self::code); [`query_code`](Self::query_code) gives those of
/// the Query protocol, which IAM and STS speak.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticationError {
    /// No `Authorization` header and no signature in the query string, or an `Authorization` header
    /// of another scheme.
    #[error("Missing Authentication Token")]
    MissingToken,

    /// A signature in the header and another in the query string.
    #[error("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")]
    TwoForms,

    /// A part of the `Authorization` header that is not `name=value`.
    #[error(
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '{0}'."
    )]
    NotAPair(Fingerprint),

    /// Parameters of the `Authorization` header that are missing, and the date if that is missing too.
    #[error("{missing}(Hashed with SHA-256 and encoded with Base64) Authorization={authorization}")]
    MissingParameters {
        /// Which.
        missing: MissingParameters,
        /// The header that lacked them.
        authorization: Fingerprint,
    },

    /// Parameters of a signature in the query string that are missing.
    #[error("{0}Re-examine the query-string parameters.")]
    MissingQueryParameters(MissingParameters),

    /// The date is in neither of the two forms that the service reads.
    #[error("Date must be in ISO-8601 'basic format'. Got '{0}'. See http://en.wikipedia.org/wiki/ISO_8601")]
    DateFormat(String),

    /// Signed too long ago.
    #[error("Signature expired: {signed} is now earlier than {earliest} ({now} - {window}.)")]
    Expired {
        /// When the client says that it signed.
        signed: Timestamp,
        /// The earliest time that would be accepted now.
        earliest: Timestamp,
        /// The server's time.
        now: Timestamp,
        /// How old a signature may be.
        window: Window,
    },

    /// Signed in the future.
    #[error("Signature not yet current: {signed} is still later than {latest} ({now} + {window}.)")]
    NotYetCurrent {
        /// When the client says that it signed.
        signed: Timestamp,
        /// The latest time that would be accepted now.
        latest: Timestamp,
        /// The server's time.
        now: Timestamp,
        /// How far ahead a client's clock may run.
        window: Window,
    },

    /// A header that must be signed is not: `host`, the date, each `x-amz-*`.
    #[error("{0} must be a 'SignedHeader' in the AWS Authorization.")]
    UnsignedHeader(UnsignedHeader),

    /// `SignedHeaders` names a header that the request does not carry, or names one twice, or out of order.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )]
    SignedHeaders,

    /// Not `AWS4-HMAC-SHA256`.
    #[error("Unsupported AWS 'algorithm': '{0}' (only AWS4-HMAC-SHA256 for now). ")]
    Algorithm(String),

    /// The credential is not `keyid/date/region/service/term`.
    #[error("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{0}'")]
    Credential(String),

    /// The credential's scope is not this service's.
    #[error("{0}")]
    Scope(ScopeErrors),

    /// `X-Amz-Expires` is not a number of seconds from 1 to 604,800.
    #[error("X-Amz-Expires must be a number of seconds between 1 and 604800. Got '{0}'")]
    Expires(String),

    /// A header or query parameter that decides who the caller is came more than once.
    #[error("'{0}' must have exactly one value.")]
    Repeated(String),

    /// The payload may not be left out of a request to this service.
    #[error("The payload of a request must be signed: '{0}' is not accepted in 'x-amz-content-sha256'.")]
    UnsignedPayload(String),

    /// `x-amz-content-sha256` is not the SHA-256 of the body that arrived.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )]
    PayloadHash,

    /// Header bytes or path escapes from which no canonical request can be made.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )]
    NotCanonical,

    /// The signature is not the one that the named key gives.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )]
    SignatureMismatch,

    /// No such access key, or it has been deactivated.
    #[error("The security token included in the request is invalid.")]
    UnknownAccessKey,

    /// A session token that this key has not been issued with, that was altered or made up, or whose session was ended.
    #[error("The security token included in the request is invalid.")]
    SessionToken,

    /// The session is over.
    #[error("The security token included in the request is expired")]
    ExpiredToken,

    /// A header that services do not send, not beside what else the request has, or with something in it that the
    /// service has no part in.
    #[error("The header '{0}' of the request is not accepted.")]
    ServiceHeader(String),

    /// A service in a Region that it is not registered for.
    #[error("The service is not registered in {0}.")]
    ServiceElsewhere(String),

    /// A forward-access token that is none, is another service's or another Region's, or whose principal can no longer
    /// sign.
    #[error("The forward-access token included in the request is invalid.")]
    ForwardAccessToken,

    /// The directory or the keystore could not answer, so nobody is let in.
    #[error("The request processing has failed because of an unknown error, exception or failure.")]
    Unavailable,
}

impl AuthenticationError {
    /// The error's name in the AWS JSON protocol.
    pub fn code(&self) -> &'static str {
        match self.family() {
            Family::Missing => "MissingAuthenticationTokenException",
            Family::Incomplete => "IncompleteSignatureException",
            Family::Invalid => "InvalidSignatureException",
            Family::Unrecognized => "UnrecognizedClientException",
            Family::ExpiredToken => "ExpiredTokenException",
            Family::Refused => "AccessDeniedException",
            Family::Internal => "InternalFailure",
        }
    }

    /// The error's name in the Query protocol.
    pub fn query_code(&self) -> &'static str {
        match self.family() {
            Family::Missing => "MissingAuthenticationToken",
            Family::Incomplete => "IncompleteSignature",
            Family::Invalid => "SignatureDoesNotMatch",
            Family::Unrecognized => "InvalidClientTokenId",
            Family::ExpiredToken => "ExpiredToken",
            Family::Refused => "AccessDenied",
            Family::Internal => "InternalFailure",
        }
    }

    /// What is wrong, in one word that tells nothing of what the request has in it.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::MissingToken => "MissingToken",
            Self::TwoForms => "TwoForms",
            Self::NotAPair(_) => "NotAPair",
            Self::MissingParameters { .. } | Self::MissingQueryParameters(_) => "MissingParameters",
            Self::DateFormat(_) => "DateFormat",
            Self::Expired { .. } => "SignatureExpired",
            Self::NotYetCurrent { .. } => "SignatureNotYetCurrent",
            Self::UnsignedHeader(_) => "UnsignedHeader",
            Self::SignedHeaders => "SignedHeaders",
            Self::Algorithm(_) => "Algorithm",
            Self::Credential(_) => "Credential",
            Self::Scope(_) => "Scope",
            Self::Expires(_) => "Expires",
            Self::Repeated(_) => "Repeated",
            Self::UnsignedPayload(_) => "UnsignedPayload",
            Self::PayloadHash => "PayloadHash",
            Self::NotCanonical => "NotCanonical",
            Self::SignatureMismatch => "SignatureMismatch",
            Self::UnknownAccessKey => "UnknownAccessKey",
            Self::SessionToken => "SessionToken",
            Self::ExpiredToken => "ExpiredToken",
            Self::ServiceHeader(_) => "ServiceHeader",
            Self::ServiceElsewhere(_) => "ServiceElsewhere",
            Self::ForwardAccessToken => "ForwardAccessToken",
            Self::Unavailable => "Unavailable",
        }
    }

    /// The text of the error.
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// The HTTP status in the AWS JSON protocol: the client's fault is always 400 there.
    pub fn status(&self) -> u16 {
        match self.family() {
            Family::Internal => 500,
            _ => 400,
        }
    }

    /// The HTTP status in the Query protocol: who cannot prove who they are is forbidden to go on.
    pub fn query_status(&self) -> u16 {
        match self.family() {
            Family::Incomplete => 400,
            Family::Missing | Family::Invalid | Family::Unrecognized | Family::ExpiredToken | Family::Refused => 403,
            Family::Internal => 500,
        }
    }

    fn family(&self) -> Family {
        match self {
            Self::MissingToken => Family::Missing,
            Self::NotAPair(_)
            | Self::MissingParameters { .. }
            | Self::MissingQueryParameters(_)
            | Self::DateFormat(_)
            | Self::Algorithm(_)
            | Self::Credential(_)
            | Self::Expires(_) => Family::Incomplete,
            Self::TwoForms
            | Self::Expired { .. }
            | Self::NotYetCurrent { .. }
            | Self::UnsignedHeader(_)
            | Self::SignedHeaders
            | Self::Scope(_)
            | Self::Repeated(_)
            | Self::UnsignedPayload(_)
            | Self::PayloadHash
            | Self::NotCanonical
            | Self::SignatureMismatch => Family::Invalid,
            Self::UnknownAccessKey | Self::SessionToken | Self::ForwardAccessToken => Family::Unrecognized,
            Self::ServiceHeader(_) | Self::ServiceElsewhere(_) => Family::Refused,
            Self::ExpiredToken => Family::ExpiredToken,
            Self::Unavailable => Family::Internal,
        }
    }
}

/// The seven names under which all of it is reported.
#[derive(Clone, Copy)]
enum Family {
    Missing,
    Incomplete,
    Invalid,
    Unrecognized,
    ExpiredToken,
    Refused,
    Internal,
}

/// Fails closed, and tells the operator why: the caller learns only that the server failed.
pub(crate) fn unavailable(error: &dyn std::error::Error) -> AuthenticationError {
    tracing::error!(%error, "a request could not be authenticated");
    AuthenticationError::Unavailable
}

/// The base64 SHA-256 of an `Authorization` header: enough to find it in a client's log, of no use to anyone else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    pub(crate) fn of(header: &[u8]) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, header);
        Self(STANDARD.encode(digest.as_ref()))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The parameters that a signature lacked, in the order in which the service lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingParameters {
    in_query: bool,
    missing: Vec<Parameter>,
}

/// A parameter that every signature has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    Algorithm,
    Credential,
    Signature,
    SignedHeaders,
    Date,
}

impl MissingParameters {
    pub(crate) fn in_header(parameters: &[(Parameter, bool)]) -> Self {
        Self::of(false, parameters)
    }

    pub(crate) fn in_query(parameters: &[(Parameter, bool)]) -> Self {
        Self::of(true, parameters)
    }

    /// Of all parameters, those that are not there.
    fn of(in_query: bool, parameters: &[(Parameter, bool)]) -> Self {
        let missing = parameters
            .iter()
            .filter(|(_, present)| !present)
            .map(|(parameter, _)| *parameter);
        Self {
            in_query,
            missing: missing.collect(),
        }
    }
}

impl fmt::Display for MissingParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for parameter in &self.missing {
            if self.in_query {
                write!(f, "AWS query-string parameters must include 'X-Amz-{parameter:?}'. ")?;
            } else if *parameter == Parameter::Date {
                f.write_str("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")?;
            } else {
                write!(f, "Authorization header requires '{parameter:?}' parameter. ")?;
            }
        }
        Ok(())
    }
}

/// A span of time as the service prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The span in seconds.
    pub seconds: u64,
}

impl Window {
    pub(crate) fn of(span: std::time::Duration) -> Self {
        Self {
            seconds: span.as_secs(),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.seconds.is_multiple_of(60) {
            write!(f, "{} min", self.seconds / 60)
        } else {
            write!(f, "{} sec", self.seconds)
        }
    }
}

/// A header that had to be signed and was not, as the service names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsignedHeader(pub(crate) Cow<'static, str>);

impl UnsignedHeader {
    pub(crate) const HOST: Self = Self(Cow::Borrowed("host"));
}

impl fmt::Display for UnsignedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_ref() {
            "host" => f.write_str("'Host' or ':authority'"),
            name => write!(f, "'{name}'"),
        }
    }
}

/// What is wrong with a credential's scope; the service lists all of it at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScopeErrors {
    pub(crate) region: Option<String>,
    pub(crate) service: Option<Cow<'static, str>>,
    pub(crate) terminator: Option<String>,
    pub(crate) date: Option<(String, Timestamp)>,
}

impl ScopeErrors {
    pub(crate) fn any(&self) -> bool {
        self.region.is_some() || self.service.is_some() || self.terminator.is_some() || self.date.is_some()
    }
}

impl fmt::Display for ScopeErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(region) = &self.region {
            write!(f, "Credential should be scoped to a valid region, not '{region}'. ")?;
        }
        if let Some(service) = &self.service {
            write!(f, "Credential should be scoped to correct service: '{service}'. ")?;
        }
        if let Some(terminator) = &self.terminator {
            write!(
                f,
                "Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'. "
            )?;
        }
        if let Some((date, signed)) = &self.date {
            let day = signed.day();
            write!(
                f,
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{date}' != '{day}', from '{signed}'."
            )?;
        }
        Ok(())
    }
}
