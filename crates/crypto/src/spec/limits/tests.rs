use super::*;

/// SPK-112, SPK-113, SPK-114, SPK-115
#[test]
fn plaintexts_have_the_documented_limits() {
    use EncryptionAlgorithm::{RsaesOaepSha1, RsaesOaepSha256, Sm2Pke, SymmetricDefault};
    let limits = [
        (KeySpec::Rsa2048, RsaesOaepSha1, 214),
        (KeySpec::Rsa2048, RsaesOaepSha256, 190),
        (KeySpec::Rsa3072, RsaesOaepSha1, 342),
        (KeySpec::Rsa3072, RsaesOaepSha256, 318),
        (KeySpec::Rsa4096, RsaesOaepSha1, 470),
        (KeySpec::Rsa4096, RsaesOaepSha256, 446),
        (KeySpec::SymmetricDefault, SymmetricDefault, 4096),
        (KeySpec::Sm2, Sm2Pke, 1024),
    ];
    for &spec in KeySpec::ALL {
        for &algorithm in EncryptionAlgorithm::ALL {
            let limit = limits.iter().find(|(s, a, _)| (*s, *a) == (spec, algorithm));
            assert_eq!(
                algorithm.max_plaintext(spec),
                limit.map(|it| it.2),
                "{spec} {algorithm}"
            );
        }
    }
}

#[test]
fn each_signing_algorithm_takes_its_kinds_of_message() {
    use MessageKind::{Digest, ExternalMu, Raw};
    for &algorithm in SigningAlgorithm::ALL {
        let (kinds, digest): (&[MessageKind], _) = match algorithm.as_str() {
            "ED25519_SHA_512" => (&[Raw], None),
            "ED25519_PH_SHA_512" => (&[Digest], Some(64)),
            "ML_DSA_SHAKE_256" => (&[Raw, ExternalMu], None),
            "SM2DSA" => (&[Raw, Digest], Some(32)),
            name => {
                let bits: usize = name[name.len() - 3..].parse().expect("a hash function's name");
                (&[Raw, Digest], Some(bits / 8))
            }
        };
        for &kind in MessageKind::ALL {
            assert_eq!(algorithm.accepts(kind), kinds.contains(&kind), "{algorithm} {kind}");
        }
        assert_eq!(algorithm.digest_len(), digest, "{algorithm}");
    }
}

/// SPK-185, SPK-186, SPK-187, SPK-188
#[test]
fn hmac_keys_are_as_long_as_their_tags() {
    for &spec in KeySpec::ALL {
        let expected = match spec.as_str() {
            "HMAC_224" => Some((28, MacAlgorithm::HmacSha224)),
            "HMAC_256" => Some((32, MacAlgorithm::HmacSha256)),
            "HMAC_384" => Some((48, MacAlgorithm::HmacSha384)),
            "HMAC_512" => Some((64, MacAlgorithm::HmacSha512)),
            _ => None,
        };
        assert_eq!(spec.hmac_key_len(), expected.map(|it| it.0), "{spec}");
        if let Some((length, algorithm)) = expected {
            assert_eq!(algorithm.tag_len(), length, "{algorithm}");
            let algorithms = spec.algorithms(KeyUsage::GenerateVerifyMac);
            let only = |list: Algorithms| matches!(list, Algorithms::Mac([it]) if *it == algorithm);
            assert!(algorithms.is_some_and(only), "{spec}");
        }
    }
}

#[test]
fn data_key_pairs_are_of_the_specs_in_the_interface_model() {
    let pairs = "RSA_2048 RSA_3072 RSA_4096 ECC_NIST_P256 ECC_NIST_P384 ECC_NIST_P521 ECC_SECG_P256K1 SM2 \
                 ECC_NIST_EDWARDS25519 ML_KEM_512 ML_KEM_768 ML_KEM_1024";
    for &spec in KeySpec::ALL {
        let expected = pairs.split_whitespace().any(|name| name == spec.as_str());
        assert_eq!(spec.is_data_key_pair(), expected, "{spec}");
    }
}
