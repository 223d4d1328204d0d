//! Access key ids: `AKIA`, or `ASIA` for temporary ones, and sixteen characters of base32.

use std::fmt;

use crate::unique_id::base32;

/// The id of an access key: what a request names in its credential. Public; it is no secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccessKeyId(String);

/// A text that is no access key id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an access key id: 1 to 128 letters, digits or underscores")]
pub struct InvalidAccessKeyId(pub String);

impl AccessKeyId {
    /// Random bytes behind a generated id.
    pub const ENTROPY: usize = 10;

    /// The longest id that is accepted.
    pub const MAX_LENGTH: usize = 128;

    /// Reads an id that came from outside: word characters, as the service's own model has it.
    pub fn parse(text: &str) -> Result<Self, InvalidAccessKeyId> {
        let word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if word && (1..=Self::MAX_LENGTH).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidAccessKeyId(text.to_owned()))
        }
    }

    /// A new id from random bytes: `AKIA`, then the bytes in base32 (RFC 4648).
    pub fn from_random_bytes(random: [u8; Self::ENTROPY]) -> Self {
        Self(base32("AKIA", &random, 16))
    }

    /// A new id of temporary credentials: `ASIA`, then the bytes in base32.
    pub fn temporary(random: [u8; Self::ENTROPY]) -> Self {
        Self(base32("ASIA", &random, 16))
    }

    /// Whether this can be the id of temporary credentials, which come with a session token.
    pub fn is_temporary(&self) -> bool {
        self.0.starts_with("ASIA")
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::AccessKeyId;

    #[test]
    fn generated_ids_have_the_shape_that_clients_know() {
        assert_eq!(AccessKeyId::from_random_bytes([0; 10]).as_str(), "AKIAAAAAAAAAAAAAAAAA");
        assert_eq!(
            AccessKeyId::from_random_bytes([255; 10]).as_str(),
            "AKIA7777777777777777"
        );
        // RFC 4648, section 10, extended to ten bytes: "foobarfoob".
        assert_eq!(
            AccessKeyId::from_random_bytes(*b"foobarfoob").as_str(),
            "AKIAMZXW6YTBOJTG633C"
        );
    }

    #[test]
    fn only_word_characters_are_read() {
        assert!(AccessKeyId::parse("AKIAIOSFODNN7EXAMPLE").is_ok());
        assert!(AccessKeyId::parse(&"a".repeat(128)).is_ok());
        for text in ["", "AKIA IOS", "AKIA/IOS", "clé", &"a".repeat(129)] {
            assert!(AccessKeyId::parse(text).is_err(), "{text}");
        }
    }
}
