//! Key pairs and HMAC keys: made, wrapped, used, and damaged.

use std::sync::Arc;

use trent_crypto::mac;
use trent_crypto::pair::{self, Message, PrivateKey};
use trent_crypto::spec::{Algorithms, EncryptionAlgorithm, KeySpec, KeyType, KeyUsage, MacAlgorithm, SigningAlgorithm};
use trent_keystore::{
    DecapsulateRequest, DecryptRequest, DeriveSharedSecretRequest, EncryptRequest, GenerateDataKeyPairRequest,
    KeyHandle, Keystore, KeystoreError, MacRequest, PairError, ReEncryptRequest, Scheme, Secret, SignRequest,
    SignedMessage, SoftwareKeystore, VerifyMacRequest, VerifyRequest, Wrapped,
};
use trent_names::Partition;

use crate::support::{address, context, keyring, new_key, now};

fn made(keystore: &SoftwareKeystore, spec: KeySpec) -> Arc<KeyHandle> {
    let key = now(keystore.create(address(), spec)).expect("a key");
    Arc::new(KeyHandle::new(address(), spec, key))
}

/// A handle of the same key as a changed record gives it.
fn anew(key: &KeyHandle) -> Arc<KeyHandle> {
    Arc::new(key.clone())
}

/// The specs outside China that have a usage.
fn specs(usage: KeyUsage) -> impl Iterator<Item = KeySpec> {
    let specs = KeySpec::ALL.iter().copied();
    specs.filter(move |spec| spec.offered_in(Partition::Aws) && spec.algorithms(usage).is_some())
}

fn sign(
    keystore: &SoftwareKeystore,
    key: &Arc<KeyHandle>,
    algorithm: SigningAlgorithm,
    message: SignedMessage,
) -> Result<Vec<u8>, KeystoreError> {
    now(keystore.sign(SignRequest {
        key: Arc::clone(key).into(),
        algorithm,
        message,
    }))
}

fn verify(
    keystore: &SoftwareKeystore,
    key: &Arc<KeyHandle>,
    algorithm: SigningAlgorithm,
    message: SignedMessage,
    signature: &[u8],
) -> Result<(), KeystoreError> {
    now(keystore.verify(VerifyRequest {
        key: Arc::clone(key).into(),
        algorithm,
        message,
        signature: signature.to_vec(),
    }))
}

fn message(algorithm: SigningAlgorithm) -> SignedMessage {
    match algorithm {
        SigningAlgorithm::Ed25519PhSha512 => SignedMessage::Digest(vec![7; 64]),
        _ => SignedMessage::Raw(b"message".to_vec()),
    }
}

#[test]
fn every_signing_key_signs_with_each_of_its_algorithms() {
    let keystore = SoftwareKeystore::new(&keyring());
    for spec in specs(KeyUsage::SignVerify) {
        let key = made(&keystore, spec);
        let Some(Algorithms::Signing(algorithms)) = spec.algorithms(KeyUsage::SignVerify) else {
            panic!("{spec} signs");
        };
        for &algorithm in algorithms {
            let signature = sign(&keystore, &key, algorithm, message(algorithm)).expect("a signature");
            // A new handle finds the key in what is stored, not in what is kept.
            assert_eq!(
                verify(&keystore, &anew(&key), algorithm, message(algorithm), &signature),
                Ok(())
            );
            let again = sign(&keystore, &anew(&key), algorithm, message(algorithm)).expect("a signature");
            assert_eq!(verify(&keystore, &key, algorithm, message(algorithm), &again), Ok(()));
            let mut other = signature.clone();
            *other.last_mut().expect("a signature") ^= 1;
            let refused = Err(KeystoreError::Pair(PairError::Refused));
            assert_eq!(
                verify(&keystore, &key, algorithm, message(algorithm), &other),
                refused,
                "{spec} {algorithm}"
            );
        }
    }
}

#[test]
fn what_the_keystore_signs_the_public_key_alone_verifies() {
    let keystore = SoftwareKeystore::new(&keyring());
    let key = made(&keystore, KeySpec::EccNistP256);
    let algorithm = SigningAlgorithm::EcdsaSha256;
    let signature = sign(&keystore, &key, algorithm, message(algorithm)).expect("a signature");
    let public_key = key.public_key.as_deref().expect("a public key");
    let verified = pair::verify(key.spec, public_key, algorithm, Message::Raw(b"message"), &signature);
    assert_eq!(verified, Ok(()));
}

#[test]
fn mac_keys_make_tags_of_their_own_length() {
    let keystore = SoftwareKeystore::new(&keyring());
    for spec in specs(KeyUsage::GenerateVerifyMac) {
        let key = made(&keystore, spec);
        let Some(Algorithms::Mac(&[algorithm])) = spec.algorithms(KeyUsage::GenerateVerifyMac) else {
            panic!("{spec} has one algorithm");
        };
        let request = |message: &[u8]| MacRequest {
            key: anew(&key).into(),
            algorithm,
            message: Secret::new(message.to_vec()),
        };
        let tag = now(keystore.generate_mac(request(b"message"))).expect("a tag");
        assert_eq!(tag.len(), algorithm.tag_len());
        let check = |message: &[u8], mac: &[u8]| {
            let (request, mac) = (request(message), mac.to_vec());
            now(keystore.verify_mac(VerifyMacRequest { request, mac })).expect("an answer")
        };
        assert!(check(b"message", &tag));
        assert!(!check(b"massage", &tag));
        assert!(!check(b"message", &tag[1..]));
    }
}

/// The material of an HMAC key is as long as its tags, and random.
#[test]
fn mac_keys_are_drawn_from_the_randomness() {
    let keystore = SoftwareKeystore::with_randomness(&keyring(), Arc::new(crate::support::Counting::default()));
    let key = made(&keystore, KeySpec::Hmac384);
    let request = MacRequest {
        key: key.into(),
        algorithm: MacAlgorithm::HmacSha384,
        message: Secret::new(b"message".to_vec()),
    };
    let expected = mac::generate(MacAlgorithm::HmacSha384, &Secret::new(vec![1; 48]), b"message");
    assert_eq!(now(keystore.generate_mac(request)), Ok(expected));
}

#[test]
fn key_pairs_encrypt_and_decrypt_by_their_algorithms() {
    let keystore = SoftwareKeystore::new(&keyring());
    let key = made(&keystore, KeySpec::Rsa2048);
    let symmetric = new_key(&keystore, address());
    let oaep = |algorithm| Scheme::Asymmetric(algorithm);
    let decrypt = |key: &Arc<KeyHandle>, scheme, ciphertext: &[u8]| {
        now(keystore.decrypt(DecryptRequest {
            key: anew(key).into(),
            scheme,
            ciphertext: ciphertext.to_vec(),
        }))
        .map(|plaintext| plaintext.expose().to_vec())
    };
    for algorithm in [EncryptionAlgorithm::RsaesOaepSha1, EncryptionAlgorithm::RsaesOaepSha256] {
        let longest = algorithm.max_plaintext(key.spec).expect("a limit");
        let encrypt = |length| {
            now(keystore.encrypt(EncryptRequest {
                key: Arc::clone(&key).into(),
                scheme: oaep(algorithm),
                plaintext: Secret::new(vec![5; length]),
            }))
        };
        let ciphertext = encrypt(longest).expect("a ciphertext");
        assert_eq!(decrypt(&key, oaep(algorithm), &ciphertext), Ok(vec![5; longest]));
        assert_eq!(encrypt(longest + 1), Err(KeystoreError::Pair(PairError::TooLong)));
        let moved = now(keystore.re_encrypt(ReEncryptRequest {
            source: Arc::clone(&key).into(),
            source_scheme: oaep(algorithm),
            ciphertext: ciphertext.clone(),
            destination: Arc::clone(&symmetric).into(),
            destination_scheme: Scheme::Symmetric(context(&[("a", "b")])),
        }))
        .expect("a symmetric ciphertext");
        let scheme = Scheme::Symmetric(context(&[("a", "b")]));
        assert_eq!(decrypt(&symmetric, scheme, &moved), Ok(vec![5; longest]));
        let refused = Err(KeystoreError::Pair(PairError::Refused));
        assert_eq!(decrypt(&key, oaep(algorithm), &ciphertext[1..]), refused);
    }
}

#[test]
fn both_sides_agree_and_encapsulations_open() {
    let keystore = SoftwareKeystore::new(&keyring());
    for spec in specs(KeyUsage::KeyAgreement) {
        let (one, other) = (made(&keystore, spec), made(&keystore, spec));
        let agree = |key: &Arc<KeyHandle>, peer: &KeyHandle| {
            let peer = peer.public_key.clone().expect("a public key");
            let secret = now(keystore.derive_shared_secret(DeriveSharedSecretRequest {
                key: anew(key).into(),
                peer,
            }));
            secret.expect("a secret").expose().to_vec()
        };
        assert_eq!(agree(&one, &other), agree(&other, &one), "{spec}");
    }
    for spec in specs(KeyUsage::EncapsulateDecapsulate) {
        let key = made(&keystore, spec);
        let made = now(keystore.encapsulate(Arc::clone(&key).into())).expect("a secret");
        let opened = now(keystore.decapsulate(DecapsulateRequest {
            key: anew(&key).into(),
            ciphertext: made.ciphertext,
        }));
        assert_eq!(
            opened.expect("the secret").expose(),
            made.shared_secret.expose(),
            "{spec}"
        );
    }
}

#[test]
fn data_key_pairs_come_in_both_forms_and_never_twice() {
    let keystore = SoftwareKeystore::new(&keyring());
    let key = new_key(&keystore, address());
    let specs = KeySpec::ALL.iter().copied();
    for spec in specs.filter(|spec| spec.is_data_key_pair() && spec.offered_in(Partition::Aws)) {
        let pair = || {
            let request = GenerateDataKeyPairRequest {
                key: Arc::clone(&key).into(),
                context: context(&[("a", "b")]),
                spec,
            };
            now(keystore.generate_data_key_pair(request)).expect("a pair")
        };
        let (one, other) = (pair(), pair());
        assert_ne!(one.public_key, other.public_key, "{spec}");
        let opened = crate::support::decrypt(&keystore, &key, &one.ciphertext).expect("the private key");
        assert_eq!(opened, one.private_key.expose(), "{spec}");
    }
}

/// RSA pairs that lie ready are given out once each.
#[test]
fn pairs_made_ahead_are_used_once() {
    let keystore = SoftwareKeystore::new(&keyring());
    let mut seen = Vec::new();
    for _ in 0..8 {
        let public_key = now(keystore.create(address(), KeySpec::Rsa2048))
            .expect("a key")
            .public_key;
        assert!(!seen.contains(&public_key), "a pair was given out twice");
        seen.push(public_key);
    }
}

#[test]
fn a_key_does_only_what_its_spec_allows() {
    let keystore = SoftwareKeystore::new(&keyring());
    let symmetric = new_key(&keystore, address());
    let mac = made(&keystore, KeySpec::Hmac256);
    let pair = made(&keystore, KeySpec::EccNistP256);
    let raw = || SignedMessage::Raw(b"message".to_vec());
    for key in [&symmetric, &mac] {
        assert_ne!(key.spec.key_type(), KeyType::Asymmetric);
        let wrong = KeystoreError::WrongSpec(key.spec);
        assert_eq!(sign(&keystore, key, SigningAlgorithm::EcdsaSha256, raw()), Err(wrong));
        assert_eq!(
            verify(&keystore, key, SigningAlgorithm::EcdsaSha256, raw(), &[0; 70]),
            Err(wrong)
        );
    }
    let request = MacRequest {
        key: Arc::clone(&pair).into(),
        algorithm: MacAlgorithm::HmacSha256,
        message: Secret::new(Vec::new()),
    };
    assert_eq!(
        now(keystore.generate_mac(request)),
        Err(KeystoreError::WrongSpec(pair.spec))
    );
    let wrong = Err(KeystoreError::Pair(PairError::WrongAlgorithm));
    assert_eq!(sign(&keystore, &pair, SigningAlgorithm::EcdsaSha384, raw()), wrong);
}

/// A private key that was altered in the store, or moved to another key, is noticed before it is used.
#[test]
fn altered_private_keys_are_refused() {
    let keystore = SoftwareKeystore::new(&keyring());
    let key = made(&keystore, KeySpec::EccNistP256);
    let raw = || SignedMessage::Raw(b"message".to_vec());
    let material = key.materials.get(&key.current).expect("the material").as_bytes();
    for place in [0, 1, 2, 40, material.len() - 1] {
        let mut bytes = material.to_vec();
        bytes[place] ^= 1;
        let mut altered = key.as_ref().clone();
        altered.materials = [(key.current, Wrapped::from(&*bytes))].into_iter().collect();
        let refused = sign(&keystore, &Arc::new(altered), SigningAlgorithm::EcdsaSha256, raw());
        assert!(
            matches!(refused, Err(KeystoreError::Wrapped(_))),
            "byte {place}: {refused:?}"
        );
    }
    let mut moved = key.as_ref().clone();
    moved.address.account = trent_names::AccountId::parse("444455556666").expect("an account");
    let refused = sign(&keystore, &Arc::new(moved), SigningAlgorithm::EcdsaSha256, raw());
    assert!(matches!(refused, Err(KeystoreError::Wrapped(_))));
}

/// Nobody reads a private key in what is stored.
#[test]
fn stored_private_keys_are_not_in_the_clear() {
    let keystore = SoftwareKeystore::new(&keyring());
    let key = new_key(&keystore, address());
    let request = GenerateDataKeyPairRequest {
        key: key.into(),
        context: context(&[]),
        spec: KeySpec::EccNistP256,
    };
    let pair = now(keystore.generate_data_key_pair(request)).expect("a pair");
    let private_key = PrivateKey::read(KeySpec::EccNistP256, &pair.private_key).expect("a private key");
    assert_eq!(private_key.public_key().as_deref(), Ok(pair.public_key.as_slice()));
    let scalar = &pair.private_key.expose()[36..68];
    assert!(!pair.ciphertext.windows(32).any(|window| window == scalar));
}
