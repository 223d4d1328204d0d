//! Encrypting, decrypting, re-encrypting and the encryption context.

use serde_json::{Value, json};

use crate::world::{NO_KEY, STRANGER, World, base64, bytes, key_arn, text};

const INVALID: &str = "InvalidCiphertextException";

/// KEY-105, KEY-23, KEY-77
#[tokio::test]
async fn what_was_encrypted_is_decrypted_with_the_key_named_or_not() {
    let world = World::new().await;
    let id = world.key().await;
    for plaintext in [&b"x"[..], &[0; 4096], "plain\u{0}text".as_bytes()] {
        let sealed = world
            .ok("Encrypt", json!({"KeyId": id, "Plaintext": base64(plaintext)}))
            .await;
        assert_eq!(sealed["KeyId"], json!(key_arn(&id)));
        assert_eq!(sealed["EncryptionAlgorithm"], "SYMMETRIC_DEFAULT");
        let blob = &sealed["CiphertextBlob"];
        for request in [
            json!({ "CiphertextBlob": blob }),
            json!({"CiphertextBlob": blob, "KeyId": id}),
            json!({"CiphertextBlob": blob, "KeyId": key_arn(&id), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}),
        ] {
            assert_eq!(
                world.ok("Decrypt", request).await,
                json!({
                    "KeyId": key_arn(&id),
                    "Plaintext": base64(plaintext),
                    "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
                    "KeyMaterialId": world.describe(&id).await["CurrentKeyMaterialId"],
                })
            );
        }
    }
    let long = json!({"KeyId": id, "Plaintext": base64(&[0; 4097])});
    assert_eq!(world.refused("Encrypt", long).await.code, "ValidationException");
}

/// KEY-108: the same plaintext never gives the same ciphertext.
#[tokio::test]
async fn ciphertexts_differ() {
    let world = World::new().await;
    let id = world.key().await;
    let (first, second) = (world.encrypt(&id, b"same").await, world.encrypt(&id, b"same").await);
    assert_ne!(first, second);
}

/// KEY-126: whatever makes a ciphertext takes a context and binds it, and whatever opens one asks for it.
#[tokio::test]
async fn every_operation_takes_a_context() {
    let world = World::new().await;
    let id = world.key().await;
    let context = json!({"purpose": "test"});
    let bare = world.encrypt(&id, b"x").await;
    let rows = [
        (
            "Encrypt",
            json!({"KeyId": id, "Plaintext": base64(b"x")}),
            "EncryptionContext",
        ),
        (
            "GenerateDataKey",
            json!({"KeyId": id, "KeySpec": "AES_256"}),
            "EncryptionContext",
        ),
        (
            "GenerateDataKeyWithoutPlaintext",
            json!({"KeyId": id, "KeySpec": "AES_256"}),
            "EncryptionContext",
        ),
        (
            "ReEncrypt",
            json!({"CiphertextBlob": bare, "DestinationKeyId": id}),
            "DestinationEncryptionContext",
        ),
    ];
    for (operation, mut request, member) in rows {
        request[member] = context.clone();
        let blob = world.ok(operation, request).await["CiphertextBlob"].take();
        for (opening, fields, member) in [
            ("Decrypt", json!({ "CiphertextBlob": blob }), "EncryptionContext"),
            (
                "ReEncrypt",
                json!({"CiphertextBlob": blob, "DestinationKeyId": id}),
                "SourceEncryptionContext",
            ),
        ] {
            let without = world.refused(opening, fields.clone()).await;
            assert_eq!(without.pair(), (INVALID, ""), "{opening} after {operation}");
            let mut with = fields;
            with[member] = context.clone();
            world.ok(opening, with).await;
        }
    }
}

/// KEY-127, KEY-128, KEY-129, KEY-130: row by row, the context of encryption, that of decryption, and whether
/// the two are the same.
#[tokio::test]
async fn a_context_must_be_repeated_exactly() {
    let world = World::new().await;
    let id = world.key().await;
    let rows = [
        (json!({"a": "1", "b": "2"}), json!({"b": "2", "a": "1"}), true),
        (Value::Null, json!({}), true),
        (json!({}), Value::Null, true),
        (json!({"a": "1"}), Value::Null, false),
        (Value::Null, json!({"a": "1"}), false),
        (json!({"a": "1", "b": "2"}), json!({"a": "1"}), false),
        (json!({"a": "1"}), json!({"a": "1", "b": "2"}), false),
        (json!({"a": "x"}), json!({"a": "X"}), false),
        (json!({"a": "x"}), json!({"A": "x"}), false),
        (json!({"ab": "c"}), json!({"a": "bc"}), false),
        (json!({"a": "b", "c": "d"}), json!({"a": "bcd"}), false),
        (json!({"a": ""}), json!({"": "a"}), false),
    ];
    let request = |fields: Value, context: &Value, member: &str| {
        let mut request = fields;
        if !context.is_null() {
            request[member] = context.clone();
        }
        request
    };
    for (sealed_with, opened_with, same) in rows {
        let row = format!("{sealed_with} {opened_with}");
        let sealed = world
            .ok(
                "Encrypt",
                request(
                    json!({"KeyId": id, "Plaintext": base64(b"x")}),
                    &sealed_with,
                    "EncryptionContext",
                ),
            )
            .await;
        let blob = &sealed["CiphertextBlob"];
        let open = request(json!({ "CiphertextBlob": blob }), &opened_with, "EncryptionContext");
        let fields = json!({"CiphertextBlob": blob, "DestinationKeyId": id});
        let reseal = request(fields, &opened_with, "SourceEncryptionContext");
        if same {
            assert_eq!(
                world.ok("Decrypt", open).await["Plaintext"],
                json!(base64(b"x")),
                "{row}"
            );
            world.ok("ReEncrypt", reseal).await;
        } else {
            for (operation, request) in [("Decrypt", open), ("ReEncrypt", reseal)] {
                let refusal = world.refused(operation, request).await;
                assert_eq!(
                    (refusal.status, refusal.pair()),
                    (400, (INVALID, "")),
                    "{operation} {row}"
                );
            }
        }
    }
}

/// KEY-127
#[tokio::test]
async fn a_context_is_not_in_the_ciphertext() {
    let world = World::new().await;
    let id = world.key().await;
    let request = json!({"KeyId": id, "Plaintext": base64(b"x"), "EncryptionContext": {"department": "mysteries"}});
    let sealed = world.ok("Encrypt", request).await;
    let sealed = bytes(&sealed["CiphertextBlob"]);
    // Long enough to be in no ciphertext by chance.
    for part in [&b"department"[..], b"mysteries"] {
        assert!(!sealed.windows(part.len()).any(|window| window == part));
    }
}

/// KEY-132: numbers and booleans count as the text that they are written as.
#[tokio::test]
async fn scalars_in_a_context_are_their_literal_text() {
    let world = World::new().await;
    let id = world.key().await;
    let rows = [(json!(10103.0), "10103.0"), (json!(7), "7"), (json!(true), "true")];
    for (sent, literal) in rows {
        let sealed = world
            .ok(
                "Encrypt",
                json!({"KeyId": id, "Plaintext": base64(b"x"), "EncryptionContext": {"k": sent}}),
            )
            .await;
        let open = json!({"CiphertextBlob": sealed["CiphertextBlob"], "EncryptionContext": {"k": literal}});
        assert_eq!(
            world.ok("Decrypt", open).await["Plaintext"],
            json!(base64(b"x")),
            "{literal}"
        );
    }
    for refused in [json!(null), json!([]), json!({})] {
        let request = json!({"KeyId": id, "Plaintext": base64(b"x"), "EncryptionContext": {"k": refused}});
        assert_eq!(
            world.refused("Encrypt", request).await.code,
            "SerializationException",
            "{refused}"
        );
    }
}

/// KEY-133: two spellings of one letter are two contexts.
#[tokio::test]
async fn a_context_is_taken_byte_for_byte() {
    let world = World::new().await;
    let id = world.key().await;
    let (composed, decomposed) = ("\u{e9}\u{1f511}", "e\u{301}\u{1f511}");
    let seal = json!({"KeyId": id, "Plaintext": base64(b"x"), "EncryptionContext": {composed: composed}});
    let blob = world.ok("Encrypt", seal).await["CiphertextBlob"].take();
    let open = |name: &str| json!({"CiphertextBlob": blob, "EncryptionContext": {name: name}});
    assert_eq!(
        world.ok("Decrypt", open(composed)).await["Plaintext"],
        json!(base64(b"x"))
    );
    assert_eq!(world.refused("Decrypt", open(decomposed)).await.code, INVALID);
}

/// KEY-128: a ciphertext that was touched fails like a wrong context. A touched key id names another key, which is
/// answered like a key that the caller may not use.
#[tokio::test]
async fn every_flipped_byte_is_noticed() {
    let world = World::new().await;
    let id = world.key().await;
    let sealed = bytes(&json!(world.encrypt(&id, b"plaintext").await));
    for at in 0..sealed.len() {
        let mut touched = sealed.clone();
        touched[at] ^= 1;
        let request = json!({ "CiphertextBlob": base64(&touched) });
        let refusal = world.refused("Decrypt", request).await;
        if (2..19).contains(&at) {
            assert!(
                ["AccessDeniedException", INVALID].contains(&refusal.code.as_str()),
                "byte {at}: {refusal:?}"
            );
        } else {
            assert_eq!(refusal.pair(), (INVALID, ""), "byte {at}");
        }
        let named = world
            .refused("Decrypt", json!({"CiphertextBlob": base64(&touched), "KeyId": id}))
            .await;
        let expected = if (3..19).contains(&at) {
            "IncorrectKeyException"
        } else {
            INVALID
        };
        assert!(
            named.code == expected || (at == 2 && named.code == "IncorrectKeyException"),
            "byte {at}: {named:?}"
        );
    }
    for length in [0, 1, 2, 50, sealed.len() - 1] {
        let request = json!({"CiphertextBlob": base64(&sealed[..length]), "KeyId": id});
        let refusal = world.refused("Decrypt", request).await;
        let expected = if length == 0 { "ValidationException" } else { INVALID };
        assert_eq!(refusal.code, expected, "{length} bytes");
    }
}

/// A ciphertext of another account's key and one of no key at all are refused in the same words.
#[tokio::test]
async fn a_ciphertext_that_is_not_the_callers_tells_nothing() {
    let world = World::new().await;
    let theirs = world.key_of(STRANGER).await;
    let own = world.key().await;
    let sealed = world
        .ok_as(STRANGER, "Encrypt", json!({"KeyId": theirs, "Plaintext": base64(b"x")}))
        .await;
    let mut nobodys = bytes(&sealed["CiphertextBlob"]);
    nobodys[10] ^= 0xff;
    let foreign = world
        .refused("Decrypt", json!({ "CiphertextBlob": sealed["CiphertextBlob"] }))
        .await;
    let unknown = world
        .refused("Decrypt", json!({ "CiphertextBlob": base64(&nobodys) }))
        .await;
    assert_eq!(foreign.code, "AccessDeniedException");
    assert_eq!(foreign, unknown);
    let named = world
        .refused(
            "Decrypt",
            json!({"CiphertextBlob": sealed["CiphertextBlob"], "KeyId": own}),
        )
        .await;
    assert_eq!(named.code, "IncorrectKeyException");
}

/// KEY-123: moving a ciphertext to another key and context, without its plaintext passing through the caller.
#[tokio::test]
async fn re_encryption_moves_a_ciphertext() {
    let world = World::new().await;
    let (from, to) = (world.key().await, world.key().await);
    let seal = json!({"KeyId": from, "Plaintext": base64(b"x"), "EncryptionContext": {"a": "1"}});
    let blob = world.ok("Encrypt", seal).await["CiphertextBlob"].take();
    let moved = world
        .ok(
            "ReEncrypt",
            json!({
                "CiphertextBlob": blob,
                "SourceEncryptionContext": {"a": "1"},
                "DestinationKeyId": to,
                "DestinationEncryptionContext": {"b": "2"},
            }),
        )
        .await;
    let material = |key: &Value| key["CurrentKeyMaterialId"].clone();
    assert_eq!(
        moved,
        json!({
            "CiphertextBlob": moved["CiphertextBlob"],
            "SourceKeyId": key_arn(&from),
            "KeyId": key_arn(&to),
            "SourceEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
            "DestinationEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
            "SourceKeyMaterialId": material(&world.describe(&from).await),
            "DestinationKeyMaterialId": material(&world.describe(&to).await),
        })
    );
    let open = json!({"CiphertextBlob": moved["CiphertextBlob"], "EncryptionContext": {"b": "2"}});
    let opened = world.ok("Decrypt", open).await;
    assert_eq!(opened["KeyId"], json!(key_arn(&to)));
    assert_eq!(opened["Plaintext"], json!(base64(b"x")));
    let record = world.last_record("ReEncrypt").await;
    let arns: Vec<_> = record["resources"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| it["ARN"].clone())
        .collect();
    assert_eq!(arns, [key_arn(&from), key_arn(&to)]);
    assert!(!record.to_string().contains(&base64(b"x")));
    let wrong = json!({"CiphertextBlob": blob, "SourceKeyId": to, "DestinationKeyId": to});
    assert_eq!(world.refused("ReEncrypt", wrong).await.code, "IncorrectKeyException");
}

/// An algorithm that the key has not, row by row for every member that names one.
#[tokio::test]
async fn algorithms_of_other_keys_are_refused() {
    let world = World::new().await;
    let id = world.key().await;
    let blob = world.encrypt(&id, b"x").await;
    let algorithm = "RSAES_OAEP_SHA_256";
    let rows = [
        (
            "Encrypt",
            json!({"KeyId": id, "Plaintext": base64(b"x"), "EncryptionAlgorithm": algorithm}),
        ),
        (
            "Decrypt",
            json!({"KeyId": id, "CiphertextBlob": blob, "EncryptionAlgorithm": algorithm}),
        ),
        (
            "ReEncrypt",
            json!({"CiphertextBlob": blob, "DestinationKeyId": id, "SourceEncryptionAlgorithm": algorithm}),
        ),
        (
            "ReEncrypt",
            json!({"CiphertextBlob": blob, "DestinationKeyId": id, "DestinationEncryptionAlgorithm": algorithm}),
        ),
    ];
    for (operation, request) in rows {
        let refusal = world.refused(operation, request).await;
        assert_eq!(
            refusal.pair(),
            (
                "InvalidKeyUsageException",
                "Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT."
            ),
            "{operation}"
        );
    }
}

/// A dry run answers as the real call would, in every respect but its effect.
#[tokio::test]
async fn dry_runs_tell_what_would_have_happened() {
    let world = World::new().await;
    let id = world.key().await;
    let blob = world.encrypt(&id, b"x").await;
    let mut touched = bytes(&json!(blob));
    *touched.last_mut().expect("it is not empty") ^= 1;
    let would_succeed = "DryRunOperationException";
    let rows = [
        (
            "Encrypt",
            json!({"KeyId": id, "Plaintext": base64(b"x")}),
            would_succeed,
        ),
        (
            "Encrypt",
            json!({"KeyId": NO_KEY, "Plaintext": base64(b"x")}),
            "NotFoundException",
        ),
        ("Decrypt", json!({ "CiphertextBlob": blob }), would_succeed),
        ("Decrypt", json!({ "CiphertextBlob": base64(&touched) }), INVALID),
        (
            "Decrypt",
            json!({"KeyId": id, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}),
            would_succeed,
        ),
        (
            "Decrypt",
            json!({"KeyId": id, "CiphertextBlob": base64(&touched), "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}),
            would_succeed,
        ),
        ("Decrypt", json!({ "KeyId": id }), "ValidationException"),
        (
            "ReEncrypt",
            json!({"CiphertextBlob": blob, "DestinationKeyId": id}),
            would_succeed,
        ),
        (
            "ReEncrypt",
            json!({"SourceKeyId": id, "DestinationKeyId": id, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}),
            would_succeed,
        ),
        (
            "GenerateDataKey",
            json!({"KeyId": id, "KeySpec": "AES_256"}),
            would_succeed,
        ),
        (
            "GenerateDataKeyWithoutPlaintext",
            json!({"KeyId": id, "NumberOfBytes": 1}),
            would_succeed,
        ),
    ];
    for (operation, mut request, code) in rows {
        request["DryRun"] = json!(true);
        let refusal = world.refused(operation, request.clone()).await;
        assert_eq!(refusal.code, code, "{operation} {request}");
        if code == would_succeed {
            assert_eq!(refusal.status, 412);
        }
    }
    let meaningless = json!({"KeyId": id, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]});
    let refusal = world.refused("Decrypt", meaningless).await;
    assert_eq!(
        refusal.pair(),
        (
            "ValidationException",
            "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null"
        )
    );
}

/// Random bytes need no key: their number is required and bounded.
#[tokio::test]
async fn random_bytes_are_as_many_as_were_asked_for() {
    let world = World::new().await;
    for number in [1, 32, 1024] {
        let reply = world.ok("GenerateRandom", json!({ "NumberOfBytes": number })).await;
        assert_eq!(bytes(&reply["Plaintext"]).len(), number);
        assert_eq!(reply.as_object().map(serde_json::Map::len), Some(1), "{reply}");
    }
    let missing = world.refused("GenerateRandom", json!({})).await;
    assert_eq!(missing.pair(), ("ValidationException", "NumberOfBytes is required."));
    for number in [0, 1025] {
        let refusal = world
            .refused("GenerateRandom", json!({ "NumberOfBytes": number }))
            .await;
        assert_eq!(refusal.code, "ValidationException");
    }
    let store = json!({"NumberOfBytes": 8, "CustomKeyStoreId": "cks-1234567890abcdef0"});
    assert_eq!(
        world.refused("GenerateRandom", store).await.code,
        "CustomKeyStoreNotFoundException"
    );
    let first = world.ok("GenerateRandom", json!({"NumberOfBytes": 32})).await;
    let second = world.ok("GenerateRandom", json!({"NumberOfBytes": 32})).await;
    assert_ne!(text(&first["Plaintext"]), text(&second["Plaintext"]));
    assert_eq!(
        world.last_record("GenerateRandom").await["requestParameters"],
        Value::Null
    );
}
