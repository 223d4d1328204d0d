//! Grants: how they are made, found and removed, and what requests may say about them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use trent_kms::records::Manager;
use trent_kms::records::grants::roster_address;
use trent_names::{AccountId, KeyId};

use crate::world::{ACCOUNT, NO_KEY, OTHER, REGION, ROOT, Refusal, USER, Who, World, base64, key_arn, region, text};

/// The role whose sessions call in these tests.
pub(crate) const ROLE: Who = Who {
    role: Some(("app", "one")),
    ..ROOT
};

pub(crate) fn root(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

pub(crate) fn user(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{name}")
}

impl World {
    /// Makes a grant as the root user; its id and its token.
    pub(crate) async fn grant(&self, request: Value) -> (String, String) {
        self.grant_as(ROOT, request).await
    }

    pub(crate) async fn grant_as(&self, who: Who, request: Value) -> (String, String) {
        let made = self.ok_as(who, "CreateGrant", request).await;
        (text(&made["GrantId"]).to_owned(), text(&made["GrantToken"]).to_owned())
    }

    /// Every grant that the list shows.
    pub(crate) async fn grants(&self, request: Value) -> Vec<Value> {
        let reply = self.ok("ListGrants", request).await;
        reply["Grants"].as_array().expect("a list").clone()
    }
}

/// POL-364, POL-365, POL-366, POL-423, POL-424
#[tokio::test]
async fn a_grant_is_made_listed_and_revoked() {
    let world = World::new().await;
    let key = world.key().await;
    let request =
        json!({"KeyId": key, "GranteePrincipal": user("alice"), "Operations": ["Encrypt", "Decrypt", "Encrypt"]});
    let made = world.ok("CreateGrant", request).await;
    let members: BTreeSet<_> = made
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(members, BTreeSet::from(["GrantId", "GrantToken"]));
    let id = text(&made["GrantId"]);
    assert!(id.len() == 64 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    let listed = world.ok("ListGrants", json!({ "KeyId": key })).await;
    assert_eq!(
        listed,
        json!({
            "Grants": [{
                "KeyId": key_arn(&key),
                "GrantId": id,
                "Name": "",
                "CreationDate": listed["Grants"][0]["CreationDate"],
                "GranteePrincipal": user("alice"),
                "IssuingAccount": root(ACCOUNT),
                "Operations": ["Decrypt", "Encrypt"],
            }],
            "Truncated": false,
        })
    );
    assert_eq!(listed["Grants"][0]["CreationDate"], json!(1_700_000_000.123));
    let gone = json!({"KeyId": key, "GrantId": id});
    assert_eq!(world.ok("RevokeGrant", gone.clone()).await, Value::Null);
    assert_eq!(world.grants(json!({ "KeyId": key })).await, Vec::<Value>::new());
    let refusal = world.refused("RevokeGrant", gone).await;
    assert_eq!(refusal.code, "NotFoundException");
}

/// POL-372, POL-373, POL-374, POL-375
#[tokio::test]
async fn a_named_request_makes_one_grant() {
    let world = World::new().await;
    let key = world.key().await;
    let plain = json!({"KeyId": key, "GranteePrincipal": user("alice"), "Operations": ["Encrypt", "Decrypt"]});
    assert_ne!(world.grant(plain.clone()).await.0, world.grant(plain.clone()).await.0);
    let mut named = plain.clone();
    named["Name"] = json!("one");
    named["Constraints"] = json!({"EncryptionContextEquals": {"a": "1"}});
    named["RetiringPrincipal"] = json!(user("bob"));
    let (id, token) = world.grant(named.clone()).await;
    let mut same = named.clone();
    same["Operations"] = json!(["Decrypt", "Encrypt"]);
    let (again, other_token) = world.grant(same).await;
    assert_eq!(again, id);
    assert_ne!(other_token, token);
    for (member, value) in [
        ("Operations", json!(["Encrypt"])),
        ("GranteePrincipal", json!(user("carol"))),
        ("RetiringPrincipal", json!(user("carol"))),
        ("Constraints", json!({"EncryptionContextSubset": {"a": "1"}})),
        ("Name", json!("two")),
    ] {
        let mut different = named.clone();
        different[member] = value;
        assert_ne!(world.grant(different).await.0, id, "{member}");
    }
    assert_eq!(world.grants(json!({ "KeyId": key })).await.len(), 8);
    for operation in ["RevokeGrant", "RetireGrant", "ListGrants"] {
        let refusal = world
            .refused(operation, json!({"KeyId": key_arn(&key), "GrantId": "one"}))
            .await;
        assert_eq!(refusal.code, "InvalidGrantIdException", "a name names no grant");
    }
    world.ok("RevokeGrant", json!({"KeyId": key, "GrantId": id})).await;
    assert_ne!(world.grant(named).await.0, id, "a grant that is gone is made anew");
    for token in [token, other_token] {
        let refusal = world.refused("RetireGrant", json!({ "GrantToken": token })).await;
        assert_eq!(refusal.code, "InvalidGrantTokenException");
    }
}

/// POL-339, POL-340, POL-342, POL-343, AUTHZ-149
#[tokio::test]
async fn what_a_grant_must_say() {
    let world = World::new().await;
    let key = world.key().await;
    let good = json!({"KeyId": key, "GranteePrincipal": user("alice"), "Operations": ["Encrypt"]});
    for (member, value) in [
        ("Operations", json!([])),
        ("Operations", json!(null)),
        ("Operations", json!(["ReEncrypt"])),
        ("Operations", json!(["ReEncrypt*"])),
        ("Operations", json!(["ScheduleKeyDeletion"])),
        ("Operations", json!(["PutKeyPolicy"])),
        ("Operations", json!(["ListGrants"])),
        ("Operations", json!(["Encrypt", "RevokeGrant"])),
        ("Operations", json!(["DisableKey"])),
        ("Operations", json!(["Encrypt", "Sign"])),
        ("Operations", json!(["GenerateMac"])),
        ("GranteePrincipal", json!(null)),
        ("GranteePrincipal", json!("a b")),
        ("GranteeServicePrincipal", json!("s3.amazonaws.com")),
        ("RetiringServicePrincipal", json!("s3")),
        ("Name", json!("a b")),
        (
            "Constraints",
            json!({"EncryptionContextEquals": {"a": "x".repeat(385)}}),
        ),
        ("Constraints", json!({"SourceArn": "x"})),
    ] {
        let mut bad = good.clone();
        bad[member] = value.clone();
        let refusal = world.refused("CreateGrant", bad).await;
        assert_eq!(refusal.code, "ValidationException", "{member} {value}");
    }
    let mut both = good.clone();
    both["RetiringPrincipal"] = json!(user("bob"));
    both["RetiringServicePrincipal"] = json!("s3.amazonaws.com");
    assert_eq!(world.refused("CreateGrant", both).await.code, "ValidationException");
    assert_eq!(world.grants(json!({ "KeyId": key })).await.len(), 0);
    world.ok("CreateGrant", good).await;
}

/// REF-268
#[tokio::test]
async fn a_service_is_granted_with_a_source_and_somebody_to_retire_it() {
    let world = World::new().await;
    let key = world.key().await;
    let source = "arn:aws:s3:us-west-2:111122223333:bucket";
    let request = |constraints: Value, retiring: (&str, &str)| {
        json!({"KeyId": key, "GranteeServicePrincipal": "s3.us-west-2.amazonaws.com", "Operations": ["Decrypt"],
               "Constraints": constraints, retiring.0: retiring.1})
    };
    let constraints = json!({ "SourceArn": source });
    for bad in [
        request(json!({}), ("RetiringPrincipal", &user("bob"))),
        request(constraints.clone(), ("Name", "nobody-retires-it")),
    ] {
        assert_eq!(world.refused("CreateGrant", bad).await.code, "ValidationException");
    }
    world
        .grant(request(
            constraints.clone(),
            ("RetiringServicePrincipal", "s3.us-west-2.amazonaws.com"),
        ))
        .await;
    let listed = world.grants(json!({ "KeyId": key })).await;
    for member in [
        "GranteePrincipal",
        "GranteeServicePrincipal",
        "RetiringPrincipal",
        "RetiringServicePrincipal",
    ] {
        assert_eq!(listed[0][member], "s3.us-west-2.amazonaws.com", "{member}");
    }
    assert_eq!(listed[0]["Constraints"], constraints);
    let by_service = json!({"KeyId": key, "GranteeServicePrincipal": "s3.us-west-2.amazonaws.com"});
    assert_eq!(
        world.refused("ListGrants", by_service).await.code,
        "AccessDeniedException"
    );
}

/// POL-367, POL-368, POL-370
#[tokio::test]
async fn who_may_be_in_a_grant() {
    let world = World::new().await;
    let account = AccountId::parse(ACCOUNT).expect("an account");
    let made = world
        .directory
        .create(account, "ours", crate::world::START)
        .await
        .expect("it is new");
    world.directory.commit(made.plan(())).await.expect("it is made");
    let key = world.key().await;
    let granted = async |member: &str, principal: &str| {
        let mut request = json!({"KeyId": key, "GranteePrincipal": root(ACCOUNT), "Operations": ["Encrypt"]});
        request[member] = json!(principal);
        world.send(ROOT, "CreateGrant", &request).await
    };
    let here = |kind: &str| format!("arn:aws:iam::{ACCOUNT}:{kind}");
    let there = |service: &str, kind: &str| format!("arn:aws:{service}::{OTHER}:{kind}");
    for member in ["GranteePrincipal", "RetiringPrincipal"] {
        for good in [
            root(ACCOUNT),
            format!("arn:aws:sts::{ACCOUNT}:federated-user/fred"),
            there("iam", "root"),
            there("iam", "user/team/alice"),
            there("iam", "role/app"),
            there("sts", "assumed-role/app/session"),
            there("sts", "federated-user/fred"),
        ] {
            assert!(granted(member, &good).await.is_ok(), "{member} {good}");
        }
        for bad in [
            here("user/nobody"),
            here("role/nobody"),
            format!("arn:aws:sts::{ACCOUNT}:assumed-role/nobody/session"),
            here("group/admins"),
            "dynamodb.us-west-2.amazonaws.com".to_owned(),
            format!("arn:aws:organizations::{OTHER}:organization/o-a1b2c3d4e5"),
            format!("arn:aws-cn:iam::{OTHER}:user/alice"),
            OTHER.to_owned(),
        ] {
            let refusal = granted(member, &bad).await.expect_err("it is no principal");
            let message = format!("ARN does not refer to a valid principal: {bad}");
            assert_eq!(refusal.pair(), ("InvalidArnException", &*message), "{member}");
        }
    }
}

/// The quota is exact when requests race, a dry run counts for nothing, and what goes makes room at once.
///
/// POL-335, POL-458, REF-157, REF-158, AUTHZ-406
#[tokio::test]
async fn a_key_has_at_most_so_many_grants() {
    let world = World::new().await;
    let key = world.key().await;
    let request = json!({"KeyId": key, "GranteePrincipal": user("alice"), "Operations": ["Encrypt"]});
    let (first, _) = world.grant(request.clone()).await;
    // As many as if there were this number of others.
    let store = world.store.region(&region(REGION));
    let address = roster_address(
        AccountId::parse(ACCOUNT).expect("an account"),
        KeyId::parse(&key).expect("a key id"),
    );
    let stored = store.get(&address).await.expect("the store reads").expect("a roster");
    let mut roster = stored.value;
    roster.grants = 49_995;
    let mut txn = store.txn();
    txn.update(&address, &roster, stored.revision);
    store.commit(txn).await.expect("the store commits");

    let mut dry = request.clone();
    dry["DryRun"] = json!(true);
    assert_eq!(
        world.refused("CreateGrant", dry.clone()).await.code,
        "DryRunOperationException"
    );
    let racing = (0..12).map(|_| world.send(ROOT, "CreateGrant", &request));
    let answers: Vec<Result<Value, Refusal>> = join_all(racing).await;
    let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert_eq!(refused.len(), 7, "{answers:?}");
    assert!(refused.iter().all(|refusal| refusal.code == "LimitExceededException"));
    assert_eq!(world.refused("CreateGrant", dry).await.code, "LimitExceededException");
    world.ok("RevokeGrant", json!({"KeyId": key, "GrantId": first})).await;
    world.grant(request.clone()).await;
    assert_eq!(
        world.refused("CreateGrant", request.clone()).await.code,
        "LimitExceededException"
    );
    assert_eq!(world.grants(json!({ "KeyId": key })).await.len(), 6);
    // The keys of services have no such quota.
    world.alter(&key, |record| record.manager = Manager::Aws).await;
    world.grant(request).await;
}

/// Polls them all in turn.
async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(move |context| {
        for (future, done) in &mut running {
            if done.is_none()
                && let std::task::Poll::Ready(output) = future.as_mut().poll(context)
            {
                *done = Some(output);
            }
        }
        if running.iter().all(|(_, done)| done.is_some()) {
            let taken = running.iter_mut().filter_map(|(_, done)| done.take());
            return std::task::Poll::Ready(taken.collect());
        }
        std::task::Poll::Pending
    })
    .await
}

/// POL-439, POL-440, POL-442, POL-444, REF-451
#[tokio::test]
async fn a_grant_is_named_by_token_or_by_key_and_id() {
    let world = World::new().await;
    let key = world.key().await;
    let request = json!({"KeyId": key, "GranteePrincipal": user("alice"), "Operations": ["Encrypt"]});
    let (id, token) = world.grant(request.clone()).await;
    for incomplete in [json!({}), json!({ "KeyId": key_arn(&key) }), json!({ "GrantId": id })] {
        assert_eq!(
            world.refused("RetireGrant", incomplete).await.code,
            "ValidationException"
        );
    }
    let elsewhere = Who {
        region: crate::world::ELSEWHERE,
        ..ROOT
    };
    let by_token = json!({ "GrantToken": token });
    for (who, request, code) in [
        (elsewhere, by_token.clone(), "InvalidGrantTokenException"),
        (ROOT, json!({"GrantToken": "AAAA"}), "InvalidGrantTokenException"),
        (ROOT, json!({"GrantToken": "?"}), "InvalidGrantTokenException"),
        (
            ROOT,
            json!({"KeyId": key_arn(&key), "GrantId": "x"}),
            "InvalidGrantIdException",
        ),
        (
            ROOT,
            json!({"KeyId": key_arn(&key), "GrantId": "0".repeat(64)}),
            "NotFoundException",
        ),
        (
            ROOT,
            json!({"KeyId": key_arn(NO_KEY), "GrantId": id}),
            "NotFoundException",
        ),
    ] {
        assert_eq!(
            world.refused_as(who, "RetireGrant", request.clone()).await.code,
            code,
            "{request}"
        );
    }
    assert_eq!(world.ok("RetireGrant", by_token.clone()).await, Value::Null);
    let refusal = world.refused("RetireGrant", by_token).await;
    assert_eq!(refusal.code, "InvalidGrantTokenException");
    let (id, _) = world.grant(request).await;
    let by_id = json!({"KeyId": key_arn(&key), "GrantId": id});
    assert_eq!(world.ok("RetireGrant", by_id.clone()).await, Value::Null);
    assert_eq!(world.refused("RetireGrant", by_id).await.code, "NotFoundException");
    assert_eq!(world.grants(json!({ "KeyId": key })).await.len(), 0);
}

/// MON-135, MON-138, MON-139, POL-379, POL-457
#[tokio::test]
async fn the_trail_shows_grants_and_never_tokens() {
    let world = World::new().await;
    let key = world.key().await;
    let request = json!({"KeyId": key, "GranteePrincipal": user("alice"), "RetiringPrincipal": user("bob"),
                         "Operations": ["Encrypt", "Decrypt"], "Name": "n",
                         "Constraints": {"EncryptionContextSubset": {"Department": "IT"}}});
    let (id, token) = world.grant(request.clone()).await;
    let record = world.last_record("CreateGrant").await;
    assert_eq!(
        record["requestParameters"],
        json!({"keyId": key, "granteePrincipal": user("alice"), "retiringPrincipal": user("bob"),
               "operations": ["Encrypt", "Decrypt"], "name": "n",
               "constraints": {"encryptionContextSubset": {"Department": "IT"}}})
    );
    assert_eq!(
        record["responseElements"],
        json!({"grantId": id, "keyId": key_arn(&key)})
    );
    world.ok("RevokeGrant", json!({"KeyId": key, "GrantId": id})).await;
    let record = world.last_record("RevokeGrant").await;
    assert_eq!(record["requestParameters"], json!({"keyId": key, "grantId": id}));
    assert_eq!(record["responseElements"], Value::Null);
    let (id, second) = world.grant(request).await;
    world.ok("RetireGrant", json!({ "GrantToken": second })).await;
    let record = world.last_record("RetireGrant").await;
    assert_eq!(record["requestParameters"], Value::Null);
    assert_eq!(record["additionalEventData"], json!({ "grantId": id }));
    assert_eq!(record["resources"][0]["ARN"], json!(key_arn(&key)));
    assert_eq!(record["readOnly"], json!(false));
    let trail = serde_json::to_string(&world.records().await).expect("JSON");
    assert!(!trail.contains(&token) && !trail.contains(&second));
}

/// Grants are added to keys that work or will, and taken away in every state.
///
/// MON-348, MON-369, MON-376, MON-377, MON-395
#[tokio::test]
async fn the_state_of_the_key_decides_what_can_be_done() {
    use trent_kms::state::KeyState;
    let world = World::new().await;
    for state in KeyState::ALL {
        let key = world.key().await;
        let request = json!({"KeyId": key, "GranteePrincipal": user("alice"), "Operations": ["Encrypt"]});
        let (one, _) = world.grant(request.clone()).await;
        let (_, two) = world.grant(request.clone()).await;
        world.alter(&key, |record| record.state = state).await;
        let answer = world.send(ROOT, "CreateGrant", &request).await;
        let code = match state {
            KeyState::Enabled | KeyState::Unavailable | KeyState::Updating => None,
            KeyState::Disabled => Some("DisabledException"),
            _ => Some("KMSInvalidStateException"),
        };
        assert_eq!(answer.as_ref().err().map(|refusal| &*refusal.code), code, "{state:?}");
        let left = world.grants(json!({ "KeyId": key })).await.len();
        assert_eq!(left, if code.is_none() { 3 } else { 2 });
        world.ok("RevokeGrant", json!({"KeyId": key, "GrantId": one})).await;
        world.ok("RetireGrant", json!({ "GrantToken": two })).await;
    }
}

/// A token is base64, another one each time, and nothing can be read out of it.
///
/// POL-430
#[tokio::test]
async fn a_token_tells_nothing() {
    use base64::Engine as _;
    let world = World::new().await;
    let key = world.key().await;
    let request = json!({"KeyId": key, "GranteePrincipal": user("alice"), "Operations": ["Encrypt"]});
    let mut tokens = BTreeSet::new();
    for _ in 0..3 {
        let (id, token) = world.grant(request.clone()).await;
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(&token)
            .expect("base64");
        for hidden in [&*key, &*id, "alice", ACCOUNT, REGION, "Encrypt"] {
            assert!(
                !bytes.windows(hidden.len()).any(|part| part == hidden.as_bytes()),
                "{hidden}"
            );
        }
        tokens.insert(token);
    }
    assert_eq!(tokens.len(), 3);
}

/// A token finds a grant before this node knows of it. Once it is removed, no token brings it back.
///
/// POL-431, POL-433, POL-434, POL-435, POL-436, POL-443
#[tokio::test]
async fn a_token_is_ahead_of_a_replication_delay() {
    let delay = Duration::from_millis(400);
    let world = World::behind(delay).await;
    let key = world.key().await;
    tokio::time::sleep(delay).await;
    let request = json!({"KeyId": key, "GranteePrincipal": user("alice"), "Operations": ["Encrypt"]});
    let (id, token) = world.grant(request.clone()).await;
    let plain = json!({"KeyId": key, "Plaintext": base64(b"x")});
    let with = json!({"KeyId": key, "Plaintext": base64(b"x"), "GrantTokens": [token]});
    assert_eq!(
        world.refused_as(USER, "Encrypt", plain.clone()).await.code,
        "AccessDeniedException"
    );
    world.ok_as(USER, "Encrypt", with.clone()).await;
    let bob = Who {
        user: Some("bob"),
        id: Some("AIDAAAAAAAAAAAAAAAAAA"),
        ..ROOT
    };
    assert_eq!(
        world.refused_as(bob, "Encrypt", with.clone()).await.code,
        "AccessDeniedException",
        "a token gives nothing to anybody else"
    );
    tokio::time::sleep(delay).await;
    world.ok_as(USER, "Encrypt", plain.clone()).await;
    // A second one for the same principal is as late as the first.
    let more = json!({"KeyId": key, "GranteePrincipal": user("alice"), "Operations": ["DescribeKey"]});
    world.grant(more).await;
    world.ok_as(USER, "Encrypt", plain).await;
    let refusal = world.refused_as(USER, "DescribeKey", json!({ "KeyId": key })).await;
    assert_eq!(refusal.code, "AccessDeniedException");
    tokio::time::sleep(delay).await;
    world.ok_as(USER, "DescribeKey", json!({ "KeyId": key })).await;
    world.ok("RevokeGrant", json!({"KeyId": key, "GrantId": id})).await;
    assert_eq!(
        world.refused_as(USER, "Encrypt", with).await.code,
        "InvalidGrantTokenException"
    );
    let (_, fresh) = world.grant(request).await;
    world.ok("RetireGrant", json!({ "GrantToken": fresh })).await;
}
