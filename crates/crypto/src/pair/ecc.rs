//! Elliptic curves in short Weierstrass form: ECDSA (FIPS 186-5; signatures as DER, RFC 3279) on the NIST curves and on
//! secp256k1, and ECDH (SP 800-56A) on the NIST curves.

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521, ParsedPublicKey, ParsedPublicKeyFormat};
use aws_lc_rs::digest::{Algorithm as Hash, Digest, SHA256, SHA384, SHA512};
use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1, ECDSA_P256K1_SHA256_ASN1_SIGNING,
    ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, KeyPair as _, UnparsedPublicKey,
};

use super::der::{BIT_STRING, OCTET_STRING, SEQUENCE, Writer, size, whole_sequence};
use super::{Message, PairError};
use crate::secret::Secret;
use crate::spec::SigningAlgorithm;

/// `[1] EXPLICIT`: the public key in an `ECPrivateKey` (RFC 5915).
const PUBLIC_KEY: u8 = 0xa1;

/// A curve, which has one signing algorithm.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
    Secp256k1,
}

impl Curve {
    fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            Self::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
            Self::P521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
            Self::Secp256k1 => &ECDSA_P256K1_SHA256_ASN1_SIGNING,
        }
    }

    fn verifying(self) -> &'static EcdsaVerificationAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_ASN1,
            Self::P384 => &ECDSA_P384_SHA384_ASN1,
            Self::P521 => &ECDSA_P521_SHA512_ASN1,
            Self::Secp256k1 => &ECDSA_P256K1_SHA256_ASN1,
        }
    }

    fn agreement(self) -> Option<&'static agreement::Algorithm> {
        match self {
            Self::P256 => Some(&ECDH_P256),
            Self::P384 => Some(&ECDH_P384),
            Self::P521 => Some(&ECDH_P521),
            Self::Secp256k1 => None,
        }
    }

    /// The `AlgorithmIdentifier` of its public keys (RFC 5480): id-ecPublicKey with the curve's object identifier.
    pub(super) const fn identifier(self) -> &'static [u8] {
        match self {
            Self::P256 => b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07",
            Self::P384 => b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22",
            Self::P521 => b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23",
            Self::Secp256k1 => b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x0a",
        }
    }

    /// Whether this is a `SubjectPublicKeyInfo` that names this curve.
    fn is_named_in(self, public_key: &[u8]) -> bool {
        whole_sequence(public_key).is_some_and(|content| content.starts_with(self.identifier()))
    }

    const fn algorithm(self) -> SigningAlgorithm {
        match self {
            Self::P256 | Self::Secp256k1 => SigningAlgorithm::EcdsaSha256,
            Self::P384 => SigningAlgorithm::EcdsaSha384,
            Self::P521 => SigningAlgorithm::EcdsaSha512,
        }
    }

    fn hash(self) -> &'static Hash {
        match self {
            Self::P256 | Self::Secp256k1 => &SHA256,
            Self::P384 => &SHA384,
            Self::P521 => &SHA512,
        }
    }

    fn check(self, algorithm: SigningAlgorithm) -> Result<(), PairError> {
        (algorithm == self.algorithm())
            .then_some(())
            .ok_or(PairError::WrongAlgorithm)
    }

    fn digest(self, digest: &[u8]) -> Result<Digest, PairError> {
        Digest::import_less_safe(digest, self.hash()).map_err(|_| PairError::DigestLength)
    }
}

/// The private key of a curve. It is kept as PKCS#8.
pub struct PrivateKey {
    curve: Curve,
    pair: EcdsaKeyPair,
}

impl PrivateKey {
    pub(super) fn generate(curve: Curve) -> Result<Self, PairError> {
        let pair = EcdsaKeyPair::generate(curve.signing()).map_err(|_| PairError::Library)?;
        Ok(Self { curve, pair })
    }

    pub(super) fn read(curve: Curve, pkcs8: &[u8]) -> Result<Self, PairError> {
        whole_sequence(pkcs8).ok_or(PairError::Unreadable)?;
        let pair = EcdsaKeyPair::from_pkcs8(curve.signing(), pkcs8).map_err(|_| PairError::Unreadable)?;
        Ok(Self { curve, pair })
    }

    /// PKCS#8 (RFC 5208) around RFC 5915, with the public key. As the library writes it too, but that works out the point
    /// anew each time, which costs as much as making a key.
    pub(super) fn to_pkcs8(&self) -> Result<Secret, PairError> {
        let scalar: EcPrivateKeyBin<'_> = self.pair.private_key().as_be_bytes().map_err(|_| PairError::Library)?;
        let (scalar, identifier) = (scalar.as_ref(), self.curve.identifier());
        let (version, inner_version) = (b"\x02\x01\x00", b"\x02\x01\x01");
        let bits = 1 + self.point().len();
        let key = inner_version.len() + size(scalar.len()) + size(size(bits));
        let mut out = Writer::of(version.len() + identifier.len() + size(size(key)));
        out.bytes(version).bytes(identifier).open(OCTET_STRING, size(key));
        out.open(SEQUENCE, key).bytes(inner_version);
        out.open(OCTET_STRING, scalar.len()).bytes(scalar);
        out.open(PUBLIC_KEY, size(bits));
        out.open(BIT_STRING, bits).bytes(b"\x00").bytes(self.point());
        Ok(Secret::new(out.written()))
    }

    /// `SubjectPublicKeyInfo` (RFC 5480).
    pub(super) fn public_key(&self) -> Vec<u8> {
        let bits = 1 + self.point().len();
        let mut out = Writer::of(self.curve.identifier().len() + size(bits));
        out.bytes(self.curve.identifier());
        out.open(BIT_STRING, bits).bytes(b"\x00").bytes(self.point());
        out.written()
    }

    /// The public point, uncompressed.
    fn point(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    pub(super) fn sign(&self, algorithm: SigningAlgorithm, message: Message<'_>) -> Result<Vec<u8>, PairError> {
        self.curve.check(algorithm)?;
        let signature = match message {
            Message::Raw(message) => self.pair.sign(&SystemRandom::new(), message),
            Message::Digest(digest) => self.pair.sign_digest(&self.curve.digest(digest)?),
            Message::ExternalMu(_) => return Err(PairError::WrongAlgorithm),
        };
        let signature = signature.map_err(|_| PairError::Library)?;
        Ok(signature.as_ref().to_vec())
    }

    pub(super) fn agree(&self, peer: &[u8]) -> Result<Secret, PairError> {
        let algorithm = self.curve.agreement().ok_or(PairError::WrongAlgorithm)?;
        // RFC 5480 wants the curve named; the library also takes one that is spelled out.
        if !self.curve.is_named_in(peer) {
            return Err(PairError::InvalidPublicKey);
        }
        // Parsing checks that the point is on the curve and not at infinity; the library refuses another curve.
        let peer = ParsedPublicKey::try_from(agreement::UnparsedPublicKey::new(algorithm, peer));
        let peer = peer.map_err(|_| PairError::InvalidPublicKey)?;
        if peer.format() != ParsedPublicKeyFormat::X509 {
            return Err(PairError::InvalidPublicKey);
        }
        let pkcs8 = self.to_pkcs8()?;
        let own = agreement::PrivateKey::from_private_key_der(algorithm, pkcs8.expose());
        let own = own.map_err(|_| PairError::Library)?;
        agreement::agree(&own, peer, PairError::InvalidPublicKey, |secret| {
            Ok(Secret::new(secret.to_vec()))
        })
    }
}

/// Checks a signature.
pub(super) fn verify(
    curve: Curve,
    public_key: &[u8],
    algorithm: SigningAlgorithm,
    message: Message<'_>,
    signature: &[u8],
) -> Result<(), PairError> {
    curve.check(algorithm)?;
    if !curve.is_named_in(public_key) {
        return Err(PairError::InvalidPublicKey);
    }
    let key = UnparsedPublicKey::new(curve.verifying(), public_key);
    let verified = match message {
        Message::Raw(message) => key.verify(message, signature),
        Message::Digest(digest) => key.verify_digest(&curve.digest(digest)?, signature),
        Message::ExternalMu(_) => return Err(PairError::WrongAlgorithm),
    };
    verified.map_err(|_| PairError::Refused)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer as _;

    use super::*;

    #[test]
    fn keys_are_written_as_the_library_writes_them() {
        for curve in [Curve::P256, Curve::P384, Curve::P521, Curve::Secp256k1] {
            for _ in 0..50 {
                let key = PrivateKey::generate(curve).expect("a key pair");
                let pkcs8 = key.pair.to_pkcs8v1().expect("it is written");
                assert_eq!(key.to_pkcs8().expect("it is written").expose(), pkcs8.as_ref());
                let public_key = key.pair.public_key().as_der().expect("it is written");
                assert_eq!(key.public_key(), public_key.as_ref());
            }
        }
    }
}
