//! How key material is wrapped for its import, and which wrapping each kind of material takes.

use std::fmt;

use trent_names::Partition;

use super::{EncryptionAlgorithm, KeySpec, KeyType};

named!(
    /// How imported material is encrypted on its way.
    WrappingAlgorithm {
        /// RSAES-PKCS1-v1_5, which is known by name and refused.
        RsaesPkcs1V15 => "RSAES_PKCS1_V1_5",
        /// RSAES-OAEP with SHA-1 and MGF1 with SHA-1.
        RsaesOaepSha1 => "RSAES_OAEP_SHA_1",
        /// RSAES-OAEP with SHA-256 and MGF1 with SHA-256.
        RsaesOaepSha256 => "RSAES_OAEP_SHA_256",
        /// AES key wrap with padding under a key that RSAES-OAEP with SHA-1 encrypts.
        RsaAesKeyWrapSha1 => "RSA_AES_KEY_WRAP_SHA_1",
        /// AES key wrap with padding under a key that RSAES-OAEP with SHA-256 encrypts.
        RsaAesKeyWrapSha256 => "RSA_AES_KEY_WRAP_SHA_256",
        /// SM2 public-key encryption (GM/T 0003.4).
        Sm2Pke => "SM2PKE",
    }
);

named!(
    /// What kind of pair a wrapping key is.
    WrappingKeySpec {
        /// RSA with a modulus of 2048 bits.
        Rsa2048 => "RSA_2048",
        /// RSA with a modulus of 3072 bits.
        Rsa3072 => "RSA_3072",
        /// RSA with a modulus of 4096 bits.
        Rsa4096 => "RSA_4096",
        /// The curve of GM/T 0003.
        Sm2 => "SM2",
    }
);

impl WrappingKeySpec {
    /// The spec of the pair itself.
    pub const fn key_spec(self) -> KeySpec {
        match self {
            Self::Rsa2048 => KeySpec::Rsa2048,
            Self::Rsa3072 => KeySpec::Rsa3072,
            Self::Rsa4096 => KeySpec::Rsa4096,
            Self::Sm2 => KeySpec::Sm2,
        }
    }
}

impl WrappingAlgorithm {
    /// What the wrapping key itself does: it encrypts the material, or the AES key that does. None of the algorithm that
    /// is refused.
    pub const fn encryption(self) -> Option<EncryptionAlgorithm> {
        match self {
            Self::RsaesOaepSha1 | Self::RsaAesKeyWrapSha1 => Some(EncryptionAlgorithm::RsaesOaepSha1),
            Self::RsaesOaepSha256 | Self::RsaAesKeyWrapSha256 => Some(EncryptionAlgorithm::RsaesOaepSha256),
            Self::Sm2Pke => Some(EncryptionAlgorithm::Sm2Pke),
            Self::RsaesPkcs1V15 => None,
        }
    }

    /// Whether an AES key of the caller's stands between the wrapping key and the material.
    pub const fn is_hybrid(self) -> bool {
        matches!(self, Self::RsaAesKeyWrapSha1 | Self::RsaAesKeyWrapSha256)
    }
}

/// One way of wrapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrapping {
    /// The algorithm.
    pub algorithm: WrappingAlgorithm,
    /// The kind of wrapping key.
    pub spec: WrappingKeySpec,
}

impl Wrapping {
    /// Whether material of a spec is wrapped so in a partition (guide, "Select a wrapping algorithm"). Symmetric and HMAC
    /// keys take the hybrid algorithms as well, as the guide's own OpenSSL example says and its table does not.
    pub const fn takes(self, material: KeySpec, partition: Partition) -> bool {
        use WrappingAlgorithm::{
            RsaAesKeyWrapSha1, RsaAesKeyWrapSha256, RsaesOaepSha1, RsaesOaepSha256, RsaesPkcs1V15, Sm2Pke,
        };

        if !material.is_importable() || !material.offered_in(partition) {
            return false;
        }
        let china = matches!(partition, Partition::AwsCn);
        let pair = matches!(material.key_type(), KeyType::Asymmetric);
        let by_sm2 = matches!(self.spec, WrappingKeySpec::Sm2);
        match self.algorithm {
            RsaesPkcs1V15 => false,
            Sm2Pke => by_sm2 && china && pair,
            RsaAesKeyWrapSha1 | RsaAesKeyWrapSha256 => !by_sm2 && !china,
            RsaesOaepSha1 | RsaesOaepSha256 => {
                let is_rsa = material.modulus_len().is_some();
                // A private key of P-521 would fit if it left out its public point; the combination is refused anyway.
                let is_too_long = matches!((material, self.spec), (KeySpec::EccNistP521, WrappingKeySpec::Rsa2048));
                !by_sm2 && !is_rsa && !is_too_long
            }
        }
    }
}

impl KeySpec {
    /// Whether keys of this spec can have imported material, where they are offered: all but the specs that came after
    /// import was made for pairs.
    pub const fn is_importable(self) -> bool {
        match self {
            Self::SymmetricDefault
            | Self::Hmac224
            | Self::Hmac256
            | Self::Hmac384
            | Self::Hmac512
            | Self::Rsa2048
            | Self::Rsa3072
            | Self::Rsa4096
            | Self::EccNistP256
            | Self::EccNistP384
            | Self::EccNistP521
            | Self::EccSecgP256k1
            | Self::Sm2 => true,
            Self::EccNistEdwards25519
            | Self::MlDsa44
            | Self::MlDsa65
            | Self::MlDsa87
            | Self::MlKem512
            | Self::MlKem768
            | Self::MlKem1024 => false,
        }
    }
}

#[cfg(test)]
mod tests;
