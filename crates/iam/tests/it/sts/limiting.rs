//! What limits a session: session policies, and the boundary of its role.

use serde_json::json;
use trent_identity::directory::{Holder, NewPolicy};

use super::world::{ACCOUNT, World, allow, trusting, user_arn};

const OPERATIONS: [&str; 4] = ["Encrypt", "DescribeKey", "EnableKey", "DisableKey"];

fn policy_arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:policy/{name}")
}

/// POL-66: a session has what its role has and one of its session policies allows.
#[tokio::test]
async fn session_policies_let_through_what_the_role_has() {
    let world = World::new().await;
    let key = world.kms_key().await;
    let alice = world.user("alice", &allow(&json!("sts:AssumeRole"))).await;
    let own = allow(&json!(["kms:Encrypt", "kms:DescribeKey", "kms:EnableKey"]));
    let role = world.role("app", &trusting(&user_arn("alice")), &own).await;
    world
        .edit(async |edit| {
            edit.create_policy(NewPolicy {
                name: "describe".to_owned(),
                document: allow(&json!("kms:DescribeKey")).to_string(),
                ..NewPolicy::default()
            })
            .await
            .expect("a policy");
        })
        .await;
    let inline = allow(&json!(["kms:Encrypt", "kms:DisableKey"])).to_string();
    let managed = policy_arn("describe");
    let inline = ("Policy", inline.as_str());
    let managed = ("PolicyArns.member.1.arn", managed.as_str());
    for (members, expected) in [
        (&[][..], [true, true, true, false]),
        (&[inline], [true, false, false, false]),
        (&[managed], [false, true, false, false]),
        (&[inline, managed], [true, true, false, false]),
    ] {
        let session = world.assume(&alice, &role, members).await.key();
        for (operation, expected) in OPERATIONS.into_iter().zip(expected) {
            assert_eq!(
                world.may(&session, operation, &key).await,
                expected,
                "{operation} {members:?}"
            );
        }
    }
}

/// POL-60: policies count as they are at each request. A boundary limits the sessions of its role, and a key policy that names the role does not reach past
/// it.
#[tokio::test]
async fn a_boundary_limits_the_sessions_of_its_role() {
    let world = World::new().await;
    let key = world.kms_key().await;
    let alice = world.user("alice", &allow(&json!("sts:AssumeRole"))).await;
    let role = world
        .role("app", &trusting(&user_arn("alice")), &allow(&json!("kms:*")))
        .await;
    let session = world.assume(&alice, &role, &[]).await.key();
    assert!(world.may(&session, "DescribeKey", &key).await);
    world
        .edit(async |edit| {
            edit.create_policy(NewPolicy {
                name: "edge".to_owned(),
                document: allow(&json!("kms:Encrypt")).to_string(),
                ..NewPolicy::default()
            })
            .await
            .expect("a policy");
            let holder = Holder::Role("app");
            edit.set_boundary(holder, &policy_arn("edge"))
                .await
                .expect("a boundary");
        })
        .await;
    // The session that was there before is limited as well.
    assert!(world.may(&session, "Encrypt", &key).await);
    let refused = world.kms(&session, "DescribeKey", &json!({"KeyId": key})).await;
    let (_, message) = refused.expect_err("the boundary does not allow it");
    assert!(
        message.ends_with("because no permissions boundary allows the kms:DescribeKey action"),
        "{message}"
    );
    let by_name = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "kms:DescribeKey", "Resource": "*"},
    ]});
    let put = json!({"KeyId": key, "Policy": by_name.to_string()});
    world.kms(&world.root, "PutKeyPolicy", &put).await.expect("a policy");
    assert!(!world.may(&session, "DescribeKey", &key).await);
}

#[tokio::test]
async fn session_policies_are_checked() {
    let world = World::new().await;
    let alice = world.user("alice", &allow(&json!("sts:AssumeRole"))).await;
    let role = world
        .role("app", &trusting(&user_arn("alice")), &allow(&json!("kms:*")))
        .await;
    let with_principal = trusting(&user_arn("alice")).to_string();
    let long = format!("{}{}", allow(&json!("kms:*")), " ".repeat(2_048));
    for (policy, code) in [
        ("{", "MalformedPolicyDocument"),
        (with_principal.as_str(), "MalformedPolicyDocument"),
        (long.as_str(), "ValidationError"),
    ] {
        let refused = world.assume(&alice, &role, &[("Policy", policy)]).await;
        assert_eq!(refused.refusal().0, code, "{policy}");
    }
    for arn in [
        policy_arn("nowhere"),
        "arn:aws:iam::444455556666:policy/theirs".to_owned(),
    ] {
        let refused = world.assume(&alice, &role, &[("PolicyArns.member.1.arn", &arn)]).await;
        assert_eq!(refused.refusal().0, "ValidationError", "{arn}");
    }
    // Policies and tags share the room that a token has.
    let wide = allow(&json!(vec!["kms:DescribeKey"; 90])).to_string();
    let values: Vec<_> = (0..50).map(|at| (at, format!("{at:0>100}"))).collect();
    let names: Vec<_> = values
        .iter()
        .map(|(at, _)| {
            (
                format!("Tags.member.{}.Key", at + 1),
                format!("Tags.member.{}.Value", at + 1),
            )
        })
        .collect();
    let mut members = vec![("Policy", wide.as_str())];
    for ((key, value), (_, text)) in names.iter().zip(&values) {
        members.push((key, &text[..40]));
        members.push((value, text));
    }
    // Tag keys must differ.
    let keys: Vec<_> = (0..50).map(|at| format!("key-{at:0>36}")).collect();
    for (at, key) in keys.iter().enumerate() {
        members[1 + 2 * at].1 = key;
    }
    let refused = world.assume(&alice, &role, &members).await;
    let (code, message) = refused.refusal();
    assert_eq!(code, "PackedPolicyTooLarge");
    assert!(
        message.starts_with("Packed policy consumes ") && message.ends_with("please use smaller policy."),
        "{message}"
    );
}
