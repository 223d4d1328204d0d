//! Which kinds of keys there are, and which operation is for which of them: the requirements' tables against the rows of
//! the catalogue, creation, and management.

use std::collections::BTreeSet;

use serde_json::json;
use trent_crypto::spec::{KeySpec, KeyType, KeyUsage};
use trent_kms::Kms;
use trent_kms::records::Origin;
use trent_kms::rules::Rules;
use trent_service::{Catalogue, Row};

use crate::grants::user;
use crate::world::{OPEN, World, base64, key_arn, text};

/// The chapter that has the tables.
const CHAPTER: &str = include_str!("../../../../docs/spec/07-reference-security-quotas-integrations.md");

/// The cells of the chapter's rows from one id to another: the operations that a row is about, yes or no in its columns,
/// and its note.
fn table(ids: std::ops::RangeInclusive<u32>, columns: usize) -> Vec<(Vec<&'static str>, Vec<bool>, &'static str)> {
    let rows = CHAPTER.lines().filter_map(|line| {
        let cells: Vec<_> = line.strip_prefix("| REF-")?.split('|').map(str::trim).collect();
        let id = cells[0].split_once(' ')?.0.parse().ok()?;
        ids.contains(&id).then_some(cells)
    });
    let rows = rows.map(|cells| {
        let operations = cells[1].split(" (").next().expect("a split gives one piece at least");
        let marks = cells[2..2 + columns].iter().map(|cell| cell.starts_with('Y')).collect();
        (operations.split(", ").collect(), marks, cells[2 + columns])
    });
    rows.collect()
}

const ORIGINS: [Origin; 4] = [
    Origin::AwsKms,
    Origin::External,
    Origin::AwsCloudhsm,
    Origin::ExternalKeyStore,
];

fn row(operation: &str) -> &'static Row<Rules> {
    let entry = Kms::catalogue().iter().find(|entry| entry.row.name == operation);
    entry.unwrap_or_else(|| panic!("{operation} has no row")).row
}

/// Every pair of spec and usage that a key can have.
pub(crate) fn kinds() -> impl Iterator<Item = (KeySpec, KeyUsage)> {
    KeySpec::ALL
        .iter()
        .flat_map(|spec| spec.usages().map(move |usage| (*spec, usage)))
}

/// The column of the table for a key; none for the usages that came after it.
fn column(spec: KeySpec, usage: KeyUsage) -> Option<usize> {
    match (spec.key_type(), usage) {
        (KeyType::Symmetric, _) => Some(0),
        (KeyType::Hmac, _) => Some(1),
        (KeyType::Asymmetric, KeyUsage::EncryptDecrypt) => Some(2),
        (KeyType::Asymmetric, KeyUsage::SignVerify) => Some(3),
        (KeyType::Asymmetric, _) => None,
    }
}

/// Rows of operations that are not built are compared just the same.
///
/// REF-45
#[test]
fn rows_take_the_types_of_keys_that_the_table_says() {
    let rows = table(1..=44, 4);
    assert_eq!(rows.len(), 44);
    for (operations, marks, note) in rows {
        let rules = row(operations[0]).rules;
        for (spec, usage) in kinds() {
            if let Some(column) = column(spec, usage) {
                let accepted = rules.takes.accepts(spec, usage);
                assert_eq!(accepted, marks[column], "{operations:?} {spec} {usage}");
            }
        }
        let origins = ORIGINS.into_iter().filter(|origin| rules.origin.accepts(*origin));
        let origins: Vec<_> = origins.collect();
        match note {
            "only `Origin` = `EXTERNAL`" => assert_eq!(origins, [Origin::External], "{operations:?}"),
            "only `Origin` = `AWS_KMS`" => assert_eq!(origins, [Origin::AwsKms], "{operations:?}"),
            note if note.starts_with("not on keys in any custom key store") || note == "as above" => {
                assert_eq!(origins, [Origin::AwsKms, Origin::External], "{operations:?}");
            }
            _ => {}
        }
    }
}

/// Operations that are about no type of key have rows all the same; the usages that came later are extra columns.
///
/// REF-46, REF-47
#[test]
fn later_usages_have_their_operations_and_no_others() {
    for operation in [
        "ListKeys",
        "GenerateRandom",
        "CreateCustomKeyStore",
        "ConnectCustomKeyStore",
        "DescribeCustomKeyStores",
        "DisconnectCustomKeyStore",
        "UpdateCustomKeyStore",
        "DeleteCustomKeyStore",
    ] {
        assert_eq!(row(operation).rules, Rules::WITHOUT_KEY, "{operation}");
    }
    let taken = |usage: KeyUsage| -> BTreeSet<&str> {
        let cryptographic = Kms::catalogue()
            .iter()
            .map(|entry| entry.row)
            .filter(|row| kinds().any(|(spec, of)| !row.rules.takes.accepts(spec, of)));
        let taking = cryptographic.filter(|row| {
            let mut keys = kinds().filter(|(_, of)| *of == usage);
            keys.all(|(spec, usage)| row.rules.takes.accepts(spec, usage))
        });
        taking.map(|row| row.name).collect()
    };
    assert_eq!(
        taken(KeyUsage::KeyAgreement),
        BTreeSet::from(["DeriveSharedSecret", "GetPublicKey"])
    );
    assert_eq!(
        taken(KeyUsage::EncapsulateDecapsulate),
        BTreeSet::from(["Decapsulate", "Encapsulate", "GetPublicKey"])
    );
}

/// The second table: keys with imported material, and keys in a custom key store, which are symmetric encryption keys.
/// What it says of multi-Region keys and of their operations is left to those, and rotation on demand goes by today's
/// service.
#[test]
fn rows_take_the_origins_that_the_table_says() {
    let rows = table(48..=69, 3);
    assert_eq!(rows.len(), 22);
    let elsewhere = ["ReplicateKey", "UpdatePrimaryRegion", "RotateKeyOnDemand"];
    for (operations, marks, _) in rows {
        for operation in operations
            .into_iter()
            .filter(|operation| !elsewhere.contains(operation))
        {
            let rules = row(operation).rules;
            let imported = rules.origin.accepts(Origin::External);
            assert_eq!(imported, marks[1], "{operation} with imported material");
            let symmetric = rules.takes.accepts(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt);
            for origin in [Origin::AwsCloudhsm, Origin::ExternalKeyStore] {
                let stored = symmetric && rules.origin.accepts(origin);
                assert_eq!(stored, marks[2], "{operation} in a custom key store");
            }
        }
    }
}

/// What is done to a key without its material works with every type of key.
///
/// REF-2, REF-3, REF-4, REF-6, REF-8, REF-9, REF-11, REF-19
/// REF-24, REF-25, REF-26, REF-27, REF-28, REF-29, REF-32, REF-33, REF-36, REF-37, REF-39
#[tokio::test]
async fn every_type_of_key_in_every_operation_of_management() {
    let world = World::new().await;
    let policy = json!(OPEN);
    let bob = json!(user("bob"));
    for (at, (spec, usage, operation, impossible)) in [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "GenerateDataKey", "Sign"),
        ("HMAC_384", "GENERATE_VERIFY_MAC", "VerifyMac", "Encrypt"),
        ("RSA_2048", "ENCRYPT_DECRYPT", "ReEncryptTo", "GenerateDataKey"),
        ("ECC_NIST_P256", "SIGN_VERIFY", "Verify", "DeriveSharedSecret"),
        ("ECC_NIST_P256", "KEY_AGREEMENT", "DeriveSharedSecret", "Sign"),
        ("ML_KEM_768", "ENCAPSULATE_DECAPSULATE", "Decapsulate", "Decrypt"),
    ]
    .into_iter()
    .enumerate()
    {
        let key = world.key_for(spec, usage).await;
        let alias = format!("alias/managed-{at}");
        let grant = json!({"KeyId": key, "GranteePrincipal": bob, "RetiringPrincipal": bob, "Operations": [operation]});
        let refused = json!({"KeyId": key, "GranteePrincipal": bob, "Operations": [impossible]});
        let refused = world.refused("CreateGrant", refused).await;
        let said = format!(
            "Grant operation {impossible} is not supported for a key with key spec {spec} and key usage {usage}."
        );
        assert_eq!(refused.pair(), ("ValidationException", said.as_str()));
        let (first, _) = world.grant(grant.clone()).await;
        let (second, _) = world.grant(grant).await;
        let of_bob = world
            .ok("ListRetirableGrants", json!({ "RetiringPrincipal": bob }))
            .await;
        let of_bob = of_bob["Grants"].as_array().expect("a list");
        assert_eq!(
            of_bob
                .iter()
                .filter(|grant| grant["KeyId"] == json!(key_arn(&key)))
                .count(),
            2
        );
        let tag = json!([{"TagKey": "a", "TagValue": "b"}]);
        for (operation, request) in [
            ("CreateAlias", json!({"AliasName": alias, "TargetKeyId": key})),
            ("ListAliases", json!({ "KeyId": key })),
            ("DeleteAlias", json!({ "AliasName": alias })),
            ("DescribeKey", json!({ "KeyId": key })),
            ("UpdateKeyDescription", json!({"KeyId": key, "Description": "told"})),
            ("TagResource", json!({"KeyId": key, "Tags": tag})),
            ("ListResourceTags", json!({ "KeyId": key })),
            ("UntagResource", json!({"KeyId": key, "TagKeys": ["a"]})),
            ("GetKeyPolicy", json!({"KeyId": key, "PolicyName": "default"})),
            (
                "PutKeyPolicy",
                json!({"KeyId": key, "PolicyName": "default", "Policy": policy}),
            ),
            ("ListKeyPolicies", json!({ "KeyId": key })),
            ("ListGrants", json!({ "KeyId": key })),
            ("RetireGrant", json!({"KeyId": key_arn(&key), "GrantId": first})),
            ("RevokeGrant", json!({"KeyId": key, "GrantId": second})),
            ("DisableKey", json!({ "KeyId": key })),
            ("EnableKey", json!({ "KeyId": key })),
        ] {
            world.ok(operation, request).await;
        }
        let metadata = world.describe(&key).await;
        assert_eq!(
            (&metadata["KeySpec"], &metadata["Description"]),
            (&json!(spec), &json!("told"))
        );
    }
}

/// The usages of a spec, and the algorithms that each of them gives.
type Usages = &'static [(&'static str, &'static [&'static str])];

const RSA: Usages = &[
    ("ENCRYPT_DECRYPT", &["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]),
    (
        "SIGN_VERIFY",
        &[
            "RSASSA_PKCS1_V1_5_SHA_256",
            "RSASSA_PKCS1_V1_5_SHA_384",
            "RSASSA_PKCS1_V1_5_SHA_512",
            "RSASSA_PSS_SHA_256",
            "RSASSA_PSS_SHA_384",
            "RSASSA_PSS_SHA_512",
        ],
    ),
];
const ML_DSA: Usages = &[("SIGN_VERIFY", &["ML_DSA_SHAKE_256"])];
const ML_KEM: Usages = &[("ENCAPSULATE_DECAPSULATE", &["ML_KEM"])];

/// What can be created in Regions outside China.
const SPECS: &[(&str, Usages)] = &[
    ("SYMMETRIC_DEFAULT", &[("ENCRYPT_DECRYPT", &["SYMMETRIC_DEFAULT"])]),
    ("HMAC_224", &[("GENERATE_VERIFY_MAC", &["HMAC_SHA_224"])]),
    ("HMAC_256", &[("GENERATE_VERIFY_MAC", &["HMAC_SHA_256"])]),
    ("HMAC_384", &[("GENERATE_VERIFY_MAC", &["HMAC_SHA_384"])]),
    ("HMAC_512", &[("GENERATE_VERIFY_MAC", &["HMAC_SHA_512"])]),
    ("RSA_2048", RSA),
    ("RSA_3072", RSA),
    ("RSA_4096", RSA),
    (
        "ECC_NIST_P256",
        &[("SIGN_VERIFY", &["ECDSA_SHA_256"]), ("KEY_AGREEMENT", &["ECDH"])],
    ),
    (
        "ECC_NIST_P384",
        &[("SIGN_VERIFY", &["ECDSA_SHA_384"]), ("KEY_AGREEMENT", &["ECDH"])],
    ),
    (
        "ECC_NIST_P521",
        &[("SIGN_VERIFY", &["ECDSA_SHA_512"]), ("KEY_AGREEMENT", &["ECDH"])],
    ),
    ("ECC_SECG_P256K1", &[("SIGN_VERIFY", &["ECDSA_SHA_256"])]),
    (
        "ECC_NIST_EDWARDS25519",
        &[("SIGN_VERIFY", &["ED25519_SHA_512", "ED25519_PH_SHA_512"])],
    ),
    ("ML_DSA_44", ML_DSA),
    ("ML_DSA_65", ML_DSA),
    ("ML_DSA_87", ML_DSA),
    ("ML_KEM_512", ML_KEM),
    ("ML_KEM_768", ML_KEM),
    ("ML_KEM_1024", ML_KEM),
];

/// Every pair of spec and usage: those of the table are made, with the one list of algorithms that is theirs; of the
/// others nothing is.
///
/// SPK-19, SPK-20, SPK-21, SPK-22, SPK-24, SPK-25, SPK-50, SPK-58
/// SPK-34..SPK-39, SPK-40, SPK-41
/// SPK-42, SPK-43, SPK-44, SPK-47, SPK-55, KEY-55
#[tokio::test]
async fn every_spec_has_its_usages_and_algorithms() {
    let world = World::new().await;
    let mut made = 0;
    for (spec, usages) in SPECS {
        for usage in KeyUsage::ALL.iter().map(|usage| usage.as_str()) {
            let request = json!({"KeySpec": spec, "KeyUsage": usage});
            let Some((_, algorithms)) = usages.iter().find(|(of, _)| *of == usage) else {
                let refusal = world.refused("CreateKey", request).await;
                let said = format!("KeyUsage {usage} is not compatible with KeySpec {spec}");
                assert_eq!(refusal.pair(), ("ValidationException", said.as_str()));
                continue;
            };
            let metadata = world.ok("CreateKey", request).await["KeyMetadata"].take();
            assert_eq!(
                (&metadata["KeySpec"], &metadata["KeyUsage"]),
                (&json!(spec), &json!(usage))
            );
            let list = match usage {
                "ENCRYPT_DECRYPT" => "EncryptionAlgorithms",
                "SIGN_VERIFY" => "SigningAlgorithms",
                "GENERATE_VERIFY_MAC" => "MacAlgorithms",
                "KEY_AGREEMENT" => "KeyAgreementAlgorithms",
                _ => "EncapsulationAlgorithms",
            };
            assert_eq!(metadata[list], json!(algorithms));
            let lists = metadata.as_object().expect("an object").keys();
            assert_eq!(
                lists.filter(|name| name.ends_with("Algorithms")).count(),
                1,
                "{metadata}"
            );
            let names_its_material = metadata.get("CurrentKeyMaterialId").is_some();
            assert_eq!(names_its_material, *spec == "SYMMETRIC_DEFAULT");
            assert_eq!(world.describe(text(&metadata["KeyId"])).await, metadata);
            made += 1;
        }
    }
    let listed = world.ok("ListKeys", json!({})).await;
    assert_eq!(listed["Keys"].as_array().map(Vec::len), Some(made));
    assert_eq!(made, 25);
}

/// A key whose material is gone is refused for its type all the same: nobody looked for the material.
///
/// KEY-97
#[tokio::test]
async fn the_type_is_checked_before_the_material_is_touched() {
    let world = World::new().await;
    let sign = json!({"Message": base64(b"x"), "SigningAlgorithm": "RSASSA_PSS_SHA_256"});
    let mac = json!({"Message": base64(b"x"), "MacAlgorithm": "HMAC_SHA_256"});
    for (spec, usage, operation, mut request) in [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "Sign", sign.clone()),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "GenerateMac", mac.clone()),
        ("HMAC_512", "GENERATE_VERIFY_MAC", "GenerateMac", mac),
        (
            "HMAC_512",
            "GENERATE_VERIFY_MAC",
            "Encrypt",
            json!({"Plaintext": base64(b"x")}),
        ),
        ("ECC_NIST_P256", "SIGN_VERIFY", "Sign", sign),
        (
            "ECC_NIST_P256",
            "SIGN_VERIFY",
            "GenerateDataKey",
            json!({"KeySpec": "AES_256"}),
        ),
    ] {
        let key = world.key_for(spec, usage).await;
        world.alter(&key, |record| record.materials.clear()).await;
        request["KeyId"] = json!(key);
        assert_eq!(world.refused(operation, request).await.code, "InvalidKeyUsageException");
    }
}
