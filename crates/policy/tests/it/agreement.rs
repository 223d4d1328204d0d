//! Both evaluators agree on generated scenarios, and the decision is monotone: more denials never allow, more grants
//! never deny.

use crate::naive;
use crate::support::{ACCOUNT, KEY, OTHER_ACCOUNT, outcome};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

const USER: &str = "arn:aws:iam::111122223333:user/team/bob";
const ROLE: &str = "arn:aws:iam::111122223333:role/app";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/app/one";
const SERVICE: &str = "cloudtrail.amazonaws.com";

fn one_or_many(items: Vec<Value>) -> Value {
    match items.as_slice() {
        [one] => one.clone(),
        _ => Value::Array(items),
    }
}

fn some(items: &'static [&'static str]) -> impl Strategy<Value = Value> {
    subsequence(items, 1..=items.len().min(3))
        .prop_map(|items| one_or_many(items.into_iter().map(Value::from).collect()))
}

fn caller() -> impl Strategy<Value = String> {
    select(vec![
        USER.to_owned(),
        ROLE.to_owned(),
        SESSION.to_owned(),
        "arn:aws:sts::111122223333:federated-user/carol".to_owned(),
        "arn:aws:iam::111122223333:root".to_owned(),
        "arn:aws:iam::444455556666:user/eve".to_owned(),
        format!("service:{SERVICE}"),
        "*".to_owned(),
    ])
}

fn principals() -> impl Strategy<Value = Value> {
    const NAMES: &[&str] = &[
        "*",
        ACCOUNT,
        OTHER_ACCOUNT,
        "arn:aws:iam::111122223333:root",
        USER,
        ROLE,
        SESSION,
        "arn:aws:sts::111122223333:federated-user/carol",
        "arn:aws:iam::444455556666:user/eve",
    ];
    prop_oneof![
        2 => Just(json!("*")),
        6 => some(NAMES).prop_map(|names| json!({"AWS": names})),
        1 => Just(json!({"Service": SERVICE})),
        1 => some(NAMES).prop_map(|names| json!({"AWS": names, "Service": [SERVICE, "ec2.amazonaws.com"]})),
    ]
}

const ACTIONS: &[&str] = &[
    "kms:*",
    "*",
    "kms:Decrypt",
    "KMS:de?rypt",
    "kms:Put*",
    "s3:*",
    "kms:ListKeys",
];
const RESOURCES: &[&str] = &[
    "*",
    KEY,
    "arn:aws:kms:*:111122223333:key/*",
    "arn:aws:kms:us-east-1:*:alias/*",
    "arn:aws:s3:::bucket/${aws:username}/*",
    "arn:aws:s3:::bucket/${aws:PrincipalTag/team, 'none'}/*",
    "arn:aws:kms:us-east-1:${aws:PrincipalAccount}:key/?234*",
];

fn conditions() -> impl Strategy<Value = Value> {
    let strings = some(&[
        "blue",
        "B*",
        "bl?e",
        "${aws:PrincipalTag/team}",
        "${aws:username}",
        "${*}",
        "red",
    ]);
    let string = (
        select(vec!["", "ForAnyValue:", "ForAllValues:"]),
        select(vec![
            "StringEquals",
            "StringNotEquals",
            "StringLike",
            "stringnotlike",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
        ]),
        select(vec!["", "IfExists"]),
        select(vec![
            "aws:TagKeys",
            "aws:PrincipalTag/Team",
            "AWS:principaltag/team",
            "aws:missing",
        ]),
        strings,
    )
        .prop_map(|(set, name, if_exists, key, values)| (format!("{set}{name}{if_exists}"), key, values));
    let number = (
        select(vec![
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericGreaterThanEqualsIfExists",
        ]),
        select(vec![json!(30), json!("30.0"), json!([7, "29.5"]), json!(31)]),
    )
        .prop_map(|(name, values)| (name.to_owned(), "kms:Days", values));
    let date = (
        select(vec![
            "DateLessThan",
            "DateGreaterThanEquals",
            "DateNotEquals",
            "DateEqualsIfExists",
        ]),
        select(vec![json!("2026-01-01T00:00:00Z"), json!("2027-06-30T12:00:00Z")]),
    )
        .prop_map(|(name, values)| (name.to_owned(), "aws:TokenIssueTime", values));
    let other = select(vec![
        ("Bool".to_owned(), "aws:SecureTransport", json!(true)),
        ("BoolIfExists".to_owned(), "aws:SecureTransport", json!("false")),
        ("Null".to_owned(), "aws:PrincipalTag/team", json!("true")),
        ("Null".to_owned(), "aws:TagKeys", json!(false)),
        (
            "IpAddress".to_owned(),
            "aws:SourceIp",
            json!(["10.0.0.0/8", "203.0.113.7"]),
        ),
        ("NotIpAddress".to_owned(), "aws:SourceIp", json!("10.0.0.0/8")),
        ("ArnLike".to_owned(), "aws:PrincipalArn", json!("arn:aws:iam::*:role/*")),
        (
            "ArnNotEquals".to_owned(),
            "aws:PrincipalArn",
            json!([USER, "arn:aws:iam::*:root"]),
        ),
        ("StringEquals".to_owned(), "kms:CallerAccount", json!(ACCOUNT)),
        (
            "StringEquals".to_owned(),
            "aws:ResourceAccount",
            json!("${aws:PrincipalAccount}"),
        ),
    ]);
    let line = prop_oneof![3 => string, 1 => number, 1 => date, 3 => other];
    prop_oneof![
        3 => Just(Value::Null),
        2 => proptest::collection::vec(line, 1..3).prop_map(|lines| {
            let mut condition = Map::new();
            for (operator, key, values) in lines {
                condition.insert(operator, json!({key: values}));
            }
            Value::Object(condition)
        }),
    ]
}

fn statement(named: bool) -> impl Strategy<Value = Value> {
    (
        prop_oneof![3 => Just("Allow"), 1 => Just("Deny")],
        any::<[bool; 3]>(),
        principals(),
        some(ACTIONS),
        some(RESOURCES),
        conditions(),
        0..8_u8,
    )
        .prop_map(move |(effect, negate, principal, action, resource, condition, rare)| {
            let mut statement = Map::new();
            statement.insert("Effect".into(), effect.into());
            if named {
                let negated = effect == "Deny" && negate[0];
                statement.insert(if negated { "NotPrincipal" } else { "Principal" }.into(), principal);
            }
            let negated = negate[1] && rare == 0;
            statement.insert(if negated { "NotAction" } else { "Action" }.into(), action);
            let negated = negate[2] && rare < 2;
            statement.insert(if negated { "NotResource" } else { "Resource" }.into(), resource);
            if !condition.is_null() {
                statement.insert("Condition".into(), condition);
            }
            Value::Object(statement)
        })
}

fn document(named: bool) -> impl Strategy<Value = Value> {
    (
        proptest::collection::vec(statement(named), 1..4),
        prop_oneof![5 => Just("2012-10-17"), 1 => Just("2008-10-17")],
    )
        .prop_map(|(statements, version)| json!({"Version": version, "Statement": one_or_many(statements)}))
}

fn documents(named: bool, most: usize) -> impl Strategy<Value = Value> {
    proptest::collection::vec(document(named), 0..=most).prop_map(|documents| {
        let named = documents.into_iter().enumerate();
        Value::Array(
            named
                .map(|(at, policy)| json!({"name": format!("p{at}"), "policy": policy}))
                .collect(),
        )
    })
}

fn gate(named: bool) -> impl Strategy<Value = Value> {
    let mut statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    if named {
        statement["Principal"] = json!("*");
    }
    let open = json!([{"name": "all", "policy": {"Version": "2012-10-17", "Statement": statement}}]);
    prop_oneof![4 => Just(json!([])), 2 => Just(open), 1 => documents(named, 2)]
}

fn levels(resource: bool) -> impl Strategy<Value = Value> {
    let document = if resource {
        proptest::collection::vec(statement(false), 1..3)
            .prop_map(|statements| {
                let statements = statements.into_iter().map(|mut statement| {
                    statement["Principal"] = json!("*");
                    statement
                });
                json!({"Version": "2012-10-17", "Statement": statements.collect::<Vec<_>>()})
            })
            .boxed()
    } else {
        document(false).boxed()
    };
    let level = proptest::collection::vec(document, 1..3).prop_map(|documents| {
        let policies = documents
            .into_iter()
            .map(|policy| json!({"name": "x", "policy": policy}));
        json!({"target": "ou", "policies": policies.collect::<Vec<_>>()})
    });
    prop_oneof![5 => Just(json!([])), 1 => proptest::collection::vec(level, 1..3).prop_map(Value::Array)]
}

fn context() -> impl Strategy<Value = Value> {
    subsequence(
        vec![
            ("aws:PrincipalTag/team", json!("blue")),
            ("aws:tagkeys", json!(["blue", "red"])),
            ("aws:SourceIp", json!("10.1.2.3")),
            ("aws:SecureTransport", json!(true)),
            ("kms:Days", json!(30)),
            ("aws:TokenIssueTime", json!("2026-01-01T00:00:00Z")),
        ],
        0..=6,
    )
    .prop_map(|keys| Value::Object(keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()))
}

fn resource() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => Just(json!({"arn": KEY, "account": ACCOUNT})),
        1 => Just(json!({"arn": "arn:aws:kms:us-east-1:444455556666:key/1234", "account": OTHER_ACCOUNT})),
        2 => Just(json!({"arn": "arn:aws:s3:::bucket/bob/x", "account": ACCOUNT})),
        1 => Just(json!({"arn": "arn:aws:kms:us-east-1:111122223333:alias/a", "account": ACCOUNT})),
        1 => Just(json!({"arn": "*", "account": ACCOUNT})),
    ]
}

fn scenario() -> impl Strategy<Value = Value> {
    (
        (
            caller(),
            select(vec!["kms:Decrypt", "kms:PutKeyPolicy", "s3:GetObject", "kms:ListKeys"]),
            resource(),
            context(),
        ),
        documents(false, 3),
        gate(false),
        gate(false),
        levels(false),
        levels(true),
        prop_oneof![1 => Just(Value::Null), 4 => document(true)],
        gate(true),
    )
        .prop_map(
            |((principal, action, resource, context), identity, boundaries, session, scp, rcp, policy, endpoints)| {
                json!({
                    "request": {"principal": principal, "action": action, "resource": resource, "context": context},
                    "identityPolicies": identity,
                    "permissionsBoundaries": boundaries,
                    "sessionPolicies": session,
                    "serviceControlPolicies": scp,
                    "resourceControlPolicies": rcp,
                    "resourcePolicy": policy,
                    "endpointPolicies": endpoints,
                })
            },
        )
}

/// The generator reaches every outcome often enough to mean something.
#[test]
fn all_outcomes_are_generated() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = scenario();
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..600 {
        let scenario = strategy.new_tree(&mut runner).unwrap().current();
        *counts.entry(naive::decide(&scenario)).or_insert(0) += 1;
    }
    for outcome in ["Allow", "ExplicitDeny", "ImplicitDeny"] {
        assert!(counts.get(outcome).is_some_and(|count| *count > 60), "{counts:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    /// AUTHZ-1, POL-69
    #[test]
    fn both_evaluators_agree(scenario in scenario()) {
        prop_assert_eq!(outcome(&scenario), naive::decide(&scenario));
    }

    /// POL-69
    #[test]
    fn a_denial_never_turns_a_refusal_into_permission(scenario in scenario(), deny in statement(false), named in statement(true)) {
        let before = outcome(&scenario);
        let mut with = scenario.clone();
        let mut deny = deny;
        deny["Effect"] = json!("Deny");
        with["identityPolicies"].as_array_mut().unwrap()
            .push(json!({"name": "deny", "policy": {"Version": "2012-10-17", "Statement": deny}}));
        let after = outcome(&with);
        prop_assert!(before == "Allow" || after != "Allow", "{} then {}", before, after);
        prop_assert!(before != "ExplicitDeny" || after == "ExplicitDeny");
        if let (Value::Object(_), "Deny") = (&scenario["resourcePolicy"], named["Effect"].as_str().unwrap()) {
            let mut with = scenario.clone();
            let mut statements = match &scenario["resourcePolicy"]["Statement"] {
                Value::Array(statements) => statements.clone(),
                one => vec![one.clone()],
            };
            statements.push(named);
            with["resourcePolicy"]["Statement"] = Value::Array(statements);
            let after = outcome(&with);
            prop_assert!(before == "Allow" || after != "Allow", "{} then {}", before, after);
        }
    }
}
