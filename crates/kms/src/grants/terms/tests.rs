use trent_crypto::spec::KeyUsage;
use trent_service::Catalogue as _;

use super::*;
use crate::Kms;
use crate::keys::fixture;
use crate::records::Origin;

fn pairs(text: &str) -> Option<BTreeMap<String, String>> {
    (!text.is_empty()).then(|| {
        text.split(' ')
            .map(|pair| pair.split_once('=').expect("a pair"))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    })
}

fn constraints(equals: &str, subset: &str) -> Constraints {
    Constraints {
        equals: pairs(equals),
        subset: pairs(subset),
        source_arn: None,
    }
}

/// The terms of a grant of nothing, under these constraints.
fn terms(equals: &str, subset: &str) -> Terms {
    Terms::of(&BTreeSet::new(), &constraints(equals, subset))
}

fn possible(spec: KeySpec, usage: KeyUsage) -> Vec<&'static str> {
    let key = fixture::key(spec, usage);
    let all = GrantOperation::ALL.iter();
    all.filter(|operation| is_possible(**operation, &key.record))
        .map(|operation| operation.as_str())
        .collect()
}

/// Every row of the table of valid operations, and every column.
///
/// POL-341, POL-345, POL-347, POL-350, POL-352
#[test]
fn symmetric_and_asymmetric_encryption_keys_have_their_operations() {
    assert_eq!(
        possible(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt),
        [
            "Decrypt",
            "Encrypt",
            "GenerateDataKey",
            "GenerateDataKeyWithoutPlaintext",
            "ReEncryptFrom",
            "ReEncryptTo",
            "CreateGrant",
            "RetireGrant",
            "DescribeKey",
            "GenerateDataKeyPair",
            "GenerateDataKeyPairWithoutPlaintext",
        ]
    );
    assert_eq!(
        possible(KeySpec::Rsa2048, KeyUsage::EncryptDecrypt),
        [
            "Decrypt",
            "Encrypt",
            "ReEncryptFrom",
            "ReEncryptTo",
            "GetPublicKey",
            "CreateGrant",
            "RetireGrant",
            "DescribeKey"
        ]
    );
}

/// POL-346, POL-348, POL-349, POL-353, POL-359
#[test]
fn a_key_in_a_custom_store_makes_no_key_pairs() {
    for origin in [Origin::AwsCloudhsm, Origin::ExternalKeyStore] {
        let key = fixture::with(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, |record| {
            record.origin = origin;
        });
        assert!(!is_possible(GrantOperation::GenerateDataKeyPair, &key.record));
        assert!(!is_possible(
            GrantOperation::GenerateDataKeyPairWithoutPlaintext,
            &key.record
        ));
        assert!(is_possible(GrantOperation::Encrypt, &key.record));
        assert!(is_possible(GrantOperation::ReEncryptTo, &key.record));
        assert!(!is_possible(GrantOperation::GetPublicKey, &key.record));
    }
}

/// POL-351, POL-354, POL-355, POL-356, POL-361
#[test]
fn signing_mac_and_agreement_keys_have_theirs() {
    let every = ["CreateGrant", "RetireGrant", "DescribeKey"];
    assert_eq!(
        possible(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac),
        [&every[..], &["GenerateMac", "VerifyMac"]].concat()
    );
    assert_eq!(
        possible(KeySpec::EccNistP256, KeyUsage::SignVerify),
        [&["Sign", "Verify", "GetPublicKey"], &every[..]].concat()
    );
    assert_eq!(
        possible(KeySpec::EccNistP256, KeyUsage::KeyAgreement),
        [&["GetPublicKey"], &every[..], &["DeriveSharedSecret"]].concat()
    );
}

/// POL-357, POL-358, POL-360, POL-387
#[test]
fn constraints_on_the_context_are_for_symmetric_keys() {
    let shared = BTreeSet::from([
        GrantOperation::CreateGrant,
        GrantOperation::DescribeKey,
        GrantOperation::RetireGrant,
    ]);
    for (spec, usage, accepted) in [
        (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, true),
        (KeySpec::Rsa2048, KeyUsage::EncryptDecrypt, false),
        (KeySpec::Hmac256, KeyUsage::GenerateVerifyMac, false),
        (KeySpec::EccNistP256, KeyUsage::SignVerify, false),
    ] {
        let key = fixture::key(spec, usage);
        assert!(check(&shared, &Constraints::default(), &key.record).is_ok());
        for constraints in [constraints("a=1", ""), constraints("", "a=1")] {
            assert_eq!(check(&shared, &constraints, &key.record).is_ok(), accepted, "{spec}");
        }
        let source = Constraints {
            source_arn: Some("arn:aws:s3:us-east-1:111122223333:x".to_owned()),
            ..Constraints::default()
        };
        assert!(check(&shared, &source, &key.record).is_ok(), "{spec}");
    }
}

/// POL-385, POL-386
#[test]
fn constraints_have_limits() {
    let key = fixture::key(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt);
    let fits = |pairs: BTreeMap<String, String>| {
        let constraints = Constraints {
            subset: Some(pairs),
            ..Constraints::default()
        };
        check(&BTreeSet::new(), &constraints, &key.record).is_ok()
    };
    let numbered = |count: usize| (0..count).map(|n| (n.to_string(), "v".to_owned())).collect();
    assert!(fits(numbered(8)));
    assert!(!fits(numbered(9)));
    let valued = |length: usize| BTreeMap::from([("k".to_owned(), "é".repeat(length))]);
    assert!(fits(valued(384)));
    assert!(!fits(valued(385)));
    let keyed = |length: usize| BTreeMap::from([("k".repeat(length), String::new())]);
    assert!(fits(keyed(8192)));
    assert!(!fits(keyed(8193)));
}

/// The guide's example, pair by pair.
///
/// POL-382, POL-383, POL-384, POL-392
#[test]
fn a_context_meets_constraints() {
    for (context, equals, subset) in [
        ("Department=IT", true, true),
        ("Department=IT Purpose=Test", false, true),
        ("department=IT", false, false),
        ("Department=it", false, false),
        ("", false, false),
    ] {
        let context = pairs(context);
        let context = context.as_ref();
        assert_eq!(terms("Department=IT", "").admit_context(context), equals, "{context:?}");
        assert_eq!(terms("", "Department=IT").admit_context(context), subset, "{context:?}");
        assert!(terms("", "").admit_context(context));
    }
    assert!(terms("a=1 b=2", "a=1").admit_context(pairs("b=2 a=1").as_ref()));
    assert!(!terms("a=1 b=2", "c=3").admit_context(pairs("b=2 a=1").as_ref()));
}

fn delegates(parent: (&str, &str), child: (&str, &str)) -> bool {
    terms(parent.0, parent.1).let_delegate(&terms(child.0, child.1))
}

/// POL-400, POL-401, POL-402, POL-403, POL-404
#[test]
fn a_subset_is_passed_on_as_a_larger_one() {
    for child in [("", ""), ("a=1", ""), ("", "a=1")] {
        assert!(delegates(("", ""), child));
    }
    let parent = ("", "a=1 b=2");
    for (child, kept) in [
        (("", "a=1 b=2"), true),
        (("", "a=1 b=2 c=3"), true),
        (("", "a=1"), false),
        (("", "a=1 b=3"), false),
        (("a=1 b=2", ""), true),
        (("a=1 b=2 c=3", ""), true),
        (("b=2", ""), false),
    ] {
        assert_eq!(delegates(parent, child), kept, "{child:?}");
    }
}

/// POL-405, POL-406, POL-407, POL-408, POL-409
#[test]
fn an_exact_context_is_passed_on_unchanged() {
    assert!(!delegates(("", "a=1"), ("", "")));
    let parent = ("a=1 b=2", "");
    for (child, kept) in [
        (("a=1 b=2", ""), true),
        (("a=1 b=2 c=3", ""), false),
        (("a=1", ""), false),
        (("a=1 b=3", ""), false),
        (("", "a=1 b=2"), false),
        (("", ""), false),
    ] {
        assert_eq!(delegates(parent, child), kept, "{child:?}");
    }
}

/// POL-395, POL-399
#[test]
fn operations_are_passed_on_if_the_parent_has_them() {
    use GrantOperation::{CreateGrant, Decrypt, GenerateDataKey, ReEncryptFrom};
    let terms =
        |operations: &[GrantOperation]| Terms::of(&operations.iter().copied().collect(), &Constraints::default());
    let parent = terms(&[Decrypt, GenerateDataKey, CreateGrant]);
    assert!(parent.let_delegate(&terms(&[Decrypt])));
    assert!(parent.let_delegate(&parent));
    assert!(!parent.let_delegate(&terms(&[Decrypt, ReEncryptFrom])));
}

#[test]
fn a_source_is_passed_on_unchanged() {
    let from = |arn: &str| {
        let constraints = Constraints {
            source_arn: Some(arn.to_owned()),
            ..Constraints::default()
        };
        Terms::of(&BTreeSet::new(), &constraints)
    };
    assert!(from("a").let_delegate(&from("a")));
    assert!(!from("a").let_delegate(&from("b")));
    assert!(!from("a").let_delegate(&terms("", "")));
    assert!(from("a").admit_source(Some("a")) && !from("a").admit_source(None));
    assert!(terms("", "").admit_source(None));
}

/// A grant can give exactly what the rows of the operations take the key for.
#[test]
fn grants_and_rows_take_the_same_keys() {
    let mut compared = 0;
    for entry in Kms::catalogue() {
        let Some(operation) = entry.row.grant.and_then(GrantOperation::parse) else {
            continue;
        };
        let (takes, origin) = needs(operation);
        let rules = &entry.row.rules;
        for spec in KeySpec::ALL {
            for usage in spec.usages() {
                let of_row = rules.takes.accepts(*spec, usage);
                assert_eq!(takes.accepts(*spec, usage), of_row, "{operation} {spec} {usage}");
            }
        }
        assert_eq!(origin, rules.origin, "{operation}");
        compared += 1;
    }
    // ReEncryptTo is the second permission of an operation that has its row under the first.
    assert_eq!(compared, GrantOperation::ALL.len() - 1);
    assert_eq!(needs(GrantOperation::ReEncryptTo), needs(GrantOperation::ReEncryptFrom));
}
