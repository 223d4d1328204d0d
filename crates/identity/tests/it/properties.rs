//! Whatever the `aws-sigv4` crate (the signer of the AWS SDK for Rust) signs, in the header or in the query string,
//! verifies.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use proptest::prelude::*;
use trent_crypto::sigv4::SigningKey;
use trent_identity::sigv4::Claim;

use crate::wire::Wire;
use crate::world::{ACCESS_KEY, NOW, SECRET, SIGNER, realm};

const HOST: &str = "kms.us-east-1.example.com:4599";

fn escape(text: &str) -> String {
    let escaped = text.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    });
    escaped.collect()
}

/// Signs with the crate under comparison and applies its instructions.
fn sign_with_the_sdk(mut wire: Wire, location: SignatureLocation, expires: u64) -> Wire {
    let identity = Credentials::new(ACCESS_KEY, SECRET, None, None, "tests").into();
    let mut settings = SigningSettings::default();
    settings.signature_location = location;
    settings.expires_in = Some(Duration::from_secs(expires));
    let params = SigningParams::builder()
        .identity(&identity)
        .region(SIGNER.region)
        .name(SIGNER.service)
        .time(UNIX_EPOCH + NOW)
        .settings(settings)
        .build()
        .expect("all parameters")
        .into();
    let question = if wire.query.is_empty() { "" } else { "?" };
    let uri = format!("http://{HOST}{}{question}{}", wire.path, wire.query);
    let headers: Vec<(String, String)> = wire
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), String::from_utf8(value.clone()).expect("printable")))
        .collect();
    let signable = SignableRequest::new(
        &wire.method,
        &uri,
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())),
        SignableBody::Bytes(&wire.body),
    )
    .expect("a request");
    let (instructions, _) = sign(signable, &params).expect("a signature").into_parts();
    for (name, value) in instructions.headers() {
        wire = wire.header(name, value);
    }
    for (name, value) in instructions.params() {
        let separator = if wire.query.is_empty() { "" } else { "&" };
        wire.query = format!("{}{separator}{name}={}", wire.query, escape(value));
    }
    wire.header("host", HOST)
}

fn verifies(wire: &Wire) -> Result<(), String> {
    let headers = wire.borrowed_headers();
    let request = wire.borrowed(&headers);
    let verdict = Claim::read(&request).and_then(|claim| {
        let admitted = claim.admit(&request, &realm(), NOW)?;
        let key = SigningKey::derive(SECRET.as_bytes(), "20260101", SIGNER.region, SIGNER.service);
        claim.verify(&request, admitted.signed, &key, &mut Vec::new())
    });
    verdict.map_err(|error| error.to_string())
}

prop_compose! {
    fn any_path()(segments in prop::collection::vec("([A-Za-z0-9._~;:@$!*'(),-]|%[0-9A-F][0-9A-F]){0,6}|\\.|\\.\\.", 0..5), folder: bool) -> String {
        let tail = if folder { "/" } else { "" };
        format!("/{}{tail}", segments.join("/"))
    }
}

prop_compose! {
    fn any_query()(pairs in prop::collection::vec((".{1,6}", ".{0,6}"), 0..4)) -> String {
        let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
        pairs.join("&")
    }
}

prop_compose! {
    fn any_request()(
        method in "GET|POST|PUT|DELETE",
        path in any_path(),
        query in any_query(),
        names in prop::collection::vec("(x-amz-)?h-[a-z0-9-]{1,6}", 0..5),
        values in prop::collection::vec("[ -~]{0,12}", 10),
        repeated in 0..3_usize,
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) -> Wire {
        let mut names = names;
        names.sort();
        names.dedup();
        let plain: Vec<String> = names.iter().filter(|name| !name.starts_with("x-amz-")).take(repeated).cloned().collect();
        let headers = names.into_iter().chain(plain).zip(values.into_iter().map(String::into_bytes)).collect();
        Wire { method, path, query, headers, body }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_the_sdk_signs_in_the_header_verifies(wire in any_request()) {
        let wire = sign_with_the_sdk(wire, SignatureLocation::Headers, 300);
        prop_assert_eq!(verifies(&wire), Ok(()), "{:?}", wire);
    }

    #[test]
    fn what_the_sdk_signs_in_the_query_string_verifies(wire in any_request(), expires in 1..600_u64) {
        let wire = sign_with_the_sdk(wire, SignatureLocation::QueryParams, expires);
        prop_assert_eq!(verifies(&wire), Ok(()), "{:?}", wire);
    }

    #[test]
    fn another_body_never_verifies(wire in any_request(), at: prop::sample::Index, flip in 1..=255_u8) {
        let mut wire = sign_with_the_sdk(wire, SignatureLocation::Headers, 300);
        if wire.body.is_empty() {
            wire.body.push(flip);
        } else {
            let at = at.index(wire.body.len());
            wire.body[at] ^= flip;
        }
        prop_assert!(verifies(&wire).is_err());
    }
}
