//! Rotation on demand, and how little the calendar has to do with it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::rotation::{DAY, after, current, enable, rotations, status};
use crate::world::{World, key_arn};

/// KEY-411, KEY-414, KEY-417, KEY-419
#[tokio::test]
async fn a_rotation_on_demand_is_asked_for_and_then_carried_out() {
    let world = World::new().await;
    let key = world.key().await;
    enable(&world, &key, 365).await;
    let asked = world.ok("RotateKeyOnDemand", json!({"KeyId": key})).await;
    assert_eq!(asked, json!({"KeyId": key_arn(&key)}));
    let in_progress = status(&world, &key).await;
    assert_eq!(in_progress["OnDemandRotationStartDate"], after(Duration::ZERO));
    assert!(rotations(&world, &key).await.is_empty(), "it is not completed");
    world.ok("DisableKeyRotation", json!({"KeyId": key})).await;
    let again = world.refused("RotateKeyOnDemand", json!({"KeyId": key})).await;
    let message = format!("A rotation of {} is in progress.", key_arn(&key));
    assert_eq!(again.pair(), ("ConflictException", message.as_str()));
    world.pass(Duration::from_secs(1)).await;
    assert_eq!(status(&world, &key).await.get("OnDemandRotationStartDate"), None);
    assert_eq!(
        rotations(&world, &key).await,
        [json!({
            "KeyId": key_arn(&key), "KeyMaterialId": current(&world, &key).await, "KeyMaterialState": "CURRENT",
            "RotationDate": after(Duration::from_secs(1)), "RotationType": "ON_DEMAND",
        })]
    );
}

/// KEY-415, KEY-416
#[tokio::test]
async fn the_calendar_does_not_know_of_rotations_on_demand() {
    let world = World::new().await;
    let key = world.key().await;
    enable(&world, &key, 730).await;
    world.pass(DAY * 726).await;
    world.ok("RotateKeyOnDemand", json!({"KeyId": key})).await;
    world.pass(Duration::ZERO).await;
    assert_eq!(status(&world, &key).await["NextRotationDate"], after(DAY * 730));
    world.pass(DAY * 4).await;
    assert_eq!(status(&world, &key).await["NextRotationDate"], after(DAY * 1460));
    let how = |listed: Vec<Value>| {
        listed
            .into_iter()
            .map(|it| it["RotationType"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(how(rotations(&world, &key).await), ["ON_DEMAND", "AUTOMATIC"]);
    world.pass(DAY * 729 + Duration::from_mins(24 * 60 - 20)).await;
    let close = world.refused("RotateKeyOnDemand", json!({"KeyId": key})).await;
    assert_eq!(
        close.code, "ConflictException",
        "the calendar's next one is about to begin"
    );
}

/// KEY-418
#[tokio::test]
async fn a_key_is_rotated_25_times_on_demand_and_no_more() {
    let world = World::new().await;
    let key = world.key().await;
    enable(&world, &key, 90).await;
    world.pass(DAY * 90).await;
    for _ in 0..25 {
        world.ok("RotateKeyOnDemand", json!({"KeyId": key})).await;
        world.pass(Duration::from_secs(1)).await;
    }
    let refusal = world.refused("RotateKeyOnDemand", json!({"KeyId": key})).await;
    let message = format!(
        "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed \
         for this key: {}",
        key_arn(&key)
    );
    assert_eq!(refusal.pair(), ("LimitExceededException", message.as_str()));
    world.pass(DAY * 90).await;
    assert_eq!(rotations(&world, &key).await.len(), 27, "the calendar goes on");
}
