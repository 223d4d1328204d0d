//! What holds for any body.

use crate::model::model;
use proptest::prelude::*;
use serde_json::{Value, json};
use trent_api::kms::{self, EncryptRequest, ListAliasesResponse, Tag, TagResourceRequest};
use trent_api::{Blob, Encode, Output, decode, encode, iam, query, sts};

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

fn form(pairs: &[(String, String)]) -> Vec<u8> {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", query::percent_encoded(name), query::percent_encoded(value)))
        .collect();
    pairs.join("&").into_bytes()
}

/// The order of a form's pairs says nothing.
fn shuffled(mut pairs: Vec<(String, String)>, order: u64) -> Vec<(String, String)> {
    pairs.sort_by_cached_key(|pair| (pair.0.len() as u64).wrapping_mul(order | 1));
    pairs
}

/// A path made of steps that mean something to many shapes.
fn any_path() -> impl Strategy<Value = String> {
    let step = prop::sample::select(
        &[
            "Tags", "member", "entry", "1", "2", "10", "Key", "Value", "UserName", "", "TagKeys", "0", "Path",
        ][..],
    );
    prop::collection::vec(step, 1..5).prop_map(|steps| steps.join("."))
}

proptest! {
    /// Any bytes are answered, by whatever operation.
    #[test]
    fn arbitrary_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for operation in kms::OPERATIONS {
            let _ = decode::check(operation.input, &bytes);
        }
        for operation in iam::OPERATIONS.iter().chain(sts::OPERATIONS) {
            let _ = query::check(operation.input, &bytes);
        }
    }

    /// Any form is answered with one of three errors, or accepted.
    #[test]
    fn arbitrary_forms_are_answered(pairs in prop::collection::vec((any_path(), "\\PC{0,8}"), 0..12)) {
        let form = form(&pairs);
        for operation in iam::OPERATIONS.iter().chain(sts::OPERATIONS) {
            if let Err(error) = query::check(operation.input, &form) {
                prop_assert!(matches!(error.code, "ValidationError" | "MalformedInput" | "MalformedQueryString"));
            }
        }
    }

    /// What is written as a form is read back: nested lists, any text.
    #[test]
    fn forms_round_trip(
        tags in prop::collection::vec(("[\\p{L}\\p{N} ]{1,20}", "[\\p{L}\\p{Z}.:@-]{0,20}"), 0..14),
        contexts in prop::collection::vec(("[a-z:]{5,20}", prop::collection::vec(".*", 0..12)), 0..14),
        order: u64,
    ) {
        let mut pairs = Vec::new();
        for (at, (key, value)) in tags.iter().enumerate() {
            pairs.push((format!("Tags.member.{}.Key", at + 1), key.clone()));
            pairs.push((format!("Tags.member.{}.Value", at + 1), value.clone()));
        }
        pairs.push(("UserName".to_owned(), "alice".to_owned()));
        if tags.is_empty() {
            pairs.push(("Tags".to_owned(), String::new()));
        }
        let read: iam::TagUserRequest = query::decode(&form(&shuffled(pairs, order))).expect("a request");
        let written: Vec<_> = read.tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
        prop_assert_eq!(written, tags);

        let mut pairs = vec![("ActionNames.member.1".to_owned(), "kms:Decrypt".to_owned())];
        pairs.push(("PolicyInputList".to_owned(), String::new()));
        for (at, (name, values)) in contexts.iter().enumerate() {
            let path = format!("ContextEntries.member.{}", at + 1);
            pairs.push((format!("{path}.ContextKeyName"), name.clone()));
            for (at, value) in values.iter().enumerate() {
                pairs.push((format!("{path}.ContextKeyValues.member.{}", at + 1), value.clone()));
            }
        }
        let read: iam::SimulateCustomPolicyRequest = query::decode(&form(&shuffled(pairs, order))).expect("a request");
        let written: Vec<_> = read
            .context_entries
            .unwrap_or_default()
            .into_iter()
            .map(|entry| (entry.context_key_name.unwrap_or_default(), entry.context_key_values.unwrap_or_default()))
            .collect();
        prop_assert_eq!(written, contexts);
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
