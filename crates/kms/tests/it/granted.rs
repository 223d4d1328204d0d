//! What grants allow: to whom, under which conditions, and beside which policies.

use serde_json::{Value, json};

use crate::grants::{ROLE, root, user};
use crate::world::{ACCOUNT, OTHER, REGION, START, STRANGER, USER, Who, World, base64, key_arn, text};

/// A statement that lets the account manage grants and encrypt, and nobody else do anything.
pub(crate) fn policy(more: &[Value]) -> String {
    let own = json!({"Effect": "Allow", "Principal": {"AWS": root(ACCOUNT)}, "Action": "kms:*", "Resource": "*"});
    let statements: Vec<Value> = [own].into_iter().chain(more.iter().cloned()).collect();
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

pub(crate) async fn key_with(world: &World, more: &[Value]) -> String {
    let made = world.ok("CreateKey", json!({"Policy": policy(more)})).await;
    text(&made["KeyMetadata"]["KeyId"]).to_owned()
}

/// Whether a request is allowed; refused it may be for want of permission only.
pub(crate) async fn allowed(world: &World, who: Who, operation: &str, request: Value) -> bool {
    match world.send(who, operation, &request).await {
        Ok(_) => true,
        Err(refusal) => {
            assert_eq!(
                refusal.code, "AccessDeniedException",
                "{operation} {request}: {refusal:?}"
            );
            false
        }
    }
}

fn encrypt(key: &str) -> Value {
    json!({"KeyId": key_arn(key), "Plaintext": base64(b"x")})
}

pub(crate) async fn encrypts(world: &World, who: Who, key: &str) -> bool {
    allowed(world, who, "Encrypt", encrypt(key)).await
}

pub(crate) fn grant(key: &str, grantee: &str, operations: &[&str]) -> Value {
    json!({"KeyId": key_arn(key), "GranteePrincipal": grantee, "Operations": operations})
}

/// A grant allows what it lists, at once and for as long as it is there, and neither needs a policy nor overrules one.
///
/// POL-27, POL-29, POL-331, POL-332, POL-437
#[tokio::test]
async fn a_grant_allows_what_it_lists_until_it_is_gone() {
    let world = World::new().await;
    let key = key_with(&world, &[]).await;
    assert!(!encrypts(&world, USER, &key).await);
    let (id, _) = world.grant(grant(&key, &user("alice"), &["Encrypt"])).await;
    assert!(encrypts(&world, USER, &key).await);
    assert!(!allowed(&world, USER, "DescribeKey", json!({"KeyId": key})).await);
    let (second, _) = world.grant(grant(&key, &user("alice"), &["DescribeKey"])).await;
    assert!(allowed(&world, USER, "DescribeKey", json!({"KeyId": key})).await);
    world.ok("RevokeGrant", json!({"KeyId": key, "GrantId": id})).await;
    assert!(!encrypts(&world, USER, &key).await);
    assert!(allowed(&world, USER, "DescribeKey", json!({"KeyId": key})).await);
    world.ok("RevokeGrant", json!({"KeyId": key, "GrantId": second})).await;
    assert!(!allowed(&world, USER, "DescribeKey", json!({"KeyId": key})).await);
    world.grant(grant(&key, &user("alice"), &["Encrypt"])).await;
    assert!(encrypts(&world, USER, &key).await);
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*"});
    world
        .ok("PutKeyPolicy", json!({"KeyId": key, "Policy": policy(&[deny])}))
        .await;
    assert!(!encrypts(&world, USER, &key).await, "a denial wins");
}

/// POL-329
#[tokio::test]
async fn a_grant_is_for_one_key() {
    let world = World::new().await;
    let (key, other) = (key_with(&world, &[]).await, key_with(&world, &[]).await);
    world.grant(grant(&key, &user("alice"), &["Encrypt"])).await;
    world.grant(grant(&other, &user("alice"), &["DescribeKey"])).await;
    assert!(encrypts(&world, USER, &key).await && !encrypts(&world, USER, &other).await);
}

/// Many grants come and go, and after each change the grantee has exactly what is left.
#[tokio::test]
async fn what_is_held_in_memory_follows_every_change() {
    let world = World::new().await;
    let key = key_with(&world, &[]).await;
    let pair = |n: usize| json!({ "n": n.to_string() });
    let mut made = Vec::new();
    for n in 0..150 {
        let mut request = grant(&key, &user("alice"), &["Encrypt"]);
        let kind = ["EncryptionContextEquals", "EncryptionContextSubset"][n % 2];
        request["Constraints"] = json!({ kind: pair(n) });
        made.push(world.grant(request).await.0);
        if n == 100 {
            assert!(allowed(&world, USER, "Encrypt", with_context(&key, &pair(n))).await);
        }
    }
    // More removals in a row than are listed one by one.
    for id in &made[..120] {
        world.ok("RevokeGrant", json!({"KeyId": key, "GrantId": id})).await;
    }
    for n in [0, 1, 64, 119, 120, 121, 149] {
        let may = allowed(&world, USER, "Encrypt", with_context(&key, &pair(n))).await;
        assert_eq!(may, n >= 120, "{n}");
    }
    for (n, id) in made.iter().enumerate().skip(120) {
        world.ok("RevokeGrant", json!({"KeyId": key, "GrantId": id})).await;
        assert!(!allowed(&world, USER, "Encrypt", with_context(&key, &pair(n))).await);
        let next = (n + 1).min(149);
        assert_eq!(
            allowed(&world, USER, "Encrypt", with_context(&key, &pair(next))).await,
            n < 149
        );
    }
}

fn with_context(key: &str, context: &Value) -> Value {
    json!({"KeyId": key, "Plaintext": base64(b"x"), "EncryptionContext": context})
}

/// POL-381, POL-382, POL-383, POL-391, POL-392
#[tokio::test]
async fn constraints_are_met_by_the_context_of_the_request() {
    let world = World::new().await;
    let constraint = json!({"Department": "IT"});
    let contexts = [
        (json!({"Department": "IT"}), true, true),
        (json!({"Department": "IT", "Purpose": "Test"}), false, true),
        (json!({"department": "IT"}), false, false),
        (json!({"Department": "it"}), false, false),
        (json!({}), false, false),
    ];
    for (at, kind) in ["EncryptionContextEquals", "EncryptionContextSubset"]
        .into_iter()
        .enumerate()
    {
        let key = key_with(&world, &[]).await;
        let mut request = grant(&key, &user("alice"), &["Encrypt", "Decrypt"]);
        request["Constraints"] = json!({ kind: constraint });
        world.grant(request).await;
        for (context, equals, subset) in &contexts {
            let sealed = world.ok("Encrypt", with_context(&key, context)).await;
            let decrypt = json!({"CiphertextBlob": sealed["CiphertextBlob"], "EncryptionContext": context});
            let expected = [*equals, *subset][at];
            assert_eq!(
                allowed(&world, USER, "Decrypt", decrypt).await,
                expected,
                "{kind} {context}"
            );
            let may = allowed(&world, USER, "Encrypt", with_context(&key, context)).await;
            assert_eq!(may, expected, "{kind} {context}");
        }
        let other = json!({"Department": "Sales"});
        let mut second = grant(&key, &user("alice"), &["Encrypt"]);
        second["Constraints"] = json!({ kind: other });
        assert!(!allowed(&world, USER, "Encrypt", with_context(&key, &other)).await);
        world.grant(second).await;
        assert!(
            allowed(&world, USER, "Encrypt", with_context(&key, &other)).await,
            "another grant may do"
        );
    }
}

/// Each operation with a context, by its own member; the two without one are free of the constraint.
///
/// POL-388, POL-389, POL-362, KEY-136
#[tokio::test]
async fn constraints_apply_to_every_operation_with_a_context() {
    let world = World::new().await;
    let key = key_with(&world, &[]).await;
    let open = key_with(&world, &[]).await;
    let operations = [
        "Encrypt",
        "Decrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "ReEncryptFrom",
        "ReEncryptTo",
        "DescribeKey",
        "RetireGrant",
    ];
    let mut request = grant(&key, &user("alice"), &operations);
    request["Constraints"] = json!({"EncryptionContextEquals": {"Purpose": "Test"}});
    let (_, token) = world.grant(request).await;
    world
        .grant(grant(&open, &user("alice"), &["ReEncryptFrom", "ReEncryptTo"]))
        .await;
    for (purpose, expected) in [("Test", true), ("Other", false)] {
        let context = &json!({ "Purpose": purpose });
        let sealed = world.ok("Encrypt", with_context(&key, context)).await["CiphertextBlob"].take();
        let plain = world.ok("Encrypt", encrypt(&open)).await["CiphertextBlob"].take();
        for (operation, request) in [
            ("Encrypt", with_context(&key, context)),
            (
                "Decrypt",
                json!({"CiphertextBlob": sealed, "EncryptionContext": context}),
            ),
            (
                "GenerateDataKey",
                json!({"KeyId": key, "KeySpec": "AES_256", "EncryptionContext": context}),
            ),
            (
                "GenerateDataKeyWithoutPlaintext",
                json!({"KeyId": key, "KeySpec": "AES_256", "EncryptionContext": context}),
            ),
            (
                "ReEncrypt",
                json!({"CiphertextBlob": sealed, "SourceEncryptionContext": context, "DestinationKeyId": open}),
            ),
            (
                "ReEncrypt",
                json!({"CiphertextBlob": plain, "DestinationEncryptionContext": context, "DestinationKeyId": key}),
            ),
        ] {
            assert_eq!(
                allowed(&world, USER, operation, request.clone()).await,
                expected,
                "{operation} {request}"
            );
        }
    }
    assert!(allowed(&world, USER, "DescribeKey", json!({ "KeyId": key })).await);
    assert!(allowed(&world, USER, "RetireGrant", json!({ "GrantToken": token })).await);
    assert!(!allowed(&world, USER, "DescribeKey", json!({ "KeyId": key })).await);
}

/// A role is all of its sessions, a session is one of them, an account decides with its own policies.
///
/// POL-367, POL-369, AUTHZ-265
#[tokio::test]
async fn a_grantee_is_one_identity_or_many() {
    let world = World::new().await;
    let session = format!("arn:aws:sts::{ACCOUNT}:assumed-role/app/one");
    let second = Who {
        role: Some(("app", "two")),
        ..ROLE
    };
    let other_role = Who {
        role: Some(("other", "one")),
        id: Some("AROAAAAAAAAAAAAAAAAAA"),
        ..ROLE
    };
    let permitted = Who {
        iam: Some("kms:Encrypt"),
        ..USER
    };
    let rows = [
        (
            format!("arn:aws:iam::{ACCOUNT}:role/app"),
            [true, true, false, false, false],
        ),
        (session, [true, false, false, false, false]),
        (root(ACCOUNT), [false, false, false, false, true]),
        (user("alice"), [false, false, false, true, true]),
        (user("bob"), [false; 5]),
    ];
    // No policy of the key lets the account use IAM policies for this operation.
    let closed = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": root(ACCOUNT)},
                        "NotAction": "kms:Encrypt", "Resource": "*"}});
    for (grantee, expected) in rows {
        let key = key_with(&world, &[]).await;
        world
            .ok("PutKeyPolicy", json!({"KeyId": key, "Policy": closed.to_string()}))
            .await;
        world.grant(grant(&key, &grantee, &["Encrypt"])).await;
        for (who, expected) in [ROLE, second, other_role, USER, permitted].into_iter().zip(expected) {
            assert_eq!(encrypts(&world, who, &key).await, expected, "{grantee}: {:?}", who.role);
        }
    }
}

/// A grant is both sides' word: an external user needs no IAM policy, an external account decides for its own.
///
/// POL-330, POL-445, AUTHZ-289, AUTHZ-318
#[tokio::test]
async fn grants_reach_across_accounts() {
    let world = World::new().await;
    let named = json!({"Effect": "Allow", "Principal": {"AWS": root(OTHER)}, "Action": "kms:*", "Resource": "*"});
    let key = key_with(&world, &[]).await;
    let stranger = Who {
        user: Some("eve"),
        ..STRANGER
    };
    assert!(!encrypts(&world, STRANGER, &key).await && !encrypts(&world, stranger, &key).await);
    world.grant(grant(&key, &root(OTHER), &["Encrypt"])).await;
    assert!(encrypts(&world, STRANGER, &key).await && !encrypts(&world, stranger, &key).await);
    let permitted = Who {
        iam: Some("kms:Encrypt"),
        ..stranger
    };
    assert!(encrypts(&world, permitted, &key).await);
    world
        .grant(grant(
            &key,
            &format!("arn:aws:iam::{OTHER}:user/eve"),
            &["Encrypt", "Decrypt"],
        ))
        .await;
    assert!(encrypts(&world, stranger, &key).await);
    let sealed = world.encrypt(&key, b"x").await;
    assert!(allowed(&world, stranger, "Decrypt", json!({ "CiphertextBlob": sealed })).await);
    // Another account makes, sees and removes grants on a key that lets it.
    let shared = key_with(&world, &[named]).await;
    let (id, _) = world
        .grant_as(STRANGER, grant(&shared, &user("alice"), &["Encrypt"]))
        .await;
    let listed = world
        .ok_as(STRANGER, "ListGrants", json!({"KeyId": key_arn(&shared)}))
        .await;
    assert_eq!(listed["Grants"][0]["IssuingAccount"], json!(root(OTHER)));
    assert!(encrypts(&world, USER, &shared).await);
    world
        .ok_as(
            STRANGER,
            "RevokeGrant",
            json!({"KeyId": key_arn(&shared), "GrantId": id}),
        )
        .await;
    assert!(!encrypts(&world, USER, &shared).await);
    let other = format!("arn:aws:kms:{REGION}:{OTHER}:key/{shared}");
    assert_eq!(
        world.refused("ListGrants", json!({ "KeyId": other })).await.code,
        "AccessDeniedException"
    );
}

/// What a grant gives an account tells it nothing about what it does not give.
#[tokio::test]
async fn a_refusal_is_worded_as_if_there_were_no_grants() {
    let world = World::new().await;
    let (plain, granted) = (key_with(&world, &[]).await, key_with(&world, &[]).await);
    world
        .grant(grant(&granted, &root(OTHER), &["DescribeKey", "RetireGrant"]))
        .await;
    let mut told = Vec::new();
    for key in [&plain, &granted] {
        let refusal = world.refused_as(STRANGER, "Encrypt", encrypt(key)).await;
        told.push(refusal.message.expect("a text").replace(key.as_str(), "KEY"));
    }
    assert_eq!(told[0], told[1]);
    let (_, token) = world.grant(grant(&plain, &user("alice"), &["Encrypt"])).await;
    let refusal = world
        .refused_as(STRANGER, "RetireGrant", json!({ "GrantToken": token }))
        .await;
    assert_eq!(refusal.code, "AccessDeniedException");
    assert!(
        !refusal.message.expect("a text").contains(&plain),
        "a token does not tell the key"
    );
}

/// A grant is tied to the one that had the name when it was made.
///
/// POL-57
#[tokio::test]
async fn a_later_user_of_the_same_name_has_no_grant() {
    let world = World::new().await;
    let account = ACCOUNT.parse().expect("an account");
    let made = world.directory.create(account, "ours", START).await.expect("it is new");
    world.directory.commit(made.plan(())).await.expect("it is made");
    let create = async || {
        let mut edit = world
            .directory
            .edit(account, START)
            .await
            .expect("the account is there");
        let new = trent_identity::directory::NewUser {
            name: "alice".to_owned(),
            path: String::new(),
            tags: Vec::new(),
            boundary: None,
        };
        let (id, _) = edit.create_user(new).await.expect("it is new");
        world.directory.commit(edit.plan(())).await.expect("it is made");
        let id: &'static str = id.to_string().leak();
        Who { id: Some(id), ..USER }
    };
    let first = create().await;
    let key = key_with(&world, &[]).await;
    let request = json!({"KeyId": key, "GranteePrincipal": user("alice"), "RetiringPrincipal": user("alice"),
                         "Operations": ["Encrypt"], "Name": "n"});
    let (id, token) = world.grant(request.clone()).await;
    assert!(encrypts(&world, first, &key).await);
    assert_eq!(
        world.grants(json!({ "KeyId": key })).await[0]["GranteePrincipal"],
        json!(user("alice"))
    );

    let mut edit = world
        .directory
        .edit(account, START)
        .await
        .expect("the account is there");
    edit.delete_user("alice").await.expect("it is there");
    world.directory.commit(edit.plan(())).await.expect("it is gone");
    let shown = world.grants(json!({ "KeyId": key })).await;
    assert_eq!(shown[0]["GranteePrincipal"], json!(first.id.expect("an id")));
    let second = create().await;
    assert!(!encrypts(&world, second, &key).await);
    assert!(!allowed(&world, second, "RetireGrant", json!({ "GrantToken": token })).await);
    let by_name = json!({"KeyId": key, "GranteePrincipal": user("alice")});
    assert_eq!(world.grants(by_name).await.len(), 0);
    assert_ne!(
        world.grant(request).await.0,
        id,
        "a grant for somebody else is another grant"
    );
    assert!(encrypts(&world, second, &key).await);
}

/// Every operation that takes tokens refuses what is none, and lets through what names a grant of something else.
///
/// POL-432
#[tokio::test]
async fn tokens_are_checked_wherever_they_are_taken() {
    let world = World::new().await;
    let (key, other) = (key_with(&world, &[]).await, key_with(&world, &[]).await);
    let sealed = world.encrypt(&key, b"x").await;
    let (_, token) = world.grant(grant(&other, &user("alice"), &["Encrypt"])).await;
    let marker = world.grant(grant(&other, &user("bob"), &["Encrypt"])).await;
    drop(marker);
    let marker = world.ok("ListGrants", json!({"KeyId": other, "Limit": 1})).await["NextMarker"].take();
    let foreign = format!("arn:aws:kms:{REGION}:{OTHER}:key/{key}");
    for (operation, request) in [
        ("Encrypt", encrypt(&key)),
        ("Decrypt", json!({ "CiphertextBlob": sealed })),
        ("Decrypt", json!({"CiphertextBlob": sealed, "KeyId": key})),
        ("DescribeKey", json!({ "KeyId": key })),
        ("GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256"})),
        (
            "GenerateDataKeyWithoutPlaintext",
            json!({"KeyId": key, "KeySpec": "AES_256"}),
        ),
        (
            "ReEncrypt",
            json!({"CiphertextBlob": sealed, "DestinationKeyId": other}),
        ),
        ("CreateGrant", grant(&key, &user("alice"), &["Encrypt"])),
    ] {
        let with = |token: &Value| {
            let mut request = request.clone();
            request["GrantTokens"] = json!([token]);
            request
        };
        world.ok(operation, with(&json!(token))).await;
        for bad in [json!("x"), json!("AAAA"), marker.clone()] {
            let refusal = world.refused(operation, with(&bad)).await;
            assert_eq!(refusal.code, "InvalidGrantTokenException", "{operation} {bad}");
        }
    }
    let mut request = json!({"KeyId": foreign, "Plaintext": base64(b"x"), "GrantTokens": ["x"]});
    assert_eq!(
        world.refused("Encrypt", request.clone()).await.code,
        "InvalidGrantTokenException"
    );
    request["GrantTokens"] = json!([token]);
    assert_eq!(world.refused("Encrypt", request).await.code, "AccessDeniedException");
}

/// A grant of a grantee that asks for a resource's own requests is of no use to anybody else's.
#[tokio::test]
async fn a_source_is_never_taken_from_the_caller() {
    let world = World::new().await;
    let key = key_with(&world, &[]).await;
    let mut request = grant(&key, &user("alice"), &["Encrypt", "DescribeKey", "RetireGrant"]);
    request["Constraints"] = json!({"SourceArn": "arn:aws:s3:us-west-2:111122223333:bucket"});
    let (_, token) = world.grant(request).await;
    assert!(!encrypts(&world, USER, &key).await);
    assert!(!allowed(&world, USER, "DescribeKey", json!({ "KeyId": key })).await);
    assert!(allowed(&world, USER, "RetireGrant", json!({ "GrantToken": token })).await);
}
