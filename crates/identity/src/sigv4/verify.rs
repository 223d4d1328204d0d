//! The signature itself: one HMAC over the string to sign, compared in constant time.

use aws_lc_rs::hmac;
use trent_crypto::secret::equal;

use super::canonical::{Hex, StringToSign};
use super::claim::{Admitted, Claim};
use super::request::SignedRequest;
use crate::error::AuthenticationError;

/// A signing key made ready for verification: the key of one access key, day, Region and service.
pub struct VerifyingKey(hmac::Key);

impl VerifyingKey {
    /// Prepares a signing key; the key's own bytes may be wiped afterwards.
    pub fn new(signing_key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, signing_key))
    }
}

impl Claim<'_> {
    /// Whether `key` signed exactly this request with exactly this body. `buffer` is scratch space.
    pub fn verify(
        &self,
        request: &SignedRequest<'_>,
        admitted: &Admitted,
        service: &str,
        key: &VerifyingKey,
        buffer: &mut Vec<u8>,
    ) -> Result<(), AuthenticationError> {
        let StringToSign {
            bytes,
            announced_payload,
        } = self.string_to_sign(request, admitted, service, buffer);
        let expected = Hex::encode(hmac::sign(&key.0, bytes).as_ref());
        // Both are always computed and compared, so that time tells nothing of which one failed.
        if !equal(&expected.0, self.signature.as_bytes()) {
            return Err(AuthenticationError::SignatureMismatch);
        }
        if !announced_payload {
            return Err(AuthenticationError::PayloadHash);
        }
        Ok(())
    }
}
