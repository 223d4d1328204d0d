//! Policy variables.

use crate::conditions::{applies, table};
use crate::support::{World, context, iam};
use serde_json::{Value, json};

/// AUTHZ-8, AUTHZ-131
#[test]
fn variables_are_resolved_in_values() {
    let condition = json!({"StringEquals": {"kms:EncryptionContext:user": "${aws:username}"}});
    for (given, expected) in [
        (
            json!({"aws:username": "bob", "kms:EncryptionContext:user": "bob"}),
            true,
        ),
        (
            json!({"aws:username": "bob", "kms:EncryptionContext:user": "alice"}),
            false,
        ),
        (
            json!({"aws:username": "alice", "kms:EncryptionContext:user": "alice"}),
            true,
        ),
        (json!({"aws:username": "bob"}), false),
        (json!({"kms:EncryptionContext:user": "bob"}), false),
        (json!({"kms:EncryptionContext:user": "${aws:username}"}), false),
    ] {
        assert_eq!(applies(&condition, &given), (expected, expected), "{given}");
    }
    table(&[
        ("StringNotEquals", json!("${aws:missing}"), json!("x"), true),
        ("StringNotLike", json!(["${aws:missing}", "x"]), json!("x"), false),
        ("StringLike", json!("${aws:missing, 'any'}*"), json!("anybody"), true),
        ("StringLike", json!("${*}${?}${$}"), json!("*?$"), true),
        ("StringEquals", json!("${*}"), json!("*"), true),
        (
            "ArnNotLike",
            json!("arn:aws:iam::111122223333:user/${aws:missing}"),
            json!("arn:aws:iam::111122223333:user/x"),
            true,
        ),
        (
            "ArnLike",
            json!("arn:aws:iam::*:user/${aws:missing, 'x'}"),
            json!("arn:aws:iam::1:user/x"),
            true,
        ),
        (
            "StringEqualsIgnoreCase",
            json!("${aws:missing, 'ABC'}"),
            json!("abc"),
            true,
        ),
        ("StringNotEqualsIgnoreCase", json!("${aws:missing}"), json!("abc"), true),
    ]);
}

/// AUTHZ-9
#[test]
fn variables_in_keys_and_in_requests_are_text() {
    let condition = json!({"StringEquals": {"kms:EncryptionContext:${aws:username}": "x"}});
    let given = json!({"aws:username": "bob", "kms:EncryptionContext:bob": "x"});
    assert_eq!(applies(&condition, &given), (false, false));
    let given = json!({"aws:username": "bob", "kms:EncryptionContext:${aws:username}": "x"});
    assert_eq!(applies(&condition, &given), (true, true));
    let condition = json!({"StringEquals": {"k": "bob"}});
    assert!(!applies(&condition, &json!({"aws:username": "bob", "k": "${aws:username}"})).0);
}

#[test]
fn older_documents_have_no_variables() {
    let policy = |version: Value| {
        let mut statement = iam("Allow", "iam:ListUsers");
        statement["Condition"] = json!({"StringEquals": {"k": "${aws:username}"}});
        let mut document = json!({"Statement": statement});
        if !version.is_null() {
            document["Version"] = version;
        }
        document
    };
    for (version, value, expected) in [
        (json!("2012-10-17"), "bob", true),
        (json!("2012-10-17"), "${aws:username}", false),
        (json!("2008-10-17"), "bob", false),
        (json!("2008-10-17"), "${aws:username}", true),
        (Value::Null, "bob", false),
        (Value::Null, "${aws:username}", true),
    ] {
        let mut world = World::new("arn:aws:iam::111122223333:user/bob")
            .action("iam:ListUsers")
            .resource("*", "111122223333");
        world.context = context(&json!({"aws:username": "bob", "k": value}));
        world.identity.push(crate::support::parse(
            trent_policy::PolicyKind::Identity,
            &policy(version.clone()),
        ));
        assert_eq!(world.allowed(), expected, "{version} {value}");
    }
}
