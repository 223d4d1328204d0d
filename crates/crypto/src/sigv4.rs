//! The signing key of AWS Signature Version 4: an HMAC-SHA-256 chain over date, Region and service.

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::secret::Key256;

/// One day's signing key of one access key for one Region and service. It signs; it cannot be traced back to the secret.
#[derive(Clone)]
pub struct SigningKey {
    bytes: Key256,
    /// The key with its schedule computed, because one signing key checks many requests.
    schedule: hmac::Key,
}

impl SigningKey {
    /// Derives the key. `date` is `YYYYMMDD`.
    pub fn derive(secret: &[u8], date: &str, region: &str, service: &str) -> Self {
        let mut start = Zeroizing::new(Vec::with_capacity(4 + secret.len()));
        start.extend_from_slice(b"AWS4");
        start.extend_from_slice(secret);
        let mut bytes = hmac(&start, date);
        for part in [region, service, "aws4_request"] {
            bytes = hmac(bytes.expose(), part);
        }
        let schedule = hmac::Key::new(hmac::HMAC_SHA256, bytes.expose());
        Self { bytes, schedule }
    }

    /// The signature of a string to sign.
    pub fn sign(&self, string_to_sign: &[u8]) -> [u8; 32] {
        let tag = hmac::sign(&self.schedule, string_to_sign);
        tag.as_ref().try_into().expect("HMAC-SHA-256 gives 32 bytes")
    }

    /// The key's bytes.
    pub fn expose(&self) -> &[u8; Key256::LEN] {
        self.bytes.expose()
    }
}

fn hmac(key: &[u8], message: &str) -> Key256 {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut output = Key256::new([0; Key256::LEN]);
    hmac::sign_to_buffer(&key, message.as_bytes(), output.expose_mut())
        .expect("the buffer has the length of the output");
    output
}

#[cfg(test)]
mod tests;
