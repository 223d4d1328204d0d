//! Suites of scenarios: those that the documentation has, and what becomes of cases that fail.

use serde_json::{Value, json};
use trent_policy::{CaseResult, Surroundings, run_suite};

use crate::support::{ALICE, KEY, ROOT, document};

const ONE_ACCOUNT: &str = include_str!("../../../../docs/operating/one-account.json");
const TWO_ACCOUNTS: &str = include_str!("../../../../docs/operating/two-accounts.json");

fn run(suite: &Value) -> Vec<CaseResult> {
    run_suite(&suite.to_string(), &Surroundings::default()).unwrap()
}

fn suite(case: Value) -> Value {
    let delegating = json!({"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"});
    json!({
        "base": {
            "request": {"principal": ALICE, "action": "kms:Decrypt", "resource": {"arn": KEY}},
            "resourcePolicy": document(&delegating),
        },
        "cases": [case],
    })
}

fn only(case: Value) -> CaseResult {
    run(&suite(case)).remove(0)
}

/// AUTHZ-299, AUTHZ-300, AUTHZ-301, AUTHZ-302, AUTHZ-303
/// AUTHZ-304, AUTHZ-305, AUTHZ-306, AUTHZ-307, AUTHZ-308
/// AUTHZ-309, AUTHZ-310, AUTHZ-311, AUTHZ-312, AUTHZ-313
/// AUTHZ-314, AUTHZ-315, AUTHZ-316, AUTHZ-317, AUTHZ-318
/// AUTHZ-321, AUTHZ-323
#[test]
fn the_worked_examples_pass_as_they_are_shipped() {
    for (text, cases) in [(ONE_ACCOUNT, 10), (TWO_ACCOUNTS, 17)] {
        let results = run_suite(text, &Surroundings::default()).unwrap();
        assert_eq!(results.len(), cases);
        for result in results {
            assert!(
                result.passed,
                "{}: {} {:?}",
                result.id, result.found, result.explanation
            );
        }
    }
}

/// AUTHZ-323
#[test]
fn a_case_that_fails_is_explained() {
    let failed = only(json!({"id": "hopeful", "expect": "Allow"}));
    assert_eq!((failed.id.as_str(), failed.passed), ("hopeful", false));
    assert_eq!(
        (failed.expected.as_str(), failed.found.as_str()),
        ("Allow", "ImplicitDeny (NO_IAM_POLICY_ALLOWS)")
    );
    let explanation = failed.explanation.unwrap();
    assert!(
        explanation.contains("4b  Does an IAM policy allow?") && explanation.contains("What would allow it"),
        "{explanation}"
    );
    let passed = only(json!({"expect": {"decision": "ImplicitDeny", "code": "NO_IAM_POLICY_ALLOWS"}}));
    assert_eq!(
        (passed.id.as_str(), passed.passed, passed.explanation),
        ("1", true, None)
    );
    let other_code = only(json!({"expect": {"decision": "ImplicitDeny", "code": "NO_GRANT_ALLOWS"}}));
    assert!(!other_code.passed);
}

#[test]
fn what_a_case_says_of_its_request_stays() {
    let failed = |context: Value| {
        let allow = json!({"Effect": "Allow", "Principal": {"AWS": ALICE}, "Action": "kms:*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}});
        let request = json!({"principal": ALICE, "context": context});
        let case = json!({"request": request, "resourcePolicy": document(&allow), "expect": "Allow"});
        only(case).explanation.unwrap()
    };
    let meet = "ask so that the conditions of statement 1 (line 1) of the key policy hold";
    let open = failed(json!({}));
    assert!(open.contains(meet), "{open}");
    let given = failed(json!({"AWS:sourcevpce": "vpce-2"}));
    assert!(
        !given.contains(meet) && given.contains("add this statement to the key policy"),
        "{given}"
    );
}

#[test]
fn what_a_case_has_replaces_what_the_base_has() {
    let of_root = only(json!({"request": {"principal": ROOT}, "expect": "Allow"}));
    assert!(
        of_root.passed,
        "the rest of the request is the base's: {}",
        of_root.found
    );
    let bare = only(
        json!({"resourcePolicy": null, "expect": {"decision": "ImplicitDeny", "code": "KEY_POLICY_DOES_NOT_ENABLE_IAM"}}),
    );
    assert!(bare.passed, "{}", bare.found);
}

#[test]
fn grants_cover_whom_and_what_they_say() {
    let with = |grantee: &str, operation: &str| {
        let grants = json!([{"id": "g", "grantee": grantee, "operations": [operation]}]);
        only(json!({"grants": grants, "expect": {"decision": "Allow", "code": "ALLOWED_BY_GRANT"}})).passed
    };
    assert!(with(ALICE, "Decrypt"));
    assert!(!with(ALICE, "Encrypt"));
    assert!(!with("arn:aws:iam::111122223333:user/Bob", "Decrypt"));
    assert!(!with(ROOT, "Decrypt"), "an account decides by its IAM policies");
    assert!(
        only(
            json!({"grants": [{"id": "g", "grantee": "*", "operations": []}], "expect": {"error": "InvalidScenario"}})
        )
        .passed
    );
}

#[test]
fn an_error_can_be_expected() {
    let twice =
        suite(json!({"identityPolicies": [{"policy": "TWICE"}], "expect": {"error": "MalformedPolicyDocument"}}));
    let twice = twice
        .to_string()
        .replace("\"TWICE\"", r#"{"Statement": [], "Statement": []}"#);
    let results = run_suite(&twice, &Surroundings::default()).unwrap();
    assert!(
        results[0].passed,
        "what is written twice is not hidden by putting texts together: {}",
        results[0].found
    );
    assert!(!only(json!({"request": {"principal": "nobody"}, "expect": "ImplicitDeny"})).passed);
}

#[test]
fn what_is_no_suite_is_told() {
    for bad in [
        "",
        "[]",
        "{}",
        r#"{"cases": []}"#,
        r#"{"cases": [{}], "more": 1}"#,
        r#"{"cases": [{"id": 1, "id": 2}]}"#,
    ] {
        assert!(run_suite(bad, &Surroundings::default()).is_err(), "{bad}");
    }
    for bad in [
        json!({}),
        json!({"expect": "Maybe"}),
        json!({"expect": {"code": "X"}}),
        json!({"expect": 5}),
    ] {
        let result = only(bad);
        assert!(!result.passed && !result.found.is_empty());
        assert_eq!(result.expected, "", "nothing that could be expected");
    }
}
