//! ML-KEM (FIPS 203). The decapsulation key is kept, which has the encapsulation key inside.

use aws_lc_rs::kem::{Algorithm, Ciphertext, DecapsulationKey, EncapsulationKey, ML_KEM_512, ML_KEM_768, ML_KEM_1024};

use super::PairError;
use crate::secret::Secret;

/// A parameter set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ParameterSet {
    MlKem512,
    MlKem768,
    MlKem1024,
}

impl ParameterSet {
    fn algorithm(self) -> &'static Algorithm {
        match self {
            Self::MlKem512 => &ML_KEM_512,
            Self::MlKem768 => &ML_KEM_768,
            Self::MlKem1024 => &ML_KEM_1024,
        }
    }

    /// The rank of the module: `k`.
    const fn rank(self) -> usize {
        match self {
            Self::MlKem512 => 2,
            Self::MlKem768 => 3,
            Self::MlKem1024 => 4,
        }
    }

    /// The length of an encapsulation key.
    const fn public(self) -> usize {
        384 * self.rank() + 32
    }

    /// The length of a ciphertext.
    const fn ciphertext(self) -> usize {
        match self {
            Self::MlKem512 => 768,
            Self::MlKem768 => 1088,
            Self::MlKem1024 => 1568,
        }
    }

    /// What stands before an encapsulation key in its `SubjectPublicKeyInfo`: the object identifiers are NIST's, 2.16.840.1.101.3.4.4.1
    /// to 3.
    fn prefix(self) -> [u8; 22] {
        let [bits_high, bits_low] = length(1 + self.public());
        let [all_high, all_low] = length(13 + 5 + self.public());
        let number = u8::try_from(self.rank() - 1).expect("a rank is a digit");
        [
            0x30, 0x82, all_high, all_low, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x04,
            number, 0x03, 0x82, bits_high, bits_low, 0x00,
        ]
    }
}

fn length(length: usize) -> [u8; 2] {
    u16::try_from(length).expect("keys are short").to_be_bytes()
}

/// An ML-KEM private key.
pub struct PrivateKey {
    set: ParameterSet,
    bytes: Secret,
}

impl PrivateKey {
    pub(super) fn generate(set: ParameterSet) -> Result<Self, PairError> {
        let key = DecapsulationKey::generate(set.algorithm()).map_err(|_| PairError::Library)?;
        let bytes = key.key_bytes().map_err(|_| PairError::Library)?;
        Self::read(set, bytes.as_ref())
    }

    pub(super) fn read(set: ParameterSet, bytes: &[u8]) -> Result<Self, PairError> {
        DecapsulationKey::new(set.algorithm(), bytes).map_err(|_| PairError::Unreadable)?;
        let bytes = Secret::new(bytes.to_vec());
        Ok(Self { set, bytes })
    }

    pub(super) fn to_bytes(&self) -> Secret {
        self.bytes.clone()
    }

    pub(super) fn public_key(&self) -> Result<Vec<u8>, PairError> {
        // FIPS 203, algorithm 16: the decapsulation key is that of K-PKE, then the encapsulation key, its hash, and z.
        let inner = 384 * self.set.rank();
        let public = self.bytes.expose().get(inner..inner + self.set.public());
        Ok([&self.set.prefix(), public.ok_or(PairError::Unreadable)?].concat())
    }

    pub(super) fn decapsulate(&self, ciphertext: &[u8]) -> Result<Secret, PairError> {
        if ciphertext.len() != self.set.ciphertext() {
            return Err(PairError::Refused);
        }
        let key = DecapsulationKey::new(self.set.algorithm(), self.bytes.expose()).map_err(|_| PairError::Library)?;
        let secret = key
            .decapsulate(Ciphertext::from(ciphertext))
            .map_err(|_| PairError::Refused)?;
        Ok(Secret::new(secret.as_ref().to_vec()))
    }
}

/// Makes a shared secret for a public key.
pub(super) fn encapsulate(set: ParameterSet, public_key: &[u8]) -> Result<(Secret, Vec<u8>), PairError> {
    let bytes = public_key
        .strip_prefix(&set.prefix())
        .ok_or(PairError::InvalidPublicKey)?;
    let key = EncapsulationKey::new(set.algorithm(), bytes).map_err(|_| PairError::InvalidPublicKey)?;
    let (ciphertext, secret) = key.encapsulate().map_err(|_| PairError::Library)?;
    Ok((Secret::new(secret.as_ref().to_vec()), ciphertext.as_ref().to_vec()))
}
