//! What holds for every spec; the vectors of others stand in `tests/it`.

use super::{Message, PairError, PrivateKey, encapsulate, encrypt, verify};
use crate::spec::{Algorithms, EncryptionAlgorithm, KeySpec, KeyUsage, SigningAlgorithm};
use aws_lc_rs::digest;

/// Every spec that is a pair here. Pairs of RSA are made once: they take long.
const SPECS: [KeySpec; 15] = [
    KeySpec::Rsa2048,
    KeySpec::Rsa3072,
    KeySpec::Rsa4096,
    KeySpec::EccNistP256,
    KeySpec::EccNistP384,
    KeySpec::EccNistP521,
    KeySpec::EccSecgP256k1,
    KeySpec::EccNistEdwards25519,
    KeySpec::Sm2,
    KeySpec::MlDsa44,
    KeySpec::MlDsa65,
    KeySpec::MlDsa87,
    KeySpec::MlKem512,
    KeySpec::MlKem768,
    KeySpec::MlKem1024,
];

fn signing(spec: KeySpec) -> &'static [SigningAlgorithm] {
    match spec.algorithms(KeyUsage::SignVerify) {
        Some(Algorithms::Signing(algorithms)) => algorithms,
        _ => &[],
    }
}

fn hash(algorithm: SigningAlgorithm, public_key: &[u8], message: &[u8]) -> Vec<u8> {
    if algorithm == SigningAlgorithm::Sm2Dsa {
        let digest = super::sm2::digest(public_key, super::sm2::DEFAULT_DISTINGUISHING_ID, message);
        return digest.expect("a digest").to_vec();
    }
    let name = algorithm.as_str();
    let hash = if name.ends_with("256") {
        &digest::SHA256
    } else if name.ends_with("384") {
        &digest::SHA384
    } else {
        &digest::SHA512
    };
    digest::digest(hash, message).as_ref().to_vec()
}

#[test]
fn a_key_is_the_same_from_its_bytes_at_rest() {
    for spec in SPECS {
        let key = PrivateKey::generate(spec).expect("a pair");
        let bytes = key.to_bytes().expect("its bytes");
        let again = PrivateKey::read(spec, &bytes).expect("the same pair");
        assert_eq!(key.public_key(), again.public_key(), "{spec}");
        let mut shorter = bytes.expose().to_vec();
        shorter.pop();
        let refused = PrivateKey::read(spec, &shorter.into()).err();
        assert_eq!(refused, Some(PairError::Unreadable), "{spec}");
    }
}

/// SPK-132
#[test]
fn signatures_verify_and_nothing_else_does() {
    let message = b"a message";
    for spec in SPECS {
        let key = PrivateKey::generate(spec).expect("a pair");
        let public = key.public_key().expect("its public key");
        for algorithm in signing(spec).iter().copied() {
            let digest = hash(algorithm, &public, message);
            let forms = match algorithm {
                SigningAlgorithm::Ed25519Sha512 | SigningAlgorithm::MlDsaShake256 => vec![Message::Raw(message)],
                SigningAlgorithm::Ed25519PhSha512 => vec![Message::Digest(&digest)],
                _ => vec![Message::Raw(message), Message::Digest(&digest)],
            };
            for signed in &forms {
                let signature = key.sign(algorithm, *signed).expect("a signature");
                for verified in &forms {
                    let found = verify(spec, &public, algorithm, *verified, &signature);
                    assert_eq!(found, Ok(()), "{spec} {algorithm}");
                }
                let mut other = signature.clone();
                let at = other.len() / 2;
                other[at] ^= 1;
                let found = verify(spec, &public, algorithm, *signed, &other);
                assert_eq!(found, Err(PairError::Refused), "{spec} {algorithm}");
            }
        }
    }
}

/// SPK-103, SPK-134
#[test]
fn a_modulus_has_exactly_its_bits_and_a_signature_its_length() {
    use aws_lc_rs::rsa::PublicEncryptingKey;
    for (spec, bits) in [
        (KeySpec::Rsa2048, 2048),
        (KeySpec::Rsa3072, 3072),
        (KeySpec::Rsa4096, 4096),
    ] {
        let key = PrivateKey::generate(spec).expect("a pair");
        let public = key.public_key().expect("its public key");
        let size = PublicEncryptingKey::from_der(&public).map(|key| key.key_size_bits());
        assert_eq!(size.expect("a public key"), bits);
        for algorithm in signing(spec) {
            let signature = key.sign(*algorithm, Message::Raw(b"message")).expect("a signature");
            assert_eq!(signature.len(), bits / 8, "{spec} {algorithm}");
        }
        let bytes = key.to_bytes().expect("its bytes");
        for other in [KeySpec::Rsa2048, KeySpec::Rsa3072, KeySpec::Rsa4096] {
            assert_eq!(
                PrivateKey::read(other, &bytes).is_ok(),
                other == spec,
                "{spec} as {other}"
            );
        }
    }
}

/// SPK-112, SPK-113, SPK-114
#[test]
fn rsa_encrypts_up_to_its_limit() {
    for (spec, modulus) in [
        (KeySpec::Rsa2048, 256),
        (KeySpec::Rsa3072, 384),
        (KeySpec::Rsa4096, 512),
    ] {
        let key = PrivateKey::generate(spec).expect("a pair");
        let public = key.public_key().expect("its public key");
        for (algorithm, overhead) in [
            (EncryptionAlgorithm::RsaesOaepSha1, 42),
            (EncryptionAlgorithm::RsaesOaepSha256, 66),
        ] {
            let longest = vec![7; modulus - overhead];
            let ciphertext = encrypt(spec, &public, algorithm, &longest).expect("a ciphertext");
            assert_eq!(ciphertext.len(), modulus);
            let plaintext = key.decrypt(algorithm, &ciphertext).expect("the plaintext");
            assert_eq!(plaintext.expose(), longest);
            let longer = vec![7; modulus - overhead + 1];
            assert_eq!(encrypt(spec, &public, algorithm, &longer), Err(PairError::TooLong));
            let cut = key.decrypt(algorithm, &ciphertext[1..]).err();
            assert_eq!(cut, Some(PairError::Refused));
        }
    }
}

#[test]
fn both_sides_of_an_agreement_have_one_secret() {
    for spec in [
        KeySpec::EccNistP256,
        KeySpec::EccNistP384,
        KeySpec::EccNistP521,
        KeySpec::Sm2,
    ] {
        let [one, other] = [(); 2].map(|()| PrivateKey::generate(spec).expect("a pair"));
        let [its, others] = [&one, &other].map(|key| key.public_key().expect("a public key"));
        let secret = one.agree(&others).expect("a secret");
        assert!(secret == other.agree(&its).expect("the same secret"), "{spec}");
    }
    let p256 = PrivateKey::generate(KeySpec::EccNistP256).expect("a pair");
    let p384 = PrivateKey::generate(KeySpec::EccNistP384).expect("a pair");
    let wrong = p256.agree(&p384.public_key().expect("a public key")).err();
    assert_eq!(wrong, Some(PairError::InvalidPublicKey));
}

#[test]
fn an_encapsulated_secret_comes_out_again() {
    for spec in [KeySpec::MlKem512, KeySpec::MlKem768, KeySpec::MlKem1024] {
        let key = PrivateKey::generate(spec).expect("a pair");
        let public = key.public_key().expect("its public key");
        let (secret, mut ciphertext) = encapsulate(spec, &public).expect("a secret");
        assert!(key.decapsulate(&ciphertext).expect("the secret") == secret);
        ciphertext[0] ^= 1;
        assert!(key.decapsulate(&ciphertext).expect("another secret") != secret);
        assert_eq!(key.decapsulate(&ciphertext[1..]).err(), Some(PairError::Refused));
    }
}

#[test]
fn a_message_and_its_representative_have_one_signature() {
    for spec in [KeySpec::MlDsa44, KeySpec::MlDsa65, KeySpec::MlDsa87] {
        let key = PrivateKey::generate(spec).expect("a pair");
        let public = key.public_key().expect("its public key");
        let mu = [5; 64];
        let algorithm = SigningAlgorithm::MlDsaShake256;
        let signature = key.sign(algorithm, Message::ExternalMu(&mu)).expect("a signature");
        assert_eq!(
            verify(spec, &public, algorithm, Message::ExternalMu(&mu), &signature),
            Ok(())
        );
        let other = verify(spec, &public, algorithm, Message::ExternalMu(&[6; 64]), &signature);
        assert_eq!(other, Err(PairError::Refused));
        let short = key.sign(algorithm, Message::ExternalMu(&[5; 63]));
        assert_eq!(short, Err(PairError::DigestLength));
    }
}
