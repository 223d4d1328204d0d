//! What documents are accepted, what each kind may say, and what the services answer to the others.

use crate::support::{document, parse, try_parse};
use serde_json::{Value, json};
use trent_policy::{Effect, Malformed, Policy, PolicyKind, Problem, Rules, Version};

fn key_statement() -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"})
}

fn iam_statement() -> Value {
    json!({"Effect": "Allow", "Action": "kms:*", "Resource": "*"})
}

fn with(mut statement: Value, key: &str, value: Value) -> Value {
    if value.is_null() {
        statement.as_object_mut().unwrap().remove(key);
    } else {
        statement[key] = value;
    }
    statement
}

fn refused(kind: PolicyKind, statement: &Value) -> String {
    message(kind, &document(statement))
}

fn message(kind: PolicyKind, document: &Value) -> String {
    match try_parse(kind, document) {
        Ok(_) => panic!("accepted: {document:#}"),
        Err(error) => error.service_message(kind),
    }
}

const SYNTAX: &str = "Syntax errors in policy.";
const LEGACY: &str = "The policy failed legacy parsing";

/// POL-85, POL-86, POL-87, POL-90, POL-91
#[test]
fn single_or_list_everywhere() {
    let one = json!({"Version": "2012-10-17", "Id": "an id", "Statement": key_statement()});
    let policy = parse(PolicyKind::Resource, &one);
    assert_eq!((policy.id(), policy.version()), (Some("an id"), Version::V2012));
    assert_eq!(policy.statements().len(), 1);
    let statement = json!({"Sid": "Allow use of the key", "Effect": "Deny", "Principal": {"AWS": ["111122223333"], "Service": ["a.amazonaws.com"]},
        "Action": ["kms:Get*", "kms:L?st"], "Resource": ["*"], "Condition": {"StringEquals": {"a": ["b"], "c": "d"}}});
    let policy = parse(PolicyKind::Resource, &document(&json!([key_statement(), statement])));
    let second = &policy.statements()[1];
    assert_eq!(
        (second.sid(), second.index(), second.effect()),
        (Some("Allow use of the key"), 1, Effect::Deny)
    );
    assert_eq!((second.principals().len(), second.conditions().len()), (2, 2));
    for bad in [
        json!([]),
        json!({}),
        json!("x"),
        json!(["afd"]),
        json!([[key_statement()]]),
        Value::Null,
    ] {
        assert_eq!(refused(PolicyKind::Resource, &bad), SYNTAX, "{bad}");
    }
    assert_eq!(message(PolicyKind::Resource, &json!({"Version": "2012-10-17"})), SYNTAX);
}

#[test]
fn each_statement_knows_its_line() {
    let text = "{\n \"Version\": \"2012-10-17\",\n \"Statement\": [\n  {\"Effect\": \"Allow\",\n   \"Action\": \"*\", \"Resource\": \"*\"},\n\n  \
                {\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}\n ]\n}";
    let policy = Policy::parse(text, PolicyKind::Identity, &Rules::MANAGED_POLICY).unwrap();
    let lines: Vec<_> = policy.statements().iter().map(trent_policy::Statement::line).collect();
    assert_eq!(lines, [4, 7]);
    let error = Policy::parse(
        &text.replace("\n\n", "\n,\n"),
        PolicyKind::Identity,
        &Rules::MANAGED_POLICY,
    )
    .unwrap_err();
    assert_eq!(error.line, 6);
}

/// POL-84
#[test]
fn versions() {
    let document = |version: Value| match version {
        Value::Null => json!({"Statement": key_statement()}).to_string(),
        version => json!({"Version": version, "Statement": key_statement()}).to_string(),
    };
    let parse = |version: Value, rules: &Rules| Policy::parse(&document(version), PolicyKind::Resource, rules);
    assert_eq!(parse(Value::Null, &Rules::SCENARIO).unwrap().version(), Version::V2008);
    assert_eq!(
        parse(json!("2008-10-17"), &Rules::KEY_POLICY).unwrap().version(),
        Version::V2008
    );
    assert_eq!(
        parse(json!("2012-10-17"), &Rules::KEY_POLICY).unwrap().version(),
        Version::V2012
    );
    assert_eq!(
        parse(Value::Null, &Rules::KEY_POLICY).unwrap_err().problem,
        Problem::Missing("Version")
    );
    for version in [Value::Null, json!("2008-10-17")] {
        let error = parse(version, &Rules::MANAGED_POLICY).unwrap_err();
        assert_eq!(
            error.service_message(PolicyKind::Identity),
            "Policy document must be version 2012-10-17 or greater."
        );
    }
    for version in [json!("2013-10-17"), json!("2012-10-18"), json!(""), json!(2012)] {
        assert_eq!(
            parse(version, &Rules::SCENARIO)
                .unwrap_err()
                .service_message(PolicyKind::Resource),
            SYNTAX
        );
    }
}

/// POL-102
#[test]
fn names_of_elements_are_exact() {
    for (element, other) in [
        ("Effect", "effect"),
        ("Action", "ACTION"),
        ("Resource", "resource"),
        ("Principal", "principal"),
    ] {
        let statement = key_statement();
        let value = statement[element].clone();
        let statement = with(with(statement, element, Value::Null), other, value);
        assert_eq!(refused(PolicyKind::Resource, &statement), SYNTAX, "{other}");
    }
    for extra in ["Extra field", "Conditions", "sid", ""] {
        assert_eq!(
            refused(PolicyKind::Resource, &with(key_statement(), extra, json!("x"))),
            SYNTAX
        );
        let document = json!({"Version": "2012-10-17", "Statement": key_statement(), extra: "x"});
        assert_eq!(message(PolicyKind::Resource, &document), SYNTAX);
    }
    for (effect, expected) in [("invalid", SYNTAX), ("", SYNTAX), ("allow", LEGACY), ("denY", LEGACY)] {
        assert_eq!(
            refused(PolicyKind::Resource, &with(key_statement(), "Effect", json!(effect))),
            expected
        );
    }
    assert_eq!(
        refused(PolicyKind::Resource, &with(key_statement(), "Effect", Value::Null)),
        SYNTAX
    );
    for id in [json!({}), json!([]), json!(1)] {
        assert_eq!(
            message(
                PolicyKind::Resource,
                &json!({"Version": "2012-10-17", "Id": id, "Statement": key_statement()})
            ),
            SYNTAX
        );
    }
    for (key, value) in [
        ("Sid", json!([])),
        ("Effect", json!(true)),
        ("Principal", json!([])),
        ("Principal", json!(5)),
        ("Action", json!({})),
        ("Action", json!([[]])),
        ("Resource", json!({"a": "*"})),
        ("Resource", json!(["*", {}])),
        ("Condition", json!([])),
        ("Condition", json!("a")),
        ("Condition", json!({"StringEquals": "b"})),
        ("Condition", json!({"StringEquals": []})),
        ("Condition", json!({"StringEquals": {"a": {}}})),
        ("Condition", json!({"StringEquals": {"a": [[]]}})),
        ("Condition", json!({"StringEquals": {"a": [null]}})),
    ] {
        assert_eq!(
            refused(PolicyKind::Resource, &with(key_statement(), key, value.clone())),
            SYNTAX,
            "{key} {value}"
        );
    }
}

/// POL-101
#[test]
fn text_that_is_not_json_or_can_be_read_in_two_ways() {
    for text in [
        "",
        "This is not a json document",
        "null",
        "[]",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*",}]}"#,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}"#,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Eff\u0065ct":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}"#,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"Bool":{"a":"true","a":"false"}}}]}"#,
    ] {
        let error = Policy::parse(text, PolicyKind::Resource, &Rules::KEY_POLICY).unwrap_err();
        assert_eq!(error.service_message(PolicyKind::Resource), SYNTAX, "{text}");
    }
}

/// POL-62, POL-224
#[test]
fn principals_by_kind() {
    for kind in [
        PolicyKind::Identity,
        PolicyKind::PermissionsBoundary,
        PolicyKind::Session,
        PolicyKind::ServiceControl,
    ] {
        for element in ["Principal", "NotPrincipal"] {
            let statement = with(iam_statement(), element, json!("*"));
            assert_eq!(
                refused(kind, &statement),
                "Policy document should not specify a principal."
            );
        }
        parse(kind, &document(&iam_statement()));
    }
    for kind in [PolicyKind::Resource, PolicyKind::Endpoint, PolicyKind::ResourceControl] {
        assert_eq!(
            refused(kind, &iam_statement()),
            "Policy contains a statement with no principal."
        );
        parse(kind, &document(&with(iam_statement(), "Principal", json!("*"))));
    }
    let rcp = with(iam_statement(), "Principal", json!({"AWS": "111122223333"}));
    assert_eq!(
        refused(PolicyKind::ResourceControl, &rcp),
        "Policy contains a statement with one or more invalid principals."
    );
}

/// POL-108, POL-109, POL-116
#[test]
fn names_of_principals() {
    for (family, name) in [
        ("AWS", "*"),
        ("AWS", "111122223333"),
        ("AWS", "arn:aws:iam::111122223333:root"),
        ("AWS", "arn:aws-cn:iam::111122223333:user/a/b"),
        ("AWS", "arn:aws:iam::111122223333:role/aws-service-role/x"),
        ("AWS", "arn:aws:sts::111122223333:assumed-role/r/s"),
        ("AWS", "arn:aws:sts::111122223333:federated-user/u"),
        ("AWS", "AIDACKCEVSQ6C2EXAMPLE"),
        ("AWS", "AROADBQP57FF2AEXAMPLE"),
        ("AWS", "AROADBQP57FF2AEXAMPLE:session"),
        ("Service", "cloudtrail.amazonaws.com"),
        ("Federated", "accounts.google.com"),
        ("Federated", "arn:aws:iam::111122223333:oidc-provider/id.example.com/x"),
        (
            "CanonicalUser",
            "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
        ),
    ] {
        parse(
            PolicyKind::Resource,
            &document(&with(key_statement(), "Principal", json!({family: name}))),
        );
    }
    for (family, name) in [
        ("AWS", ""),
        ("AWS", "11112222333"),
        ("AWS", "1111222233333"),
        ("AWS", "Alice"),
        ("AWS", "arn:aws:iam::111122223333:group/admins"),
        ("AWS", "arn:aws:iam::111122223333:*"),
        ("AWS", "arn:aws:iam::111122223333:user/*"),
        ("AWS", "arn:aws:iam::111122223333:user/${aws:username}"),
        ("AWS", "arn:aws:iam::*:root"),
        ("AWS", "arn:aws::iam::111122223333:root"),
        ("AWS", "arn:aws:kms:us-east-1:111122223333:key/x"),
        ("AWS", "arn:error:iam::111122223333:root"),
        ("AWS", "AGPACKCEVSQ6C2EXAMPLE"),
        ("AWS", "AIDAshort"),
        ("AWS", "AIDAckcevsq6c2example"),
        ("aws", "*"),
        ("User", "x"),
        ("Service", "*"),
        ("Service", ""),
        ("Service", "cloudtrail"),
        ("Federated", ""),
        ("CanonicalUser", "a b"),
    ] {
        let statement = with(key_statement(), "Principal", json!({family: name}));
        let expected = "Policy contains a statement with one or more invalid principals.";
        assert_eq!(refused(PolicyKind::Resource, &statement), expected, "{family} {name}");
    }
    let bare = with(key_statement(), "Principal", json!("arn:aws:iam::111122223333:root"));
    assert_eq!(
        refused(PolicyKind::Resource, &bare),
        "Policy contains a statement with one or more invalid principals."
    );
    for none in [json!({}), json!({"AWS": []})] {
        let statement = with(key_statement(), "Principal", none);
        assert_eq!(
            refused(PolicyKind::Resource, &statement),
            "Policy contains a statement with no principal."
        );
    }
}

/// POL-68
#[test]
fn not_principal_denies_only() {
    let statement = |effect: &str| json!({"Effect": effect, "NotPrincipal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"});
    parse(PolicyKind::Resource, &document(&statement("Deny")));
    let error = try_parse(PolicyKind::Resource, &document(&statement("Allow"))).unwrap_err();
    assert_eq!(error.problem, Problem::AllowNotPrincipal);
    let stored = Policy::parse(
        &document(&statement("Allow")).to_string(),
        PolicyKind::Resource,
        &Rules::STORED,
    )
    .unwrap();
    assert!(
        stored.statements()[0].principals().is_empty(),
        "an old one matches nothing"
    );
    let both = with(key_statement(), "NotPrincipal", json!("*"));
    assert_eq!(refused(PolicyKind::Resource, &both), SYNTAX);
}

#[test]
fn actions() {
    let check = |action: Value| {
        try_parse(
            PolicyKind::Identity,
            &document(&with(iam_statement(), "Action", action)),
        )
    };
    for good in [
        "*",
        "kms:*",
        "KMS:decrypt",
        "kms:",
        "iam: asdf safdsf af ",
        "s3-s:ListBucket",
        "s3.s:x",
        "*:*",
        "unknown:Action",
    ] {
        assert!(check(json!(good)).is_ok(), "{good}");
    }
    let vendor = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
    for (action, expected) in [
        (json!("invalid"), vendor),
        (json!(""), vendor),
        (json!("**"), vendor),
        (json!("a a:ListBucket"), "Vendor a a is not valid"),
        (json!(":ListBucket"), "Vendor  is not valid"),
        (json!("s3:List:Bucket"), "Actions/Condition can contain only one colon."),
        (json!([]), "Policy statement must contain actions."),
        (json!(["kms:*", "kms"]), vendor),
        (json!([1]), SYNTAX),
    ] {
        let error = check(action.clone()).unwrap_err();
        assert_eq!(error.service_message(PolicyKind::Identity), expected, "{action}");
    }
    let none = with(iam_statement(), "Action", Value::Null);
    assert_eq!(
        refused(PolicyKind::Identity, &none),
        "Policy statement must contain actions."
    );
    let both = with(iam_statement(), "NotAction", json!("iam:*"));
    assert_eq!(refused(PolicyKind::Identity, &both), SYNTAX);
    parse(
        PolicyKind::Identity,
        &document(&with(none, "NotAction", json!(["iam:*", "sts:*"]))),
    );
}

/// POL-229
#[test]
fn resources() {
    let check = |resource: Value| {
        try_parse(
            PolicyKind::Identity,
            &document(&with(iam_statement(), "Resource", resource)),
        )
    };
    for good in [
        "*",
        "arn:aws:kms:us-west-2:111122223333:key/1234",
        "arn:aws:kms:*:111122223333:*",
        "arn:aws:kms:*",
        "arn:aws:fdsasf",
        "arn:*:kms:*:*:key/*",
        "arn:aws-us-gov:s3:::bucket/a:b",
        "arn:aws:iam::*:user/${aws:username}",
        "arn:${aws:Partition}:iam::*:user/x",
    ] {
        assert!(check(json!(good)).is_ok(), "{good}");
    }
    for (resource, expected) in [
        (
            "invalid resource",
            "Resource invalid resource must be in ARN format or \"*\".".to_owned(),
        ),
        ("", "Resource  must be in ARN format or \"*\".".to_owned()),
        (
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "Resource 1234abcd-12ab-34cd-56ef-1234567890ab must be in ARN format or \"*\".".to_owned(),
        ),
        ("alias/x", "Resource alias/x must be in ARN format or \"*\".".to_owned()),
        (
            "arn:error:s3:::b",
            "Partition \"error\" is not valid for resource \"arn:error:s3:::b\".".to_owned(),
        ),
        ("arn:aws", LEGACY.to_owned()),
        ("arn:aws:s3::example_bucket", LEGACY.to_owned()),
        ("arn:aws:iam::*:user/${aws:username", SYNTAX.to_owned()),
    ] {
        assert_eq!(
            check(json!(resource))
                .unwrap_err()
                .service_message(PolicyKind::Identity),
            expected
        );
    }
    for none in [Value::Null, json!([])] {
        let statement = with(iam_statement(), "Resource", none);
        assert_eq!(
            refused(PolicyKind::Identity, &statement),
            "Policy statement must contain resources."
        );
    }
    let both = with(iam_statement(), "NotResource", json!("*"));
    assert_eq!(refused(PolicyKind::Identity, &both), SYNTAX);
    parse(
        PolicyKind::Identity,
        &document(&with(
            with(iam_statement(), "Resource", Value::Null),
            "NotResource",
            json!("*"),
        )),
    );
}

/// POL-94, POL-474
#[test]
fn a_missing_resource_is_accepted_in_key_policies_only() {
    parse(
        PolicyKind::Resource,
        &document(&with(key_statement(), "Resource", Value::Null)),
    );
    let endpoint = with(key_statement(), "Resource", Value::Null);
    assert_eq!(
        refused(PolicyKind::Endpoint, &endpoint),
        "Policy statement must contain resources."
    );
}

#[test]
fn trust_policies() {
    let trust = json!({"Effect": "Allow", "Principal": {"Federated": "accounts.google.com"}, "Action": ["sts:AssumeRoleWithWebIdentity", "STS:*"]});
    parse(PolicyKind::Trust, &document(&trust));
    for (key, value, expected) in [
        ("Resource", json!("*"), "Has prohibited field Resource"),
        ("NotResource", json!("*"), "Has prohibited field Resource"),
        ("Principal", Value::Null, "Missing required field Principal"),
        (
            "Principal",
            json!({"AWS": "Bob"}),
            "Invalid principal in policy: \"AWS\":\"Bob\"",
        ),
        (
            "Action",
            json!("kms:*"),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (
            "Action",
            json!("*"),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
    ] {
        assert_eq!(
            refused(PolicyKind::Trust, &with(trust.clone(), key, value)),
            expected,
            "{key}"
        );
    }
}

/// POL-89
#[test]
fn statement_ids() {
    let statement = |base: Value, sid: &str| with(base, "Sid", json!(sid));
    parse(
        PolicyKind::Resource,
        &document(&json!([
            statement(key_statement(), "a b"),
            statement(key_statement(), "a b")
        ])),
    );
    for kind in [
        PolicyKind::Identity,
        PolicyKind::Session,
        PolicyKind::PermissionsBoundary,
        PolicyKind::ServiceControl,
    ] {
        parse(
            kind,
            &document(&json!([
                statement(iam_statement(), "Az09"),
                statement(iam_statement(), ""),
                statement(iam_statement(), "")
            ])),
        );
        assert_eq!(
            refused(kind, &statement(iam_statement(), "a b")),
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
        );
        let twice = json!([statement(iam_statement(), "sdf"), statement(iam_statement(), "sdf")]);
        assert_eq!(
            refused(kind, &twice),
            "Statement IDs (SID) in a single policy must be unique."
        );
    }
}

/// POL-97, POL-98
#[test]
fn conditions() {
    let check = |condition: Value| {
        try_parse(
            PolicyKind::Identity,
            &document(&with(iam_statement(), "Condition", condition)),
        )
    };
    for good in [
        json!({}),
        json!({"StringEquals": {}}),
        json!({"StringEquals": {"a": []}}),
        json!({"stringequals": {"aws:x": "y"}}),
        json!({"ForAnyValue:StringLikeIfExists": {"a": ["b", 1, true]}}),
        json!({"Null": {"a": "TRUE"}}),
        json!({"DateGreaterThan": {"a": "2016-12-13T21:20:37.593194+00:00"}}),
    ] {
        assert!(check(good.clone()).is_ok(), "{good}");
    }
    for (bad, expected) in [
        (json!({"x": {"a": "1"}}), SYNTAX),
        (json!({"a": {}}), SYNTAX),
        (json!({"ForAnyValue::StringEqualsIfExists": {"a": "x"}}), SYNTAX),
        (json!({"ForSomeValue:StringEquals": {"a": "x"}}), SYNTAX),
        (json!({"StringEqualsIfExistsIfExists": {"a": "x"}}), SYNTAX),
        (json!({"NullIfExists": {"a": "true"}}), SYNTAX),
        (json!({"ForAllValues:Null": {"a": "true"}}), SYNTAX),
        (json!({"NotBool": {"a": "true"}}), SYNTAX),
        (json!({"NumericLike": {"a": "1"}}), SYNTAX),
        (json!({"DateGreaterThan": {"a": "sdfdsf"}}), LEGACY),
        (json!({"DateLessThan": {"a": "9223372036854775808"}}), LEGACY),
        (json!({"NumericEquals": {"a": "one"}}), LEGACY),
        (json!({"NumericEquals": {"a": "${aws:x}"}}), LEGACY),
        (json!({"Bool": {"a": "yes"}}), LEGACY),
        (json!({"Null": {"a": "maybe"}}), LEGACY),
        (json!({"IpAddress": {"a": "10.0.0.0/33"}}), LEGACY),
        (json!({"BinaryEquals": {"a": "!"}}), LEGACY),
        (json!({"StringEquals": {"a": "${aws:x"}}), SYNTAX),
        (json!({"ArnLike": {"a": "${}"}}), SYNTAX),
    ] {
        assert_eq!(
            check(bad.clone()).unwrap_err().service_message(PolicyKind::Identity),
            expected,
            "{bad}"
        );
    }
}

/// AUTHZ-25, AUTHZ-26, AUTHZ-27, AUTHZ-28, POL-103
#[test]
fn for_all_values_with_single_valued_keys_is_refused() {
    for (operator, key, expected) in [
        (
            "ForAllValues:StringEquals",
            "kms:EncryptionContext:Department",
            "OverlyPermissiveCondition:EncryptionContext: Using the ForAllValues set operator with a single-valued condition key \
             matches requests without the specified encryption context or with an unspecified encryption context. To fix, remove \
             ForAllValues.",
        ),
        (
            "forallvalues:StringLikeIfExists",
            "AWS:requesttag/Purpose",
            "OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued condition key matches requests \
             without the specified tag or with an unspecified tag. To fix, remove ForAllValues.",
        ),
    ] {
        for (kind, base) in [
            (PolicyKind::Resource, key_statement()),
            (PolicyKind::Identity, iam_statement()),
        ] {
            let statement = with(base.clone(), "Condition", json!({operator: {key: "x"}}));
            assert_eq!(refused(kind, &statement), expected);
            let stored = Policy::parse(&document(&statement).to_string(), kind, &Rules::STORED);
            assert!(stored.is_ok(), "what is stored is still evaluated");
            let any = with(
                base.clone(),
                "Condition",
                json!({"ForAnyValue:StringEquals": {key: "x"}}),
            );
            parse(kind, &document(&any));
        }
    }
    parse(
        PolicyKind::Resource,
        &document(&with(
            key_statement(),
            "Condition",
            json!({"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": "x", "aws:TagKeys": "y"}}),
        )),
    );
}

#[test]
fn errors_name_their_line_and_cause() {
    let text = "{\"Version\": \"2012-10-17\",\n\"Statement\": {\"Effect\": \"Allow\",\n\"Action\": \"kms\",\n\"Resource\": \"*\"}}";
    let error = Policy::parse(text, PolicyKind::Identity, &Rules::MANAGED_POLICY).unwrap_err();
    let expected = Malformed {
        line: 3,
        problem: Problem::NoVendor("kms".into()),
    };
    assert_eq!(error, expected);
    assert_eq!(
        error.to_string(),
        "line 3: kms is no action: a service, a colon and a name are expected"
    );
}

#[test]
fn condition_keys_and_principals_can_be_listed() {
    let statement = json!({"Effect": "Allow", "Principal": {"AWS": ["111122223333", "arn:aws:iam::111122223333:user/a"]}, "Action": "kms:*",
        "Resource": "arn:aws:kms:*:${aws:PrincipalAccount}:key/*", "Condition": {"StringLike": {"aws:SourceVpce": ["${aws:username}", "x"]},
        "ArnLike": {"aws:SourceArn": "arn:aws:iam::*:user/${aws:userid}"}}});
    let policy = parse(PolicyKind::Resource, &document(&statement));
    let mut keys = vec![];
    policy.condition_keys(|key| keys.push(key.as_str().to_owned()));
    assert_eq!(
        keys,
        [
            "aws:PrincipalAccount",
            "aws:SourceArn",
            "aws:userid",
            "aws:SourceVpce",
            "aws:username"
        ]
    );
    assert_eq!(policy.principals().count(), 2);
}
