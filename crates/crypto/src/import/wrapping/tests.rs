use aws_lc_rs::rand;

use super::*;
use crate::spec::KeySpec;

fn secret(length: usize) -> Secret {
    let mut secret = Secret::zeroed(length);
    rand::fill(secret.expose_mut()).expect("random bytes");
    secret
}

fn aes() -> Key256 {
    Key256::from_slice(secret(32).expose()).expect("32 bytes")
}

fn pair(spec: WrappingKeySpec) -> (PrivateKey, Vec<u8>) {
    let key = PrivateKey::generate(spec.key_spec()).expect("a pair");
    let public = key.public_key().expect("its public key");
    (key, public)
}

fn wrapping(algorithm: WrappingAlgorithm, spec: WrappingKeySpec) -> Wrapping {
    Wrapping { algorithm, spec }
}

/// SPK-481, SPK-482, SPK-489
#[test]
fn direct_wrapping_takes_what_the_modulus_leaves() {
    use WrappingAlgorithm::{RsaesOaepSha1, RsaesOaepSha256};
    use WrappingKeySpec::{Rsa2048, Rsa3072, Rsa4096};

    for (spec, modulus, limits) in [
        (Rsa2048, 256, [214, 190]),
        (Rsa3072, 384, [342, 318]),
        (Rsa4096, 512, [470, 446]),
    ] {
        let (key, public) = pair(spec);
        for (algorithm, longest) in [RsaesOaepSha1, RsaesOaepSha256].into_iter().zip(limits) {
            let wrapping = wrapping(algorithm, spec);
            let material = secret(longest);
            let wrapped = wrap(wrapping, &public, &material, &aes()).expect("it fits");
            assert_eq!(wrapped.len(), modulus, "{algorithm} {spec}");
            assert!(
                unwrap(wrapping, &key, &wrapped).is_ok_and(|it| it == material),
                "{algorithm} {spec}"
            );
            let refused = wrap(wrapping, &public, &secret(longest + 1), &aes());
            assert_eq!(refused, Err(WrapError::TooLong), "{algorithm} {spec}");
        }
    }
}

/// SPK-483, SPK-484, SPK-485, SPK-486, SPK-487
#[test]
fn hybrid_wrapping_is_the_aes_key_and_then_the_padded_material() {
    let algorithms = [
        WrappingAlgorithm::RsaAesKeyWrapSha1,
        WrappingAlgorithm::RsaAesKeyWrapSha256,
    ];
    let (key, public) = pair(WrappingKeySpec::Rsa3072);
    for algorithm in algorithms {
        let wrapping = wrapping(algorithm, WrappingKeySpec::Rsa3072);
        let oaep = algorithm.encryption().expect("an algorithm");
        for (length, second) in [
            (1216, 1224),
            (241, 256),
            (28, 40),
            (32, 40),
            (48, 56),
            (64, 72),
            (1, 16),
        ] {
            let (material, aes) = (secret(length), aes());
            let wrapped = wrap(wrapping, &public, &material, &aes).expect("it wraps");
            assert_eq!(wrapped.len(), 384 + second, "{length} bytes");
            let first = key.decrypt(oaep, &wrapped[..384]).expect("the AES key");
            assert_eq!(first.expose(), aes.expose());
            assert!(
                unwrap(wrapping, &key, &wrapped).is_ok_and(|it| it == material),
                "{length} bytes"
            );
        }
        for length in [16, 24, 31, 33] {
            let first = pair::encrypt(KeySpec::Rsa3072, &public, oaep, secret(length).expose()).expect("it fits");
            let wrapped = [&first[..], &[0; 40]].concat();
            assert_eq!(
                unwrap(wrapping, &key, &wrapped).err(),
                Some(UnwrapError),
                "an AES key of {length} bytes"
            );
        }
        assert!(wrap(wrapping, &public, &secret(LONGEST), &aes()).is_ok());
        let refused = wrap(wrapping, &public, &secret(LONGEST + 1), &aes());
        assert_eq!(refused, Err(WrapError::TooLong));
    }
}

/// SPK-448, SPK-480
#[test]
fn what_was_wrapped_otherwise_does_not_unwrap() {
    use WrappingAlgorithm::{RsaAesKeyWrapSha1, RsaAesKeyWrapSha256, RsaesOaepSha1, RsaesOaepSha256};

    let all = [RsaesOaepSha1, RsaesOaepSha256, RsaAesKeyWrapSha1, RsaAesKeyWrapSha256];
    let spec = WrappingKeySpec::Rsa2048;
    let ((key, public), (other, _)) = (pair(spec), pair(spec));
    let material = secret(32);
    for algorithm in all {
        let wrapped = wrap(wrapping(algorithm, spec), &public, &material, &aes()).expect("it wraps");
        for &by in WrappingAlgorithm::ALL {
            let unwrapped = unwrap(wrapping(by, spec), &key, &wrapped);
            assert_eq!(unwrapped.is_ok(), by == algorithm, "{algorithm} as {by}");
        }
        assert!(unwrap(wrapping(algorithm, spec), &other, &wrapped).is_err());
        for place in [0, 100, wrapped.len() - 1] {
            let mut changed = wrapped.clone();
            changed[place] ^= 1;
            assert!(
                unwrap(wrapping(algorithm, spec), &key, &changed).is_err(),
                "{algorithm}, byte {place}"
            );
        }
        for length in [0, 1, 255, wrapped.len() - 1] {
            assert!(
                unwrap(wrapping(algorithm, spec), &key, &wrapped[..length]).is_err(),
                "{algorithm}, {length}"
            );
        }
        assert!(
            unwrap(wrapping(algorithm, spec), &key, &[&wrapped[..], &[0]].concat()).is_err(),
            "{algorithm}"
        );
    }
}

/// SPK-448, SPK-480
#[test]
fn what_sm2_wrapped_unwraps_by_its_algorithm_alone() {
    let (key, public) = pair(WrappingKeySpec::Sm2);
    let by = |algorithm| wrapping(algorithm, WrappingKeySpec::Sm2);
    let wrapped = wrap(by(WrappingAlgorithm::Sm2Pke), &public, &secret(32), &aes()).expect("it wraps");
    for &algorithm in WrappingAlgorithm::ALL {
        let unwrapped = unwrap(by(algorithm), &key, &wrapped);
        assert_eq!(unwrapped.is_ok(), algorithm == WrappingAlgorithm::Sm2Pke, "{algorithm}");
    }
}

/// SPK-465, SPK-477, SPK-490
#[test]
fn sm2_wraps_an_rsa_key_of_4096_bits() {
    let wrapping = wrapping(WrappingAlgorithm::Sm2Pke, WrappingKeySpec::Sm2);
    let (key, public) = pair(wrapping.spec);
    let material = PrivateKey::generate(KeySpec::Rsa4096)
        .expect("a pair")
        .to_pkcs8()
        .expect("PKCS#8");
    assert!(material.len() > 2300);
    let wrapped = wrap(wrapping, &public, &material, &aes()).expect("it wraps");
    assert_eq!(wrapped[0], 0x30, "a SEQUENCE");
    assert!(unwrap(wrapping, &key, &wrapped).is_ok_and(|it| it == material));
    let refused = wrap(wrapping, &public, &secret(LONGEST + 1), &aes());
    assert_eq!(refused, Err(WrapError::TooLong));
}

/// SPK-466
#[test]
fn what_does_not_go_together_wraps_nothing() {
    let (_, public) = pair(WrappingKeySpec::Rsa2048);
    for (algorithm, spec) in [
        (WrappingAlgorithm::RsaesPkcs1V15, WrappingKeySpec::Rsa2048),
        (WrappingAlgorithm::Sm2Pke, WrappingKeySpec::Rsa2048),
        (WrappingAlgorithm::RsaesOaepSha256, WrappingKeySpec::Sm2),
        (WrappingAlgorithm::RsaAesKeyWrapSha256, WrappingKeySpec::Sm2),
    ] {
        let wrapping = wrapping(algorithm, spec);
        let refused = wrap(wrapping, &public, &secret(32), &aes());
        assert_eq!(refused, Err(WrapError::Combination(wrapping)));
    }
    let wrapping = wrapping(WrappingAlgorithm::RsaesOaepSha256, WrappingKeySpec::Rsa4096);
    let refused = wrap(wrapping, &public, &secret(32), &aes());
    assert_eq!(refused, Err(WrapError::PublicKey(WrappingKeySpec::Rsa4096)));
}
