//! Rotation: what it does to a key, and what of it can be seen.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{REGION, START, World, base64, bytes, key_arn, text};

pub(crate) const DAY: Duration = Duration::from_hours(24);

/// The moment this long after the start, as replies have it: in seconds.
pub(crate) fn after(time: Duration) -> Value {
    json!((START + time).as_secs_f64())
}

pub(crate) async fn status(world: &World, key: &str) -> Value {
    world.ok("GetKeyRotationStatus", json!({"KeyId": key})).await
}

pub(crate) async fn rotations(world: &World, key: &str) -> Vec<Value> {
    let mut listed = world.ok("ListKeyRotations", json!({"KeyId": key})).await;
    assert_eq!(listed["Truncated"], false);
    serde_json::from_value(listed["Rotations"].take()).expect("a list")
}

pub(crate) async fn enable(world: &World, key: &str, days: i32) {
    let request = json!({"KeyId": key, "RotationPeriodInDays": days});
    assert_eq!(world.ok("EnableKeyRotation", request).await, Value::Null);
}

pub(crate) async fn current(world: &World, key: &str) -> String {
    text(&world.describe(key).await["CurrentKeyMaterialId"]).to_owned()
}

pub(crate) async fn decrypts(world: &World, ciphertext: &str, key: Option<&str>, expected: &[u8]) -> String {
    let mut request = json!({"CiphertextBlob": ciphertext});
    if let Some(key) = key {
        request["KeyId"] = json!(key);
    }
    let reply = world.ok("Decrypt", request).await;
    assert_eq!(bytes(&reply["Plaintext"]), expected);
    text(&reply["KeyMaterialId"]).to_owned()
}

/// KEY-375, KEY-374, KEY-379, KEY-377
#[tokio::test]
async fn every_ciphertext_is_decrypted_by_the_material_that_made_it() {
    let world = World::new().await;
    let key = world.key().await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/kept", "TargetKeyId": key}))
        .await;
    let mut made = Vec::new();
    for plaintext in [b"c0", b"c1", b"c2"] {
        made.push((
            world.encrypt(&key, plaintext).await,
            current(&world, &key).await,
            plaintext,
        ));
        world.ok("RotateKeyOnDemand", json!({"KeyId": key})).await;
        world.pass(DAY).await;
    }
    assert!(made[0].1 != made[1].1 && made[1].1 != made[2].1 && made[0].1 != made[2].1);
    for (ciphertext, material, plaintext) in &made {
        for named in [
            None,
            Some(key.as_str()),
            Some(key_arn(&key).as_str()),
            Some("alias/kept"),
        ] {
            assert_eq!(decrypts(&world, ciphertext, named, *plaintext).await, *material);
        }
    }
    let data_key = world
        .ok("GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256"}))
        .await;
    let newest = current(&world, &key).await;
    assert_eq!(data_key["KeyMaterialId"], json!(newest));
    let moved = json!({"CiphertextBlob": made[0].0, "DestinationKeyId": key});
    let moved = world.ok("ReEncrypt", moved).await;
    assert_eq!(moved["SourceKeyMaterialId"], json!(made[0].1));
    assert_eq!(moved["DestinationKeyMaterialId"], json!(newest));
    assert_eq!(
        decrypts(&world, text(&moved["CiphertextBlob"]), None, b"c0").await,
        newest
    );
}

/// KEY-373
#[tokio::test]
async fn rotation_changes_the_material_and_nothing_else() {
    let world = World::new().await;
    let key = world.key().await;
    let before = world.describe(&key).await;
    world.ok("RotateKeyOnDemand", json!({"KeyId": key})).await;
    world.pass(Duration::ZERO).await;
    let mut expected = world.describe(&key).await;
    assert_ne!(before["CurrentKeyMaterialId"], expected["CurrentKeyMaterialId"]);
    expected["CurrentKeyMaterialId"] = before["CurrentKeyMaterialId"].clone();
    assert_eq!(before, expected);
}

/// KEY-421, KEY-422
#[tokio::test]
async fn rotations_are_listed_page_by_page() {
    let world = World::new().await;
    let key = world.key().await;
    assert!(rotations(&world, &key).await.is_empty());
    let first = current(&world, &key).await;
    enable(&world, &key, 90).await;
    for _ in 0..5 {
        world.pass(DAY * 90).await;
    }
    let all = json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
    let listed = world.ok("ListKeyRotations", all).await["Rotations"].take();
    assert_eq!(
        listed[0],
        json!({"KeyId": key_arn(&key), "KeyMaterialId": first, "KeyMaterialState": "NON_CURRENT"})
    );
    assert_eq!(
        (listed.as_array().map(Vec::len), &listed[5]["KeyMaterialState"]),
        (Some(6), &json!("CURRENT"))
    );
    let (mut walked, mut request) = (Vec::new(), json!({"KeyId": key, "Limit": 2}));
    loop {
        let mut page = world.ok("ListKeyRotations", request.clone()).await;
        let mut items: Vec<Value> = serde_json::from_value(page["Rotations"].take()).expect("a list");
        walked.append(&mut items);
        if page["Truncated"] == false {
            assert_eq!(page.get("NextMarker"), None);
            break;
        }
        assert_eq!(walked.len() % 2, 0);
        request["Marker"] = page["NextMarker"].take();
    }
    assert_eq!(json!(walked), json!(listed.as_array().expect("a list")[1..]));
    assert_eq!(walked, rotations(&world, &key).await);
    let other = world.key().await;
    request["KeyId"] = json!(other);
    let refusal = world.refused("ListKeyRotations", request).await;
    assert_eq!(refusal.code, "InvalidMarkerException", "it is another key's");
}
/// MON-97, MON-173, MON-174, KEY-423
#[tokio::test]
async fn each_rotation_has_a_record_of_its_own() {
    let world = World::new().await;
    let key = world.key().await;
    enable(&world, &key, 90).await;
    world.ok("RotateKeyOnDemand", json!({"KeyId": key})).await;
    let asked = world.last_record("RotateKeyOnDemand").await;
    assert_eq!(asked["responseElements"], json!({"keyId": key_arn(&key)}));
    world.pass(Duration::ZERO).await;
    world.pass(DAY * 90).await;
    let records = world.records().await;
    let rotated: Vec<_> = records.iter().filter(|it| it["eventName"] == "RotateKey").collect();
    assert_eq!(rotated.len(), 2);
    for (record, how) in rotated.iter().zip(["ON_DEMAND", "AUTOMATIC"]) {
        assert_eq!(record["eventType"], "AwsServiceEvent");
        assert_eq!(
            record["serviceEventDetails"],
            json!({"rotationType": how, "keyId": key})
        );
        assert_eq!(record["responseElements"], json!({"keyId": key_arn(&key)}));
        assert_eq!(record["resources"][0]["ARN"], json!(key_arn(&key)));
        assert_eq!(
            (record["requestParameters"].clone(), record.get("requestID")),
            (Value::Null, None)
        );
        assert_eq!(record["awsRegion"], REGION);
    }
}

/// MON-119, MON-120, MON-121, MON-122, MON-123
#[tokio::test]
async fn the_records_of_the_operations_say_what_was_asked() {
    let world = World::new().await;
    let key = world.key().await;
    let changed = json!({"keyId": key_arn(&key)});
    for (operation, mut request, elements) in [
        ("EnableKeyRotation", json!({"RotationPeriodInDays": 180}), &changed),
        ("EnableKeyRotation", json!({"RotationPeriodInDays": 180}), &changed),
        ("EnableKeyRotation", json!({}), &changed),
        ("DisableKeyRotation", json!({}), &Value::Null),
        ("RotateKeyOnDemand", json!({}), &changed),
        ("GetKeyRotationStatus", json!({}), &Value::Null),
        (
            "ListKeyRotations",
            json!({"Limit": 7, "IncludeKeyMaterial": "ROTATIONS_ONLY"}),
            &Value::Null,
        ),
    ] {
        request["KeyId"] = json!(key);
        world.ok(operation, request.clone()).await;
        let record = world.last_record(operation).await;
        let mut expected = serde_json::Map::new();
        for (member, value) in request.as_object().expect("an object") {
            let (first, rest) = member.split_at(1);
            expected.insert(first.to_lowercase() + rest, value.clone());
        }
        assert_eq!(record["requestParameters"], Value::Object(expected), "{operation}");
        assert_eq!(record["responseElements"], *elements, "{operation}");
        assert_eq!(
            record["readOnly"],
            json!(elements.is_null() && operation != "DisableKeyRotation")
        );
        assert_eq!(record["resources"][0]["ARN"], json!(key_arn(&key)));
    }
}

/// KEY-434, KEY-435, KEY-436, KEY-437
#[tokio::test]
async fn a_key_rotated_by_hand_is_another_key_behind_the_same_alias() {
    let world = World::new().await;
    for (spec, usage) in [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
        ("HMAC_256", "GENERATE_VERIFY_MAC"),
    ] {
        let (old, new) = (world.key_for(spec, usage).await, world.key_for(spec, usage).await);
        let alias = json!("alias/in-use");
        world
            .ok("CreateAlias", json!({"AliasName": alias, "TargetKeyId": old}))
            .await;
        let symmetric = usage == "ENCRYPT_DECRYPT";
        let mac = json!({"KeyId": alias, "MacAlgorithm": "HMAC_SHA_256", "Message": base64(b"message")});
        let made = if symmetric {
            json!(world.encrypt("alias/in-use", b"message").await)
        } else {
            world.ok("GenerateMac", mac.clone()).await["Mac"].take()
        };
        world
            .ok("UpdateAlias", json!({"AliasName": alias, "TargetKeyId": new}))
            .await;
        assert_eq!(world.describe("alias/in-use").await["KeyId"], json!(new));
        if symmetric {
            decrypts(&world, text(&made), None, b"message").await;
            let named = json!({"KeyId": alias, "CiphertextBlob": made});
            assert_eq!(world.refused("Decrypt", named).await.code, "IncorrectKeyException");
        } else {
            let mut check = mac.clone();
            check["Mac"] = made;
            assert_eq!(
                world.refused("VerifyMac", check.clone()).await.code,
                "KMSInvalidMacException"
            );
            check["KeyId"] = json!(old);
            world.ok("VerifyMac", check).await;
            let unnamed = json!({"MacAlgorithm": "HMAC_SHA_256", "Message": base64(b"m"), "Mac": base64(b"mac")});
            assert_eq!(world.refused("VerifyMac", unnamed).await.code, "ValidationException");
        }
        for operation in [
            "DisableKey",
            "ScheduleKeyDeletion",
            "EnableKeyRotation",
            "RotateKeyOnDemand",
        ] {
            let refusal = world.refused(operation, json!({"KeyId": alias})).await;
            assert_eq!(refusal.code, "NotFoundException", "{operation}");
        }
        world.ok("DeleteAlias", json!({"AliasName": alias})).await;
    }
}

/// KEY-436
#[tokio::test]
async fn what_an_old_key_pair_made_is_lost_on_who_names_the_alias_only() {
    let world = World::new().await;
    let alias = "alias/in-use";
    let point = async |operation: &str, key: &str| {
        world
            .ok(operation, json!({"AliasName": alias, "TargetKeyId": key}))
            .await;
    };
    let pair = async |spec: &str, usage: &str| (world.key_for(spec, usage).await, world.key_for(spec, usage).await);

    let (old, new) = pair("ECC_NIST_P256", "SIGN_VERIFY").await;
    point("CreateAlias", &old).await;
    let message = json!({"KeyId": alias, "Message": base64(b"message"), "SigningAlgorithm": "ECDSA_SHA_256"});
    let mut check = message.clone();
    check["Signature"] = world.ok("Sign", message).await["Signature"].take();
    point("UpdateAlias", &new).await;
    let refusal = world.refused("Verify", check.clone()).await;
    assert_eq!(refusal.code, "KMSInvalidSignatureException");
    check["KeyId"] = json!(old);
    world.ok("Verify", check.clone()).await;
    check.as_object_mut().expect("members").remove("KeyId");
    assert_eq!(world.refused("Verify", check).await.code, "ValidationException");

    world.ok("DeleteAlias", json!({ "AliasName": alias })).await;
    let (old, new) = pair("RSA_2048", "ENCRYPT_DECRYPT").await;
    point("CreateAlias", &old).await;
    let algorithm = "RSAES_OAEP_SHA_256";
    let plain = json!({"KeyId": alias, "Plaintext": base64(b"message"), "EncryptionAlgorithm": algorithm});
    let made = world.ok("Encrypt", plain).await["CiphertextBlob"].take();
    point("UpdateAlias", &new).await;
    let mut cipher = json!({"KeyId": alias, "CiphertextBlob": made, "EncryptionAlgorithm": algorithm});
    let refusal = world.refused("Decrypt", cipher.clone()).await;
    assert_eq!(refusal.code, "InvalidCiphertextException");
    cipher["KeyId"] = json!(old);
    world.ok("Decrypt", cipher.clone()).await;
    cipher.as_object_mut().expect("members").remove("KeyId");
    let refusal = world.refused("Decrypt", cipher).await;
    assert_eq!(refusal.code, "InvalidCiphertextException");
}
