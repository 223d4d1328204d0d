//! Plain structs become replies.

use trent_api::kms::{
    AliasListEntry, DescribeKeyResponse, EncryptResponse, EncryptionAlgorithmSpec, KeyMetadata, KeySpec,
    ListAliasesResponse, UpdateCustomKeyStoreResponse,
};
use trent_api::{Blob, Empty, Output, Timestamp, encode};

fn written(output: &impl Output) -> String {
    String::from_utf8(encode(output).to_vec()).expect("UTF-8")
}

#[test]
fn members_are_written_in_the_models_order() {
    let response = EncryptResponse {
        ciphertext_blob: Some(Blob::new(b"hello".to_vec())),
        key_id: Some("arn:\"x\"\\\n\u{1}é".to_owned()),
        encryption_algorithm: Some(EncryptionAlgorithmSpec::SymmetricDefault),
    };
    assert_eq!(
        written(&response),
        r#"{"CiphertextBlob":"aGVsbG8=","KeyId":"arn:\"x\"\\\n\u0001é","EncryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#
    );
}

/// KEY-62: what is absent is left out; it is not null.
#[test]
fn absent_members_are_left_out() {
    let metadata = KeyMetadata {
        key_id: "k".to_owned(),
        enabled: Some(true),
        key_spec: Some(KeySpec::SymmetricDefault),
        encryption_algorithms: Some(vec![EncryptionAlgorithmSpec::SymmetricDefault]),
        ..KeyMetadata::default()
    };
    let response = DescribeKeyResponse {
        key_metadata: Some(metadata),
    };
    assert_eq!(
        written(&response),
        r#"{"KeyMetadata":{"KeyId":"k","Enabled":true,"KeySpec":"SYMMETRIC_DEFAULT","EncryptionAlgorithms":["SYMMETRIC_DEFAULT"]}}"#
    );
}

/// KEY-203: dates are seconds since the epoch with their fraction.
#[test]
fn dates_are_seconds_with_a_fraction() {
    let date = |millis| {
        let entry = AliasListEntry {
            creation_date: Some(Timestamp::from_millis(millis)),
            ..AliasListEntry::default()
        };
        written(&ListAliasesResponse {
            aliases: Some(vec![entry]),
            next_marker: None,
            truncated: Some(false),
        })
    };
    for (millis, seconds) in [
        (1_700_000_000_123, "1700000000.123"),
        (1_700_000_000_120, "1700000000.12"),
        (1_700_000_000_005, "1700000000.005"),
        (1_700_000_000_000, "1700000000"),
        (-1_500, "-1.5"),
    ] {
        let expected = format!("{{\"Aliases\":[{{\"CreationDate\":{seconds}}}],\"Truncated\":false}}");
        assert_eq!(date(millis), expected);
    }
}

/// An operation without an output answers with an empty body, one with an empty output with an empty object.
#[test]
fn nothing_and_an_empty_object_are_not_the_same() {
    assert_eq!(written(&Empty), "");
    assert_eq!(written(&UpdateCustomKeyStoreResponse::default()), "{}");
}
