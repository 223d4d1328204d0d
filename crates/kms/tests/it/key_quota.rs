//! How many keys an account may have: what counts, what no longer does, and stores in which nobody has counted yet.

use std::time::Duration;

use serde_json::json;
use trent_kms::records::rosters::parts_of;
use trent_names::AccountId;
use trent_quotas::{Amount, Quota};
use trent_service::Inventory;

use crate::world::{ACCOUNT, ELSEWHERE, REGION, World, region};

const DAY: Duration = Duration::from_hours(24);

fn account() -> AccountId {
    AccountId::parse(ACCOUNT).expect("an account")
}

async fn counted(world: &World) -> u64 {
    let keys = world.kms.keys_of(account(), &region(REGION)).await;
    keys.expect("the store reads")
}

fn limit(world: &World, most: u64) {
    world.quotas.change(|applied| {
        applied.grant(Quota::KEYS, account(), region(REGION), Some(Amount::whole(most)));
    });
}

/// A key counts in every state, until there is nothing left of it.
///
/// REF-150, REF-143, KEY-18
#[tokio::test]
async fn a_key_counts_until_it_is_deleted() {
    let world = World::new().await;
    limit(&world, 3);
    let keys = [world.key().await, world.key().await, world.key().await];
    let refused = || async { world.refused("CreateKey", json!({})).await.code };
    assert_eq!(refused().await, "LimitExceededException");
    world.ok("DisableKey", json!({"KeyId": keys[0]})).await;
    let end = json!({"KeyId": keys[1], "PendingWindowInDays": 7});
    world.ok("ScheduleKeyDeletion", end).await;
    assert_eq!(
        (counted(&world).await, refused().await),
        (3, "LimitExceededException".to_owned())
    );
    world.pass(DAY * 8).await;
    assert_eq!(counted(&world).await, 2);
    world.key().await;
    assert_eq!(
        (counted(&world).await, refused().await),
        (3, "LimitExceededException".to_owned())
    );
    // Other Regions have a count of their own, and keys that services manage have none.
    world.ok("DescribeKey", json!({"KeyId": "alias/aws/ebs"})).await;
    assert_eq!(counted(&world).await, 3);
    let elsewhere = world.kms.keys_of(account(), &region(ELSEWHERE)).await;
    assert_eq!(elsewhere.expect("the store reads"), 0);
}

/// Keys that were made before anybody counted are counted when the next one is made or deleted.
#[tokio::test]
async fn keys_of_older_stores_are_counted() {
    let world = World::new().await;
    let mut keys = Vec::new();
    for _ in 0..20 {
        keys.push(world.key().await);
    }
    world.ok("DescribeKey", json!({"KeyId": "alias/aws/ebs"})).await;
    forget(&world).await;
    limit(&world, 21);
    // Deleting one before anybody has counted leaves nothing that would count it.
    world
        .ok(
            "ScheduleKeyDeletion",
            json!({"KeyId": keys[0], "PendingWindowInDays": 7}),
        )
        .await;
    world.pass(DAY * 8).await;
    assert_eq!(counted(&world).await, 19);
    world.key().await;
    world.key().await;
    assert_eq!(counted(&world).await, 21);
    assert_eq!(
        world.refused("CreateKey", json!({})).await.code,
        "LimitExceededException"
    );
}

/// Takes away all that was counted.
async fn forget(world: &World) {
    let store = world.store.region(&region(REGION));
    let parts = store.range(&parts_of(account()), None, 100).await;
    let parts = parts.expect("the store reads").items;
    assert_eq!(parts.len(), 16);
    let mut txn = store.txn();
    for (address, part) in parts {
        txn.delete(&address, part.revision);
    }
    store.commit(txn).await.expect("the store commits");
}
