//! Who may remove a grant: retiring by what the grant says, revoking by policy.

use serde_json::json;

use crate::granted::{allowed, grant, key_with};
use crate::grants::{root, user};
use crate::ruled::user_with;
use crate::world::{OTHER, ROOT, STRANGER, USER, Who, World, key_arn};

/// Another user of the account.
const BOB: Who = Who {
    user: Some("bob"),
    id: Some("AIDAAAAAAAAAAAAAAAAAA"),
    ..ROOT
};

/// POL-446, POL-447, POL-448, POL-449, POL-506, AUTHZ-294
#[tokio::test]
async fn the_grant_says_who_may_retire_it() {
    let world = World::new().await;
    let shared = json!({"Effect": "Allow", "Principal": {"AWS": root(OTHER)}, "Action": "kms:CreateGrant",
                        "Resource": "*"});
    let key = key_with(&world, &[shared]).await;
    let retired = async |who: Who, maker: Who, operations: &[&str], retiring: Option<String>, by_token: bool| {
        let mut request = grant(&key, &user("alice"), operations);
        if let Some(retiring) = retiring {
            request["RetiringPrincipal"] = json!(retiring);
        }
        let (id, token) = world.grant_as(maker, request).await;
        let named = if by_token {
            json!({ "GrantToken": token })
        } else {
            json!({"KeyId": key_arn(&key), "GrantId": id})
        };
        allowed(&world, who, "RetireGrant", named).await
    };
    for by_token in [true, false] {
        assert!(retired(BOB, ROOT, &["Encrypt"], Some(user("bob")), by_token).await);
        assert!(retired(USER, ROOT, &["Encrypt", "RetireGrant"], None, by_token).await);
        assert!(!retired(USER, ROOT, &["Encrypt"], None, by_token).await);
        assert!(!retired(BOB, ROOT, &["Encrypt", "RetireGrant"], None, by_token).await);
        assert!(retired(ROOT, ROOT, &["Encrypt"], None, by_token).await);
        assert!(
            retired(ROOT, STRANGER, &["Encrypt"], None, by_token).await,
            "the account of the key"
        );
        assert!(
            retired(STRANGER, STRANGER, &["Encrypt"], None, by_token).await,
            "the account that made it"
        );
        assert!(!retired(STRANGER, ROOT, &["Encrypt"], None, by_token).await);
        assert!(retired(STRANGER, ROOT, &["Encrypt"], Some(root(OTHER)), by_token).await);
    }
}

/// POL-450, POL-451, POL-452, POL-453, POL-454, AUTHZ-294
#[tokio::test]
async fn policies_delegate_and_deny_retiring_and_no_more() {
    let world = World::new().await;
    let everybody = json!({"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"});
    let deny = json!({"Effect": "Deny", "Principal": {"AWS": user("alice")}, "Action": "kms:RetireGrant",
                      "Resource": "*"});
    let (open, denying) = (key_with(&world, &[everybody]).await, key_with(&world, &[deny]).await);
    let delegated = Who {
        iam: Some("kms:RetireGrant"),
        ..USER
    };
    let there = Who {
        iam: Some("kms:RetireGrant"),
        user: Some("eve"),
        ..STRANGER
    };
    let retired = async |who: Who, key: &str, retiring: &str| {
        let mut request = grant(key, &user("bob"), &["Encrypt"]);
        request["RetiringPrincipal"] = json!(retiring);
        let (_, token) = world.grant(request).await;
        allowed(&world, who, "RetireGrant", json!({ "GrantToken": token })).await
    };
    assert!(retired(delegated, &open, &user("bob")).await);
    assert!(
        !retired(USER, &open, &user("bob")).await,
        "a key policy does not let anybody retire"
    );
    assert!(retired(there, &open, &root(OTHER)).await);
    assert!(!retired(Who { iam: None, ..there }, &open, &root(OTHER)).await);
    assert!(!retired(there, &open, &user("bob")).await);
    assert!(retired(USER, &open, &user("alice")).await);
    assert!(!retired(USER, &denying, &user("alice")).await);
    assert!(!retired(delegated, &denying, &user("alice")).await);
    let own_denial = user_with(&json!([{"Effect": "Deny", "Action": "kms:RetireGrant", "Resource": "*"}]));
    assert!(!retired(own_denial, &open, &user("alice")).await);
}

/// POL-441, POL-455
#[tokio::test]
async fn revoking_is_not_retiring() {
    let world = World::new().await;
    let revoker = json!({"Effect": "Allow", "Principal": {"AWS": user("alice")}, "Action": "kms:RevokeGrant",
                         "Resource": "*"});
    let key = key_with(&world, &[revoker]).await;
    let mut request = grant(&key, &user("carol"), &["Encrypt", "RetireGrant"]);
    request["RetiringPrincipal"] = json!(user("bob"));
    let (id, token) = world.grant(request).await;
    let revoke = json!({"KeyId": key, "GrantId": id});
    let retire = json!({ "GrantToken": token });
    assert!(!allowed(&world, USER, "RetireGrant", retire.clone()).await);
    assert!(!allowed(&world, BOB, "RevokeGrant", revoke.clone()).await);
    let mut dry = revoke.clone();
    dry["DryRun"] = json!(true);
    assert_eq!(
        world.refused_as(USER, "RevokeGrant", dry).await.code,
        "DryRunOperationException"
    );
    assert_eq!(
        world
            .refused_as(BOB, "RetireGrant", json!({"GrantToken": token, "DryRun": true}))
            .await
            .code,
        "DryRunOperationException"
    );
    assert!(allowed(&world, USER, "RevokeGrant", revoke).await);
    let refusal = world.refused_as(BOB, "RetireGrant", retire).await;
    assert_eq!(refusal.code, "InvalidGrantTokenException");
}
