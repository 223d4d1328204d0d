//! Explaining is deciding, written down.

use crate::explanation;
use crate::support::{ACCOUNT, ALICE, KEY, ROLE, ROOT, SESSION, World, iam, to};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use trent_policy::{Basis, Grant, Grantee, Outcome, PolicyKind, Question, decide, explain};

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// AUTHZ-270, POL-69, POL-13
    #[test]
    fn explaining_decides_the_same_and_a_grant_only_adds(
        caller in select(vec![ALICE, SESSION, ROLE, ROOT, "arn:aws:iam::444455556666:user/Eve", "logs.amazonaws.com", "*"]),
        named in select(vec![ALICE, SESSION, ROLE, ROOT, "444455556666", "*"]),
        action in select(vec!["kms:Encrypt", "kms:Decrypt"]),
        resource in select(vec![KEY, "arn:aws:s3:::bucket/x", "*"]),
        policies in proptest::collection::vec(select(vec![None, Some(("Allow", "kms:*")), Some(("Allow", "kms:Enc*")), Some(("Deny", "kms:Dec*"))]), 4),
        grantee in select(vec![Grantee::Caller, Grantee::Role, Grantee::Account]),
    ) {
        let mut world = World::new(caller).action(action).resource(resource, ACCOUNT).key_policy(&to(&json!(named)));
        let statement = |at: usize| policies[at].map(|(effect, action)| iam(effect, action));
        if let Some(statement) = statement(0) {
            world = world.identity(&statement);
        }
        if let Some(statement) = statement(1) {
            world = world.boundary(&statement);
        }
        if let Some(statement) = statement(2) {
            world = world.session(&statement);
        }
        if let Some(statement) = statement(3) {
            world = world.scp(&statement);
        }
        let granted = world.clone().grant(Grant { id: "g", grantee });
        for world in [&world, &granted] {
            let (decided, explained) = world.visit(|request, policies, context| {
                let (explained, _) = explain(request, policies, context);
                let decided = decide(request, policies, context);
                ((decided.outcome, decided.code, decided.blame), (explained.outcome, explained.code, explained.blame))
            });
            prop_assert_eq!(decided, explained);
        }
        prop_assert!(!world.allowed() || granted.allowed());
        prop_assert!(world.outcome() != Outcome::ExplicitDeny || granted.outcome() == Outcome::ExplicitDeny);
    }
}

#[test]
fn explaining_asks_the_questions_of_the_flowchart() {
    let world = World::new(ALICE)
        .key_policy(&to(&json!(ROOT)))
        .identity(&json!({"Sid": "mine", "Effect": "Allow", "Action": "kms:Enc*", "Resource": "*"}));
    world.visit(|request, policies, context| {
        let (decision, trace) = explain(request, policies, context);
        assert!(decision.is_allowed());
        let steps: Vec<_> = trace
            .steps
            .iter()
            .map(|step| (step.question.number(), step.answer))
            .collect();
        let expected = [
            ("1a", false),
            ("1b", false),
            ("1c", false),
            ("1d", false),
            ("0c", true),
            ("2a", true),
            ("2b", true),
            ("2c", true),
            ("3", false),
            ("4a", true),
            ("4b", true),
            ("6a", true),
        ];
        assert_eq!(steps, expected);
        let by = trace
            .steps
            .iter()
            .find(|step| step.question == Question::IamAllows)
            .unwrap()
            .by;
        let Some(Basis::Statement(reason)) = by else {
            panic!("a statement")
        };
        assert_eq!(
            (reason.policy, reason.statement.sid(), reason.kind),
            ("first", Some("mine"), PolicyKind::Identity)
        );
        assert_eq!(trace.statements.len(), 2);
        assert_eq!(decision.explanation(request), "Allowed by IAM policy first.");
    });
    let stranger = World::new("arn:aws:iam::444455556666:user/Eve").key_policy(&to(&json!("*")));
    stranger.visit(|request, policies, context| {
        let (decision, trace) = explain(request, policies, context);
        let steps: Vec<_> = trace
            .steps
            .iter()
            .skip(8)
            .map(|step| (step.question.number(), step.answer))
            .collect();
        assert_eq!(steps, [("3", true), ("6a", false), ("6b", false), ("6c", false)]);
        assert!(
            decision
                .explanation(request)
                .contains("no IAM policy in account 444455556666")
        );
        assert!(trace.steps.iter().all(|step| step.question.as_str().ends_with('?')));
    });
}

/// AUTHZ-273, AUTHZ-275, AUTHZ-276, AUTHZ-277, AUTHZ-278
#[test]
fn what_an_answer_comes_to() {
    for (question, no, yes) in [
        (Question::AccountEnabled, Some("ACCOUNT_NOT_ENABLED_IN_REGION"), None),
        (Question::OrganizationDenies, None, Some("EXPLICIT_DENY_ORG_POLICY")),
        (
            Question::EndpointDenies,
            None,
            Some("EXPLICIT_DENY_VPC_ENDPOINT_POLICY"),
        ),
        (Question::IamDenies, None, Some("EXPLICIT_DENY_IAM_POLICY")),
        (Question::ResourcePolicyDenies, None, Some("EXPLICIT_DENY_KEY_POLICY")),
        (
            Question::WorksAcrossAccounts,
            Some("CROSS_ACCOUNT_OPERATION_NOT_SUPPORTED"),
            None,
        ),
        (Question::OrganizationAllows, Some("NOT_ALLOWED_BY_ORG_POLICY"), None),
        (
            Question::EndpointAllows,
            Some("NOT_ALLOWED_BY_VPC_ENDPOINT_POLICY"),
            None,
        ),
        (Question::BoundaryAndSessionAllow, None, None),
        (
            Question::ResourcePolicyAllowsCaller,
            None,
            Some("ALLOWED_BY_KEY_POLICY"),
        ),
        (
            Question::KeyPolicyEnablesIam,
            Some("KEY_POLICY_DOES_NOT_ENABLE_IAM"),
            None,
        ),
        (
            Question::IamAllows,
            Some("NO_IAM_POLICY_ALLOWS"),
            Some("ALLOWED_BY_IAM_POLICY"),
        ),
        (Question::GrantAllows, Some("NO_GRANT_ALLOWS"), Some("ALLOWED_BY_GRANT")),
        (Question::ResourceInCallersAccount, None, Some("TRUSTED_OWN_ACCOUNT")),
        (
            Question::IamAllowsUseOfForeignResource,
            None,
            Some("TRUSTED_BY_IAM_POLICY"),
        ),
        (
            Question::GrantAllowsUseOfForeignKey,
            Some("KEY_TRUST_NOT_ESTABLISHED"),
            Some("TRUSTED_BY_GRANT"),
        ),
    ] {
        assert_eq!(
            (question.code(false), question.code(true)),
            (no, yes),
            "{}",
            question.as_str()
        );
    }
}

#[test]
fn a_key_is_spoken_of_only_if_there_is_one() {
    let world = World::new(ALICE).action("kms:ListKeys").resource("*", ACCOUNT);
    world.visit(|request, policies, context| {
        assert_eq!(
            decide(request, policies, context).explanation(request),
            format!("No IAM policy of account {ACCOUNT} allows kms:ListKeys.")
        );
    });
}

#[test]
fn what_an_answer_rests_on_is_named_after_its_kind() {
    let alice = World::new(ALICE).key_policy(&to(&json!(ROOT)));
    let narrow = iam("Allow", "s3:*");
    let grant = Grant {
        id: "abc",
        grantee: Grantee::Caller,
    };
    for (world, expected) in [
        (alice.clone().grant(grant), "grant abc"),
        (
            World::new(ROOT).action("kms:ListKeys").resource("*", ACCOUNT),
            "being the root user, who needs no IAM policy",
        ),
        (alice.clone().boundary(&narrow), "policy first"),
        (alice.scp(&narrow), "ou"),
    ] {
        let steps = explanation::explain(&world).steps;
        let last = steps.into_iter().rev().find_map(|step| step.ground);
        assert_eq!(last.unwrap().to_string(), expected);
    }
}
