//! Rotation by the calendar: when it is due, and what puts it off.

use std::time::Duration;

use serde_json::{Value, json};

use crate::rotation::{DAY, after, current, decrypts, enable, rotations, status};
use crate::world::{World, key_arn};

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
