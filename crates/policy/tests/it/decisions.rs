//! The decision table of key policy, IAM policies and grants, and who is meant by a principal.

use crate::support::{ACCOUNT, ALICE, KEY, ROLE, ROOT, SESSION, World, document, iam, parse, to};
use serde_json::{Value, json};
use trent_policy::{
    Code, Grant, Grantee, Outcome, Policies, Policy, PolicyKind, Principal, Request, Rules, Subject, decide, explain,
};

fn grant() -> Grant<'static> {
    Grant {
        id: "g",
        grantee: Grantee::Caller,
    }
}

/// POL-22, POL-23, POL-24, POL-25, POL-26
#[test]
fn the_table_of_key_policy_and_iam() {
    for (names_caller, names_account, iam_allows, granted, expected) in [
        (false, false, false, false, false),
        (false, false, true, false, false),
        (false, true, false, false, false),
        (false, true, true, false, true),
        (true, false, false, false, true),
        (false, false, false, true, true),
        (true, true, true, true, true),
    ] {
        let mut principals = vec!["arn:aws:iam::111122223333:user/Other"];
        principals.extend(names_caller.then_some(ALICE));
        principals.extend(names_account.then_some(ROOT));
        let mut world = World::new(ALICE).key_policy(&to(&json!(principals)));
        if iam_allows {
            world = world.identity(&iam("Allow", "kms:*"));
        }
        if granted {
            world = world.grant(grant());
        }
        assert_eq!(
            world.allowed(),
            expected,
            "{names_caller} {names_account} {iam_allows} {granted}"
        );
    }
    assert!(
        World::new(ROOT).key_policy(&to(&json!(ROOT))).allowed(),
        "the root user is the account"
    );
}

/// POL-27, POL-28, POL-29, POL-30, POL-12
#[test]
fn one_denial_decides_wherever_it_is() {
    let all = World::new(ALICE)
        .key_policy(&to(&json!([ALICE, ROOT])))
        .identity(&iam("Allow", "kms:*"))
        .grant(grant());
    assert!(all.allowed());
    assert!(
        World::new(ALICE)
            .key_policy(&to(&json!("arn:aws:iam::111122223333:user/Other")))
            .grant(grant())
            .allowed()
    );
    let deny = iam("Deny", "kms:Encrypt");
    let mut named = deny.clone();
    named["Principal"] = json!("*");
    let allow_named = json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"});
    let with = |one: &Value, other: &Value| json!([one, other]);
    for (world, code) in [
        (all.clone().identity(&deny), "EXPLICIT_DENY_IAM_POLICY"),
        (
            all.clone().boundary(&with(&iam("Allow", "*"), &deny)),
            "EXPLICIT_DENY_IAM_POLICY",
        ),
        (
            all.clone().session(&with(&iam("Allow", "*"), &deny)),
            "EXPLICIT_DENY_IAM_POLICY",
        ),
        (
            all.clone().scp(&with(&iam("Allow", "*"), &deny)),
            "EXPLICIT_DENY_ORG_POLICY",
        ),
        (all.clone().rcp(&with(&allow_named, &named)), "EXPLICIT_DENY_ORG_POLICY"),
        (
            all.clone().endpoint(&with(&allow_named, &named)),
            "EXPLICIT_DENY_VPC_ENDPOINT_POLICY",
        ),
        (
            all.clone().key_policy(&with(&to(&json!([ALICE, ROOT])), &named)),
            "EXPLICIT_DENY_KEY_POLICY",
        ),
    ] {
        assert_eq!((world.outcome(), world.code()), (Outcome::ExplicitDeny, code));
        assert!(world.action("kms:Decrypt").allowed(), "{code}");
    }
}

#[test]
fn what_a_policy_denies_can_be_taken_alone() {
    let all = World::new(ALICE).key_policy(&to(&json!([ALICE, ROOT])));
    let policy = parse(
        PolicyKind::Resource,
        &document(&json!([
            to(&json!(ALICE)),
            {"Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*"},
        ])),
    );
    let mut alone = all.clone();
    alone.key_policy = Some(policy.denials());
    assert_eq!(alone.outcome(), Outcome::ExplicitDeny, "what it denies is denied");
    alone = alone.action("kms:Decrypt");
    assert_eq!(alone.outcome(), Outcome::ImplicitDeny, "what it allows is not allowed");
    alone.key_policy = Some(policy);
    assert!(alone.allowed());
}

/// POL-31
#[test]
fn delegation_of_one_action_is_of_one_action() {
    let policy = json!({"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:DescribeKey", "Resource": "*"});
    let world = World::new(ALICE).key_policy(&policy).identity(&iam("Allow", "kms:*"));
    assert!(world.clone().action("kms:DescribeKey").allowed());
    for action in ["kms:Encrypt", "kms:PutKeyPolicy", "kms:GetKeyPolicy"] {
        assert!(!world.clone().action(action).allowed(), "{action}");
    }
}

/// POL-1, POL-2, POL-9, POL-126, POL-127
#[test]
fn nobody_has_permission_by_being_somebody() {
    let nothing = World::new(ROOT).key_policy(&to(&json!(ALICE)));
    assert!(!nothing.allowed(), "not even the root user");
    assert!(!World::new(ROOT).allowed(), "nor without a key policy");
    let default = |caller: &str| World::new(caller).key_policy(&to(&json!(ROOT)));
    assert!(default(ROOT).allowed());
    assert!(!default(ALICE).allowed());
    assert!(default(ALICE).identity(&iam("Allow", "kms:*")).allowed());
    let denied = World::new(ALICE)
        .key_policy(&to(&json!(ALICE)))
        .identity(&iam("Deny", "kms:*"));
    assert_eq!(denied.outcome(), Outcome::ExplicitDeny, "IAM may always deny");
}

/// POL-113, POL-115, POL-116, AUTHZ-257
#[test]
fn the_account_principal_has_three_spellings_and_gives_nobody_anything() {
    for spelling in [json!("111122223333"), json!(["111122223333"]), json!(ROOT)] {
        let world = |caller: &str| World::new(caller).key_policy(&to(&spelling));
        for caller in [ALICE, SESSION, "arn:aws:sts::111122223333:federated-user/f"] {
            assert!(!world(caller).allowed(), "{caller} {spelling}");
            assert!(
                world(caller).identity(&iam("Allow", "kms:*")).allowed(),
                "{caller} {spelling}"
            );
        }
        assert!(world(ROOT).allowed());
        assert!(!world("arn:aws:iam::444455556666:root").allowed());
    }
    for caller in [ALICE, SESSION, ROLE, "arn:aws:sts::111122223333:federated-user/f"] {
        let gov = World::new(caller)
            .key_policy(&to(&json!("arn:aws-us-gov:iam::111122223333:root")))
            .identity(&iam("Allow", "*"));
        assert!(
            !gov.allowed(),
            "an account of another partition is another account: {caller}"
        );
    }
}

/// POL-7, POL-120
#[test]
fn users_roles_and_sessions_are_who_they_are() {
    let other_session = "arn:aws:sts::111122223333:assumed-role/Engineering/alice";
    let federated = "arn:aws:sts::111122223333:federated-user/carol";
    for (named, caller, expected) in [
        (ALICE, ALICE, true),
        (ALICE, "arn:aws:iam::111122223333:user/alice", false),
        (ALICE, "arn:aws:iam::111122223333:user/path/Alice", false),
        (ALICE, "arn:aws:iam::444455556666:user/Alice", false),
        (ALICE, ROOT, false),
        (ROLE, SESSION, true),
        (ROLE, other_session, true),
        (ROLE, ROLE, true),
        ("arn:aws:iam::111122223333:role/Engineering", SESSION, false),
        (ROLE, "arn:aws:sts::111122223333:assumed-role/Other/bob", false),
        (SESSION, SESSION, true),
        (SESSION, other_session, false),
        (SESSION, ROLE, false),
        (federated, federated, true),
        (federated, "arn:aws:sts::111122223333:federated-user/dave", false),
    ] {
        let world = World::new(caller).key_policy(&to(&json!(named)));
        assert_eq!(world.allowed(), expected, "{named} and {caller}");
    }
}

/// POL-68
#[test]
fn not_principal_spares_who_is_listed_by_every_name() {
    let world = |caller: &str, listed: Value| {
        let deny = json!({"Effect": "Deny", "NotPrincipal": listed, "Action": "kms:*", "Resource": "*"});
        World::new(caller)
            .key_policy(&json!([to(&json!("*")), deny]))
            .identity(&iam("Allow", "*"))
    };
    for (caller, listed, spared) in [
        (ALICE, json!({"AWS": [ALICE, ACCOUNT]}), true),
        (ALICE, json!({"AWS": [ALICE, ROOT]}), true),
        (ALICE, json!({"AWS": ALICE}), false),
        (ALICE, json!({"AWS": ROOT}), false),
        (ALICE, json!("*"), true),
        (ALICE, json!({"AWS": [SESSION, ROOT]}), false),
        (SESSION, json!({"AWS": [SESSION, ROLE, ROOT]}), true),
        (SESSION, json!({"AWS": [ROLE, ROOT]}), false),
        (SESSION, json!({"AWS": [SESSION, ROOT]}), false),
        (SESSION, json!({"AWS": [SESSION, ROLE]}), false),
        (ROLE, json!({"AWS": [ROLE, ROOT]}), false),
        (ROOT, json!({"AWS": ROOT}), true),
        (ROOT, json!({"AWS": ALICE}), false),
        (
            "cloudtrail.amazonaws.com",
            json!({"Service": "cloudtrail.amazonaws.com"}),
            true,
        ),
        (
            "cloudtrail.amazonaws.com",
            json!({"Service": "logs.amazonaws.com"}),
            false,
        ),
        (
            "arn:aws:sts::111122223333:federated-user/f",
            json!({"AWS": [ROOT, "arn:aws:sts::111122223333:federated-user/f"]}),
            true,
        ),
        (
            "arn:aws:sts::111122223333:federated-user/f",
            json!({"AWS": ROOT}),
            false,
        ),
        ("*", json!({"AWS": ROOT}), false),
    ] {
        let outcome = world(caller, listed.clone()).outcome();
        assert_eq!(outcome != Outcome::ExplicitDeny, spared, "{caller} {listed}");
    }
    let bounded = world(ALICE, json!({"AWS": [ALICE, ROOT]})).boundary(&iam("Allow", "*"));
    assert_eq!(
        bounded.outcome(),
        Outcome::ExplicitDeny,
        "a bounded user is never spared"
    );
    let bounded = world(ROOT, json!({"AWS": ROOT})).boundary(&iam("Allow", "*"));
    assert!(bounded.allowed(), "only users and roles have boundaries");
}

/// POL-93, POL-94
#[test]
fn resources_in_key_policies() {
    let statement = |effect: &str, resource: Value| {
        let mut statement = json!({"Effect": effect, "Principal": {"AWS": ALICE}, "Action": "kms:*"});
        if !resource.is_null() {
            statement["Resource"] = resource;
        }
        statement
    };
    for (resource, applies) in [
        (json!("*"), true),
        (json!(KEY), true),
        (json!("arn:aws:kms:us-east-1:111122223333:key/other"), false),
        (json!("arn:aws:kms:us-west-2:111122223333:key/*"), false),
        (Value::Null, false),
    ] {
        assert_eq!(
            World::new(ALICE)
                .key_policy(&statement("Allow", resource.clone()))
                .allowed(),
            applies,
            "{resource}"
        );
        let denies = World::new(ALICE).key_policy(&json!([
            statement("Allow", json!("*")),
            statement("Deny", resource.clone())
        ]));
        assert_eq!(!denies.allowed(), applies, "{resource}");
    }
}

/// POL-99
#[test]
fn a_statement_whose_condition_is_not_met_does_nothing() {
    let condition = json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}});
    let mut allow = to(&json!(ALICE));
    allow["Condition"] = condition.clone();
    let mut deny = iam("Deny", "kms:*");
    deny["Condition"] = condition;
    for (given, met) in [
        (json!({"aws:sourceVpce": "vpce-1"}), true),
        (json!({"aws:SourceVpce": "vpce-2"}), false),
        (json!({}), false),
    ] {
        assert_eq!(World::new(ALICE).key_policy(&allow).context(&given).allowed(), met);
        let denied = World::new(ALICE)
            .key_policy(&to(&json!(ALICE)))
            .identity(&deny)
            .context(&given);
        assert_eq!(!denied.allowed(), met);
    }
}

#[test]
fn what_an_exception_excepts_must_be_known() {
    let resource = "arn:aws:s3:::bucket/x";
    let statement = |effect: &str| json!({"Effect": effect, "Action": "s3:*", "NotResource": ["arn:aws:s3:::bucket/${aws:username}", "arn:aws:s3:::y"]});
    let world = |given: Value| {
        World::new(SESSION)
            .action("s3:GetObject")
            .resource(resource, ACCOUNT)
            .context(&given)
    };
    for (given, allows, denies) in [
        (json!({"aws:username": "z"}), true, true),
        (json!({"aws:username": "x"}), false, false),
        (json!({}), false, true),
    ] {
        assert_eq!(
            world(given.clone()).identity(&statement("Allow")).allowed(),
            allows,
            "{given}"
        );
        let world = world(given.clone())
            .identity(&iam("Allow", "*"))
            .identity(&statement("Deny"));
        assert_eq!(!world.allowed(), denies, "{given}");
    }
}

#[test]
fn other_resources_follow_the_general_rule() {
    let object = "arn:aws:s3:::bucket/x";
    let policy = |principal: Value| json!({"Effect": "Allow", "Principal": principal, "Action": "s3:*", "Resource": "arn:aws:s3:::bucket/*"});
    let world = |caller: &str, owner: &str| World::new(caller).action("s3:GetObject").resource(object, owner);
    let eve = "arn:aws:iam::444455556666:user/Eve";
    let reads = iam("Allow", "s3:Get*");
    for (world, expected, code) in [
        (world(ALICE, ACCOUNT), false, "NO_IAM_POLICY_ALLOWS"),
        (world(ALICE, ACCOUNT).identity(&reads), true, "ALLOWED_BY_IAM_POLICY"),
        (
            world(ALICE, ACCOUNT).key_policy(&policy(json!({"AWS": ALICE}))),
            true,
            "ALLOWED_BY_KEY_POLICY",
        ),
        (
            world(ALICE, ACCOUNT).key_policy(&policy(json!("*"))),
            true,
            "ALLOWED_BY_KEY_POLICY",
        ),
        (
            world(ALICE, ACCOUNT).key_policy(&policy(json!({"AWS": ACCOUNT}))),
            false,
            "NO_IAM_POLICY_ALLOWS",
        ),
        (world(ROOT, ACCOUNT), true, "ALLOWED_BY_IAM_POLICY"),
        (world(eve, ACCOUNT).identity(&reads), false, "NO_RESOURCE_POLICY_ALLOWS"),
        (
            world(eve, ACCOUNT).key_policy(&policy(json!({"AWS": "444455556666"}))),
            false,
            "NO_IAM_POLICY_ALLOWS",
        ),
        (
            world(eve, ACCOUNT)
                .key_policy(&policy(json!({"AWS": "444455556666"})))
                .identity(&reads),
            true,
            "ALLOWED_BY_KEY_POLICY",
        ),
        (
            world(eve, ACCOUNT)
                .key_policy(&policy(json!({"AWS": eve})))
                .identity(&reads),
            true,
            "ALLOWED_BY_KEY_POLICY",
        ),
        (
            world("*", ACCOUNT).key_policy(&policy(json!("*"))),
            true,
            "ALLOWED_BY_KEY_POLICY",
        ),
        (world("*", ACCOUNT), false, "NO_RESOURCE_POLICY_ALLOWS"),
        (
            world("logs.amazonaws.com", ACCOUNT).key_policy(&policy(json!({"Service": "logs.amazonaws.com"}))),
            true,
            "ALLOWED_BY_KEY_POLICY",
        ),
    ] {
        assert_eq!((world.allowed(), world.code()), (expected, code), "{}", world.caller);
    }
}

#[test]
fn a_role_is_assumed_by_its_trust_policy() {
    let role = "arn:aws:iam::111122223333:role/Engineering";
    let trust = |principal: Value| {
        let text =
            document(&json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})).to_string();
        Policy::parse(&text, PolicyKind::Trust, &Rules::TRUST_POLICY).unwrap()
    };
    let world = |caller: &str, principal: Value| {
        let mut world = World::new(caller).action("sts:AssumeRole").resource(role, ACCOUNT);
        world.key_policy = Some(trust(principal));
        world
    };
    let eve = "arn:aws:iam::444455556666:user/Eve";
    let assumes = iam("Allow", "sts:AssumeRole");
    assert!(world(ALICE, json!({"AWS": ALICE})).allowed());
    assert!(!world(ALICE, json!({"AWS": ACCOUNT})).allowed());
    assert!(world(ALICE, json!({"AWS": ACCOUNT})).identity(&assumes).allowed());
    assert!(
        !world(ALICE, json!({"AWS": "444455556666"}))
            .identity(&assumes)
            .allowed(),
        "IAM alone does not open a role"
    );
    assert!(!world(eve, json!({"AWS": eve})).allowed());
    assert!(world(eve, json!({"AWS": eve})).identity(&assumes).allowed());
    assert!(world("ec2.amazonaws.com", json!({"Service": "ec2.amazonaws.com"})).allowed());
    let web = world("*", json!({"Federated": "accounts.google.com"}));
    web.visit(|request, policies, context| {
        let principal = Principal::WebIdentity {
            provider: "accounts.google.com",
        };
        assert!(decide(&Request { principal, ..*request }, policies, context).is_allowed());
        let principal = Principal::WebIdentity {
            provider: "example.com",
        };
        assert!(!decide(&Request { principal, ..*request }, policies, context).is_allowed());
    });
}

/// AUTHZ-227, AUTHZ-273: nothing else is asked of an account that is not enabled in the Region, whatever allows.
#[test]
fn an_account_that_is_not_enabled_is_let_do_nothing() {
    let world = World::new(ALICE)
        .key_policy(&to(&json!([ALICE, ROOT])))
        .identity(&iam("Allow", "kms:*"))
        .grant(grant());
    assert!(world.allowed());
    world.visit(|request, policies, context| {
        let policies = Policies {
            not_enabled: Some("eu-west-1"),
            ..*policies
        };
        let (decision, trace) = explain(request, &policies, context);
        assert_eq!(
            (decision.outcome, decision.code),
            (Outcome::ImplicitDeny, Code::AccountNotEnabledInRegion)
        );
        let steps: Vec<_> = trace
            .steps
            .iter()
            .map(|step| (step.question.number(), step.answer))
            .collect();
        assert_eq!(steps, [("0b", false)]);
        assert_eq!(
            decision.explanation(request),
            format!("Account {ACCOUNT} is not enabled in Region eu-west-1.")
        );
        let refusal = decision.refusal(ALICE, "kms:Encrypt", Subject::Own(KEY));
        assert_eq!(
            refusal.as_deref(),
            Some(
                "User: arn:aws:iam::111122223333:user/Alice is not authorized to perform: kms:Encrypt because its \
                 account is not enabled in Region eu-west-1"
            )
        );
    });
}
