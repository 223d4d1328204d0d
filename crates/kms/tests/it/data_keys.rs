//! Data keys and envelopes.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::world::{STRANGER, World, bytes, key_arn};

/// KEY-102, KEY-105, KEY-39
#[tokio::test]
async fn a_data_key_comes_in_the_clear_and_encrypted() {
    let world = World::new().await;
    let id = world.key().await;
    let context = json!({"app": "x"});
    let reply = world
        .ok(
            "GenerateDataKey",
            json!({"KeyId": id, "KeySpec": "AES_256", "EncryptionContext": context}),
        )
        .await;
    let metadata = world.describe(&id).await;
    assert_eq!(
        reply,
        json!({
            "CiphertextBlob": reply["CiphertextBlob"],
            "Plaintext": reply["Plaintext"],
            "KeyId": key_arn(&id),
            "KeyMaterialId": metadata["CurrentKeyMaterialId"],
        })
    );
    let open = json!({"CiphertextBlob": reply["CiphertextBlob"], "EncryptionContext": context});
    assert_eq!(world.ok("Decrypt", open).await["Plaintext"], reply["Plaintext"]);
    let another = world
        .ok("GenerateDataKey", json!({"KeyId": id, "KeySpec": "AES_256"}))
        .await;
    assert_ne!(another["Plaintext"], reply["Plaintext"], "each is made anew");
    let spec_of_a_kms_key = json!({"KeyId": id, "KeySpec": "SYMMETRIC_DEFAULT"});
    assert_eq!(
        world.refused("GenerateDataKey", spec_of_a_kms_key).await.code,
        "ValidationException"
    );
}

/// KEY-103
#[tokio::test]
async fn a_data_key_without_plaintext_has_none() {
    let world = World::new().await;
    let id = world.key().await;
    let reply = world
        .ok(
            "GenerateDataKeyWithoutPlaintext",
            json!({"KeyId": id, "NumberOfBytes": 24}),
        )
        .await;
    let members: Vec<_> = reply
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(members, ["CiphertextBlob", "KeyId", "KeyMaterialId"]);
    let opened = world
        .ok("Decrypt", json!({ "CiphertextBlob": reply["CiphertextBlob"] }))
        .await;
    assert_eq!(bytes(&opened["Plaintext"]).len(), 24);
}

/// KEY-104
#[tokio::test]
async fn the_length_is_given_in_exactly_one_way() {
    let world = World::new().await;
    let id = world.key().await;
    let request = |length: Value| {
        let mut request = json!({ "KeyId": id });
        for (member, value) in length.as_object().expect("an object") {
            request[member] = value.clone();
        }
        request
    };
    for (length, expected) in [
        (json!({"KeySpec": "AES_128"}), 16),
        (json!({"KeySpec": "AES_256"}), 32),
        (json!({"NumberOfBytes": 1}), 1),
        (json!({"NumberOfBytes": 1024}), 1024),
    ] {
        let reply = world.ok("GenerateDataKey", request(length.clone())).await;
        assert_eq!(bytes(&reply["Plaintext"]).len(), expected);
        let wrapped = world.ok("GenerateDataKeyWithoutPlaintext", request(length)).await;
        let opened = world
            .ok("Decrypt", json!({ "CiphertextBlob": wrapped["CiphertextBlob"] }))
            .await;
        assert_eq!(bytes(&opened["Plaintext"]).len(), expected);
    }
    let one_of = "Please specify either number of bytes or key spec.";
    for length in [json!({}), json!({"KeySpec": "AES_256", "NumberOfBytes": 32})] {
        for operation in ["GenerateDataKey", "GenerateDataKeyWithoutPlaintext"] {
            let refusal = world.refused(operation, request(length.clone())).await;
            assert_eq!(refusal.pair(), ("ValidationException", one_of), "{operation}");
        }
    }
    for length in [
        json!({"NumberOfBytes": 0}),
        json!({"NumberOfBytes": 1025}),
        json!({"KeySpec": "AES_512"}),
    ] {
        let refusal = world.refused("GenerateDataKey", request(length)).await;
        assert_eq!(refusal.code, "ValidationException");
    }
}

/// KEY-108
#[tokio::test]
async fn data_keys_are_all_different() {
    let world = World::new().await;
    let (one, two) = (world.key().await, world.key().await);
    let mut seen = std::collections::HashSet::new();
    for id in [&one, &one, &two, &two] {
        let reply = world
            .ok("GenerateDataKey", json!({"KeyId": id, "KeySpec": "AES_256"}))
            .await;
        assert!(seen.insert(bytes(&reply["Plaintext"])));
    }
}

/// KEY-106: neither the record of the call nor the store has the data key.
#[tokio::test]
async fn data_keys_are_not_kept() {
    let world = World::new().await;
    let id = world.key().await;
    let before = world.store.revision();
    let reply = world
        .ok("GenerateDataKey", json!({"KeyId": id, "KeySpec": "AES_256"}))
        .await;
    assert_eq!(world.store.revision(), before, "nothing was stored");
    let record = world.last_record("GenerateDataKey").await;
    for member in ["Plaintext", "CiphertextBlob"] {
        assert!(
            !record.to_string().contains(reply[member].as_str().expect("a blob")),
            "{record}"
        );
    }
}

/// KEY-122, KEY-123, KEY-124, KEY-125: data under a local key, under a data key, wrapped by two KMS keys; and the
/// private key of a signer outside, kept under a symmetric KMS key. The local layers are the client's own.
#[tokio::test]
async fn envelopes_nest_and_are_wrapped_by_several_keys() {
    let world = World::new().await;
    let (first, second) = (world.key().await, world.key().await);
    let made = world
        .ok("GenerateDataKey", json!({"KeyId": first, "KeySpec": "AES_256"}))
        .await;
    let data_key = bytes(&made["Plaintext"]);
    let again = world
        .ok("Encrypt", json!({"KeyId": second, "Plaintext": made["Plaintext"]}))
        .await;
    for request in [
        json!({ "CiphertextBlob": made["CiphertextBlob"] }),
        json!({"CiphertextBlob": made["CiphertextBlob"], "KeyId": key_arn(&first)}),
    ] {
        let refusal = world.refused_as(STRANGER, "Decrypt", request).await;
        assert_eq!(refusal.code, "AccessDeniedException", "without permission on the key");
    }

    let inner = [7_u8; 32];
    let wrapped_inner = seal_locally(&data_key, &inner);
    let document = seal_locally(&inner, b"the document");

    world.ok("DisableKey", json!({ "KeyId": first })).await;
    let closed = world
        .refused("Decrypt", json!({ "CiphertextBlob": made["CiphertextBlob"] }))
        .await;
    assert_eq!(closed.code, "DisabledException", "the wrapped key alone opens nothing");
    let opened = world
        .ok("Decrypt", json!({ "CiphertextBlob": again["CiphertextBlob"] }))
        .await;
    let inner = open_locally(&bytes(&opened["Plaintext"]), &wrapped_inner);
    assert_eq!(open_locally(&inner, &document), b"the document");

    let pair = Ed25519KeyPair::generate().expect("a key pair of the client's own");
    let private = pair.to_pkcs8().expect("a private key has a serial form");
    let wrapped = world.encrypt(&second, private.as_ref()).await;
    let opened = world.ok("Decrypt", json!({ "CiphertextBlob": wrapped })).await;
    let restored = Ed25519KeyPair::from_pkcs8(&bytes(&opened["Plaintext"])).expect("the same private key");
    let signature = restored.sign(b"the document");
    UnparsedPublicKey::new(&ED25519, pair.public_key())
        .verify(b"the document", signature.as_ref())
        .expect("the pair is whole again");
}

/// AES-256-GCM as a client has it; each key seals one message, so the nonce may be fixed.
fn local(key: &[u8]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("256 bits"))
}

fn seal_locally(key: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let mut sealed = plaintext.to_vec();
    local(key)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key([0; 12]), Aad::empty(), &mut sealed)
        .expect("a short message");
    sealed
}

fn open_locally(key: &[u8], sealed: &[u8]) -> Vec<u8> {
    let mut opened = sealed.to_vec();
    let plaintext = local(key)
        .open_in_place(Nonce::assume_unique_for_key([0; 12]), Aad::empty(), &mut opened)
        .expect("the right key opens it");
    plaintext.to_vec()
}
