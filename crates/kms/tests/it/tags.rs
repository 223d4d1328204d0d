//! Tags on keys.

use serde_json::{Value, json};

use crate::world::{NO_KEY, OTHER, REGION, STRANGER, World, key_arn, text};

fn tags(pairs: &[(&str, &str)]) -> Value {
    pairs
        .iter()
        .map(|(key, value)| json!({"TagKey": key, "TagValue": value}))
        .collect()
}

impl World {
    async fn tags(&self, key: &str) -> Value {
        self.ok("ListResourceTags", json!({ "KeyId": key })).await
    }
}

/// KEY-335, KEY-337, KEY-326
#[tokio::test]
async fn tags_are_added_and_replaced() {
    let world = World::new().await;
    let id = world.key().await;
    let request = json!({"KeyId": id, "Tags": tags(&[("Purpose", "Test"), ("purpose", ""), ("team", "a")])});
    assert_eq!(world.ok("TagResource", request).await, Value::Null);
    world
        .ok(
            "TagResource",
            json!({"KeyId": key_arn(&id), "Tags": tags(&[("team", "b"), ("new", "n")])}),
        )
        .await;
    assert_eq!(
        world.tags(&id).await,
        json!({
            "Tags": tags(&[("Purpose", "Test"), ("new", "n"), ("purpose", ""), ("team", "b")]),
            "Truncated": false,
        })
    );
    assert_eq!(world.tags(&key_arn(&id)).await, world.tags(&id).await);
    let without_value = world
        .refused("TagResource", json!({"KeyId": id, "Tags": [{"TagKey": "k"}]}))
        .await;
    assert_eq!(without_value.code, "ValidationException");
}

/// KEY-336
#[tokio::test]
async fn tags_are_removed_and_absent_ones_ignored() {
    let world = World::new().await;
    let id = world.key().await;
    world
        .ok(
            "TagResource",
            json!({"KeyId": id, "Tags": tags(&[("a", "1"), ("b", "2")])}),
        )
        .await;
    for keys in [json!(["a", "nowhere"]), json!(["nowhere"])] {
        let reply = world.ok("UntagResource", json!({"KeyId": id, "TagKeys": keys})).await;
        assert_eq!(reply, Value::Null);
        assert_eq!(world.tags(&id).await["Tags"], tags(&[("b", "2")]));
    }
}

/// KEY-327, KEY-328, KEY-329: the same refusals from both operations, and nothing is changed by them.
#[tokio::test]
async fn tags_outside_the_rules_are_refused() {
    let world = World::new().await;
    let id = world.key().await;
    world
        .ok("TagResource", json!({"KeyId": id, "Tags": tags(&[("kept", "")])}))
        .await;
    let names: Vec<String> = (0..51).map(|number| format!("tag{number}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let long = "k".repeat(129);
    let constraint = |value: &str, path: &str, most: usize| {
        format!(
            "1 validation error detected: Value '{value}' at '{path}' failed to satisfy constraint: Member must have length less than or equal to {most}"
        )
    };
    let long_value = "v".repeat(257);
    let rows = [
        (
            tags(&[("a", "1"), ("a", "2")]),
            "TagException",
            "Duplicate tag keys".to_owned(),
        ),
        (tags(&many), "TagException", "Too many tags".to_owned()),
        (
            tags(&[("aws:x", "")]),
            "TagException",
            "Tags beginning with aws: are reserved".to_owned(),
        ),
        (
            tags(&[("AWS:x", "")]),
            "TagException",
            "Tags beginning with aws: are reserved".to_owned(),
        ),
        (
            tags(&[(&long, "")]),
            "ValidationException",
            constraint(&long, "tags.1.member.tagKey", 128),
        ),
        (
            tags(&[("a", &long_value)]),
            "ValidationException",
            constraint(&long_value, "tags.1.member.tagValue", 256),
        ),
    ];
    for (requested, code, message) in rows {
        let refusal = world
            .refused("TagResource", json!({"KeyId": id, "Tags": requested}))
            .await;
        assert_eq!(refusal.pair(), (code, message.as_str()));
        let refusal = world.refused("CreateKey", json!({ "Tags": requested })).await;
        assert_eq!(refusal.pair(), (code, message.as_str()));
    }
    assert_eq!(world.tags(&id).await["Tags"], tags(&[("kept", "")]));
    world
        .ok("TagResource", json!({"KeyId": id, "Tags": tags(&many[..49])}))
        .await;
    let one_more = world
        .refused("TagResource", json!({"KeyId": id, "Tags": tags(&[("one more", "")])}))
        .await;
    assert_eq!(one_more.pair(), ("TagException", "Too many tags"));
    assert_eq!(
        world.ok("ListKeys", json!({})).await["Keys"].as_array().map(Vec::len),
        Some(1)
    );
}

/// KEY-327
#[tokio::test]
async fn the_same_tag_may_be_on_many_keys() {
    let world = World::new().await;
    let same = tags(&[("Project", "Alpha")]);
    let made = world.ok("CreateKey", json!({ "Tags": same })).await;
    let keys = [text(&made["KeyMetadata"]["KeyId"]).to_owned(), world.key().await];
    for id in &keys {
        world.ok("TagResource", json!({"KeyId": id, "Tags": same})).await;
    }
    for id in &keys {
        assert_eq!(world.tags(id).await["Tags"], same);
    }
}

/// KEY-339
#[tokio::test]
async fn requests_without_tags_are_refused() {
    let world = World::new().await;
    let id = world.key().await;
    for (operation, request) in [
        ("TagResource", json!({"KeyId": id, "Tags": []})),
        ("TagResource", json!({ "KeyId": id })),
        ("UntagResource", json!({"KeyId": id, "TagKeys": []})),
        ("UntagResource", json!({ "KeyId": id })),
    ] {
        assert_eq!(
            world.refused(operation, request).await.code,
            "ValidationException",
            "{operation}"
        );
    }
}

/// KEY-330, KEY-338
#[tokio::test]
async fn only_keys_of_the_account_are_tagged() {
    let world = World::new().await;
    let theirs = world.key_of(STRANGER).await;
    let own = world.key().await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": own}))
        .await;
    let managed = world.describe("alias/aws/s3").await;
    let denied = "AccessDeniedException";
    let rows = [
        (
            json!(format!("arn:aws:kms:{REGION}:{OTHER}:key/{theirs}")),
            denied,
            denied,
        ),
        (json!("alias/a"), "NotFoundException", "NotFoundException"),
        (json!(NO_KEY), "NotFoundException", "NotFoundException"),
    ];
    for (key, listing, changing) in rows {
        let listed = world.refused("ListResourceTags", json!({ "KeyId": key })).await;
        assert_eq!(listed.code, listing, "{key}");
        let tagged = world
            .refused("TagResource", json!({"KeyId": key, "Tags": tags(&[("k", "")])}))
            .await;
        assert_eq!(tagged.code, changing, "{key}");
        let untagged = world
            .refused("UntagResource", json!({"KeyId": key, "TagKeys": ["k"]}))
            .await;
        assert_eq!(untagged.code, changing, "{key}");
    }
    let key = &managed["KeyId"];
    let tagged = world
        .refused("TagResource", json!({"KeyId": key, "Tags": tags(&[("k", "")])}))
        .await;
    assert_eq!(tagged.code, denied);
}
