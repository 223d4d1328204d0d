//! Bodies that are not JSON, and values of the wrong JSON type.

use trent_api::kms::{CreateKeyRequest, EncryptRequest, ImportKeyMaterialRequest, ListKeysRequest, TagResourceRequest};
use trent_api::{ApiError, Input, decode};

fn refusal<I: Input>(body: &str) -> ApiError {
    match decode::<I>(body.as_bytes()) {
        Ok(_) => panic!("accepted: {body}"),
        Err(error) => error,
    }
}

fn assert_refused<I: Input>(body: &str, message: Option<&str>) {
    let error = refusal::<I>(body);
    assert_eq!((error.code, error.status), ("SerializationException", 400), "{body}");
    assert_eq!(error.message.as_deref(), message, "{body}");
}

#[test]
fn a_body_that_is_no_object_has_no_message() {
    for body in [
        "",
        " ",
        "null",
        "\"x\"",
        "1",
        "true",
        "{",
        "}",
        "{]",
        "{\"Limit\":1,}",
        "{\"Limit\":1}x",
        "{\"Limit\"}",
        "{'Limit':1}",
        "{\"Limit\":01}",
        "{\"Marker\":\"\u{1}\"}",
        "{\"Marker\":\"\\ud800\"}",
        "{\"Marker\":\"\\x\"}",
        "{\"Limit\":1e999}",
        "{} {}",
    ] {
        assert_refused::<ListKeysRequest>(body, None);
    }
    assert_eq!(
        refusal::<ListKeysRequest>("{").to_json(),
        br#"{"__type":"SerializationException"}"#
    );
    assert_refused::<ListKeysRequest>("[]", Some("Start of list found where not expected"));
    let error = decode::<ListKeysRequest>(b"{\"Marker\":\"\xff\"}").expect_err("not UTF-8");
    assert_eq!(error.to_json(), br#"{"__type":"SerializationException"}"#);
}

#[test]
fn a_value_of_the_wrong_type_is_named_by_what_it_is_and_what_it_should_be() {
    for (value, found) in [
        ("1", "NUMBER_VALUE"),
        ("1.5", "NUMBER_VALUE"),
        ("true", "TRUE_VALUE"),
        ("false", "FALSE_VALUE"),
    ] {
        let body = format!("{{\"KeyId\":{value}}}");
        assert_refused::<EncryptRequest>(&body, Some(&format!("{found} can not be converted to a String")));
        let body = format!("{{\"Plaintext\":{value}}}");
        assert_refused::<EncryptRequest>(&body, Some(&format!("{found} can not be converted to a Blob")));
        let body = format!("{{\"GrantTokens\":[\"a\",{value}]}}");
        assert_refused::<EncryptRequest>(&body, Some(&format!("{found} can not be converted to a String")));
    }
    assert_refused::<ListKeysRequest>(
        "{\"Limit\":\"1\"}",
        Some("STRING_VALUE can not be converted to an Integer"),
    );
    assert_refused::<ListKeysRequest>(
        "{\"Limit\":true}",
        Some("TRUE_VALUE can not be converted to an Integer"),
    );
    assert_refused::<EncryptRequest>(
        "{\"DryRun\":\"true\"}",
        Some("STRING_VALUE can not be converted to a Boolean"),
    );
    assert_refused::<ImportKeyMaterialRequest>(
        "{\"ValidTo\":\"2024\"}",
        Some("STRING_VALUE can not be converted to milliseconds since epoch"),
    );
    assert_refused::<TagResourceRequest>("{\"Tags\":\"a\"}", Some("Expected list or null"));
    assert_refused::<TagResourceRequest>("{\"Tags\":[1]}", Some("Expected null"));
    assert_refused::<EncryptRequest>("{\"EncryptionContext\":1}", Some("Expected map or null"));
    for member in ["KeyId", "Plaintext", "DryRun", "EncryptionContext"] {
        let body = format!("{{\"{member}\":[]}}");
        assert_refused::<EncryptRequest>(&body, Some("Start of list found where not expected"));
    }
    for member in ["KeyId", "Plaintext", "DryRun", "GrantTokens"] {
        let body = format!("{{\"{member}\":{{}}}}");
        assert_refused::<EncryptRequest>(&body, Some("Start of structure or map found where not expected."));
    }
}

#[test]
fn a_wrong_type_comes_before_any_constraint() {
    assert_refused::<CreateKeyRequest>(
        "{\"KeySpec\":\"NONE\",\"MultiRegion\":3}",
        Some("NUMBER_VALUE can not be converted to a Boolean"),
    );
}

#[test]
fn bytes_are_strict_base64() {
    let token = |value: &str| format!("{{\"ImportToken\":\"{value}\"}}");
    for (value, reason) in [
        (
            "abc",
            "Base64 encoded length is expected a multiple of 4 bytes but found: 3",
        ),
        ("ab!d", "Invalid Base64 character: '!'"),
        ("ab-_", "Invalid Base64 character: '-'"),
        (
            "abcé==",
            "Base64 encoded length is expected a multiple of 4 bytes but found: 7",
        ),
        ("AB==", "Invalid last non-pad Base64 character dectected"),
    ] {
        let message = format!("'{value}' can not be converted to a Blob: {reason}");
        assert_refused::<ImportKeyMaterialRequest>(&token(value), Some(&message));
    }
}

/// KEY-2: a plaintext is not sent back, not even one that is not base64.
#[test]
fn a_malformed_secret_is_not_repeated() {
    assert_refused::<EncryptRequest>("{\"Plaintext\":\"c2VjcmV0!\"}", None);
}

/// KEY-132: only scalars count as text in an encryption context.
#[test]
fn values_of_an_encryption_context_are_scalars() {
    let body = |value: &str| format!("{{\"EncryptionContext\":{{\"a\":{value}}}}}");
    assert_refused::<EncryptRequest>(&body("null"), Some("NULL_VALUE can not be converted to a String"));
    assert_refused::<EncryptRequest>(&body("[]"), Some("Start of list found where not expected"));
    assert_refused::<EncryptRequest>(&body("{}"), Some("Start of structure or map found where not expected."));
    assert_refused::<EncryptRequest>(&body("\"\\ud800\""), None);
}
