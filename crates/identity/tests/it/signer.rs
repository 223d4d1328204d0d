//! A signer for the tests that need control over every byte; checked against botocore's signatures by the
//! vectors and against the `aws-sigv4` crate by the properties.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};

/// The signing key of a secret, by the four steps of Signature Version 4.
pub(crate) fn signing_key(secret: &str, day: &str, region: &str, service: &str) -> [u8; 32] {
    let seed = format!("AWS4{secret}").into_bytes();
    let key = [day, region, service, "aws4_request"]
        .into_iter()
        .fold(seed, |key, part| {
            sign(&Key::new(HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec()
        });
    key.try_into().expect("SHA-256 gives 32 bytes")
}
