//! How keys come into each state and out of it. What no operation changes, the walk through the table of operations and
//! states shows as well: each cell ends in the state that it says.

use std::time::Duration;

use serde_json::{Value, json};

use crate::imports::MATERIAL;
use crate::multi_region_changes::{at, metadata};
use crate::world::{ELSEWHERE, REGION, ROOT, START, World, text};

const WEEK: Duration = Duration::from_hours(7 * 24);

impl World {
    /// A new key; its id.
    async fn made(&self, request: Value) -> String {
        let made = self.ok("CreateKey", request).await;
        text(&made["KeyMetadata"]["KeyId"]).to_owned()
    }

    /// Takes the key of this Region through operations, each of which leaves it in a state.
    async fn leads(&self, region: &'static str, key: &str, steps: &[(&str, &str)]) {
        for (operation, state) in steps {
            let request = match *operation {
                "ScheduleKeyDeletion" => json!({"KeyId": key, "PendingWindowInDays": 7}),
                _ => json!({ "KeyId": key }),
            };
            self.ok_as(at(region), operation, request).await;
            assert_eq!(self.state_in(region, key).await, *state, "after {operation}");
        }
    }

    async fn state_in(&self, region: &'static str, key: &str) -> String {
        text(&metadata(self, region, key).await["KeyState"]).to_owned()
    }

    async fn is_gone(&self, key: &str) -> bool {
        let asked = self.send(ROOT, "DescribeKey", &json!({ "KeyId": key })).await;
        asked.is_err_and(|refusal| refusal.code == "NotFoundException")
    }
}

/// MON-317, MON-318, MON-319, MON-325
#[tokio::test]
async fn keys_of_every_kind_are_enabled_disabled_and_deleted() {
    let world = World::new().await;
    for (kind, first) in [
        (json!({}), "Enabled"),
        (json!({"MultiRegion": true}), "Enabled"),
        (json!({"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"}), "Enabled"),
        (
            json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}),
            "Enabled",
        ),
        (
            json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}),
            "Enabled",
        ),
        (json!({"Origin": "EXTERNAL"}), "PendingImport"),
    ] {
        let key = world.made(kind.clone()).await;
        assert_eq!(world.state_of(&key).await, first, "{kind}");
        if first == "PendingImport" {
            world.import(&key, &MATERIAL, json!({})).await;
            assert_eq!(world.state_of(&key).await, "Enabled");
        }
        let steps = [
            ("DisableKey", "Disabled"),
            ("EnableKey", "Enabled"),
            ("ScheduleKeyDeletion", "PendingDeletion"),
            ("CancelKeyDeletion", "Disabled"),
            ("ScheduleKeyDeletion", "PendingDeletion"),
        ];
        world.leads(REGION, &key, &steps).await;
        world.pass(WEEK).await;
        assert!(world.is_gone(&key).await, "{kind}");
    }
}

/// MON-317, MON-320
#[tokio::test]
async fn a_key_waits_for_material_whenever_it_has_none() {
    let world = World::new().await;
    let key = world.external().await;
    assert_eq!(world.state_of(&key).await, "PendingImport");
    world.import(&key, &MATERIAL, json!({})).await;
    let steps = [
        ("DeleteImportedKeyMaterial", "PendingImport"),
        ("DeleteImportedKeyMaterial", "PendingImport"),
    ];
    assert_eq!(world.state_of(&key).await, "Enabled");
    world.leads(REGION, &key, &steps).await;
    let expires = json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": (START + WEEK).as_secs()});
    world.import(&key, &MATERIAL, expires).await;
    assert_eq!(world.state_of(&key).await, "Enabled");
    world.pass(WEEK).await;
    assert_eq!(world.state_of(&key).await, "PendingImport");
    world.import(&key, &MATERIAL, json!({})).await;
    assert_eq!(world.state_of(&key).await, "Enabled");
    let single = world.key().await;
    let refusal = world
        .refused("DeleteImportedKeyMaterial", json!({ "KeyId": single }))
        .await;
    assert_eq!(refusal.code, "UnsupportedOperationException");
    assert_eq!(world.state_of(&single).await, "Enabled", "it is of no other origin");
}

/// The reply to making a replica is of before its material came.
///
/// MON-317, MON-320, MON-322
#[tokio::test]
async fn a_replica_is_creating_until_its_primary_has_answered() {
    let world = World::new().await;
    for (origin, then) in [("AWS_KMS", "Enabled"), ("EXTERNAL", "PendingImport")] {
        let key = world.made(json!({"MultiRegion": true, "Origin": origin})).await;
        if origin == "EXTERNAL" {
            world.import(&key, &MATERIAL, json!({})).await;
        }
        let reply = world
            .replicate(ROOT, json!({"KeyId": key, "ReplicaRegion": ELSEWHERE}))
            .await;
        assert_eq!(reply["ReplicaKeyMetadata"]["KeyState"], "Creating");
        assert_eq!(reply["ReplicaKeyMetadata"]["Enabled"], false);
        assert_eq!(world.state_in(ELSEWHERE, &key).await, then);
        assert_eq!(world.state_in(REGION, &key).await, "Enabled");
    }
}

/// MON-317, MON-319, MON-324
#[tokio::test]
async fn a_primary_waits_for_its_replicas_to_be_deleted() {
    let world = World::new().await;
    let key = world.made(json!({"MultiRegion": true})).await;
    let alone = [
        ("ScheduleKeyDeletion", "PendingDeletion"),
        ("CancelKeyDeletion", "Disabled"),
        ("EnableKey", "Enabled"),
    ];
    world.leads(REGION, &key, &alone).await;
    world
        .replicate(ROOT, json!({"KeyId": key, "ReplicaRegion": ELSEWHERE}))
        .await;
    world
        .ok("UpdatePrimaryRegion", json!({"KeyId": key, "PrimaryRegion": ELSEWHERE}))
        .await;
    assert_eq!(world.state_in(REGION, &key).await, "Updating");
    world.deliver().await;
    for region in [REGION, ELSEWHERE] {
        assert_eq!(world.state_in(region, &key).await, "Enabled");
    }
    let (primary, replica) = (ELSEWHERE, REGION);
    let steps = [
        ("ScheduleKeyDeletion", "PendingReplicaDeletion"),
        ("CancelKeyDeletion", "Disabled"),
        ("ScheduleKeyDeletion", "PendingReplicaDeletion"),
    ];
    world.leads(primary, &key, &steps).await;
    world
        .leads(replica, &key, &[("ScheduleKeyDeletion", "PendingDeletion")])
        .await;
    world.pass(WEEK).await;
    world.deliver().await;
    assert!(world.is_gone(&key).await);
    assert_eq!(world.state_in(primary, &key).await, "PendingDeletion");
    world
        .leads(
            primary,
            &key,
            &[("CancelKeyDeletion", "Disabled"), ("EnableKey", "Enabled")],
        )
        .await;
}
