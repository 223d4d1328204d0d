//! Requests become plain structs.

use std::collections::BTreeMap;
use trent_api::kms::{
    CreateGrantRequest, CreateKeyRequest, EncryptRequest, EncryptionAlgorithmSpec, GrantOperation,
    ImportKeyMaterialRequest, KeySpec, ListKeysRequest, TagResourceRequest,
};
use trent_api::{Timestamp, decode};

/// KEY-133: keys and values of an encryption context arrive byte for byte, escaped or not, unnormalized.
#[test]
fn a_request_becomes_a_struct() {
    let body = r#" {"KeyId":"alias\/x","Plaintext":"aGVsbG8=","EncryptionContext":{"é":"e\u0301","\ud83d\udd12":"","a\"b":"c"},
        "GrantTokens":["t1","t2"],"EncryptionAlgorithm":"SYMMETRIC_DEFAULT","DryRun":false} "#;
    let request: EncryptRequest = decode(body.as_bytes()).expect("a request");
    assert_eq!(request.key_id, "alias/x");
    assert_eq!(&*request.plaintext, b"hello");
    let context = [("é", "e\u{301}"), ("\u{1f512}", ""), ("a\"b", "c")];
    let context: BTreeMap<_, _> = context.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    assert_eq!(request.encryption_context, Some(context));
    assert_eq!(request.grant_tokens, Some(vec!["t1".to_owned(), "t2".to_owned()]));
    assert_eq!(
        request.encryption_algorithm,
        Some(EncryptionAlgorithmSpec::SymmetricDefault)
    );
    assert_eq!(request.dry_run, Some(false));
}

/// KEY-132: numbers and truth values in an encryption context count as the text that they were written with.
#[test]
fn scalars_of_an_encryption_context_keep_their_spelling() {
    let body = r#"{"KeyId":"k","Plaintext":"AA==","EncryptionContext":
        {"a":10103.0,"b":-1,"c":1e5,"d":true,"e":false,"f":123456789012345678901234567890}}"#;
    let request: EncryptRequest = decode(body.as_bytes()).expect("a request");
    let context = request.encryption_context.expect("a context");
    let values: Vec<_> = context.values().map(String::as_str).collect();
    assert_eq!(
        values,
        [
            "10103.0",
            "-1",
            "1e5",
            "true",
            "false",
            "123456789012345678901234567890"
        ]
    );
}

/// KEY-146: `CreateKey` requires nothing.
#[test]
fn unknown_members_are_skipped_and_null_is_absent() {
    let body = r#"{"KeySpec":"RSA_2048","Tags":null,"Unknown":{"deep":[1,{"er":null}]},"Policy":null}"#;
    let request: CreateKeyRequest = decode(body.as_bytes()).expect("a request");
    let expected = CreateKeyRequest {
        key_spec: Some(KeySpec::Rsa2048),
        ..CreateKeyRequest::default()
    };
    assert_eq!(request, expected);
    assert_eq!(decode::<CreateKeyRequest>(b"{}"), Ok(CreateKeyRequest::default()));
}

#[test]
fn of_a_member_sent_twice_the_last_counts() {
    let request: ListKeysRequest = decode(br#"{"Limit":1,"Limit":2}"#).expect("a request");
    assert_eq!(request.limit, Some(2));
}

#[test]
fn numbers_lose_their_fraction_before_their_range_is_checked() {
    let limit = |literal: &str| decode::<ListKeysRequest>(format!("{{\"Limit\":{literal}}}").as_bytes());
    assert_eq!(limit("1.9").map(|request| request.limit), Ok(Some(1)));
    for (literal, shown) in [
        ("1001", "1001"),
        ("99999999999", "99999999999"),
        ("1e300", "9223372036854775807"),
    ] {
        let error = limit(literal).expect_err("out of range");
        assert_eq!(
            error.message(),
            format!(
                "1 validation error detected: Value '{shown}' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 1000"
            )
        );
    }
}

#[test]
fn points_in_time_are_seconds_with_a_fraction() {
    let valid_to = |literal: &str| {
        let body = format!(
            "{{\"KeyId\":\"k\",\"ImportToken\":\"AA==\",\"EncryptedKeyMaterial\":\"AA==\",\"ValidTo\":{literal}}}"
        );
        decode::<ImportKeyMaterialRequest>(body.as_bytes())
            .expect("a request")
            .valid_to
    };
    assert_eq!(valid_to("1700000000"), Some(Timestamp::from_seconds(1_700_000_000)));
    assert_eq!(
        valid_to("1700000000.123"),
        Some(Timestamp::from_millis(1_700_000_000_123))
    );
    assert_eq!(valid_to("1.7e9"), Some(Timestamp::from_seconds(1_700_000_000)));
    assert_eq!(valid_to("-1.5"), Some(Timestamp::from_millis(-1500)));
}

#[test]
fn nested_structures_and_lists_are_read() {
    let body = r#"{"KeyId":"k","Operations":["Encrypt","Decrypt"],"GranteePrincipal":"p",
        "Constraints":{"EncryptionContextSubset":{"a":"b"}}}"#;
    let request: CreateGrantRequest = decode(body.as_bytes()).expect("a request");
    assert_eq!(request.operations, [GrantOperation::Encrypt, GrantOperation::Decrypt]);
    let subset = request
        .constraints
        .and_then(|constraints| constraints.encryption_context_subset);
    assert_eq!(subset, Some(BTreeMap::from([("a".to_owned(), "b".to_owned())])));
    let body = r#"{"KeyId":"k","Tags":[{"TagKey":"a","TagValue":""},{"TagValue":"c","TagKey":"b"}]}"#;
    let request: TagResourceRequest = decode(body.as_bytes()).expect("a request");
    let tags: Vec<_> = request
        .tags
        .iter()
        .map(|tag| (tag.tag_key.as_str(), tag.tag_value.as_str()))
        .collect();
    assert_eq!(tags, [("a", ""), ("b", "c")]);
}
