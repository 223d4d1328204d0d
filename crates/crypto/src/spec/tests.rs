use std::collections::BTreeSet;

use super::*;

/// Every pair of spec and usage that can exist, with its algorithms, written out once more by hand.
const PAIRS: &[(&str, &str, &str)] = &[
    ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"),
    ("RSA_2048", "ENCRYPT_DECRYPT", "RSAES_OAEP_SHA_1 RSAES_OAEP_SHA_256"),
    ("RSA_3072", "ENCRYPT_DECRYPT", "RSAES_OAEP_SHA_1 RSAES_OAEP_SHA_256"),
    ("RSA_4096", "ENCRYPT_DECRYPT", "RSAES_OAEP_SHA_1 RSAES_OAEP_SHA_256"),
    ("RSA_2048", "SIGN_VERIFY", RSA_SIGNATURES),
    ("RSA_3072", "SIGN_VERIFY", RSA_SIGNATURES),
    ("RSA_4096", "SIGN_VERIFY", RSA_SIGNATURES),
    ("ECC_NIST_P256", "SIGN_VERIFY", "ECDSA_SHA_256"),
    ("ECC_NIST_P384", "SIGN_VERIFY", "ECDSA_SHA_384"),
    ("ECC_NIST_P521", "SIGN_VERIFY", "ECDSA_SHA_512"),
    ("ECC_NIST_P256", "KEY_AGREEMENT", "ECDH"),
    ("ECC_NIST_P384", "KEY_AGREEMENT", "ECDH"),
    ("ECC_NIST_P521", "KEY_AGREEMENT", "ECDH"),
    ("ECC_SECG_P256K1", "SIGN_VERIFY", "ECDSA_SHA_256"),
    ("HMAC_224", "GENERATE_VERIFY_MAC", "HMAC_SHA_224"),
    ("HMAC_256", "GENERATE_VERIFY_MAC", "HMAC_SHA_256"),
    ("HMAC_384", "GENERATE_VERIFY_MAC", "HMAC_SHA_384"),
    ("HMAC_512", "GENERATE_VERIFY_MAC", "HMAC_SHA_512"),
    ("SM2", "ENCRYPT_DECRYPT", "SM2PKE"),
    ("SM2", "SIGN_VERIFY", "SM2DSA"),
    ("SM2", "KEY_AGREEMENT", "ECDH"),
    ("ML_DSA_44", "SIGN_VERIFY", "ML_DSA_SHAKE_256"),
    ("ML_DSA_65", "SIGN_VERIFY", "ML_DSA_SHAKE_256"),
    ("ML_DSA_87", "SIGN_VERIFY", "ML_DSA_SHAKE_256"),
    (
        "ECC_NIST_EDWARDS25519",
        "SIGN_VERIFY",
        "ED25519_SHA_512 ED25519_PH_SHA_512",
    ),
    ("ML_KEM_512", "ENCAPSULATE_DECAPSULATE", "ML_KEM"),
    ("ML_KEM_768", "ENCAPSULATE_DECAPSULATE", "ML_KEM"),
    ("ML_KEM_1024", "ENCAPSULATE_DECAPSULATE", "ML_KEM"),
];

const RSA_SIGNATURES: &str = "RSASSA_PKCS1_V1_5_SHA_256 RSASSA_PKCS1_V1_5_SHA_384 RSASSA_PKCS1_V1_5_SHA_512 \
                              RSASSA_PSS_SHA_256 RSASSA_PSS_SHA_384 RSASSA_PSS_SHA_512";

fn names(algorithms: Algorithms) -> String {
    let names: Vec<&str> = match algorithms {
        Algorithms::Encryption(list) => list.iter().map(|it| it.as_str()).collect(),
        Algorithms::Signing(list) => list.iter().map(|it| it.as_str()).collect(),
        Algorithms::Mac(list) => list.iter().map(|it| it.as_str()).collect(),
        Algorithms::KeyAgreement(list) => list.iter().map(|it| it.as_str()).collect(),
        Algorithms::Encapsulation(list) => list.iter().map(|it| it.as_str()).collect(),
    };
    names.join(" ")
}

#[test]
fn exactly_the_listed_pairs_exist() {
    for &spec in KeySpec::ALL {
        for &usage in KeyUsage::ALL {
            let expected = PAIRS
                .iter()
                .find(|(s, u, _)| (*s, *u) == (spec.as_str(), usage.as_str()))
                .map(|(_, _, algorithms)| (*algorithms).to_owned());
            assert_eq!(spec.algorithms(usage).map(names), expected, "{spec} {usage}");
        }
        let usages: Vec<KeyUsage> = spec.usages().collect();
        let distinct: BTreeSet<KeyUsage> = usages.iter().copied().collect();
        assert_eq!(usages.len(), distinct.len(), "{spec} lists a usage twice");
        assert!(usages.iter().all(|usage| spec.algorithms(*usage).is_some()));
    }
    assert_eq!(PAIRS.len(), KeySpec::ALL.iter().flat_map(|spec| spec.usages()).count());
}

/// KEY-23
#[test]
fn the_default_spec_is_symmetric_encryption() {
    let spec = KeySpec::DEFAULT;
    assert_eq!(spec.as_str(), "SYMMETRIC_DEFAULT");
    assert_eq!(spec.usages().collect::<Vec<_>>(), [KeyUsage::EncryptDecrypt]);
    let algorithms = spec.algorithms(KeyUsage::EncryptDecrypt).map(names);
    assert_eq!(algorithms.as_deref(), Some("SYMMETRIC_DEFAULT"));
}

#[test]
fn only_symmetric_encryption_keys_have_a_default_usage() {
    for &spec in KeySpec::ALL {
        let expected = (spec == KeySpec::SymmetricDefault).then_some(KeyUsage::EncryptDecrypt);
        assert_eq!(spec.default_usage(), expected, "{spec}");
    }
}

#[test]
fn types_follow_the_names() {
    for &spec in KeySpec::ALL {
        let expected = match spec.as_str() {
            "SYMMETRIC_DEFAULT" => KeyType::Symmetric,
            name if name.starts_with("HMAC_") => KeyType::Hmac,
            _ => KeyType::Asymmetric,
        };
        assert_eq!(spec.key_type(), expected, "{spec}");
    }
}

#[test]
fn every_name_parses_back_and_no_other_does() {
    for &spec in KeySpec::ALL {
        assert_eq!(KeySpec::parse(spec.as_str()), Some(spec));
        assert_eq!(format!("{spec:>25}"), format!("{:>25}", spec.as_str()));
    }
    for &usage in KeyUsage::ALL {
        assert_eq!(KeyUsage::parse(usage.as_str()), Some(usage));
    }
    for name in ["", "rsa_2048", "RSA_2048 ", "AES_256"] {
        assert_eq!(KeySpec::parse(name), None, "{name:?}");
    }
}

#[test]
fn some_specs_belong_to_some_partitions() {
    for &spec in KeySpec::ALL {
        let (china, elsewhere) = match spec {
            KeySpec::Sm2 => (true, false),
            KeySpec::MlKem512 | KeySpec::MlKem768 | KeySpec::MlKem1024 => (false, true),
            _ => (true, true),
        };
        for partition in Partition::ALL {
            let expected = if partition == Partition::AwsCn {
                china
            } else {
                elsewhere
            };
            assert_eq!(spec.offered_in(partition), expected, "{spec} in {partition}");
        }
    }
}

#[test]
fn recent_specs_have_no_older_name() {
    let recent = ["ML_DSA_", "ML_KEM_", "ECC_NIST_EDWARDS25519"];
    for &spec in KeySpec::ALL {
        let expected = !recent.iter().any(|prefix| spec.as_str().starts_with(prefix));
        assert_eq!(spec.is_customer_master_key_spec(), expected, "{spec}");
    }
}

/// SPK-548
#[test]
fn a_usage_is_to_be_chosen_for_rsa_sm2_and_the_curves_that_agree() {
    let with_a_choice = KeySpec::ALL.iter().filter(|spec| spec.usages().count() > 1);
    let names: Vec<_> = with_a_choice.map(|spec| spec.as_str()).collect();
    let mut expected = vec!["RSA_2048", "RSA_3072", "RSA_4096"];
    expected.extend(["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "SM2"]);
    assert_eq!(names, expected);
    // Whoever chooses none is told so, but for the one kind of key that has a default.
    for &spec in KeySpec::ALL {
        assert_eq!(
            spec.default_usage().is_some(),
            spec == KeySpec::SymmetricDefault,
            "{spec}"
        );
    }
}
