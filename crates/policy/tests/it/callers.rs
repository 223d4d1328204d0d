//! Callers as the service knows them: users and roles by unique ids, so that a name which somebody else has now means
//! nobody in the policies of before; services, providers and strangers.

use crate::support::{ACCOUNT, ALICE, KEY, ROLE, SESSION, document};
use serde_json::{Value, json};
use trent_names::PrincipalArn;
use trent_policy::{
    Action, Attached, NoContext, Policies, Policy, PolicyKind, Principal, Request, Resource, Rules, decide,
};

fn decided(policy: &Policy, principal: Principal<'_>) -> bool {
    let action = Action::new("kms:Encrypt");
    let request = Request {
        principal,
        action: &action,
        resource: Resource::Key {
            arn: KEY,
            account: ACCOUNT.parse().unwrap(),
        },
        cross_account: true,
    };
    let policies = Policies {
        resource: Some(Attached {
            name: "default",
            policy,
        }),
        ..Policies::default()
    };
    decide(&request, &policies, &NoContext).is_allowed()
}

fn key_policy(principal: &Value) -> Policy {
    let text =
        document(&json!({"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"})).to_string();
    Policy::parse(&text, PolicyKind::Resource, &Rules::STORED).unwrap()
}

/// POL-57
#[test]
fn a_newcomer_of_the_same_name_is_somebody_else() {
    let alice: PrincipalArn = ALICE.parse().unwrap();
    let role: PrincipalArn = ROLE.parse().unwrap();
    let session: PrincipalArn = SESSION.parse().unwrap();
    let user = |id| Principal::User { arn: &alice, id };
    let of_role = |id| Principal::RoleSession {
        role: Some(&role),
        session: Some(&session),
        id,
    };
    let mut policy = key_policy(&json!({"AWS": [ALICE, ROLE]}));
    assert!(decided(&policy, user(Some("AIDANEWCOMER00000000"))), "not bound yet");
    policy.bind(|arn| {
        Some(
            if arn == &alice {
                "AIDAFIRST00000000000"
            } else {
                "AROAFIRST00000000000"
            }
            .to_owned(),
        )
    });
    assert!(decided(&policy, user(Some("AIDAFIRST00000000000"))));
    assert!(!decided(&policy, user(Some("AIDANEWCOMER00000000"))));
    assert!(decided(&policy, of_role(Some("AROAFIRST00000000000"))));
    assert!(!decided(&policy, of_role(Some("AROANEWCOMER00000000"))));
    let renamed: PrincipalArn = "arn:aws:iam::111122223333:user/alison".parse().unwrap();
    let named = |arn| Principal::User {
        arn,
        id: Some("AIDAFIRST00000000000"),
    };
    assert!(
        decided(&policy, named(&renamed)),
        "the same user, called something else"
    );
    let visitor: PrincipalArn = "arn:aws:sts::111122223333:federated-user/visitor".parse().unwrap();
    let federated = |id| Principal::FederatedUser {
        arn: &visitor,
        user: Some(&alice),
        id: Some(id),
    };
    assert!(decided(&policy, federated("AIDAFIRST00000000000")));
    assert!(!decided(&policy, federated("AIDANEWCOMER00000000")));
    let bob: PrincipalArn = "arn:aws:iam::111122223333:user/Bob".parse().unwrap();
    let of_user = |user| Principal::FederatedUser {
        arn: &visitor,
        user: Some(user),
        id: None,
    };
    assert!(decided(&policy, of_user(&alice)), "without an id the name tells");
    assert!(!decided(&policy, of_user(&bob)));

    let mut policy = key_policy(&json!({"AWS": SESSION}));
    policy.bind(|_| Some("AROAFIRST00000000000".to_owned()));
    assert!(decided(&policy, of_role(Some("AROAFIRST00000000000"))));
    assert!(!decided(&policy, of_role(Some("AROANEWCOMER00000000"))));
    let other: PrincipalArn = format!("{SESSION}-2").parse().unwrap();
    let another_session = Principal::RoleSession {
        role: Some(&role),
        session: Some(&other),
        id: Some("AROAFIRST00000000000"),
    };
    assert!(!decided(&policy, another_session));

    let gone = key_policy(&json!({"AWS": "AIDAFIRST00000000000"}));
    assert!(decided(&gone, user(Some("AIDAFIRST00000000000"))));
    assert!(!decided(&gone, user(Some("AIDANEWCOMER00000000"))));
    assert!(!decided(&gone, user(None)));
    let gone = key_policy(&json!({"AWS": "AROAFIRST00000000000"}));
    assert!(decided(&gone, of_role(Some("AROAFIRST00000000000"))));
    assert!(!decided(&gone, of_role(Some("AROANEWCOMER00000000"))));
    assert!(!decided(&gone, user(Some("AROAFIRST00000000000X"))));
    for (id, expected) in [
        ("AROAFIRST00000000000:bob", true),
        ("AROAFIRST00000000000:eve", false),
        ("AROAOTHER00000000000:bob", false),
    ] {
        assert_eq!(
            decided(&key_policy(&json!({"AWS": id})), of_role(Some("AROAFIRST00000000000"))),
            expected,
            "{id}"
        );
    }
}

#[test]
fn a_session_whose_role_is_known_by_name_only() {
    let session: PrincipalArn = SESSION.parse().unwrap();
    let caller = Principal::RoleSession {
        role: None,
        session: Some(&session),
        id: None,
    };
    assert!(
        decided(&key_policy(&json!({"AWS": ROLE})), caller),
        "a role's name is unique in its account"
    );
    for other in [
        "arn:aws:iam::111122223333:role/Other",
        "arn:aws:iam::444455556666:role/service/Engineering",
        "arn:aws-cn:iam::111122223333:role/Engineering",
    ] {
        assert!(!decided(&key_policy(&json!({"AWS": other})), caller), "{other}");
    }
}

#[test]
fn services_providers_and_strangers() {
    let service = Principal::Service {
        names: &["logs.us-east-1.amazonaws.com", "logs.amazonaws.com"],
    };
    let web = Principal::WebIdentity {
        provider: "accounts.google.com",
    };
    for (principal, caller, expected) in [
        (json!({"Service": "logs.amazonaws.com"}), service, true),
        (json!({"Service": "ec2.amazonaws.com"}), service, false),
        (json!({"AWS": "*"}), service, true),
        (json!({"Federated": "accounts.google.com"}), web, false),
        (json!({"CanonicalUser": "accounts.google.com"}), web, false),
        (json!("*"), Principal::Anonymous, false),
    ] {
        assert_eq!(decided(&key_policy(&principal), caller), expected, "{principal}");
    }
}
