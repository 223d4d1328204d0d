//! A key with a rule in its policy, or a user with one in its own, and requests that meet the rule.

use serde_json::{Value, json};
use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_kms::Kms;
use trent_kms::records::KeyRecord;
use trent_service::{Catalogue, Entry};

use crate::world::{ACCOUNT, ROOT, USER, Who, World, text};

/// A statement of the policy under test; the key's account is allowed everything beside it if it denies.
pub(crate) struct Rule<'a> {
    pub(crate) effect: &'a str,
    pub(crate) actions: &'a [&'a str],
    pub(crate) condition: Value,
}

pub(crate) fn allow<'a>(actions: &'a [&'a str], condition: Value) -> Rule<'a> {
    Rule {
        effect: "Allow",
        actions,
        condition,
    }
}

pub(crate) fn deny<'a>(actions: &'a [&'a str], condition: Value) -> Rule<'a> {
    Rule {
        effect: "Deny",
        ..allow(actions, condition)
    }
}

/// A new key with this rule in its policy. What the rule is not about, the account may do.
pub(crate) async fn key_with(world: &World, rule: &Rule<'_>) -> String {
    let ruled = json!({"Effect": rule.effect, "Principal": "*", "Action": rule.actions, "Resource": "*",
                       "Condition": rule.condition});
    let rest = if rule.effect == "Deny" {
        account(json!({"Action": "kms:*"}))
    } else {
        account(json!({"NotAction": rule.actions}))
    };
    key_under(world, json!([ruled, rest])).await
}

/// A statement of a key policy that allows the account what `of` says.
pub(crate) fn account(mut of: Value) -> Value {
    of["Effect"] = json!("Allow");
    of["Principal"] = json!({"AWS": ACCOUNT});
    of["Resource"] = json!("*");
    of
}

/// A new key with these statements in its policy.
pub(crate) async fn key_under(world: &World, statements: Value) -> String {
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let request = json!({"Policy": policy, "BypassPolicyLockoutSafetyCheck": true});
    let made = world.ok("CreateKey", request).await;
    text(&made["KeyMetadata"]["KeyId"]).to_owned()
}

/// A user who has these statements in an IAM policy.
pub(crate) fn user_with(statements: &Value) -> Who {
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    Who {
        // A test has few of them.
        iam: Some(policy.leak()),
        ..USER
    }
}

/// A user who is allowed actions on everything, under a condition.
pub(crate) fn user_allowed(actions: &[&str], condition: &Value) -> Who {
    user_with(&json!([{"Effect": "Allow", "Action": actions, "Resource": "*", "Condition": condition}]))
}

/// Makes a key one of another kind, as creating it will.
pub(crate) fn kind(spec: &str, usage: &str) -> impl FnOnce(&mut KeyRecord) {
    let spec = KeySpec::parse(spec).expect("a spec");
    let usage = KeyUsage::parse(usage).expect("a usage");
    move |record| (record.spec, record.usage) = (spec, usage)
}

/// Whether policies let a request through; a refusal for any other reason has been let through. A request of an
/// operation that is not built comes as far as that.
pub(crate) async fn passes(world: &World, who: Who, operation: &str, request: &Value) -> bool {
    let entry = Kms::catalogue().iter().find(|entry| entry.row.name == operation);
    let refusal = if entry.is_some_and(Entry::is_built) {
        world
            .send(who, operation, request)
            .await
            .err()
            .map(|refusal| refusal.code)
    } else {
        world
            .ask(who, operation, request)
            .await
            .err()
            .map(|error| error.code.to_owned())
    };
    assert!(
        !matches!(
            refusal.as_deref(),
            Some("NotFoundException" | "SerializationException" | "UnknownOperationException")
        ),
        "{operation} {request}: {refusal:?}"
    );
    refusal.as_deref() != Some("AccessDeniedException")
}

/// Requests of the root user for a key with the rule, and whether each is allowed. `KeyId` is the key if it is not
/// given.
pub(crate) async fn check(rule: Rule<'_>, rows: &[(&str, Value, bool)]) {
    let world = World::new().await;
    let key = key_with(&world, &rule).await;
    check_as(&world, ROOT, &key, rows).await;
}

/// Requests for a key, and whether each is allowed. `KeyId` is the key if it is not given.
pub(crate) async fn check_as(world: &World, who: Who, key: &str, rows: &[(&str, Value, bool)]) {
    for (operation, request, allowed) in rows {
        let mut request = request.clone();
        if request.get("KeyId").is_none() {
            request["KeyId"] = json!(key);
        }
        let passed = passes(world, who, operation, &request).await;
        assert_eq!(passed, *allowed, "{operation} {request} under {:?}", who.iam);
    }
}
