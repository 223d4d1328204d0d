//! What is to be done by itself stands in the schedule, once and rightly, whatever has become of the entries.

use std::time::Duration;

use serde_json::json;
use trent_kms::records::subject_of;
use trent_names::{AccountId, KeyId};
use trent_store::{Job, Jobs};

use crate::world::{ACCOUNT, NO_KEY, REGION, START, World, region, text};

const DAY: Duration = Duration::from_hours(24);

fn job(key: &str, due: Duration) -> Job {
    let account = AccountId::parse(ACCOUNT).expect("an account");
    Job {
        due: i64::try_from(due.as_millis()).expect("a date"),
        subject: subject_of(account, KeyId::parse(key).expect("a key id")),
    }
}

async fn entries(world: &World) -> Vec<Job> {
    let jobs = Jobs::new(world.store.region(&region(REGION)), [0; 16]);
    jobs.due(i64::MAX, None, 100).await.expect("the store reads")
}

/// Adds an entry, or takes it away, behind the back of the key's record.
async fn meddle(world: &World, change: impl FnOnce(&mut trent_store::RegionTxn)) {
    let store = world.store.region(&region(REGION));
    let mut txn = store.txn();
    change(&mut txn);
    store.commit(txn).await.expect("the store commits");
}

/// KEY-404
#[tokio::test]
async fn the_key_of_a_service_rotates_though_it_is_older_than_the_schedule() {
    let world = World::new().await;
    let told = world.describe("alias/aws/ebs").await;
    let key = text(&told["KeyId"]);
    let entry = job(key, START + DAY * 365);
    assert_eq!(entries(&world).await, std::slice::from_ref(&entry));
    meddle(&world, |txn| entry.unschedule(txn)).await;
    world.pass(DAY * 366).await;
    assert_eq!(
        world.describe(key).await["CurrentKeyMaterialId"],
        told["CurrentKeyMaterialId"]
    );
    for added in [1, 0] {
        assert_eq!(world.runner().reconcile().await.expect("the store works"), added);
    }
    world.pass(Duration::ZERO).await;
    assert_ne!(
        world.describe(key).await["CurrentKeyMaterialId"],
        told["CurrentKeyMaterialId"]
    );
    assert_eq!(entries(&world).await, [job(key, START + DAY * (366 + 365))]);
}

#[tokio::test]
async fn any_change_of_a_key_gives_it_the_entry_that_it_lacks() {
    let world = World::new().await;
    let key = world.key().await;
    world.ok("EnableKeyRotation", json!({"KeyId": key})).await;
    let entry = job(&key, START + DAY * 365);
    meddle(&world, |txn| entry.unschedule(txn)).await;
    world
        .ok("UpdateKeyDescription", json!({"KeyId": key, "Description": "changed"}))
        .await;
    assert_eq!(entries(&world).await, [entry]);
}

#[tokio::test]
async fn an_entry_that_is_no_keys_goes_when_its_time_comes() {
    let world = World::new().await;
    let (idle, rotating) = (world.key().await, world.key().await);
    world.ok("EnableKeyRotation", json!({"KeyId": rotating})).await;
    let own = job(&rotating, START + DAY * 365);
    meddle(&world, |txn| {
        for key in [idle.as_str(), &rotating, NO_KEY] {
            job(key, START + DAY).schedule(txn);
        }
        job(&idle, START + DAY * 3).schedule(txn);
    })
    .await;
    assert_eq!(entries(&world).await.len(), 5);
    world.pass(DAY * 2).await;
    assert_eq!(entries(&world).await, [job(&idle, START + DAY * 3), own]);
}
