//! Naming keys: every form, in every operation, right and wrong.

use serde_json::{Value, json};
use trent_kms::Kms;
use trent_kms::rules::{Naming, Takes};
use trent_kms::state::KeyState;
use trent_service::Catalogue;

use crate::world::{
    ACCOUNT, ELSEWHERE, NO_KEY, OPEN, OTHER, REGION, ROOT, STRANGER, USER, Who, World, alias_arn, base64, key_arn, text,
};

/// The operations that accept aliases, with a request that succeeds.
fn by_alias(key: &str) -> Vec<(&'static str, Value)> {
    let plaintext = base64(b"x");
    vec![
        ("DescribeKey", json!({ "KeyId": key })),
        ("Encrypt", json!({"KeyId": key, "Plaintext": plaintext})),
        ("GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256"})),
        (
            "GenerateDataKeyWithoutPlaintext",
            json!({"KeyId": key, "KeySpec": "AES_128"}),
        ),
    ]
}

/// The operations that take a key id or key ARN only, with a request that succeeds.
fn by_key(key: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("EnableKey", json!({ "KeyId": key })),
        ("DisableKey", json!({ "KeyId": key })),
        ("GetKeyPolicy", json!({ "KeyId": key })),
        ("PutKeyPolicy", json!({"KeyId": key, "Policy": OPEN})),
        ("ListKeyPolicies", json!({ "KeyId": key })),
        (
            "TagResource",
            json!({"KeyId": key, "Tags": [{"TagKey": "k", "TagValue": "v"}]}),
        ),
        ("UntagResource", json!({"KeyId": key, "TagKeys": ["k"]})),
        ("ListResourceTags", json!({ "KeyId": key })),
        ("UpdateKeyDescription", json!({"KeyId": key, "Description": "d"})),
        ("ListAliases", json!({ "KeyId": key })),
    ]
}

/// KEY-72, KEY-217, KEY-71, KEY-69
#[tokio::test]
async fn cryptography_and_description_take_all_four_forms() {
    let world = World::new().await;
    let id = world.key().await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": id}))
        .await;
    let ciphertext = world.encrypt(&id, b"x").await;
    for name in [id.clone(), key_arn(&id), "alias/a".to_owned(), alias_arn("alias/a")] {
        for (operation, request) in by_alias(&name) {
            let reply = world.ok(operation, request).await;
            let named = reply.pointer("/KeyMetadata/Arn").unwrap_or(&reply["KeyId"]);
            assert_eq!(*named, json!(key_arn(&id)), "{operation} by {name}");
        }
        world
            .ok("Decrypt", json!({"KeyId": name, "CiphertextBlob": ciphertext}))
            .await;
        let moved = json!({"SourceKeyId": name, "DestinationKeyId": name, "CiphertextBlob": ciphertext});
        world.ok("ReEncrypt", moved).await;
    }
}

/// From another account a key is described by its ARNs, once both accounts let somebody do that.
///
/// KEY-310
#[tokio::test]
async fn a_key_is_described_by_every_name_in_every_state() {
    let world = World::new().await;
    let id = world.key().await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": id}))
        .await;
    let grant = json!({"KeyId": id, "GranteePrincipal": crate::grants::user("alice"), "Operations": ["DescribeKey"]});
    let token = world.ok("CreateGrant", grant).await["GrantToken"].take();
    let shared = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": [ACCOUNT, OTHER]}, "Action": "kms:*", "Resource": "*"}]});
    world
        .ok("PutKeyPolicy", json!({"KeyId": id, "Policy": shared.to_string()}))
        .await;
    let arns = [key_arn(&id), alias_arn("alias/a")];
    for state in KeyState::ALL {
        world.alter(&id, |record| record.state = state).await;
        for (who, names) in [
            (ROOT, vec![id.as_str(), "alias/a", &arns[0], &arns[1]]),
            (STRANGER, vec![&arns[0], &arns[1]]),
            (USER, vec![&arns[0]]),
        ] {
            for name in names {
                let request = json!({"KeyId": name, "GrantTokens": [token]});
                let told = world.ok_as(who, "DescribeKey", request).await["KeyMetadata"].take();
                assert_eq!(told["Arn"], json!(arns[0]), "{name}");
                assert_eq!(told["KeyState"], json!(format!("{state:?}")));
            }
        }
        for bare in [id.as_str(), "alias/a"] {
            let refusal = world.refused_as(STRANGER, "DescribeKey", json!({"KeyId": bare})).await;
            assert_eq!(refusal.code, "NotFoundException", "{bare} is of the caller's account");
        }
    }
    assert_eq!(world.ok_as(STRANGER, "ListKeys", json!({})).await["Keys"], json!([]));
}

/// KEY-71, KEY-73, KEY-74, KEY-79
#[tokio::test]
async fn management_takes_ids_and_arns_and_refuses_aliases_that_exist() {
    let world = World::new().await;
    let id = world.key().await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": id}))
        .await;
    for name in [id.clone(), key_arn(&id)] {
        for (operation, request) in by_key(&name) {
            world.ok(operation, request).await;
        }
    }
    for (operation, request) in by_key("alias/a") {
        let refusal = world.refused(operation, request).await;
        assert_eq!(
            refusal.pair(),
            ("NotFoundException", "Invalid keyId 'alias/a'"),
            "{operation}"
        );
    }
    let arn = alias_arn("alias/a");
    for (operation, request) in by_key(&arn) {
        let refusal = world.refused(operation, request).await;
        let message = format!("Invalid arn {arn}");
        assert_eq!(refusal.pair(), ("InvalidArnException", message.as_str()), "{operation}");
    }
}

/// KEY-78: row by row, what was sent and the answer of operations that take aliases and of those that do not.
#[tokio::test]
async fn each_wrong_identifier_has_its_own_answer() {
    let world = World::new().await;
    let absent = format!("Key '{}' does not exist", key_arn(NO_KEY));
    let elsewhere = format!("arn:aws:kms:{ELSEWHERE}:{ACCOUNT}:key/{NO_KEY}");
    let bad_in_arn = key_arn("mrk-fake-key-id");
    let unhyphenated = NO_KEY.replace('-', "");
    let upper = NO_KEY.to_uppercase();
    let multi_region = format!("mrk-{unhyphenated}");
    let other_partition = format!("arn:aws-cn:kms:{REGION}:{ACCOUNT}:key/{NO_KEY}");
    let other_service = format!("arn:aws:s3:{REGION}:{ACCOUNT}:key/{NO_KEY}");
    let not_found = "NotFoundException";
    let invalid_arn = "InvalidArnException";
    let rows = [
        (NO_KEY, not_found, absent.clone()),
        (&key_arn(NO_KEY), not_found, absent),
        (
            &multi_region,
            not_found,
            format!("Key '{}' does not exist", key_arn(&multi_region)),
        ),
        (&unhyphenated, not_found, format!("Invalid keyId '{unhyphenated}'")),
        (&upper, not_found, format!("Invalid keyId '{upper}'")),
        (
            "mrk-fake-key-id",
            not_found,
            "Invalid keyId 'mrk-fake-key-id'".to_owned(),
        ),
        (&bad_in_arn, not_found, "Invalid keyId 'mrk-fake-key-id'".to_owned()),
        ("fake", not_found, "Invalid keyId 'fake'".to_owned()),
        (&elsewhere, not_found, format!("Invalid arn {ELSEWHERE}")),
        ("arn:aws:kms", invalid_arn, "Invalid arn arn:aws:kms".to_owned()),
        (&other_service, invalid_arn, format!("Invalid arn {other_service}")),
        (&other_partition, invalid_arn, "Invalid arn aws-cn".to_owned()),
    ];
    for (sent, code, message) in &rows {
        for (operation, request) in by_key(sent).into_iter().chain(by_alias(sent)) {
            let refusal = world.refused(operation, request).await;
            // The interface model gives cryptographic operations no error of their own for malformed ARNs.
            let cryptographic = by_alias(sent)[1..].iter().any(|(it, _)| *it == operation);
            let code = if cryptographic { not_found } else { *code };
            assert_eq!(refusal.pair(), (code, message.as_str()), "{operation} {sent}");
            assert_eq!(refusal.status, 400);
        }
    }
    let unknown_alias = format!("Alias {} is not found.", alias_arn("alias/none"));
    for sent in ["alias/none".to_owned(), alias_arn("alias/none")] {
        for (operation, request) in by_alias(&sent) {
            let refusal = world.refused(operation, request).await;
            assert_eq!(
                refusal.pair(),
                (not_found, unknown_alias.as_str()),
                "{operation} {sent}"
            );
        }
    }
    let malformed = world.refused("DescribeKey", json!({"KeyId": "alias/a b"})).await;
    let message = format!("Alias {} is not found.", alias_arn("alias/a b"));
    assert_eq!(malformed.pair(), (not_found, message.as_str()));
}

/// KEY-66
#[tokio::test]
async fn a_multi_region_key_id_is_read_as_one() {
    let world = World::new().await;
    let id = "mrk-1234abcd12ab34cd56ef1234567890ab";
    let refusal = world.refused("DescribeKey", json!({ "KeyId": id })).await;
    let message = format!("Key '{}' does not exist", key_arn(id));
    assert_eq!(refusal.pair(), ("NotFoundException", message.as_str()));
}

/// KEY-75, KEY-70: bare names mean the caller's account and Region, whatever exists under the same name elsewhere.
#[tokio::test]
async fn bare_names_stay_at_home() {
    let world = World::new().await;
    let elsewhere = Who {
        region: ELSEWHERE,
        ..ROOT
    };
    let (own, theirs, abroad) = (
        world.key().await,
        world.key_of(STRANGER).await,
        world.key_of(elsewhere).await,
    );
    for (who, key) in [(ROOT, &own), (STRANGER, &theirs), (elsewhere, &abroad)] {
        world
            .ok_as(
                who,
                "CreateAlias",
                json!({"AliasName": "alias/same", "TargetKeyId": key}),
            )
            .await;
    }
    for (who, key) in [(ROOT, &own), (STRANGER, &theirs), (elsewhere, &abroad)] {
        let found = world.ok_as(who, "DescribeKey", json!({"KeyId": "alias/same"})).await;
        assert_eq!(found["KeyMetadata"]["KeyId"], json!(key));
    }
    for foreign in [&theirs, &abroad] {
        let refusal = world.refused("DescribeKey", json!({ "KeyId": foreign })).await;
        let message = format!("Key '{}' does not exist", key_arn(foreign));
        assert_eq!(refusal.pair(), ("NotFoundException", message.as_str()));
    }
}

/// A key of another account cannot be told from one that does not exist, by key ARN or by alias ARN.
#[tokio::test]
async fn what_another_account_has_is_not_told() {
    let world = World::new().await;
    let theirs = world.key_of(STRANGER).await;
    world
        .ok_as(
            STRANGER,
            "CreateAlias",
            json!({"AliasName": "alias/theirs", "TargetKeyId": theirs}),
        )
        .await;
    let foreign = |resource: &str| format!("arn:aws:kms:{REGION}:{OTHER}:{resource}");
    let there = [foreign(&format!("key/{theirs}")), foreign("alias/theirs")];
    let not_there = [foreign(&format!("key/{NO_KEY}")), foreign("alias/nobodys")];
    for (there, not_there) in there.iter().zip(&not_there) {
        let mut requests: Vec<_> = by_alias(there).into_iter().zip(by_alias(not_there)).collect();
        if there.contains("key/") {
            requests.extend(by_key(there).into_iter().zip(by_key(not_there)));
        }
        for ((operation, existing), (_, missing)) in requests {
            let refused = world.refused(operation, existing).await;
            let hidden = world.refused(operation, missing).await;
            assert_eq!(refused.code, "AccessDeniedException", "{operation}");
            let masked = |refusal: &crate::world::Refusal, arn: &str| {
                refusal.message.as_deref().unwrap_or("").replace(arn, "ARN")
            };
            assert_eq!(masked(&refused, there), masked(&hidden, not_there), "{operation}");
            assert!(!text(&json!(refused.message)).contains(&theirs) || there.contains(&theirs));
        }
    }
}

/// KEY-77: a reply names the key, by its ARN, however the request named it; the record keeps both.
#[tokio::test]
async fn replies_name_the_key_and_records_the_alias_too() {
    let world = World::new().await;
    let id = world.key().await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": id}))
        .await;
    let reply = world
        .ok("GenerateDataKey", json!({"KeyId": "alias/a", "KeySpec": "AES_256"}))
        .await;
    assert_eq!(reply["KeyId"], json!(key_arn(&id)));
    let record = world.last_record("GenerateDataKey").await;
    assert_eq!(
        record["requestParameters"],
        json!({"keyId": "alias/a", "keySpec": "AES_256"})
    );
    assert_eq!(record["resources"][0]["ARN"], json!(key_arn(&id)));
    assert_eq!(record["responseElements"], Value::Null);
}

/// What no request can try, of operations that are not built, stands in their rows.
///
/// KEY-391, AUTHZ-228
#[test]
fn keys_of_other_accounts_are_named_as_the_operation_says() {
    let row = |name: &str| {
        Kms::catalogue()
            .iter()
            .find(|entry| entry.row.name == name)
            .expect("a row")
            .row
    };
    for name in [
        "EnableKeyRotation",
        "DisableKeyRotation",
        "RotateKeyOnDemand",
        "ListKeyRotations",
        "GetKeyRotationStatus",
    ] {
        let abroad = name == "GetKeyRotationStatus";
        assert_eq!(
            (row(name).rules.naming, row(name).across_accounts),
            (Naming::Key, abroad),
            "{name}"
        );
    }
    for name in ["CreateGrant", "ListGrants", "RevokeGrant"] {
        assert_eq!(row(name).rules.naming, Naming::Key, "{name}");
    }
    let cryptographic = Kms::catalogue().iter().map(|entry| entry.row);
    for row in cryptographic.filter(|row| row.across_accounts && row.rules.takes != Takes::AnyKey) {
        let status = row.name == "GetKeyRotationStatus";
        assert_eq!(row.rules.naming == Naming::KeyOrAlias, !status, "{}", row.name);
    }
    assert_eq!(row("DescribeKey").rules.naming, Naming::KeyOrAlias);
}
