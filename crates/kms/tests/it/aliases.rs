//! Aliases: making, moving, removing, listing and following them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{
    ACCOUNT, ELSEWHERE, NO_KEY, OTHER, REGION, ROOT, STRANGER, Who, World, alias_arn, base64, key_arn, text,
};

impl World {
    async fn alias(&self, name: &str, key: &str) {
        let request = json!({"AliasName": name, "TargetKeyId": key});
        assert_eq!(self.ok("CreateAlias", request).await, Value::Null);
    }

    /// The customer's aliases of one key, or of the account.
    async fn listed(&self, key: Option<&str>) -> Vec<Value> {
        let request = key.map_or(json!({"Limit": 100}), |key| json!({ "KeyId": key }));
        let reply = self.ok("ListAliases", request).await;
        let aliases = reply["Aliases"].as_array().expect("a list").iter();
        let mut own: Vec<_> = aliases
            .filter(|alias| !text(&alias["AliasName"]).starts_with("alias/aws/"))
            .cloned()
            .collect();
        own.sort_by_key(|alias| text(&alias["AliasName"]).to_owned());
        own
    }
}

/// KEY-192, KEY-199, KEY-68, KEY-64, KEY-203
#[tokio::test]
async fn an_alias_is_made_and_listed_in_full() {
    let world = World::new().await;
    let id = world.key().await;
    world.alias("alias/ExampleAlias", &id).await;
    let expected = json!({
        "AliasName": "alias/ExampleAlias",
        "AliasArn": alias_arn("alias/ExampleAlias"),
        "TargetKeyId": id,
        "CreationDate": 1_700_000_000.123,
        "LastUpdatedDate": 1_700_000_000.123,
    });
    assert_eq!(world.listed(None).await, std::slice::from_ref(&expected));
    assert_eq!(
        world.ok("ListAliases", json!({ "KeyId": key_arn(&id) })).await,
        json!({"Aliases": [expected], "Truncated": false})
    );
    for incomplete in [json!({"AliasName": "alias/Other"}), json!({ "TargetKeyId": id })] {
        let refusal = world.refused("CreateAlias", incomplete).await;
        assert_eq!(refusal.code, "ValidationException");
    }
}

/// KEY-179, KEY-182, KEY-197, KEY-181, KEY-216
#[tokio::test]
async fn a_key_has_any_number_of_aliases_and_is_not_changed_by_them() {
    let world = World::new().await;
    let (one, two) = (world.key().await, world.key().await);
    let before = world.describe(&one).await;
    world.alias("alias/a", &one).await;
    world.alias("alias/b", &one).await;
    world.alias("alias/c", &key_arn(&one)).await;
    let names: Vec<_> = world
        .listed(Some(&one))
        .await
        .iter()
        .map(|it| it["AliasName"].clone())
        .collect();
    assert_eq!(names, ["alias/a", "alias/b", "alias/c"]);
    assert_eq!(world.listed(Some(&two)).await, [] as [Value; 0]);
    assert_eq!(
        world.ok("DeleteAlias", json!({"AliasName": "alias/a"})).await,
        Value::Null
    );
    world.alias("alias/a", &two).await;
    assert_eq!(world.listed(Some(&two)).await[0]["AliasName"], "alias/a");
    assert_eq!(world.describe(&one).await, before);
}

/// KEY-195
#[tokio::test]
async fn a_name_in_use_is_refused_even_for_the_same_key() {
    let world = World::new().await;
    let (one, two) = (world.key().await, world.key().await);
    world.alias("alias/a", &one).await;
    let before = world.listed(None).await;
    let message = format!("An alias with the name {} already exists", alias_arn("alias/a"));
    for key in [&one, &two] {
        let refusal = world
            .refused("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": key}))
            .await;
        assert_eq!(refusal.pair(), ("AlreadyExistsException", message.as_str()));
    }
    assert_eq!(world.listed(None).await, before);
}

/// KEY-185, KEY-184, KEY-183
#[tokio::test]
async fn names_are_case_sensitive_and_belong_to_one_account_and_region() {
    let world = World::new().await;
    let (one, two, theirs) = (world.key().await, world.key().await, world.key_of(STRANGER).await);
    world.alias("alias/Test", &one).await;
    world.alias("alias/test", &two).await;
    for (name, key) in [("alias/Test", &one), ("alias/test", &two)] {
        assert_eq!(world.describe(name).await["KeyId"], json!(key));
    }
    world
        .ok_as(
            STRANGER,
            "CreateAlias",
            json!({"AliasName": "alias/Test", "TargetKeyId": theirs}),
        )
        .await;
    let elsewhere = Who {
        region: ELSEWHERE,
        ..ROOT
    };
    let abroad = world.key_of(elsewhere).await;
    world
        .ok_as(
            elsewhere,
            "CreateAlias",
            json!({"AliasName": "alias/Test", "TargetKeyId": abroad}),
        )
        .await;
    assert_eq!(world.describe("alias/Test").await["KeyId"], json!(one));
    let foreign =
        json!({"AliasName": "alias/x", "TargetKeyId": format!("arn:aws:kms:us-west-2:444455556666:key/{theirs}")});
    assert_eq!(
        world.refused("CreateAlias", foreign).await.code,
        "AccessDeniedException"
    );
    let abroad =
        json!({"AliasName": "alias/x", "TargetKeyId": format!("arn:aws:kms:{ELSEWHERE}:111122223333:key/{abroad}")});
    assert_eq!(world.refused("CreateAlias", abroad).await.code, "NotFoundException");
}

/// KEY-187, KEY-193, KEY-188: row by row, a name and the refusal that all three operations give it.
#[tokio::test]
async fn names_outside_the_rules_are_refused_before_anything_changes() {
    let world = World::new().await;
    let id = world.key().await;
    let long = format!("alias/{}", "a".repeat(251));
    let prefix = "Alias must start with the prefix \"alias/\". Please see \
                  https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html";
    let pattern = "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$";
    let rows = [
        ("test", "ValidationException", prefix.to_owned()),
        ("Alias/test", "ValidationException", prefix.to_owned()),
        (
            "alias/",
            "ValidationException",
            "Alias must have a name after the prefix \"alias/\"".to_owned(),
        ),
        (
            "alias/a:b",
            "ValidationException",
            "alias/a:b contains invalid characters for an alias".to_owned(),
        ),
        (
            "alias/a b",
            "ValidationException",
            format!(
                "1 validation error detected: Value 'alias/a b' at 'aliasName' failed to satisfy constraint: {pattern}"
            ),
        ),
        (
            &long,
            "ValidationException",
            format!(
                "1 validation error detected: Value '{long}' at 'aliasName' failed to satisfy constraint: Member must have length less than or equal to 256"
            ),
        ),
        ("alias/aws/mine", "NotAuthorizedException", String::new()),
        ("alias/aws/s3", "NotAuthorizedException", String::new()),
    ];
    for (name, code, message) in &rows {
        for operation in ["CreateAlias", "UpdateAlias", "DeleteAlias"] {
            let mut request = json!({ "AliasName": name });
            if operation != "DeleteAlias" {
                request["TargetKeyId"] = json!(id);
            }
            let refusal = world.refused(operation, request).await;
            assert_eq!(refusal.pair(), (*code, message.as_str()), "{operation} {name}");
        }
    }
    assert_eq!(world.listed(None).await, [] as [Value; 0]);
    let longest = format!("alias/{}", "a".repeat(250));
    for name in ["alias/awsome", "alias/aws", "alias/a/b_c-d/0", &longest] {
        world.alias(name, &id).await;
    }
}

/// KEY-194, KEY-74
#[tokio::test]
async fn a_target_is_a_key_that_exists_and_not_an_alias() {
    let world = World::new().await;
    let id = world.key().await;
    world.alias("alias/a", &id).await;
    let absent = format!("Key '{}' does not exist", key_arn(NO_KEY));
    let rows = [
        (
            "alias/a",
            "ValidationException",
            "Aliases must refer to keys. Not aliases",
        ),
        (
            &alias_arn("alias/a"),
            "ValidationException",
            "Aliases must refer to keys. Not aliases",
        ),
        (NO_KEY, "NotFoundException", &absent),
        ("fake", "NotFoundException", "Invalid keyId 'fake'"),
    ];
    for (target, code, message) in rows {
        for (operation, name) in [("CreateAlias", "alias/b"), ("UpdateAlias", "alias/a")] {
            let request = json!({"AliasName": name, "TargetKeyId": target});
            let refusal = world.refused(operation, request).await;
            assert_eq!(refusal.pair(), (code, message), "{operation} {target}");
        }
    }
    let managed = world.describe("alias/aws/s3").await;
    let theirs = world.key_of(STRANGER).await;
    let denied = "AccessDeniedException";
    for (target, code) in [
        (text(&managed["Arn"]), denied),
        (&key_arn(&theirs).replace(ACCOUNT, OTHER), denied),
        (&key_arn(&id).replace(REGION, ELSEWHERE), "NotFoundException"),
    ] {
        for (operation, name) in [("CreateAlias", "alias/b"), ("UpdateAlias", "alias/a")] {
            let request = json!({"AliasName": name, "TargetKeyId": target});
            assert_eq!(
                world.refused(operation, request).await.code,
                code,
                "{operation} {target}"
            );
        }
    }
    let listed = world.listed(None).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["TargetKeyId"], json!(id));
}

/// KEY-198
#[tokio::test]
async fn the_fifty_first_alias_of_a_key_is_refused_and_so_is_a_key_pending_deletion() {
    let world = World::new().await;
    let (full, other) = (world.key().await, world.key().await);
    for number in 0..50 {
        world.alias(&format!("alias/{number}"), &full).await;
    }
    world.alias("alias/other", &other).await;
    for operation in ["CreateAlias", "UpdateAlias"] {
        let name = if operation == "CreateAlias" {
            "alias/one-more"
        } else {
            "alias/other"
        };
        let refusal = world
            .refused(operation, json!({"AliasName": name, "TargetKeyId": full}))
            .await;
        assert_eq!(refusal.code, "LimitExceededException", "{operation}");
    }
    world
        .ok("UpdateAlias", json!({"AliasName": "alias/7", "TargetKeyId": full}))
        .await;
    world
        .ok("UpdateAlias", json!({"AliasName": "alias/7", "TargetKeyId": other}))
        .await;
    world.alias("alias/one-more", &full).await;

    world
        .alter(&other, |record| {
            record.state = trent_kms::state::KeyState::PendingDeletion;
        })
        .await;
    let message = format!("{} is pending deletion.", key_arn(&other));
    for (operation, name) in [("CreateAlias", "alias/late"), ("UpdateAlias", "alias/1")] {
        let refusal = world
            .refused(operation, json!({"AliasName": name, "TargetKeyId": other}))
            .await;
        assert_eq!(
            refusal.pair(),
            ("KMSInvalidStateException", message.as_str()),
            "{operation}"
        );
    }
    let third = world.key().await;
    world
        .ok("UpdateAlias", json!({"AliasName": "alias/7", "TargetKeyId": third}))
        .await;
    world.ok("DeleteAlias", json!({"AliasName": "alias/other"})).await;
}

/// KEY-207, KEY-208
#[tokio::test]
async fn an_alias_is_pointed_at_another_key() {
    let world = World::new().await;
    let (one, two) = (world.key().await, world.key().await);
    world.alias("alias/a", &one).await;
    let mut expected = world.listed(None).await[0].clone();
    world.clock.set(Duration::from_millis(1_700_000_100_500));
    let request = json!({"AliasName": "alias/a", "TargetKeyId": key_arn(&two)});
    assert_eq!(world.ok("UpdateAlias", request).await, Value::Null);
    expected["TargetKeyId"] = json!(two);
    expected["LastUpdatedDate"] = json!(1_700_000_100.5);
    assert_eq!(world.listed(None).await, [expected.clone()]);
    assert_eq!(world.listed(Some(&one)).await, [] as [Value; 0]);
    assert_eq!(world.listed(Some(&two)).await, [expected]);
    assert_eq!(world.describe("alias/a").await["KeyId"], json!(two));
}

/// KEY-212, KEY-215, KEY-214, KEY-186
#[tokio::test]
async fn a_missing_alias_is_neither_moved_nor_removed() {
    let world = World::new().await;
    let id = world.key().await;
    world.alias("alias/a", &id).await;
    world.alias("alias/b", &id).await;
    let message = format!("Alias {} is not found.", alias_arn("alias/A"));
    for (operation, request) in [
        ("UpdateAlias", json!({"AliasName": "alias/A", "TargetKeyId": id})),
        ("DeleteAlias", json!({"AliasName": "alias/A"})),
    ] {
        let refusal = world.refused(operation, request).await;
        assert_eq!(refusal.pair(), ("NotFoundException", message.as_str()), "{operation}");
    }
    let without_prefix = world.refused("DeleteAlias", json!({"AliasName": "a"})).await;
    assert_eq!(without_prefix.code, "ValidationException");
    world.ok("DeleteAlias", json!({"AliasName": "alias/a"})).await;
    let left = world.listed(None).await;
    assert_eq!(left.len(), 1, "only the one that was named is gone");
    assert_eq!(left[0]["AliasName"], "alias/b");
    assert_eq!(world.describe(&id).await["KeyState"], "Enabled");
    let again = world.refused("DeleteAlias", json!({"AliasName": "alias/a"})).await;
    assert_eq!(again.code, "NotFoundException");
}

/// KEY-210: a deleted alias leaves no memory of the keys that it pointed at.
#[tokio::test]
async fn a_deleted_alias_is_forgotten() {
    let world = World::new().await;
    let (symmetric, hmac) = (world.key().await, world.key().await);
    world
        .alter(&hmac, |record| {
            record.spec = trent_crypto::spec::KeySpec::Hmac256;
            record.usage = trent_crypto::spec::KeyUsage::GenerateVerifyMac;
        })
        .await;
    world.alias("alias/a", &symmetric).await;
    let refusal = world
        .refused("UpdateAlias", json!({"AliasName": "alias/a", "TargetKeyId": hmac}))
        .await;
    assert_eq!(refusal.code, "ValidationException");
    assert_eq!(world.describe("alias/a").await["KeyId"], json!(symmetric), "unchanged");
    world.ok("DeleteAlias", json!({"AliasName": "alias/a"})).await;
    world.alias("alias/a", &hmac).await;
    assert_eq!(world.describe("alias/a").await["KeyId"], json!(hmac));
}

/// KEY-200, KEY-202, KEY-313
#[tokio::test]
async fn listings_are_of_the_account_or_of_one_key() {
    let world = World::new().await;
    let (one, two, theirs) = (world.key().await, world.key().await, world.key_of(STRANGER).await);
    world.alias("alias/one", &one).await;
    world
        .ok_as(
            STRANGER,
            "CreateAlias",
            json!({"AliasName": "alias/theirs", "TargetKeyId": theirs}),
        )
        .await;
    let managed = world.describe("alias/aws/ebs").await;
    let names: Vec<_> = world
        .listed(None)
        .await
        .iter()
        .map(|it| it["AliasName"].clone())
        .collect();
    assert_eq!(names, ["alias/one"]);
    assert_eq!(
        world.ok("ListAliases", json!({ "KeyId": two })).await,
        json!({"Aliases": [], "Truncated": false})
    );
    let of_managed = world.ok("ListAliases", json!({ "KeyId": managed["KeyId"] })).await;
    assert_eq!(of_managed["Aliases"][0]["AliasName"], "alias/aws/ebs");
    assert_eq!(of_managed["Aliases"][0]["TargetKeyId"], managed["KeyId"]);
    let unknown = world.refused("ListAliases", json!({ "KeyId": NO_KEY })).await;
    assert_eq!(unknown.code, "NotFoundException");
    let malformed = world
        .refused("ListAliases", json!({"KeyId": "arn:aws:kms:us-west-2"}))
        .await;
    assert_eq!(malformed.code, "InvalidArnException");
}

/// KEY-220, KEY-219
#[tokio::test]
async fn an_alias_that_moved_encrypts_with_the_new_key_and_old_ciphertext_still_opens() {
    let world = World::new().await;
    let (old, new) = (world.key().await, world.key().await);
    world.alias("alias/app", &old).await;
    let before = world.encrypt("alias/app", b"before").await;
    world
        .ok("UpdateAlias", json!({"AliasName": "alias/app", "TargetKeyId": new}))
        .await;
    let reply = world
        .ok("Encrypt", json!({"KeyId": "alias/app", "Plaintext": base64(b"after")}))
        .await;
    assert_eq!(reply["KeyId"], json!(key_arn(&new)));
    let data_key = world
        .ok("GenerateDataKey", json!({"KeyId": "alias/app", "KeySpec": "AES_256"}))
        .await;
    assert_eq!(data_key["KeyId"], json!(key_arn(&new)));
    let opened = world.ok("Decrypt", json!({ "CiphertextBlob": before })).await;
    assert_eq!(opened["Plaintext"], json!(base64(b"before")));
    assert_eq!(opened["KeyId"], json!(key_arn(&old)));
    let named = world
        .refused("Decrypt", json!({"CiphertextBlob": before, "KeyId": "alias/app"}))
        .await;
    assert_eq!(
        named.pair(),
        (
            "IncorrectKeyException",
            "The key ID in the request does not identify a CMK that can perform this operation."
        )
    );
    let elsewhere = Who {
        region: ELSEWHERE,
        ..ROOT
    };
    let abroad = world.key_of(elsewhere).await;
    world
        .ok_as(
            elsewhere,
            "CreateAlias",
            json!({"AliasName": "alias/app", "TargetKeyId": abroad}),
        )
        .await;
    let there = world
        .ok_as(
            elsewhere,
            "Encrypt",
            json!({"KeyId": "alias/app", "Plaintext": base64(b"x")}),
        )
        .await;
    assert!(text(&there["KeyId"]).ends_with(&abroad), "the Region's own key");
}

/// KEY-190: what is changed about aliases is in the record, in the clear.
#[tokio::test]
async fn changes_of_aliases_are_recorded() {
    let world = World::new().await;
    let id = world.key().await;
    world.alias("alias/a", &id).await;
    let record = world.last_record("CreateAlias").await;
    assert_eq!(
        record["requestParameters"],
        json!({"aliasName": "alias/a", "targetKeyId": id})
    );
    let arns: Vec<_> = record["resources"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| it["ARN"].clone())
        .collect();
    assert_eq!(arns, [json!(key_arn(&id)), json!(alias_arn("alias/a"))]);
    world.ok("DeleteAlias", json!({"AliasName": "alias/a"})).await;
    let record = world.last_record("DeleteAlias").await;
    assert_eq!(record["readOnly"], json!(false));
    assert_eq!(record["resources"][0]["ARN"], json!(alias_arn("alias/a")));
}
