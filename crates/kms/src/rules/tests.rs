use trent_crypto::spec::{KeySpec, KeyUsage};

use super::{Naming, Origins, Rules, Takes};
use crate::keys::fixture;
use crate::records::Origin;
use crate::state::{KeyState, States};

/// Every pair of spec and usage that a key can have.
fn pairs() -> impl Iterator<Item = (KeySpec, KeyUsage)> {
    KeySpec::ALL
        .iter()
        .flat_map(|spec| spec.usages().map(move |usage| (*spec, usage)))
}

#[test]
fn each_kind_of_operation_takes_its_keys_and_no_others() {
    let taken = |takes: Takes| {
        let takes = move |&(spec, usage): &(KeySpec, KeyUsage)| {
            Rules::cryptographic(takes)
                .check("Operation", &fixture::key(spec, usage))
                .is_ok()
        };
        pairs().filter(takes).collect::<Vec<_>>()
    };
    let of_usage = |usage: KeyUsage| pairs().filter(|pair| pair.1 == usage).collect::<Vec<_>>();
    assert_eq!(taken(Takes::AnyKey), pairs().collect::<Vec<_>>());
    assert_eq!(
        taken(Takes::SymmetricEncryption),
        [(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt)]
    );
    for (takes, usage) in [
        (Takes::Encryption, KeyUsage::EncryptDecrypt),
        (Takes::Signing, KeyUsage::SignVerify),
        (Takes::Mac, KeyUsage::GenerateVerifyMac),
        (Takes::Agreement, KeyUsage::KeyAgreement),
        (Takes::Encapsulation, KeyUsage::EncapsulateDecapsulate),
    ] {
        assert_eq!(taken(takes), of_usage(usage), "{takes:?}");
    }
    let asymmetric = pairs().filter(|(_, usage)| *usage != KeyUsage::GenerateVerifyMac);
    let asymmetric = asymmetric.filter(|(spec, _)| *spec != KeySpec::SymmetricDefault);
    assert_eq!(taken(Takes::Asymmetric), asymmetric.collect::<Vec<_>>());
}

#[test]
fn the_refusal_names_key_usage_and_operation() {
    let key = fixture::key(KeySpec::Rsa2048, KeyUsage::SignVerify);
    let error = Rules::cryptographic(Takes::Encryption)
        .check("Encrypt", &key)
        .expect_err("it signs");
    assert_eq!(error.code, "InvalidKeyUsageException");
    let expected = format!("{} key usage is SIGN_VERIFY which is not valid for Encrypt.", key.arn);
    assert_eq!(error.message(), expected);
}

#[test]
fn origin_comes_before_state_and_state_before_usage() {
    let rules = Rules {
        naming: Naming::Key,
        takes: Takes::SymmetricEncryption,
        origin: Origins::Generated,
        states: States::InUse,
    };
    let wrong_usage = |origin, state| {
        fixture::with(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac, |record| {
            record.origin = origin;
            record.state = state;
        })
    };
    let rows = [
        (Origin::External, KeyState::Disabled, "UnsupportedOperationException"),
        (Origin::AwsKms, KeyState::Disabled, "DisabledException"),
        (Origin::AwsKms, KeyState::Enabled, "InvalidKeyUsageException"),
    ];
    for (origin, state, expected) in rows {
        let error = rules
            .check("RotateKey", &wrong_usage(origin, state))
            .expect_err(expected);
        assert_eq!(error.code, expected);
    }
    let imported = fixture::with(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, |record| {
        record.origin = Origin::External;
    });
    let error = rules.check("RotateKey", &imported).expect_err("it was imported");
    let expected = format!(
        "{} origin is EXTERNAL which is not valid for this operation.",
        imported.arn
    );
    assert_eq!(error.message(), expected);
}

/// What a type of key can never do is no question of its usage or state.
#[test]
fn what_a_type_of_key_has_not_is_unsupported() {
    let rows = [
        (Takes::Rotatable, KeySpec::Rsa2048, KeyUsage::SignVerify),
        (Takes::Rotatable, KeySpec::Hmac256, KeyUsage::GenerateVerifyMac),
        (Takes::Asymmetric, KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt),
        (Takes::Asymmetric, KeySpec::Hmac256, KeyUsage::GenerateVerifyMac),
    ];
    for (takes, spec, usage) in rows {
        let key = fixture::with(spec, usage, |record| record.state = KeyState::Disabled);
        let error = Rules::cryptographic(takes)
            .check("Operation", &key)
            .expect_err("its type");
        let expected = format!("{} key spec is {spec} which is not valid for Operation.", key.arn);
        assert_eq!(
            (error.code, error.message()),
            ("UnsupportedOperationException", expected.as_str())
        );
    }
}

#[test]
fn what_is_kept_here_is_in_no_custom_key_store() {
    let rules = Rules {
        origin: Origins::Kept,
        ..Rules::cryptographic(Takes::SymmetricEncryption)
    };
    for (origin, accepted) in [
        (Origin::AwsKms, true),
        (Origin::External, true),
        (Origin::AwsCloudhsm, false),
        (Origin::ExternalKeyStore, false),
    ] {
        let key = fixture::with(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, |record| {
            record.origin = origin;
        });
        let refusal = rules.check("Operation", &key).err().map(|error| error.code);
        assert_eq!(
            refusal,
            (!accepted).then_some("UnsupportedOperationException"),
            "{origin:?}"
        );
    }
}
