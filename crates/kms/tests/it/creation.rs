//! Making keys: the defaults, what may be chosen, and what is refused.

use serde_json::{Value, json};
use trent_crypto::MaterialId;

use crate::world::{ACCOUNT, NO_KEY, REGION, World, base64, key_arn, text};

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"}}"#;

/// KEY-146, KEY-23, KEY-31, KEY-36, KEY-362
/// SPK-1, SPK-100, SPK-166
#[tokio::test]
async fn a_key_made_with_nothing_said_has_every_default() {
    let world = World::new().await;
    let made = world.ok("CreateKey", json!({})).await;
    let metadata = &made["KeyMetadata"];
    let id = text(&metadata["KeyId"]);
    let material = text(&metadata["CurrentKeyMaterialId"]);
    assert_eq!(
        *metadata,
        json!({
            "AWSAccountId": ACCOUNT,
            "KeyId": id,
            "Arn": key_arn(id),
            "CreationDate": 1_700_000_000.123,
            "Enabled": true,
            "Description": "",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "KeyState": "Enabled",
            "Origin": "AWS_KMS",
            "KeyManager": "CUSTOMER",
            "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
            "MultiRegion": false,
            "CurrentKeyMaterialId": material,
        })
    );
    assert_eq!(world.describe(id).await, *metadata);
    assert_eq!(
        world.ok("ListResourceTags", json!({ "KeyId": id })).await,
        json!({"Tags": [], "Truncated": false})
    );
    assert_eq!(
        world.ok("ListAliases", json!({ "KeyId": id })).await,
        json!({"Aliases": [], "Truncated": false})
    );
}

/// KEY-147, KEY-334, KEY-151
#[tokio::test]
async fn a_key_is_made_with_its_tags_and_the_reply_does_not_show_them() {
    let world = World::new().await;
    let tags = json!([{"TagKey": "team", "TagValue": "payments"}, {"TagKey": "empty", "TagValue": ""}]);
    let made = world
        .ok(
            "CreateKey",
            json!({"Tags": tags, "Description": "orders", "Policy": POLICY}),
        )
        .await;
    assert_eq!(made.as_object().map(serde_json::Map::len), Some(1), "{made}");
    let metadata = &made["KeyMetadata"];
    assert_eq!(metadata["Description"], "orders");
    assert!(
        metadata.get("Tags").is_none() && metadata.get("Policy").is_none(),
        "{metadata}"
    );
    let id = text(&metadata["KeyId"]);
    let listed = world.ok("ListResourceTags", json!({ "KeyId": id })).await;
    assert_eq!(
        listed["Tags"],
        json!([{"TagKey": "empty", "TagValue": ""}, {"TagKey": "team", "TagValue": "payments"}])
    );
    let aliases = world.ok("ListAliases", json!({ "KeyId": id })).await;
    assert_eq!(aliases["Aliases"], json!([]));
}

/// KEY-37, KEY-22, SPK-48, SPK-49
#[tokio::test]
async fn the_older_name_of_the_key_spec_means_the_same() {
    let world = World::new().await;
    let made = world
        .ok("CreateKey", json!({"CustomerMasterKeySpec": "SYMMETRIC_DEFAULT"}))
        .await;
    let id = text(&made["KeyMetadata"]["KeyId"]);
    for metadata in [&made["KeyMetadata"], &world.describe(id).await] {
        assert_eq!(metadata["KeySpec"], "SYMMETRIC_DEFAULT");
        assert_eq!(metadata["CustomerMasterKeySpec"], "SYMMETRIC_DEFAULT");
    }
    for (spec, usage) in [("ECC_NIST_P256", "SIGN_VERIFY"), ("HMAC_256", "GENERATE_VERIFY_MAC")] {
        let by_old_name = world
            .ok("CreateKey", json!({"CustomerMasterKeySpec": spec, "KeyUsage": usage}))
            .await;
        assert_eq!(by_old_name["KeyMetadata"]["KeySpec"], spec);
        assert_eq!(by_old_name["KeyMetadata"]["CustomerMasterKeySpec"], spec);
        let by_old_name = world
            .refused("CreateKey", json!({ "CustomerMasterKeySpec": spec }))
            .await;
        let by_new_name = world.refused("CreateKey", json!({ "KeySpec": spec })).await;
        assert_eq!(by_old_name.pair(), by_new_name.pair(), "{spec}");
    }
    let both = json!({"CustomerMasterKeySpec": "SYMMETRIC_DEFAULT", "KeySpec": "SYMMETRIC_DEFAULT"});
    assert_eq!(world.refused("CreateKey", both).await.code, "ValidationException");
}

/// KEY-40, KEY-149, SPK-26, SPK-52, SPK-179: row by row, a request and its refusal.
#[tokio::test]
async fn what_cannot_be_made_is_refused_and_nothing_is_left_behind() {
    let world = World::new().await;
    let unsupported = |what: &str| {
        (
            "UnsupportedOperationException",
            format!("{what} is not supported in this Region."),
        )
    };
    let invalid = |what: &str| ("ValidationException", what.to_owned());
    let rows: Vec<(Value, (&str, String))> = vec![
        (
            json!({"KeySpec": "RSA_2048"}),
            invalid("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."),
        ),
        (
            json!({"KeySpec": "HMAC_256"}),
            invalid("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."),
        ),
        (
            json!({"KeySpec": "RSA_2048", "KeyUsage": "KEY_AGREEMENT"}),
            invalid("KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048"),
        ),
        (
            json!({"KeyUsage": "SIGN_VERIFY"}),
            invalid("KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT"),
        ),
        (
            json!({"KeySpec": "SM2", "KeyUsage": "SIGN_VERIFY"}),
            unsupported("KeySpec SM2"),
        ),
        (
            json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC", "Origin": "AWS_CLOUDHSM",
                   "CustomKeyStoreId": "cks-1"}),
            (
                "UnsupportedOperationException",
                "KeySpec HMAC_256 is not supported in a custom key store.".to_owned(),
            ),
        ),
        (
            json!({"Origin": "EXTERNAL", "KeySpec": "ML_DSA_44", "KeyUsage": "SIGN_VERIFY"}),
            unsupported("Origin EXTERNAL with KeySpec ML_DSA_44"),
        ),
        (
            json!({"Origin": "EXTERNAL", "KeySpec": "ECC_NIST_EDWARDS25519", "KeyUsage": "SIGN_VERIFY"}),
            unsupported("Origin EXTERNAL with KeySpec ECC_NIST_EDWARDS25519"),
        ),
        (
            json!({"Origin": "AWS_CLOUDHSM"}),
            invalid("Origin AWS_CLOUDHSM requires a CustomKeyStoreId"),
        ),
        (
            json!({"Origin": "EXTERNAL_KEY_STORE", "CustomKeyStoreId": "cks-1"}),
            invalid("Origin EXTERNAL_KEY_STORE requires an XksKeyId"),
        ),
        (
            json!({"XksKeyId": "x"}),
            invalid("XksKeyId cannot be used with Origin AWS_KMS"),
        ),
        (
            json!({"CustomKeyStoreId": "cks-1"}),
            invalid("CustomKeyStoreId cannot be used with Origin AWS_KMS"),
        ),
        (
            json!({"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-1"}),
            (
                "CustomKeyStoreNotFoundException",
                "Custom key store cks-1 does not exist.".to_owned(),
            ),
        ),
    ];
    for (request, (code, message)) in rows {
        let refusal = world.refused("CreateKey", request.clone()).await;
        assert_eq!(refusal.pair(), (code, message.as_str()), "{request}");
    }
    let unknown = world.refused("CreateKey", json!({"KeySpec": "AES_512"})).await;
    let message = unknown.message.unwrap_or_default();
    assert!(
        message.starts_with("1 validation error detected: Value 'AES_512' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: ["),
        "{message}"
    );
    assert_eq!(world.ok("ListKeys", json!({})).await["Keys"], json!([]));
}

/// Custom key stores are for symmetric encryption keys of one Region; of others it is not even asked which store.
///
/// REF-75, MON-397
#[tokio::test]
async fn no_other_key_is_made_in_a_custom_key_store() {
    let world = World::new().await;
    for (spec, usage) in [
        ("HMAC_224", "GENERATE_VERIFY_MAC"),
        ("RSA_2048", "ENCRYPT_DECRYPT"),
        ("ECC_NIST_P256", "SIGN_VERIFY"),
        ("ECC_NIST_P256", "KEY_AGREEMENT"),
        ("ML_KEM_512", "ENCAPSULATE_DECAPSULATE"),
    ] {
        for origin in ["AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"] {
            let mut request =
                json!({"KeySpec": spec, "KeyUsage": usage, "Origin": origin, "CustomKeyStoreId": "cks-1"});
            if origin == "EXTERNAL_KEY_STORE" {
                request["XksKeyId"] = json!("key-1");
            }
            let refusal = world.refused("CreateKey", request).await;
            let said = format!("KeySpec {spec} is not supported in a custom key store.");
            assert_eq!(refusal.pair(), ("UnsupportedOperationException", said.as_str()));
        }
    }
    let multi_region = json!({"MultiRegion": true, "Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-1"});
    let refusal = world.refused("CreateKey", multi_region).await;
    let said = "Multi-Region keys are not supported in a custom key store.";
    assert_eq!(refusal.pair(), ("UnsupportedOperationException", said));
}

/// KEY-152, KEY-362
#[tokio::test]
async fn a_new_key_works_at_once() {
    let world = World::new().await;
    let id = world.key().await;
    let ciphertext = world.encrypt(&id, b"at once").await;
    let opened = world.ok("Decrypt", json!({ "CiphertextBlob": ciphertext })).await;
    assert_eq!(opened["Plaintext"], json!(base64(b"at once")));
}

/// KEY-64, KEY-65, KEY-67, KEY-70
#[tokio::test]
async fn key_ids_are_random_and_arns_are_made_from_them() {
    let world = World::new().await;
    let (first, second) = (world.key().await, world.key().await);
    assert_ne!(first, second);
    for id in [&first, &second] {
        let groups: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12], "{id}");
        assert!(
            id.bytes()
                .all(|b| b == b'-' || b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        );
        let arn = format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{id}");
        assert_eq!(world.describe(id).await["Arn"], json!(arn));
    }
}

/// KEY-2: nothing that the service answers or records holds a key's material, in any encoding that it uses.
#[tokio::test]
async fn material_leaves_neither_in_replies_nor_in_records() {
    let world = World::new().await;
    let material: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 7 % 251).expect("below 251"));
    let file = format!(
        r#"{{"keys": [{{"account": "{ACCOUNT}", "id": "{NO_KEY}", "material": "{}"}}]}}"#,
        base64(&material)
    );
    crate::seed::apply(&world, &file).await.expect("the seed applies");
    let mut said = Vec::new();
    for (operation, request) in [
        ("DescribeKey", json!({ "KeyId": NO_KEY })),
        ("GetKeyPolicy", json!({ "KeyId": NO_KEY })),
        ("ListKeys", json!({})),
        ("Encrypt", json!({"KeyId": NO_KEY, "Plaintext": base64(b"x")})),
        ("GenerateDataKey", json!({"KeyId": NO_KEY, "KeySpec": "AES_256"})),
    ] {
        said.push(world.ok(operation, request).await.to_string());
    }
    let refusal = world
        .refused("Decrypt", json!({"KeyId": NO_KEY, "CiphertextBlob": base64(b"x")}))
        .await;
    said.push(format!("{refusal:?}"));
    said.push(Value::from(world.records().await).to_string());
    let hex = MaterialId(material).to_string();
    for text in said {
        assert!(
            !text.contains(&base64(&material)) && !text.to_lowercase().contains(&hex),
            "{text}"
        );
    }
}
