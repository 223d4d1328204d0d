//! Rotation of multi-Region keys: started at the primary, carried out in every Region at once or in none.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use trent_kms::{Courier, Delivery};
use trent_store::mail::{Carrier, Letter, Undelivered};

use crate::multi_region_changes::{arn, at, metadata, set};
use crate::world::{ELSEWHERE, FAR, REGION, ROOT, World, text};

const DAY: Duration = Duration::from_hours(24);
const REGIONS: [&str; 3] = [REGION, ELSEWHERE, FAR];

/// A post that one Region is cut off from.
struct Without {
    courier: Arc<Courier>,
    cut_off: &'static str,
}

#[async_trait]
impl Carrier for Without {
    async fn carry(&self, letter: Letter) -> Result<(), Undelivered> {
        if letter.to.as_str() == self.cut_off {
            return Err(Undelivered {
                to: letter.to,
                reason: "nobody answers".to_owned(),
            });
        }
        self.courier.carry(letter).await
    }
}

/// Has every letter delivered but those to a Region.
async fn deliver_but_to(world: &World, cut_off: &'static str) {
    let courier = Arc::clone(&world.courier);
    let carrier = Arc::new(Without { courier, cut_off });
    let delivery = Delivery::new(Arc::clone(&world.kms), &world.store, carrier);
    // What fails ends a round, and an answer comes with a later one.
    for _ in 0..8 {
        assert!(!delivery.settle().await, "something waits for {cut_off}");
    }
}

async fn status(world: &World, region: &'static str, id: &str) -> Value {
    let mut status = world
        .ok_as(at(region), "GetKeyRotationStatus", json!({ "KeyId": id }))
        .await;
    let told = status.as_object_mut().expect("an object").remove("KeyId");
    assert_eq!(told, Some(json!(arn(region, id))));
    status
}

async fn rotations(world: &World, region: &'static str, id: &str) -> Vec<Value> {
    let mut listed = world
        .ok_as(at(region), "ListKeyRotations", json!({ "KeyId": id }))
        .await;
    let mut listed: Vec<Value> = serde_json::from_value(listed["Rotations"].take()).expect("a list");
    for rotation in &mut listed {
        rotation.as_object_mut().expect("an object").remove("KeyId");
    }
    listed
}

async fn current(world: &World, region: &'static str, id: &str) -> String {
    text(&metadata(world, region, id).await["CurrentKeyMaterialId"]).to_owned()
}

/// What a key encrypts, and the material that it did that with.
async fn encrypt(world: &World, region: &'static str, id: &str) -> (Value, String) {
    let request = json!({"KeyId": id, "KeySpec": "AES_256"});
    let mut made = world
        .ok_as(at(region), "GenerateDataKeyWithoutPlaintext", request)
        .await;
    (made["CiphertextBlob"].take(), text(&made["KeyMaterialId"]).to_owned())
}

/// Everything opens everywhere, with the material that made it.
async fn open_everywhere(world: &World, made: &[(Value, String)]) {
    for region in REGIONS {
        for (ciphertext, material) in made {
            let opened = world
                .ok_as(at(region), "Decrypt", json!({ "CiphertextBlob": ciphertext }))
                .await;
            assert_eq!(opened["KeyMaterialId"], json!(material), "{region}");
        }
    }
}

/// The Regions of the records of completed rotations, in alphabetical order.
async fn completed(world: &World) -> Vec<String> {
    let records = world.records().await;
    let completed = records.iter().filter(|record| record["eventName"] == "RotateKey");
    let mut regions: Vec<_> = completed.map(|record| text(&record["awsRegion"]).to_owned()).collect();
    regions.sort();
    regions
}

/// All Regions, in the same order.
fn everywhere() -> Vec<&'static str> {
    let mut regions = REGIONS.to_vec();
    regions.sort_unstable();
    regions
}

/// SPK-233, SPK-234, SPK-244, SPK-352, KEY-383, KEY-406, MON-425: a rotation is recorded in each Region, once it is complete
/// there.
#[tokio::test]
async fn the_calendar_is_the_primarys_and_every_replica_keeps_it() {
    let world = World::new().await;
    let id = set(&world, &[ELSEWHERE, FAR]).await;
    let enable = json!({"KeyId": id, "RotationPeriodInDays": 90});
    world.ok("EnableKeyRotation", enable.clone()).await;
    world.deliver().await;
    let told = status(&world, REGION, &id).await;
    assert_eq!(
        (&told["KeyRotationEnabled"], &told["RotationPeriodInDays"]),
        (&json!(true), &json!(90))
    );
    let first = current(&world, REGION, &id).await;
    let mut made = Vec::new();
    for region in REGIONS {
        assert_eq!(status(&world, region, &id).await, told, "{region}");
        made.push(encrypt(&world, region, &id).await);
    }
    for (operation, request) in [
        ("EnableKeyRotation", enable),
        ("DisableKeyRotation", json!({ "KeyId": id })),
    ] {
        let refusal = world.refused_as(at(FAR), operation, request).await;
        let said = format!("{} is not a multi-region primary key.", arn(FAR, &id));
        assert_eq!(refusal.pair(), ("UnsupportedOperationException", said.as_str()));
    }
    world.pass(DAY * 90).await;
    assert_eq!(current(&world, REGION, &id).await, first, "nobody else has it yet");
    world.deliver().await;
    let second = current(&world, REGION, &id).await;
    assert_ne!(second, first);
    let (told, listed) = (status(&world, REGION, &id).await, rotations(&world, REGION, &id).await);
    assert_eq!((listed.len(), &listed[0]["RotationType"]), (1, &json!("AUTOMATIC")));
    for region in REGIONS {
        assert_eq!(current(&world, region, &id).await, second, "{region}");
        assert_eq!(status(&world, region, &id).await, told, "{region}");
        assert_eq!(rotations(&world, region, &id).await, listed, "{region}");
        made.push(encrypt(&world, region, &id).await);
    }
    open_everywhere(&world, &made).await;
    assert_eq!(completed(&world).await, everywhere());
    world.ok("DisableKeyRotation", json!({ "KeyId": id })).await;
    world.deliver().await;
    for region in REGIONS {
        let off = json!({"KeyRotationEnabled": false});
        assert_eq!(status(&world, region, &id).await, off, "{region}");
    }
}

/// SPK-235, SPK-245, SPK-353, SPK-356, KEY-420
#[tokio::test]
async fn a_region_that_does_not_answer_holds_a_rotation_back_everywhere() {
    let world = World::new().await;
    let id = set(&world, &[ELSEWHERE, FAR]).await;
    let request = json!({ "KeyId": id });
    for region in [ELSEWHERE, FAR] {
        let refusal = world.refused_as(at(region), "RotateKeyOnDemand", request.clone()).await;
        assert_eq!(refusal.code, "UnsupportedOperationException");
    }
    let first = current(&world, REGION, &id).await;
    world.ok("RotateKeyOnDemand", request.clone()).await;
    world.pass(Duration::ZERO).await;
    deliver_but_to(&world, FAR).await;
    let mut made = Vec::new();
    for region in REGIONS {
        assert_eq!(current(&world, region, &id).await, first, "{region}");
        let (ciphertext, material) = encrypt(&world, region, &id).await;
        assert_eq!(material, first, "{region}");
        made.push((ciphertext, material));
        assert_eq!(rotations(&world, region, &id).await, [] as [Value; 0], "{region}");
    }
    for region in [REGION, ELSEWHERE] {
        let told = status(&world, region, &id).await;
        assert!(told["OnDemandRotationStartDate"].is_number(), "{region}: {told}");
    }
    let again = world.refused("RotateKeyOnDemand", request).await;
    assert_eq!(again.code, "ConflictException");
    assert_eq!(completed(&world).await, [] as [String; 0]);
    world.deliver().await;
    let second = current(&world, REGION, &id).await;
    assert_ne!(second, first);
    for region in REGIONS {
        assert_eq!(current(&world, region, &id).await, second, "{region}");
        let told = status(&world, region, &id).await;
        assert_eq!(told.get("OnDemandRotationStartDate"), None, "{region}");
        made.push(encrypt(&world, region, &id).await);
    }
    open_everywhere(&world, &made).await;
    assert_eq!(completed(&world).await, everywhere());
}

#[tokio::test]
async fn a_held_rotation_goes_on_under_another_primary_and_into_another_replica() {
    let world = World::new().await;
    let id = set(&world, &[ELSEWHERE]).await;
    let first = current(&world, REGION, &id).await;
    world.ok("RotateKeyOnDemand", json!({ "KeyId": id })).await;
    world.pass(Duration::ZERO).await;
    // Nobody has the new material yet, and there is one more who needs it.
    world
        .ok("ReplicateKey", json!({"KeyId": id, "ReplicaRegion": FAR}))
        .await;
    deliver_but_to(&world, FAR).await;
    assert_eq!(current(&world, ELSEWHERE, &id).await, first);
    world
        .ok("UpdatePrimaryRegion", json!({"KeyId": id, "PrimaryRegion": ELSEWHERE}))
        .await;
    deliver_but_to(&world, FAR).await;
    let told = metadata(&world, ELSEWHERE, &id).await;
    assert_eq!(told["MultiRegionConfiguration"]["MultiRegionKeyType"], "PRIMARY");
    assert_eq!(told["CurrentKeyMaterialId"], json!(first));
    world.deliver().await;
    let second = current(&world, ELSEWHERE, &id).await;
    assert_ne!(second, first);
    for region in REGIONS {
        assert_eq!(current(&world, region, &id).await, second, "{region}");
        assert_eq!(rotations(&world, region, &id).await.len(), 1, "{region}");
    }
    assert_eq!(completed(&world).await, everywhere());
}

/// SPK-352, SPK-353
#[tokio::test]
async fn what_is_asked_of_a_primary_on_its_way_the_next_one_does() {
    let world = World::new().await;
    let id = set(&world, &[ELSEWHERE, FAR]).await;
    world
        .ok("UpdatePrimaryRegion", json!({"KeyId": id, "PrimaryRegion": FAR}))
        .await;
    let enable = json!({"KeyId": id, "RotationPeriodInDays": 180});
    world.ok("EnableKeyRotation", enable).await;
    world.ok("RotateKeyOnDemand", json!({ "KeyId": id })).await;
    world.deliver().await;
    world.pass(Duration::ZERO).await;
    world.deliver().await;
    let told = metadata(&world, FAR, &id).await;
    assert_eq!(told["MultiRegionConfiguration"]["MultiRegionKeyType"], "PRIMARY");
    for region in REGIONS {
        let told = status(&world, region, &id).await;
        assert_eq!(told["RotationPeriodInDays"], 180, "{region}");
        assert_eq!(rotations(&world, region, &id).await.len(), 1, "{region}");
    }
    assert_eq!(completed(&world).await, everywhere());
}

/// SPK-390, MON-265, MON-279
#[tokio::test]
async fn a_rotated_replica_is_made_again_and_the_set_ends_in_fourteen_days() {
    let world = World::new().await;
    let id = set(&world, &[ELSEWHERE]).await;
    let week = json!({"KeyId": id, "PendingWindowInDays": 7});
    let mut made = vec![encrypt(&world, ELSEWHERE, &id).await];
    world.ok("RotateKeyOnDemand", json!({ "KeyId": id })).await;
    // The replica that the rotation waits for goes instead of answering.
    world.pass(Duration::ZERO).await;
    world.ok_as(at(ELSEWHERE), "ScheduleKeyDeletion", week.clone()).await;
    world.pass(DAY * 7).await;
    world.deliver().await;
    assert_eq!(completed(&world).await, [REGION]);
    made.push(encrypt(&world, REGION, &id).await);
    assert_ne!(made[0].1, made[1].1);
    for region in [ELSEWHERE, FAR] {
        world
            .replicate(ROOT, json!({"KeyId": id, "ReplicaRegion": region}))
            .await;
        made.push(encrypt(&world, region, &id).await);
    }
    open_everywhere(&world, &made).await;
    let reply = world.ok("ScheduleKeyDeletion", week.clone()).await;
    assert_eq!(reply["KeyState"], "PendingReplicaDeletion");
    assert_eq!(reply.get("DeletionDate"), None);
    for region in [ELSEWHERE, FAR] {
        world.ok_as(at(region), "ScheduleKeyDeletion", week.clone()).await;
    }
    world.pass(DAY * 7).await;
    world.deliver().await;
    let told = metadata(&world, REGION, &id).await;
    assert_eq!(told["KeyState"], "PendingDeletion");
    let now = trent_service::Clock::now(&*world.clock);
    assert_eq!(told["DeletionDate"], json!((now + DAY * 7).as_secs_f64()));
    world.pass(Duration::from_millis(7 * 86_400_000 - 1)).await;
    assert_eq!(metadata(&world, REGION, &id).await["KeyState"], "PendingDeletion");
    world.pass(Duration::from_millis(1)).await;
    let gone = world.refused("DescribeKey", json!({ "KeyId": id })).await;
    assert_eq!(gone.code, "NotFoundException");
    let opened = world
        .refused("Decrypt", json!({"CiphertextBlob": made[0].0, "KeyId": id}))
        .await;
    assert_eq!(opened.code, "NotFoundException");
}
