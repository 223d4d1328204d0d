//! What a request says of itself, and all the checks on it that need no key.

use std::borrow::Cow;
use std::time::Duration;

use smallvec::SmallVec;

use super::authorization::Authorization;
use super::list::split;
use super::query::Query;
use super::request::{SecurityHeaders, SignedRequest, is_always_signed};
use super::scope::{Credential, Realm, Scope};
use super::timestamp::{SigningTime, Timestamp};
use crate::error::{AuthenticationError, MissingParameters, Parameter, UnsignedHeader, Window};

/// How far a client's clock may be off, and how long a signature in a query string lives at most.
pub const CLOCK_SKEW: Duration = Duration::from_mins(5);

/// More signed headers than SDKs send; a longer list moves to the heap.
const USUAL_HEADERS: usize = 16;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A signature read from a request: who claims to have signed it, when, and over which headers.
pub struct Claim<'a> {
    pub(super) algorithm: Cow<'a, str>,
    pub(super) credential: Cow<'a, str>,
    pub(super) signed_headers: Cow<'a, str>,
    pub(super) signature: Cow<'a, str>,
    pub(super) query: Query<'a>,
    pub(super) content_sha256: Option<Cow<'a, [u8]>>,
    pub(super) date: Date<'a>,
    pub(super) session_token: Option<Cow<'a, [u8]>>,
    pub(super) form: Form,
}

/// Where the signature stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// In the `Authorization` header.
    Header,
    /// In the query string, good for as long as it says, five minutes at most.
    Query { lifetime: Duration },
}

/// The date that a request gives, and where it stands.
pub(super) enum Date<'a> {
    /// In `x-amz-date`: ISO 8601 basic.
    Amz(Cow<'a, [u8]>),
    /// In `date`, either form; consulted only if there is no `x-amz-date`.
    Http(&'a [u8]),
    /// In the query string, which is always signed as a whole.
    Query(Cow<'a, [u8]>),
}

/// A claim whose form, age and scope are good: what remains is the signature.
pub struct Admitted {
    /// The scope, which selects the signing key.
    pub scope: Scope,
    /// When the client signed.
    pub signed: SigningTime,
}

impl<'a> Claim<'a> {
    /// Finds the signature of a request and reads it; checks that there is exactly one and that no part
    /// of it is missing or repeated.
    pub fn read(request: &SignedRequest<'a>) -> Result<Self, AuthenticationError> {
        let headers = request.security_headers()?;
        let query = request.parsed_query()?;
        match (headers.authorization, query.is_signed()) {
            (Some(_), true) => Err(AuthenticationError::TwoForms),
            (Some(header), false) => Self::in_header(header, &headers, query),
            (None, true) => Self::in_query(&headers, query),
            (None, false) => Err(AuthenticationError::MissingToken),
        }
    }

    fn in_header(
        header: &'a [u8],
        headers: &SecurityHeaders<'a>,
        query: Query<'a>,
    ) -> Result<Self, AuthenticationError> {
        let date = match (headers.amz_date, headers.date) {
            (Some(date), _) => Some(Date::Amz(Cow::Borrowed(date))),
            (None, Some(date)) => Some(Date::Http(date)),
            (None, None) => None,
        };
        let (authorization, date) = Authorization::parse(header, date)?;
        if query.single("X-Amz-Security-Token")?.is_some() && headers.security_token.is_some() {
            return Err(AuthenticationError::Repeated("X-Amz-Security-Token".to_owned()));
        }
        Ok(Self {
            algorithm: authorization.algorithm.into(),
            credential: authorization.credential.into(),
            signed_headers: authorization.signed_headers.into(),
            signature: authorization.signature.into(),
            session_token: match headers.security_token {
                Some(token) => Some(Cow::Borrowed(token)),
                None => query
                    .single("X-Amz-Security-Token")?
                    .map(|token| Cow::Owned(token.to_vec())),
            },
            query,
            content_sha256: headers.content_sha256.map(Cow::Borrowed),
            date,
            form: Form::Header,
        })
    }

    fn in_query(headers: &SecurityHeaders<'a>, query: Query<'a>) -> Result<Self, AuthenticationError> {
        let parameter = |name: &str| -> Result<Option<String>, AuthenticationError> {
            let value = query.single(name)?.filter(|value| !value.is_empty());
            Ok(value.map(|value| String::from_utf8_lossy(value).into_owned()))
        };
        let algorithm = parameter("X-Amz-Algorithm")?;
        let credential = parameter("X-Amz-Credential")?;
        let signature = parameter("X-Amz-Signature")?;
        let signed_headers = parameter("X-Amz-SignedHeaders")?;
        let date = parameter("X-Amz-Date")?;
        let expires = parameter("X-Amz-Expires")?;
        let token = query.single("X-Amz-Security-Token")?.map(<[u8]>::to_vec);
        let content_sha256 = query.single("X-Amz-Content-Sha256")?.map(<[u8]>::to_vec);

        // What decides anything may stand in one place only.
        let elsewhere = [
            (headers.amz_date.is_some(), "X-Amz-Date"),
            (
                headers.security_token.is_some() && token.is_some(),
                "X-Amz-Security-Token",
            ),
            (
                headers.content_sha256.is_some() && content_sha256.is_some(),
                "X-Amz-Content-Sha256",
            ),
        ];
        if let Some((_, name)) = elsewhere.into_iter().find(|(twice, _)| *twice) {
            return Err(AuthenticationError::Repeated(name.to_owned()));
        }
        let missing = MissingParameters::in_query(&[
            (Parameter::Algorithm, algorithm.is_some()),
            (Parameter::Credential, credential.is_some()),
            (Parameter::Signature, signature.is_some()),
            (Parameter::SignedHeaders, signed_headers.is_some()),
            (Parameter::Date, date.is_some()),
        ]);
        match (algorithm, credential, signed_headers, signature, date) {
            (Some(algorithm), Some(credential), Some(signed_headers), Some(signature), Some(date)) => Ok(Self {
                algorithm: algorithm.into(),
                credential: credential.into(),
                signed_headers: signed_headers.into(),
                signature: signature.into(),
                session_token: match token {
                    Some(token) => Some(Cow::Owned(token)),
                    None => headers.security_token.map(Cow::Borrowed),
                },
                query,
                content_sha256: match content_sha256 {
                    Some(value) => Some(Cow::Owned(value)),
                    None => headers.content_sha256.map(Cow::Borrowed),
                },
                date: Date::Query(Cow::Owned(date.into_bytes())),
                form: Form::Query {
                    lifetime: lifetime(expires)?,
                },
            }),
            _ => Err(AuthenticationError::MissingQueryParameters(missing)),
        }
    }

    /// Whether the request carries a session token, wherever it stands.
    pub fn has_session_token(&self) -> bool {
        self.session_token.is_some()
    }

    /// The session token, wherever it stands.
    pub(crate) fn session_token(&self) -> Option<&[u8]> {
        self.session_token.as_deref()
    }

    /// The access key id that the request names, if its credential has the right form.
    pub fn access_key_id(&self) -> Result<&str, AuthenticationError> {
        Ok(Credential::parse(&self.credential)?.access_key_id)
    }

    /// The service that the request's credential is scoped to, if it has the right form.
    pub fn service(&self) -> Option<&str> {
        Credential::parse(&self.credential)
            .ok()
            .map(|credential| credential.service())
    }

    /// Checks, in the service's order: the date's form, its age, the signed headers, the algorithm, the
    /// credential's form and its scope.
    pub fn admit(
        &self,
        request: &SignedRequest<'_>,
        realm: &Realm,
        now: Duration,
    ) -> Result<Admitted, AuthenticationError> {
        let signed = self.admit_form(request, now)?;
        self.admit_scope(realm, signed)
    }

    /// The first half of [`admit`](Self::admit): all that does not depend on the credential.
    pub(crate) fn admit_form(
        &self,
        request: &SignedRequest<'_>,
        now: Duration,
    ) -> Result<SigningTime, AuthenticationError> {
        let signed = self.signed_at()?;
        self.check_age(signed.second(), now)?;
        self.check_form(request)?;
        Ok(signed)
    }

    /// The second half of [`admit`](Self::admit): the credential and the payload.
    pub(crate) fn admit_scope(&self, realm: &Realm, signed: SigningTime) -> Result<Admitted, AuthenticationError> {
        let scope = self.scope(realm, signed)?;
        self.check_payload_is_signed()?;
        Ok(Admitted { scope, signed })
    }

    /// The credential's scope, if it is one of the realm's.
    pub(crate) fn scope(&self, realm: &Realm, signed: SigningTime) -> Result<Scope, AuthenticationError> {
        Credential::parse(&self.credential)?.admit(realm, signed)
    }

    /// As [`admit`](Self::admit), whatever the age of the signature: for a server that does not verify it.
    pub fn admit_stale(&self, request: &SignedRequest<'_>, realm: &Realm) -> Result<Admitted, AuthenticationError> {
        let signed = self.signed_at()?;
        self.check_form(request)?;
        self.admit_scope(realm, signed)
    }

    /// The credential as it was sent, not yet checked.
    pub(crate) fn credential(&self) -> &str {
        &self.credential
    }

    /// The credential without the access key id: `date/region/service/aws4_request` once it is admitted.
    pub(super) fn scope_text(&self) -> &str {
        let id = split(&self.credential, b'/').next().unwrap_or_default();
        self.credential.get(id.len() + 1..).unwrap_or_default()
    }

    fn check_form(&self, request: &SignedRequest<'_>) -> Result<(), AuthenticationError> {
        self.check_signed_headers(request)?;
        if self.algorithm != ALGORITHM {
            return Err(AuthenticationError::Algorithm(self.algorithm.clone().into_owned()));
        }
        Ok(())
    }

    fn signed_at(&self) -> Result<SigningTime, AuthenticationError> {
        let (parsed, text) = match &self.date {
            Date::Amz(text) | Date::Query(text) => (SigningTime::parse_basic(text), text.as_ref()),
            Date::Http(text) => (
                SigningTime::parse_basic(text).or_else(|| SigningTime::parse_http(text)),
                *text,
            ),
        };
        parsed.ok_or_else(|| AuthenticationError::DateFormat(String::from_utf8_lossy(text).into_owned()))
    }

    fn check_age(&self, signed: Timestamp, now: Duration) -> Result<(), AuthenticationError> {
        let now = Timestamp::from_unix(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        let past = match self.form {
            Form::Header => CLOCK_SKEW,
            Form::Query { lifetime } => lifetime,
        };
        let shifted = |by: i64| Timestamp::from_unix(now.unix().saturating_add(by));
        let seconds = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
        let (earliest, latest) = (shifted(-seconds(past)), shifted(seconds(CLOCK_SKEW)));
        if signed < earliest {
            return Err(AuthenticationError::Expired {
                signed,
                earliest,
                now,
                window: Window::of(past),
            });
        }
        if signed > latest {
            return Err(AuthenticationError::NotYetCurrent {
                signed,
                latest,
                now,
                window: Window::of(CLOCK_SKEW),
            });
        }
        Ok(())
    }

    /// `host`, the date (unless it stands in the query string) and every `x-amz-*` or `x-trent-*` header must be among
    /// the signed ones; the list must be in order, and each header in it present.
    fn check_signed_headers(&self, request: &SignedRequest<'_>) -> Result<(), AuthenticationError> {
        let signed: SmallVec<[&str; USUAL_HEADERS]> = split(&self.signed_headers, b';').collect();
        if !signed.contains(&"host") {
            return Err(AuthenticationError::UnsignedHeader(UnsignedHeader::HOST));
        }
        // Each listed header is present exactly by name, so a longer list than the request's cannot be honest.
        let ascending = signed.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascending || signed.len() > request.headers.len() || signed.contains(&"authorization") {
            return Err(AuthenticationError::SignedHeaders);
        }
        let date_header = matches!(self.date, Date::Http(_));
        for &(name, _) in request.headers {
            let required = is_always_signed(name) || (date_header && name == "date");
            if required && signed.binary_search(&name).is_err() {
                return Err(AuthenticationError::UnsignedHeader(UnsignedHeader(
                    name.to_owned().into(),
                )));
            }
        }
        let all_present = signed
            .iter()
            .all(|name| request.headers.iter().any(|(header, _)| header == name));
        if all_present {
            Ok(())
        } else {
            Err(AuthenticationError::SignedHeaders)
        }
    }

    /// The body must be under the signature.
    pub(crate) fn check_payload_is_signed(&self) -> Result<(), AuthenticationError> {
        match self.content_sha256.as_deref() {
            Some(value) if value == b"UNSIGNED-PAYLOAD" || value.starts_with(b"STREAMING-") => Err(
                AuthenticationError::UnsignedPayload(String::from_utf8_lossy(value).into_owned()),
            ),
            _ => Ok(()),
        }
    }
}

/// How long a signature in a query string lives: what it asks for, five minutes at most, five minutes if
/// it does not say.
fn lifetime(expires: Option<String>) -> Result<Duration, AuthenticationError> {
    const WEEK: u64 = 604_800;
    let Some(text) = expires else {
        return Ok(CLOCK_SKEW);
    };
    let digits = !text.is_empty() && text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(seconds @ 1..=WEEK) if digits => Ok(Duration::from_secs(seconds).min(CLOCK_SKEW)),
        _ => Err(AuthenticationError::Expires(text)),
    }
}
