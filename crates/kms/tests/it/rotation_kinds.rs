//! Which keys rotate, and how: by type, by origin, in a set, and those of services.

use std::time::Duration;

use serde_json::json;
use trent_kms::records::{Imported, MaterialRecord, Origin, Standing};

use crate::rotation::{DAY, after, current, rotations, status};
use crate::world::{ELSEWHERE, World, key_arn, region, text};

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
