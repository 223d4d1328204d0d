//! The headers that registered services add to their signed requests.
//!
//! Every header that begins as they do must be signed and come once, whoever sends it. From anybody but a service the
//! whole request is refused: the pipeline asks [`are_in`].

use crate::error::AuthenticationError;
use crate::sigv4::SignedRequest;

/// What the name of each begins with.
pub const PREFIX: &str = "x-trent-";

/// The token of a principal that the service calls for.
pub const TOKEN: &str = "x-trent-forward-access-token";
/// The user that the service calls for, where it is trusted without a proof.
pub const ON_BEHALF_OF: &str = "x-trent-on-behalf-of";
/// `aws:SourceArn`.
pub const SOURCE_ARN: &str = "x-trent-source-arn";
/// `aws:SourceAccount`.
pub const SOURCE_ACCOUNT: &str = "x-trent-source-account";

/// Whether a request has any of them.
pub fn are_in(request: &SignedRequest<'_>) -> bool {
    request.headers.iter().any(|(name, _)| name.starts_with(PREFIX))
}

/// What a service says in the headers of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServiceHeaders<'a> {
    /// Nothing: it calls as itself.
    None,
    /// It calls for whom the token is of.
    Token(&'a str),
    /// It calls for this user.
    OnBehalfOf(&'a str),
    /// It calls as itself, for a resource.
    Source {
        arn: Option<&'a str>,
        account: Option<&'a str>,
    },
}

impl<'a> ServiceHeaders<'a> {
    /// Reads them; that they are signed and come once was checked with the signature.
    pub(crate) fn read(request: &SignedRequest<'a>) -> Result<Self, AuthenticationError> {
        let (mut token, mut on_behalf_of, mut arn, mut account) = (None, None, None, None);
        for &(name, value) in request.headers.iter().filter(|(name, _)| name.starts_with(PREFIX)) {
            let place = match name {
                TOKEN => &mut token,
                ON_BEHALF_OF => &mut on_behalf_of,
                SOURCE_ARN => &mut arn,
                SOURCE_ACCOUNT => &mut account,
                _ => return Err(AuthenticationError::ServiceHeader(name.to_owned())),
            };
            let text = str::from_utf8(value).ok().filter(|text| !text.is_empty());
            *place = Some(text.ok_or_else(|| AuthenticationError::ServiceHeader(name.to_owned()))?);
        }
        match (token, on_behalf_of, arn, account) {
            (None, None, None, None) => Ok(Self::None),
            (Some(token), None, None, None) => Ok(Self::Token(token)),
            (None, Some(user), None, None) => Ok(Self::OnBehalfOf(user)),
            (None, None, arn, account) => Ok(Self::Source { arn, account }),
            (Some(_), _, _, _) => Err(AuthenticationError::ServiceHeader(TOKEN.to_owned())),
            _ => Err(AuthenticationError::ServiceHeader(ON_BEHALF_OF.to_owned())),
        }
    }
}

/// Whether the headers of a request would be read, were a service to send it: what a test of the reader with arbitrary
/// bytes asks.
pub fn are_legible(request: &SignedRequest<'_>) -> bool {
    ServiceHeaders::read(request).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a>(headers: &'a [(&'a str, &'a [u8])]) -> Result<ServiceHeaders<'a>, String> {
        let request = SignedRequest {
            method: "POST",
            path: "/",
            query: "",
            headers,
            body: b"",
        };
        ServiceHeaders::read(&request).map_err(|error| match error {
            AuthenticationError::ServiceHeader(name) => name,
            other => other.to_string(),
        })
    }

    #[test]
    fn a_service_says_one_thing_at_a_time() {
        let (token, user) = ((TOKEN, b"t".as_slice()), (ON_BEHALF_OF, b"u".as_slice()));
        let (arn, account) = ((SOURCE_ARN, b"a".as_slice()), (SOURCE_ACCOUNT, b"1".as_slice()));
        assert_eq!(read(&[("host", b"h")]), Ok(ServiceHeaders::None));
        assert_eq!(read(&[token]), Ok(ServiceHeaders::Token("t")));
        assert_eq!(read(&[user]), Ok(ServiceHeaders::OnBehalfOf("u")));
        let both = ServiceHeaders::Source {
            arn: Some("a"),
            account: Some("1"),
        };
        assert_eq!(read(&[account, arn]), Ok(both));
        for (headers, blamed) in [
            (&[token, user][..], TOKEN),
            (&[token, arn], TOKEN),
            (&[user, account], ON_BEHALF_OF),
            (
                &[("x-trent-via-service", b"ec2.us-east-1.amazonaws.com")],
                "x-trent-via-service",
            ),
            (&[(SOURCE_ARN, b"")], SOURCE_ARN),
            (&[(TOKEN, b"\xff")], TOKEN),
        ] {
            assert_eq!(read(headers), Err(blamed.to_owned()));
        }
    }
}
