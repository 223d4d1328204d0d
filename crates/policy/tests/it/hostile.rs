//! Documents and requests that mean harm: refused, or decided in time that grows with their size and no faster.

use crate::support::{ALICE, ROOT, World, context, document, iam, to};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use trent_policy::{Measure, Policy, PolicyKind, Problem, Rules, Surroundings, VersionRule, simulate};

/// Generous: what is quadratic would take minutes.
const SOON: Duration = Duration::from_secs(5);

fn soon<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(start.elapsed() < SOON, "it took {:?}", start.elapsed());
    result
}

fn any_kind(text: &str) {
    for kind in PolicyKind::ALL {
        for rules in [Rules::SCENARIO, Rules::STORED, Rules::KEY_POLICY, Rules::MANAGED_POLICY] {
            if let Err(error) = Policy::parse(text, kind, &rules) {
                assert!(!error.service_message(kind).is_empty() && !error.to_string().is_empty());
            }
        }
    }
}

#[test]
fn nested_documents() {
    for depth in [10, 17, 1000, 300_000] {
        soon(|| any_kind(&"[".repeat(depth)));
        soon(|| any_kind(&format!("{}{}", "{\"a\":".repeat(depth), "}".repeat(depth))));
        let values = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        soon(|| {
            any_kind(&format!(
                r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":{values},"Resource":"*"}}}}"#
            ))
        });
    }
}

#[test]
fn a_megabyte() {
    let wide = |item: &str, count: usize| vec![item; count].join(",");
    let lists = format!(
        r#"{{"Version":"2012-10-17","Statement":[{}]}}"#,
        wide(r#"{"Effect":"Allow","Action":"kms:*","Resource":"*"}"#, 20_000)
    );
    assert!(lists.len() > 1_000_000);
    let policy = soon(|| Policy::parse(&lists, PolicyKind::Identity, &Rules::SCENARIO)).unwrap();
    assert_eq!(policy.statements().len(), 20_000);
    let keys: Vec<String> = (0..60_000).map(|at| format!(r#""k{at}":"v""#)).collect();
    let many = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Action":"kms:*","Resource":"*","Condition":{{"StringEquals":{{{}}}}}}}}}"#,
        keys.join(",")
    );
    soon(|| Policy::parse(&many, PolicyKind::Identity, &Rules::SCENARIO)).unwrap();
    let sids: Vec<String> = (0..15_000)
        .map(|at| format!(r#"{{"Sid":"s{at}","Effect":"Allow","Action":"a:b","Resource":"*"}}"#))
        .collect();
    let sids = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, sids.join(","));
    soon(|| Policy::parse(&sids, PolicyKind::Identity, &Rules::SCENARIO)).unwrap();
    soon(|| any_kind(&" ".repeat(2_000_000)));
    soon(|| any_kind(&format!("\"{}", "\\u0041".repeat(200_000))));
    soon(|| any_kind(&"1".repeat(1_000_000)));
    let oversized = Policy::parse(&" ".repeat(1_048_577), PolicyKind::Identity, &Rules::SCENARIO).unwrap_err();
    assert!(matches!(oversized.problem, Problem::TooLarge { .. }));
}

/// POL-80, POL-81
#[test]
fn sizes_are_exact() {
    let statement = to(&json!(ROOT));
    let padded = |size: usize, filler: char| {
        let mut text = document(&statement).to_string();
        while text.len() + filler.len_utf8() <= size {
            text.push(filler);
        }
        text
    };
    let parse = |text: &str| Policy::parse(text, PolicyKind::Resource, &Rules::KEY_POLICY);
    assert!(parse(&padded(32_768, ' ')).is_ok());
    assert_eq!(
        parse(&padded(32_769, ' ')).unwrap_err().problem,
        Problem::TooLarge {
            size: 32_769,
            limit: 32_768
        }
    );
    let mut id = document(&statement);
    id["Id"] = json!("é".repeat(16_400));
    assert!(
        matches!(parse(&id.to_string()).unwrap_err().problem, Problem::TooLarge { .. }),
        "two bytes each"
    );
    let spaced = format!("{}{}", " ".repeat(50_000), document(&iam("Allow", "kms:*")));
    assert!(
        Policy::parse(&spaced, PolicyKind::Identity, &Rules::MANAGED_POLICY).is_ok(),
        "IAM does not count white space"
    );
    let tight = Rules::written(spaced.trim().len() - 1, Measure::VisibleCharacters, VersionRule::Any);
    assert!(Policy::parse(&spaced, PolicyKind::Identity, &tight).is_err());
    let fits = Rules::written(spaced.trim().len(), Measure::VisibleCharacters, VersionRule::Any);
    assert!(Policy::parse(&spaced, PolicyKind::Identity, &fits).is_ok());
}

/// POL-82, POL-83, AUTHZ-7
#[test]
fn odd_unicode() {
    let with = |text: &str| {
        let mut statement = to(&json!(ROOT));
        statement["Condition"] = json!({"StringEquals": {"aws:SourceArn": "PLACE"}});
        document(&statement).to_string().replace("PLACE", text)
    };
    let parse = |text: &str| {
        Policy::parse(&with(text), PolicyKind::Resource, &Rules::KEY_POLICY).map_err(|error| error.problem)
    };
    for good in ["plain", "caf\u{e9}\u{ff}\u{a0}", r"\u00e9", r"tab\t", "~"] {
        assert!(parse(good).is_ok(), "{good:?}");
    }
    for (bad, character) in [
        ("\u{100}", '\u{100}'),
        ("\u{2019}", '\u{2019}'),
        ("\u{1f600}", '\u{1f600}'),
        ("\u{7f}", '\u{7f}'),
        ("\u{9f}", '\u{9f}'),
        ("\u{202e}", '\u{202e}'),
        (r"\u2019", '\u{2019}'),
        (r"\ud83d\ude00", '\u{1f600}'),
        (r"\u0000", '\0'),
        (r"\b", '\u{8}'),
    ] {
        assert_eq!(parse(bad).unwrap_err(), Problem::Character(character), "{bad:?}");
    }
    assert!(matches!(parse(r"\ud800").unwrap_err(), Problem::Json(_)));
    assert!(Policy::parse(&format!("\u{feff}{}", with("x")), PolicyKind::Resource, &Rules::STORED).is_err());
    let in_name = with("x").replace("aws:SourceArn", r"aws:\u2019");
    assert_eq!(
        Policy::parse(&in_name, PolicyKind::Resource, &Rules::KEY_POLICY)
            .unwrap_err()
            .problem,
        Problem::Character('\u{2019}')
    );
    let second_line = with("x").replacen(',', ",\n", 1).replace("\"x\"", "\"\u{100}\"");
    assert_eq!(
        Policy::parse(&second_line, PolicyKind::Resource, &Rules::KEY_POLICY)
            .unwrap_err()
            .line,
        2
    );
}

fn decides(pattern: &str, text: &str) -> bool {
    let mut statement = iam("Allow", "kms:*");
    statement["Condition"] = json!({"StringLike": {"k": pattern}});
    let world = World::new(ALICE).key_policy(&to(&json!(ROOT))).identity(&statement);
    let world = World {
        context: context(&json!({"k": text, "v": text})),
        ..world
    };
    soon(|| world.allowed())
}

#[test]
fn huge_wildcards_against_long_texts() {
    let text = "a".repeat(100_000);
    for pattern in [
        "a*".repeat(10_000),
        format!("{}b", "a*".repeat(10_000)),
        format!("{}b", "*a".repeat(10_000)),
        "*".repeat(30_000),
        format!("*{}b*", "a".repeat(20_000)),
        format!("*{}b*{}", "a?".repeat(1_000), "a".repeat(10)),
        format!("{}*", "*?".repeat(5_000)),
        format!("*{}*b", "?a".repeat(500)),
        format!("*{}b*", "?".repeat(2_000)),
    ] {
        let expected = !pattern.contains('b');
        assert_eq!(decides(&pattern, &text), expected, "{}…", &pattern[..10]);
    }
}

#[test]
fn huge_wildcards_with_long_variables() {
    let text = format!("{}b", "a".repeat(50_000));
    for (pattern, expected) in [
        ("*${v}*", true),
        ("*${v}*${v}*", false),
        ("*a${v}*", false),
        ("${v}", true),
        ("*?${v}*", false),
    ] {
        assert_eq!(decides(pattern, &text), expected, "{pattern}");
    }
}

#[test]
fn long_numbers_and_lists() {
    let digits = "9".repeat(20_000);
    let mut statement = iam("Allow", "kms:*");
    statement["Condition"] = json!({"NumericGreaterThan": {"n": [format!("{digits}.5"), digits.clone()]},
        "ForAllValues:StringLike": {"l": (0..500).map(|at| format!("{at}*")).collect::<Vec<_>>()}});
    let many: Vec<Value> = (0..2_000).map(|at| json!(format!("{at}x"))).collect();
    let world = World::new(ALICE).key_policy(&to(&json!(ROOT))).identity(&statement);
    let world = world.context(&json!({"n": format!("{digits}.4"), "l": many}));
    assert!(soon(|| world.allowed()));
}

#[test]
fn invalid_values_in_requests_match_nothing() {
    let mut statement = iam("Allow", "kms:*");
    for (operator, wanted, given) in [
        ("IpAddress", json!("0.0.0.0/0"), "999.1.1.1"),
        ("IpAddress", json!("::/0"), "::1%lo"),
        ("DateLessThan", json!("9999-12-31"), "2026-02-30"),
        ("NumericLessThan", json!("9"), "1e999999999999"),
        ("Bool", json!("true"), "1"),
        ("BinaryEquals", json!("AA=="), "AA"),
        ("ArnLike", json!("*"), "arn:aws:kms"),
    ] {
        statement["Condition"] = json!({operator: {"k": wanted}});
        let world = World::new(ALICE).key_policy(&to(&json!(ROOT))).identity(&statement);
        assert!(!world.context(&json!({"k": given})).allowed(), "{operator} {given}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}") {
        any_kind(&text);
        let line = simulate(&text, &Surroundings::default());
        prop_assert!(line.contains("error"));
    }

    #[test]
    fn broken_documents_never_panic(cut in 0..400_usize, noise in "[\\[\\]{}\",:\\\\$*?a0\\-]{0,6}") {
        let mut statement = to(&json!([ALICE, ROOT]));
        statement["Condition"] = json!({"StringLike": {"aws:x": ["${aws:username, 'y'}*", 5]}, "DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}});
        let text = document(&statement).to_string();
        let cut = cut.min(text.len());
        any_kind(&format!("{}{noise}{}", &text[..cut], &text[cut..]));
        any_kind(&text[..cut]);
    }

    #[test]
    fn the_reader_accepts_what_other_readers_accept(text in "[\\[\\]{}\",:0-9.eE+\\-truefalsn\\\\ ]{0,24}") {
        let policy = format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{{"StringEquals":{{"k":{text}}}}}}}}}"#);
        let ours = Policy::parse(&policy, PolicyKind::Identity, &Rules::STORED).is_ok();
        let theirs = serde_json::from_str::<Value>(&policy).is_ok();
        prop_assert!(!ours || theirs, "{}", policy);
    }

    #[test]
    fn patterns_decide_as_a_recursive_matcher_does(pattern in "[ab*?]{0,12}", text in "[ab]{0,12}") {
        fn recursive(pattern: &[u8], text: &[u8]) -> bool {
            match pattern.split_first() {
                None => text.is_empty(),
                Some((b'*', rest)) => recursive(rest, text) || (!text.is_empty() && recursive(pattern, &text[1..])),
                Some((b'?', rest)) => !text.is_empty() && recursive(rest, &text[1..]),
                Some((byte, rest)) => text.first() == Some(byte) && recursive(rest, &text[1..]),
            }
        }
        let expected = recursive(pattern.as_bytes(), text.as_bytes());
        prop_assert_eq!(decides(&pattern, &text), expected);
        let with_variable = format!("${{missing, '{}'}}{pattern}", &text[..text.len() / 2]);
        let expected = text.len() / 2 == 0 || recursive(pattern.as_bytes(), &text.as_bytes()[text.len() / 2..]);
        if text.len() / 2 > 0 {
            prop_assert_eq!(decides(&with_variable, &text), expected);
        }
    }
}
