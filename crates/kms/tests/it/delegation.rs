//! What a grantee may pass on: no more than the one grant that permits it.

use serde_json::{Value, json};
use trent_kms::grants::id::GrantId;
use trent_kms::records::grants::by_id;
use trent_names::KeyId;

use crate::granted::{allowed, encrypts, grant, key_with};
use crate::grants::user;
use crate::world::{ACCOUNT, REGION, ROOT, USER, Who, World, region};

/// Another user of the account.
const BOB: Who = Who {
    user: Some("bob"),
    id: Some("AIDAAAAAAAAAAAAAAAAAA"),
    ..ROOT
};

/// POL-378, POL-395, POL-396, POL-398, POL-399
#[tokio::test]
async fn a_grantee_passes_on_no_more_than_it_has() {
    let world = World::new().await;
    let key = key_with(&world, &[]).await;
    let may_encrypt = Who {
        iam: Some("kms:Encrypt"),
        ..USER
    };
    world
        .grant(grant(
            &key,
            &user("alice"),
            &["Decrypt", "GenerateDataKey", "CreateGrant"],
        ))
        .await;
    let passes = async |who, grantee: &str, operations: &[&str]| {
        allowed(&world, who, "CreateGrant", grant(&key, &user(grantee), operations)).await
    };
    assert!(encrypts(&world, may_encrypt, &key).await);
    assert!(
        !passes(may_encrypt, "bob", &["Encrypt"]).await,
        "what policies give does not count"
    );
    assert!(!passes(USER, "bob", &["Decrypt", "ReEncryptFrom"]).await);
    assert!(passes(USER, "bob", &["Decrypt", "CreateGrant"]).await);
    assert!(passes(BOB, "carol", &["Decrypt"]).await);
    assert!(
        !passes(BOB, "carol", &["GenerateDataKey"]).await,
        "a grandchild is bounded by the child"
    );
    assert!(!passes(BOB, "carol", &["Decrypt", "DescribeKey"]).await);
}

/// POL-336, POL-337, POL-397, POL-410
#[tokio::test]
async fn whoever_a_policy_lets_make_grants_is_not_bounded() {
    let world = World::new().await;
    let alice = json!({"Effect": "Allow", "Principal": {"AWS": user("alice")}, "Action": "kms:CreateGrant",
                       "Resource": "*"});
    let key = key_with(&world, &[alice]).await;
    world
        .grant(grant(&key, &user("alice"), &["Decrypt", "CreateGrant"]))
        .await;
    assert!(!encrypts(&world, USER, &key).await);
    assert!(allowed(&world, USER, "CreateGrant", grant(&key, &user("alice"), &["Encrypt"])).await);
    assert!(encrypts(&world, USER, &key).await);
    let mut child = grant(&key, &user("bob"), &["Encrypt"]);
    child["RetiringPrincipal"] = json!(user("alice"));
    assert!(allowed(&world, USER, "CreateGrant", child).await);
}

/// POL-390, POL-401, POL-402, POL-403, POL-405
#[tokio::test]
async fn a_grantee_passes_its_constraints_on() {
    let world = World::new().await;
    let key = key_with(&world, &[]).await;
    let constrained = |grantee: &str, operations: &[&str], constraints: Value| {
        let mut request = grant(&key, &user(grantee), operations);
        request["Constraints"] = constraints;
        request
    };
    let parent = json!({"EncryptionContextSubset": {"Department": "IT"}});
    world
        .grant(constrained("alice", &["Encrypt", "CreateGrant"], parent.clone()))
        .await;
    for (child, expected) in [
        (json!({}), false),
        (json!({"EncryptionContextSubset": {"Purpose": "Test"}}), false),
        (
            json!({"EncryptionContextSubset": {"Department": "IT", "Purpose": "Test"}}),
            true,
        ),
        (json!({"EncryptionContextEquals": {"Department": "IT"}}), true),
        (json!({"EncryptionContextEquals": {"Department": "it"}}), false),
        (parent, true),
    ] {
        let request = constrained("bob", &["Encrypt"], child.clone());
        assert_eq!(allowed(&world, USER, "CreateGrant", request).await, expected, "{child}");
    }
}

/// A lone grant must suffice: two that would only together permit a third do not.
#[tokio::test]
async fn grants_are_not_added_up() {
    let world = World::new().await;
    let key = key_with(&world, &[]).await;
    for operation in ["Encrypt", "Decrypt"] {
        world
            .grant(grant(&key, &user("alice"), &[operation, "CreateGrant"]))
            .await;
    }
    let both = grant(&key, &user("bob"), &["Encrypt", "Decrypt"]);
    assert!(!allowed(&world, USER, "CreateGrant", both).await);
    assert!(allowed(&world, USER, "CreateGrant", grant(&key, &user("bob"), &["Decrypt"])).await);
}

/// The stored grant remembers which grant permitted it, and the wire does not show it.
///
/// POL-411
#[tokio::test]
async fn a_grant_remembers_its_parent() {
    let world = World::new().await;
    let key = key_with(&world, &[]).await;
    let (parent, _) = world
        .grant(grant(&key, &user("alice"), &["Encrypt", "CreateGrant"]))
        .await;
    let (child, _) = world.grant_as(USER, grant(&key, &user("bob"), &["Encrypt"])).await;
    let store = world.store.region(&region(REGION));
    let (account, id) = (
        ACCOUNT.parse().expect("an account"),
        KeyId::parse(&key).expect("a key id"),
    );
    let mut parents = Vec::new();
    for grant in [&parent, &child] {
        let pointer = by_id(account, id, GrantId::parse(grant).expect("an id"));
        let pointer = store.get(&pointer).await.expect("the store reads").expect("a pointer");
        let grant = store
            .get(&pointer.value.place.address())
            .await
            .expect("the store reads");
        parents.push(grant.expect("a grant").value.parent.map(|id| id.to_string()));
    }
    assert_eq!(parents, [None, Some(parent)]);
    let listed = world.grants(json!({"KeyId": key, "GrantId": child})).await;
    assert!(!listed[0].as_object().expect("an object").contains_key("Parent"));
}
