//! What ends a session before its time, and what does not.

use std::time::Duration;

use serde_json::json;
use trent_identity::directory::{Holder, SessionHolder};

use super::wire::Key;
use super::world::{ACCOUNT, OTHER, World, allow, nothing, trusting, user_arn};

async fn works(world: &World, key: &Key) -> bool {
    let answer = world.ask(key, "GetCallerIdentity", &[]).await;
    if answer.status != 200 {
        assert_eq!(
            answer.refusal(),
            (
                "InvalidClientTokenId",
                "The security token included in the request is invalid."
            )
        );
    }
    answer.status == 200
}

#[tokio::test]
async fn a_deactivated_access_key_begins_no_session_and_those_that_it_began_go_on() {
    let world = World::new().await;
    let alice = world.user("alice", &nothing()).await;
    let role = world.role("app", &trusting(&user_arn("alice")), &nothing()).await;
    let session = world.assume(&alice, &role, &[]).await.key();
    for active in [false, true] {
        world
            .edit(async |edit| {
                edit.set_access_key_active("alice", &alice.id, active)
                    .await
                    .expect("changed");
            })
            .await;
        assert_eq!(world.assume(&alice, &role, &[]).await.status == 200, active);
        assert!(works(&world, &session).await);
    }
}

/// A deleted role's sessions end with it, and a role of the same name does not bring them back.
#[tokio::test]
async fn a_deleted_role_ends_its_sessions() {
    let world = World::new().await;
    let key = world.kms_key().await;
    let alice = world.user("alice", &nothing()).await;
    let all = allow(&json!("kms:*"));
    let role = world.role("app", &trusting(&user_arn("alice")), &all).await;
    let session = world.assume(&alice, &role, &[]).await.key();
    assert!(world.may(&session, "Encrypt", &key).await);
    world
        .edit(async |edit| {
            edit.delete_inline_policy(Holder::Role("app"), "own")
                .await
                .expect("deleted");
            edit.delete_role("app").await.expect("deleted");
        })
        .await;
    assert!(!works(&world, &session).await);
    let refused = world.kms(&session, "DescribeKey", &json!({"KeyId": key})).await;
    assert_eq!(refused.expect_err("the role is gone").0, "UnrecognizedClientException");
    world.role("app", &trusting(&user_arn("alice")), &all).await;
    assert!(!works(&world, &session).await);
}

/// Revoking ends the sessions of that moment, of a role, a user or everybody, and none that are begun later.
#[tokio::test]
async fn revoked_sessions_end_at_once() {
    let world = World::new().await;
    let alice = world.user("alice", &nothing()).await;
    let carol = world.user_in(OTHER, "carol", &allow(&json!("sts:AssumeRole"))).await;
    let role = world.role("app", &trusting(&user_arn("alice")), &nothing()).await;
    let shared = world.role("shared", &trusting(OTHER), &nothing()).await;
    let other_role = world.role("other", &trusting(&user_arn("alice")), &nothing()).await;
    for (holder, ended) in [
        (SessionHolder::Role("app"), [true, false, false, false, false]),
        (SessionHolder::User("alice"), [true, true, true, false, false]),
        (SessionHolder::Account, [true, true, true, true, false]),
    ] {
        let sessions = [
            world.assume(&alice, &role, &[]).await.key(),
            world.assume(&alice, &other_role, &[]).await.key(),
            world.ask(&alice, "GetSessionToken", &[]).await.key(),
            world.assume(&carol, &shared, &[]).await.key(),
            world.ask(&carol, "GetSessionToken", &[]).await.key(),
        ];
        world.wait(Duration::from_secs(1));
        world
            .edit(async |edit| edit.revoke_sessions(holder).await.expect("revoked"))
            .await;
        for (session, ended) in sessions.iter().zip(ended) {
            assert_eq!(works(&world, session).await, !ended, "{holder:?}");
        }
        world.wait(Duration::from_secs(1));
        let later = world.assume(&alice, &role, &[]).await.key();
        assert!(works(&world, &later).await, "{holder:?}");
    }
}

/// The other way to revoke: a policy of the role that denies whatever was begun before a time.
#[tokio::test]
async fn a_policy_on_the_time_of_issue_revokes_too() {
    let world = World::new().await;
    let key = world.kms_key().await;
    let alice = world.user("alice", &nothing()).await;
    let role = world
        .role("app", &trusting(&user_arn("alice")), &allow(&json!("kms:*")))
        .await;
    let before = world.assume(&alice, &role, &[]).await.key();
    assert!(world.may(&before, "Encrypt", &key).await);
    let older = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2025-11-24T16:00:01Z"}},
    }})
    .to_string();
    world
        .edit(async |edit| {
            let holder = Holder::Role("app");
            edit.put_inline_policy(holder, "AWSRevokeOlderSessions", &older)
                .await
                .expect("a policy");
        })
        .await;
    let refused = world
        .kms(&before, "Encrypt", &json!({"KeyId": key, "Plaintext": "eA=="}))
        .await;
    let (_, message) = refused.expect_err("denied");
    assert!(
        message.ends_with("with an explicit deny in an identity-based policy"),
        "{message}"
    );
    world.wait(Duration::from_secs(1));
    let after = world.assume(&alice, &role, &[]).await.key();
    assert!(world.may(&after, "Encrypt", &key).await);
}

#[tokio::test]
async fn a_suspended_account_has_no_sessions() {
    let world = World::new().await;
    let carol = world.user_in(OTHER, "carol", &allow(&json!("sts:AssumeRole"))).await;
    let role = world.role("app", &trusting(OTHER), &nothing()).await;
    let session = world.assume(&carol, &role, &[]).await.key();
    assert!(works(&world, &session).await);
    world
        .edit_in(OTHER, async |edit| edit.set_suspended(true).await.expect("suspended"))
        .await;
    assert!(
        !works(&world, &session).await,
        "whoever began it is not admitted any more"
    );
    world
        .edit_in(OTHER, async |edit| edit.set_suspended(false).await.expect("resumed"))
        .await;
    world
        .edit(async |edit| edit.set_suspended(true).await.expect("suspended"))
        .await;
    let refused = world.assume(&carol, &role, &[]).await;
    assert_eq!(
        refused.refusal().1,
        format!(
            "User: arn:aws:iam::{OTHER}:user/carol is not authorized to perform: sts:AssumeRole on resource: {role}"
        ),
        "{ACCOUNT} is as good as gone"
    );
}
