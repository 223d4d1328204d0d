//! Who the caller is, and sessions of callers themselves and of whom they vouch for.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::{ACCOUNT, OTHER, World, allow, id, nothing, trusting, user_arn};

const DENY_STS: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"sts:*","Resource":"*"}}"#;

/// POL-35, POL-56
#[tokio::test]
async fn everybody_learns_who_they_are_whatever_policies_say() {
    let world = World::new().await;
    let deny: Value = serde_json::from_str(DENY_STS).expect("JSON");
    let alice = world.user("alice", &deny).await;
    let answer = world.ask(&alice, "GetCallerIdentity", &[]).await;
    assert_eq!(answer.get("Arn"), user_arn("alice"));
    assert_eq!(answer.get("Account"), ACCOUNT);
    assert!(answer.get("UserId").starts_with("AIDA"), "{answer:?}");

    let root = world.ask(&world.root, "GetCallerIdentity", &[]).await;
    assert_eq!(root.get("Arn"), format!("arn:aws:iam::{ACCOUNT}:root"));
    assert_eq!(root.get("UserId"), ACCOUNT);

    let role = world.role("app", &trusting(&user_arn("bob")), &nothing()).await;
    let bob = world.user("bob", &allow(&json!("sts:*"))).await;
    // The role trusts whoever had the name when its policy was written, which was nobody.
    assert_eq!(world.assume(&bob, &role, &[]).await.refusal().0, "AccessDenied");
    let trust = trusting(&user_arn("bob")).to_string();
    world
        .edit(async |edit| edit.update_trust_policy("app", &trust).await.expect("a trust policy"))
        .await;
    let session = world.assume(&bob, &role, &[]).await;
    let expected = format!("arn:aws:sts::{ACCOUNT}:assumed-role/app/work");
    assert_eq!(session.get("Arn"), expected);
    let role_id = session.get("AssumedRoleId").to_owned();
    let answer = world.ask(&session.key(), "GetCallerIdentity", &[]).await;
    assert_eq!(
        (answer.get("Arn"), answer.get("UserId")),
        (expected.as_str(), role_id.as_str())
    );
    assert!(role_id.starts_with("AROA") && role_id.ends_with(":work"), "{role_id}");
}

#[tokio::test]
async fn a_session_of_a_user_is_the_user_for_a_while() {
    let world = World::new().await;
    let key = world.kms_key().await;
    let alice = world.user("alice", &allow(&json!("kms:Encrypt"))).await;
    let session = world
        .ask(&alice, "GetSessionToken", &[("DurationSeconds", "900")])
        .await;
    assert_eq!(session.get("Expiration"), "2025-11-24T16:15:00Z");
    let session = session.key();
    let answer = world.ask(&session, "GetCallerIdentity", &[]).await;
    assert_eq!(answer.get("Arn"), user_arn("alice"));
    assert!(world.may(&session, "Encrypt", &key).await);
    assert!(!world.may(&session, "DescribeKey", &key).await);
    for operation in ["GetSessionToken", "GetFederationToken"] {
        let refused = world.ask(&session, operation, &[("Name", "bob")]).await;
        let message = format!("Cannot call {operation} with session credentials");
        assert_eq!(refused.refusal(), ("AccessDenied", message.as_str()));
    }
    world.wait(Duration::from_mins(15));
    let expired = world.ask(&session, "GetCallerIdentity", &[]).await;
    assert_eq!(
        (expired.status, expired.refusal()),
        (
            403,
            ("ExpiredToken", "The security token included in the request is expired")
        )
    );
}

/// AUTHZ-42: a user has a name, to policies, and a session of a role has none; both have their ids.
#[tokio::test]
async fn names_and_ids_of_callers_can_be_asked_for() {
    let world = World::new().await;
    let key = world.kms_key().await;
    let mut named = allow(&json!("kms:Encrypt"));
    named["Statement"]["Condition"] = json!({"StringLike": {"aws:username": "*", "aws:userid": "A*"}});
    let alice = world.user("alice", &named).await;
    let role = world.role("app", &trusting(&user_arn("alice")), &named).await;
    assert!(world.may(&alice, "Encrypt", &key).await);
    let session = world.assume(&alice, &role, &[]).await.key();
    assert!(!world.may(&session, "Encrypt", &key).await);
    let mut unnamed = named;
    unnamed["Statement"]["Condition"] =
        json!({"Null": {"aws:username": "true"}, "StringLike": {"aws:userid": "AROA*:work"}});
    world.role("unnamed", &trusting(&user_arn("alice")), &unnamed).await;
    let session = world
        .assume(&alice, &super::world::role_arn("unnamed"), &[])
        .await
        .key();
    assert!(world.may(&session, "Encrypt", &key).await);
}

#[tokio::test]
async fn a_root_users_session_lasts_an_hour_at_most() {
    let world = World::new().await;
    for (seconds, expected) in [("900", "16:15:00"), ("129600", "17:00:00")] {
        let answer = world
            .ask(&world.root, "GetSessionToken", &[("DurationSeconds", seconds)])
            .await;
        assert_eq!(answer.get("Expiration"), format!("2025-11-24T{expected}Z"));
    }
    let answer = world.ask(&world.root, "GetSessionToken", &[]).await;
    assert_eq!(answer.get("Expiration"), "2025-11-24T17:00:00Z");
    let caller = world.ask(&answer.key(), "GetCallerIdentity", &[]).await;
    assert_eq!(caller.get("UserId"), ACCOUNT);
}

#[tokio::test]
async fn a_one_time_password_is_nobodys() {
    let world = World::new().await;
    let serial = ("SerialNumber", "arn:aws:iam::111122223333:mfa/alice");
    for members in [&[serial][..], &[serial, ("TokenCode", "123456")]] {
        let refused = world.ask(&world.root, "GetSessionToken", members).await;
        let (code, message) = refused.refusal();
        assert_eq!(code, "AccessDenied");
        assert!(message.starts_with("MultiFactorAuthentication failed"), "{message}");
    }
}

/// POL-66: what a federated user may do is what both its voucher and its session policy allow.
#[tokio::test]
async fn a_federated_user_has_what_its_policies_let_through_of_its_voucher() {
    let world = World::new().await;
    let key = world.kms_key().await;
    let mine = json!(["sts:GetFederationToken", "kms:Encrypt", "kms:DescribeKey"]);
    let alice = world.user("alice", &allow(&mine)).await;
    let narrow = allow(&json!(["kms:Encrypt", "kms:DisableKey"])).to_string();
    let members = [("Name", "guest"), ("Policy", narrow.as_str())];
    let answer = world.ask(&alice, "GetFederationToken", &members).await;
    let arn = format!("arn:aws:sts::{ACCOUNT}:federated-user/guest");
    assert_eq!(answer.get("Arn"), arn);
    assert_eq!(answer.get("FederatedUserId"), format!("{ACCOUNT}:guest"));
    assert!(
        answer
            .get("PackedPolicySize")
            .parse::<u32>()
            .is_ok_and(|percent| percent <= 100)
    );
    let guest = answer.key();
    let caller = world.ask(&guest, "GetCallerIdentity", &[]).await;
    assert_eq!(
        (caller.get("Arn"), caller.get("UserId")),
        (arn.as_str(), "111122223333:guest")
    );
    for (operation, allowed) in [("Encrypt", true), ("DescribeKey", false), ("DisableKey", false)] {
        assert_eq!(world.may(&guest, operation, &key).await, allowed, "{operation}");
    }
    // Without a session policy it has nothing of its own.
    let bare = world
        .ask(&alice, "GetFederationToken", &[("Name", "guest")])
        .await
        .key();
    assert!(!world.may(&bare, "Encrypt", &key).await);
    // Permission to federate is the voucher's to have.
    let bob = world.user("bob", &nothing()).await;
    let refused = world.ask(&bob, "GetFederationToken", &[("Name", "guest")]).await;
    let message = format!(
        "User: {} is not authorized to perform: sts:GetFederationToken on resource: {arn} because no identity-based \
         policy allows the sts:GetFederationToken action",
        user_arn("bob")
    );
    assert_eq!(refused.refusal(), ("AccessDenied", message.as_str()));
    // A federated user assumes no role, even one that trusts it.
    let role = world.role("app", &trusting(&user_arn("alice")), &nothing()).await;
    assert_eq!(world.assume(&guest, &role, &[]).await.refusal().0, "AccessDenied");
}

#[tokio::test]
async fn tags_of_a_federated_user_take_a_permission() {
    let world = World::new().await;
    let mut policy = allow(&json!(["sts:GetFederationToken", "sts:TagSession"]));
    policy["Statement"]["Condition"] = json!({"StringEqualsIfExists": {"aws:RequestTag/team": "red"}});
    let alice = world.user("alice", &policy).await;
    let tagged = |value: &'static str| {
        [
            ("Name", "guest"),
            ("Tags.member.1.Key", "team"),
            ("Tags.member.1.Value", value),
        ]
    };
    assert_eq!(
        world.ask(&alice, "GetFederationToken", &tagged("red")).await.status,
        200
    );
    assert_eq!(
        world
            .ask(&alice, "GetFederationToken", &tagged("blue"))
            .await
            .refusal()
            .0,
        "AccessDenied"
    );
    let bob = world.user("bob", &allow(&json!("sts:GetFederationToken"))).await;
    let refused = world.ask(&bob, "GetFederationToken", &tagged("red")).await;
    assert!(
        refused.refusal().1.contains("to perform: sts:TagSession on resource: "),
        "{refused:?}"
    );
}

#[tokio::test]
async fn an_access_key_tells_its_account() {
    let world = World::new().await;
    let alice = world.user("alice", &allow(&json!("sts:GetAccessKeyInfo"))).await;
    let about = async |id: &str| world.ask(&alice, "GetAccessKeyInfo", &[("AccessKeyId", id)]).await;
    assert_eq!(about(&alice.id).await.get("Account"), ACCOUNT);
    assert_eq!(about(&world.other_root.id).await.get("Account"), OTHER);
    assert_eq!(about("AKIAIOSFODNN7NOTHERE").await.refusal().0, "ValidationError");
    let session = world.ask(&alice, "GetSessionToken", &[]).await.key();
    assert_eq!(about(&session.id).await.refusal().0, "ValidationError");
    let own = world
        .ask(&session, "GetAccessKeyInfo", &[("AccessKeyId", &session.id)])
        .await;
    assert_eq!(own.get("Account"), ACCOUNT);
    let bob = world.user("bob", &nothing()).await;
    let refused = world.ask(&bob, "GetAccessKeyInfo", &[("AccessKeyId", &alice.id)]).await;
    assert!(
        refused.refusal().1.ends_with("allows the sts:GetAccessKeyInfo action"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn no_message_is_encoded_here() {
    let world = World::new().await;
    let message = [("EncodedMessage", "abc")];
    let answer = world.ask(&world.root, "DecodeAuthorizationMessage", &message).await;
    assert_eq!(answer.refusal().0, "InvalidAuthorizationMessageException");
    let alice = world.user("alice", &nothing()).await;
    let answer = world.ask(&alice, "DecodeAuthorizationMessage", &message).await;
    assert_eq!(answer.refusal().0, "AccessDenied");
}

/// Nothing of a session's secrets gets into the trail.
#[tokio::test]
async fn the_record_of_a_session_has_its_key_and_neither_secret_nor_token() {
    let world = World::new().await;
    let session = world.ask(&world.root, "GetSessionToken", &[]).await.key();
    let records = world.records().await;
    let record = records.last().expect("a record");
    assert_eq!(record["eventName"], "GetSessionToken");
    assert_eq!(record["eventSource"], "sts.amazonaws.com");
    assert_eq!(record["responseElements"]["credentials"]["accessKeyId"], session.id);
    let text = record.to_string();
    assert!(!text.contains(&session.secret));
    assert!(!text.contains(session.token.as_deref().expect("a token")));
    assert_eq!(id(ACCOUNT).as_str(), record["recipientAccountId"]);
}
