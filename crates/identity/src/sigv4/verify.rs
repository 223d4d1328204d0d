//! The signature itself: one HMAC over the string to sign, compared in constant time.

use trent_crypto::secret::equal;
use trent_crypto::sigv4::SigningKey;

use super::canonical::{Hex, StringToSign};
use super::claim::{Admitted, Claim};
use super::request::SignedRequest;
use crate::error::AuthenticationError;

impl Claim<'_> {
    /// Whether `key` signed exactly this request with exactly this body. `buffer` is scratch space; it is left holding
    /// the string to sign.
    pub fn verify(
        &self,
        request: &SignedRequest<'_>,
        admitted: &Admitted,
        service: &str,
        key: &SigningKey,
        buffer: &mut Vec<u8>,
    ) -> Result<(), AuthenticationError> {
        let StringToSign {
            bytes,
            announced_payload,
        } = self.string_to_sign(request, admitted, service, buffer);
        let expected = Hex::encode(&key.sign(bytes));
        if !equal(&expected.0, self.signature.as_bytes()) {
            return Err(AuthenticationError::SignatureMismatch);
        }
        if !announced_payload {
            return Err(AuthenticationError::PayloadHash);
        }
        Ok(())
    }
}
