//! Which keys an operation can be about, by spec, usage and origin: the words in which rows say it. The rows together are
//! the table of operations and key types.

use trent_crypto::spec::{KeySpec, KeyType, KeyUsage};

use crate::records::Origin;

/// The keys that an operation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Any key.
    AnyKey,
    /// Any asymmetric key: it has a public half.
    Asymmetric,
    /// A symmetric encryption key, to manage the rotation of its material.
    Rotatable,
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
            Self::SymmetricEncryption | Self::Rotatable => spec == KeySpec::SymmetricDefault,
            Self::Signing => usage == KeyUsage::SignVerify,
            Self::Mac => usage == KeyUsage::GenerateVerifyMac,
            Self::Agreement => usage == KeyUsage::KeyAgreement,
            Self::Encapsulation => usage == KeyUsage::EncapsulateDecapsulate,
        }
    }
}

/// Where the material of a key may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origins {
    /// Anywhere.
    Any,
    /// Not a custom key store: what takes material that is here.
    Kept,
    /// Generated here: rotation by the calendar.
    Generated,
    /// Imported: the operations of import.
    Imported,
}

impl Origins {
    /// Whether keys of this origin are taken.
    pub fn accepts(self, origin: Origin) -> bool {
        match self {
            Self::Any => true,
            Self::Kept => matches!(origin, Origin::AwsKms | Origin::External),
            Self::Generated => origin == Origin::AwsKms,
            Self::Imported => origin == Origin::External,
        }
    }
}
