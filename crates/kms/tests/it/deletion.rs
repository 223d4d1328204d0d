//! The end of keys: the waiting period, its cancellation, and what is gone afterwards.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use trent_crypto::Key256;
use trent_crypto::record::RecordSealer;
use trent_crypto::root::RootKeys;
use trent_names::{AccountId, KeyId};
use trent_service::{ClockGuard, Held, Upkeep as _};
use trent_store::{Destroyed, Ledger};

use crate::world::{ACCOUNT, REGION, ROOT, START, World, region};

const DAY: Duration = Duration::from_hours(24);

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

/// MON-264, MON-265, MON-268, KEY-57
#[tokio::test]
async fn a_key_waits_for_its_deletion_as_long_as_was_asked() {
    let world = World::new().await;
    for days in [6, 31] {
        let key = world.key().await;
        let refusal = world
            .refused(
                "ScheduleKeyDeletion",
                json!({"KeyId": key, "PendingWindowInDays": days}),
            )
            .await;
        assert_eq!(refusal.code, "ValidationException", "{days}");
    }
    for (asked, days) in [(Some(7), 7), (Some(30), 30), (None, 30)] {
        let key = world.key().await;
        let mut request = json!({"KeyId": key});
        if let Some(asked) = asked {
            request["PendingWindowInDays"] = json!(asked);
        }
        let reply = world.ok("ScheduleKeyDeletion", request).await;
        let date = seconds(START + DAY * days);
        assert_eq!(reply["KeyState"], "PendingDeletion");
        assert_eq!(reply["PendingWindowInDays"], days);
        assert!((reply["DeletionDate"].as_f64().expect("a date") - date).abs() < 0.01);
        assert!(
            reply["KeyId"]
                .as_str()
                .expect("an ARN")
                .ends_with(&format!("key/{key}"))
        );
        let metadata = &world.ok("DescribeKey", json!({"KeyId": key})).await["KeyMetadata"];
        assert_eq!(metadata["DeletionDate"], reply["DeletionDate"]);
        assert_eq!(metadata["Enabled"], false);
        assert!(metadata.get("PendingDeletionWindowInDays").is_none());
        let refusal = world
            .refused("Encrypt", json!({"KeyId": key, "Plaintext": "AAAA"}))
            .await;
        assert_eq!(refusal.code, "KMSInvalidStateException");
        assert!(refusal.pair().1.ends_with(" is pending deletion."), "{refusal:?}");
        let refusal = world.refused("ScheduleKeyDeletion", json!({"KeyId": key})).await;
        assert_eq!(refusal.code, "KMSInvalidStateException", "the date does not change");
    }
}

/// MON-266, MON-270
#[tokio::test]
async fn a_cancelled_deletion_leaves_the_key_disabled() {
    let world = World::new().await;
    let key = world.key().await;
    let secret = world.ok("Encrypt", json!({"KeyId": key, "Plaintext": "AAAA"})).await;
    let refusal = world.refused("CancelKeyDeletion", json!({"KeyId": key})).await;
    assert_eq!(refusal.code, "KMSInvalidStateException");
    world
        .ok("ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 7}))
        .await;
    assert_eq!(world.pass(Duration::from_millis(7 * 86_400_000 - 1)).await, 0);
    let reply = world.ok("CancelKeyDeletion", json!({"KeyId": key})).await;
    assert!(reply["KeyId"].as_str().expect("an ARN").ends_with(&key));
    let metadata = &world.ok("DescribeKey", json!({"KeyId": key})).await["KeyMetadata"];
    assert_eq!(metadata["KeyState"], "Disabled");
    assert!(metadata.get("DeletionDate").is_none());
    assert_eq!(world.pass(DAY * 400).await, 0, "the schedule is gone");
    world.ok("EnableKey", json!({"KeyId": key})).await;
    world
        .ok("Decrypt", json!({"CiphertextBlob": secret["CiphertextBlob"]}))
        .await;
}

/// MON-262, MON-267, MON-271, KEY-180, MON-273
#[tokio::test]
async fn a_deleted_key_is_gone_with_all_that_belonged_to_it() {
    let world = World::new().await;
    let (key, other) = (world.key().await, world.key().await);
    for name in 0..50 {
        let name = format!("alias/of-it-{name}");
        world
            .ok("CreateAlias", json!({"AliasName": name, "TargetKeyId": key}))
            .await;
    }
    world
        .ok(
            "CreateAlias",
            json!({"AliasName": "alias/of-other", "TargetKeyId": other}),
        )
        .await;
    for grant in 0..40 {
        for key in [&key, &other] {
            let grantee = format!("arn:aws:iam::111122223333:user/u{}", grant % 3);
            let grant = json!({"KeyId": key, "GranteePrincipal": "arn:aws:iam::111122223333:root",
                               "RetiringPrincipal": "arn:aws:iam::111122223333:root", "Operations": ["Decrypt"],
                               "Name": format!("{grantee}-{grant}").replace([':', '/'], "-")});
            world.ok("CreateGrant", grant).await;
        }
    }
    let secret = world.ok("Encrypt", json!({"KeyId": key, "Plaintext": "AAAA"})).await;
    world
        .ok("ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 7}))
        .await;
    assert_eq!(
        world.ok("ListAliases", json!({"KeyId": key})).await["Aliases"]
            .as_array()
            .map(Vec::len),
        Some(50)
    );
    assert!(world.pass(DAY * 7).await > 0);
    let aliases = world.ok("ListAliases", json!({})).await;
    let aliases = aliases["Aliases"].as_array().expect("a list");
    let own = |alias: &&Value| {
        alias["AliasName"]
            .as_str()
            .is_some_and(|name| name.starts_with("alias/of-"))
    };
    assert_eq!(aliases.iter().filter(own).count(), 1, "{aliases:?}");
    let retirable = world
        .ok(
            "ListRetirableGrants",
            json!({"RetiringPrincipal": "arn:aws:iam::111122223333:root", "Limit": 100}),
        )
        .await;
    let grants = retirable["Grants"].as_array().expect("a list");
    assert_eq!(grants.len(), 40);
    assert!(
        grants
            .iter()
            .all(|grant| grant["KeyId"].as_str().is_some_and(|arn| arn.ends_with(&other)))
    );
    for (operation, body) in [
        ("DescribeKey", json!({"KeyId": key})),
        ("CancelKeyDeletion", json!({"KeyId": key})),
        ("EnableKey", json!({"KeyId": key})),
        (
            "Decrypt",
            json!({"KeyId": key, "CiphertextBlob": secret["CiphertextBlob"]}),
        ),
        ("DescribeKey", json!({"KeyId": "alias/of-it-1"})),
    ] {
        assert_eq!(
            world.refused(operation, body).await.code,
            "NotFoundException",
            "{operation}"
        );
    }
    world
        .send(ROOT, "Decrypt", &json!({"CiphertextBlob": secret["CiphertextBlob"]}))
        .await
        .expect_err("no key");
    let keys = world.ok("ListKeys", json!({})).await;
    assert_eq!(keys["Keys"].as_array().map(Vec::len), Some(1));
    world
        .ok(
            "CreateAlias",
            json!({"AliasName": "alias/of-it-1", "TargetKeyId": other}),
        )
        .await;
    assert_eq!(world.pass(DAY).await, 0, "nothing is left to do");
}

/// MON-170, MON-299, MON-60
#[tokio::test]
async fn the_record_of_a_deletion_names_nobody_who_called() {
    let world = World::new().await;
    let key = world.key().await;
    world
        .ok("ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 7}))
        .await;
    world.pass(DAY * 8).await;
    let records = world.records().await;
    let record = records
        .iter()
        .rfind(|record| record["eventName"] == "DeleteKey")
        .expect("a record");
    let arn = format!("arn:aws:kms:us-west-2:111122223333:key/{key}");
    assert_eq!(
        record["userIdentity"],
        json!({"accountId": "111122223333", "invokedBy": "AWS Internal"})
    );
    assert_eq!(record["eventType"], "AwsServiceEvent");
    assert_eq!(record["sourceIPAddress"], "AWS Internal");
    assert_eq!(record["userAgent"], "AWS Internal");
    assert_eq!(record["responseElements"], json!({"keyId": arn}));
    assert_eq!(
        record["resources"],
        json!([{"accountId": "111122223333", "type": "AWS::KMS::Key", "ARN": arn}])
    );
    assert_eq!(record["requestParameters"], Value::Null);
    assert_eq!(record["recipientAccountId"], "111122223333");
    assert_eq!(record["eventCategory"], "Management");
    for absent in ["requestID", "serviceEventDetails", "errorCode"] {
        assert!(record.get(absent).is_none(), "{absent}");
    }
    let scheduled = records
        .iter()
        .rfind(|record| record["eventName"] == "ScheduleKeyDeletion")
        .expect("a record");
    assert_eq!(scheduled["responseElements"]["keyState"], "PendingDeletion");
    assert_eq!(scheduled["responseElements"]["pendingWindowInDays"], 7);
    assert!(scheduled["responseElements"]["deletionDate"].is_string());
}

#[tokio::test]
async fn a_key_that_is_destroyed_is_in_the_ledger_and_one_that_comes_back_is_destroyed_again() {
    let world = World::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let sealer = RecordSealer::new(&RootKeys::first(Key256::new([1; 32]), Key256::new([2; 32])));
    let ledger = Arc::new(Ledger::open(&folder.path().join("ledger"), sealer).expect("a ledger"));
    let runner = world.runner().with_ledger(Some(Arc::clone(&ledger)));
    let (key, other) = (world.key().await, world.key().await);
    world
        .ok("ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 7}))
        .await;
    world.clock.set(START + DAY * 7);
    assert_eq!(ledger.destroyed(), []);
    runner.settle().await;
    let gone = Destroyed {
        region: region(REGION),
        account: AccountId::parse(ACCOUNT).expect("an account"),
        key: KeyId::parse(&key).expect("a key id"),
        at: i64::try_from((START + DAY * 7).as_millis()).expect("a date"),
    };
    assert_eq!(ledger.destroyed(), std::slice::from_ref(&gone));
    assert!(!runner.destroy(&gone).await.expect("a store"), "it is gone already");
    // A backup is restored: the key is back, with its aliases.
    world.install(&other, REGION, &key, |_| ()).await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/back", "TargetKeyId": key}))
        .await;
    world.ok("DescribeKey", json!({"KeyId": key})).await;
    assert!(runner.destroy(&gone).await.expect("a store"));
    for name in [key.as_str(), "alias/back"] {
        assert_eq!(
            world.refused("DescribeKey", json!({"KeyId": name})).await.code,
            "NotFoundException"
        );
    }
    world.ok("DescribeKey", json!({"KeyId": other})).await;
}

/// A server that was down when a deletion fell due waits for the operator; one that missed nothing does not.
#[tokio::test]
async fn a_deletion_that_fell_due_while_the_server_was_down_waits_for_the_operator() {
    for missed in [false, true] {
        let world = World::new().await;
        let key = world.key().await;
        world
            .ok("ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 7}))
            .await;
        let open = async || {
            let clock = Arc::clone(&world.clock) as _;
            // Each server's machine was just started.
            let guard = ClockGuard::open(&world.store, clock, Box::new(|| Duration::ZERO)).await;
            Arc::new(guard.expect("a guard"))
        };
        open().await.mark().await.expect("a mark");
        world.clock.set(START + DAY * if missed { 8 } else { 6 });
        let guard = open().await;
        let runner = world.runner_guarded_by(Arc::clone(&guard));
        runner.look_back().await.expect("a store");
        assert_eq!(guard.held(), missed.then_some(Held::Down));
        assert_eq!(runner.settle().await, 0);
        let metadata = world.describe(&key).await;
        assert_eq!(metadata["KeyState"], "PendingDeletion", "nothing was destroyed");
        if missed {
            guard.confirm();
            assert!(runner.settle().await > 0);
            assert_eq!(
                world.refused("DescribeKey", json!({"KeyId": key})).await.code,
                "NotFoundException"
            );
        }
    }
}
