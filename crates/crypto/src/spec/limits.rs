//! How much each spec and algorithm takes and gives. All lengths are in bytes.

use super::{Algorithms, EncryptionAlgorithm, KeySpec, KeyUsage, MacAlgorithm, MessageKind, SigningAlgorithm, row};

impl EncryptionAlgorithm {
    /// The longest plaintext under a key of a spec; `None` if the spec does not have the algorithm. OAEP takes twice its
    /// digest and two bytes of the modulus (RFC 8017, 7.1.1).
    pub fn max_plaintext(self, spec: KeySpec) -> Option<usize> {
        match spec.algorithms(KeyUsage::EncryptDecrypt) {
            Some(Algorithms::Encryption(algorithms)) if algorithms.contains(&self) => {}
            _ => return None,
        }
        match self {
            Self::SymmetricDefault => Some(4096),
            Self::RsaesOaepSha1 => Some(spec.modulus_len()? - 2 * 20 - 2),
            Self::RsaesOaepSha256 => Some(spec.modulus_len()? - 2 * 32 - 2),
            Self::Sm2Pke => Some(1024),
        }
    }
}

impl SigningAlgorithm {
    /// The length of a message's representative for ML-DSA.
    pub const EXTERNAL_MU_LEN: usize = 64;

    /// The length of the digest that is signed in a message's place; `None` if the algorithm takes none.
    pub const fn digest_len(self) -> Option<usize> {
        match self {
            Self::RsassaPssSha256 | Self::RsassaPkcs1V15Sha256 | Self::EcdsaSha256 | Self::Sm2Dsa => Some(32),
            Self::RsassaPssSha384 | Self::RsassaPkcs1V15Sha384 | Self::EcdsaSha384 => Some(48),
            Self::RsassaPssSha512 | Self::RsassaPkcs1V15Sha512 | Self::EcdsaSha512 | Self::Ed25519PhSha512 => Some(64),
            Self::MlDsaShake256 | Self::Ed25519Sha512 => None,
        }
    }

    /// Whether the algorithm signs what is given as this kind.
    pub const fn accepts(self, kind: MessageKind) -> bool {
        match kind {
            MessageKind::Raw => !matches!(self, Self::Ed25519PhSha512),
            MessageKind::Digest => self.digest_len().is_some(),
            MessageKind::ExternalMu => matches!(self, Self::MlDsaShake256),
        }
    }
}

impl MacAlgorithm {
    /// The length of a tag, which is never cut off.
    pub const fn tag_len(self) -> usize {
        match self {
            Self::HmacSha224 => 28,
            Self::HmacSha256 => 32,
            Self::HmacSha384 => 48,
            Self::HmacSha512 => 64,
        }
    }
}

impl KeySpec {
    /// The length of an HMAC key's material: that of its tags. `None` for other keys.
    pub const fn hmac_key_len(self) -> Option<usize> {
        match row(self).usages {
            [Algorithms::Mac([algorithm])] => Some(algorithm.tag_len()),
            _ => None,
        }
    }

    /// The length of an RSA key's modulus, which is that of its ciphertexts and signatures. `None` for other keys.
    pub const fn modulus_len(self) -> Option<usize> {
        match self {
            Self::Rsa2048 => Some(256),
            Self::Rsa3072 => Some(384),
            Self::Rsa4096 => Some(512),
            _ => None,
        }
    }

    /// Whether data key pairs are made of this spec, where it is offered: every pair but those of ML-DSA.
    pub const fn is_data_key_pair(self) -> bool {
        matches!(
            self,
            Self::Rsa2048
                | Self::Rsa3072
                | Self::Rsa4096
                | Self::EccNistP256
                | Self::EccNistP384
                | Self::EccNistP521
                | Self::EccSecgP256k1
                | Self::Sm2
                | Self::EccNistEdwards25519
                | Self::MlKem512
                | Self::MlKem768
                | Self::MlKem1024
        )
    }
}

#[cfg(test)]
mod tests;
