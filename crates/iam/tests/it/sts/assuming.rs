//! Who may assume a role.

use std::time::Duration;

use serde_json::{Value, json};
use trent_identity::directory::principals::Tag;
use trent_identity::directory::{NewRole, NewUser, Tagged};

use super::world::{ACCOUNT, OTHER, World, allow, nothing, role_arn, trust, trusting, user_arn};

fn refusal(user: &str, action: &str, rest: &str) -> String {
    format!("User: {user} is not authorized to perform: {action} on resource: {rest}")
}

/// A role is assumed by whom its trust policy names, and nobody else.
#[tokio::test]
async fn a_role_is_assumed_by_whom_it_trusts() {
    let world = World::new().await;
    let key = world.kms_key().await;
    let alice = world.user("alice", &nothing()).await;
    let bob = world.user("bob", &allow(&json!("sts:*"))).await;
    let role = world
        .role("app", &trusting(&user_arn("alice")), &allow(&json!("kms:Encrypt")))
        .await;
    // Named by the trust policy, in the same account: no policy of its own is needed.
    let session = world.assume(&alice, &role, &[]).await;
    assert_eq!(session.get("Expiration"), "2025-11-24T17:00:00Z");
    assert!(world.may(&session.key(), "Encrypt", &key).await);
    assert!(!world.may(&alice, "Encrypt", &key).await);
    // Everything allowed by its own policies, and not trusted.
    let refused = world.assume(&bob, &role, &[]).await;
    let because = format!("{role} because no role trust policy allows the sts:AssumeRole action");
    assert_eq!(
        (refused.status, refused.refusal()),
        (
            403,
            (
                "AccessDenied",
                refusal(&user_arn("bob"), "sts:AssumeRole", &because).as_str()
            )
        )
    );
    // A role that is not there is refused in the same words.
    let nowhere = role_arn("nowhere");
    let refused = world.assume(&bob, &nowhere, &[]).await;
    let because = format!("{nowhere} because no role trust policy allows the sts:AssumeRole action");
    assert_eq!(
        refused.refusal().1,
        refusal(&user_arn("bob"), "sts:AssumeRole", &because)
    );
    let records = world.records().await;
    let record = records.iter().rev().find(|record| record["eventName"] == "AssumeRole");
    let record = record.expect("a record");
    assert_eq!(
        (&record["errorCode"], &record["resources"][0]["ARN"]),
        (&json!("AccessDenied"), &json!(nowhere))
    );
}

/// POL-12: a role that trusts the account leaves it to the account's own policies, as a key does; a denial among them
/// beats what allows.
#[tokio::test]
async fn a_role_that_trusts_an_account_leaves_it_to_the_accounts_policies() {
    let world = World::new().await;
    let role = world.role("app", &trusting(ACCOUNT), &nothing()).await;
    let may = world.user("may", &allow(&json!("sts:AssumeRole"))).await;
    let cannot = world.user("cannot", &nothing()).await;
    assert_eq!(world.assume(&may, &role, &[]).await.status, 200);
    let refused = world.assume(&cannot, &role, &[]).await;
    assert!(
        refused
            .refusal()
            .1
            .ends_with("because no identity-based policy allows the sts:AssumeRole action")
    );
    let mut deny = allow(&json!("sts:AssumeRole"));
    deny["Statement"]["Effect"] = json!("Deny");
    let denied = world.user("denied", &deny).await;
    let refused = world.assume(&denied, &role, &[]).await;
    assert!(
        refused
            .refusal()
            .1
            .ends_with("with an explicit deny in an identity-based policy")
    );
}

/// POL-50: across accounts both sides must allow, and neither learns of the other more than that.
#[tokio::test]
async fn across_accounts_both_sides_must_allow() {
    let world = World::new().await;
    let key = world.kms_key().await;
    let role = world.role("app", &trusting(OTHER), &allow(&json!("kms:Encrypt"))).await;
    let trusted_only = world.user_in(OTHER, "carol", &nothing()).await;
    let both = world.user_in(OTHER, "dave", &allow(&json!("sts:AssumeRole"))).await;
    let session = world.assume(&both, &role, &[]).await;
    assert!(world.may(&session.key(), "Encrypt", &key).await);
    let carol = format!("arn:aws:iam::{OTHER}:user/carol");
    let because = "because no identity-based policy allows the sts:AssumeRole action";
    let refused = world.assume(&trusted_only, &role, &[]).await;
    assert_eq!(
        refused.refusal().1,
        refusal(&carol, "sts:AssumeRole", &format!("{role} {because}"))
    );

    // Whether a role exists, and whether it denies, another account cannot tell.
    let dave = format!("arn:aws:iam::{OTHER}:user/dave");
    let mut denying = trusting(OTHER);
    denying["Statement"]["Effect"] = json!("Deny");
    world.role("denying", &denying, &nothing()).await;
    world.role("closed", &trusting(ACCOUNT), &nothing()).await;
    for name in ["denying", "closed", "nowhere"] {
        let refused = world.assume(&both, &role_arn(name), &[]).await;
        assert_eq!(refused.refusal().1, refusal(&dave, "sts:AssumeRole", &role_arn(name)));
    }
}

/// AUTHZ-319, AUTHZ-320, POL-50: the guide's example of a role of one account that uses a key of another.
#[tokio::test]
async fn the_guides_example_across_accounts() {
    let world = World::new().await;
    let made = world
        .kms(&world.other_root, "CreateKey", &json!({}))
        .await
        .expect("a key");
    let metadata = &made["KeyMetadata"];
    let (arn, key_id) = (
        metadata["Arn"].as_str().expect("an ARN"),
        metadata["KeyId"].as_str().expect("an id"),
    );
    let actions = json!(["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"]);
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": actions, "Resource": "*"},
    ]});
    let put = json!({"KeyId": arn, "Policy": policy.to_string()});
    world
        .kms(&world.other_root, "PutKeyPolicy", &put)
        .await
        .expect("a policy");
    let bob = world.user("bob", &nothing()).await;
    let eve = world.user("eve", &allow(&json!("sts:*"))).await;
    let mut inline = allow(&actions);
    inline["Statement"]["Resource"] = json!(arn);
    let role = world.role("Engineering", &trusting(&user_arn("bob")), &inline).await;
    let session = world.assume(&bob, &role, &[]).await.key();
    assert!(world.may(&session, "Encrypt", arn).await);
    assert!(!world.may(&bob, "Encrypt", arn).await, "only the role may");
    let refused = world
        .kms(&session, "Encrypt", &json!({"KeyId": key_id, "Plaintext": "eA=="}))
        .await;
    assert_eq!(
        refused.expect_err("an id is of the caller's account").0,
        "NotFoundException"
    );
    assert_eq!(world.assume(&eve, &role, &[]).await.refusal().0, "AccessDenied");
}

#[tokio::test]
async fn root_users_assume_no_roles() {
    let world = World::new().await;
    let role = world.role("app", &trusting(ACCOUNT), &nothing()).await;
    let session = world.ask(&world.root, "GetSessionToken", &[]).await.key();
    for key in [&world.root, &session] {
        let refused = world.assume(key, &role, &[]).await;
        assert_eq!(
            refused.refusal(),
            ("AccessDenied", "Roles may not be assumed by root accounts.")
        );
    }
}

#[tokio::test]
async fn what_is_no_role_is_no_role() {
    let world = World::new().await;
    let alice = world.user("alice", &allow(&json!("sts:*"))).await;
    for arn in [
        user_arn("alice"),
        "arn:aws-cn:iam::111122223333:role/app".to_owned(),
        "arn:aws:kms:us-east-1:111122223333:key/a".to_owned(),
        "not an ARN at all, though long".to_owned(),
    ] {
        let refused = world.assume(&alice, &arn, &[]).await;
        assert_eq!(
            refused.refusal(),
            ("ValidationError", "Request ARN is invalid"),
            "{arn}"
        );
    }
}

/// POL-57: whoever takes the name of a deleted user, or of a deleted role, is not trusted in its place.
#[tokio::test]
async fn who_takes_a_name_later_is_not_trusted() {
    let world = World::new().await;
    let alice = world.user("alice", &nothing()).await;
    let middle = world.role("middle", &trusting(&user_arn("alice")), &nothing()).await;
    let of_user = world.role("of-user", &trusting(&user_arn("alice")), &nothing()).await;
    let of_role = world.role("of-role", &trusting(&middle), &nothing()).await;
    let session_arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/middle/work");
    let of_session = world.role("of-session", &trusting(&session_arn), &nothing()).await;
    assert_eq!(world.assume(&alice, &of_user, &[]).await.status, 200);
    let through = world.assume(&alice, &middle, &[]).await.key();
    assert_eq!(world.assume(&through, &of_role, &[]).await.status, 200);
    assert_eq!(world.assume(&through, &of_session, &[]).await.status, 200);

    world
        .edit(async |edit| {
            edit.delete_access_key("alice", &alice.id).await.expect("deleted");
            edit.delete_inline_policy(trent_identity::directory::Holder::User("alice"), "own")
                .await
                .expect("deleted");
            edit.delete_user("alice").await.expect("deleted");
            edit.delete_inline_policy(trent_identity::directory::Holder::Role("middle"), "own")
                .await
                .expect("deleted");
            edit.delete_role("middle").await.expect("deleted");
        })
        .await;
    let alice = world.user("alice", &nothing()).await;
    assert_eq!(world.assume(&alice, &of_user, &[]).await.refusal().0, "AccessDenied");
    world.role("middle", &trusting(&user_arn("alice")), &nothing()).await;
    let through = world.assume(&alice, &middle, &[]).await.key();
    assert_eq!(world.assume(&through, &of_role, &[]).await.refusal().0, "AccessDenied");
    assert_eq!(
        world.assume(&through, &of_session, &[]).await.refusal().0,
        "AccessDenied"
    );
    // Writing the policy again names who has the name now.
    let again = trusting(&user_arn("alice")).to_string();
    world
        .edit(async |edit| {
            edit.update_trust_policy("of-user", &again)
                .await
                .expect("a trust policy");
        })
        .await;
    assert_eq!(world.assume(&alice, &of_user, &[]).await.status, 200);
}

/// Names are tied to whoever is made in the same change, and to users of other accounts as they are.
#[tokio::test]
async fn a_trust_policy_ties_whom_its_own_change_makes_and_whom_other_accounts_have() {
    let world = World::new().await;
    let carol = world.user_in(OTHER, "carol", &allow(&json!("sts:AssumeRole"))).await;
    let carol_arn = format!("arn:aws:iam::{OTHER}:user/carol");
    world
        .edit(async |edit| {
            let user = NewUser {
                name: "alice".to_owned(),
                ..NewUser::default()
            };
            let (alice, _) = edit.create_user(user).await.expect("a user");
            let elsewhere = "arn:aws:iam::999999999999:user/eve";
            let missing = user_arn("missing");
            let principals = json!({"AWS": [user_arn("alice"), carol_arn, elsewhere, missing]});
            let role = NewRole {
                name: "app".to_owned(),
                trust_policy: trust(&principals, &Value::Null).to_string(),
                ..NewRole::default()
            };
            let (_, record) = edit.create_role(role).await.expect("a role");
            let mut bindings = record.trust_bindings.expect("bindings");
            bindings.sort_by(|one, other| one.principal.cmp(&other.principal));
            let tied: Vec<_> = bindings.iter().map(|binding| binding.principal.as_str()).collect();
            assert_eq!(tied, [user_arn("alice").as_str(), &carol_arn, elsewhere]);
            assert_eq!(bindings[0].id.as_ref(), Some(&alice));
            assert!(bindings[1].id.is_some() && bindings[2].id.is_none());
        })
        .await;
    assert_eq!(world.assume(&carol, &role_arn("app"), &[]).await.status, 200);
}

/// An external id that is not given is no match.
#[tokio::test]
async fn an_external_id_must_be_the_one_that_was_agreed_on() {
    let world = World::new().await;
    let alice = world.user("alice", &allow(&json!("sts:AssumeRole"))).await;
    let agreed = json!({"StringEquals": {"sts:ExternalId": "agreed-on"}});
    let role = world
        .role("app", &trust(&json!({"AWS": ACCOUNT}), &agreed), &nothing())
        .await;
    for (id, status) in [(Some("agreed-on"), 200), (Some("Agreed-On"), 403), (None, 403)] {
        let members: Vec<_> = id.into_iter().map(|id| ("ExternalId", id)).collect();
        assert_eq!(world.assume(&alice, &role, &members).await.status, status, "{id:?}");
    }
}

#[tokio::test]
async fn the_name_of_the_session_and_the_roles_tags_can_be_asked_for() {
    let world = World::new().await;
    let named = json!({"StringLike": {"sts:RoleSessionName": "${aws:username}"}});
    let role = world
        .role("app", &trust(&json!({"AWS": ACCOUNT}), &named), &nothing())
        .await;
    let mut mine = allow(&json!("sts:AssumeRole"));
    mine["Statement"]["Condition"] = json!({"StringEquals": {"aws:ResourceTag/Team": "red"}});
    let alice = world.user("work", &mine).await;
    assert_eq!(world.assume(&alice, &role, &[]).await.status, 403);
    let red = Tag {
        key: "team".to_owned(),
        value: "red".to_owned(),
    };
    world
        .edit(async |edit| edit.tag(Tagged::Role("app"), vec![red]).await.expect("tagged"))
        .await;
    assert_eq!(world.assume(&alice, &role, &[]).await.status, 200);
    let otherwise = [("RoleArn", role.as_str()), ("RoleSessionName", "another")];
    assert_eq!(world.ask(&alice, "AssumeRole", &otherwise).await.status, 403);
}

#[tokio::test]
async fn a_session_lasts_as_long_as_the_role_allows() {
    let world = World::new().await;
    let alice = world.user("alice", &nothing()).await;
    let role = world.role("app", &trusting(&user_arn("alice")), &nothing()).await;
    let assume = async |seconds: &str| world.assume(&alice, &role, &[("DurationSeconds", seconds)]).await;
    assert_eq!(assume("43200").await.get("Expiration"), "2025-11-25T04:00:00Z");
    assert_eq!(assume("899").await.refusal().0, "ValidationError");
    assert_eq!(assume("43201").await.refusal().0, "ValidationError");
    world
        .edit(async |edit| edit.update_role("app", None, Some(3_600)).await.expect("updated"))
        .await;
    let refused = assume("3601").await;
    assert_eq!(
        refused.refusal(),
        (
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    );
    let session = assume("900").await.key();
    world.wait(Duration::from_secs(899));
    assert_eq!(world.ask(&session, "GetCallerIdentity", &[]).await.status, 200);
    world.wait(Duration::from_secs(1));
    assert_eq!(
        world.ask(&session, "GetCallerIdentity", &[]).await.refusal().0,
        "ExpiredToken"
    );
}
