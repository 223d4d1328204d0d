//! Imported material and time: its date, and what becomes of it then.

use std::time::Duration;

use serde_json::{Value, json};

use crate::imports::{MATERIAL, request, wrapped};
use crate::world::{START, World, base64, key_arn};

/// Seconds in a day.
const DAY: u64 = 86_400;

fn until(seconds: u64) -> Value {
    json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": seconds})
}

/// SPK-515, SPK-517, KEY-59, MON-98, MON-176
#[tokio::test]
async fn material_is_removed_at_its_date_and_recorded() {
    let world = World::new().await;
    let key = world.external().await;
    world.import(&key, &MATERIAL, until(START.as_secs() + DAY)).await;
    assert_eq!(world.pass(Duration::from_secs(DAY - 1)).await, 0);
    assert_eq!(world.state_of(&key).await, "Enabled");
    assert_eq!(world.pass(Duration::from_secs(1)).await, 1);
    assert_eq!(world.pass(Duration::from_hours(24)).await, 0, "it expires once");
    world
        .alter(&key, |record| {
            assert!(record.materials[0].wrapped.is_none(), "nothing of it is left");
        })
        .await;
    let record = world.last_record("DeleteExpiredKeyMaterial").await;
    for (member, expected) in [
        ("eventType", json!("AwsServiceEvent")),
        ("serviceEventDetails", json!({ "keyId": key })),
        ("requestParameters", Value::Null),
        ("responseElements", Value::Null),
        ("requestID", Value::Null),
    ] {
        assert_eq!(record[member], expected, "{member}");
    }
    assert_eq!(record["resources"][0]["ARN"], json!(key_arn(&key)));
    world.import(&key, &MATERIAL, json!({})).await;
    assert_eq!(
        world.describe(&key).await["ExpirationModel"],
        json!("KEY_MATERIAL_DOES_NOT_EXPIRE")
    );
    world.ok("DeleteImportedKeyMaterial", json!({ "KeyId": key })).await;
    let told = world.describe(&key).await;
    assert_eq!(
        (&told["ExpirationModel"], &told["ValidTo"]),
        (&Value::Null, &Value::Null)
    );
}

/// SPK-418, MON-280
#[tokio::test]
async fn at_the_end_of_the_key_everything_goes() {
    let world = World::new().await;
    let key = world.external().await;
    world.import(&key, &MATERIAL, until(START.as_secs() + 30 * DAY)).await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/mine", "TargetKeyId": key}))
        .await;
    world
        .ok("Encrypt", json!({"KeyId": "alias/mine", "Plaintext": base64(b"x")}))
        .await;
    world.ok("DisableKey", json!({ "KeyId": key })).await;
    let encrypt = json!({"KeyId": key, "Plaintext": base64(b"x")});
    assert_eq!(world.refused("Encrypt", encrypt).await.code, "DisabledException");
    world.ok("EnableKey", json!({ "KeyId": key })).await;
    world
        .ok("ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 7}))
        .await;
    world.pass(Duration::from_hours(7 * 24)).await;
    for name in [&key, "alias/mine"] {
        let refusal = world.refused("DescribeKey", json!({ "KeyId": name })).await;
        assert_eq!(refusal.code, "NotFoundException");
    }
    // Nothing is due to it any more.
    assert_eq!(world.pass(Duration::from_hours(30 * 24)).await, 0);
}

/// SPK-498, SPK-499, SPK-500, SPK-501, AUTHZ-140
#[tokio::test]
async fn a_date_is_ahead_by_at_most_a_year() {
    let world = World::new().await;
    let key = world.external().await;
    let import = world.importing(&key, &MATERIAL, json!({})).await;
    let now = START.as_secs();
    let with = |model: Option<&str>, valid_to: Option<Value>| {
        let mut request = import.clone();
        request["ExpirationModel"] = json!(model);
        request["ValidTo"] = json!(valid_to);
        request
    };
    let (expires, stays) = (Some("KEY_MATERIAL_EXPIRES"), Some("KEY_MATERIAL_DOES_NOT_EXPIRE"));
    for request in [
        with(None, None),
        with(expires, None),
        with(stays, Some(json!(now + DAY))),
        with(expires, Some(json!(now))),
        with(expires, Some(json!(0))),
        with(expires, Some(json!(now + 365 * DAY + 1))),
    ] {
        let refusal = world.refused("ImportKeyMaterial", request.clone()).await;
        assert_eq!(refusal.code, "ValidationException", "{request}");
    }
    assert_eq!(world.state_of(&key).await, "PendingImport");
    for (model, valid_to) in [
        (None, json!(now + 1)),
        (expires, json!(now + 365 * DAY)),
        (expires, json!(1_701_388_800.5)),
    ] {
        world.ok("ImportKeyMaterial", with(model, Some(valid_to))).await;
        assert_eq!(
            world.describe(&key).await["ExpirationModel"],
            json!("KEY_MATERIAL_EXPIRES")
        );
    }
    assert_eq!(world.describe(&key).await["ValidTo"], json!(1_701_388_800.5));
}

/// SPK-503, SPK-504, SPK-505, SPK-526, SPK-544
#[tokio::test]
async fn importing_again_sets_the_date_anew() {
    let world = World::new().await;
    let key = world.external().await;
    let now = START.as_secs();
    let id = world.import(&key, &MATERIAL, until(now + DAY)).await;
    assert_eq!(world.import(&key, &MATERIAL, until(now + 2 * DAY)).await, id);
    let told = world.describe(&key).await;
    assert_eq!(
        (&told["KeyState"], &told["ValidTo"]),
        (&json!("Enabled"), &json!(now + 2 * DAY))
    );
    world.ok("DisableKey", json!({ "KeyId": key })).await;
    let parameters = world.parameters(&key, ("RSAES_OAEP_SHA_1", "RSA_3072")).await;
    let wrapped = wrapped(&parameters, ("RSAES_OAEP_SHA_1", "RSA_3072"), &MATERIAL);
    world
        .ok("ImportKeyMaterial", request(&key, &parameters, &wrapped))
        .await;
    let told = world.describe(&key).await;
    assert_eq!(
        (&told["KeyState"], &told["ValidTo"]),
        (&json!("Disabled"), &Value::Null)
    );
}

/// Nobody has removed the material, and yet it is not used.
///
/// SPK-516, SPK-523, SPK-527, SPK-528
#[tokio::test]
async fn material_is_not_used_after_its_date() {
    let world = World::new().await;
    let key = world.external().await;
    let end = START.as_secs() + DAY;
    world.import(&key, &MATERIAL, until(end)).await;
    let ciphertext = world.encrypt(&key, b"a secret").await;
    world.clock.set(Duration::from_millis(end * 1000 - 1));
    world.ok("Decrypt", json!({"CiphertextBlob": ciphertext})).await;
    world.clock.set(Duration::from_secs(end));
    let said = format!("{} is pending import.", key_arn(&key));
    for (operation, request) in [
        ("Decrypt", json!({"CiphertextBlob": ciphertext})),
        ("Decrypt", json!({"KeyId": key, "CiphertextBlob": ciphertext})),
        ("Encrypt", json!({"KeyId": key, "Plaintext": base64(b"x")})),
        ("DisableKey", json!({ "KeyId": key })),
    ] {
        let refusal = world.refused(operation, request).await;
        assert_eq!(
            refusal.pair(),
            ("KMSInvalidStateException", said.as_str()),
            "{operation}"
        );
    }
    let told = world.describe(&key).await;
    for (member, expected) in [
        ("Origin", json!("EXTERNAL")),
        ("ExpirationModel", json!("KEY_MATERIAL_EXPIRES")),
        ("ValidTo", json!(end)),
        ("Enabled", json!(false)),
        ("KeyState", json!("PendingImport")),
        ("CurrentKeyMaterialId", Value::Null),
    ] {
        assert_eq!(told[member], expected, "{member}");
    }
    world.import(&key, &MATERIAL, json!({})).await;
    world.ok("Decrypt", json!({"CiphertextBlob": ciphertext})).await;
}

/// SPK-516
#[tokio::test]
async fn no_key_is_rotated_to_material_that_has_expired_but_is_not_removed_yet() {
    let world = World::new().await;
    let key = world.external().await;
    world.import(&key, &MATERIAL, json!({})).await;
    let mut new = until(START.as_secs() + DAY);
    new["ImportType"] = json!("NEW_KEY_MATERIAL");
    world.import(&key, &[7; 32], new).await;
    world.clock.set(START + Duration::from_secs(DAY));
    let refusal = world.refused("RotateKeyOnDemand", json!({ "KeyId": key })).await;
    assert_eq!(refusal.code, "KMSInvalidStateException");
    world.pass(Duration::ZERO).await;
    assert_eq!(world.state_of(&key).await, "Enabled");
}
