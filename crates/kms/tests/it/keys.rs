//! Creating, describing, listing, switching and describing anew.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, ELSEWHERE, REGION, ROOT, STRANGER, Who, World, base64, key_arn, text};

/// KEY-146, KEY-23, KEY-31, KEY-36, KEY-362
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
    assert_eq!(
        world.ok("ListResourceTags", json!({ "KeyId": id })).await,
        json!({"Tags": [], "Truncated": false})
    );
    assert_eq!(
        world.ok("ListAliases", json!({ "KeyId": id })).await,
        json!({"Aliases": [], "Truncated": false})
    );
}

/// KEY-43, KEY-44, KEY-45, KEY-46, KEY-61
#[tokio::test]
async fn metadata_names_the_key_in_full_and_its_material() {
    let world = World::new().await;
    let id = world.key().await;
    world.clock.set(std::time::Duration::from_secs(1_800_000_000));
    let metadata = world.describe(&id).await;
    assert_eq!(metadata["KeyId"], json!(id));
    assert_eq!(metadata["Arn"], json!(key_arn(&id)));
    assert_eq!(metadata["AWSAccountId"], json!(ACCOUNT));
    assert_eq!(
        metadata["CreationDate"],
        json!(1_700_000_000.123),
        "the key's creation, not now"
    );
    let material = text(&metadata["CurrentKeyMaterialId"]);
    assert_eq!(material.len(), 64);
    assert!(
        material.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
        "{material}"
    );
}

/// KEY-47, KEY-48, KEY-49, KEY-50, KEY-51
#[tokio::test]
async fn members_that_always_apply_are_always_there() {
    let world = World::new().await;
    let id = world.key().await;
    for (operation, state, enabled) in [("DisableKey", "Disabled", false), ("EnableKey", "Enabled", true)] {
        world.ok(operation, json!({ "KeyId": id })).await;
        let metadata = world.describe(&id).await;
        assert_eq!(metadata["Enabled"], json!(enabled));
        assert_eq!(metadata["KeyState"], json!(state));
        assert_eq!(metadata["Description"], json!(""));
        assert_eq!(metadata["MultiRegion"], json!(false));
        assert_eq!(metadata["EncryptionAlgorithms"], json!(["SYMMETRIC_DEFAULT"]));
        for member in ["KeyUsage", "KeySpec", "CustomerMasterKeySpec", "Origin", "KeyManager"] {
            assert!(metadata[member].is_string(), "{member} in {metadata}");
        }
    }
}

/// KEY-62, KEY-63
#[tokio::test]
async fn metadata_omits_what_does_not_apply_and_what_belongs_to_other_operations() {
    let world = World::new().await;
    let id = world.key().await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": id}))
        .await;
    world
        .ok(
            "TagResource",
            json!({"KeyId": id, "Tags": [{"TagKey": "k", "TagValue": "v"}]}),
        )
        .await;
    let metadata = world.describe(&id).await;
    let members: Vec<_> = metadata
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        members,
        [
            "AWSAccountId",
            "Arn",
            "CreationDate",
            "CurrentKeyMaterialId",
            "CustomerMasterKeySpec",
            "Description",
            "Enabled",
            "EncryptionAlgorithms",
            "KeyId",
            "KeyManager",
            "KeySpec",
            "KeyState",
            "KeyUsage",
            "MultiRegion",
            "Origin",
        ]
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

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny"}}"#;

/// KEY-37, KEY-22
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
    let both = json!({"CustomerMasterKeySpec": "SYMMETRIC_DEFAULT", "KeySpec": "SYMMETRIC_DEFAULT"});
    assert_eq!(world.refused("CreateKey", both).await.code, "ValidationException");
}

/// KEY-40, KEY-149: row by row, a request and its refusal.
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
            json!({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}),
            unsupported("KeySpec RSA_2048"),
        ),
        (
            json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}),
            unsupported("KeySpec HMAC_256"),
        ),
        (json!({"MultiRegion": true}), unsupported("MultiRegion true")),
        (json!({"Origin": "EXTERNAL"}), unsupported("Origin EXTERNAL")),
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

/// KEY-1, KEY-30, KEY-42, KEY-150, KEY-316: what was chosen at creation is never changed by what can be changed later.
#[tokio::test]
async fn every_change_leaves_what_is_fixed_at_creation() {
    let world = World::new().await;
    let id = world.key().await;
    let before = world.describe(&id).await;
    let other = world.key().await;
    let changes = [
        ("DisableKey", json!({ "KeyId": id })),
        ("EnableKey", json!({ "KeyId": id })),
        ("UpdateKeyDescription", json!({"KeyId": id, "Description": "new"})),
        ("PutKeyPolicy", json!({"KeyId": id, "Policy": POLICY})),
        (
            "TagResource",
            json!({"KeyId": id, "Tags": [{"TagKey": "k", "TagValue": "v"}]}),
        ),
        ("UntagResource", json!({"KeyId": id, "TagKeys": ["k"]})),
        ("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": id})),
        ("UpdateAlias", json!({"AliasName": "alias/a", "TargetKeyId": other})),
        ("UpdateAlias", json!({"AliasName": "alias/a", "TargetKeyId": id})),
        ("DeleteAlias", json!({"AliasName": "alias/a"})),
        ("UpdateKeyDescription", json!({"KeyId": id, "Description": ""})),
    ];
    for (operation, request) in changes {
        assert_eq!(
            world.ok(operation, request).await,
            Value::Null,
            "{operation} answers nothing"
        );
    }
    assert_eq!(world.describe(&id).await, before);
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

/// KEY-363, KEY-364, KEY-372
#[tokio::test]
async fn a_key_is_switched_off_and_on_any_number_of_times() {
    let world = World::new().await;
    let id = world.key().await;
    let enabled = world.describe(&id).await;
    let mut disabled = enabled.clone();
    disabled["Enabled"] = json!(false);
    disabled["KeyState"] = json!("Disabled");
    let rows = [
        ("EnableKey", &enabled),
        ("DisableKey", &disabled),
        ("DisableKey", &disabled),
        ("EnableKey", &enabled),
    ];
    for (operation, expected) in rows {
        let named = if operation == "EnableKey" {
            key_arn(&id)
        } else {
            id.clone()
        };
        assert_eq!(world.ok(operation, json!({ "KeyId": named })).await, Value::Null);
        assert_eq!(world.describe(&id).await, *expected, "{operation}");
    }
    let missing = world.refused("DisableKey", json!({})).await;
    assert_eq!(missing.code, "ValidationException");
}

/// KEY-365, KEY-110: no cryptography with a disabled key, from the very next request on; everything else goes on.
#[tokio::test]
async fn a_disabled_key_is_looked_after_and_not_used() {
    let world = World::new().await;
    let id = world.key().await;
    let other = world.key().await;
    let ciphertext = world.encrypt(&id, b"x").await;
    let elsewhere = world.encrypt(&other, b"y").await;
    world.ok("DisableKey", json!({ "KeyId": id })).await;
    let message = format!("{} is disabled.", key_arn(&id));
    let uses = [
        ("Encrypt", json!({"KeyId": id, "Plaintext": base64(b"x")})),
        ("Decrypt", json!({ "CiphertextBlob": ciphertext })),
        ("Decrypt", json!({"CiphertextBlob": ciphertext, "KeyId": id})),
        (
            "ReEncrypt",
            json!({"CiphertextBlob": ciphertext, "DestinationKeyId": other}),
        ),
        (
            "ReEncrypt",
            json!({"CiphertextBlob": elsewhere, "DestinationKeyId": id}),
        ),
        ("GenerateDataKey", json!({"KeyId": id, "KeySpec": "AES_256"})),
        (
            "GenerateDataKeyWithoutPlaintext",
            json!({"KeyId": id, "KeySpec": "AES_256"}),
        ),
        (
            "GenerateDataKey",
            json!({"KeyId": id, "KeySpec": "AES_256", "DryRun": true}),
        ),
    ];
    for (operation, request) in uses {
        let refusal = world.refused(operation, request).await;
        assert_eq!(refusal.pair(), ("DisabledException", message.as_str()), "{operation}");
        assert_eq!(refusal.status, 400);
    }
    let management = [
        ("DescribeKey", json!({ "KeyId": id })),
        ("GetKeyPolicy", json!({ "KeyId": id })),
        ("PutKeyPolicy", json!({"KeyId": id, "Policy": POLICY})),
        ("ListKeyPolicies", json!({ "KeyId": id })),
        ("UpdateKeyDescription", json!({"KeyId": id, "Description": "off"})),
        (
            "TagResource",
            json!({"KeyId": id, "Tags": [{"TagKey": "k", "TagValue": "v"}]}),
        ),
        ("ListResourceTags", json!({ "KeyId": id })),
        ("UntagResource", json!({"KeyId": id, "TagKeys": ["k"]})),
        ("CreateAlias", json!({"AliasName": "alias/off", "TargetKeyId": id})),
        ("DeleteAlias", json!({"AliasName": "alias/off"})),
        ("EnableKey", json!({ "KeyId": id })),
    ];
    for (operation, request) in management {
        world.ok(operation, request).await;
    }
    assert_eq!(
        world.ok("Decrypt", json!({ "CiphertextBlob": ciphertext })).await["Plaintext"],
        json!(base64(b"x"))
    );
}

/// KEY-366
#[tokio::test]
async fn a_key_that_is_enabled_again_opens_what_it_encrypted_before() {
    let world = World::new().await;
    let id = world.key().await;
    let data_key = world
        .ok("GenerateDataKey", json!({"KeyId": id, "KeySpec": "AES_256"}))
        .await;
    let wrapped = &data_key["CiphertextBlob"];
    world.ok("DisableKey", json!({ "KeyId": id })).await;
    assert_eq!(
        world
            .refused("Decrypt", json!({ "CiphertextBlob": wrapped }))
            .await
            .code,
        "DisabledException"
    );
    world.ok("EnableKey", json!({ "KeyId": id })).await;
    let opened = world.ok("Decrypt", json!({ "CiphertextBlob": wrapped })).await;
    assert_eq!(opened["Plaintext"], data_key["Plaintext"]);
    assert_eq!(opened["KeyMaterialId"], data_key["KeyMaterialId"]);
}

/// KEY-323
#[tokio::test]
async fn a_description_is_replaced_and_cleared() {
    let world = World::new().await;
    let id = world.key().await;
    for description in ["first", "second", ""] {
        let request = json!({"KeyId": id, "Description": description});
        assert_eq!(world.ok("UpdateKeyDescription", request).await, Value::Null);
        assert_eq!(world.describe(&id).await["Description"], json!(description));
    }
    let absent = world.refused("UpdateKeyDescription", json!({ "KeyId": id })).await;
    assert_eq!(absent.code, "ValidationException");
    let long = json!({"KeyId": id, "Description": "x".repeat(8193)});
    assert_eq!(
        world.refused("UpdateKeyDescription", long).await.code,
        "ValidationException"
    );
    world
        .ok(
            "UpdateKeyDescription",
            json!({"KeyId": id, "Description": "x".repeat(8192)}),
        )
        .await;
}

/// KEY-309
#[tokio::test]
async fn a_listing_holds_the_accounts_keys_of_the_region_in_every_state_and_no_others() {
    let world = World::new().await;
    let (enabled, disabled) = (world.key().await, world.key().await);
    world.ok("DisableKey", json!({ "KeyId": disabled })).await;
    let managed = world.describe("alias/aws/s3").await;
    world.key_of(STRANGER).await;
    let elsewhere = Who {
        region: ELSEWHERE,
        ..ROOT
    };
    let abroad = world.key_of(elsewhere).await;

    let listed = world.ok("ListKeys", json!({})).await;
    let mut expected = [enabled, disabled, text(&managed["KeyId"]).to_owned()];
    expected.sort();
    let expected: Vec<_> = expected
        .iter()
        .map(|id| json!({"KeyId": id, "KeyArn": key_arn(id)}))
        .collect();
    assert_eq!(listed, json!({"Keys": expected, "Truncated": false}));

    let there = world.ok_as(elsewhere, "ListKeys", json!({})).await;
    assert_eq!(there["Keys"][0]["KeyId"], json!(abroad));
    assert_eq!(there["Keys"].as_array().map(Vec::len), Some(1));
    let shared = json!({"ResourceOwners": ["OTHER_ACCOUNTS_VIA_RAM"]});
    assert_eq!(
        world.ok("ListKeys", shared).await,
        json!({"Keys": [], "Truncated": false})
    );
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
    let seed = format!(
        r#"{{"keys": [{{"account": "{ACCOUNT}", "region": "{REGION}", "id": "{id}", "material": "{}"}}]}}"#,
        base64(&material),
        id = crate::world::NO_KEY,
    );
    crate::seed::apply(&world, &seed).await.expect("the seed applies");
    let id = crate::world::NO_KEY;
    let mut seen = String::new();
    for (operation, request) in [
        ("DescribeKey", json!({ "KeyId": id })),
        ("GetKeyPolicy", json!({ "KeyId": id })),
        ("ListKeys", json!({})),
        ("Encrypt", json!({"KeyId": id, "Plaintext": base64(b"x")})),
        ("GenerateDataKey", json!({"KeyId": id, "KeySpec": "AES_256"})),
    ] {
        seen.push_str(&world.ok(operation, request).await.to_string());
    }
    let refusal = world
        .refused("Decrypt", json!({"KeyId": id, "CiphertextBlob": base64(b"x")}))
        .await;
    seen.push_str(&format!("{refusal:?}"));
    seen.push_str(&Value::from(world.records().await).to_string());
    let hex: String = material.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!seen.contains(&base64(&material)) && !seen.to_lowercase().contains(&hex));
}
