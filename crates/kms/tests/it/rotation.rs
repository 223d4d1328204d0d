//! Rotation: by the calendar, on demand, and what of it can be seen.

use std::time::Duration;

use serde_json::{Value, json};
use trent_kms::records::{Imported, MaterialRecord, Origin, Standing};

use crate::world::{ELSEWHERE, REGION, START, World, base64, bytes, key_arn, region, text};

const DAY: Duration = Duration::from_hours(24);

/// The moment this long after the start, as replies have it: in seconds.
fn after(time: Duration) -> Value {
    json!((START + time).as_secs_f64())
}

async fn status(world: &World, key: &str) -> Value {
    world.ok("GetKeyRotationStatus", json!({"KeyId": key})).await
}

async fn rotations(world: &World, key: &str) -> Vec<Value> {
    let mut listed = world.ok("ListKeyRotations", json!({"KeyId": key})).await;
    assert_eq!(listed["Truncated"], false);
    serde_json::from_value(listed["Rotations"].take()).expect("a list")
}

async fn enable(world: &World, key: &str, days: i32) {
    let request = json!({"KeyId": key, "RotationPeriodInDays": days});
    assert_eq!(world.ok("EnableKeyRotation", request).await, Value::Null);
}

async fn current(world: &World, key: &str) -> String {
    text(&world.describe(key).await["CurrentKeyMaterialId"]).to_owned()
}

async fn decrypts(world: &World, ciphertext: &str, key: Option<&str>, expected: &[u8]) -> String {
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

/// KEY-392, KEY-396, KEY-409, KEY-410
#[tokio::test]
async fn an_enabled_calendar_rotates_each_period_from_that_day_on() {
    let world = World::new().await;
    let key = world.key().await;
    let off = json!({"KeyId": key_arn(&key), "KeyRotationEnabled": false});
    assert_eq!(status(&world, &key).await, off, "new keys do not rotate");
    world.pass(DAY * 73).await;
    world.ok("EnableKeyRotation", json!({"KeyId": key})).await;
    for year in 1..=3 {
        assert_eq!(
            status(&world, &key_arn(&key)).await,
            json!({
                "KeyId": key_arn(&key), "KeyRotationEnabled": true, "RotationPeriodInDays": 365,
                "NextRotationDate": after(DAY * (73 + year * 365)),
            })
        );
        let before = current(&world, &key).await;
        world.pass(DAY * 364).await;
        assert_eq!(current(&world, &key).await, before, "a day too early");
        world.pass(DAY).await;
        assert_ne!(current(&world, &key).await, before);
    }
    let dates: Vec<_> = rotations(&world, &key)
        .await
        .into_iter()
        .map(|it| it["RotationDate"].clone())
        .collect();
    assert_eq!(dates, [1, 2, 3].map(|year| after(DAY * (73 + year * 365))));
}

/// KEY-393
#[tokio::test]
async fn periods_are_from_90_to_2560_days() {
    let world = World::new().await;
    let key = world.key().await;
    for days in [89, 2561, 0, -1] {
        let request = json!({"KeyId": key, "RotationPeriodInDays": days});
        assert_eq!(
            world.refused("EnableKeyRotation", request).await.code,
            "ValidationException"
        );
    }
    assert_eq!(status(&world, &key).await["KeyRotationEnabled"], false);
    for days in [90, 2560] {
        enable(&world, &key, days).await;
        assert_eq!(status(&world, &key).await["RotationPeriodInDays"], days);
    }
}

/// KEY-394
#[tokio::test]
async fn another_period_counts_from_the_day_on_which_it_is_chosen() {
    let world = World::new().await;
    let key = world.key().await;
    enable(&world, &key, 180).await;
    world.pass(DAY * 100).await;
    enable(&world, &key, 180).await;
    let days = status(&world, &key).await["NextRotationDate"].clone();
    assert_eq!(days, after(DAY * 180), "the same period again puts nothing off");
    enable(&world, &key, 90).await;
    assert_eq!(status(&world, &key).await["NextRotationDate"], after(DAY * 190));
    world.pass(DAY * 90).await;
    assert_eq!(rotations(&world, &key).await.len(), 1);
}

/// KEY-397, KEY-398, KEY-376, KEY-403
#[tokio::test]
async fn without_a_calendar_nothing_rotates_and_nothing_is_caught_up() {
    let world = World::new().await;
    let key = world.key().await;
    let oldest = world.encrypt(&key, b"oldest").await;
    enable(&world, &key, 90).await;
    world.pass(DAY * 90).await;
    let newest = current(&world, &key).await;
    assert_eq!(world.ok("DisableKeyRotation", json!({"KeyId": key})).await, Value::Null);
    world.pass(DAY * 1000).await;
    assert_eq!(
        status(&world, &key).await,
        json!({"KeyId": key_arn(&key), "KeyRotationEnabled": false})
    );
    assert_eq!(current(&world, &key).await, newest);
    decrypts(&world, &oldest, None, b"oldest").await;
    world.ok("DisableKeyRotation", json!({"KeyId": key})).await;
    enable(&world, &key, 90).await;
    world.pass(DAY * 89).await;
    assert_eq!(rotations(&world, &key).await.len(), 1, "it is not made up for");
    world.pass(DAY).await;
    assert_eq!(rotations(&world, &key).await.len(), 2);
}

/// KEY-368, KEY-399, KEY-400
#[tokio::test]
async fn a_disabled_key_keeps_its_calendar_and_catches_up_once() {
    let world = World::new().await;
    let key = world.key().await;
    enable(&world, &key, 90).await;
    world.ok("DisableKey", json!({"KeyId": key})).await;
    let before = status(&world, &key).await;
    assert_eq!(before["NextRotationDate"], after(DAY * 90));
    for operation in ["EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"] {
        let refusal = world.refused(operation, json!({"KeyId": key})).await;
        let message = format!("{} is disabled.", key_arn(&key));
        assert_eq!(refusal.pair(), ("DisabledException", message.as_str()), "{operation}");
    }
    world.pass(DAY * 89).await;
    world.ok("EnableKey", json!({"KeyId": key})).await;
    world.pass(Duration::ZERO).await;
    assert!(rotations(&world, &key).await.is_empty(), "the calendar goes on");
    world.ok("DisableKey", json!({"KeyId": key})).await;
    world.pass(DAY * 400).await;
    assert_eq!(status(&world, &key).await, before, "nothing happened to it");
    world.ok("EnableKey", json!({"KeyId": key})).await;
    world.pass(Duration::ZERO).await;
    let caught_up = rotations(&world, &key).await;
    assert_eq!(caught_up.len(), 1, "four periods were missed");
    assert_eq!(caught_up[0]["RotationDate"], after(DAY * 489));
    assert_eq!(status(&world, &key).await["NextRotationDate"], after(DAY * (489 + 90)));
}

/// KEY-401, KEY-402
#[tokio::test]
async fn a_key_pending_deletion_has_no_calendar_until_it_is_given_back() {
    let world = World::new().await;
    let key = world.key().await;
    enable(&world, &key, 120).await;
    world.pass(DAY * 110).await;
    world
        .ok("ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 30}))
        .await;
    let off = json!({"KeyId": key_arn(&key), "KeyRotationEnabled": false});
    assert_eq!(status(&world, &key).await, off);
    for operation in ["EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"] {
        let refusal = world.refused(operation, json!({"KeyId": key})).await;
        let message = format!("{} is pending deletion.", key_arn(&key));
        assert_eq!(
            refusal.pair(),
            ("KMSInvalidStateException", message.as_str()),
            "{operation}"
        );
    }
    world.ok("CancelKeyDeletion", json!({"KeyId": key})).await;
    let restored = status(&world, &key).await;
    assert_eq!(restored["NextRotationDate"], after(DAY * 120), "the calendar goes on");
    world
        .ok("ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 30}))
        .await;
    world.pass(DAY * 20).await;
    assert!(rotations(&world, &key).await.is_empty());
    world.ok("CancelKeyDeletion", json!({"KeyId": key})).await;
    assert_eq!(status(&world, &key).await, restored);
    world.ok("EnableKey", json!({"KeyId": key})).await;
    world.pass(Duration::ZERO).await;
    assert_eq!(rotations(&world, &key).await.len(), 1, "its day was missed");
    assert_eq!(status(&world, &key).await["NextRotationDate"], after(DAY * (130 + 120)));
}

/// KEY-411, KEY-414, KEY-417, KEY-419
#[tokio::test]
async fn a_rotation_on_demand_is_asked_for_and_then_carried_out() {
    let world = World::new().await;
    let key = world.key().await;
    enable(&world, &key, 365).await;
    let asked = world.ok("RotateKeyOnDemand", json!({"KeyId": key})).await;
    assert_eq!(asked, json!({"KeyId": key_arn(&key)}));
    let in_progress = status(&world, &key).await;
    assert_eq!(in_progress["OnDemandRotationStartDate"], after(Duration::ZERO));
    assert!(rotations(&world, &key).await.is_empty(), "it is not completed");
    world.ok("DisableKeyRotation", json!({"KeyId": key})).await;
    let again = world.refused("RotateKeyOnDemand", json!({"KeyId": key})).await;
    let message = format!("A rotation of {} is in progress.", key_arn(&key));
    assert_eq!(again.pair(), ("ConflictException", message.as_str()));
    world.pass(Duration::from_secs(1)).await;
    assert_eq!(status(&world, &key).await.get("OnDemandRotationStartDate"), None);
    assert_eq!(
        rotations(&world, &key).await,
        [json!({
            "KeyId": key_arn(&key), "KeyMaterialId": current(&world, &key).await, "KeyMaterialState": "CURRENT",
            "RotationDate": after(Duration::from_secs(1)), "RotationType": "ON_DEMAND",
        })]
    );
}

/// KEY-415, KEY-416
#[tokio::test]
async fn the_calendar_does_not_know_of_rotations_on_demand() {
    let world = World::new().await;
    let key = world.key().await;
    enable(&world, &key, 730).await;
    world.pass(DAY * 726).await;
    world.ok("RotateKeyOnDemand", json!({"KeyId": key})).await;
    world.pass(Duration::ZERO).await;
    assert_eq!(status(&world, &key).await["NextRotationDate"], after(DAY * 730));
    world.pass(DAY * 4).await;
    assert_eq!(status(&world, &key).await["NextRotationDate"], after(DAY * 1460));
    let how = |listed: Vec<Value>| {
        listed
            .into_iter()
            .map(|it| it["RotationType"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(how(rotations(&world, &key).await), ["ON_DEMAND", "AUTOMATIC"]);
    world.pass(DAY * 729 + Duration::from_mins(24 * 60 - 20)).await;
    let close = world.refused("RotateKeyOnDemand", json!({"KeyId": key})).await;
    assert_eq!(
        close.code, "ConflictException",
        "the calendar's next one is about to begin"
    );
}

/// KEY-418
#[tokio::test]
async fn a_key_is_rotated_25_times_on_demand_and_no_more() {
    let world = World::new().await;
    let key = world.key().await;
    enable(&world, &key, 90).await;
    world.pass(DAY * 90).await;
    for _ in 0..25 {
        world.ok("RotateKeyOnDemand", json!({"KeyId": key})).await;
        world.pass(Duration::from_secs(1)).await;
    }
    let refusal = world.refused("RotateKeyOnDemand", json!({"KeyId": key})).await;
    let message = format!(
        "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed \
         for this key: {}",
        key_arn(&key)
    );
    assert_eq!(refusal.pair(), ("LimitExceededException", message.as_str()));
    world.pass(DAY * 90).await;
    assert_eq!(rotations(&world, &key).await.len(), 27, "the calendar goes on");
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

/// KEY-384, KEY-385, KEY-390, REF-20
#[tokio::test]
async fn keys_of_other_types_do_not_rotate_and_are_told_so() {
    let world = World::new().await;
    for (spec, usage) in [
        ("RSA_2048", "ENCRYPT_DECRYPT"),
        ("ECC_NIST_P256", "SIGN_VERIFY"),
        ("HMAC_256", "GENERATE_VERIFY_MAC"),
    ] {
        let key = world.key_for(spec, usage).await;
        for operation in [
            "EnableKeyRotation",
            "DisableKeyRotation",
            "RotateKeyOnDemand",
            "ListKeyRotations",
        ] {
            let refusal = world.refused(operation, json!({"KeyId": key})).await;
            assert_eq!(refusal.code, "UnsupportedOperationException", "{operation} {spec}");
        }
        let refusal = world.refused("RotateKeyOnDemand", json!({"KeyId": key})).await;
        assert_eq!(refusal.pair().1, "");
        assert_eq!(
            status(&world, &key).await,
            json!({"KeyId": key_arn(&key), "KeyRotationEnabled": false})
        );
    }
}

/// SPK-357
#[tokio::test]
async fn keys_that_do_not_rotate_have_no_calendar_wherever_they_are_copied_to() {
    let world = World::new().await;
    for (spec, usage, origin) in [
        ("RSA_2048", "SIGN_VERIFY", "AWS_KMS"),
        ("ECC_NIST_P256", "KEY_AGREEMENT", "AWS_KMS"),
        ("HMAC_256", "GENERATE_VERIFY_MAC", "AWS_KMS"),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "EXTERNAL"),
        ("HMAC_256", "GENERATE_VERIFY_MAC", "EXTERNAL"),
    ] {
        for multi_region in [false, true] {
            let request = json!({"KeySpec": spec, "KeyUsage": usage, "Origin": origin, "MultiRegion": multi_region});
            let made = world.ok("CreateKey", request.clone()).await;
            let key = json!({"KeyId": made["KeyMetadata"]["KeyId"]});
            for operation in ["EnableKeyRotation", "DisableKeyRotation"] {
                let refusal = world.refused(operation, key.clone()).await;
                assert_eq!(refusal.code, "UnsupportedOperationException", "{operation} {request}");
            }
        }
    }
}

/// KEY-386, KEY-387
#[tokio::test]
async fn keys_of_other_origins_rotate_as_far_as_their_material_is_here() {
    let world = World::new().await;
    for (origin, name) in [
        (Origin::External, "EXTERNAL"),
        (Origin::AwsCloudhsm, "AWS_CLOUDHSM"),
        (Origin::ExternalKeyStore, "EXTERNAL_KEY_STORE"),
    ] {
        let key = world.key().await;
        world.alter(&key, |record| record.origin = origin).await;
        let kept = origin == Origin::External;
        let unsupported = format!(
            "{} origin is {name} which is not valid for this operation.",
            key_arn(&key)
        );
        for (operation, refused) in [
            ("EnableKeyRotation", true),
            ("DisableKeyRotation", true),
            ("RotateKeyOnDemand", !kept),
            ("GetKeyRotationStatus", !kept),
            ("ListKeyRotations", !kept),
        ] {
            let reply = world.send(crate::world::ROOT, operation, &json!({"KeyId": key})).await;
            let Err(refusal) = reply else {
                assert!(!refused, "{operation} {name}");
                continue;
            };
            if refused {
                let expected = ("UnsupportedOperationException", unsupported.as_str());
                assert_eq!(refusal.pair(), expected, "{operation}");
            } else {
                let nothing = format!(
                    "No available key material pending rotation for the key: {}.",
                    key_arn(&key)
                );
                assert_eq!(
                    refusal.pair(),
                    ("KMSInvalidStateException", nothing.as_str()),
                    "{operation}"
                );
            }
        }
    }
}

/// A key whose material is imported rotates to what was imported for that. The material itself is of no account here.
#[tokio::test]
async fn imported_material_that_waits_becomes_the_current_one() {
    let world = World::new().await;
    let key = world.key().await;
    let first = current(&world, &key).await;
    world
        .alter(&key, |record| {
            record.origin = Origin::External;
            record.materials[0].imported = Some(Imported::default());
            let mut waiting: MaterialRecord = record.materials[0].clone();
            waiting.id.0[0] ^= 1;
            waiting.standing = Some(Standing::PendingRotation);
            waiting.imported = Some(Imported {
                expires: Some(i64::MAX / 2),
                description: Some("the second".to_owned()),
            });
            record.materials.push(waiting);
        })
        .await;
    let all = json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
    let listed = world.ok("ListKeyRotations", all.clone()).await["Rotations"].take();
    assert_eq!(
        listed[0],
        json!({
            "KeyId": key_arn(&key), "KeyMaterialId": first, "KeyMaterialState": "CURRENT", "ImportState": "IMPORTED",
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        })
    );
    let second = &listed[1];
    assert_eq!(second["KeyMaterialState"], "PENDING_ROTATION");
    assert_eq!(
        (&second["KeyMaterialDescription"], &second["ExpirationModel"]),
        (&json!("the second"), &json!("KEY_MATERIAL_EXPIRES"))
    );
    assert!(second["ValidTo"].is_number() && second.get("RotationDate").is_none());
    assert!(rotations(&world, &key).await.is_empty());
    world.ok("RotateKeyOnDemand", json!({"KeyId": key})).await;
    world.pass(Duration::from_secs(1)).await;
    let listed = world.ok("ListKeyRotations", all).await["Rotations"].take();
    let states = [0, 1].map(|at: usize| listed[at]["KeyMaterialState"].clone());
    assert_eq!(states, ["NON_CURRENT", "CURRENT"]);
    assert_eq!(listed[1]["RotationType"], "ON_DEMAND");
    assert_eq!(json!(current(&world, &key).await), listed[1]["KeyMaterialId"]);
}

/// KEY-407, KEY-420
#[tokio::test]
async fn a_replica_is_rotated_by_its_primary_alone() {
    let world = World::new().await;
    let key = world.key().await;
    world
        .alter(&key, |record| record.replica_of = Some(region(ELSEWHERE)))
        .await;
    for operation in ["EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"] {
        let refusal = world.refused(operation, json!({"KeyId": key})).await;
        let message = format!("{} is not a multi-region primary key.", key_arn(&key));
        assert_eq!(
            refusal.pair(),
            ("UnsupportedOperationException", message.as_str()),
            "{operation}"
        );
    }
    assert_eq!(status(&world, &key).await["KeyRotationEnabled"], false);
}

/// KEY-388, KEY-404
#[tokio::test]
async fn aws_managed_keys_rotate_each_year_whatever_anybody_wants() {
    let world = World::new().await;
    let made = world.describe("alias/aws/s3").await;
    let key = text(&made["KeyId"]);
    let yearly = |year| {
        json!({
            "KeyId": key_arn(key), "KeyRotationEnabled": true, "RotationPeriodInDays": 365,
            "NextRotationDate": after(DAY * 365 * year),
        })
    };
    assert_eq!(status(&world, key).await, yearly(1));
    for operation in ["EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"] {
        let refusal = world.refused(operation, json!({"KeyId": key})).await;
        assert_eq!(refusal.code, "AccessDeniedException", "{operation}");
    }
    world.pass(DAY * 365).await;
    assert_eq!(status(&world, key).await, yearly(2));
    let [rotation] = rotations(&world, key).await.try_into().expect("one");
    assert_eq!(rotation["RotationType"], "AUTOMATIC");
    assert_ne!(
        world.describe(key).await["CurrentKeyMaterialId"],
        made["CurrentKeyMaterialId"]
    );
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
