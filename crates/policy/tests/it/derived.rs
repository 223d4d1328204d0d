//! What a scenario's request says without saying it: the caller's keys, the account, the Region.

use crate::simulation::{allow_to, conditional, named, scenario, with};
use crate::support::{ACCOUNT, ALICE, KEY, ROLE, SESSION, document, outcome};
use serde_json::{Value, json};
use trent_policy::{Surroundings, simulate};

#[test]
fn what_the_request_says_is_derived_unless_given() {
    let holds = |principal: &str, key: &str, value: &str, given: Value| {
        let condition = json!({"StringEquals": {key: value}});
        let mut scenario = scenario(principal);
        scenario["identityPolicies"] = conditional(&condition);
        scenario["request"]["context"] = given;
        outcome(&scenario) == "Allow"
    };
    for (principal, key, value) in [
        (ALICE, "aws:PrincipalArn", ALICE),
        (ALICE, "aws:PrincipalAccount", ACCOUNT),
        (ALICE, "aws:PrincipalType", "User"),
        (ALICE, "aws:username", "Alice"),
        (ALICE, "kms:CallerAccount", ACCOUNT),
        (ALICE, "aws:ResourceAccount", ACCOUNT),
        (ALICE, "aws:RequestedRegion", "us-east-1"),
        (
            SESSION,
            "aws:PrincipalArn",
            "arn:aws:iam::111122223333:role/Engineering",
        ),
        (SESSION, "aws:PrincipalType", "AssumedRole"),
        (ROLE, "aws:PrincipalArn", ROLE),
        (ROLE, "aws:PrincipalType", "AssumedRole"),
        (
            "arn:aws:sts::111122223333:federated-user/f",
            "aws:PrincipalType",
            "FederatedUser",
        ),
    ] {
        assert!(holds(principal, key, value, json!({})), "{principal} {key}");
        let lower = key.to_lowercase();
        assert!(
            !holds(principal, key, value, json!({lower.clone(): "other"})),
            "{key} as given"
        );
        assert!(!holds(principal, key, value, json!({lower: []})), "{key} as given");
    }
    assert!(
        !holds(SESSION, "aws:username", "bob", json!({})),
        "a session has no user name"
    );
    let scenario = with(
        scenario(ALICE),
        "/identityPolicies",
        conditional(&json!({"DateLessThan": {"aws:CurrentTime": "2027-01-01"},
        "NumericLessThan": {"aws:EpochTime": "1800000000"}})),
    );
    let at = |time, epoch| {
        let surroundings = Surroundings {
            time: Some(time),
            epoch: Some(epoch),
            region: None,
        };
        simulate(&scenario.to_string(), &surroundings)
    };
    assert!(at("2026-12-31T00:00:00Z", "1798675200").contains(r#""Allow""#));
    assert!(at("2027-12-31T00:00:00Z", "1830211200").contains(r#""ImplicitDeny""#));
}

/// AUTHZ-58
#[test]
fn the_callers_account_is_told_where_the_service_tells_it() {
    let alias = "arn:aws:kms:us-east-1:111122223333:alias/x";
    for (action, resource, told) in [
        ("kms:Encrypt", KEY, true),
        ("kms:CreateKey", "*", true),
        ("kms:CreateCustomKeyStore", "*", true),
        ("kms:ListKeys", "*", false),
        ("kms:CreateAlias", alias, false),
        ("s3:GetObject", "arn:aws:s3:::bucket/x", false),
    ] {
        let condition = json!({"StringEquals": {"kms:CallerAccount": ACCOUNT}});
        let mut statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
        statement["Condition"] = condition;
        let scenario = with(scenario(ALICE), "/request/action", json!(action));
        let scenario = with(
            scenario,
            "/request/resource",
            json!({"arn": resource, "account": ACCOUNT}),
        );
        let scenario = with(scenario, "/identityPolicies", named(&statement));
        let expected = if told { "Allow" } else { "ImplicitDeny" };
        assert_eq!(outcome(&scenario), expected, "{action} {resource}");
    }
}

#[test]
fn a_star_is_an_operation_without_a_resource() {
    let lists = |statement: Value| {
        let scenario = with(
            scenario(ALICE),
            "/request/resource",
            json!({"arn": "*", "account": ACCOUNT}),
        );
        let scenario = with(scenario, "/request/action", json!("kms:ListKeys"));
        outcome(&with(scenario, "/identityPolicies", named(&statement)))
    };
    let on = |resource: &str| json!({"Effect": "Allow", "Action": "kms:ListKeys", "Resource": resource});
    assert_eq!(lists(on("*")), "Allow");
    assert_eq!(lists(on(KEY)), "ImplicitDeny");
    assert_eq!(lists(on("arn:aws:kms:*:111122223333:*")), "Allow");
    assert_eq!(lists(on("arn:aws:kms:*:444455556666:*")), "ImplicitDeny");
    assert_eq!(
        lists(json!({"Effect": "Allow", "Action": "kms:ListKeys", "NotResource": KEY})),
        "Allow"
    );
    let lists_in = |context: Value, resource: &str| {
        let scenario = with(scenario(ALICE), "/request/resource", json!({"arn": "*"}));
        let scenario = with(scenario, "/request/action", json!("kms:ListKeys"));
        let scenario = with(scenario, "/request/context", context);
        outcome(&with(scenario, "/identityPolicies", named(&on(resource))))
    };
    let of_caller = "arn:aws:kms:eu-west-1:111122223333:*";
    let region = json!({"aws:RequestedRegion": "eu-west-1"});
    assert_eq!(
        lists_in(region.clone(), of_caller),
        "Allow",
        "it is the caller's account"
    );
    assert_eq!(lists_in(region, "arn:aws:kms:us-east-1:111122223333:*"), "ImplicitDeny");
    assert_eq!(
        lists_in(json!({}), of_caller),
        "ImplicitDeny",
        "the Region is not known"
    );
    let by_policy = with(scenario(ALICE), "/request/resource", json!({"arn": "*"}));
    let by_policy = with(by_policy, "/resourcePolicy", document(&allow_to(json!("*"))));
    assert_eq!(
        outcome(&with(by_policy, "/identityPolicies", json!([]))),
        "ImplicitDeny"
    );
}
