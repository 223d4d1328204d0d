//! Who gets in by the policy that every key begins with: the owning account's root user and nobody else.

use serde_json::{Value, json};

use crate::world::{OTHER, REGION, STRANGER, USER, World, base64, key_arn};

/// Every operation, on a key that is there, with a request that its owner could make.
fn requests(key: &str, blob: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("CreateKey", json!({})),
        ("DescribeKey", json!({ "KeyId": key })),
        ("ListKeys", json!({})),
        ("EnableKey", json!({ "KeyId": key })),
        ("DisableKey", json!({ "KeyId": key })),
        ("UpdateKeyDescription", json!({"KeyId": key, "Description": "d"})),
        ("CreateAlias", json!({"AliasName": "alias/b", "TargetKeyId": key})),
        ("UpdateAlias", json!({"AliasName": "alias/a", "TargetKeyId": key})),
        ("DeleteAlias", json!({"AliasName": "alias/a"})),
        ("ListAliases", json!({})),
        (
            "TagResource",
            json!({"KeyId": key, "Tags": [{"TagKey": "k", "TagValue": "v"}]}),
        ),
        ("UntagResource", json!({"KeyId": key, "TagKeys": ["k"]})),
        ("ListResourceTags", json!({ "KeyId": key })),
        ("GetKeyPolicy", json!({ "KeyId": key })),
        ("PutKeyPolicy", json!({"KeyId": key, "Policy": "not JSON"})),
        ("ListKeyPolicies", json!({ "KeyId": key })),
        ("Encrypt", json!({"KeyId": key, "Plaintext": base64(b"x")})),
        ("Decrypt", json!({ "CiphertextBlob": blob })),
        ("Decrypt", json!({"CiphertextBlob": blob, "KeyId": key})),
        ("ReEncrypt", json!({"CiphertextBlob": blob, "DestinationKeyId": key})),
        ("GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256"})),
        (
            "GenerateDataKeyWithoutPlaintext",
            json!({"KeyId": key, "KeySpec": "AES_256"}),
        ),
        ("GenerateRandom", json!({"NumberOfBytes": 8})),
    ]
}

/// A user without permissions is denied everything, in the same words whatever the key's state: what is wrong with a
/// request beyond its form is found out after its caller.
#[tokio::test]
async fn a_user_without_permissions_is_denied_before_anything_is_told() {
    let world = World::new().await;
    let key = world.key().await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": key}))
        .await;
    let blob = world.encrypt(&key, b"x").await;
    let mut answers = Vec::new();
    for state in ["EnableKey", "DisableKey"] {
        world.ok(state, json!({ "KeyId": key })).await;
        for (operation, request) in requests(&key, &blob) {
            let refusal = world.refused_as(USER, operation, request).await;
            assert_eq!(refusal.code, "AccessDeniedException", "{operation}");
            answers.push(refusal.message);
        }
    }
    let half = answers.len() / 2;
    assert_eq!(answers[..half], answers[half..], "the state makes no difference");
}

/// Another account's root user reaches nothing by ARN, and its ciphertexts open nothing here.
#[tokio::test]
async fn another_account_reaches_nothing() {
    let world = World::new().await;
    let key = world.key().await;
    let blob = world.encrypt(&key, b"x").await;
    let by_arn = requests(&key_arn(&key), &blob);
    let named = by_arn
        .into_iter()
        .filter(|(_, request)| request.to_string().contains(&key) || request.get("CiphertextBlob").is_some());
    for (operation, request) in named.filter(|(operation, _)| !operation.ends_with("Alias")) {
        let refusal = world.refused_as(STRANGER, operation, request).await;
        assert_eq!(refusal.code, "AccessDeniedException", "{operation}");
    }
    let refusal = world
        .refused_as(
            STRANGER,
            "CreateAlias",
            json!({"AliasName": "alias/x", "TargetKeyId": key_arn(&key)}),
        )
        .await;
    assert_eq!(refusal.code, "AccessDeniedException");
    let own = world.key_of(STRANGER).await;
    let stolen = json!({"CiphertextBlob": blob, "DestinationKeyId": format!("arn:aws:kms:{REGION}:{OTHER}:key/{own}")});
    assert_eq!(
        world.refused_as(STRANGER, "ReEncrypt", stolen).await.code,
        "AccessDeniedException"
    );
}

/// What is known but not built answers as an unknown operation, to everybody.
#[tokio::test]
async fn operations_that_are_not_built_are_unknown() {
    use trent_service::Catalogue as _;
    let world = World::new().await;
    let unbuilt: Vec<_> = trent_kms::Kms::catalogue()
        .iter()
        .filter(|entry| !entry.is_built())
        .map(|entry| entry.row.name)
        .collect();
    for operation in unbuilt {
        let refusal = world.refused(operation, json!({})).await;
        assert_eq!(
            (refusal.status, refusal.pair()),
            (400, ("UnknownOperationException", "")),
            "{operation}"
        );
    }
}
