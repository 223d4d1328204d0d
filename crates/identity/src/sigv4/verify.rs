//! The signature itself: one HMAC over the string to sign, compared in constant time.

use std::cell::RefCell;

use trent_crypto::secret::equal;
use trent_crypto::sigv4::SigningKey;

use super::canonical::{Hex, Payload, StringToSign};
use super::claim::Claim;
use super::request::SignedRequest;
use super::timestamp::SigningTime;
use crate::error::AuthenticationError;

/// What a thread keeps of its scratch space at most: most canonical requests fit, and a huge one is given back.
const KEPT: usize = 4_096;

thread_local! {
    /// Where this thread writes what was signed.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Claim<'_> {
    /// Whether `key` signed exactly this request with exactly this body. `buffer` is scratch space; it is left holding
    /// the string to sign.
    pub fn verify(
        &self,
        request: &SignedRequest<'_>,
        signed: SigningTime,
        key: &SigningKey,
        buffer: &mut Vec<u8>,
    ) -> Result<(), AuthenticationError> {
        self.verify_over(request, signed, Payload::Body, key, buffer)
    }

    fn verify_over(
        &self,
        request: &SignedRequest<'_>,
        signed: SigningTime,
        payload: Payload<'_>,
        key: &SigningKey,
        buffer: &mut Vec<u8>,
    ) -> Result<(), AuthenticationError> {
        let StringToSign {
            bytes,
            announced_payload,
        } = self.string_to_sign(request, signed, payload, buffer);
        let expected = Hex::encode(&key.sign(bytes));
        if !equal(&expected.0, self.signature.as_bytes()) {
            return Err(AuthenticationError::SignatureMismatch);
        }
        if !announced_payload {
            return Err(AuthenticationError::PayloadHash);
        }
        Ok(())
    }

    /// As [`verify`](Self::verify), over this payload and in this thread's own scratch space.
    pub(crate) fn verify_here(
        &self,
        request: &SignedRequest<'_>,
        signed: SigningTime,
        payload: Payload<'_>,
        key: &SigningKey,
    ) -> Result<(), AuthenticationError> {
        SCRATCH.with_borrow_mut(|buffer| {
            let verdict = self.verify_over(request, signed, payload, key, buffer);
            buffer.clear();
            buffer.shrink_to(KEPT);
            verdict
        })
    }
}
