//! The service-linked role of multi-Region keys: an account has it from its first primary on, and records name it.

use serde_json::{Value, json};
use trent_identity::directory::principals::RoleRecord;
use trent_identity::{EntityError, UniqueId};
use trent_names::AccountId;

use crate::multi_region_changes::{arn, at, set};
use crate::world::{ACCOUNT, ELSEWHERE, FAR, REGION, START, World, text};

const NAME: &str = "AWSServiceRoleForKeyManagementServiceMultiRegionKeys";
const SERVICE: &str = "mrk.kms.amazonaws.com";

fn account() -> AccountId {
    ACCOUNT.parse().expect("an account")
}

/// A world with an account in its directory.
async fn with_account() -> World {
    let world = World::new().await;
    let made = world
        .directory
        .create(account(), "ours", START)
        .await
        .expect("it is new");
    world.directory.commit(made.plan(())).await.expect("it is made");
    world
}

async fn role(world: &World) -> Option<(UniqueId, RoleRecord)> {
    match world.directory.find::<RoleRecord>(account(), NAME).await {
        Ok(found) => Some(found),
        Err(EntityError::NoSuch { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

async fn records_of(world: &World, event: &str) -> Vec<Value> {
    let records = world.records().await.into_iter();
    records.filter(|record| record["eventName"] == event).collect()
}

/// SPK-288, SPK-547
#[tokio::test]
async fn an_account_has_the_role_from_its_first_primary_on() {
    let world = with_account().await;
    world.key().await;
    let malformed = json!({"MultiRegion": true, "Policy": "{"});
    world.refused("CreateKey", malformed).await;
    assert!(role(&world).await.is_none(), "nothing has called for it");
    set(&world, &[]).await;
    let (id, made) = role(&world).await.expect("the role is there");
    assert_eq!(made.path, "/aws-service-role/mrk.kms.amazonaws.com/");
    let attached: Vec<_> = made
        .policies
        .attached
        .iter()
        .map(|policy| policy.arn.as_str())
        .collect();
    let policy = "arn:aws:iam::aws:policy/aws-service-role/AWSKeyManagementServiceMultiRegionKeysServiceRolePolicy";
    assert_eq!(attached, [policy]);
    let trust: Value = serde_json::from_str(&made.trust_policy).expect("JSON");
    assert_eq!(trust["Statement"][0]["Principal"], json!({ "Service": SERVICE }));
    // Every later one finds it there, in whatever Region.
    set(&world, &[ELSEWHERE]).await;
    world.ok_as(at(FAR), "CreateKey", json!({"MultiRegion": true})).await;
    assert_eq!(role(&world).await, Some((id, made)));
    let records = records_of(&world, "CreateServiceLinkedRole").await;
    assert_eq!(records.len(), 1, "{records:?}");
    let record = &records[0];
    assert_eq!(record["eventSource"], "iam.amazonaws.com");
    assert_eq!(record["awsRegion"], "us-east-1");
    assert_eq!(record["requestParameters"], json!({"awsServiceName": SERVICE}));
    assert_eq!(record["userIdentity"]["invokedBy"], SERVICE);
    assert_eq!(record["userIdentity"]["arn"], format!("arn:aws:iam::{ACCOUNT}:root"));
    assert_eq!(record["recipientAccountId"], ACCOUNT);
}

/// SPK-288
#[tokio::test]
async fn primaries_that_are_made_at_once_find_one_role() {
    let world = with_account().await;
    let request = json!({"MultiRegion": true});
    let there = at(ELSEWHERE);
    tokio::join!(
        world.ok("CreateKey", request.clone()),
        world.ok("CreateKey", request.clone()),
        world.ok_as(there, "CreateKey", request.clone()),
    );
    assert!(role(&world).await.is_some());
    assert_eq!(records_of(&world, "CreateServiceLinkedRole").await.len(), 1);
}

/// The role is made first: whatever keeps the key from being made leaves an account that can make it later.
#[tokio::test]
async fn an_account_that_is_not_in_the_directory_has_no_role_and_its_keys_all_the_same() {
    let world = World::new().await;
    set(&world, &[ELSEWHERE]).await;
    assert!(records_of(&world, "CreateServiceLinkedRole").await.is_empty());
}

/// AUTHZ-241
#[tokio::test]
async fn the_record_of_a_synchronization_names_whom_it_is_done_by() {
    let world = with_account().await;
    let id = set(&world, &[ELSEWHERE]).await;
    let records = records_of(&world, "SynchronizeMultiRegionKey").await;
    assert!(!records.is_empty());
    for record in records {
        let expected = json!({"servicePrincipal": SERVICE,
            "serviceLinkedRole": format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/{SERVICE}/{NAME}")});
        assert_eq!(record["additionalEventData"], expected);
        assert_eq!(record["resources"][0]["ARN"], arn(REGION, &id));
    }
}

/// SPK-293
#[tokio::test]
async fn the_role_is_not_used_where_there_are_no_multi_region_keys() {
    let world = with_account().await;
    let id = set(&world, &[ELSEWHERE]).await;
    // A Region without multi-Region keys, in which there is a lot to do.
    let single = world.key_of(at(FAR)).await;
    for operation in ["EnableKeyRotation", "RotateKeyOnDemand", "DisableKey", "EnableKey"] {
        world.ok_as(at(FAR), operation, json!({ "KeyId": single })).await;
    }
    world.ok("EnableKeyRotation", json!({ "KeyId": id })).await;
    world.work().await;
    let synchronized = records_of(&world, "SynchronizeMultiRegionKey").await;
    assert!(!synchronized.is_empty());
    for record in synchronized {
        assert_ne!(text(&record["awsRegion"]), FAR);
        assert_ne!(record["resources"][0]["ARN"], arn(FAR, &single));
    }
    let (role, _) = role(&world).await.expect("the role is there");
    assert_eq!(
        world.directory.last_use(role.as_str()).await.expect("the store reads"),
        None,
        "nobody assumes it, not even for the keys that there are"
    );
    assert!(records_of(&world, "AssumeRole").await.is_empty());
}
