//! What holds for any body.

use crate::model::model;
use proptest::prelude::*;
use serde_json::{Value, json};
use trent_api::kms::{self, EncryptRequest, ListAliasesResponse, Tag, TagResourceRequest};
use trent_api::{Blob, Encode, Output, decode, encode};

fn any_json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    scalar.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z]{1,8}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    /// Any bytes are answered, by whatever operation.
    #[test]
    fn arbitrary_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for operation in kms::OPERATIONS {
            let _ = decode::check(operation.input, &bytes);
        }
    }

    /// Any value in any member is answered with one of the two errors, or accepted.
    #[test]
    fn arbitrary_values_are_answered(value in any_json()) {
        let model = model();
        for operation in kms::OPERATIONS {
            for member in operation.input.members {
                let mut request = model.least_request(operation.input.name);
                request.insert(member.name.to_owned(), value.clone());
                let body = serde_json::to_vec(&request).expect("JSON");
                if let Err(error) = decode::check(operation.input, &body) {
                    prop_assert!(matches!(error.code, "ValidationException" | "SerializationException"));
                    prop_assert!(serde_json::from_slice::<Value>(&error.to_json()).is_ok());
                }
            }
        }
    }

    /// What the encoder writes, the interpreter reads back.
    #[test]
    fn texts_round_trip(pairs in prop::collection::vec(("\\PC{1,20}", any::<String>()), 0..5)) {
        let tags: Vec<_> = pairs
            .into_iter()
            .map(|(tag_key, tag_value)| Tag { tag_key, tag_value: tag_value.chars().take(256).collect() })
            .collect();
        let mut body = br#"{"KeyId":"k","Tags":"#.to_vec();
        tags.encode(&mut body);
        body.push(b'}');
        let request: TagResourceRequest = decode(&body).expect("a request");
        prop_assert_eq!(request.tags, tags);
    }

    /// Bytes and contexts survive the way out and in.
    #[test]
    fn bytes_and_maps_round_trip(bytes in prop::collection::vec(any::<u8>(), 1..200), context: std::collections::BTreeMap<String, String>) {
        let mut body = br#"{"KeyId":"k","Plaintext":"#.to_vec();
        Blob::new(bytes.clone()).encode(&mut body);
        body.extend_from_slice(br#","EncryptionContext":"#);
        context.encode(&mut body);
        body.push(b'}');
        let request: EncryptRequest = decode(&body).expect("a request");
        prop_assert_eq!(&*request.plaintext, &bytes[..]);
        prop_assert_eq!(request.encryption_context, Some(context));
    }

    /// Every reply is JSON that another reader understands.
    #[test]
    fn replies_are_json(marker: String) {
        fn read(output: &impl Output) -> Value {
            serde_json::from_slice(&encode(output)).expect("JSON")
        }
        let response = ListAliasesResponse { next_marker: Some(marker.clone()), truncated: Some(true), aliases: Some(Vec::new()) };
        prop_assert_eq!(read(&response), json!({"Aliases": [], "NextMarker": marker, "Truncated": true}));
    }
}
