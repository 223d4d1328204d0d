//! What a row of the KMS catalogue says beyond the common part: how the key is named, and which keys an operation takes.

use trent_api::{ApiError, kms};
use trent_crypto::spec::{KeySpec, KeyType, KeyUsage};

use crate::keys::Key;
use crate::records::Origin;
use crate::state::States;

/// What is fixed about an operation of KMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How the request may name the key.
    pub naming: Naming,
    /// The type and usage of key that the operation takes.
    pub takes: Takes,
    /// Where the key's material may come from.
    pub origin: Origins,
    /// The key states that the operation accepts.
    pub states: States,
}

impl Rules {
    /// The rules of an operation that is about no key.
    pub const WITHOUT_KEY: Self = Self {
        naming: Naming::None,
        takes: Takes::AnyKey,
        origin: Origins::Any,
        states: States::Every,
    };

    /// The rules of a management operation, by the states that it accepts.
    pub const fn manage(states: States) -> Self {
        Self {
            naming: Naming::Key,
            takes: Takes::AnyKey,
            origin: Origins::Any,
            states,
        }
    }

    /// The rules of a cryptographic operation, by the keys that it takes.
    pub const fn cryptographic(takes: Takes) -> Self {
        Self {
            naming: Naming::KeyOrAlias,
            takes,
            origin: Origins::Any,
            states: States::InUse,
        }
    }

    /// Checks a key in the order that binds every operation: type, origin, state, usage.
    pub fn check(&self, operation: &'static str, key: &Key) -> Result<(), ApiError> {
        self.origin.check(key)?;
        self.states.check(key.record.state, &key.arn)?;
        self.takes.check(operation, key)
    }
}

/// The forms in which a request may name the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// The operation is about no key, or finds it by other means.
    None,
    /// A key id or key ARN.
    Key,
    /// A key id, key ARN, alias name or alias ARN.
    KeyOrAlias,
}

/// The keys that an operation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Any key.
    AnyKey,
    /// Any asymmetric key.
    Asymmetric,
    /// A key that encrypts, symmetric or not.
    Encryption,
    /// A symmetric encryption key.
    SymmetricEncryption,
    /// A key that signs.
    Signing,
    /// An HMAC key.
    Mac,
    /// A key for key agreement.
    Agreement,
    /// A key for encapsulation.
    Encapsulation,
}

impl Takes {
    /// Whether keys of this spec and usage are taken.
    pub fn accepts(self, spec: KeySpec, usage: KeyUsage) -> bool {
        match self {
            Self::AnyKey => true,
            Self::Asymmetric => spec.key_type() == KeyType::Asymmetric,
            Self::Encryption => usage == KeyUsage::EncryptDecrypt,
            Self::SymmetricEncryption => spec == KeySpec::SymmetricDefault,
            Self::Signing => usage == KeyUsage::SignVerify,
            Self::Mac => usage == KeyUsage::GenerateVerifyMac,
            Self::Agreement => usage == KeyUsage::KeyAgreement,
            Self::Encapsulation => usage == KeyUsage::EncapsulateDecapsulate,
        }
    }

    fn check(self, operation: &'static str, key: &Key) -> Result<(), ApiError> {
        if self.accepts(key.record.spec, key.record.usage) {
            return Ok(());
        }
        Err(kms::error::invalid_key_usage(format!(
            "{} key usage is {} which is not valid for {operation}.",
            key.arn,
            key.record.usage.as_str()
        )))
    }
}

/// Where the material of a key may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origins {
    /// Anywhere.
    Any,
    /// Generated here: rotation.
    Generated,
    /// Imported: the operations of import.
    Imported,
}

impl Origins {
    fn check(self, key: &Key) -> Result<(), ApiError> {
        let taken = match self {
            Self::Any => true,
            Self::Generated => key.record.origin == Origin::AwsKms,
            Self::Imported => key.record.origin == Origin::External,
        };
        if taken {
            return Ok(());
        }
        Err(kms::error::unsupported_operation(format!(
            "{} origin is {} which is not valid for this operation.",
            key.arn,
            key.record.origin.as_str()
        )))
    }
}

#[cfg(test)]
mod tests;
