//! Requests as clients send them, signed by the public client library.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;

/// An access key and, if it belongs to a session, its token.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

/// The headers of a request with this body, signed at a time.
pub(crate) fn signed(
    key: &Key,
    service: &str,
    headers: &[(&str, &str)],
    body: &str,
    now: Duration,
) -> Vec<(String, String)> {
    let credentials = Credentials::new(&*key.id, &*key.secret, key.token.clone(), None, "tests");
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name(service)
        .time(UNIX_EPOCH + now)
        .settings(SigningSettings::default())
        .build()
        .expect("everything is given")
        .into();
    let request = SignableRequest::new(
        "POST",
        "http://localhost/",
        headers.iter().copied(),
        SignableBody::Bytes(body.as_bytes()),
    );
    let signed = sign(request.expect("a request"), &parameters).expect("a signature");
    let (instructions, _) = signed.into_parts();
    let (added, _) = instructions.into_parts();
    let mut all: Vec<_> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    all.push(("host".to_owned(), "localhost".to_owned()));
    all.extend(
        added
            .iter()
            .map(|header| (header.name().to_owned(), header.value().to_owned())),
    );
    all
}

/// Percent-encodes everything that need not stay as it is.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// What stands between the first pair of these tags of a reply.
pub(crate) fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0)
}
