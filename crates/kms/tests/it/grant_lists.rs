//! Lists of grants: filters, pages, and what a principal may retire.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::granted::{allowed, key_with};
use crate::grants::{root, user};
use crate::world::{ACCOUNT, NO_KEY, OTHER, REGION, ROOT, STRANGER, USER, Who, World, key_arn, text};

fn ids(grants: &[Value]) -> BTreeSet<&str> {
    grants.iter().map(|grant| text(&grant["GrantId"])).collect()
}

/// POL-422, REF-447
#[tokio::test]
async fn lists_are_filtered() {
    let world = World::new().await;
    let key = world.key().await;
    let mut made = Vec::new();
    for name in ["alice", "bob", "bob"] {
        let request = json!({"KeyId": key, "GranteePrincipal": user(name), "Operations": ["Encrypt"]});
        made.push(world.grant(request).await.0);
    }
    let list = async |more: Value| {
        let mut request = json!({ "KeyId": key });
        for (member, value) in more.as_object().expect("an object") {
            request[member] = value.clone();
        }
        world.grants(request).await
    };
    assert_eq!(ids(&list(json!({})).await).len(), 3);
    let of_bob = list(json!({"GranteePrincipal": user("bob")})).await;
    assert_eq!(ids(&of_bob), BTreeSet::from([&*made[1], &*made[2]]));
    assert_eq!(
        ids(&list(json!({"GrantId": made[0]})).await),
        BTreeSet::from([&*made[0]])
    );
    for nothing in [
        json!({"GrantId": made[0], "GranteePrincipal": user("bob")}),
        json!({"GranteePrincipal": user("carol")}),
        json!({"GrantId": "0".repeat(64)}),
    ] {
        assert_eq!(list(nothing).await.len(), 0);
    }
    for (member, value, code) in [
        ("GrantId", "abc", "InvalidGrantIdException"),
        ("GranteePrincipal", "bob", "InvalidArnException"),
        ("Marker", "abc", "InvalidMarkerException"),
    ] {
        assert_eq!(
            world
                .refused("ListGrants", json!({"KeyId": key, member: value}))
                .await
                .code,
            code
        );
    }
    let refusal = world.refused("ListGrants", json!({"KeyId": NO_KEY})).await;
    assert_eq!(refusal.code, "NotFoundException");
}

/// Every grant once, whatever the page size.
///
/// REF-446
#[tokio::test]
async fn lists_come_in_pages() {
    let world = World::new().await;
    let key = world.key().await;
    let mut made = BTreeSet::new();
    for number in 0..7 {
        let request = json!({"KeyId": key, "GranteePrincipal": user(["alice", "bob"][number % 2]),
                             "RetiringPrincipal": user("carol"), "Operations": ["Encrypt"]});
        made.insert(world.grant(request).await.0);
    }
    for (operation, request) in [
        ("ListGrants", json!({ "KeyId": key })),
        ("ListRetirableGrants", json!({"RetiringPrincipal": user("carol")})),
    ] {
        for limit in [1, 3, 7] {
            let mut request = request.clone();
            request["Limit"] = json!(limit);
            let mut found = BTreeSet::new();
            loop {
                let page = world.ok(operation, request.clone()).await;
                let grants = page["Grants"].as_array().expect("a list").clone();
                assert!(grants.len() <= limit);
                assert_eq!(page.get("NextMarker").is_some(), page["Truncated"] == json!(true));
                found.extend(ids(&grants).into_iter().map(str::to_owned));
                match page.get("NextMarker") {
                    Some(marker) => request["Marker"] = marker.clone(),
                    None => break,
                }
            }
            assert_eq!(found, made, "{operation} {limit}");
        }
    }
    let first = world.ok("ListGrants", json!({"KeyId": key, "Limit": 1})).await;
    let of_bob = json!({"KeyId": key, "GranteePrincipal": user("bob"), "Marker": first["NextMarker"]});
    assert_eq!(world.refused("ListGrants", of_bob).await.code, "InvalidMarkerException");
}

/// POL-425, POL-426, POL-505
#[tokio::test]
async fn retirable_grants_are_listed_whatever_the_keys_account() {
    let world = World::new().await;
    let (ours, theirs) = (world.key().await, world.key_of(STRANGER).await);
    let theirs = format!("arn:aws:kms:{REGION}:{OTHER}:key/{theirs}");
    let request = |key: &str, retiring: &str| {
        json!({"KeyId": key, "GranteePrincipal": user("alice"), "RetiringPrincipal": retiring,
               "Operations": ["Encrypt"]})
    };
    let mut made = Vec::new();
    for (who, key) in [(ROOT, &*ours), (STRANGER, &*theirs)] {
        made.push(world.grant_as(who, request(key, &root(ACCOUNT))).await.0);
        world.grant_as(who, request(key, &user("bob"))).await;
    }
    let list = json!({"RetiringPrincipal": root(ACCOUNT)});
    let reply = world.ok("ListRetirableGrants", list.clone()).await;
    let grants = reply["Grants"].as_array().expect("a list");
    assert_eq!(ids(grants), made.iter().map(String::as_str).collect());
    assert!(grants.iter().all(|grant| grant.get("GrantToken").is_none()));
    let keys: BTreeSet<_> = grants.iter().map(|grant| text(&grant["KeyId"])).collect();
    assert_eq!(keys, BTreeSet::from([&*key_arn(&ours), &*theirs]));
    let refusal = world.refused_as(STRANGER, "ListRetirableGrants", list).await;
    assert_eq!(refusal.code, "AccessDeniedException");
    for bad in [
        json!({}),
        json!({"RetiringPrincipal": root(ACCOUNT), "RetiringServicePrincipal": "s3.amazonaws.com"}),
    ] {
        assert_eq!(
            world.refused("ListRetirableGrants", bad).await.code,
            "ValidationException"
        );
    }
}

/// It is for IAM policies alone; no key policy has a say.
///
/// POL-414, AUTHZ-366
#[tokio::test]
async fn iam_policies_decide_who_lists_retirable_grants() {
    let world = World::new().await;
    let everybody = json!({"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"});
    let key = key_with(&world, &[everybody]).await;
    let request = json!({"KeyId": key, "GranteePrincipal": user("alice"), "RetiringPrincipal": user("alice"),
                         "Operations": ["Encrypt"]});
    world.grant(request).await;
    let list = json!({"RetiringPrincipal": user("alice")});
    assert!(!allowed(&world, USER, "ListRetirableGrants", list.clone()).await);
    let permitted = Who {
        iam: Some("kms:ListRetirableGrants"),
        ..USER
    };
    assert!(allowed(&world, permitted, "ListRetirableGrants", list).await);
    let foreign = json!({"RetiringPrincipal": root(OTHER)});
    assert!(!allowed(&world, permitted, "ListRetirableGrants", foreign).await);
}
