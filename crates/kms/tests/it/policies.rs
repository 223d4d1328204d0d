//! Key policies: stored as sent, limited in size, default where none is given.

use serde_json::{Value, json};

use trent_identity::directory::NewUser;
use trent_names::AccountId;

use crate::world::{ACCOUNT, OPEN, ROOT, START, World, text};

const POLICY: &str =
    "{\n  \"Version\": \"2012-10-17\",\n\t\"Statement\": {\"Sid\": \"spaces  kept\", \"Effect\": \"Allow\",
    \"Principal\": {\"AWS\": \"111122223333\"}, \"Action\": \"kms:*\", \"Resource\": \"*\"}\n}\r\n";

/// A key made without a policy has the default one; it reads as lines of JSON and can be put back as it is.
/// KEY-311, KEY-312
#[tokio::test]
async fn the_default_policy_is_the_accounts() {
    let world = World::new().await;
    let id = world.key().await;
    let reply = world
        .ok("GetKeyPolicy", json!({"KeyId": id, "PolicyName": "default"}))
        .await;
    let policy = text(&reply["Policy"]);
    let document: Value = serde_json::from_str(policy).expect("a policy is JSON");
    assert_eq!(
        document,
        json!({
            "Version": "2012-10-17",
            "Id": "key-default-1",
            "Statement": [{
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
                "Action": "kms:*",
                "Resource": "*",
            }],
        })
    );
    assert!(policy.lines().count() > 5, "{policy}");
    assert_eq!(reply["PolicyName"], "default");
    assert_eq!(world.ok("GetKeyPolicy", json!({ "KeyId": id })).await, reply);
    world.ok("PutKeyPolicy", json!({"KeyId": id, "Policy": policy})).await;
    assert_eq!(world.ok("GetKeyPolicy", json!({ "KeyId": id })).await, reply);
}

/// KEY-312
#[tokio::test]
async fn a_policy_comes_back_byte_for_byte() {
    let world = World::new().await;
    let made = world.ok("CreateKey", json!({ "Policy": POLICY })).await;
    let made = text(&made["KeyMetadata"]["KeyId"]).to_owned();
    let put = world.key().await;
    let reply = world
        .ok(
            "PutKeyPolicy",
            json!({"KeyId": put, "PolicyName": "default", "Policy": POLICY}),
        )
        .await;
    assert_eq!(reply, Value::Null);
    for id in [made, put] {
        assert_eq!(world.ok("GetKeyPolicy", json!({ "KeyId": id })).await["Policy"], POLICY);
    }
}

/// KEY-311
#[tokio::test]
async fn there_is_one_policy_and_it_has_one_name() {
    let world = World::new().await;
    let id = world.key().await;
    assert_eq!(
        world.ok("ListKeyPolicies", json!({ "KeyId": id })).await,
        json!({"PolicyNames": ["default"], "Truncated": false})
    );
    let other = world
        .refused("GetKeyPolicy", json!({"KeyId": id, "PolicyName": "other"}))
        .await;
    assert_eq!(other.pair(), ("NotFoundException", "No such policy exists"));
    let put = json!({"KeyId": id, "PolicyName": "other", "Policy": POLICY});
    assert_eq!(world.refused("PutKeyPolicy", put).await.code, "ValidationException");
}

/// The limit is 32,768 bytes of UTF-8; a document over it, or no document, leaves the policy and the keys as they were.
#[tokio::test]
async fn documents_that_are_none_or_too_long_change_nothing() {
    let world = World::new().await;
    let id = world.key().await;
    let before = world.ok("GetKeyPolicy", json!({ "KeyId": id })).await;
    let document = |bytes: usize, filler: &str| {
        let frame = OPEN.replacen('{', r#"{"Id":"","#, 1).len();
        let filler = filler.repeat((bytes - frame) / filler.len());
        OPEN.replacen('{', &format!(r#"{{"Id":"{filler}","#), 1)
    };
    let rows = [
        (document(32_769, "a"), "LimitExceededException"),
        (document(32_771, "\u{e9}"), "LimitExceededException"),
        ("{\"Statement\": [],}".to_owned(), "MalformedPolicyDocumentException"),
        ("{}".to_owned(), "MalformedPolicyDocumentException"),
        ("[]".to_owned(), "MalformedPolicyDocumentException"),
        ("a policy".to_owned(), "MalformedPolicyDocumentException"),
        (r#"{"Statement": []}"#.to_owned(), "MalformedPolicyDocumentException"),
        (
            r#"{"Statement": ["Allow"]}"#.to_owned(),
            "MalformedPolicyDocumentException",
        ),
        (
            "{\"Statement\": {\"Sid\": \"\u{100}\"}}".to_owned(),
            "ValidationException",
        ),
    ];
    for (policy, code) in rows {
        let put = world
            .refused("PutKeyPolicy", json!({"KeyId": id, "Policy": policy}))
            .await;
        assert_eq!(put.code, code, "{}", &policy[..policy.len().min(40)]);
        let made = world.refused("CreateKey", json!({ "Policy": policy })).await;
        assert_eq!(made.code, code);
    }
    assert_eq!(world.ok("GetKeyPolicy", json!({ "KeyId": id })).await, before);
    assert_eq!(
        world.ok("ListKeys", json!({})).await["Keys"].as_array().map(Vec::len),
        Some(1)
    );
    let longest = document(32_768, "a");
    assert_eq!(longest.len(), 32_768);
    world
        .ok_as(ROOT, "PutKeyPolicy", json!({"KeyId": id, "Policy": longest}))
        .await;
    assert_eq!(
        world.ok("GetKeyPolicy", json!({ "KeyId": id })).await["Policy"],
        json!(longest)
    );
}

/// A policy that names this user besides the account.
fn naming(user: &str) -> String {
    let principals = json!([
        format!("arn:aws:iam::{ACCOUNT}:root"),
        format!("arn:aws:iam::{ACCOUNT}:user/{user}")
    ]);
    json!({
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"AWS": principals}, "Action": "kms:*", "Resource": "*"},
    })
    .to_string()
}

/// Whom a policy names is who had the name when it was put.
/// POL-57
#[tokio::test]
async fn a_policy_shows_its_principals_as_they_are_now() {
    let world = World::new().await;
    let account = AccountId::parse(ACCOUNT).expect("an account");
    let ours = world.directory.create(account, "ours", START).await.expect("it is new");
    world.directory.commit(ours.plan(())).await.expect("it is made");
    let id = world.key().await;
    let shown = async || text(&world.ok("GetKeyPolicy", json!({ "KeyId": id })).await["Policy"]).to_owned();
    let refused = world
        .refused("PutKeyPolicy", json!({"KeyId": id, "Policy": naming("alice")}))
        .await;
    assert_eq!(
        refused.code, "MalformedPolicyDocumentException",
        "nobody has the name yet"
    );

    let new_user = async || {
        let mut edit = world.directory.edit(account, START).await.expect("an account");
        let new = NewUser {
            name: "alice".to_owned(),
            path: String::new(),
            tags: Vec::new(),
            boundary: None,
        };
        let (id, _) = edit.create_user(new).await.expect("a user");
        world.directory.commit(edit.plan(())).await.expect("a commit");
        id
    };
    let alice = new_user().await;
    world
        .ok("PutKeyPolicy", json!({"KeyId": id, "Policy": naming("alice")}))
        .await;
    assert_eq!(shown().await, naming("alice"));

    let mut edit = world.directory.edit(account, START).await.expect("an account");
    edit.update_user("alice", Some("alison"), None).await.expect("a rename");
    world.directory.commit(edit.plan(())).await.expect("a commit");
    assert_eq!(shown().await, naming("alison"));

    let mut edit = world.directory.edit(account, START).await.expect("an account");
    edit.delete_user("alison").await.expect("a deletion");
    world.directory.commit(edit.plan(())).await.expect("a commit");
    new_user().await;
    let gone = naming("alice").replace(&format!("arn:aws:iam::{ACCOUNT}:user/alice"), alice.as_str());
    assert_eq!(shown().await, gone);
    let refused = world
        .refused("PutKeyPolicy", json!({"KeyId": id, "Policy": gone}))
        .await;
    assert_eq!(
        refused.pair(),
        (
            "MalformedPolicyDocumentException",
            "Policy contains a statement with one or more invalid principals."
        )
    );
}
