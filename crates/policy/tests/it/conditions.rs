//! Every operator, with every way for a key to be there or not.

use crate::support::{World, iam};
use serde_json::{Value, json};

/// Whether an `Allow`, and whether a `Deny`, with this condition applies.
pub fn applies(condition: &Value, given: &Value) -> (bool, bool) {
    let statement = |effect: &str| {
        let mut statement = iam(effect, "iam:ListUsers");
        statement["Condition"] = condition.clone();
        statement
    };
    let world = |statements: Value| {
        let world = World::new("arn:aws:iam::111122223333:user/bob").action("iam:ListUsers");
        world.resource("*", "111122223333").context(given).identity(&statements)
    };
    let allows = world(json!([statement("Allow")])).allowed();
    let denies = !world(json!([iam("Allow", "*"), statement("Deny")])).allowed();
    (allows, denies)
}

/// A table of conditions on key `k`: operator, wanted values, given values, whether it holds.
pub fn table(rows: &[(&str, Value, Value, bool)]) {
    for (operator, wanted, given, expected) in rows {
        let condition = json!({*operator: {"k": wanted}});
        let given = if given.is_null() {
            json!({})
        } else {
            json!({"K": given})
        };
        let (allows, denies) = applies(&condition, &given);
        assert_eq!((allows, denies), (*expected, *expected), "{condition} with {given}");
    }
}

/// AUTHZ-3, AUTHZ-5
#[test]
fn strings() {
    table(&[
        ("StringEquals", json!("a*"), json!("a*"), true),
        ("StringEquals", json!("a*"), json!("ab"), false),
        ("StringEquals", json!("a?"), json!("a?"), true),
        ("StringEquals", json!("a?"), json!("ab"), false),
        ("StringEquals", json!("a"), json!("A"), false),
        ("StringEquals", json!(["b", "a"]), json!("a"), true),
        ("StringEquals", json!([]), json!("a"), false),
        ("StringNotEquals", json!("a"), json!("A"), true),
        ("StringNotEquals", json!(["a", "b"]), json!("b"), false),
        ("StringNotEquals", json!(["a", "b"]), json!("c"), true),
        ("StringNotEquals", json!([]), json!("a"), true),
        ("StringEqualsIgnoreCase", json!("ÄbC"), json!("äBc"), true),
        ("StringEqualsIgnoreCase", json!("ab"), json!("abc"), false),
        ("StringEqualsIgnoreCase", json!("abc"), json!("ABD"), false),
        ("StringEqualsIgnoreCase", json!(""), json!(""), true),
        ("StringEqualsIgnoreCase", json!(""), json!("a"), false),
        ("StringNotEqualsIgnoreCase", json!("AB"), json!("ab"), false),
        ("StringNotEqualsIgnoreCase", json!("AB"), json!("abc"), true),
        ("StringNotEqualsIgnoreCase", json!("AB"), json!("cd"), true),
        ("StringLike", json!("a*c"), json!("abc"), true),
        ("StringLike", json!("a*c"), json!("ABC"), false),
        ("StringLike", json!("a?c"), json!("ac"), false),
        ("StringLike", json!("RSA*"), json!("RSA_2048"), true),
        ("StringNotLike", json!("a*"), json!("abc"), false),
        ("StringNotLike", json!(["x*", "y*"]), json!("abc"), true),
        ("stringequals", json!("a"), json!("a"), true),
        ("STRINGLIKE", json!("*"), json!("a"), true),
    ]);
}

/// AUTHZ-6
#[test]
fn numbers_and_booleans_of_json_are_their_text() {
    table(&[
        ("StringEquals", json!(true), json!("true"), true),
        ("StringEquals", json!("true"), json!(true), true),
        ("StringEquals", json!(180), json!("180"), true),
        ("StringEquals", json!([1, "x"]), json!(1), true),
        ("Bool", json!(true), json!("true"), true),
        ("Bool", json!("true"), json!(true), true),
    ]);
}

/// AUTHZ-173, AUTHZ-174
#[test]
fn numbers() {
    table(&[
        ("NumericEquals", json!("180.0"), json!("180"), true),
        ("NumericEquals", json!(180), json!("181"), false),
        ("NumericNotEquals", json!("180.0"), json!("180"), false),
        ("NumericNotEquals", json!([1, 2]), json!("3"), true),
        ("NumericLessThan", json!("180"), json!("180"), false),
        (
            "NumericLessThan",
            json!("180"),
            json!("179.999999999999999999999"),
            true,
        ),
        ("NumericLessThanEquals", json!("180"), json!("90"), true),
        ("NumericLessThanEquals", json!("180"), json!("180"), true),
        ("NumericLessThanEquals", json!("180"), json!("181"), false),
        ("NumericLessThanEquals", json!("21"), json!("7"), true),
        ("NumericLessThanEquals", json!("21"), json!("30"), false),
        ("NumericGreaterThan", json!(5), json!("5"), false),
        ("NumericGreaterThan", json!(-5), json!("-4.9"), true),
        ("NumericGreaterThanEquals", json!([100, 5]), json!("5"), true),
        ("NumericGreaterThanEquals", json!(5), json!("4"), false),
        ("NumericEquals", json!(5), json!("five"), false),
        ("NumericNotEquals", json!(5), json!("five"), true),
    ]);
}

/// AUTHZ-141, POL-498
#[test]
fn dates() {
    table(&[
        ("DateEquals", json!("2018-12-31T11:59:59Z"), json!("1546257599"), true),
        (
            "DateNotEquals",
            json!("2018-12-31T11:59:59Z"),
            json!("1546257599.0"),
            false,
        ),
        (
            "DateLessThan",
            json!("2026-01-01T00:00:00Z"),
            json!("2025-12-31T23:59:59.999Z"),
            true,
        ),
        (
            "DateLessThan",
            json!("2026-01-01T00:00:00Z"),
            json!("2026-01-01T00:00:00Z"),
            false,
        ),
        (
            "DateLessThanEquals",
            json!("2026-01-01"),
            json!("2026-01-01T00:00:00Z"),
            true,
        ),
        (
            "DateLessThanEquals",
            json!(1_546_257_599),
            json!("2018-12-31T12:00:00Z"),
            false,
        ),
        (
            "DateGreaterThan",
            json!("2026-01-01T00:00:00Z"),
            json!("2026-01-01T00:00:01Z"),
            true,
        ),
        (
            "DateGreaterThan",
            json!("2026-01-01T01:00:00+01:00"),
            json!("2026-01-01T00:00:00Z"),
            false,
        ),
        (
            "DateGreaterThanEquals",
            json!("2026"),
            json!("2026-01-01T00:00:00Z"),
            true,
        ),
        (
            "DateGreaterThanEquals",
            json!("2026-06"),
            json!("2026-05-31T23:59:59Z"),
            false,
        ),
        ("DateGreaterThan", json!("2026-01-01"), json!("yesterday"), false),
        (
            "NumericLessThanEquals",
            json!("1546257599.0"),
            json!("1546257599"),
            true,
        ),
        (
            "NumericLessThanEquals",
            json!("1546257599.0"),
            json!("1546257600"),
            false,
        ),
    ]);
}

#[test]
fn booleans_addresses_and_bytes() {
    table(&[
        ("Bool", json!("false"), json!("False"), true),
        ("Bool", json!("true"), json!("false"), false),
        ("Bool", json!("true"), json!("yes"), false),
        ("Bool", json!(["true", "false"]), json!("false"), true),
        ("IpAddress", json!("203.0.113.0/24"), json!("203.0.113.9"), true),
        (
            "IpAddress",
            json!(["10.0.0.0/8", "2001:db8::/32"]),
            json!("2001:db8::5"),
            true,
        ),
        ("IpAddress", json!("203.0.113.0/24"), json!("203.0.114.9"), false),
        ("IpAddress", json!("203.0.113.9"), json!("203.0.113.9"), true),
        ("IpAddress", json!("0.0.0.0/0"), json!("no address"), false),
        (
            "NotIpAddress",
            json!(["203.0.113.0/24", "10.0.0.0/8"]),
            json!("10.1.1.1"),
            false,
        ),
        ("NotIpAddress", json!("203.0.113.0/24"), json!("198.51.100.1"), true),
        ("BinaryEquals", json!("QmluYXJ5"), json!("QmluYXJ5"), true),
        ("BinaryEquals", json!("QmluYXJ5"), json!("QmluYXJ6"), false),
    ]);
}

/// POL-218
#[test]
fn arns() {
    let key = json!("arn:aws:kms:us-west-2:111122223333:key/12");
    for operator in ["ArnEquals", "ArnLike"] {
        table(&[
            (operator, key.clone(), key.clone(), true),
            (operator, json!("arn:aws:kms:*:111122223333:key/*"), key.clone(), true),
            (operator, json!("arn:aws:kms:us-west-?:*:key/1?"), key.clone(), true),
            (operator, json!("arn:aws:kms:*:key/*"), key.clone(), false),
            (operator, json!("arn:*"), key.clone(), false),
            (operator, json!("*"), key.clone(), true),
            (operator, json!("*"), json!("no arn"), false),
            (
                operator,
                json!("ARN:aws:kms:us-west-2:111122223333:key/12"),
                key.clone(),
                false,
            ),
        ]);
    }
    for operator in ["ArnNotEquals", "ArnNotLike"] {
        table(&[
            (operator, json!("arn:aws:kms:*:111122223333:key/*"), key.clone(), false),
            (operator, json!("arn:aws:kms:*:444455556666:key/*"), key.clone(), true),
            (
                operator,
                json!("arn:aws:kms:*:444455556666:key/*"),
                json!("no arn"),
                true,
            ),
        ]);
    }
}

/// The `0x` before a register's digits is left out; before anything else it means itself.
///
/// AUTHZ-189
#[test]
fn registers_are_written_with_a_radix_or_without() {
    for (key, operator, wanted, given, expected) in [
        ("kms:RecipientAttestation:PCR1", "StringEquals", "0xab", "ab", true),
        (
            "KMS:recipientattestation:ImageSha384",
            "StringEqualsIgnoreCase",
            "0XAB",
            "ab",
            true,
        ),
        (
            "kms:RecipientAttestation:NitroTPMPCR7",
            "StringLike",
            "0xa?",
            "ab",
            true,
        ),
        ("kms:RecipientAttestation:PCR1", "StringNotEquals", "0xab", "ab", false),
        ("kms:RecipientAttestation:PCR1", "StringEquals", "0xab", "0xab", false),
        ("kms:RecipientAttestation:PCR1", "StringEquals", "x0xab", "ab", false),
        ("kms:EncryptionContext:PCR1", "StringEquals", "0xab", "0xab", true),
        ("kms:EncryptionContext:PCR1", "StringEquals", "0xab", "ab", false),
    ] {
        let condition = json!({operator: {key: wanted}});
        assert_eq!(
            applies(&condition, &json!({key: given})),
            (expected, expected),
            "{condition}"
        );
    }
}

/// AUTHZ-11, AUTHZ-12
#[test]
fn an_absent_key_satisfies_negated_operators_only() {
    let absent = Value::Null;
    for (operator, wanted) in [
        ("StringEquals", "a"),
        ("StringEqualsIgnoreCase", "a"),
        ("StringLike", "*"),
        ("NumericEquals", "1"),
        ("NumericLessThan", "1"),
        ("NumericLessThanEquals", "1"),
        ("NumericGreaterThan", "1"),
        ("NumericGreaterThanEquals", "1"),
        ("DateEquals", "2026-01-01"),
        ("DateLessThan", "2026-01-01"),
        ("DateLessThanEquals", "2026-01-01"),
        ("DateGreaterThan", "2026-01-01"),
        ("DateGreaterThanEquals", "2026-01-01"),
        ("Bool", "false"),
        ("BinaryEquals", ""),
        ("IpAddress", "0.0.0.0/0"),
        ("ArnEquals", "*"),
        ("ArnLike", "*"),
    ] {
        table(&[
            (operator, json!(wanted), absent.clone(), false),
            (operator, json!(wanted), json!([]), false),
            (&format!("{operator}IfExists"), json!(wanted), absent.clone(), true),
            (&format!("ForAllValues:{operator}"), json!(wanted), absent.clone(), true),
            (&format!("ForAnyValue:{operator}"), json!(wanted), absent.clone(), false),
            (
                &format!("ForAnyValue:{operator}IfExists"),
                json!(wanted),
                absent.clone(),
                true,
            ),
        ]);
    }
    for (operator, wanted) in [
        ("StringNotEquals", "a"),
        ("StringNotEqualsIgnoreCase", "a"),
        ("StringNotLike", "*"),
        ("NumericNotEquals", "1"),
        ("DateNotEquals", "2026-01-01"),
        ("NotIpAddress", "0.0.0.0/0"),
        ("ArnNotEquals", "*"),
        ("ArnNotLike", "*"),
    ] {
        table(&[
            (operator, json!(wanted), absent.clone(), true),
            (&format!("{operator}IfExists"), json!(wanted), absent.clone(), true),
            (&format!("ForAllValues:{operator}"), json!(wanted), absent.clone(), true),
            (&format!("ForAnyValue:{operator}"), json!(wanted), absent.clone(), false),
        ]);
    }
}

/// AUTHZ-13
#[test]
fn if_exists_still_compares_a_key_that_is_there() {
    table(&[
        ("StringEqualsIfExists", json!("a"), json!("b"), false),
        ("BoolIfExists", json!("false"), json!("true"), false),
        ("NumericLessThanIfExists", json!(5), json!("4"), true),
        ("ForAnyValue:StringEqualsIfExists", json!("a"), json!(["b"]), false),
    ]);
}

/// AUTHZ-14, AUTHZ-15, AUTHZ-100, AUTHZ-136
#[test]
fn null_asks_whether_a_key_is_there() {
    table(&[
        ("Null", json!("true"), Value::Null, true),
        ("Null", json!(true), json!([]), true),
        ("Null", json!("true"), json!("false"), false),
        ("Null", json!("false"), Value::Null, false),
        ("Null", json!(false), json!("x"), true),
        ("Null", json!("false"), json!(["x", "y"]), true),
        ("null", json!(["true", "false"]), Value::Null, true),
    ]);
}

/// AUTHZ-16, AUTHZ-17, AUTHZ-23
#[test]
fn sets() {
    table(&[
        ("ForAllValues:StringEquals", json!(["a", "b"]), json!(["a"]), true),
        ("ForAllValues:StringEquals", json!(["a", "b"]), json!(["a", "b"]), true),
        ("ForAllValues:StringEquals", json!(["a", "b"]), json!(["a", "c"]), false),
        (
            "ForAllValues:StringLike",
            json!("alias/*Test*"),
            json!(["alias/aTest", "alias/Testb"]),
            true,
        ),
        (
            "ForAllValues:StringNotEquals",
            json!(["a", "b"]),
            json!(["c", "d"]),
            true,
        ),
        (
            "ForAllValues:StringNotEquals",
            json!(["a", "b"]),
            json!(["c", "a"]),
            false,
        ),
        ("ForAnyValue:StringEquals", json!(["a", "b"]), json!(["c", "b"]), true),
        ("ForAnyValue:StringEquals", json!(["a", "b"]), json!(["c", "d"]), false),
        (
            "ForAnyValue:StringNotEquals",
            json!(["a", "b"]),
            json!(["a", "c"]),
            true,
        ),
        (
            "ForAnyValue:StringNotEquals",
            json!(["a", "b"]),
            json!(["a", "b"]),
            false,
        ),
        ("foranyvalue:stringequals", json!("a"), json!("a"), true),
        ("ForAllValues:NumericLessThan", json!(5), json!(["1", "4"]), true),
    ]);
}

/// AUTHZ-147, AUTHZ-148, AUTHZ-170, AUTHZ-171
#[test]
fn sets_of_grant_operations_and_aliases() {
    let only = json!({"ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt", "ReEncryptTo"]}});
    let some = json!({"ForAnyValue:StringEquals": {"kms:GrantOperations": ["Encrypt", "ReEncryptTo"]}});
    for (given, all, any) in [
        (json!(["Encrypt"]), true, true),
        (json!(["Encrypt", "ReEncryptTo"]), true, true),
        (json!(["Encrypt", "Decrypt"]), false, true),
        (json!(["Decrypt"]), false, false),
    ] {
        let given = json!({"kms:GrantOperations": given});
        assert_eq!(applies(&only, &given).0, all, "{given}");
        assert_eq!(applies(&some, &given).0, any, "{given}");
    }
    let both = json!({
        "ForAllValues:StringLike": {"kms:ResourceAliases": ["alias/*Test*"]},
        "ForAnyValue:StringLike": {"kms:ResourceAliases": ["alias/*Test*"]},
    });
    for (given, expected) in [
        (json!({"kms:ResourceAliases": ["alias/aTest", "alias/Test2"]}), true),
        (json!({"kms:ResourceAliases": ["alias/aTest", "alias/other"]}), false),
        (json!({}), false),
    ] {
        assert_eq!(applies(&both, &given).0, expected, "{given}");
    }
}

#[test]
fn several_values_without_a_set_operator_fail_closed() {
    for (operator, wanted, allows, denies) in [
        ("StringEquals", json!("a"), false, true),
        ("StringEquals", json!(["a", "b"]), true, true),
        ("StringEquals", json!("c"), false, false),
        ("StringNotEquals", json!("a"), false, true),
        ("StringNotEquals", json!("c"), true, true),
        ("StringNotEquals", json!(["a", "b"]), false, false),
    ] {
        let condition = json!({operator: {"k": wanted}});
        assert_eq!(
            applies(&condition, &json!({"k": ["a", "b"]})),
            (allows, denies),
            "{condition}"
        );
    }
}

/// AUTHZ-2
#[test]
fn operators_and_keys_are_joined_by_and() {
    let both =
        json!({"StringEquals": {"kms:EncryptionContext:Department": "IT", "kms:EncryptionContext:Project": "Alpha"}});
    let two = json!({"StringEquals": {"a": "1"}, "NumericLessThan": {"b": 5}});
    let either = json!({"StringEquals": {"kms:EncryptionContext:Stage": ["Restricted", "Production"]}});
    for (condition, given, expected) in [
        (
            &both,
            json!({"kms:EncryptionContext:Department": "IT", "kms:EncryptionContext:Project": "Alpha"}),
            true,
        ),
        (&both, json!({"kms:EncryptionContext:Department": "IT"}), false),
        (&two, json!({"a": "1", "b": 4}), true),
        (&two, json!({"a": "1", "b": 5}), false),
        (&two, json!({"a": "2", "b": 4}), false),
        (&either, json!({"kms:EncryptionContext:Stage": "Production"}), true),
        (&either, json!({"kms:EncryptionContext:Stage": "Test"}), false),
    ] {
        assert_eq!(
            applies(condition, &given),
            (expected, expected),
            "{condition} with {given}"
        );
    }
    assert_eq!(applies(&json!({}), &json!({})), (true, true));
    assert_eq!(applies(&json!({"StringEquals": {}}), &json!({})), (true, true));
}

/// AUTHZ-118, AUTHZ-119, AUTHZ-120, AUTHZ-127
#[test]
fn encryption_context_keys_ignore_case_and_values_do_not() {
    let pair = json!({"StringEquals": {"kms:EncryptionContext:AppName": "ExampleApp"}});
    let exact = json!({
        "StringEquals": {"kms:EncryptionContext:AppName": "ExampleApp"},
        "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["AppName"]},
    });
    let request = |pairs: &[(&str, &str)]| {
        let mut given = serde_json::Map::new();
        for (key, value) in pairs {
            given.insert(format!("kms:EncryptionContext:{key}"), json!(value));
        }
        let keys: Vec<_> = pairs.iter().map(|(key, _)| *key).collect();
        given.insert("kms:EncryptionContextKeys".into(), json!(keys));
        Value::Object(given)
    };
    for (pairs, expected, exactly) in [
        (&[("AppName", "ExampleApp")][..], true, true),
        (&[("AppName", "ExampleApp"), ("Project", "Alpha")], true, false),
        (&[("AppName", "exampleapp")], false, false),
        (&[("appname", "ExampleApp")], true, false),
        (&[], false, false),
    ] {
        assert_eq!(applies(&pair, &request(pairs)).0, expected, "{pairs:?}");
        assert_eq!(applies(&exact, &request(pairs)).0, exactly, "{pairs:?}");
    }
}
