//! Changes of multi-Region keys over time: another primary, and the end of one key and of all.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{ACCOUNT, ELSEWHERE, FAR, REGION, ROOT, Who, World, base64, text};

const DAY: Duration = Duration::from_hours(24);

/// The root user in a Region.
pub(crate) fn at(region: &'static str) -> Who {
    Who { region, ..ROOT }
}

pub(crate) fn arn(region: &str, id: &str) -> String {
    format!("arn:aws:kms:{region}:{ACCOUNT}:key/{id}")
}

/// A primary here with replicas in the other Regions.
pub(crate) async fn set(world: &World, replicas: &[&str]) -> String {
    let made = world.ok("CreateKey", json!({"MultiRegion": true})).await;
    let id = text(&made["KeyMetadata"]["KeyId"]).to_owned();
    for region in replicas {
        let request = json!({"KeyId": id, "ReplicaRegion": region});
        world.replicate(ROOT, request).await;
    }
    id
}

pub(crate) async fn metadata(world: &World, region: &'static str, id: &str) -> Value {
    world.ok_as(at(region), "DescribeKey", json!({ "KeyId": id })).await["KeyMetadata"].take()
}

/// Role and state of a key.
async fn standing(world: &World, region: &'static str, id: &str) -> (String, String) {
    let metadata = metadata(world, region, id).await;
    let role = &metadata["MultiRegionConfiguration"]["MultiRegionKeyType"];
    (text(role).to_owned(), text(&metadata["KeyState"]).to_owned())
}

fn is(role: &str, state: &str) -> (String, String) {
    (role.to_owned(), state.to_owned())
}

/// Lets days pass, and everything that follows from it be done.
async fn pass(world: &World, days: u32) {
    for _ in 0..days {
        world.pass(DAY).await;
        world.deliver().await;
    }
}

/// SPK-246, SPK-337, SPK-338, SPK-344, SPK-345, SPK-346
#[tokio::test]
async fn a_replica_becomes_the_primary_and_the_primary_a_replica() {
    let world = World::new().await;
    let id = set(&world, &[ELSEWHERE, FAR]).await;
    let ciphertext = world.encrypt(&id, b"before").await;
    let before = metadata(&world, ELSEWHERE, &id).await;
    let reply = world
        .ok("UpdatePrimaryRegion", json!({"KeyId": id, "PrimaryRegion": ELSEWHERE}))
        .await;
    assert_eq!(reply, Value::Null);
    assert_eq!(standing(&world, REGION, &id).await, is("PRIMARY", "Updating"));
    world.deliver().await;
    for (region, role) in [(REGION, "REPLICA"), (ELSEWHERE, "PRIMARY"), (FAR, "REPLICA")] {
        assert_eq!(standing(&world, region, &id).await, is(role, "Enabled"), "{region}");
        let configuration = &metadata(&world, region, &id).await["MultiRegionConfiguration"];
        assert_eq!(configuration["PrimaryKey"]["Arn"], arn(ELSEWHERE, &id), "{region}");
        let replicas = configuration["ReplicaKeys"].as_array().expect("a list");
        let replicas: Vec<_> = replicas.iter().map(|key| text(&key["Region"])).collect();
        assert_eq!(replicas, [FAR, REGION], "{region}");
    }
    let after = metadata(&world, ELSEWHERE, &id).await;
    for member in ["Arn", "CreationDate", "Description", "CurrentKeyMaterialId", "KeySpec"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    let opened = world
        .ok_as(at(FAR), "Decrypt", json!({"CiphertextBlob": ciphertext}))
        .await;
    assert_eq!(opened["Plaintext"], base64(b"before"));
    // From here on, what is shared comes from the new one.
    let gone = world
        .ok_as(
            at(FAR),
            "ScheduleKeyDeletion",
            json!({"KeyId": id, "PendingWindowInDays": 7}),
        )
        .await;
    assert_eq!(gone["KeyState"], "PendingDeletion");
    pass(&world, 8).await;
    for region in [REGION, ELSEWHERE] {
        let configuration = &metadata(&world, region, &id).await["MultiRegionConfiguration"];
        assert_eq!(
            configuration["ReplicaKeys"].as_array().map(Vec::len),
            Some(1),
            "{region}"
        );
    }
}

/// SPK-341, SPK-342, SPK-343, MON-323, MON-389
#[tokio::test]
async fn a_key_that_is_updating_is_used_and_not_managed() {
    let world = World::new().await;
    let id = set(&world, &[ELSEWHERE, FAR]).await;
    let change = json!({"KeyId": id, "PrimaryRegion": ELSEWHERE});
    world.ok("UpdatePrimaryRegion", change.clone()).await;
    let ciphertext = world.encrypt(&id, b"meanwhile").await;
    world.ok("Decrypt", json!({"CiphertextBlob": ciphertext})).await;
    world
        .ok(
            "CreateAlias",
            json!({"AliasName": "alias/meanwhile", "TargetKeyId": id}),
        )
        .await;
    let message = format!("{} is updating.", arn(REGION, &id));
    for (operation, mut request) in [
        ("DisableKey", json!({})),
        ("EnableKey", json!({})),
        ("ScheduleKeyDeletion", json!({})),
        ("ReplicateKey", json!({"ReplicaRegion": FAR})),
        ("UpdatePrimaryRegion", json!({"PrimaryRegion": FAR})),
    ] {
        request["KeyId"] = json!(id);
        let refusal = world.refused(operation, request).await;
        assert_eq!(
            refusal.pair(),
            ("KMSInvalidStateException", message.as_str()),
            "{operation}"
        );
    }
    world.ok("UpdatePrimaryRegion", change).await;
    world.deliver().await;
    assert_eq!(standing(&world, ELSEWHERE, &id).await, is("PRIMARY", "Enabled"));
}

/// SPK-238, SPK-339, SPK-340
#[tokio::test]
async fn a_primary_cannot_move_to_where_no_replica_is_in_use() {
    let world = World::new().await;
    let id = set(&world, &[ELSEWHERE]).await;
    let refused = |who, to: &str| {
        let request = json!({"KeyId": id, "PrimaryRegion": to});
        let world = &world;
        async move { world.refused_as(who, "UpdatePrimaryRegion", request).await.code }
    };
    assert_eq!(refused(ROOT, FAR).await, "NotFoundException");
    assert_eq!(refused(ROOT, "eu-west-9").await, "NotFoundException");
    assert_eq!(refused(ROOT, REGION).await, "ValidationException");
    assert_eq!(refused(at(ELSEWHERE), REGION).await, "UnsupportedOperationException");
    world.ok_as(at(ELSEWHERE), "DisableKey", json!({"KeyId": id})).await;
    assert_eq!(refused(ROOT, ELSEWHERE).await, "DisabledException");
    world.ok_as(at(ELSEWHERE), "EnableKey", json!({"KeyId": id})).await;
    world.ok("DisableKey", json!({"KeyId": id})).await;
    assert_eq!(refused(ROOT, ELSEWHERE).await, "DisabledException");
}

/// SPK-347
#[tokio::test]
async fn a_replica_that_is_no_longer_in_use_lets_the_primary_stay() {
    let world = World::new().await;
    let id = set(&world, &[ELSEWHERE]).await;
    world
        .ok("UpdatePrimaryRegion", json!({"KeyId": id, "PrimaryRegion": ELSEWHERE}))
        .await;
    world.ok_as(at(ELSEWHERE), "DisableKey", json!({"KeyId": id})).await;
    world.deliver().await;
    assert_eq!(standing(&world, REGION, &id).await, is("PRIMARY", "Enabled"));
    assert_eq!(standing(&world, ELSEWHERE, &id).await, is("REPLICA", "Disabled"));
}

/// SPK-236, SPK-372, SPK-373, SPK-375, SPK-376, SPK-398
#[tokio::test]
async fn a_replica_is_deleted_by_itself_and_the_others_know() {
    let world = World::new().await;
    let id = set(&world, &[ELSEWHERE]).await;
    let made = world
        .ok_as(
            at(ELSEWHERE),
            "Encrypt",
            json!({"KeyId": id, "Plaintext": base64(b"there")}),
        )
        .await;
    let request = json!({"KeyId": id, "PendingWindowInDays": 7});
    let reply = world.ok_as(at(ELSEWHERE), "ScheduleKeyDeletion", request).await;
    assert_eq!(
        (&reply["KeyState"], &reply["KeyId"]),
        (&json!("PendingDeletion"), &json!(arn(ELSEWHERE, &id)))
    );
    pass(&world, 8).await;
    let missing = world
        .refused_as(at(ELSEWHERE), "DescribeKey", json!({"KeyId": id}))
        .await;
    assert_eq!(missing.code, "NotFoundException");
    let configuration = &metadata(&world, REGION, &id).await["MultiRegionConfiguration"];
    assert_eq!(configuration["ReplicaKeys"], json!([]));
    let opened = world
        .ok("Decrypt", json!({"CiphertextBlob": made["CiphertextBlob"]}))
        .await;
    assert_eq!(opened["Plaintext"], base64(b"there"));
}

/// SPK-315, SPK-316, MON-279
#[tokio::test]
async fn a_replica_that_was_deleted_can_be_made_again() {
    let world = World::new().await;
    let id = set(&world, &[ELSEWHERE]).await;
    let made = world
        .ok_as(
            at(ELSEWHERE),
            "Encrypt",
            json!({"KeyId": id, "Plaintext": base64(b"there")}),
        )
        .await;
    world
        .ok_as(
            at(ELSEWHERE),
            "UpdateKeyDescription",
            json!({"KeyId": id, "Description": "old"}),
        )
        .await;
    world
        .ok_as(
            at(ELSEWHERE),
            "ScheduleKeyDeletion",
            json!({"KeyId": id, "PendingWindowInDays": 7}),
        )
        .await;
    pass(&world, 8).await;
    world
        .replicate(ROOT, json!({"KeyId": id, "ReplicaRegion": ELSEWHERE}))
        .await;
    assert_eq!(metadata(&world, ELSEWHERE, &id).await["Description"], "");
    let opened = world
        .ok_as(
            at(ELSEWHERE),
            "Decrypt",
            json!({"CiphertextBlob": made["CiphertextBlob"]}),
        )
        .await;
    assert_eq!(opened["Plaintext"], base64(b"there"));
}

/// SPK-380, SPK-381, SPK-382, SPK-384, SPK-542, KEY-58
#[tokio::test]
async fn a_primary_with_a_replica_waits_without_a_date() {
    let world = World::new().await;
    let id = set(&world, &[ELSEWHERE]).await;
    let reply = world
        .ok("ScheduleKeyDeletion", json!({"KeyId": id, "PendingWindowInDays": 9}))
        .await;
    assert_eq!(
        reply,
        json!({"KeyId": arn(REGION, &id), "KeyState": "PendingReplicaDeletion", "PendingWindowInDays": 9})
    );
    let told = metadata(&world, REGION, &id).await;
    assert_eq!(
        (&told["PendingDeletionWindowInDays"], &told["Enabled"]),
        (&json!(9), &json!(false))
    );
    assert!(told.get("DeletionDate").is_none() && told.get("PendingWindowInDays").is_none());
    for (operation, mut request) in [
        ("Encrypt", json!({"Plaintext": "AAAA"})),
        ("ReplicateKey", json!({"ReplicaRegion": FAR})),
        ("UpdatePrimaryRegion", json!({"PrimaryRegion": ELSEWHERE})),
    ] {
        request["KeyId"] = json!(id);
        let refusal = world.refused(operation, request).await;
        assert_eq!(refusal.code, "KMSInvalidStateException", "{operation}");
    }
    assert_eq!(standing(&world, ELSEWHERE, &id).await, is("REPLICA", "Enabled"));
}

/// SPK-383, SPK-388, SPK-391
#[tokio::test]
async fn the_waiting_period_of_a_primary_begins_with_the_end_of_its_last_replica() {
    let world = World::new().await;
    let id = set(&world, &[ELSEWHERE, FAR]).await;
    world
        .ok("ScheduleKeyDeletion", json!({"KeyId": id, "PendingWindowInDays": 30}))
        .await;
    for (region, days) in [(ELSEWHERE, 7), (FAR, 30)] {
        let request = json!({"KeyId": id, "PendingWindowInDays": days});
        world.ok_as(at(region), "ScheduleKeyDeletion", request).await;
    }
    pass(&world, 29).await;
    assert_eq!(
        standing(&world, REGION, &id).await,
        is("PRIMARY", "PendingReplicaDeletion")
    );
    pass(&world, 1).await;
    let told = metadata(&world, REGION, &id).await;
    assert_eq!(told["KeyState"], "PendingDeletion");
    assert!(told.get("PendingDeletionWindowInDays").is_none());
    let days = (told["DeletionDate"].as_f64().expect("a date") - crate::world::START.as_secs_f64()) / 86_400.0;
    assert!((days - 60.0).abs() < 0.1, "{days}");
    pass(&world, 30).await;
    assert_eq!(
        world.refused("DescribeKey", json!({"KeyId": id})).await.code,
        "NotFoundException"
    );
}

/// SPK-386, SPK-387, SPK-389
#[tokio::test]
async fn cancelling_gives_each_key_back_by_itself() {
    let world = World::new().await;
    let id = set(&world, &[ELSEWHERE]).await;
    world.ok("ScheduleKeyDeletion", json!({"KeyId": id})).await;
    world
        .ok_as(at(ELSEWHERE), "ScheduleKeyDeletion", json!({"KeyId": id}))
        .await;
    world
        .ok_as(at(ELSEWHERE), "CancelKeyDeletion", json!({"KeyId": id}))
        .await;
    pass(&world, 40).await;
    assert_eq!(
        standing(&world, REGION, &id).await,
        is("PRIMARY", "PendingReplicaDeletion")
    );
    world.ok("CancelKeyDeletion", json!({"KeyId": id})).await;
    for region in [REGION, ELSEWHERE] {
        assert_eq!(standing(&world, region, &id).await.1, "Disabled", "{region}");
    }
}

/// SPK-392, SPK-393
#[tokio::test]
async fn a_primary_leaves_its_region_as_a_replica_and_its_set_as_any_key() {
    let world = World::new().await;
    let id = set(&world, &[ELSEWHERE]).await;
    world
        .ok("UpdatePrimaryRegion", json!({"KeyId": id, "PrimaryRegion": ELSEWHERE}))
        .await;
    world.deliver().await;
    let reply = world
        .ok("ScheduleKeyDeletion", json!({"KeyId": id, "PendingWindowInDays": 7}))
        .await;
    assert_eq!(reply["KeyState"], "PendingDeletion");
    pass(&world, 8).await;
    let reply = world
        .ok_as(
            at(ELSEWHERE),
            "ScheduleKeyDeletion",
            json!({"KeyId": id, "PendingWindowInDays": 7}),
        )
        .await;
    assert_eq!(reply["KeyState"], "PendingDeletion");
    assert!(reply["DeletionDate"].is_number());
}
