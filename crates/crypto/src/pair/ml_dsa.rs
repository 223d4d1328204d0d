//! ML-DSA (FIPS 204), hedged, with the empty context. aws-lc-rs signs and verifies messages; of a message that is given as
//! its representative (`external mu`) it knows nothing, so that is done by the crate `ml-dsa`, with the same seed.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand;
use aws_lc_rs::signature::{
    KeyPair as _, ML_DSA_44, ML_DSA_44_SIGNING, ML_DSA_65, ML_DSA_65_SIGNING, ML_DSA_87, ML_DSA_87_SIGNING,
    PqdsaKeyPair, PqdsaSigningAlgorithm, PqdsaVerificationAlgorithm, UnparsedPublicKey,
};
use zeroize::Zeroizing;

use super::lattice::{Identifier, public_prefix};
use super::{Message, PairError};
use crate::secret::Secret;
use crate::spec::SigningAlgorithm;

const SEED: usize = 32;

/// A parameter set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ParameterSet {
    MlDsa44,
    MlDsa65,
    MlDsa87,
}

impl ParameterSet {
    fn signing(self) -> &'static PqdsaSigningAlgorithm {
        match self {
            Self::MlDsa44 => &ML_DSA_44_SIGNING,
            Self::MlDsa65 => &ML_DSA_65_SIGNING,
            Self::MlDsa87 => &ML_DSA_87_SIGNING,
        }
    }

    fn verifying(self) -> &'static PqdsaVerificationAlgorithm {
        match self {
            Self::MlDsa44 => &ML_DSA_44,
            Self::MlDsa65 => &ML_DSA_65,
            Self::MlDsa87 => &ML_DSA_87,
        }
    }

    const fn identifier(self) -> Identifier {
        match self {
            Self::MlDsa44 => [3, 17],
            Self::MlDsa65 => [3, 18],
            Self::MlDsa87 => [3, 19],
        }
    }

    /// The key inside a `SubjectPublicKeyInfo`.
    fn read_public(self, public_key: &[u8]) -> Result<&[u8], PairError> {
        let length = self.signing().public_key_len();
        public_key
            .strip_prefix(&public_prefix(self.identifier(), length))
            .filter(|key| key.len() == length)
            .ok_or(PairError::InvalidPublicKey)
    }
}

/// An ML-DSA private key. Its seed is kept.
pub struct PrivateKey {
    set: ParameterSet,
    seed: Zeroizing<[u8; SEED]>,
    pair: PqdsaKeyPair,
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
        let pair = PqdsaKeyPair::from_seed(set.signing(), seed.as_ref()).map_err(|_| PairError::Unreadable)?;
        Ok(Self { set, seed, pair })
    }

    pub(super) fn to_seed(&self) -> Secret {
        Secret::new(self.seed.to_vec())
    }

    pub(super) fn public_key(&self) -> Result<Vec<u8>, PairError> {
        let der = self.pair.public_key().as_der().map_err(|_| PairError::Library)?;
        Ok(der.as_ref().to_vec())
    }

    pub(super) fn sign(&self, algorithm: SigningAlgorithm, message: Message<'_>) -> Result<Vec<u8>, PairError> {
        if algorithm != SigningAlgorithm::MlDsaShake256 {
            return Err(PairError::WrongAlgorithm);
        }
        match message {
            Message::Raw(message) => {
                let mut signature = vec![0; self.set.signing().signature_len()];
                let length = self
                    .pair
                    .sign(message, &mut signature)
                    .map_err(|_| PairError::Library)?;
                signature.truncate(length);
                Ok(signature)
            }
            Message::ExternalMu(mu) => match self.set {
                ParameterSet::MlDsa44 => representative::sign::<ml_dsa::MlDsa44>(&self.seed, mu),
                ParameterSet::MlDsa65 => representative::sign::<ml_dsa::MlDsa65>(&self.seed, mu),
                ParameterSet::MlDsa87 => representative::sign::<ml_dsa::MlDsa87>(&self.seed, mu),
            },
            Message::Digest(_) => Err(PairError::WrongAlgorithm),
        }
    }
}

/// Checks a signature.
pub(super) fn verify(
    set: ParameterSet,
    public_key: &[u8],
    algorithm: SigningAlgorithm,
    message: Message<'_>,
    signature: &[u8],
) -> Result<(), PairError> {
    if algorithm != SigningAlgorithm::MlDsaShake256 {
        return Err(PairError::WrongAlgorithm);
    }
    let key = set.read_public(public_key)?;
    match message {
        Message::Raw(message) => UnparsedPublicKey::new(set.verifying(), key)
            .verify(message, signature)
            .map_err(|_| PairError::Refused),
        Message::ExternalMu(mu) => match set {
            ParameterSet::MlDsa44 => representative::verify::<ml_dsa::MlDsa44>(key, mu, signature),
            ParameterSet::MlDsa65 => representative::verify::<ml_dsa::MlDsa65>(key, mu, signature),
            ParameterSet::MlDsa87 => representative::verify::<ml_dsa::MlDsa87>(key, mu, signature),
        },
        Message::Digest(_) => Err(PairError::WrongAlgorithm),
    }
}

/// Signatures of message representatives.
mod representative {
    use ml_dsa::signature::SignatureEncoding;
    use ml_dsa::{EncodedVerifyingKey, ExpandedSigningKey, MlDsaParams, Seed, Signature, VerifyingKey};

    use super::{PairError, SEED};
    use crate::pair::random::SystemRng;

    pub(super) fn sign<P: MlDsaParams>(seed: &[u8; SEED], mu: &[u8]) -> Result<Vec<u8>, PairError> {
        let mu = mu.try_into().map_err(|_| PairError::DigestLength)?;
        let key = ExpandedSigningKey::<P>::from_seed(&Seed::from(*seed));
        let signature = key
            .sign_mu_randomized(mu, &mut SystemRng)
            .map_err(|_| PairError::Library)?;
        Ok(signature.to_bytes().to_vec())
    }

    pub(super) fn verify<P: MlDsaParams>(public_key: &[u8], mu: &[u8], signature: &[u8]) -> Result<(), PairError> {
        let mu = mu.try_into().map_err(|_| PairError::DigestLength)?;
        let encoded = EncodedVerifyingKey::<P>::try_from(public_key).map_err(|_| PairError::InvalidPublicKey)?;
        let signature = Signature::<P>::try_from(signature).map_err(|_| PairError::Refused)?;
        VerifyingKey::<P>::decode(&encoded)
            .verify_mu(mu, &signature)
            .then_some(())
            .ok_or(PairError::Refused)
    }
}
