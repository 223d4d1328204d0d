use super::*;

const RECORD: &[u8] = br#"{"eventSource":"kms.amazonaws.com","eventName":"Encrypt","errorCode":"KMSInvalidStateException",
    "errorMessage":"arn:aws:kms:us-east-1:111122223333:key/1 is pending deletion.","readOnly":true,"responseElements":null,
    "requestParameters":{"keyId":"1","numberOfBytes":32},"resources":[{"accountId":"111122223333"}]}"#;

fn fits(filter: &str) -> bool {
    Filter::parse(filter).expect(filter).fits(RECORD)
}

/// MON-302: selectors, wildcards, both connectives, `!=`, parentheses, numbers, `IS NULL` and `NOT EXISTS`.
#[test]
fn a_filter_fits_what_it_describes() {
    for filter in [
        r#"{ $.eventSource = kms* && $.errorMessage = "* is pending deletion."}"#,
        "{$.eventName=Encrypt}",
        r#"{ $.eventName = "Enc*pt" }"#,
        "{ $.eventName = * }",
        "{ $.eventName != Decrypt }",
        "{ $.eventName = Decrypt || $.eventName = Encrypt }",
        "{ $.eventName = Encrypt || $.eventName = Decrypt && $.readOnly IS FALSE }",
        "{ ($.eventName = Encrypt || $.eventName = Decrypt) && $.readOnly IS TRUE }",
        "{ $.requestParameters.numberOfBytes = 32 }",
        "{ $.requestParameters.numberOfBytes >= 32 && $.requestParameters.numberOfBytes < 33.5 }",
        "{ $.requestParameters.numberOfBytes != 31 && $.requestParameters.numberOfBytes > -1 }",
        "{ $.responseElements IS NULL }",
        "{ $.noSuchMember NOT EXISTS }",
        "{ $.requestParameters.keyId EXISTS }",
        r#"{ $.resources[0].accountId = "111122223333" }"#,
        r#"{ $["requestParameters"]["keyId"] = "1" }"#,
        "{ $.readOnly = true }",
    ] {
        assert!(fits(filter), "{filter}");
    }
    for filter in [
        "{ $.eventSource = sts* }",
        "{ $.eventName = encrypt }",
        "{ $.eventName = Enc }",
        "{ $.noSuchMember = * }",
        "{ $.noSuchMember != x }",
        "{ $.noSuchMember IS NULL }",
        "{ $.responseElements NOT EXISTS }",
        "{ ($.eventName = Encrypt || $.eventName = Decrypt) && $.readOnly IS FALSE }",
        "{ $.requestParameters.numberOfBytes > 32 }",
        "{ $.requestParameters.keyId > 0 }",
        r#"{ $.errorMessage = "* is pending replica deletion." }"#,
        "{ $.resources[1].accountId = * }",
    ] {
        assert!(!fits(filter), "{filter}");
    }
    assert!(!Filter::parse("{ $.a NOT EXISTS }").expect("a filter").fits(b"no JSON"));
}

#[test]
fn what_is_no_filter_is_refused_with_its_place() {
    for (text, at) in [
        ("", 1),
        ("$.a = 1", 1),
        ("{ }", 3),
        ("{ a = 1 }", 3),
        ("{ $ = 1 }", 4),
        ("{ $.a }", 7),
        ("{ $.a = }", 9),
        ("{ $.a = 1 && }", 14),
        ("{ $.a = 1 } x", 13),
        ("{ ($.a = 1 }", 12),
        ("{ $.a < text }", 13),
        ("{ $.a = \"open }", 16),
        ("{ $.a IS WRONG }", 15),
        ("{ $.a[x] = 1 }", 7),
    ] {
        match Filter::parse(text) {
            Err(FilterError::Expected { at: found, .. }) => assert_eq!(found, at, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    let deep = format!("{{ {}$.a = 1{} }}", "(".repeat(33), ")".repeat(33));
    assert_eq!(Filter::parse(&deep), Err(FilterError::TooDeep));
}

#[test]
fn a_filter_knows_whether_it_is_about_refusals_alone() {
    for (filter, wants) in [
        ("{ $.errorMessage = x }", true),
        (
            "{ $.eventSource = kms* && ($.errorCode = a || $.errorMessage = b) }",
            true,
        ),
        ("{ $.errorCode = a || $.eventName = b }", false),
        ("{ $.errorCode NOT EXISTS }", false),
        ("{ $.eventName = Encrypt }", false),
    ] {
        assert_eq!(
            Filter::parse(filter).expect("a filter").wants_failure(),
            wants,
            "{filter}"
        );
    }
}

#[test]
fn a_star_stands_for_any_text() {
    for (text, pattern, like) in [
        ("abc", "abc", true),
        ("abc", "a*", true),
        ("abc", "*c", true),
        ("abc", "*b*", true),
        ("abc", "a*b*c", true),
        ("aba", "a*ba*a", false),
        ("a", "a*a", false),
        ("", "*", true),
        ("abc", "", false),
        ("abcabc", "*abc", true),
    ] {
        assert_eq!(is_like(text, pattern), like, "{text} {pattern}");
    }
}
