//! Sessions begun from sessions: what they take over, and what setting it takes.

use serde_json::{Value, json};

use super::wire::Key;
use super::world::{ACCOUNT, World, allow, nothing, trust, trusting, user_arn};

/// A user that two roles trust, one after the other, and the ARNs of the roles.
async fn chain(world: &World) -> (Key, String, String) {
    let alice = world.user("alice", &nothing()).await;
    let first = world.role("first", &trusting(&user_arn("alice")), &nothing()).await;
    let second = world.role("second", &trusting(&first), &nothing()).await;
    (alice, first, second)
}

#[tokio::test]
async fn a_chained_session_lasts_an_hour_at_most() {
    let world = World::new().await;
    let (alice, first, second) = chain(&world).await;
    let session = world
        .assume(&alice, &first, &[("DurationSeconds", "43200")])
        .await
        .key();
    assert_eq!(
        world.assume(&alice, &second, &[]).await.status,
        403,
        "only the first role is trusted"
    );
    let refused = world.assume(&session, &second, &[("DurationSeconds", "3601")]).await;
    assert_eq!(
        refused.refusal(),
        (
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    );
    for further in [&[][..], &[("DurationSeconds", "3600")]] {
        let answer = world.assume(&session, &second, further).await;
        assert_eq!(answer.get("Expiration"), "2025-11-24T17:00:00Z");
    }
    // A session of a user itself is no link of a chain.
    let own = world.ask(&alice, "GetSessionToken", &[]).await.key();
    assert_eq!(
        world.assume(&own, &first, &[("DurationSeconds", "43200")]).await.status,
        200
    );
}

const TAGS: [(&str, &str); 5] = [
    ("Tags.member.1.Key", "Team"),
    ("Tags.member.1.Value", "red"),
    ("Tags.member.2.Key", "Stage"),
    ("Tags.member.2.Value", "test"),
    ("TransitiveTagKeys.member.1", "Team"),
];

/// Tags of a session are tags of its principal; transitive ones go on.
#[tokio::test]
async fn transitive_tags_go_on_and_the_others_do_not() {
    let world = World::new().await;
    let key = world.kms_key().await;
    let alice = world.user("alice", &nothing()).await;
    let by_tags = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*",
         "Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}}},
        {"Effect": "Allow", "Action": "kms:DescribeKey", "Resource": "*",
         "Condition": {"StringEquals": {"aws:PrincipalTag/stage": "test"}}},
    ]});
    let first = world.role("first", &trusting(&user_arn("alice")), &by_tags).await;
    let second = world.role("second", &trusting(&first), &by_tags).await;
    let session = world.assume(&alice, &first, &TAGS).await.key();
    let chained = world.assume(&session, &second, &[]).await.key();
    let further = world.role("third", &trusting(&second), &by_tags).await;
    let further = world.assume(&chained, &further, &[]).await.key();
    for (who, team, stage) in [(&session, true, true), (&chained, true, false), (&further, true, false)] {
        assert_eq!(world.may(who, "Encrypt", &key).await, team);
        assert_eq!(world.may(who, "DescribeKey", &key).await, stage);
    }
    let records = world.records().await;
    let chained = records.iter().rev().find(|record| record["eventName"] == "AssumeRole");
    assert_eq!(
        chained.expect("a record")["additionalEventData"]["incomingTransitiveTags"],
        json!({"Team": "red"})
    );
    // What goes on cannot be replaced.
    for tag_key in ["Team", "TEAM"] {
        let other = [("Tags.member.1.Key", tag_key), ("Tags.member.1.Value", "blue")];
        assert_eq!(
            world.assume(&session, &second, &other).await.refusal().0,
            "ValidationError"
        );
    }
}

#[tokio::test]
async fn tags_take_a_permission_of_both_sides() {
    let world = World::new().await;
    let alice = world.user("alice", &allow(&json!("sts:AssumeRole"))).await;
    let account = json!({ "AWS": ACCOUNT });
    let role = world.role("app", &trust(&account, &Value::Null), &nothing()).await;
    assert_eq!(world.assume(&alice, &role, &[]).await.status, 200);
    let refused = world.assume(&alice, &role, &TAGS).await;
    assert!(
        refused.refusal().1.contains("to perform: sts:TagSession on resource: "),
        "{refused:?}"
    );
    // The role's trust policy judges which.
    let bob = world.user("bob", &allow(&json!("sts:*"))).await;
    let tagged = json!({
        "StringEquals": {"aws:RequestTag/Team": ["red", "blue"]},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["Team", "Stage"], "sts:TransitiveTagKeys": ["Team"]},
    });
    let strict = world.role("strict", &trust(&account, &tagged), &nothing()).await;
    assert_eq!(world.assume(&bob, &strict, &TAGS).await.status, 200);
    assert_eq!(world.assume(&bob, &strict, &[]).await.status, 403);
    let mut green = TAGS;
    green[1].1 = "green";
    assert_eq!(world.assume(&bob, &strict, &green).await.status, 403);
    let mut all = TAGS.to_vec();
    all.push(("TransitiveTagKeys.member.2", "Stage"));
    assert_eq!(world.assume(&bob, &strict, &all).await.status, 403);
}

/// Handing tags or a source identity on takes what setting them takes.
#[tokio::test]
async fn what_goes_on_takes_the_permission_of_the_next_role_too() {
    let world = World::new().await;
    let alice = world.user("alice", &nothing()).await;
    let first = world.role("first", &trusting(&user_arn("alice")), &nothing()).await;
    let only = |action: &str| {
        json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": {"AWS": first}, "Action": action,
        }})
    };
    let second = world.role("second", &only("sts:AssumeRole"), &nothing()).await;
    let plain = world.assume(&alice, &first, &[]).await.key();
    assert_eq!(world.assume(&plain, &second, &[]).await.status, 200);
    let tagged = world.assume(&alice, &first, &TAGS).await.key();
    let refused = world.assume(&tagged, &second, &[]).await;
    assert!(refused.refusal().1.contains("sts:TagSession"), "{refused:?}");
    let traced = world.assume(&alice, &first, &[("SourceIdentity", "alice")]).await.key();
    let refused = world.assume(&traced, &second, &[]).await;
    assert!(refused.refusal().1.contains("sts:SetSourceIdentity"), "{refused:?}");
}

/// The source identity of the first session is that of every further one, and policies can ask for it.
#[tokio::test]
async fn a_source_identity_stays() {
    let world = World::new().await;
    let key = world.kms_key().await;
    let alice = world.user("alice", &nothing()).await;
    let mut by_source = allow(&json!("kms:Encrypt"));
    by_source["Statement"]["Condition"] = json!({"StringEquals": {"aws:SourceIdentity": "alice"}});
    let first = world.role("first", &trusting(&user_arn("alice")), &by_source).await;
    let second = world.role("second", &trusting(&first), &by_source).await;
    let answer = world.assume(&alice, &first, &[("SourceIdentity", "alice")]).await;
    assert_eq!(answer.get("SourceIdentity"), "alice");
    let session = answer.key();
    let chained = world.assume(&session, &second, &[]).await;
    assert_eq!(chained.get("SourceIdentity"), "alice");
    assert!(world.may(&chained.key(), "Encrypt", &key).await);
    assert_eq!(
        world
            .assume(&session, &second, &[("SourceIdentity", "alice")])
            .await
            .status,
        200
    );
    let changed = world.assume(&session, &second, &[("SourceIdentity", "bob")]).await;
    assert_eq!(changed.refusal().0, "AccessDenied");
    let without = world.assume(&alice, &first, &[]).await.key();
    assert!(!world.may(&without, "Encrypt", &key).await);
    // A role can ask for one.
    let asked = json!({"StringLike": {"sts:SourceIdentity": "${aws:username}"}});
    let strict = world
        .role("strict", &trust(&json!({"AWS": user_arn("alice")}), &asked), &nothing())
        .await;
    assert_eq!(
        world
            .assume(&alice, &strict, &[("SourceIdentity", "alice")])
            .await
            .status,
        200
    );
    assert_eq!(
        world.assume(&alice, &strict, &[("SourceIdentity", "bob")]).await.status,
        403
    );
    assert_eq!(world.assume(&alice, &strict, &[]).await.status, 403);
}

#[tokio::test]
async fn tags_are_checked() {
    let world = World::new().await;
    let (alice, first, _) = chain(&world).await;
    let refusal = async |members: &[(&str, &str)]| {
        let answer = world.assume(&alice, &first, members).await;
        let (code, message) = answer.refusal();
        (code.to_owned(), message.to_owned())
    };
    let twice = [
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "a"),
        ("Tags.member.2.Key", "TEAM"),
        ("Tags.member.2.Value", "b"),
    ];
    let (code, message) = refusal(&twice).await;
    assert_eq!(code, "ValidationError");
    assert!(message.starts_with("Duplicate tag keys found."), "{message}");
    let (code, message) = refusal(&[("TransitiveTagKeys.member.1", "team")]).await;
    assert_eq!(code, "ValidationError");
    assert!(message.starts_with("The specified transitive tag key"), "{message}");
    let reserved = [("Tags.member.1.Key", "aws:team"), ("Tags.member.1.Value", "a")];
    assert_eq!(refusal(&reserved).await.0, "ValidationError");
}
