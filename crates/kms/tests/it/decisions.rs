//! Whom a key policy lets in: the account and its root user, users that it names, other accounts.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, NO_KEY, OTHER, ROOT, STRANGER, USER, Who, World, alias_arn, base64, key_arn, text};

const HIDDEN: &str = "because the resource does not exist in this Region, no resource-based policies allow access, or \
                      a resource-based policy explicitly denies access";

fn statement(effect: &str, principal: &str, actions: &[&str]) -> Value {
    json!({"Effect": effect, "Principal": {"AWS": principal}, "Action": actions, "Resource": "*"})
}

fn user(account: &str) -> String {
    format!("arn:aws:iam::{account}:user/alice")
}

async fn key_with(world: &World, statements: &[Value]) -> String {
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let request = json!({"Policy": policy, "BypassPolicyLockoutSafetyCheck": true});
    let made = world.ok("CreateKey", request).await;
    text(&made["KeyMetadata"]["KeyId"]).to_owned()
}

async fn answer(world: &World, who: Who, operation: &str, request: Value) -> String {
    match world.send(who, operation, &request).await {
        Ok(_) => "ok".to_owned(),
        Err(refusal) => {
            assert_eq!(refusal.code, "AccessDeniedException", "{operation}: {refusal:?}");
            refusal.message.unwrap_or_default()
        }
    }
}

fn refused(who: &str, action: &str, rest: &str) -> String {
    format!("User: {who} is not authorized to perform: {action} {rest}")
}

/// A root user is allowed by its account's statement and by nothing else.
///
/// POL-19, POL-114, AUTHZ-295
#[tokio::test]
async fn a_policy_without_the_account_shuts_the_root_user_out() {
    let world = World::new().await;
    let key = key_with(&world, &[statement("Allow", OTHER, &["kms:Encrypt"])]).await;
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    for (operation, request) in [
        ("DescribeKey", json!({"KeyId": key})),
        ("PutKeyPolicy", json!({"KeyId": key, "Policy": crate::world::OPEN})),
        ("Encrypt", json!({"KeyId": key, "Plaintext": base64(b"x")})),
    ] {
        let action = format!("kms:{operation}");
        let rest = format!(
            "on resource: {} because no resource-based policy allows the {action} action",
            key_arn(&key)
        );
        assert_eq!(
            answer(&world, ROOT, operation, request).await,
            refused(&root, &action, &rest)
        );
    }
    let some = key_with(&world, &[statement("Allow", ACCOUNT, &["kms:DescribeKey"])]).await;
    assert_eq!(answer(&world, ROOT, "DescribeKey", json!({"KeyId": some})).await, "ok");
    assert_ne!(answer(&world, ROOT, "DisableKey", json!({"KeyId": some})).await, "ok");
}

/// AUTHZ-278, AUTHZ-295
#[tokio::test]
async fn a_denial_wins_and_is_told_as_one() {
    let world = World::new().await;
    let statements = [
        statement("Allow", ACCOUNT, &["kms:*"]),
        statement("Deny", ACCOUNT, &["kms:DisableKey"]),
    ];
    let key = key_with(&world, &statements).await;
    let rest = format!(
        "on resource: {} with an explicit deny in a resource-based policy",
        key_arn(&key)
    );
    assert_eq!(
        answer(&world, ROOT, "DisableKey", json!({"KeyId": key})).await,
        refused(&format!("arn:aws:iam::{ACCOUNT}:root"), "kms:DisableKey", &rest)
    );
    assert_eq!(answer(&world, ROOT, "EnableKey", json!({"KeyId": key})).await, "ok");
}

/// A user without any IAM policy: the account's statement is not for it, its own name is.
///
/// AUTHZ-299, AUTHZ-301, POL-7, POL-113
#[tokio::test]
async fn a_user_needs_its_own_name_in_the_policy() {
    let world = World::new().await;
    let account = statement("Allow", ACCOUNT, &["kms:*"]);
    let named = statement("Allow", &user(ACCOUNT), &["kms:Encrypt"]);
    let shut = statement("Deny", &user(ACCOUNT), &["kms:Encrypt"]);
    let request = |key: &str| json!({"KeyId": key, "Plaintext": base64(b"x")});
    let delegated = key_with(&world, std::slice::from_ref(&account)).await;
    let rest = format!(
        "on resource: {} because no identity-based policy allows the kms:Encrypt action",
        key_arn(&delegated)
    );
    assert_eq!(
        answer(&world, USER, "Encrypt", request(&delegated)).await,
        refused(&user(ACCOUNT), "kms:Encrypt", &rest)
    );
    let key = key_with(&world, &[account.clone(), named.clone()]).await;
    assert_eq!(answer(&world, USER, "Encrypt", request(&key)).await, "ok");
    assert_ne!(answer(&world, USER, "DescribeKey", json!({"KeyId": key})).await, "ok");
    let key = key_with(&world, &[account, named, shut]).await;
    assert_ne!(answer(&world, USER, "Encrypt", request(&key)).await, "ok");
    assert_eq!(answer(&world, ROOT, "Encrypt", request(&key)).await, "ok");
}

/// The key policy lets the other account in, whose root user needs no more; what management there is stays at home.
///
/// AUTHZ-218, AUTHZ-229, POL-196
#[tokio::test]
async fn another_account_uses_what_the_policy_gives_it_and_manages_nothing() {
    let world = World::new().await;
    let everything = [
        statement("Allow", ACCOUNT, &["kms:*"]),
        statement("Allow", OTHER, &["kms:*"]),
    ];
    let key = key_with(&world, &everything).await;
    let arn = key_arn(&key);
    let sealed = world
        .ok_as(STRANGER, "Encrypt", json!({"KeyId": arn, "Plaintext": base64(b"x")}))
        .await;
    let blob = &sealed["CiphertextBlob"];
    for (operation, request) in [
        ("DescribeKey", json!({"KeyId": arn})),
        ("Decrypt", json!({"CiphertextBlob": blob})),
        ("Decrypt", json!({"CiphertextBlob": blob, "KeyId": arn})),
        ("GenerateDataKey", json!({"KeyId": arn, "KeySpec": "AES_256"})),
    ] {
        assert_eq!(answer(&world, STRANGER, operation, request).await, "ok", "{operation}");
    }
    let stranger = format!("arn:aws:iam::{OTHER}:root");
    for (operation, request) in [
        ("DisableKey", json!({"KeyId": arn})),
        ("GetKeyPolicy", json!({"KeyId": arn})),
        ("PutKeyPolicy", json!({"KeyId": arn, "Policy": crate::world::OPEN})),
        (
            "TagResource",
            json!({"KeyId": arn, "Tags": [{"TagKey": "k", "TagValue": "v"}]}),
        ),
        ("ListResourceTags", json!({"KeyId": arn})),
    ] {
        let expected = refused(
            &stranger,
            &format!("kms:{operation}"),
            &format!("on resource: {arn} {HIDDEN}"),
        );
        assert_eq!(answer(&world, STRANGER, operation, request).await, expected);
    }
    let by_id = world.refused_as(STRANGER, "DescribeKey", json!({"KeyId": key})).await;
    assert_eq!(by_id.code, "NotFoundException");
    assert_eq!(world.ok_as(STRANGER, "ListKeys", json!({})).await["Keys"], json!([]));
}

/// Whatever keeps another account out, and whether the key is there at all, it is told one and the same.
#[tokio::test]
async fn another_account_cannot_tell_a_key_that_refuses_it_from_none() {
    let world = World::new().await;
    let silent = world.key().await;
    let denying = key_with(
        &world,
        &[
            statement("Allow", ACCOUNT, &["kms:*"]),
            statement("Deny", OTHER, &["kms:*"]),
        ],
    )
    .await;
    let stranger = Who {
        user: Some("alice"),
        ..STRANGER
    };
    for who in [STRANGER, stranger] {
        let mut told = Vec::new();
        for key in [&*silent, &*denying, NO_KEY] {
            let request = json!({"KeyId": key_arn(key), "Plaintext": base64(b"x")});
            told.push(answer(&world, who, "Encrypt", request).await.replace(key, "KEY"));
        }
        assert!(told.iter().all(|text| *text == told[0] && *text != "ok"), "{told:?}");
    }
}

/// A user of another account that the policy names still needs a word of its own account.
///
/// AUTHZ-291
#[tokio::test]
async fn a_named_user_of_another_account_needs_its_account_as_well() {
    let world = World::new().await;
    let stranger = Who {
        user: Some("alice"),
        ..STRANGER
    };
    for principal in [&*user(OTHER), "*"] {
        let key = key_with(&world, &[statement("Allow", principal, &["kms:Encrypt"])]).await;
        let request = json!({"KeyId": key_arn(&key), "Plaintext": base64(b"x")});
        let rest = format!(
            "on resource: {} because no identity-based policy allows the kms:Encrypt action",
            key_arn(&key)
        );
        assert_eq!(
            answer(&world, stranger, "Encrypt", request).await,
            refused(&user(OTHER), "kms:Encrypt", &rest)
        );
    }
}

/// An alias of another account leads to its key; a refusal repeats the alias and not what it leads to.
///
/// POL-75
#[tokio::test]
async fn an_alias_of_another_account_leads_to_its_key() {
    let world = World::new().await;
    let open = [
        statement("Allow", ACCOUNT, &["kms:*"]),
        statement("Allow", OTHER, &["kms:Encrypt"]),
    ];
    let key = key_with(&world, &open).await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/shared", "TargetKeyId": key}))
        .await;
    let alias = alias_arn("alias/shared");
    let encrypt = |named: &str| json!({"KeyId": named, "Plaintext": base64(b"x")});
    assert_eq!(answer(&world, STRANGER, "Encrypt", encrypt(&alias)).await, "ok");
    let stranger = format!("arn:aws:iam::{OTHER}:root");
    assert_eq!(
        answer(&world, STRANGER, "DescribeKey", json!({"KeyId": alias})).await,
        refused(&stranger, "kms:DescribeKey", &format!("on resource: {alias} {HIDDEN}"))
    );
    let sealed = world.encrypt(&key, b"x").await;
    assert_eq!(
        answer(&world, STRANGER, "Decrypt", json!({"CiphertextBlob": sealed})).await,
        refused(
            &stranger,
            "kms:Decrypt",
            &format!("on the resource associated with this ciphertext {HIDDEN}")
        )
    );
}

/// Operations on aliases need the key's word too, and that of both keys where there are two.
#[tokio::test]
async fn aliases_need_the_word_of_their_keys() {
    let world = World::new().await;
    let statements = [
        statement("Allow", ACCOUNT, &["kms:*"]),
        statement("Deny", ACCOUNT, &["kms:*Alias"]),
    ];
    let shut = key_with(&world, &statements).await;
    let open = world.key().await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": open}))
        .await;
    for (operation, request) in [
        ("CreateAlias", json!({"AliasName": "alias/b", "TargetKeyId": shut})),
        ("UpdateAlias", json!({"AliasName": "alias/a", "TargetKeyId": shut})),
    ] {
        assert!(answer(&world, ROOT, operation, request).await.contains(&key_arn(&shut)));
    }
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    world.ok("PutKeyPolicy", json!({"KeyId": open, "Policy": policy})).await;
    for (operation, request) in [
        (
            "UpdateAlias",
            json!({"AliasName": "alias/a", "TargetKeyId": world.key().await}),
        ),
        ("DeleteAlias", json!({"AliasName": "alias/a"})),
    ] {
        assert!(answer(&world, ROOT, operation, request).await.contains(&key_arn(&open)));
    }
}

/// A dry run is decided as the call itself is.
///
/// AUTHZ-404
#[tokio::test]
async fn a_dry_run_tells_what_the_call_would() {
    let world = World::new().await;
    let statements = [
        statement("Allow", ACCOUNT, &["kms:*"]),
        statement("Deny", ACCOUNT, &["kms:Encrypt"]),
    ];
    let shut = key_with(&world, &statements).await;
    let open = world.key().await;
    for (key, disabled, code) in [
        (&open, false, "DryRunOperationException"),
        (&shut, false, "AccessDeniedException"),
        (&open, true, "DisabledException"),
        (&shut, true, "AccessDeniedException"),
    ] {
        let switch = if disabled { "DisableKey" } else { "EnableKey" };
        world.ok(switch, json!({"KeyId": key})).await;
        let request = json!({"KeyId": key, "Plaintext": base64(b"x"), "DryRun": true});
        assert_eq!(
            world.refused("Encrypt", request).await.code,
            code,
            "disabled: {disabled}"
        );
    }
}

/// What the record of a key says about access and cannot be read means no access, for anybody.
#[tokio::test]
async fn a_stored_policy_that_cannot_be_read_denies_everything() {
    let world = World::new().await;
    let key = world.key().await;
    world.alter(&key, |record| record.policy = "{}".into()).await;
    for (operation, request) in [
        ("DescribeKey", json!({"KeyId": key})),
        ("PutKeyPolicy", json!({"KeyId": key, "Policy": crate::world::OPEN})),
        ("Encrypt", json!({"KeyId": key, "Plaintext": base64(b"x")})),
    ] {
        assert_ne!(answer(&world, ROOT, operation, request).await, "ok", "{operation}");
    }
    assert_eq!(world.last_record("Encrypt").await["errorCode"], "AccessDenied");
}
