//! What `ReplicateKey` takes and refuses, and what of a replica nobody can change there.

use serde_json::{Value, json};

use crate::multi_region_changes::{arn, at, metadata, set};
use crate::world::{ACCOUNT, ELSEWHERE, FAR, OPEN, REGION, ROOT, World, text};

/// What the keys of a set share, as one of them tells it.
async fn shared(world: &World, region: &'static str, id: &str) -> Value {
    let told = metadata(world, region, id).await;
    let members = [
        "KeyId",
        "KeySpec",
        "KeyUsage",
        "Origin",
        "MultiRegion",
        "CurrentKeyMaterialId",
    ];
    let mut shared: serde_json::Map<_, _> = members
        .iter()
        .map(|member| ((*member).to_owned(), told[*member].clone()))
        .collect();
    let configuration = &told["MultiRegionConfiguration"];
    for member in ["PrimaryKey", "ReplicaKeys"] {
        shared.insert(member.to_owned(), configuration[member].clone());
    }
    for (operation, member) in [
        ("GetKeyRotationStatus", "RotationPeriodInDays"),
        ("GetKeyRotationStatus", "KeyRotationEnabled"),
        ("ListKeyRotations", "Rotations"),
    ] {
        let mut reply = world.ok_as(at(region), operation, json!({ "KeyId": id })).await;
        for rotation in reply["Rotations"].as_array_mut().into_iter().flatten() {
            rotation.as_object_mut().expect("an object").remove("KeyId");
        }
        shared.insert(member.to_owned(), reply[member].take());
    }
    shared.into()
}

/// SPK-254
#[tokio::test]
async fn nothing_that_is_shared_is_set_at_a_replica() {
    let world = World::new().await;
    let id = set(&world, &[ELSEWHERE, FAR]).await;
    world
        .ok("EnableKeyRotation", json!({"KeyId": id, "RotationPeriodInDays": 200}))
        .await;
    world.deliver().await;
    let before = shared(&world, REGION, &id).await;
    assert_eq!(before["RotationPeriodInDays"], 200);
    for (operation, more) in [
        ("EnableKeyRotation", json!({"RotationPeriodInDays": 100})),
        ("DisableKeyRotation", json!({})),
        ("RotateKeyOnDemand", json!({})),
        ("ReplicateKey", json!({"ReplicaRegion": "eu-west-1"})),
        ("UpdatePrimaryRegion", json!({"PrimaryRegion": FAR})),
    ] {
        let mut request = more;
        request["KeyId"] = json!(id);
        let refusal = world.refused_as(at(ELSEWHERE), operation, request).await;
        assert_eq!(refusal.code, "UnsupportedOperationException", "{operation}");
    }
    // What may be done to a replica is about that key alone.
    for (operation, more) in [
        ("UpdateKeyDescription", json!({"Description": "changed"})),
        ("PutKeyPolicy", json!({ "Policy": OPEN })),
        ("TagResource", json!({"Tags": [{"TagKey": "a", "TagValue": "b"}]})),
        ("UntagResource", json!({"TagKeys": ["a"]})),
        (
            "CreateGrant",
            json!({"GranteePrincipal": format!("arn:aws:iam::{ACCOUNT}:root"), "Operations": ["Decrypt"]}),
        ),
        ("DisableKey", json!({})),
        ("EnableKey", json!({})),
        ("ScheduleKeyDeletion", json!({})),
        ("CancelKeyDeletion", json!({})),
        ("EnableKey", json!({})),
    ] {
        let mut request = more;
        request["KeyId"] = json!(id);
        world.ok_as(at(ELSEWHERE), operation, request).await;
        world.deliver().await;
        for region in [REGION, ELSEWHERE, FAR] {
            // A key that is pending deletion shows no calendar until it is given back.
            if (operation, region) == ("ScheduleKeyDeletion", ELSEWHERE) {
                continue;
            }
            assert_eq!(shared(&world, region, &id).await, before, "{operation}, {region}");
        }
    }
}

/// SPK-302
#[tokio::test]
async fn what_is_shared_is_nothing_to_ask_for() {
    let world = World::new().await;
    let id = set(&world, &[]).await;
    let request = json!({"KeyId": id, "ReplicaRegion": ELSEWHERE, "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY",
                         "Origin": "EXTERNAL", "MultiRegion": false, "CustomKeyStoreId": "cks-1",
                         "RotationPeriodInDays": 100});
    world.replicate(ROOT, request.clone()).await;
    let told = shared(&world, ELSEWHERE, &id).await;
    assert_eq!(told, shared(&world, REGION, &id).await);
    assert_eq!(
        (&told["KeySpec"], &told["KeyUsage"], &told["Origin"]),
        (
            &json!("SYMMETRIC_DEFAULT"),
            &json!("ENCRYPT_DECRYPT"),
            &json!("AWS_KMS")
        )
    );
    let record = world.last_record("ReplicateKey").await;
    let shown = record["requestParameters"].as_object().expect("an object");
    for member in ["keySpec", "keyUsage", "origin", "rotationPeriodInDays"] {
        assert!(!shown.contains_key(member), "{member}");
    }
}

/// What cannot be provoked here is a fault of the service's own.
///
/// SPK-318
#[tokio::test]
async fn every_refusal_of_a_replica_has_its_name() {
    let world = World::new().await;
    let (id, single) = (set(&world, &[FAR]).await, world.key().await);
    let many: Vec<_> = (0..51)
        .map(|number| json!({"TagKey": number.to_string(), "TagValue": ""}))
        .collect();
    let long = format!(r#"{{"Version":"2012-10-17","Id":"{}"}}"#, "x".repeat(40_000));
    let disabled = set(&world, &[]).await;
    world.ok("DisableKey", json!({ "KeyId": disabled })).await;
    let ending = set(&world, &[]).await;
    world.ok("ScheduleKeyDeletion", json!({ "KeyId": ending })).await;
    for (key, more, code) in [
        (id.clone(), json!({"ReplicaRegion": FAR}), "AlreadyExistsException"),
        (disabled, json!({}), "DisabledException"),
        ("arn:aws:kms:key".to_owned(), json!({}), "InvalidArnException"),
        (ending, json!({}), "KMSInvalidStateException"),
        (id.clone(), json!({ "Policy": long }), "LimitExceededException"),
        (id.clone(), json!({"Policy": "{"}), "MalformedPolicyDocumentException"),
        (arn(REGION, crate::world::NO_KEY), json!({}), "NotFoundException"),
        (id.clone(), json!({ "Tags": many }), "TagException"),
        (single, json!({}), "UnsupportedOperationException"),
    ] {
        let mut request = json!({"KeyId": key, "ReplicaRegion": ELSEWHERE});
        for (member, value) in more.as_object().expect("an object") {
            request[member] = value.clone();
        }
        let refusal = world.refused("ReplicateKey", request).await;
        assert_eq!(refusal.code, code, "{key} {:?}", refusal.message);
    }
    world.deliver().await;
    let configuration = &metadata(&world, REGION, &id).await["MultiRegionConfiguration"];
    assert_eq!(configuration["ReplicaKeys"].as_array().map(Vec::len), Some(1));
}

/// SPK-368
#[tokio::test]
async fn keys_with_imported_material_are_copied_to_the_same_regions() {
    let world = World::new().await;
    let made = world
        .ok("CreateKey", json!({"MultiRegion": true, "Origin": "EXTERNAL"}))
        .await;
    let id = text(&made["KeyMetadata"]["KeyId"]).to_owned();
    let refused = async |region: &str| {
        let request = json!({"KeyId": id, "ReplicaRegion": region});
        world.refused("ReplicateKey", request).await.code
    };
    assert_eq!(
        refused(ELSEWHERE).await,
        "KMSInvalidStateException",
        "it has no material"
    );
    world
        .alter(&id, |record| record.state = trent_kms::state::KeyState::Enabled)
        .await;
    for nowhere in ["cn-north-1", "us-gov-west-1", "eu-west-9"] {
        assert_eq!(refused(nowhere).await, "ValidationException", "{nowhere}");
    }
    assert_eq!(refused(REGION).await, "AlreadyExistsException");
    world
        .replicate(ROOT, json!({"KeyId": id, "ReplicaRegion": ELSEWHERE}))
        .await;
    assert_eq!(metadata(&world, ELSEWHERE, &id).await["KeyState"], "PendingImport");
    assert_eq!(refused(ELSEWHERE).await, "AlreadyExistsException");
    world
        .ok_as(at(ELSEWHERE), "ScheduleKeyDeletion", json!({ "KeyId": id }))
        .await;
    assert_eq!(refused(ELSEWHERE).await, "AlreadyExistsException");
    let request = json!({"KeyId": id, "ReplicaRegion": FAR});
    let refusal = world.refused_as(at(ELSEWHERE), "ReplicateKey", request).await;
    assert_eq!(refusal.code, "UnsupportedOperationException", "it is no primary");
}
