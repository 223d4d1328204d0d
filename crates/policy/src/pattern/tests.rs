#![allow(clippy::unwrap_used, reason = "tests")]

use super::arn::{ArnPattern, Short, split};
use super::*;
use std::collections::BTreeMap;

const BOTH: Syntax = Syntax {
    wildcards: true,
    variables: true,
};

fn values() -> BTreeMap<String, Vec<String>> {
    let one = |key: &str, value: &str| (key.to_owned(), vec![value.to_owned()]);
    BTreeMap::from([
        one("aws:username", "bob"),
        one("aws:principaltag/team", "a*b"),
        one("aws:empty", ""),
        ("aws:tagkeys".to_owned(), vec!["x".to_owned(), "y".to_owned()]),
        ("aws:none".to_owned(), vec![]),
    ])
}

fn answer(pattern: &str, text: &str) -> Answer {
    Pattern::new(pattern, BOTH).unwrap().matches(text, &values())
}

fn matches(pattern: &str, text: &str) -> bool {
    answer(pattern, text) == Answer::Matches
}

#[test]
fn wildcards_match_runs_and_single_characters() {
    for (pattern, text, expected) in [
        ("*", "", true),
        ("*", "anything:at/all", true),
        ("", "", true),
        ("", "a", false),
        ("?", "a", true),
        ("?", "", false),
        ("?", "ab", false),
        ("?", "é", true),
        ("??", "é", false),
        ("a*", "a", true),
        ("a*", "ba", false),
        ("*a", "ba", true),
        ("*a", "ab", false),
        ("a*a", "a", false),
        ("a*a", "aa", true),
        ("a*b*c", "aXbYc", true),
        ("a*b*c", "aXcYb", false),
        ("a*b*b", "ab", false),
        ("a*b*b", "abb", true),
        ("*ab*ab*", "abab", true),
        ("*ab*ab*", "aab", false),
        ("a?c*", "abcdef", true),
        ("a?c*", "abd", false),
        ("*?a", "ba", true),
        ("*?a", "a", false),
        ("*a?*", "ba", false),
        ("*a?*", "bab", true),
        ("*a?c*x", "aab_abc_x", true),
        ("*a?c*x", "aab_abb_x", false),
        ("*é?*", "xéy", true),
        ("*a?b*bc*", "axbbc", true),
        ("*a?b*bc*", "axbc", false),
        ("**", "x", true),
        ("a**b", "ab", true),
        ("kms:generatedatakey*", "kms:generatedatakeywithoutplaintext", true),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern:?} against {text:?}");
    }
}

#[test]
fn a_piece_longer_than_a_word_is_found() {
    let piece = format!("{}?{}", "ab".repeat(50), "c".repeat(70));
    let pattern = format!("*{piece}*");
    let hit = format!("abab{}x{}!", "ab".repeat(50), "c".repeat(70));
    assert!(matches(&pattern, &hit));
    assert!(!matches(&pattern, &hit.replace('!', "").replace("cc", "c")));
    let long = format!("*{}?*", "a".repeat(2048));
    assert_eq!(Pattern::new(&long, BOTH).unwrap_err(), TemplateError::TooLong);
    assert!(
        Pattern::new(&long[1..], BOTH).is_ok(),
        "at the beginning it needs no search"
    );
}

#[test]
fn variables_take_their_values_literally() {
    for (pattern, text, expected) in [
        ("${aws:username}", "bob", Answer::Matches),
        ("${AWS:UserName}", "bob", Answer::Matches),
        ("home/${aws:username}/*", "home/bob/x", Answer::Matches),
        ("home/${aws:username}/*", "home/bobby/x", Answer::Differs),
        ("*/${aws:username}/*", "a/bo/b/bob/x", Answer::Matches),
        ("*/${aws:username}", "a/bob/c", Answer::Differs),
        ("*?${aws:username}?*", "bob", Answer::Differs),
        ("*?${aws:username}?*", "xbobx", Answer::Matches),
        ("${aws:username}${aws:username}", "bobbob", Answer::Matches),
        ("${aws:username}-${aws:PrincipalTag/team}*", "bob-a*bc", Answer::Matches),
        ("${aws:PrincipalTag/team}", "axb", Answer::Differs),
        (
            "*${aws:username}*${aws:PrincipalTag/team}*${aws:username}",
            "bob,a*b,bob",
            Answer::Matches,
        ),
        (
            "*${aws:username}*${aws:PrincipalTag/team}*${aws:username}",
            "bob,a*b,bo",
            Answer::Differs,
        ),
        ("${aws:empty}", "", Answer::Matches),
        ("${aws:missing}", "", Answer::Unresolved),
        ("${aws:none}", "", Answer::Unresolved),
        ("${aws:tagkeys}", "x", Answer::Unresolved),
        ("${aws:tagkeys, 'x'}", "x", Answer::Unresolved),
        ("${aws:missing, 'anonymous'}", "anonymous", Answer::Matches),
        ("${ aws:missing , '' }", "", Answer::Matches),
        ("${aws:none,'d, } x'}!", "d, } x!", Answer::Matches),
        ("${aws:username, 'other'}", "bob", Answer::Matches),
    ] {
        assert_eq!(answer(pattern, text), expected, "{pattern:?} against {text:?}");
    }
}

#[test]
fn escapes_are_literal_characters() {
    assert!(matches("a${*}b${?}c${$}", "a*b?c$"));
    assert!(!matches("a${*}b", "axb"));
    assert!(matches("${$}{aws:username}", "${aws:username}"));
    assert!(matches("5$", "5$"));
}

#[test]
fn malformed_variables_are_refused() {
    for pattern in [
        "${",
        "${}",
        "${ }",
        "${aws:username",
        "${a b}",
        "${a,}",
        "${a, x}",
        "${a, 'x}",
        "${a, 'x'",
        "${a, 'x' y}",
        "${${a}}",
        "${a*}",
        "${,'x'}",
    ] {
        assert_eq!(
            Pattern::new(pattern, BOTH).unwrap_err(),
            TemplateError::Variable,
            "{pattern}"
        );
    }
    let many = "${a}".repeat(17);
    assert_eq!(Pattern::new(&many, BOTH).unwrap_err(), TemplateError::TooManyVariables);
    assert!(Pattern::new(&many[4..], BOTH).is_ok());
}

#[test]
fn without_variables_their_text_is_literal() {
    let syntax = Syntax {
        wildcards: true,
        variables: false,
    };
    let pattern = Pattern::new("${aws:username}*", syntax).unwrap();
    assert_eq!(pattern.matches("${aws:username}x", &values()), Answer::Matches);
    assert_eq!(pattern.matches("bob", &values()), Answer::Differs);
    assert!(Pattern::new("${", syntax).is_ok());
}

#[test]
fn case_is_ignored_where_asked() {
    let syntax = Syntax {
        wildcards: false,
        variables: true,
    };
    let Pattern::Dynamic(dynamic) = Pattern::new("Äx-${aws:username}", syntax).unwrap() else {
        panic!("a variable")
    };
    assert_eq!(dynamic.equals_ignoring_case("äX-BOB", &values()), Answer::Matches);
    assert_eq!(dynamic.equals_ignoring_case("äX-BOBS", &values()), Answer::Differs);
    assert_eq!(dynamic.equals_ignoring_case("äX-BO", &values()), Answer::Differs);
    for (literal, text, expected) in [
        ("Straße", "STRAßE", true),
        ("a", "b", false),
        ("a", "", false),
        ("", "a", false),
        // A letter in three forms: two of them share either the small or the capital one only.
        ("k", "\u{212a}", true),
        ("s", "\u{17f}", true),
        ("\u{3c3}", "\u{3c2}", true),
    ] {
        assert_eq!(Dynamic::same_ignoring_case(literal, text), expected, "{literal} {text}");
        assert_eq!(Dynamic::same_ignoring_case(text, literal), expected, "{text} {literal}");
    }
}

fn arn(pattern: &str, text: &str, short: Short) -> Answer {
    let pattern = ArnPattern::new(pattern, true, short).unwrap();
    split(text).map_or(Answer::Differs, |fields| pattern.matches(text, &fields, &values()))
}

/// POL-231, POL-232
#[test]
fn a_star_stays_in_its_field() {
    let key = "arn:aws:kms:us-west-2:111122223333:key/1234";
    for (pattern, expected) in [
        ("*", true),
        ("arn:aws:kms:us-west-2:111122223333:key/1234", true),
        ("arn:aws:kms:us-west-2:111122223333:key/*", true),
        ("arn:aws:kms:*:111122223333:key/*", true),
        ("arn:aws:kms:*:*:key/*", true),
        ("arn:aws:kms:us-west-?:111122223333:*", true),
        ("arn:aws:kms:*", true),
        ("arn:*", true),
        ("arn:aws:kms:*:key/*", false),
        ("arn:*:key/*", false),
        ("arn:aws:kms:*:444455556666:key/*", false),
        ("arn:aws:kms:*:111122223333:alias/*", false),
        ("arn:aws:kms:us-east-1:111122223333:key/*", false),
        ("arn:aws:*:us-west-2:111122223333:key/1234", true),
        ("alias/1234", false),
        ("1234", false),
    ] {
        let expected = Answer::from(expected);
        assert_eq!(arn(pattern, key, Short::Padded), expected, "{pattern}");
    }
    let bucket = "arn:aws:s3:::bucket/a:b:c";
    for pattern in [
        "arn:aws:s3:::bucket/*",
        "arn:aws:s3:::bucket/a:?:c",
        "arn:aws:s3:*:*:*:c",
        "arn:aws:s3:::bucket/a:b:c",
    ] {
        assert_eq!(arn(pattern, bucket, Short::Padded), Answer::Matches, "{pattern}");
    }
}

#[test]
fn variables_in_arns_keep_their_colons_to_themselves() {
    let user = "arn:aws:iam::111122223333:user/bob";
    assert_eq!(
        arn("arn:aws:iam::*:user/${aws:username}", user, Short::Padded),
        Answer::Matches
    );
    assert_eq!(
        arn("arn:aws:iam::*:user/${aws:missing}", user, Short::Padded),
        Answer::Unresolved
    );
    assert_eq!(
        arn("arn:aws:iam:${aws:missing}:444455556666:user/bob", user, Short::Padded),
        Answer::Differs,
        "a field that differs decides"
    );
    assert_eq!(
        arn("arn:aws:iam:${aws:missing}:111122223333:user/bob", user, Short::Padded),
        Answer::Unresolved
    );
}

#[test]
fn a_short_pattern_is_no_arn_for_operators() {
    let key = "arn:aws:kms:us-west-2:111122223333:key/1234";
    assert_eq!(arn("arn:aws:kms:*", key, Short::Nothing), Answer::Differs);
    assert_eq!(arn("*", key, Short::Nothing), Answer::Matches);
    assert_eq!(arn("arn:aws:kms:*:*:*", key, Short::Nothing), Answer::Matches);
}

/// AUTHZ-327, AUTHZ-328
#[test]
fn operations_without_a_resource_need_a_pattern_for_everything() {
    let scope = split("arn:aws:kms:us-west-2:111122223333:*").unwrap();
    for (pattern, expected) in [
        ("*", true),
        ("arn:aws:kms:us-west-2:111122223333:*", true),
        ("arn:aws:kms:*:111122223333:*", true),
        ("arn:aws:kms:*", true),
        ("arn:aws:kms:us-east-1:111122223333:*", false),
        ("arn:aws:kms:us-west-2:444455556666:*", false),
        ("arn:aws:kms:us-west-2:111122223333:key/*", false),
        ("arn:aws:kms:us-west-2:111122223333:key/1234", false),
    ] {
        let pattern_ = ArnPattern::new(pattern, true, Short::Padded).unwrap();
        assert_eq!(
            pattern_.covers_all_of(&scope, &values()),
            Answer::from(expected),
            "{pattern}"
        );
    }
}
