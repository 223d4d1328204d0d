//! A request as it arrived, borrowed from the listener's buffers.

use super::query::Query;
use crate::error::AuthenticationError;

/// What a signature covers, exactly as it came over the wire.
#[derive(Clone, Copy)]
pub struct SignedRequest<'a> {
    /// The method, upper case as sent.
    pub method: &'a str,
    /// The path, not decoded.
    pub path: &'a str,
    /// The query string without its question mark, not decoded; empty if there is none.
    pub query: &'a str,
    /// Every header in order of arrival, names in lower case, values untouched. Over HTTP/2 the
    /// `:authority` stands here as `host`.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The whole body.
    pub body: &'a [u8],
}

/// Whether a header must be signed and come once, whatever it says.
pub(super) fn is_always_signed(name: &str) -> bool {
    name.starts_with("x-amz-") || name.starts_with("x-trent-")
}

/// The headers that decide who the caller is and when; each at most once.
#[derive(Default)]
pub(super) struct SecurityHeaders<'a> {
    pub(super) authorization: Option<&'a [u8]>,
    pub(super) amz_date: Option<&'a [u8]>,
    pub(super) date: Option<&'a [u8]>,
    pub(super) security_token: Option<&'a [u8]>,
    pub(super) content_sha256: Option<&'a [u8]>,
}

impl<'a> SignedRequest<'a> {
    /// Collects the security headers in one pass and refuses any that came twice: `host`, the dates,
    /// `authorization`, and every `x-amz-*` or `x-trent-*` header, known or not.
    pub(super) fn security_headers(&self) -> Result<SecurityHeaders<'a>, AuthenticationError> {
        let mut found = SecurityHeaders::default();
        for (at, &(name, value)) in self.headers.iter().enumerate() {
            let slot = match name {
                "authorization" => &mut found.authorization,
                "date" => &mut found.date,
                "x-amz-date" => &mut found.amz_date,
                "x-amz-security-token" => &mut found.security_token,
                "x-amz-content-sha256" => &mut found.content_sha256,
                _ if name == "host" || is_always_signed(name) => {
                    if self.headers[..at].iter().any(|(earlier, _)| *earlier == name) {
                        return Err(AuthenticationError::Repeated(name.to_owned()));
                    }
                    continue;
                }
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(AuthenticationError::Repeated(name.to_owned()));
            }
        }
        Ok(found)
    }

    /// The text of a header that means nothing to a signature, by its name in lower case; the first if it came twice.
    pub fn text_of(&self, name: &str) -> Option<&'a str> {
        let header = self.headers.iter().find(|(header, _)| *header == name)?;
        std::str::from_utf8(header.1).ok()
    }

    pub(super) fn parsed_query(&self) -> Result<Query<'a>, AuthenticationError> {
        Query::parse(self.query)
    }
}
