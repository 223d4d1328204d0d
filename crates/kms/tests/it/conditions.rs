//! Condition keys, each through a key policy that names it: what a request carries, and what it does not.

use serde_json::{Value, json};

use crate::ruled::{allow, check, check_as, deny, key_with, passes};
use crate::world::{ACCOUNT, OTHER, REGION, ROOT, STRANGER, World, alias_arn, base64, key_arn};

fn data_key(context: &Value) -> Value {
    json!({"KeySpec": "AES_256", "EncryptionContext": context})
}

/// AUTHZ-118, AUTHZ-119, AUTHZ-127
#[tokio::test]
async fn a_pair_of_the_encryption_context_is_required() {
    let rows = [
        (json!({"AppName": "ExampleApp"}), true),
        (json!({"AppName": "ExampleApp", "Project": "Alpha"}), true),
        (json!({"appname": "ExampleApp"}), true),
        (json!({"AppName": "exampleapp"}), false),
        (json!({"AppName": "ExampleApp", "APPNAME": "other"}), false),
        (json!({}), false),
    ];
    let rows = rows.map(|(context, allowed)| ("GenerateDataKey", data_key(&context), allowed));
    let condition = json!({"StringEquals": {"kms:EncryptionContext:AppName": "ExampleApp"}});
    check(allow(&["kms:GenerateDataKey"], condition), &rows).await;
}

/// AUTHZ-121, AUTHZ-125
#[tokio::test]
async fn a_pair_of_the_encryption_context_is_denied() {
    let rows = [
        (json!({"Stage": "Restricted"}), false),
        (json!({"stage": "Production", "Project": "Alpha"}), false),
        (json!({"Stage": "Test", "Stage2": "Restricted"}), true),
        (json!({}), true),
    ];
    let rows = rows.map(|(context, allowed)| ("GenerateDataKey", data_key(&context), allowed));
    let condition = json!({"StringEquals": {"kms:EncryptionContext:Stage": ["Restricted", "Production"]}});
    check(deny(&["kms:GenerateDataKey"], condition), &rows).await;
}

/// AUTHZ-120, AUTHZ-128, AUTHZ-134, AUTHZ-136
#[tokio::test]
async fn the_names_of_the_encryption_context_are_a_set() {
    let request = |context: &Value| ("GenerateDataKey", data_key(context));
    let contexts = [
        json!({"AppName": "ExampleApp"}),
        json!({"AppName": "ExampleApp", "Project": "Alpha"}),
        json!({"appname": "ExampleApp"}),
        json!({"Project": "Alpha"}),
        json!({}),
    ];
    let exactly = json!({
        "StringEquals": {"kms:EncryptionContext:AppName": "ExampleApp"},
        "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["AppName"]}
    });
    let some = json!({"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "AppName"}});
    let any = json!({"Null": {"kms:EncryptionContextKeys": "false"}});
    for (condition, allowed) in [
        (exactly, [true, false, false, false, false]),
        (some, [true, true, false, false, false]),
        (any, [true, true, true, true, false]),
    ] {
        let rows: Vec<_> = contexts
            .iter()
            .zip(allowed)
            .map(|(context, allowed)| {
                let (operation, request) = request(context);
                (operation, request, allowed)
            })
            .collect();
        check(allow(&["kms:GenerateDataKey"], condition), &rows).await;
    }
}

/// What a request without anything special carries for `kms:` and `aws:` keys: each condition that holds denies, each
/// that does not leaves the request alone.
#[tokio::test]
async fn a_key_tells_what_it_is() {
    let rows = [
        ("StringEquals", "kms:KeySpec", json!("SYMMETRIC_DEFAULT"), true),
        ("StringEquals", "kms:KeySpec", json!("RSA_2048"), false),
        (
            "StringEquals",
            "kms:CustomerMasterKeySpec",
            json!("SYMMETRIC_DEFAULT"),
            true,
        ),
        ("StringEquals", "kms:KeyUsage", json!("ENCRYPT_DECRYPT"), true),
        (
            "StringEquals",
            "kms:CustomerMasterKeyUsage",
            json!("ENCRYPT_DECRYPT"),
            true,
        ),
        ("StringEquals", "kms:KeyOrigin", json!("AWS_KMS"), true),
        ("Bool", "kms:MultiRegion", json!(false), true),
        ("Null", "kms:MultiRegionKeyType", json!(true), true),
        ("Null", "kms:ResourceAliases", json!(true), true),
    ];
    deny_rows("kms:EnableKey", "EnableKey", json!({}), &rows).await;
}

/// AUTHZ-31, AUTHZ-32, AUTHZ-38, AUTHZ-41, AUTHZ-43
#[tokio::test]
async fn a_call_tells_who_whence_when_and_where() {
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let rows = [
        ("ArnEquals", "aws:PrincipalArn", json!(root), true),
        ("StringEquals", "aws:PrincipalAccount", json!(ACCOUNT), true),
        ("StringNotEquals", "aws:PrincipalAccount", json!(ACCOUNT), false),
        ("StringEquals", "aws:PrincipalType", json!("Account"), true),
        ("StringEquals", "aws:userid", json!(ACCOUNT), true),
        ("Null", "aws:username", json!(true), true),
        ("Null", "aws:TokenIssueTime", json!(true), true),
        ("IpAddress", "aws:SourceIp", json!("192.0.2.0/24"), true),
        (
            "NotIpAddress",
            "aws:SourceIp",
            json!(["198.51.100.0/24", "192.0.2.0/28"]),
            false,
        ),
        ("DateLessThan", "aws:CurrentTime", json!("2023-11-14T22:13:21Z"), true),
        ("DateLessThan", "aws:CurrentTime", json!("2023-11-14T22:13:20Z"), false),
        ("NumericEquals", "aws:EpochTime", json!("1700000000"), true),
        ("StringEquals", "aws:RequestedRegion", json!(REGION), true),
        ("StringEquals", "aws:RequestedRegion", json!("eu-central-1"), false),
    ];
    deny_rows("kms:EnableKey", "EnableKey", json!({}), &rows).await;
}

#[tokio::test]
async fn a_call_tells_whose_the_key_is_and_that_no_service_makes_it() {
    let rows = [
        ("StringEquals", "aws:ResourceAccount", json!(ACCOUNT), true),
        ("Bool", "aws:ViaAWSService", json!(false), true),
        ("Bool", "aws:ViaAWSService", json!(true), false),
        ("Bool", "aws:PrincipalIsAWSService", json!(false), true),
        ("Null", "aws:CalledVia", json!(true), true),
        ("Null", "aws:SourceVpce", json!(true), true),
        ("Bool", "aws:SecureTransport", json!(false), true),
        ("StringEquals", "aws:UserAgent", json!("a test"), true),
        ("StringEquals", "kms:CallerAccount", json!(ACCOUNT), true),
        ("StringEquals", "kms:CallerAccount", json!(OTHER), false),
        ("Null", "kms:ViaService", json!(true), true),
        (
            "StringEquals",
            "kms:ViaService",
            json!("lambda.us-west-2.amazonaws.com"),
            false,
        ),
    ];
    deny_rows("kms:EnableKey", "EnableKey", json!({}), &rows).await;
}

async fn deny_rows(action: &str, operation: &str, request: Value, rows: &[(&str, &str, Value, bool)]) {
    for (operator, key, value, holds) in rows {
        let condition = json!({*operator: {*key: value}});
        check(deny(&[action], condition), &[(operation, request.clone(), !holds)]).await;
    }
}

/// A key that another operation has is absent here, whatever the request says.
///
/// AUTHZ-96
#[tokio::test]
async fn operations_have_the_keys_that_they_list_and_no_others() {
    let encrypt = json!({"Plaintext": base64(b"x"), "EncryptionContext": {"a": "b"}});
    let rows = [
        (
            "StringEquals",
            "kms:EncryptionAlgorithm",
            json!("SYMMETRIC_DEFAULT"),
            true,
        ),
        ("StringEquals", "kms:EncryptionContext:A", json!("b"), true),
        ("Null", "aws:RequestTag/a", json!(true), true),
        ("Null", "kms:BypassPolicyLockoutSafetyCheck", json!(true), true),
    ];
    deny_rows("kms:Encrypt", "Encrypt", encrypt, &rows).await;
    let rows = [
        ("Null", "kms:EncryptionAlgorithm", json!(true), true),
        ("Null", "kms:RequestAlias", json!(true), true),
        ("Null", "aws:TagKeys", json!(true), true),
    ];
    deny_rows("kms:EnableKey", "EnableKey", json!({}), &rows).await;
}

/// AUTHZ-165, AUTHZ-166, AUTHZ-205
#[tokio::test]
async fn the_alias_of_the_request_is_its_name_however_it_is_spelled() {
    let world = World::new().await;
    let names = json!({"StringEquals": {"kms:RequestAlias": "alias/finance-key"}});
    let key = key_with(&world, &allow(&["kms:GenerateDataKey"], names)).await;
    for name in ["alias/finance-key", "alias/other"] {
        world
            .ok("CreateAlias", json!({"AliasName": name, "TargetKeyId": key}))
            .await;
    }
    for (named, allowed) in [
        ("alias/finance-key", true),
        (&*alias_arn("alias/finance-key"), true),
        (&*key, false),
        (&*key_arn(&key), false),
        ("alias/other", false),
    ] {
        let request = json!({"KeyId": named, "KeySpec": "AES_256"});
        assert_eq!(
            passes(&world, ROOT, "GenerateDataKey", &request).await,
            allowed,
            "{named}"
        );
    }
    let arn = json!({"StringEquals": {"kms:RequestAlias": alias_arn("alias/by-arn")}});
    let key = key_with(&world, &allow(&["kms:GenerateDataKey"], arn)).await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/by-arn", "TargetKeyId": key}))
        .await;
    let request = json!({"KeyId": alias_arn("alias/by-arn"), "KeySpec": "AES_256"});
    assert!(!passes(&world, ROOT, "GenerateDataKey", &request).await);
}

/// Aliases and tags of the key count from the moment that they are there.
///
/// AUTHZ-168, AUTHZ-201
#[tokio::test]
async fn aliases_and_tags_of_the_key_allow_and_deny_at_once() {
    let world = World::new().await;
    let request = |key: &str| json!({"KeyId": key, "KeySpec": "AES_256"});
    let aliases = json!({"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/finance*"}});
    let key = key_with(&world, &allow(&["kms:GenerateDataKey"], aliases)).await;
    assert!(!passes(&world, ROOT, "GenerateDataKey", &request(&key)).await);
    world
        .ok(
            "CreateAlias",
            json!({"AliasName": "alias/finance-1", "TargetKeyId": key}),
        )
        .await;
    assert!(passes(&world, ROOT, "GenerateDataKey", &request(&key)).await);
    world.ok("DeleteAlias", json!({"AliasName": "alias/finance-1"})).await;
    assert!(!passes(&world, ROOT, "GenerateDataKey", &request(&key)).await);

    let tag = json!({"StringEquals": {"aws:ResourceTag/project": "Alpha"}});
    let tagged = |key: &str, value: &str| json!({"KeyId": key, "Tags": [{"TagKey": "Project", "TagValue": value}]});
    for (rule, with_tag) in [
        (allow(&["kms:GenerateDataKey"], tag.clone()), true),
        (deny(&["kms:GenerateDataKey"], tag), false),
    ] {
        let key = key_with(&world, &rule).await;
        let mut seen = vec![passes(&world, ROOT, "GenerateDataKey", &request(&key)).await];
        for value in ["Alpha", "Beta"] {
            world.ok("TagResource", tagged(&key, value)).await;
            seen.push(passes(&world, ROOT, "GenerateDataKey", &request(&key)).await);
        }
        assert_eq!(seen, [!with_tag, with_tag, !with_tag], "{}", rule.effect);
    }
}

/// AUTHZ-196, AUTHZ-197
#[tokio::test]
async fn requests_for_tags_tell_the_tags_that_they_set_and_remove() {
    let tag = |key: &str, value: &str| json!({"Tags": [{"TagKey": key, "TagValue": value}]});
    let purpose = json!({"StringEquals": {"aws:RequestTag/Purpose": "Test"}});
    let world = World::new().await;
    let key = key_with(&world, &allow(&["kms:TagResource", "kms:UntagResource"], purpose)).await;
    for (operation, mut request, allowed) in [
        ("TagResource", tag("Purpose", "Production"), false),
        ("UntagResource", json!({"TagKeys": ["Purpose"]}), false),
        ("TagResource", tag("Purpose", "Test"), true),
        ("UntagResource", json!({"TagKeys": ["Other"]}), false),
        ("UntagResource", json!({"TagKeys": ["Purpose"]}), true),
    ] {
        request["KeyId"] = json!(key);
        assert_eq!(
            passes(&world, ROOT, operation, &request).await,
            allowed,
            "{operation} {request}"
        );
    }
    let restricted = json!({"ForAnyValue:StringEquals": {"aws:TagKeys": ["Restricted"]}});
    check(
        deny(&["kms:TagResource", "kms:UntagResource"], restricted),
        &[
            ("TagResource", tag("Restricted", "x"), false),
            ("TagResource", tag("Free", "x"), true),
            ("UntagResource", json!({"TagKeys": ["Free", "Restricted"]}), false),
            ("UntagResource", json!({"TagKeys": ["Free"]}), true),
        ],
    )
    .await;
}

/// Each side of a re-encryption is judged by its own key, with its own context.
///
/// AUTHZ-97, AUTHZ-163, AUTHZ-78
#[tokio::test]
async fn re_encryption_has_two_sides() {
    let world = World::new().await;
    let same = json!({"Bool": {"kms:ReEncryptOnSameKey": "true"}});
    let key = key_with(&world, &allow(&["kms:ReEncrypt*"], same)).await;
    let other = world.key().await;
    let blob = world.encrypt(&key, b"x").await;
    for (to, allowed) in [(&*key, true), (&*key_arn(&key), true), (&*other, false)] {
        let request = json!({"CiphertextBlob": blob, "DestinationKeyId": to});
        assert_eq!(passes(&world, ROOT, "ReEncrypt", &request).await, allowed, "{to}");
    }
    let to_context = json!({"StringEquals": {"kms:EncryptionContext:side": "to"}});
    let to = key_with(&world, &allow(&["kms:ReEncryptTo"], to_context)).await;
    let from = world.encrypt(&other, b"x").await;
    for (source, destination, allowed) in [(json!({}), "to", true), (json!({"side": "to"}), "x", false)] {
        let request = json!({"CiphertextBlob": from, "SourceEncryptionContext": source, "DestinationKeyId": to,
                             "DestinationEncryptionContext": {"side": destination}});
        assert_eq!(passes(&world, ROOT, "ReEncrypt", &request).await, allowed, "{request}");
    }
}

/// The public key of everybody, narrowed to an account: its own need nothing else, others are not meant.
///
/// AUTHZ-102, POL-110
#[tokio::test]
async fn everybody_of_one_account() {
    let world = World::new().await;
    let own = json!({"StringEquals": {"kms:CallerAccount": ACCOUNT}});
    let key = key_with(&world, &allow(&["kms:Encrypt"], own)).await;
    let request = json!({"KeyId": key_arn(&key), "Plaintext": base64(b"x")});
    assert!(passes(&world, ROOT, "Encrypt", &request).await);
    assert!(passes(&world, crate::world::USER, "Encrypt", &request).await);
    assert!(!passes(&world, STRANGER, "Encrypt", &request).await);
    let theirs = json!({"StringEquals": {"kms:CallerAccount": OTHER}});
    let key = key_with(&world, &allow(&["kms:Encrypt"], theirs)).await;
    let request = json!({"KeyId": key_arn(&key), "Plaintext": base64(b"x")});
    assert!(!passes(&world, ROOT, "Encrypt", &request).await);
    assert!(passes(&world, STRANGER, "Encrypt", &request).await);
}

/// A policy from before `ForAllValues` was refused on single-valued keys means what it says: also requests without the
/// pair.
///
/// AUTHZ-29
#[tokio::test]
async fn a_stored_policy_with_an_overly_permissive_condition_is_decided_as_it_is_written() {
    let world = World::new().await;
    let condition = json!({"ForAllValues:StringEquals": {"kms:EncryptionContext:Department": "IT"}});
    let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*",
                        "Action": "kms:GenerateDataKey", "Resource": "*", "Condition": condition}});
    let put = json!({"KeyId": world.key().await, "Policy": policy.to_string(), "BypassPolicyLockoutSafetyCheck": true});
    let refusal = world.refused("PutKeyPolicy", put).await;
    assert_eq!(refusal.code, "MalformedPolicyDocumentException");
    let key = world.key().await;
    world
        .alter(&key, |record| record.policy = policy.to_string().into())
        .await;
    let contexts = [
        (json!({"Department": "IT"}), true),
        (json!({"Stage": "Restricted"}), true),
        (json!({}), true),
        (json!({"Department": "HR"}), false),
    ];
    let rows = contexts.map(|(context, allowed)| ("GenerateDataKey", data_key(&context), allowed));
    check_as(&world, ROOT, &key, &rows).await;
}
