//! Alias names.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Longest alias name, its `alias/` prefix included.
pub const MAX_ALIAS_LENGTH: usize = 256;

const PREFIX: &str = "alias/";
const RESERVED: &str = "alias/aws/";

/// An alias name with its `alias/` prefix; case-sensitive, cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AliasName(Arc<str>);

/// What is wrong with a text that should name an alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AliasNameError {
    /// It does not begin with `alias/`.
    #[error("an alias name begins with alias/")]
    MissingPrefix,
    /// Nothing follows the prefix.
    #[error("an alias name has at least one character after alias/")]
    Empty,
    /// It is longer than [`MAX_ALIAS_LENGTH`].
    #[error("an alias name has at most {MAX_ALIAS_LENGTH} characters")]
    TooLong,
    /// A character is none of letters, digits, `/`, `_` and `-`.
    #[error("an alias name holds only letters, digits, slash, underscore and hyphen")]
    IllegalCharacter,
}

impl AliasName {
    /// Reads `alias/<name>`: letters, digits, `/`, `_` and `-`, at most 256 characters in all.
    pub fn parse(text: &str) -> Result<Self, AliasNameError> {
        let name = text.strip_prefix(PREFIX).ok_or(AliasNameError::MissingPrefix)?;
        if name.is_empty() {
            return Err(AliasNameError::Empty);
        }
        if text.chars().count() > MAX_ALIAS_LENGTH {
            return Err(AliasNameError::TooLong);
        }
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-');
        if !name.bytes().all(legal) {
            return Err(AliasNameError::IllegalCharacter);
        }
        Ok(Self(Arc::from(text)))
    }

    /// The name with its prefix.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without its prefix, as the console shows it.
    pub fn short(&self) -> &str {
        &self.0[PREFIX.len()..]
    }

    /// Whether the name is kept for AWS managed keys: it begins with `alias/aws/` (`alias/awsome` does not).
    pub fn is_reserved(&self) -> bool {
        self.0.starts_with(RESERVED)
    }
}

impl FromStr for AliasName {
    type Err = AliasNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for AliasName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for AliasName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for AliasName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
