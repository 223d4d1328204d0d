//! The properties of keys as conditions, in the guide's own examples: of the key that is asked for, and of the key that
//! is used.

use serde_json::{Value, json};
use trent_kms::records::Origin;

use crate::ruled::{account, allow, check_as, deny, key_with, kind, passes, user_allowed, user_with};
use crate::world::{ACCOUNT, ELSEWHERE, REGION, ROOT, USER, Who, World, base64, key_arn, region};

type Row = (&'static str, Value, bool);

/// A multi-Region key's id.
const MULTI_REGION: &str = "mrk-1234abcd12ab34cd56ef1234567890ab";

/// Requests for new keys by a user who may make keys under a condition.
async fn making(conditions: &[Value], rows: &[(Value, bool)]) {
    let world = World::new().await;
    for condition in conditions {
        let user = user_with(&json!([
            {"Effect": "Allow", "Action": "kms:CreateKey", "Resource": "*", "Condition": condition},
            {"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": "*"}
        ]));
        for (request, allowed) in rows {
            assert_eq!(
                passes(&world, user, "CreateKey", request).await,
                *allowed,
                "{request} under {condition}"
            );
        }
    }
}

/// The condition by both of its names.
fn either(operator: &str, name: &str, older: &str, value: &Value) -> [Value; 2] {
    [name, older].map(|name| json!({operator: {name: value}}))
}

fn spec(operator: &str, value: &str) -> [Value; 2] {
    either(operator, "kms:KeySpec", "kms:CustomerMasterKeySpec", &json!(value))
}

fn usage(operator: &str, value: &str) -> [Value; 2] {
    either(operator, "kms:KeyUsage", "kms:CustomerMasterKeyUsage", &json!(value))
}

fn asked(spec: &str, usage: &str) -> Value {
    json!({"KeySpec": spec, "KeyUsage": usage})
}

/// AUTHZ-18, AUTHZ-154, AUTHZ-105, KEY-161, POL-192
#[tokio::test]
async fn the_spec_of_the_key_that_is_asked_for() {
    let rows = [
        (json!({}), true),
        (json!({"KeySpec": "SYMMETRIC_DEFAULT"}), true),
        (json!({"CustomerMasterKeySpec": "SYMMETRIC_DEFAULT"}), true),
        (asked("RSA_2048", "SIGN_VERIFY"), false),
        (asked("HMAC_256", "GENERATE_VERIFY_MAC"), false),
    ];
    making(&spec("StringEquals", "SYMMETRIC_DEFAULT"), &rows).await;
    let rows = [
        (asked("RSA_2048", "ENCRYPT_DECRYPT"), true),
        (asked("RSA_4096", "SIGN_VERIFY"), true),
        (asked("ECC_NIST_P256", "SIGN_VERIFY"), false),
        (asked("HMAC_256", "GENERATE_VERIFY_MAC"), false),
        (json!({"KeySpec": "SYMMETRIC_DEFAULT"}), false),
        (json!({}), false),
    ];
    making(&spec("StringLike", "RSA_*"), &rows).await;
}

/// AUTHZ-156, AUTHZ-105, SPK-29, SPK-201
#[tokio::test]
async fn the_usage_of_the_key_that_is_asked_for() {
    let rows = [
        (json!({}), true),
        (asked("RSA_2048", "ENCRYPT_DECRYPT"), true),
        (asked("RSA_2048", "SIGN_VERIFY"), false),
    ];
    making(&usage("StringEquals", "ENCRYPT_DECRYPT"), &rows).await;
    let world = World::new().await;
    for condition in usage("StringEquals", "SIGN_VERIFY") {
        let user = user_with(&json!([
            {"Effect": "Allow", "Action": "kms:CreateKey", "Resource": "*"},
            {"Effect": "Deny", "Action": "kms:CreateKey", "Resource": "*", "Condition": condition}
        ]));
        for (request, allowed) in [(json!({}), true), (asked("ECC_NIST_P256", "SIGN_VERIFY"), false)] {
            assert_eq!(passes(&world, user, "CreateKey", &request).await, allowed, "{request}");
        }
    }
    let mac = |spec| asked(spec, "GENERATE_VERIFY_MAC");
    let rows = [(mac("HMAC_384"), true), (mac("HMAC_256"), false), (json!({}), false)];
    making(&spec("StringEquals", "HMAC_384"), &rows).await;
    let rows = [(mac("HMAC_384"), true), (mac("HMAC_224"), true), (json!({}), false)];
    making(&usage("StringEquals", "GENERATE_VERIFY_MAC"), &rows).await;
}

/// AUTHZ-152, AUTHZ-158, AUTHZ-76
#[tokio::test]
async fn the_origin_and_the_reach_of_the_key_that_is_asked_for() {
    let in_a_store = |origin: &str| json!({"Origin": origin, "CustomKeyStoreId": "cks-1234567890abcdef0"});
    let mut external = in_a_store("EXTERNAL_KEY_STORE");
    external["XksKeyId"] = json!("key-1");
    let rows = [
        (json!({}), true),
        (json!({"Origin": "AWS_KMS"}), true),
        (json!({"Origin": "EXTERNAL"}), false),
        (in_a_store("AWS_CLOUDHSM"), false),
        (external, false),
    ];
    making(&[json!({"StringEquals": {"kms:KeyOrigin": "AWS_KMS"}})], &rows).await;
    let reaching = |multi_region: bool| json!({"MultiRegion": multi_region});
    let single = json!({"Bool": {"kms:MultiRegion": false}});
    let no_type = json!({"Null": {"kms:MultiRegionKeyType": true}});
    let rows = [(json!({}), true), (reaching(false), true), (reaching(true), false)];
    making(&[single, no_type], &rows).await;
    let rows = [(json!({}), false), (reaching(true), true)];
    making(&[json!({"StringEquals": {"kms:MultiRegionKeyType": "PRIMARY"}})], &rows).await;
}

/// A policy that a key is to have says nothing about making it.
///
/// AUTHZ-101, POL-184
#[tokio::test]
async fn going_without_the_check_for_a_lockout_is_for_identity_policies_to_allow() {
    let world = World::new().await;
    let bypass = json!({"Bool": {"kms:BypassPolicyLockoutSafetyCheck": true}});
    let denying = json!({"Version": "2012-10-17", "Statement": [
        account(json!({"Action": "kms:*"})),
        {"Effect": "Deny", "Principal": "*", "Action": "kms:CreateKey", "Resource": "*", "Condition": bypass}
    ]});
    let mut allowing = denying.clone();
    allowing["Statement"][1]["Effect"] = json!("Allow");
    let request = json!({"Policy": allowing.to_string(), "BypassPolicyLockoutSafetyCheck": true});
    assert!(!passes(&world, USER, "CreateKey", &request).await);
    let request = json!({"Policy": denying.to_string(), "BypassPolicyLockoutSafetyCheck": true});
    let everything = json!({"Effect": "Allow", "Action": "kms:*", "Resource": "*"});
    assert!(passes(&world, user_with(&json!([everything])), "CreateKey", &request).await);
    let denied = json!({"Effect": "Deny", "Action": "kms:CreateKey", "Resource": "*", "Condition": bypass});
    let user = user_with(&json!([everything, denied]));
    assert!(!passes(&world, user, "CreateKey", &request).await);
    assert!(
        passes(
            &world,
            user,
            "CreateKey",
            &json!({"BypassPolicyLockoutSafetyCheck": false})
        )
        .await
    );
    assert!(passes(&world, user, "CreateKey", &json!({})).await);
    let absent = user_allowed(
        &["kms:CreateKey"],
        &json!({"Null": {"kms:BypassPolicyLockoutSafetyCheck": true}}),
    );
    assert!(passes(&world, absent, "CreateKey", &json!({})).await);
    assert!(
        !passes(
            &world,
            absent,
            "CreateKey",
            &json!({"BypassPolicyLockoutSafetyCheck": false})
        )
        .await
    );
}

/// Keys of these specs and usages, with a rule in the policy of each, and whether it lets requests through.
async fn using(rule: impl Fn() -> crate::ruled::Rule<'static>, requests: &[Row], kinds: &[(&str, &str, bool)]) {
    let world = World::new().await;
    for (spec, usage, matches) in kinds {
        let key = key_with(&world, &rule()).await;
        world.alter(&key, kind(spec, usage)).await;
        let rows = requests.iter().map(|(operation, request, allowed)| {
            // Each row says what happens on a key that matches; on another it is the reverse.
            (*operation, request.clone(), allowed == matches)
        });
        check_as(&world, ROOT, &key, &rows.collect::<Vec<_>>()).await;
    }
}

/// AUTHZ-19, AUTHZ-105, AUTHZ-157, SPK-29
#[tokio::test]
async fn the_usage_of_the_key_that_is_used() {
    let grant = json!({"GranteePrincipal": format!("arn:aws:iam::{ACCOUNT}:root"), "Operations": ["DescribeKey"]});
    let kinds = [
        ("RSA_2048", "SIGN_VERIFY", true),
        ("RSA_2048", "ENCRYPT_DECRYPT", false),
        ("HMAC_256", "GENERATE_VERIFY_MAC", false),
        ("ECC_NIST_P256", "KEY_AGREEMENT", false),
    ];
    for condition in usage("StringEquals", "SIGN_VERIFY") {
        let rule = || {
            allow(
                &["kms:CreateGrant", "kms:DescribeKey", "kms:ScheduleKeyDeletion"],
                condition.clone(),
            )
        };
        let rows = [
            ("CreateGrant", grant.clone(), true),
            ("DescribeKey", json!({}), true),
            ("ScheduleKeyDeletion", json!({}), true),
        ];
        using(rule, &rows, &kinds).await;
        let disabling = || allow(&["kms:DisableKey"], condition.clone());
        using(disabling, &[("DisableKey", json!({}), true)], &kinds).await;
    }
}

/// AUTHZ-105, KEY-38, SPK-51, SPK-201
#[tokio::test]
async fn the_spec_of_the_key_that_is_used() {
    let scheduling = [("ScheduleKeyDeletion", json!({}), false)];
    let kinds = [
        ("RSA_4096", "SIGN_VERIFY", true),
        ("RSA_2048", "SIGN_VERIFY", false),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", false),
    ];
    for condition in spec("StringEquals", "RSA_4096") {
        using(
            || deny(&["kms:ScheduleKeyDeletion"], condition.clone()),
            &scheduling,
            &kinds,
        )
        .await;
    }
    let hmac = [
        ("HMAC_256", "GENERATE_VERIFY_MAC", true),
        ("HMAC_384", "GENERATE_VERIFY_MAC", false),
    ];
    let both = [
        ("ScheduleKeyDeletion", json!({}), true),
        ("CancelKeyDeletion", json!({}), true),
    ];
    for condition in spec("StringEquals", "HMAC_256") {
        let rule = || allow(&["kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"], condition.clone());
        using(rule, &both, &hmac).await;
    }
    let switches = [("DisableKey", json!({}), true), ("EnableKey", json!({}), true)];
    let kinds = [
        ("HMAC_256", "GENERATE_VERIFY_MAC", true),
        ("RSA_2048", "SIGN_VERIFY", false),
    ];
    for condition in usage("StringEquals", "GENERATE_VERIFY_MAC") {
        let rule = || allow(&["kms:EnableKey", "kms:DisableKey"], condition.clone());
        using(rule, &switches, &kinds).await;
    }
}

/// AUTHZ-153, AUTHZ-19
#[tokio::test]
async fn the_origin_of_the_key_that_is_used() {
    let world = World::new().await;
    let user = user_with(&json!([{
        "Effect": "Allow",
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext",
                   "kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext", "kms:ReEncrypt*"],
        "Resource": format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/*"),
        "Condition": {"StringEquals": {"kms:KeyOrigin": "AWS_CLOUDHSM"}}
    }]));
    for (origin, allowed) in [
        (Origin::AwsCloudhsm, true),
        (Origin::AwsKms, false),
        (Origin::External, false),
        (Origin::ExternalKeyStore, false),
    ] {
        let key = world.key().await;
        let blob = world.encrypt(&key, b"x").await;
        world.alter(&key, |record| record.origin = origin).await;
        let alias = format!("alias/{}", origin.as_str());
        world
            .ok("CreateAlias", json!({"AliasName": alias, "TargetKeyId": key}))
            .await;
        let data_key = json!({"KeyId": alias, "KeySpec": "AES_256"});
        let pair = json!({"KeyPairSpec": "RSA_2048"});
        let rows = [
            ("Encrypt", json!({"Plaintext": base64(b"x")}), allowed),
            ("Decrypt", json!({"CiphertextBlob": blob}), allowed),
            ("GenerateDataKey", data_key.clone(), allowed),
            ("GenerateDataKeyWithoutPlaintext", data_key, allowed),
            ("GenerateDataKeyPair", pair.clone(), allowed),
            ("GenerateDataKeyPairWithoutPlaintext", pair, allowed),
            (
                "ReEncrypt",
                json!({"CiphertextBlob": blob, "DestinationKeyId": key}),
                allowed,
            ),
        ];
        check_as(&world, user, &key, &rows).await;
    }
}

/// A primary and its replica change places without a change of any policy.
///
/// AUTHZ-159, AUTHZ-160
#[tokio::test]
async fn what_a_multi_region_key_is_among_its_copies() {
    let world = World::new().await;
    let single = world.key().await;
    world.install(&single, REGION, MULTI_REGION, |_| ()).await;
    let user = |condition: Value| {
        user_with(
            &json!([{"Effect": "Allow", "Action": ["kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"],
                           "Resource": format!("arn:aws:kms:*:{ACCOUNT}:key/*"), "Condition": condition}]),
        )
    };
    let replicas = user(json!({"StringEquals": {"kms:MultiRegionKeyType": "REPLICA"}}));
    let copies = [
        user(json!({"StringEquals": {"kms:MultiRegionKeyType": ["PRIMARY", "REPLICA"]}})),
        user(json!({"Null": {"kms:MultiRegionKeyType": false}})),
        user(json!({"Bool": {"kms:MultiRegion": true}})),
    ];
    let alone = user(json!({"Null": {"kms:MultiRegionKeyType": true}}));
    for is_replica in [false, true, false] {
        let change = |record: &mut trent_kms::records::KeyRecord| {
            record.replica_of = is_replica.then(|| region(ELSEWHERE));
        };
        world.alter(MULTI_REGION, change).await;
        let may = async |user: Who, key: &str| {
            let request = json!({"KeyId": key});
            let schedules = passes(&world, user, "ScheduleKeyDeletion", &request).await;
            assert_eq!(passes(&world, user, "CancelKeyDeletion", &request).await, schedules);
            schedules
        };
        assert_eq!(may(replicas, MULTI_REGION).await, is_replica);
        assert!(!may(replicas, &single).await);
        for user in copies {
            assert!(may(user, MULTI_REGION).await && !may(user, &single).await);
        }
        assert!(!may(alone, MULTI_REGION).await && may(alone, &single).await);
    }
}

/// SPK-202, AUTHZ-19
#[tokio::test]
async fn the_aliases_of_an_hmac_key() {
    let world = World::new().await;
    let key = world.key().await;
    world.alter(&key, kind("HMAC_256", "GENERATE_VERIFY_MAC")).await;
    let tagged = json!({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/mac"}});
    let user = user_allowed(&["kms:GenerateMac"], &tagged);
    let mac = json!({"KeyId": key_arn(&key), "Message": base64(b"x"), "MacAlgorithm": "HMAC_SHA_256"});
    assert!(!passes(&world, user, "GenerateMac", &mac).await);
    world
        .ok("CreateAlias", json!({"AliasName": "alias/mac", "TargetKeyId": key}))
        .await;
    assert!(passes(&world, user, "GenerateMac", &mac).await);
    assert!(!passes(&world, USER, "GenerateMac", &mac).await);
    world.ok("DeleteAlias", json!({"AliasName": "alias/mac"})).await;
    assert!(!passes(&world, user, "GenerateMac", &mac).await);
}
