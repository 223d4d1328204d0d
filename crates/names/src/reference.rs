//! The four ways in which a request names a key.

use crate::arn::KmsArn;
use crate::{AliasArn, AliasName, AliasNameError, ArnError, InvalidKeyId, KeyArn, KeyId};
use std::fmt;

/// A key id, key ARN, alias name or alias ARN, as a request's `KeyId`-like member holds it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KeyReference {
    /// A bare key id: always the caller's account and the endpoint's Region.
    KeyId(KeyId),
    /// A key ARN: any account, any Region of the partition.
    KeyArn(KeyArn),
    /// A bare alias name: always the caller's account and the endpoint's Region.
    AliasName(AliasName),
    /// An alias ARN: the account and Region that it names.
    AliasArn(AliasArn),
}

/// Why a text is none of the four; each variant carries the text as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyReferenceError {
    /// Neither an ARN nor an alias name, and not a key id either.
    #[error("Invalid keyId '{0}'")]
    InvalidKeyId(String),
    /// It begins with `arn:` but is not a well-formed ARN.
    #[error("'{0}' is not a well-formed ARN")]
    InvalidArn(String),
    /// A well-formed ARN of another service, or of a KMS resource that is neither a key nor an alias.
    #[error("'{0}' is not the ARN of a key or an alias")]
    OtherResource(String),
    /// A key ARN whose key id is malformed; the key id alone is carried.
    #[error("Invalid keyId '{0}'")]
    InvalidKeyIdInArn(String),
    /// An alias name, alone or in an ARN, that breaks the rules of alias names.
    #[error("'{value}' is not an alias name: {source}")]
    InvalidAlias {
        /// The text as it was sent.
        value: String,
        /// The broken rule.
        source: AliasNameError,
    },
}

impl KeyReference {
    /// Tells the four forms apart by their prefix, then reads the rest strictly.
    pub fn parse(text: &str) -> Result<Self, KeyReferenceError> {
        if text.starts_with("arn:") {
            return match KmsArn::parse(text) {
                Ok(KmsArn::Key(arn)) => Ok(Self::KeyArn(arn)),
                Ok(KmsArn::Alias(arn)) => Ok(Self::AliasArn(arn)),
                Err(error) => Err(KeyReferenceError::of_arn(text, error)),
            };
        }
        if text.starts_with("alias/") {
            return AliasName::parse(text)
                .map(Self::AliasName)
                .map_err(|source| KeyReferenceError::InvalidAlias {
                    value: text.to_owned(),
                    source,
                });
        }
        match KeyId::parse(text) {
            Ok(key) => Ok(Self::KeyId(key)),
            Err(InvalidKeyId(value)) => Err(KeyReferenceError::InvalidKeyId(value)),
        }
    }

    /// Whether an alias stands between this reference and the key.
    pub const fn is_alias(&self) -> bool {
        matches!(self, Self::AliasName(_) | Self::AliasArn(_))
    }
}

impl KeyReferenceError {
    fn of_arn(text: &str, error: ArnError) -> Self {
        match error {
            ArnError::Malformed(_) | ArnError::Partition(_) | ArnError::Region(_) | ArnError::Account(_) => {
                Self::InvalidArn(text.to_owned())
            }
            ArnError::NotKms(_) | ArnError::Resource(_) => Self::OtherResource(text.to_owned()),
            ArnError::KeyId(InvalidKeyId(id)) => Self::InvalidKeyIdInArn(id),
            ArnError::Alias(source) => Self::InvalidAlias {
                value: text.to_owned(),
                source,
            },
        }
    }

    /// The offending text.
    pub fn value(&self) -> &str {
        match self {
            Self::InvalidKeyId(value)
            | Self::InvalidArn(value)
            | Self::OtherResource(value)
            | Self::InvalidKeyIdInArn(value)
            | Self::InvalidAlias { value, .. } => value,
        }
    }
}

impl fmt::Display for KeyReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyId(id) => id.fmt(f),
            Self::KeyArn(arn) => arn.fmt(f),
            Self::AliasName(name) => name.fmt(f),
            Self::AliasArn(arn) => arn.fmt(f),
        }
    }
}
