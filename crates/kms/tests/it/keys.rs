//! Describing, listing, switching and describing anew.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, ELSEWHERE, ROOT, STRANGER, USER, Who, World, base64, key_arn, text};

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"}}"#;

/// KEY-43, KEY-44, KEY-45, KEY-46, KEY-61
#[tokio::test]
async fn metadata_names_the_key_in_full_and_its_material() {
    let world = World::new().await;
    let id = world.key().await;
    world.clock.set(std::time::Duration::from_hours(500_000));
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

/// KEY-1, KEY-30, KEY-42, KEY-150, KEY-316: what was chosen at creation is never changed by what can be changed later.
#[tokio::test]
async fn every_change_leaves_what_is_fixed_at_creation() {
    let world = World::new().await;
    let id = world.key().await;
    let before = world.describe(&id).await;
    assert_eq!(
        (&before["KeySpec"], &before["KeyUsage"], &before["EncryptionAlgorithms"]),
        (
            &json!("SYMMETRIC_DEFAULT"),
            &json!("ENCRYPT_DECRYPT"),
            &json!(["SYMMETRIC_DEFAULT"])
        )
    );
    let other = world.key().await;
    world.clock.set(std::time::Duration::from_hours(500_000));
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

/// Everything that there is to do with an own key, and a record of each of it.
///
/// KEY-9
#[tokio::test]
async fn a_customer_managed_key_is_its_accounts_in_every_respect() {
    let world = World::new().await;
    let id = world.key().await;
    let alice = Who {
        iam: Some("kms:Encrypt"),
        ..USER
    };
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"}]});
    let encrypt = json!({"KeyId": id, "Plaintext": base64(b"x")});
    world
        .ok("PutKeyPolicy", json!({"KeyId": id, "Policy": policy.to_string()}))
        .await;
    let sealed = world.ok_as(alice, "Encrypt", encrypt.clone()).await["CiphertextBlob"].take();
    let decrypt = json!({ "CiphertextBlob": sealed });
    let denied = world.refused_as(alice, "Decrypt", decrypt.clone()).await;
    assert_eq!(denied.code, "AccessDeniedException", "the IAM policy does not say so");
    let grant = json!({"KeyId": id, "GranteePrincipal": crate::grants::user("alice"), "Operations": ["Decrypt"]});
    let grant = world.ok("CreateGrant", grant).await["GrantId"].take();
    let opened = world.ok_as(alice, "Decrypt", decrypt.clone()).await;
    assert_eq!(opened["Plaintext"], json!(base64(b"x")));
    let done = [
        ("RevokeGrant", json!({"GrantId": grant})),
        ("CreateAlias", json!({"AliasName": "alias/own"})),
        ("TagResource", json!({"Tags": [{"TagKey": "k", "TagValue": "v"}]})),
        ("EnableKeyRotation", json!({"RotationPeriodInDays": 100})),
        ("RotateKeyOnDemand", json!({})),
        ("DisableKey", json!({})),
        ("EnableKey", json!({})),
        ("ScheduleKeyDeletion", json!({"PendingWindowInDays": 7})),
        ("CancelKeyDeletion", json!({})),
    ];
    for (operation, mut request) in done {
        let member = if operation == "CreateAlias" {
            "TargetKeyId"
        } else {
            "KeyId"
        };
        request[member] = json!(id);
        world.ok(operation, request).await;
        let record = world.last_record(operation).await;
        let resources = record["resources"].as_array().expect("a list");
        assert!(
            resources.iter().any(|it| it["ARN"] == json!(key_arn(&id))),
            "{operation}"
        );
    }
    for operation in ["Encrypt", "Decrypt", "PutKeyPolicy"] {
        let record = world.last_record(operation).await;
        assert!(record.get("errorCode").is_none(), "{operation}");
        assert_eq!(record["resources"][0]["ARN"], json!(key_arn(&id)), "{operation}");
    }
    let used = world.last_record("Encrypt").await;
    assert_eq!(used["userIdentity"]["arn"], json!(crate::grants::user("alice")));
}
