//! What a policy must satisfy before it is stored: its grammar, principals that exist, and a way back for its author.

use serde_json::{Value, json};
use trent_names::AccountId;

use crate::world::{ACCOUNT, OPEN, OTHER, ROOT, START, USER, World, text};

const LOCKED: &str = "The new key policy will not allow you to update the key policy in the future.";
const INVALID: &str = "Policy contains a statement with one or more invalid principals.";

fn policy(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn allow(principal: &str, action: &str) -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*"})
}

fn user() -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/alice")
}

/// POL-182, KEY-155, POL-104
#[tokio::test]
async fn an_author_is_not_locked_out_unless_it_asks_for_it() {
    let world = World::new().await;
    let key = world.key().await;
    let before = world.ok("GetKeyPolicy", json!({"KeyId": key})).await;
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "kms:PutKeyPolicy", "Resource": "*"});
    let via = json!({"StringEquals": {"kms:ViaService": "s3.us-west-2.amazonaws.com"}});
    let mut elsewhere = allow(ACCOUNT, "kms:*");
    elsewhere["Condition"] = via;
    for locking in [
        policy(&[allow(OTHER, "kms:*")]),
        policy(&[allow(&user(), "kms:*")]),
        policy(&[allow(ACCOUNT, "kms:Encrypt")]),
        policy(&[allow(ACCOUNT, "kms:*"), deny]),
        policy(&[elsewhere]),
    ] {
        for (operation, request) in [
            ("PutKeyPolicy", json!({"KeyId": key, "Policy": locking})),
            (
                "CreateKey",
                json!({"Policy": locking, "BypassPolicyLockoutSafetyCheck": false}),
            ),
        ] {
            let refusal = world.refused(operation, request).await;
            assert_eq!(
                refusal.pair(),
                ("MalformedPolicyDocumentException", LOCKED),
                "{locking}"
            );
        }
        let bypassed = json!({"Policy": locking, "BypassPolicyLockoutSafetyCheck": true});
        world.ok("CreateKey", bypassed).await;
    }
    assert_eq!(world.ok("GetKeyPolicy", json!({"KeyId": key})).await, before);
    let bypassed = json!({"KeyId": key, "Policy": "{}", "BypassPolicyLockoutSafetyCheck": true});
    assert_eq!(
        world.refused("PutKeyPolicy", bypassed).await.code,
        "MalformedPolicyDocumentException"
    );
}

/// Where the policy leaves it to the account, what IAM says today is not asked.
#[tokio::test]
async fn a_policy_may_leave_it_to_the_account() {
    let world = World::new().await;
    let both = policy(&[allow(ACCOUNT, "kms:*"), allow(&user(), "kms:*")]);
    let made = world.ok("CreateKey", json!({ "Policy": both })).await;
    let key = text(&made["KeyMetadata"]["KeyId"]);
    let put = |policy: &str| json!({"KeyId": key, "Policy": policy});
    let closed = world
        .refused_as(USER, "PutKeyPolicy", put(&policy(&[allow(OTHER, "kms:*")])))
        .await;
    assert_eq!(closed.pair(), ("MalformedPolicyDocumentException", LOCKED));
    world.ok_as(USER, "PutKeyPolicy", put(OPEN)).await;
    assert_eq!(
        world.refused_as(USER, "PutKeyPolicy", put(OPEN)).await.code,
        "AccessDeniedException"
    );
}

/// AUTHZ-100
#[tokio::test]
async fn whether_a_request_goes_without_the_check_is_told_only_if_it_says_so() {
    let world = World::new().await;
    let mut silent = allow(ACCOUNT, "kms:PutKeyPolicy");
    silent["Condition"] = json!({"Null": {"kms:BypassPolicyLockoutSafetyCheck": true}});
    let silent = policy(&[silent]);
    let made = world.ok("CreateKey", json!({ "Policy": silent })).await;
    let key = text(&made["KeyMetadata"]["KeyId"]);
    for (bypass, allowed) in [(json!(false), false), (json!(true), false), (Value::Null, true)] {
        let mut request = json!({"KeyId": key, "Policy": silent});
        if !bypass.is_null() {
            request["BypassPolicyLockoutSafetyCheck"] = bypass.clone();
        }
        assert_eq!(
            world.send(ROOT, "PutKeyPolicy", &request).await.is_ok(),
            allowed,
            "{bypass}"
        );
    }
}

/// Accounts are taken at their word; users and roles must be there if their account is.
///
/// POL-109, AUTHZ-231
#[tokio::test]
async fn principals_that_could_be_here_and_are_not_are_refused() {
    let world = World::new().await;
    let account = AccountId::parse(ACCOUNT).expect("an account");
    let ours = world.directory.create(account, "ours", START).await.expect("it is new");
    world.directory.commit(ours.plan(())).await.expect("it is made");
    let key = world.key().await;
    let rows = [
        (user(), false),
        (format!("arn:aws:iam::{ACCOUNT}:role/path/Admin"), false),
        (format!("arn:aws:sts::{ACCOUNT}:assumed-role/Admin/me"), false),
        ("AIDACKCEVSQ6C2EXAMPLE".to_owned(), false),
        (format!("arn:aws:iam::{ACCOUNT}:group/Admins"), false),
        (format!("arn:aws:iam::{ACCOUNT}:root"), true),
        (format!("arn:aws:iam::{OTHER}:root"), true),
        (format!("arn:aws:iam::{OTHER}:user/bob"), true),
        (format!("arn:aws:iam::{OTHER}:role/Admin"), true),
        (OTHER.to_owned(), true),
        ("*".to_owned(), true),
    ];
    for (principal, accepted) in rows {
        let text = policy(&[allow(ACCOUNT, "kms:*"), allow(&principal, "kms:Encrypt")]);
        for (operation, request) in [
            ("PutKeyPolicy", json!({"KeyId": key, "Policy": text})),
            (
                "CreateKey",
                json!({"Policy": text, "BypassPolicyLockoutSafetyCheck": true}),
            ),
        ] {
            match world.send(ROOT, operation, &request).await {
                Ok(_) => assert!(accepted, "{principal}"),
                Err(refusal) => {
                    assert!(!accepted, "{principal}: {refusal:?}");
                    assert_eq!(
                        refusal.pair(),
                        ("MalformedPolicyDocumentException", INVALID),
                        "{principal}"
                    );
                }
            }
        }
    }
}

/// AUTHZ-26, AUTHZ-27, POL-101
#[tokio::test]
async fn what_is_wrong_with_a_document_is_said_as_the_service_says_it() {
    let world = World::new().await;
    let key = world.key().await;
    let conditioned = |key: &str| {
        let mut statement = allow(ACCOUNT, "kms:*");
        statement["Condition"] = json!({"ForAllValues:StringLike": {key: "x"}});
        policy(&[statement])
    };
    let rows = [
        (OPEN.replace("\"*\"}", "\"*\",}"), "Syntax errors in policy."),
        (OPEN.replace("Allow", "Permit"), "Syntax errors in policy."),
        (
            OPEN.replace("\"Action\":\"kms:*\",", ""),
            "Policy statement must contain actions.",
        ),
        (
            conditioned("KMS:encryptioncontext:Department"),
            "OverlyPermissiveCondition:EncryptionContext: Using the ForAllValues set operator with a single-valued \
             condition key matches requests without the specified encryption context or with an unspecified \
             encryption context. To fix, remove ForAllValues.",
        ),
        (
            conditioned("aws:RequestTag/Department"),
            "OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued condition key \
             matches requests without the specified tag or with an unspecified tag. To fix, remove ForAllValues.",
        ),
    ];
    for (text, message) in rows {
        for (operation, request) in [
            ("PutKeyPolicy", json!({"KeyId": key, "Policy": text})),
            ("CreateKey", json!({"Policy": text})),
        ] {
            let refusal = world.refused(operation, request).await;
            assert_eq!(refusal.pair(), ("MalformedPolicyDocumentException", message), "{text}");
        }
    }
}
