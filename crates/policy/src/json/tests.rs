#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

fn problem(text: &str) -> (u32, JsonProblem) {
    let error = read(text).unwrap_err();
    (error.line, error.problem)
}

#[test]
fn lines_and_order_are_kept() {
    let node = read("{\n \"b\": [1,\n 2],\n \"a\": null }").unwrap();
    let Value::Object(members) = node.value else {
        panic!("an object")
    };
    assert_eq!((members[0].name.as_ref(), members[0].line), ("b", 2));
    assert_eq!((members[1].name.as_ref(), members[1].line), ("a", 4));
    let Value::Array(items) = &members[0].value.value else {
        panic!("an array")
    };
    assert_eq!((items[0].line, items[1].line), (2, 3));
}

#[test]
fn escapes_are_decoded() {
    let node = read(r#""a\"\\\/\b\f\n\r\t\u00e9\uD83D\ude00z""#).unwrap();
    assert_eq!(
        node.value,
        Value::Text(Cow::Borrowed("a\"\\/\u{8}\u{c}\n\r\t\u{e9}\u{1f600}z"))
    );
}

#[test]
fn numbers_keep_their_literal() {
    for literal in [
        "0", "-0", "7", "-5", "10", "0.5", "-12.250", "1e5", "1E+5", "1e-05", "0e0", "1.5e10",
    ] {
        let text = format!(" {literal} ");
        let node = read(&text).unwrap();
        assert_eq!((node.value, node.span), (Value::Number(literal), 1..1 + literal.len()));
    }
}

#[test]
fn what_is_not_json_is_refused_with_its_line() {
    assert_eq!(problem(""), (1, JsonProblem::Truncated));
    assert_eq!(problem("{\n\"a\":1,\n}"), (3, JsonProblem::Unexpected('}')));
    assert_eq!(problem("[1,]"), (1, JsonProblem::Unexpected(']')));
    assert_eq!(problem("{}x"), (1, JsonProblem::Trailing));
    assert_eq!(
        problem("{\"a\":1,\n\"a\":2}"),
        (2, JsonProblem::Duplicate),
        "also when one of them is escaped"
    );
    assert_eq!(problem(r#"{"a":1,"\u0061":2}"#), (1, JsonProblem::Duplicate));
    assert_eq!(problem("01"), (1, JsonProblem::Trailing));
    assert_eq!(problem("-"), (1, JsonProblem::Number));
    assert_eq!(problem("1."), (1, JsonProblem::Number));
    assert_eq!(problem("1e"), (1, JsonProblem::Number));
    assert_eq!(problem(r#""\x""#), (1, JsonProblem::Escape));
    assert_eq!(problem(r#""\ud800""#), (1, JsonProblem::Escape));
    assert_eq!(problem(r#""\ud800A""#), (1, JsonProblem::Escape));
    assert_eq!(problem(r#""\udc00""#), (1, JsonProblem::Escape));
    assert_eq!(problem("\"a\nb\""), (1, JsonProblem::Unexpected('\n')));
    assert_eq!(problem("\u{feff}{}"), (1, JsonProblem::Unexpected('\u{feff}')));
    assert_eq!(problem("nul"), (1, JsonProblem::Truncated));
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&nested(16)).is_ok());
    assert_eq!(problem(&nested(17)), (1, JsonProblem::Depth));
    assert_eq!(problem(&"[".repeat(1_000_000)), (1, JsonProblem::Depth));
    let objects = |depth: usize| format!("{}{{}}{}", r#"{"a":"#.repeat(depth - 1), "}".repeat(depth - 1));
    assert!(read(&objects(16)).is_ok());
    assert_eq!(problem(&objects(17)), (1, JsonProblem::Depth));
}
