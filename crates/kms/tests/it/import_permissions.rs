//! Who may import, what narrows it, and what the records say.

use std::time::Duration;

use serde_json::{Value, json};

use crate::imports::{MATERIAL, QUICK, request, wrapped};
use crate::world::{ACCOUNT, ELSEWHERE, OTHER, REGION, ROOT, STRANGER, USER, Who, World, key_arn, text};

/// A user whose only permission is this one, under this condition.
fn only(action: &str, condition: &Value) -> Who {
    let policy = json!({"Version": "2012-10-17", "Statement":
        {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": condition}});
    // A test's text for as long as the test runs.
    Who {
        iam: Some(policy.to_string().leak()),
        ..USER
    }
}

/// SPK-420, SPK-421, SPK-422, SPK-426, SPK-427
#[tokio::test]
async fn each_permission_is_narrowed_by_what_is_asked() {
    let world = World::new().await;
    let key = world.external().await;
    let import = world.importing(&key, &MATERIAL, json!({})).await;
    let until = |valid_to: u64| {
        let mut request = import.clone();
        request["ExpirationModel"] = json!("KEY_MATERIAL_EXPIRES");
        request["ValidTo"] = json!(valid_to);
        request
    };
    let way =
        |algorithm: &str, spec: &str| json!({"KeyId": key, "WrappingAlgorithm": algorithm, "WrappingKeySpec": spec});
    for (operation, condition, allowed, denied) in [
        (
            "CreateKey",
            json!({"StringEquals": {"kms:KeyOrigin": "EXTERNAL"}}),
            json!({"Origin": "EXTERNAL"}),
            json!({}),
        ),
        (
            "GetParametersForImport",
            json!({"StringNotEquals": {"kms:WrappingAlgorithm": "RSAES_OAEP_SHA_1"}}),
            way("RSAES_OAEP_SHA_256", "RSA_2048"),
            way("RSAES_OAEP_SHA_1", "RSA_2048"),
        ),
        (
            "GetParametersForImport",
            json!({"StringEquals": {"kms:WrappingKeySpec": "RSA_3072"}}),
            way("RSAES_OAEP_SHA_256", "RSA_3072"),
            way("RSAES_OAEP_SHA_256", "RSA_2048"),
        ),
        (
            "ImportKeyMaterial",
            json!({"StringEquals": {"kms:ExpirationModel": "KEY_MATERIAL_EXPIRES"}}),
            until(1_700_100_000),
            import.clone(),
        ),
        (
            "ImportKeyMaterial",
            json!({"NumericLessThan": {"kms:ValidTo": "1700150000"}}),
            until(1_700_100_000),
            until(1_700_200_000),
        ),
        (
            "ImportKeyMaterial",
            json!({"DateLessThan": {"kms:ValidTo": "2023-11-17T00:00:00Z"}}),
            until(1_700_100_000),
            until(1_700_200_000),
        ),
    ] {
        let who = only(&format!("kms:{operation}"), &condition);
        world.ok_as(who, operation, allowed).await;
        let refusal = world.refused_as(who, operation, denied).await;
        assert_eq!(refusal.code, "AccessDeniedException", "{operation} {condition}");
    }
}

/// SPK-423, SPK-424
#[tokio::test]
async fn importing_again_takes_the_same_two_permissions() {
    let world = World::new().await;
    let key = world.external().await;
    let id = world.import(&key, &MATERIAL, json!({})).await;
    let user = |action| Who {
        iam: Some(action),
        ..USER
    };
    let way = json!({"KeyId": key, "WrappingAlgorithm": QUICK.0, "WrappingKeySpec": QUICK.1});
    let import = world.importing(&key, &MATERIAL, json!({})).await;
    let steps = [
        (
            "DeleteImportedKeyMaterial",
            json!({ "KeyId": key }),
            "kms:DeleteImportedKeyMaterial",
        ),
        ("GetParametersForImport", way, "kms:GetParametersForImport"),
        ("ImportKeyMaterial", import, "kms:ImportKeyMaterial"),
    ];
    for (operation, request, action) in &steps {
        for (_, _, other) in &steps {
            if other != action {
                let refusal = world.refused_as(user(other), operation, request.clone()).await;
                assert_eq!(refusal.code, "AccessDeniedException", "{operation} by {other}");
            }
        }
        world.ok_as(user(action), operation, request.clone()).await;
    }
    assert_eq!(world.describe(&key).await["CurrentKeyMaterialId"], json!(id));
}

/// SPK-402
#[tokio::test]
async fn every_region_imports() {
    let world = World::new().await;
    for region in [REGION, ELSEWHERE] {
        let there = Who { region, ..ROOT };
        let made = world.ok_as(there, "CreateKey", json!({"Origin": "EXTERNAL"})).await;
        let key = text(&made["KeyMetadata"]["KeyId"]);
        let way = json!({"KeyId": key, "WrappingAlgorithm": QUICK.0, "WrappingKeySpec": QUICK.1});
        let parameters = world.ok_as(there, "GetParametersForImport", way).await;
        let import = request(key, &parameters, &wrapped(&parameters, QUICK, &MATERIAL));
        world.ok_as(there, "ImportKeyMaterial", import).await;
        let told = world.ok_as(there, "DescribeKey", json!({ "KeyId": key })).await;
        assert_eq!(told["KeyMetadata"]["KeyState"], json!("Enabled"), "{region}");
    }
}

/// SPK-440, SPK-511
#[tokio::test]
async fn a_change_that_has_not_spread_is_an_error_to_be_tried_again() {
    let delay = Duration::from_millis(400);
    let world = World::behind(delay).await;
    let key = world.external().await;
    let way = json!({"KeyId": key, "WrappingAlgorithm": QUICK.0, "WrappingKeySpec": QUICK.1});
    let refusal = world.refused("GetParametersForImport", way.clone()).await;
    assert_eq!(refusal.code, "NotFoundException");
    tokio::time::sleep(delay * 2).await;
    let parameters = world.ok("GetParametersForImport", way).await;
    let encrypt = json!({"KeyId": key, "Plaintext": "eA=="});
    let waits = world.refused("Encrypt", encrypt.clone()).await;
    let import = request(&key, &parameters, &wrapped(&parameters, QUICK, &MATERIAL));
    world.ok("ImportKeyMaterial", import).await;
    assert_eq!(
        world.refused("Encrypt", encrypt.clone()).await,
        waits,
        "the import has not spread yet"
    );
    assert_eq!(waits.code, "KMSInvalidStateException");
    tokio::time::sleep(delay * 2).await;
    world.ok("Encrypt", encrypt).await;
}

/// SPK-428, SPK-445, SPK-496
#[tokio::test]
async fn the_key_is_named_itself_and_by_its_own_account() {
    let world = World::new().await;
    let key = world.external().await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/mine", "TargetKeyId": key}))
        .await;
    let import = world.importing(&key, &MATERIAL, json!({})).await;
    let requests = [
        (
            "GetParametersForImport",
            json!({"WrappingAlgorithm": QUICK.0, "WrappingKeySpec": QUICK.1}),
        ),
        ("ImportKeyMaterial", import),
        ("DeleteImportedKeyMaterial", json!({})),
    ];
    let policy = json!({"Version": "2012-10-17", "Statement":
        {"Effect": "Allow", "Principal": {"AWS": [ACCOUNT, OTHER]}, "Action": "kms:*", "Resource": "*"}});
    world
        .ok("PutKeyPolicy", json!({"KeyId": key, "Policy": policy.to_string()}))
        .await;
    for (operation, request) in &requests {
        let named = |name: String| {
            let mut request = request.clone();
            request["KeyId"] = json!(name);
            request
        };
        let refusal = world.refused(operation, named("alias/mine".to_owned())).await;
        assert_eq!(refusal.code, "NotFoundException", "{operation}");
        let arn = format!("arn:aws:kms:{REGION}:{ACCOUNT}:alias/mine");
        assert_eq!(
            world.refused(operation, named(arn)).await.code,
            "InvalidArnException",
            "{operation}"
        );
        let refusal = world.refused_as(STRANGER, operation, named(key_arn(&key))).await;
        assert_eq!(refusal.code, "AccessDeniedException", "{operation}");
        world.ok(operation, named(key_arn(&key))).await;
    }
}

/// SPK-444, SPK-454, SPK-510, MON-128, MON-129
#[tokio::test]
async fn records_say_how_and_until_when_and_not_what() {
    let world = World::new().await;
    let key = world.external().await;
    let arn = key_arn(&key);
    let import = world
        .importing(
            &key,
            &MATERIAL,
            json!({"ExpirationModel": null, "ValidTo": 1_700_006_400}),
        )
        .await;
    let id = text(&world.ok("ImportKeyMaterial", import.clone()).await["KeyMaterialId"]).to_owned();
    let record = world.last_record("GetParametersForImport").await;
    let asked = json!({"keyId": key, "wrappingAlgorithm": QUICK.0, "wrappingKeySpec": QUICK.1});
    assert_eq!(
        (&record["requestParameters"], &record["responseElements"]),
        (&asked, &Value::Null)
    );
    assert_eq!(
        (&record["readOnly"], &record["resources"][0]["ARN"]),
        (&json!(true), &json!(arn))
    );
    let record = world.last_record("ImportKeyMaterial").await;
    let asked =
        json!({"keyId": key, "validTo": "Nov 15, 2023, 12:00:00 AM", "expirationModel": "KEY_MATERIAL_EXPIRES"});
    assert_eq!(record["requestParameters"], asked);
    assert_eq!(record["responseElements"], json!({"keyId": arn, "keyMaterialId": id}));
    assert_eq!(
        (&record["readOnly"], &record["resources"][0]["ARN"]),
        (&json!(false), &json!(arn))
    );
    let whole = record.to_string();
    for secret in ["ImportToken", "EncryptedKeyMaterial"] {
        assert!(!whole.contains(text(&import[secret])), "{secret}");
    }
    world.ok("DeleteImportedKeyMaterial", json!({ "KeyId": key })).await;
    let record = world.last_record("DeleteImportedKeyMaterial").await;
    assert_eq!(
        (&record["requestParameters"], &record["responseElements"]),
        (&json!({"keyId": key}), &json!({"keyId": arn, "keyMaterialId": id}))
    );
}
