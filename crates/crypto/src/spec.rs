//! The one table of key specs: what each is called, where it may be created, and which algorithms each usage gives it.
//!
//! The names are those of the interface model. Validation, policy conditions, metadata and documentation read this table;
//! nothing about a spec is written down anywhere else.

use std::fmt;

use trent_names::Partition;

pub use cipher::Cipher;
pub use wrapping::{Wrapping, WrappingAlgorithm, WrappingKeySpec};

/// An enumeration whose variants have names on the wire.
macro_rules! named {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident => $text:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every value, in the order of the interface model.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The value that a name on the wire stands for.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

// Below the macro, which `wrapping` uses.
mod cipher;
mod limits;
mod wrapping;

named!(
    /// What a key is: its type, its size, its algorithms.
    KeySpec {
        /// RSA with a modulus of 2048 bits.
        Rsa2048 => "RSA_2048",
        /// RSA with a modulus of 3072 bits.
        Rsa3072 => "RSA_3072",
        /// RSA with a modulus of 4096 bits.
        Rsa4096 => "RSA_4096",
        /// The curve secp256r1.
        EccNistP256 => "ECC_NIST_P256",
        /// The curve secp384r1.
        EccNistP384 => "ECC_NIST_P384",
        /// The curve secp521r1.
        EccNistP521 => "ECC_NIST_P521",
        /// The curve secp256k1.
        EccSecgP256k1 => "ECC_SECG_P256K1",
        /// A 256-bit AES-GCM key.
        SymmetricDefault => "SYMMETRIC_DEFAULT",
        /// An HMAC-SHA-224 key.
        Hmac224 => "HMAC_224",
        /// An HMAC-SHA-256 key.
        Hmac256 => "HMAC_256",
        /// An HMAC-SHA-384 key.
        Hmac384 => "HMAC_384",
        /// An HMAC-SHA-512 key.
        Hmac512 => "HMAC_512",
        /// The curve of GM/T 0003.
        Sm2 => "SM2",
        /// ML-DSA, security category 2 (FIPS 204).
        MlDsa44 => "ML_DSA_44",
        /// ML-DSA, security category 3.
        MlDsa65 => "ML_DSA_65",
        /// ML-DSA, security category 5.
        MlDsa87 => "ML_DSA_87",
        /// The curve edwards25519 (RFC 8032).
        EccNistEdwards25519 => "ECC_NIST_EDWARDS25519",
        /// ML-KEM, security category 1 (FIPS 203).
        MlKem512 => "ML_KEM_512",
        /// ML-KEM, security category 3.
        MlKem768 => "ML_KEM_768",
        /// ML-KEM, security category 5.
        MlKem1024 => "ML_KEM_1024",
    }
);

named!(
    /// What a key is for; one usage for the key's whole life.
    KeyUsage {
        /// Signing and verification.
        SignVerify => "SIGN_VERIFY",
        /// Encryption and decryption.
        EncryptDecrypt => "ENCRYPT_DECRYPT",
        /// Message authentication codes.
        GenerateVerifyMac => "GENERATE_VERIFY_MAC",
        /// Derivation of shared secrets.
        KeyAgreement => "KEY_AGREEMENT",
        /// Key encapsulation.
        EncapsulateDecapsulate => "ENCAPSULATE_DECAPSULATE",
    }
);

named!(
    /// An algorithm of encryption keys.
    EncryptionAlgorithm {
        /// AES-256-GCM in the product's own ciphertext format.
        SymmetricDefault => "SYMMETRIC_DEFAULT",
        /// RSAES-OAEP with SHA-1 and MGF1 with SHA-1.
        RsaesOaepSha1 => "RSAES_OAEP_SHA_1",
        /// RSAES-OAEP with SHA-256 and MGF1 with SHA-256.
        RsaesOaepSha256 => "RSAES_OAEP_SHA_256",
        /// SM2 public-key encryption (GM/T 0003.4).
        Sm2Pke => "SM2PKE",
    }
);

named!(
    /// An algorithm of signing keys.
    SigningAlgorithm {
        /// RSASSA-PSS with SHA-256.
        RsassaPssSha256 => "RSASSA_PSS_SHA_256",
        /// RSASSA-PSS with SHA-384.
        RsassaPssSha384 => "RSASSA_PSS_SHA_384",
        /// RSASSA-PSS with SHA-512.
        RsassaPssSha512 => "RSASSA_PSS_SHA_512",
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        RsassaPkcs1V15Sha256 => "RSASSA_PKCS1_V1_5_SHA_256",
        /// RSASSA-PKCS1-v1_5 with SHA-384.
        RsassaPkcs1V15Sha384 => "RSASSA_PKCS1_V1_5_SHA_384",
        /// RSASSA-PKCS1-v1_5 with SHA-512.
        RsassaPkcs1V15Sha512 => "RSASSA_PKCS1_V1_5_SHA_512",
        /// ECDSA with SHA-256.
        EcdsaSha256 => "ECDSA_SHA_256",
        /// ECDSA with SHA-384.
        EcdsaSha384 => "ECDSA_SHA_384",
        /// ECDSA with SHA-512.
        EcdsaSha512 => "ECDSA_SHA_512",
        /// SM2 digital signatures (GM/T 0003.2).
        Sm2Dsa => "SM2DSA",
        /// ML-DSA with SHAKE-256.
        MlDsaShake256 => "ML_DSA_SHAKE_256",
        /// Ed25519 of a whole message.
        Ed25519Sha512 => "ED25519_SHA_512",
        /// Ed25519ph of a SHA-512 digest.
        Ed25519PhSha512 => "ED25519_PH_SHA_512",
    }
);

named!(
    /// What a signature is made of.
    MessageKind {
        /// The message itself, which the algorithm hashes.
        Raw => "RAW",
        /// The message's digest.
        Digest => "DIGEST",
        /// The representative that ML-DSA makes of public key, context and message (FIPS 204).
        ExternalMu => "EXTERNAL_MU",
    }
);

named!(
    /// An algorithm of HMAC keys.
    MacAlgorithm {
        /// HMAC with SHA-224.
        HmacSha224 => "HMAC_SHA_224",
        /// HMAC with SHA-256.
        HmacSha256 => "HMAC_SHA_256",
        /// HMAC with SHA-384.
        HmacSha384 => "HMAC_SHA_384",
        /// HMAC with SHA-512.
        HmacSha512 => "HMAC_SHA_512",
    }
);

named!(
    /// An algorithm of key agreement.
    KeyAgreementAlgorithm {
        /// Elliptic-curve Diffie-Hellman, cofactor one.
        Ecdh => "ECDH",
    }
);

named!(
    /// An algorithm of key encapsulation.
    EncapsulationAlgorithm {
        /// ML-KEM (FIPS 203).
        MlKem => "ML_KEM",
    }
);

/// The algorithms that one usage gives a key, in the order in which metadata lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithms {
    /// Of a key that encrypts.
    Encryption(&'static [EncryptionAlgorithm]),
    /// Of a key that signs.
    Signing(&'static [SigningAlgorithm]),
    /// Of an HMAC key.
    Mac(&'static [MacAlgorithm]),
    /// Of a key for key agreement.
    KeyAgreement(&'static [KeyAgreementAlgorithm]),
    /// Of a key for encapsulation.
    Encapsulation(&'static [EncapsulationAlgorithm]),
}

impl Algorithms {
    /// The usage that these algorithms serve.
    pub const fn usage(&self) -> KeyUsage {
        match self {
            Self::Encryption(_) => KeyUsage::EncryptDecrypt,
            Self::Signing(_) => KeyUsage::SignVerify,
            Self::Mac(_) => KeyUsage::GenerateVerifyMac,
            Self::KeyAgreement(_) => KeyUsage::KeyAgreement,
            Self::Encapsulation(_) => KeyUsage::EncapsulateDecapsulate,
        }
    }
}

/// The type of a key: keys of one type and usage can stand in for each other behind an alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// A symmetric encryption key.
    Symmetric,
    /// A symmetric key for message authentication.
    Hmac,
    /// A key pair.
    Asymmetric,
}

/// The partitions in which a spec can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offered {
    Everywhere,
    InChinaOnly,
    OutsideChina,
}

/// One row of the table.
struct Row {
    key_type: KeyType,
    offered: Offered,
    /// Whether the older member `CustomerMasterKeySpec` has a value for this spec.
    customer_master_key_spec: bool,
    /// The allowed usages, each with its algorithms.
    usages: &'static [Algorithms],
}

const RSA_ENCRYPTION: Algorithms =
    Algorithms::Encryption(&[EncryptionAlgorithm::RsaesOaepSha1, EncryptionAlgorithm::RsaesOaepSha256]);
const RSA_SIGNING: Algorithms = Algorithms::Signing(&[
    SigningAlgorithm::RsassaPkcs1V15Sha256,
    SigningAlgorithm::RsassaPkcs1V15Sha384,
    SigningAlgorithm::RsassaPkcs1V15Sha512,
    SigningAlgorithm::RsassaPssSha256,
    SigningAlgorithm::RsassaPssSha384,
    SigningAlgorithm::RsassaPssSha512,
]);
const ECDH: Algorithms = Algorithms::KeyAgreement(&[KeyAgreementAlgorithm::Ecdh]);

impl Row {
    const fn established(key_type: KeyType, usages: &'static [Algorithms]) -> Self {
        Self {
            key_type,
            offered: Offered::Everywhere,
            customer_master_key_spec: true,
            usages,
        }
    }

    /// A pair of a spec that came after `CustomerMasterKeySpec` was closed.
    const fn recent(offered: Offered, usages: &'static [Algorithms]) -> Self {
        Self {
            key_type: KeyType::Asymmetric,
            offered,
            customer_master_key_spec: false,
            usages,
        }
    }
}

const fn row(spec: KeySpec) -> Row {
    use Algorithms::{Encapsulation, Encryption, Mac, Signing};
    use KeyType::{Asymmetric, Hmac, Symmetric};

    match spec {
        KeySpec::SymmetricDefault => {
            Row::established(Symmetric, &[Encryption(&[EncryptionAlgorithm::SymmetricDefault])])
        }
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => {
            Row::established(Asymmetric, &[RSA_ENCRYPTION, RSA_SIGNING])
        }
        KeySpec::EccNistP256 => Row::established(Asymmetric, &[Signing(&[SigningAlgorithm::EcdsaSha256]), ECDH]),
        KeySpec::EccNistP384 => Row::established(Asymmetric, &[Signing(&[SigningAlgorithm::EcdsaSha384]), ECDH]),
        KeySpec::EccNistP521 => Row::established(Asymmetric, &[Signing(&[SigningAlgorithm::EcdsaSha512]), ECDH]),
        KeySpec::EccSecgP256k1 => Row::established(Asymmetric, &[Signing(&[SigningAlgorithm::EcdsaSha256])]),
        KeySpec::Hmac224 => Row::established(Hmac, &[Mac(&[MacAlgorithm::HmacSha224])]),
        KeySpec::Hmac256 => Row::established(Hmac, &[Mac(&[MacAlgorithm::HmacSha256])]),
        KeySpec::Hmac384 => Row::established(Hmac, &[Mac(&[MacAlgorithm::HmacSha384])]),
        KeySpec::Hmac512 => Row::established(Hmac, &[Mac(&[MacAlgorithm::HmacSha512])]),
        KeySpec::Sm2 => Row {
            key_type: Asymmetric,
            offered: Offered::InChinaOnly,
            customer_master_key_spec: true,
            usages: &[
                Encryption(&[EncryptionAlgorithm::Sm2Pke]),
                Signing(&[SigningAlgorithm::Sm2Dsa]),
                ECDH,
            ],
        },
        KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 => {
            Row::recent(Offered::Everywhere, &[Signing(&[SigningAlgorithm::MlDsaShake256])])
        }
        KeySpec::EccNistEdwards25519 => Row::recent(
            Offered::Everywhere,
            &[Signing(&[
                SigningAlgorithm::Ed25519Sha512,
                SigningAlgorithm::Ed25519PhSha512,
            ])],
        ),
        KeySpec::MlKem512 | KeySpec::MlKem768 | KeySpec::MlKem1024 => Row::recent(
            Offered::OutsideChina,
            &[Encapsulation(&[EncapsulationAlgorithm::MlKem])],
        ),
    }
}

impl KeySpec {
    /// The spec of a key when none is asked for.
    pub const DEFAULT: Self = Self::SymmetricDefault;

    /// Symmetric, HMAC or asymmetric.
    pub const fn key_type(self) -> KeyType {
        row(self).key_type
    }

    /// The usages that may be chosen for this spec.
    pub fn usages(self) -> impl Iterator<Item = KeyUsage> {
        row(self).usages.iter().map(Algorithms::usage)
    }

    /// The usage of a key when none is asked for. Only symmetric encryption keys have one.
    pub const fn default_usage(self) -> Option<KeyUsage> {
        match self.key_type() {
            KeyType::Symmetric => Some(KeyUsage::EncryptDecrypt),
            KeyType::Hmac | KeyType::Asymmetric => None,
        }
    }

    /// The algorithms of a key of this spec and usage; `None` if the two do not go together.
    pub fn algorithms(self, usage: KeyUsage) -> Option<Algorithms> {
        let mut usages = row(self).usages.iter();
        usages.find(|algorithms| algorithms.usage() == usage).copied()
    }

    /// Whether keys of this spec can be created in a partition.
    pub const fn offered_in(self, partition: Partition) -> bool {
        let china = matches!(partition, Partition::AwsCn);
        match row(self).offered {
            Offered::Everywhere => true,
            Offered::InChinaOnly => china,
            Offered::OutsideChina => !china,
        }
    }

    /// Whether the older member `CustomerMasterKeySpec` has a value for this spec.
    pub const fn is_customer_master_key_spec(self) -> bool {
        row(self).customer_master_key_spec
    }
}

#[cfg(test)]
mod tests;
