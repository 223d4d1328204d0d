//! What requests are signed with.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// What every secret begins with, so that it is known for one wherever it turns up.
const PREFIX: &str = "whsec_";

/// How many bytes a secret may have.
const SIZES: std::ops::RangeInclusive<usize> = 24..=64;

/// How many secrets may be in use at once: the new one and the one before.
const MOST: usize = 4;

/// The secrets that a receiver knows. Each request has a signature for each of them, so that a receiver can go over from
/// one to the next.
pub struct WebhookSecret(Vec<hmac::Key>);

/// Why a text has no usable secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookSecretError {
    /// There is none.
    #[error("it has no secret; it must have one in a line, as `whsec_` and 24 to 64 random bytes in base64")]
    None,
    /// There are more than receivers are sent signatures for.
    #[error("it has more than {MOST} secrets")]
    TooMany,
    /// One is malformed. What it says is not repeated.
    #[error("line {0} is no secret; it must be `whsec_` and 24 to 64 random bytes in base64")]
    Malformed(usize),
}

impl WebhookSecret {
    /// The secrets of a text, one in a line.
    pub fn parse(text: &str) -> Result<Self, WebhookSecretError> {
        let mut keys = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let malformed = WebhookSecretError::Malformed(at + 1);
            let encoded = line.strip_prefix(PREFIX).ok_or(malformed)?;
            let secret = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| malformed)?);
            if !SIZES.contains(&secret.len()) {
                return Err(malformed);
            }
            keys.push(hmac::Key::new(hmac::HMAC_SHA256, &secret));
        }
        match keys.len() {
            0 => Err(WebhookSecretError::None),
            number if number > MOST => Err(WebhookSecretError::TooMany),
            _ => Ok(Self(keys)),
        }
    }

    /// The signatures of a request, as their header has them.
    pub(super) fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        let sign = |key: &hmac::Key| {
            let mut context = hmac::Context::with_key(key);
            context.update(format!("{id}.{timestamp}.").as_bytes());
            context.update(body);
            format!("v1,{}", STANDARD.encode(context.sign()))
        };
        self.0.iter().map(sign).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification's own libraries.
    #[test]
    fn requests_are_signed_as_receivers_expect() {
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").expect("a secret");
        let signature = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_secret_signs_and_nothing_else_is_one() {
        let line = |byte: u8| format!("whsec_{}\n", STANDARD.encode([byte; 32]));
        let two = WebhookSecret::parse(&format!("{}\n{}", line(1), line(2))).expect("two secrets");
        let signatures = two.sign("id", 1, b"x");
        assert_eq!(signatures.split(' ').count(), 2);
        let alone = WebhookSecret::parse(&line(2)).expect("a secret").sign("id", 1, b"x");
        assert!(signatures.ends_with(&alone));
        for (text, expected) in [
            (String::new(), WebhookSecretError::None),
            ("\n\n".to_owned(), WebhookSecretError::None),
            ("secret".to_owned(), WebhookSecretError::Malformed(1)),
            ("whsec_!".to_owned(), WebhookSecretError::Malformed(1)),
            (
                format!("{}whsec_{}", line(1), STANDARD.encode([1; 23])),
                WebhookSecretError::Malformed(2),
            ),
            (
                format!("whsec_{}", STANDARD.encode([1; 65])),
                WebhookSecretError::Malformed(1),
            ),
            ((1..=5).map(line).collect(), WebhookSecretError::TooMany),
        ] {
            assert_eq!(WebhookSecret::parse(&text).err(), Some(expected));
        }
    }
}
