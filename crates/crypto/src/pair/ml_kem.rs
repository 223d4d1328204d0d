//! ML-KEM (FIPS 203). The seed `d ‖ z` is kept, from which PKCS#8 is written too (RFC 9935). aws-lc-rs does everything
//! but make the decapsulation key of a seed, for which it has no function: that is done by the crate `ml-kem`.

use aws_lc_rs::kem::{Algorithm, Ciphertext, DecapsulationKey, EncapsulationKey, ML_KEM_512, ML_KEM_768, ML_KEM_1024};
use aws_lc_rs::rand;
use ml_kem::{Seed, ml_kem_512, ml_kem_768, ml_kem_1024};
use zeroize::Zeroizing;

use super::PairError;
use super::lattice::{Identifier, public_prefix, seed_prefix};
use crate::secret::Secret;

/// Bytes of `d ‖ z`.
const SEED: usize = 64;

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

    const fn identifier(self) -> Identifier {
        match self {
            Self::MlKem512 => [4, 1],
            Self::MlKem768 => [4, 2],
            Self::MlKem1024 => [4, 3],
        }
    }

    fn prefix(self) -> [u8; 22] {
        public_prefix(self.identifier(), self.public())
    }
}

/// An ML-KEM private key.
pub struct PrivateKey {
    set: ParameterSet,
    seed: Zeroizing<[u8; SEED]>,
    /// The decapsulation key that the seed stands for.
    expanded: Secret,
}

impl PrivateKey {
    pub(super) fn generate(set: ParameterSet) -> Result<Self, PairError> {
        let mut seed = Zeroizing::new([0; SEED]);
        rand::fill(seed.as_mut()).map_err(|_| PairError::Library)?;
        Self::of(set, seed)
    }

    pub(super) fn read(set: ParameterSet, bytes: &[u8]) -> Result<Self, PairError> {
        if bytes.len() != SEED {
            return Err(PairError::Unreadable);
        }
        let mut seed = Zeroizing::new([0; SEED]);
        seed.copy_from_slice(bytes);
        Self::of(set, seed)
    }

    fn of(set: ParameterSet, seed: Zeroizing<[u8; SEED]>) -> Result<Self, PairError> {
        let expanded = match set {
            ParameterSet::MlKem512 => expand::<ml_kem_512::DecapsulationKey>(&seed),
            ParameterSet::MlKem768 => expand::<ml_kem_768::DecapsulationKey>(&seed),
            ParameterSet::MlKem1024 => expand::<ml_kem_1024::DecapsulationKey>(&seed),
        };
        DecapsulationKey::new(set.algorithm(), expanded.expose()).map_err(|_| PairError::Library)?;
        Ok(Self { set, seed, expanded })
    }

    pub(super) fn to_seed(&self) -> Secret {
        Secret::new(self.seed.to_vec())
    }

    /// PKCS#8 with the seed alone (RFC 9935, 6).
    pub(super) fn to_pkcs8(&self) -> Secret {
        Secret::new([&seed_prefix(self.set.identifier(), 64)[..], self.seed.as_ref()].concat())
    }

    pub(super) fn public_key(&self) -> Result<Vec<u8>, PairError> {
        // FIPS 203, algorithm 16: the decapsulation key is that of K-PKE, then the encapsulation key, its hash, and z.
        let inner = 384 * self.set.rank();
        let public = self.expanded.expose().get(inner..inner + self.set.public());
        Ok([&self.set.prefix(), public.ok_or(PairError::Unreadable)?].concat())
    }

    pub(super) fn decapsulate(&self, ciphertext: &[u8]) -> Result<Secret, PairError> {
        if ciphertext.len() != self.set.ciphertext() {
            return Err(PairError::Refused);
        }
        let key =
            DecapsulationKey::new(self.set.algorithm(), self.expanded.expose()).map_err(|_| PairError::Library)?;
        let secret = key
            .decapsulate(Ciphertext::from(ciphertext))
            .map_err(|_| PairError::Refused)?;
        Ok(Secret::new(secret.as_ref().to_vec()))
    }
}

/// The decapsulation key of a seed (FIPS 203, algorithm 16).
#[expect(deprecated, reason = "the only form that aws-lc-rs reads")]
fn expand<K: From<Seed> + ml_kem::ExpandedKeyEncoding>(seed: &[u8; SEED]) -> Secret {
    let key = K::from(Seed::from(*seed));
    Secret::new(key.to_expanded_bytes().to_vec())
}

/// Makes a shared secret for a public key.
pub(super) fn encapsulate(set: ParameterSet, public_key: &[u8]) -> Result<(Secret, Vec<u8>), PairError> {
    let bytes = public_key
        .strip_prefix(&set.prefix())
        .ok_or(PairError::InvalidPublicKey)?;
    let key = EncapsulationKey::new(set.algorithm(), bytes).map_err(|_| PairError::InvalidPublicKey)?;
    // Here the library checks that the key's coefficients are reduced (FIPS 203, 7.2); nothing else can fail.
    let (ciphertext, secret) = key.encapsulate().map_err(|_| PairError::InvalidPublicKey)?;
    Ok((Secret::new(secret.as_ref().to_vec()), ciphertext.as_ref().to_vec()))
}
