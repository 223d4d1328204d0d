use super::*;

fn text_of(value: &str) -> String {
    let mut out = Vec::new();
    push_string(&mut out, value);
    String::from_utf8(out).expect("UTF-8")
}

fn parsed(fragment: &Fragment) -> serde_json::Value {
    serde_json::from_slice(fragment.as_bytes()).expect("JSON")
}

#[test]
fn no_control_character_survives_and_each_reads_back() {
    for code in (0..=0x9f).chain([0x200b, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069, 0xfeff]) {
        let character = char::from_u32(code).expect("a character");
        let value = format!("a{character}b");
        let text = text_of(&value);
        let shown = matches!(code, 0x20..=0x7e);
        assert!(shown || text.is_ascii(), "{code:#x} is written as it is");
        assert!(text.bytes().all(|byte| byte >= 0x20 && byte != 0x7f), "{code:#x}");
        let back: String = serde_json::from_str(&text).expect("JSON");
        assert_eq!(back, value);
    }
}

#[test]
fn odd_characters_anywhere_leave_the_rest_as_it_is() {
    for value in [
        "\"",
        "\"a",
        "a\"",
        "a\"\"b\\",
        "{\"Effect\":\"Allow\"}",
        "é\u{2028}é",
        "\u{feff}",
        "a long plain run, then é",
    ] {
        let back: String = serde_json::from_str(&text_of(value)).expect("JSON");
        assert_eq!(back, value);
    }
    assert_eq!(text_of("a\u{1f}b\u{202e}c"), "\"a\\u001fb\\u202ec\"");
}

#[test]
fn ordinary_text_of_any_language_stays_readable() {
    assert_eq!(text_of("clé/中文/🔑"), "\"clé/中文/🔑\"");
}

#[test]
fn members_are_written_in_order() {
    let mut inner = Object::new();
    inner.integer("least", i64::MIN).integer("zero", 0);
    let mut object = Object::new();
    object
        .string("keyId", "a\"b")
        .boolean("dryRun", true)
        .strings("grantTokens", ["x", "y"])
        .map("encryptionContext", [("k\n", "v")])
        .object("inner", inner)
        .objects("list", [Object::new()]);
    assert_eq!(
        String::from_utf8(object.finish().as_bytes().to_vec()).expect("UTF-8"),
        "{\"keyId\":\"a\\\"b\",\"dryRun\":true,\"grantTokens\":[\"x\",\"y\"],\"encryptionContext\":{\"k\\n\":\"v\"},\
         \"inner\":{\"least\":-9223372036854775808,\"zero\":0},\"list\":[{}]}"
    );
}

#[test]
fn a_long_string_is_cut_at_a_character_and_its_rest_is_proved_by_a_digest() {
    let value = "é".repeat(40);
    let mut object = Object::new();
    object.text("text", &value, 11);
    let parsed = parsed(&object.finish());
    let rest = &value[10..];
    let expected = format!(
        "{}...[70 more bytes, sha256 {}]",
        &value[..10],
        sha256_hex(rest.as_bytes())
    );
    assert_eq!(parsed["text"], expected);
}

#[test]
fn a_string_of_exactly_the_cap_is_whole() {
    let value = "x".repeat(MAX_STRING);
    let mut object = Object::new();
    object.string("text", &value);
    assert_eq!(parsed(&object.finish())["text"], value);
}

#[test]
fn an_oversized_fragment_is_replaced_by_its_digest() {
    let mut object = Object::new();
    object.text("policy", &"\u{1}".repeat(MAX_FRAGMENT / 6 + 1), MAX_FRAGMENT);
    let parsed = parsed(&object.finish());
    assert_eq!(
        parsed["omittedBytes"].as_u64().expect("a number"),
        (MAX_FRAGMENT / 6 + 1) as u64 * 6 + 13
    );
    assert_eq!(parsed["omittedSha256"].as_str().expect("a digest").len(), 64);
}
