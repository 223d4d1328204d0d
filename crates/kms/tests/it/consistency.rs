//! Reading what was written: at once, and after a delay where a test asks for one.

use std::time::Duration;

use serde_json::json;

use crate::grants::user;
use crate::ruled::{passes, user_allowed};
use crate::world::{USER, World, base64, key_arn, text};

/// REF-473, REF-478, KEY-241: the request after a change sees it, in lists and in use alike.
#[tokio::test]
async fn the_next_request_sees_every_change() {
    let world = World::new().await;
    for _ in 0..20 {
        let id = world.key().await;
        world.describe(&id).await;
        world
            .ok("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": id}))
            .await;
        assert_eq!(world.describe("alias/a").await["KeyId"], json!(id));
        world
            .ok(
                "TagResource",
                json!({"KeyId": id, "Tags": [{"TagKey": "k", "TagValue": "v"}]}),
            )
            .await;
        let tags = world.ok("ListResourceTags", json!({ "KeyId": id })).await;
        assert_eq!(tags["Tags"][0]["TagValue"], "v");
        world.ok("DisableKey", json!({ "KeyId": id })).await;
        let refusal = world
            .refused("Encrypt", json!({"KeyId": "alias/a", "Plaintext": base64(b"x")}))
            .await;
        assert_eq!(refusal.code, "DisabledException");
        world.ok("DeleteAlias", json!({"AliasName": "alias/a"})).await;
        let refusal = world.refused("DescribeKey", json!({"KeyId": "alias/a"})).await;
        assert_eq!(refusal.code, "NotFoundException");
    }
}

/// REF-474, REF-475, REF-476: with a replication delay, a change is first answered as not yet there, with an error that
/// clients retry or understand, and never as an internal one.
#[tokio::test]
async fn a_replication_delay_is_answered_with_errors_of_the_service() {
    let delay = Duration::from_millis(400);
    let world = World::behind(delay).await;
    let id = world.key().await;
    let absent = format!("Key '{}' does not exist", key_arn(&id));
    for (operation, request) in [
        ("DescribeKey", json!({ "KeyId": id })),
        ("Encrypt", json!({"KeyId": id, "Plaintext": base64(b"x")})),
        ("DisableKey", json!({ "KeyId": id })),
        ("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": id})),
    ] {
        let refusal = world.refused(operation, request).await;
        assert_eq!(
            (refusal.status, refusal.pair()),
            (400, ("NotFoundException", absent.as_str())),
            "{operation}"
        );
    }
    tokio::time::sleep(delay).await;
    world.describe(&id).await;

    world.ok("DisableKey", json!({ "KeyId": id })).await;
    world
        .ok(
            "UpdateKeyDescription",
            json!({"KeyId": id, "Description": "two changes in a row"}),
        )
        .await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": id}))
        .await;
    let too_early = world.refused("DeleteAlias", json!({"AliasName": "alias/a"})).await;
    assert_eq!(too_early.code, "NotFoundException");
    assert_eq!(world.describe(&id).await["KeyState"], "Enabled", "not here yet");
    tokio::time::sleep(delay).await;
    let metadata = world.describe(&id).await;
    assert_eq!(metadata["KeyState"], "Disabled");
    assert_eq!(metadata["Description"], "two changes in a row");
    assert_eq!(text(&world.describe("alias/a").await["KeyId"]), id);

    world.describe("alias/aws/s3").await;
    let made = world.refused("DescribeKey", json!({"KeyId": "alias/aws/s3"})).await;
    assert_eq!(made.code, "NotFoundException", "made, and not here yet");
}

/// Of many changes at the same time none is lost, and each leaves the whole in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simultaneous_changes_of_one_key_are_all_kept() {
    let world = std::sync::Arc::new(World::new().await);
    let id = world.key().await;
    let tasks: Vec<_> = (0..24)
        .map(|number| {
            let (world, id) = (std::sync::Arc::clone(&world), id.clone());
            tokio::spawn(async move {
                if number % 2 == 0 {
                    let tag = json!([{"TagKey": format!("k{number:02}"), "TagValue": ""}]);
                    world.ok("TagResource", json!({"KeyId": id, "Tags": tag})).await;
                } else {
                    let alias = json!({"AliasName": format!("alias/{number:02}"), "TargetKeyId": id});
                    world.ok("CreateAlias", alias).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no change fails");
    }
    let tags = world.ok("ListResourceTags", json!({ "KeyId": id })).await;
    assert_eq!(tags["Tags"].as_array().map(Vec::len), Some(12));
    let aliases = world.ok("ListAliases", json!({ "KeyId": id })).await;
    assert_eq!(aliases["Aliases"].as_array().map(Vec::len), Some(12));
}

/// Of two callers who want the same name one gets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_name_is_given_once() {
    let world = std::sync::Arc::new(World::new().await);
    let (one, two) = (world.key().await, world.key().await);
    for round in 0..10 {
        let attempts = [&one, &two].map(|key| {
            let (world, key) = (std::sync::Arc::clone(&world), key.clone());
            let request = json!({"AliasName": format!("alias/{round}"), "TargetKeyId": key});
            tokio::spawn(async move { world.send(crate::world::ROOT, "CreateAlias", &request).await })
        });
        let mut made = 0;
        for attempt in attempts {
            match attempt.await.expect("no attempt panics") {
                Ok(_) => made += 1,
                Err(refusal) => assert_eq!(refusal.code, "AlreadyExistsException"),
            }
        }
        assert_eq!(made, 1);
    }
}

/// AUTHZ-210: where changes take time to spread, a tag or an alias decides no later than that time, though lists show it
/// before; and never is what is decided by the older state an internal error.
#[tokio::test]
async fn a_tag_and_an_alias_decide_once_the_delay_is_over() {
    let delay = Duration::from_millis(400);
    let world = World::behind(delay).await;
    let key = world.key().await;
    tokio::time::sleep(delay).await;
    let by_tag = user_allowed(
        &["kms:GetKeyPolicy"],
        &json!({"StringEquals": {"aws:ResourceTag/Project": "Alpha"}}),
    );
    let by_alias = user_allowed(
        &["kms:GetKeyPolicy"],
        &json!({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/alpha"}}),
    );
    let request = json!({"KeyId": key});
    let tags = json!({"KeyId": key, "Tags": [{"TagKey": "Project", "TagValue": "Alpha"}]});
    world.ok("TagResource", tags).await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/alpha", "TargetKeyId": key}))
        .await;
    for user in [by_tag, by_alias] {
        assert!(
            !passes(&world, user, "GetKeyPolicy", &request).await,
            "it is yet to spread"
        );
    }
    tokio::time::sleep(delay).await;
    for user in [by_tag, by_alias] {
        assert!(passes(&world, user, "GetKeyPolicy", &request).await);
    }
}

/// The token of a new grant makes it count at once, where the grant itself has not arrived yet.
///
/// REF-477
#[tokio::test]
async fn a_grant_token_does_not_wait_for_the_grant() {
    let delay = Duration::from_millis(400);
    let world = World::behind(delay).await;
    let id = world.key().await;
    tokio::time::sleep(delay).await;
    let grant = json!({"KeyId": id, "GranteePrincipal": user("alice"), "Operations": ["Encrypt"]});
    let (_, token) = world.grant(grant).await;
    let plain = json!({"KeyId": id, "Plaintext": base64(b"x")});
    let mut with_token = plain.clone();
    with_token["GrantTokens"] = json!([token]);
    world.ok_as(USER, "Encrypt", with_token.clone()).await;
    let refusal = world.refused_as(USER, "Encrypt", plain.clone()).await;
    assert_eq!(refusal.code, "AccessDeniedException");
    world.ok_as(USER, "Encrypt", with_token).await;
    tokio::time::sleep(delay).await;
    world.ok_as(USER, "Encrypt", plain).await;
}
