//! The elements of statements: principals, actions, resources and ids, by kind of policy.

use crate::language::{LEGACY, SYNTAX, iam_statement, key_statement, refused, with};
use crate::support::{document, parse, try_parse};
use serde_json::{Value, json};
use trent_policy::{Policy, PolicyKind, Problem, Rules};

/// POL-224
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
    let nobody = with(
        with(iam_statement(), "Effect", json!("Deny")),
        "NotPrincipal",
        json!("*"),
    );
    parse(PolicyKind::Resource, &document(&nobody));
    let error = try_parse(PolicyKind::ResourceControl, &document(&nobody)).unwrap_err();
    assert_eq!(error.problem, Problem::AllowNotPrincipal, "there it cannot even deny");
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

/// Samples that are damaged in print: an account id of 13 digits, a comma too many, a quote or a comma too few, text
/// between the members.
///
/// POL-509
#[test]
fn damaged_samples_are_refused() {
    let key_policy = |text: &str| Policy::parse(text, PolicyKind::Resource, &Rules::KEY_POLICY);
    let sound = document(&with(key_statement(), "Principal", json!({"AWS": "111122223333"}))).to_string();
    key_policy(&sound).expect("the sample as it was meant");
    let damaged = [
        sound.replace("111122223333", "1111222233333"),
        sound.replace("111122223333", "arn:aws:iam::1111222233333:root"),
        sound.replacen("\"}", "\",}", 1),
        sound.replacen("\":", ":", 1),
        sound.replacen("\",\"", "\"\"", 1),
        sound.replacen(',', ", Note: see above,", 1),
    ];
    for text in damaged {
        assert_ne!(text, sound);
        assert!(key_policy(&text).is_err(), "{text}");
    }
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
