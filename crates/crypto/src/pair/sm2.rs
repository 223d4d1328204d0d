//! SM2 (GM/T 0003): signatures, encryption and key agreement on the curve sm2p256v1, with SM3. The curve's arithmetic and
//! the signatures are those of the crate `sm2`: aws-lc-rs has none of this family.

use sm2::dsa::signature::hazmat::{PrehashVerifier as _, RandomizedPrehashSigner as _};
use sm2::dsa::{Signature, SigningKey, VerifyingKey};
use sm2::elliptic_curve::Generate as _;
use sm2::elliptic_curve::sec1::ToSec1Point as _;
use sm2::pkcs8::der::{Decode as _, Encode as _};
use sm2::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use sm2::pke::{Cipher, EncryptingKey};
use sm2::{AffinePoint, ProjectivePoint, PublicKey, SecretKey};
use sm3::{Digest as _, Sm3};
use zeroize::Zeroizing;

use super::random::SystemRng;
use super::{Message, PairError};
use crate::secret::{Secret, equal};
use crate::spec::{EncryptionAlgorithm, KeySpec, SigningAlgorithm};

/// Whose signature it is when nothing else is said (GM/T 0009, 10).
pub const DEFAULT_DISTINGUISHING_ID: &[u8] = b"1234567812345678";

/// The longest distinguishing id: its length in bits is written in 16 bits.
pub const MAX_DISTINGUISHING_ID: usize = 8191;

/// Bytes of an SM3 digest, of a coordinate and of a scalar.
const LEN: usize = 32;

/// A point: 0x04, x, y.
const POINT: usize = 1 + 2 * LEN;

/// The longest signature as DER: two integers of 33 bytes, each with tag and length, in a sequence.
const MAX_SIGNATURE: usize = 2 + 2 * (2 + 33);

/// What stands before the point in a `SubjectPublicKeyInfo` (GM/T 0009, 7.1): id-ecPublicKey, sm2p256v1
/// (1.2.156.10197.1.301).
const PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf,
    0x55, 0x01, 0x82, 0x2d, 0x03, 0x42, 0x00,
];

/// id-ecPublicKey and sm2p256v1, as the prefix has them.
pub(crate) const IDENTIFIER: &[u8] = PREFIX.split_at(4).1.split_at(19).0;

/// The coefficients a and b and the base point of sm2p256v1 (GM/T 0003.5), as they go into the digest.
const CURVE: [u8; 4 * LEN] = *b"\
\xff\xff\xff\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xfc\
\x28\xe9\xfa\x9e\x9d\x9f\x5e\x34\x4d\x5a\x9e\x4b\xcf\x65\x09\xa7\xf3\x97\x89\xf5\x15\xab\x8f\x92\xdd\xbc\xbd\x41\x4d\x94\x0e\x93\
\x32\xc4\xae\x2c\x1f\x19\x81\x19\x5f\x99\x04\x46\x6a\x39\xc9\x94\x8f\xe3\x0b\xbf\xf2\x66\x0b\xe1\x71\x5a\x45\x89\x33\x4c\x74\xc7\
\xbc\x37\x36\xa2\xf4\xf6\x77\x9c\x59\xbd\xce\xe3\x6b\x69\x21\x53\xd0\xa9\x87\x7c\xc6\x2a\x47\x40\x02\xdf\x32\xe5\x21\x39\xf0\xa0";

/// An SM2 private key. It is kept as PKCS#8.
pub struct PrivateKey(SecretKey);

impl PrivateKey {
    pub(super) fn generate() -> Result<Self, PairError> {
        SecretKey::try_generate_from_rng(&mut SystemRng)
            .map(Self)
            .map_err(|_| PairError::Library)
    }

    pub(super) fn read(pkcs8: &[u8]) -> Result<Self, PairError> {
        SecretKey::from_pkcs8_der(pkcs8)
            .map(Self)
            .map_err(|_| PairError::Unreadable)
    }

    pub(super) fn to_pkcs8(&self) -> Result<Secret, PairError> {
        let der = self.0.to_pkcs8_der().map_err(|_| PairError::Library)?;
        Ok(Secret::from(der.to_bytes()))
    }

    pub(super) fn public_key(&self) -> Vec<u8> {
        [&PREFIX, self.0.public_key().to_sec1_point(false).as_bytes()].concat()
    }

    pub(super) fn sign(&self, algorithm: SigningAlgorithm, message: Message<'_>) -> Result<Vec<u8>, PairError> {
        let digest = digest_of(&self.0.public_key(), algorithm, message)?;
        // The crate's own identifier does not count: what is signed is the digest.
        let key = SigningKey::new("", &self.0).map_err(|_| PairError::Library)?;
        let signature = key.sign_prehash_with_rng(&mut SystemRng, &digest);
        Ok(signature.map_err(|_| PairError::Library)?.to_der().to_vec())
    }

    /// Decrypts `SEQUENCE { INTEGER x1, INTEGER y1, OCTET STRING C3, OCTET STRING C2 }` (GM/T 0003.4, 7.1; the encoding is
    /// GM/T 0009's, 7.2). This is written here because the crate compares C3 in a time that depends on it.
    pub(super) fn decrypt(&self, algorithm: EncryptionAlgorithm, ciphertext: &[u8]) -> Result<Secret, PairError> {
        if algorithm != EncryptionAlgorithm::Sm2Pke {
            return Err(PairError::WrongAlgorithm);
        }
        self.open(ciphertext, algorithm.max_plaintext(KeySpec::Sm2).unwrap_or(0))
    }

    /// The same of a plaintext of at most `longest` bytes.
    pub(crate) fn open(&self, ciphertext: &[u8], longest: usize) -> Result<Secret, PairError> {
        // The crate's decoder refuses a point that is not on the curve, and DER that is not canonical.
        let cipher = Cipher::<sm2::Sm2, Sm3>::from_der(ciphertext).map_err(|_| PairError::Refused)?;
        if cipher.c2().is_empty() || cipher.c2().len() > longest {
            return Err(PairError::Refused);
        }
        let shared = self.multiply(cipher.c1());
        let (x, y) = shared.split_at(LEN);
        let mut plaintext = Secret::zeroed(cipher.c2().len());
        derive(&shared, plaintext.expose_mut());
        if plaintext.expose().iter().fold(0, |bits, byte| bits | byte) == 0 {
            return Err(PairError::Refused);
        }
        for (byte, encrypted) in plaintext.expose_mut().iter_mut().zip(cipher.c2()) {
            *byte ^= encrypted;
        }
        let expected = Sm3::new()
            .chain_update(x)
            .chain_update(plaintext.expose())
            .chain_update(y)
            .finalize();
        equal(&expected, cipher.c3())
            .then_some(plaintext)
            .ok_or(PairError::Refused)
    }

    /// The x-coordinate of the private key times the peer's point.
    pub(super) fn agree(&self, peer: &[u8]) -> Result<Secret, PairError> {
        let shared = self.multiply(read_public(peer)?.as_affine());
        Ok(Secret::new(shared[..LEN].to_vec()))
    }

    /// The private key times a point of the curve: x, y. The curve's order is prime, so the product is not infinity.
    fn multiply(&self, point: &AffinePoint) -> Zeroizing<[u8; 2 * LEN]> {
        let product = Zeroizing::new(ProjectivePoint::from(*point) * *self.0.to_nonzero_scalar());
        let encoded = Zeroizing::new(product.to_affine().to_sec1_point(false));
        let mut coordinates = Zeroizing::new([0; 2 * LEN]);
        coordinates.copy_from_slice(&encoded.as_bytes()[1..]);
        coordinates
    }
}

/// Checks a signature.
pub(super) fn verify(
    public_key: &[u8],
    algorithm: SigningAlgorithm,
    message: Message<'_>,
    signature: &[u8],
) -> Result<(), PairError> {
    let key = read_public(public_key)?;
    let digest = digest_of(&key, algorithm, message)?;
    if signature.len() > MAX_SIGNATURE {
        return Err(PairError::Refused);
    }
    let read = Signature::from_der(signature).map_err(|_| PairError::Refused)?;
    if read.to_der().as_bytes() != signature {
        return Err(PairError::Refused);
    }
    let key = VerifyingKey::new("", key).map_err(|_| PairError::Library)?;
    key.verify_prehash(&digest, &read).map_err(|_| PairError::Refused)
}

/// Encrypts, into the form that [`PrivateKey::decrypt`] reads. There is no encryption of nothing.
pub(super) fn encrypt(
    public_key: &[u8],
    algorithm: EncryptionAlgorithm,
    plaintext: &[u8],
) -> Result<Vec<u8>, PairError> {
    if algorithm != EncryptionAlgorithm::Sm2Pke {
        return Err(PairError::WrongAlgorithm);
    }
    seal(
        public_key,
        plaintext,
        algorithm.max_plaintext(KeySpec::Sm2).unwrap_or(0),
    )
}

/// The same of a plaintext of at most `longest` bytes.
pub(crate) fn seal(public_key: &[u8], plaintext: &[u8], longest: usize) -> Result<Vec<u8>, PairError> {
    let key = read_public(public_key)?;
    if plaintext.is_empty() {
        return Err(PairError::WrongAlgorithm);
    }
    if plaintext.len() > longest {
        return Err(PairError::TooLong);
    }
    let cipher = EncryptingKey::new(key).encrypt_cipher::<_, Sm3>(&mut SystemRng, plaintext);
    let cipher = cipher.map_err(|_| PairError::Library)?;
    cipher.to_der().map_err(|_| PairError::Library)
}

/// The digest of a message that is signed in the name of a distinguishing id (GM/T 0003.2, 5.5 and 6.1):
/// `SM3(ZA ‖ message)`, `ZA = SM3(bits of the id 2 ‖ id ‖ a ‖ b ‖ xG ‖ yG ‖ xA ‖ yA)`. Signing it as
/// [`Message::Digest`] is signing the message in that name.
pub fn digest(public_key: &[u8], distinguishing_id: &[u8], message: &[u8]) -> Result<[u8; LEN], PairError> {
    digest_for(&read_public(public_key)?, distinguishing_id, message)
}

fn digest_for(key: &PublicKey, id: &[u8], message: &[u8]) -> Result<[u8; LEN], PairError> {
    let bits = u16::try_from(id.len() * 8).map_err(|_| PairError::TooLong)?;
    let za = Sm3::new()
        .chain_update(bits.to_be_bytes())
        .chain_update(id)
        .chain_update(CURVE)
        .chain_update(&key.to_sec1_point(false).as_bytes()[1..])
        .finalize();
    Ok(Sm3::new().chain_update(za).chain_update(message).finalize().into())
}

/// What is signed: the message under the default id, or what the caller has made.
fn digest_of(key: &PublicKey, algorithm: SigningAlgorithm, message: Message<'_>) -> Result<[u8; LEN], PairError> {
    match (algorithm, message) {
        (SigningAlgorithm::Sm2Dsa, Message::Raw(message)) => digest_for(key, DEFAULT_DISTINGUISHING_ID, message),
        (SigningAlgorithm::Sm2Dsa, Message::Digest(digest)) => digest.try_into().map_err(|_| PairError::DigestLength),
        _ => Err(PairError::WrongAlgorithm),
    }
}

/// A public key: its encoding, uncompressed as GM/T 0009 has it, and that its point is on the curve and not at infinity.
fn read_public(public_key: &[u8]) -> Result<PublicKey, PairError> {
    let point = public_key
        .strip_prefix(&PREFIX)
        .filter(|point| point.len() == POINT && point[0] == 4)
        .ok_or(PairError::InvalidPublicKey)?;
    PublicKey::from_sec1_bytes(point).map_err(|_| PairError::InvalidPublicKey)
}

/// The key derivation function (GM/T 0003.4, 5.4.3): SM3 over the point and a counter from one.
fn derive(shared: &[u8; 2 * LEN], out: &mut [u8]) {
    for (block, counter) in out.chunks_mut(LEN).zip(1u32..) {
        let key = Zeroizing::new(<[u8; LEN]>::from(
            Sm3::new()
                .chain_update(shared)
                .chain_update(counter.to_be_bytes())
                .finalize(),
        ));
        block.copy_from_slice(&key[..block.len()]);
    }
}

#[cfg(test)]
mod tests;
