//! The contract of scenarios, clause by clause.

use crate::support::{ACCOUNT, ALICE, KEY, OTHER_ACCOUNT, ROLE, ROOT, SESSION, document, outcome, result};
use serde_json::{Value, json};
use trent_policy::{Surroundings, simulate, unreadable};

fn allow(action: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": "*"})
}

pub fn allow_to(principal: Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": "*", "Resource": "*"})
}

pub fn named(statements: &Value) -> Value {
    json!([{"name": "p", "policy": document(statements)}])
}

/// Somebody asks to decrypt with the key, whose policy delegates to the account, and has an IAM policy for it.
pub fn scenario(principal: &str) -> Value {
    json!({
        "id": "s-1",
        "request": {"principal": principal, "action": "kms:Decrypt", "resource": {"arn": KEY, "account": ACCOUNT}, "context": {}},
        "identityPolicies": named(&allow("kms:*")),
        "resourcePolicy": document(&allow_to(json!({"AWS": ROOT}))),
    })
}

pub fn with(mut scenario: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    scenario.pointer_mut(parent).unwrap()[key] = value;
    scenario
}

pub fn conditional(condition: &Value) -> Value {
    let mut statement = allow("kms:*");
    statement["Condition"] = condition.clone();
    named(&statement)
}

#[test]
fn a_result_has_id_decision_and_reasons() {
    let result = result(&scenario(ALICE));
    assert_eq!((&result["id"], &result["decision"]), (&json!("s-1"), &json!("Allow")));
    let reasons = result["reasons"].as_array().unwrap();
    assert_eq!(
        reasons[0],
        json!({"code": "ALLOWED_BY_IAM_POLICY", "message": "Allowed by IAM policy p."})
    );
    assert_eq!(
        reasons[1],
        json!({"policyType": "identity", "policy": "p", "statement": 0, "line": 1, "effect": "Allow"})
    );
    assert_eq!(reasons[2]["policyType"], "resource");
    assert_eq!(reasons.len(), 3);
    assert!(result.get("error").is_none());
}

#[test]
fn the_id_is_optional_and_comes_back_as_it_was() {
    let mut without = scenario(ALICE);
    without.as_object_mut().unwrap().remove("id");
    assert_eq!(result(&without)["id"], Value::Null);
    for id in [json!(7), json!("ünïcode"), json!(null), json!({"a": [1]})] {
        assert_eq!(result(&with(scenario(ALICE), "/id", id.clone()))["id"], id);
    }
    let broken = with(scenario(ALICE), "/request/principal", json!("nobody"));
    let no_scenario = with(scenario(ALICE), "/request", json!(5));
    for broken in [broken, no_scenario] {
        assert_eq!(result(&broken)["id"], "s-1", "an error has it as well");
    }
}

#[test]
fn an_invalid_policy_is_an_error() {
    for (pointer, value, message) in [
        (
            "/identityPolicies",
            named(&json!({"Effect": "Allow", "Action": "kms", "Resource": "*"})),
            "Actions/Conditions must be prefaced",
        ),
        (
            "/identityPolicies",
            named(&allow_to(json!("*"))),
            "Policy document should not specify a principal.",
        ),
        (
            "/permissionsBoundaries",
            named(&json!({"Effect": "Allow", "Action": "*"})),
            "Policy statement must contain resources.",
        ),
        ("/sessionPolicies", named(&json!([])), "Syntax errors in policy."),
        (
            "/resourcePolicy",
            document(&allow("*")),
            "Policy contains a statement with no principal.",
        ),
        (
            "/resourcePolicy",
            document(&allow_to(json!({"AWS": "x"}))),
            "one or more invalid principals.",
        ),
        (
            "/endpointPolicies",
            named(&allow("*")),
            "Policy contains a statement with no principal.",
        ),
        (
            "/serviceControlPolicies",
            json!([{"target": "r", "policies": named(&allow_to(json!("*")))}]),
            "should not specify a principal.",
        ),
        (
            "/resourceControlPolicies",
            json!([{"target": "r", "policies": named(&allow("*"))}]),
            "statement with no principal.",
        ),
    ] {
        let result = result(&with(scenario(ALICE), pointer, value));
        assert_eq!(result["error"]["code"], "MalformedPolicyDocument", "{result}");
        let found = result["error"]["message"].as_str().unwrap();
        assert!(found.contains(message), "{found}");
        assert_eq!(result.as_object().unwrap().len(), 2, "{result}");
    }
    let large = with(scenario(ALICE), "/resourcePolicy", json!(" ".repeat((1 << 20) + 1)));
    assert_eq!(result(&large)["error"]["code"], "LimitExceeded");
    let duplicate = scenario(ALICE)
        .to_string()
        .replace(r#""Effect":"Allow""#, r#""Effect":"Deny","Effect":"Allow""#);
    assert!(simulate(&duplicate, &Surroundings::default()).contains("MalformedPolicyDocument"));
}

#[test]
fn an_invalid_scenario_is_an_error() {
    for (pointer, value) in [
        ("/request/principal", json!("Alice")),
        ("/request/principal", json!("service:")),
        ("/request/principal", json!(5)),
        ("/request/action", json!("Decrypt")),
        ("/request/action", json!("kms:*")),
        ("/request/action", json!(":x")),
        ("/request/resource/arn", json!("key/1234")),
        ("/request/resource/account", json!("1234")),
        ("/request/context", json!({"a": {"b": "c"}})),
        ("/request/context", json!({"a": [["b"]]})),
        ("/request/context", json!({"a": "1", "A": "2"})),
        ("/request/context", json!([])),
        ("/identityPolicies", json!({})),
        ("/unknown", json!([])),
    ] {
        let result = result(&with(scenario(ALICE), pointer, value.clone()));
        assert_eq!(
            result["error"]["code"], "InvalidScenario",
            "{pointer} {value}: {result}"
        );
    }
    let unreadable: Value = serde_json::from_str(&unreadable("line 3 is no text")).unwrap();
    assert_eq!(
        unreadable,
        json!({"id": null, "error": {"code": "InvalidScenario", "message": "line 3 is no text"}})
    );
    for text in ["", "null", "[]", "{", "{\"id\": 5}"] {
        let line = simulate(text, &Surroundings::default());
        let result: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(result["error"]["code"], "InvalidScenario", "{text}");
    }
}

#[test]
fn the_context_is_taken_as_given() {
    let asks = |condition: Value, given: Value| {
        let scenario = with(scenario(ALICE), "/identityPolicies", conditional(&condition));
        outcome(&with(scenario, "/request/context", given)) == "Allow"
    };
    let source = json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}});
    assert!(asks(source.clone(), json!({"AWS:sourceip": "10.1.1.1"})));
    assert!(
        asks(source.clone(), json!({"aws:SourceIp": ["10.1.1.1"]})),
        "a list of one is that value"
    );
    assert!(!asks(source.clone(), json!({})), "what is not given is absent");
    assert!(!asks(source, json!({"aws:SourceIp": []})));
    assert!(asks(
        json!({"Bool": {"aws:SecureTransport": "true"}}),
        json!({"aws:SecureTransport": true})
    ));
    assert!(asks(
        json!({"NumericEquals": {"kms:Days": "30"}}),
        json!({"kms:Days": 30.0})
    ));
    assert!(asks(
        json!({"ForAnyValue:StringEquals": {"aws:TagKeys": "b"}}),
        json!({"aws:TagKeys": ["a", "b"]})
    ));
    assert!(asks(
        json!({"StringEquals": {"aws:PrincipalTag/t": "${aws:RequestTag/t}"}}),
        json!({"aws:PrincipalTag/t": "x", "aws:RequestTag/T": ["x"]})
    ));
    assert!(asks(
        json!({"Null": {"aws:TagKeys": true}}),
        json!({"aws:TagKeys": null})
    ));
    let no_context = scenario(ALICE);
    let mut no_context = no_context;
    no_context["request"].as_object_mut().unwrap().remove("context");
    assert_eq!(outcome(&no_context), "Allow");
}

#[test]
fn keys_follow_their_policy_and_all_else_the_general_rule() {
    let stripped = |arn: &str, policy: Value| {
        let scenario = with(scenario(ALICE), "/request/resource/arn", json!(arn));
        outcome(&with(scenario, "/resourcePolicy", policy))
    };
    let other = document(&allow_to(json!({"AWS": SESSION})));
    assert_eq!(
        stripped(KEY, other.clone()),
        "ImplicitDeny",
        "IAM policies are not enabled"
    );
    assert_eq!(stripped(KEY, Value::Null), "ImplicitDeny");
    for arn in ["arn:aws:kms:us-east-1:111122223333:alias/x", "arn:aws:s3:::bucket/x"] {
        assert_eq!(stripped(arn, other.clone()), "Allow", "{arn}");
        assert_eq!(stripped(arn, Value::Null), "Allow", "{arn}");
    }
    let eve = "arn:aws:iam::444455556666:user/Eve";
    let object = with(scenario(eve), "/request/resource/arn", json!("arn:aws:s3:::bucket/x"));
    let object = with(object, "/identityPolicies", named(&allow("*")));
    assert_eq!(outcome(&object), "ImplicitDeny");
    let both = with(
        object.clone(),
        "/resourcePolicy",
        document(&allow_to(json!({"AWS": OTHER_ACCOUNT}))),
    );
    assert_eq!(outcome(&both), "Allow");
    assert_eq!(outcome(&with(both, "/identityPolicies", json!([]))), "ImplicitDeny");
    let manages = with(
        scenario(eve),
        "/resourcePolicy",
        document(&allow_to(json!({"AWS": eve}))),
    );
    assert_eq!(outcome(&manages), "Allow");
    assert_eq!(
        outcome(&with(
            manages.clone(),
            "/request/action",
            json!("kms:scheduleKeyDeletion")
        )),
        "ImplicitDeny"
    );
    assert_eq!(
        outcome(&with(manages, "/request/action", json!("kms:SomethingNew"))),
        "Allow",
        "unknown actions are legal"
    );
}

#[test]
fn organizations_level_by_level() {
    let level = |policies: Value| json!({"target": "ou", "policies": policies});
    let full = named(&allow("*"));
    let scp = |levels: Value| outcome(&with(scenario(ALICE), "/serviceControlPolicies", levels));
    assert_eq!(scp(json!([])), "Allow");
    assert_eq!(scp(json!([level(full.clone()), level(full.clone())])), "Allow");
    assert_eq!(scp(json!([level(full.clone()), level(json!([]))])), "ImplicitDeny");
    assert_eq!(
        scp(json!([level(full.clone()), level(named(&allow("s3:*")))])),
        "ImplicitDeny"
    );
    let deny = json!({"Effect": "Deny", "Action": "kms:*", "Resource": "*"});
    assert_eq!(
        scp(json!([level(full), level(named(&json!([allow("*"), deny])))])),
        "ExplicitDeny"
    );
    let rcp = |levels: Value| outcome(&with(scenario(ALICE), "/resourceControlPolicies", levels));
    let full = named(&allow_to(json!("*")));
    assert_eq!(rcp(json!([level(full.clone())])), "Allow");
    assert_eq!(
        rcp(json!([level(json!([]))])),
        "ImplicitDeny",
        "each level lists its own allow"
    );
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"});
    assert_eq!(rcp(json!([level(named(&deny))])), "ExplicitDeny");
    assert_eq!(rcp(json!([{"policies": full}])), "Allow");
}

#[test]
fn sessions() {
    let session = |policies: Value| outcome(&with(scenario(SESSION), "/sessionPolicies", policies));
    let policy = |statement: Value| json!({"name": "s", "policy": document(&statement)});
    assert_eq!(session(json!([])), "Allow");
    assert_eq!(
        session(json!([policy(allow("s3:*")), policy(allow("kms:Decrypt"))])),
        "Allow",
        "one must allow"
    );
    assert_eq!(session(json!([policy(allow("s3:*"))])), "ImplicitDeny");
    let deny = json!({"Effect": "Deny", "Action": "kms:*", "Resource": "*"});
    assert_eq!(
        session(json!([policy(allow("*")), policy(deny)])),
        "ExplicitDeny",
        "none may deny"
    );
    let for_role = |named: &str| {
        let scenario = with(
            scenario(ROLE),
            "/resourcePolicy",
            document(&allow_to(json!({"AWS": named}))),
        );
        outcome(&with(scenario, "/identityPolicies", json!([])))
    };
    assert_eq!(for_role(ROLE), "Allow", "a role is some session of it");
    assert_eq!(for_role(SESSION), "ImplicitDeny", "not necessarily that one");
    let boundary = with(scenario(ROLE), "/permissionsBoundaries", named(&allow("s3:*")));
    let boundary = with(boundary, "/resourcePolicy", document(&allow_to(json!({"AWS": ROLE}))));
    assert_eq!(outcome(&boundary), "ImplicitDeny", "limited by its boundary");
}

#[test]
fn services_strangers_and_denials() {
    let service = with(
        scenario("service:cloudtrail.amazonaws.com"),
        "/resourcePolicy",
        document(&allow_to(json!({"Service": "cloudtrail.amazonaws.com"}))),
    );
    assert_eq!(outcome(&service), "Allow");
    assert_eq!(
        outcome(&with(service, "/request/principal", json!("service:ec2.amazonaws.com"))),
        "ImplicitDeny"
    );
    let public = with(scenario("*"), "/request/resource/arn", json!("arn:aws:s3:::public/x"));
    assert_eq!(outcome(&public), "ImplicitDeny");
    assert_eq!(
        outcome(&with(public, "/resourcePolicy", document(&allow_to(json!("*"))))),
        "Allow"
    );
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"});
    let alone = with(scenario(ALICE), "/resourcePolicy", document(&deny));
    assert_eq!(
        outcome(&with(alone, "/identityPolicies", json!([]))),
        "ExplicitDeny",
        "also where nothing allows"
    );
    let through = with(
        scenario(ALICE),
        "/endpointPolicies",
        named(&allow_to(json!({"AWS": SESSION}))),
    );
    assert_eq!(outcome(&through), "ImplicitDeny");
    assert_eq!(
        outcome(&with(through, "/endpointPolicies", named(&allow_to(json!("*"))))),
        "Allow"
    );
    let nobody_knows = scenario("arn:aws:iam::999999999999:user/never/existed");
    assert_eq!(outcome(&nobody_knows), "ImplicitDeny", "principals need not exist");
}

#[test]
fn policies_may_be_text_and_lines_are_those_of_the_policy() {
    let text = "{\n\"Version\": \"2012-10-17\",\n\"Statement\": [\n{\"Sid\": \"here\", \"Effect\": \"Allow\", \"Action\": \"kms:*\", \"Resource\": \"*\"}]}";
    let as_text = with(
        scenario(ALICE),
        "/identityPolicies",
        json!([{"name": "t", "policy": text}]),
    );
    let reason = &result(&as_text)["reasons"][1];
    assert_eq!((&reason["line"], &reason["sid"]), (&json!(4), &json!("here")));
    let bare = with(scenario(ALICE), "/identityPolicies", json!([document(&allow("kms:*"))]));
    assert_eq!(result(&bare)["reasons"][1]["policy"], "identity-1");
    let wrapped = with(
        scenario(ALICE),
        "/resourcePolicy",
        json!({"name": "k", "policy": document(&allow_to(json!({"AWS": ROOT})))}),
    );
    assert_eq!(outcome(&wrapped), "Allow");
}
