//! Message authentication codes: HMAC (RFC 2104, FIPS 198-1), tags of full length.

use aws_lc_rs::hmac;

use crate::secret::Secret;
use crate::spec::MacAlgorithm;

/// The tag of a message.
pub fn generate(algorithm: MacAlgorithm, key: &Secret, message: &[u8]) -> Vec<u8> {
    hmac::sign(&prepared(algorithm, key), message).as_ref().to_vec()
}

/// Whether a tag is the message's, in time that depends on lengths alone. A tag that was cut off is none.
pub fn verify(algorithm: MacAlgorithm, key: &Secret, message: &[u8], tag: &[u8]) -> bool {
    hmac::verify(&prepared(algorithm, key), message, tag).is_ok()
}

fn prepared(algorithm: MacAlgorithm, key: &Secret) -> hmac::Key {
    let algorithm = match algorithm {
        MacAlgorithm::HmacSha224 => hmac::HMAC_SHA224,
        MacAlgorithm::HmacSha256 => hmac::HMAC_SHA256,
        MacAlgorithm::HmacSha384 => hmac::HMAC_SHA384,
        MacAlgorithm::HmacSha512 => hmac::HMAC_SHA512,
    };
    hmac::Key::new(algorithm, key.expose())
}
