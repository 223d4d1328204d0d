//! Secrets that two parties come to have: key agreement and key encapsulation.

use serde_json::{Value, json};

use crate::world::{World, base64, bytes, key_arn, text};

impl World {
    pub(crate) async fn public_key(&self, key: &str) -> Value {
        self.ok("GetPublicKey", json!({ "KeyId": key })).await["PublicKey"].take()
    }
}

fn derive(key: &str, peer: &Value) -> Value {
    json!({"KeyId": key, "KeyAgreementAlgorithm": "ECDH", "PublicKey": peer})
}

/// SPK-143, SPK-144, KEY-55, KEY-94
#[tokio::test]
async fn both_parties_derive_the_same_secret() {
    let world = World::new().await;
    for (spec, length) in [("ECC_NIST_P256", 32), ("ECC_NIST_P384", 48), ("ECC_NIST_P521", 66)] {
        let (ours, theirs) = (
            world.key_for(spec, "KEY_AGREEMENT").await,
            world.key_for(spec, "KEY_AGREEMENT").await,
        );
        assert_eq!(world.describe(&ours).await["KeyAgreementAlgorithms"], json!(["ECDH"]));
        let reply = world
            .ok("DeriveSharedSecret", derive(&ours, &world.public_key(&theirs).await))
            .await;
        let expected = json!({"KeyId": key_arn(&ours), "SharedSecret": reply["SharedSecret"],
                              "KeyAgreementAlgorithm": "ECDH", "KeyOrigin": "AWS_KMS"});
        assert_eq!(reply, expected);
        assert_eq!(bytes(&reply["SharedSecret"]).len(), length);
        let other = world
            .ok("DeriveSharedSecret", derive(&theirs, &world.public_key(&ours).await))
            .await;
        assert_eq!(other["SharedSecret"], reply["SharedSecret"]);
        let own = world
            .ok("DeriveSharedSecret", derive(&ours, &world.public_key(&ours).await))
            .await;
        assert_ne!(own["SharedSecret"], reply["SharedSecret"]);
    }
}

/// A peer's key that is on another curve, off the curve, at infinity, of another algorithm or no key at all.
///
/// SPK-146
#[tokio::test]
async fn a_peers_key_is_checked() {
    let world = World::new().await;
    let key = world.key_for("ECC_NIST_P256", "KEY_AGREEMENT").await;
    let good = bytes(&world.public_key(&key).await);
    let point = good.len() - 64;
    let mut off = good.clone();
    *off.last_mut().expect("a key is long") ^= 1;
    let mut zero = good.clone();
    zero[point..].fill(0);
    let mut high = good.clone();
    high[point..].fill(0xff);
    // The point at infinity is one byte, in a document of its own lengths.
    let mut infinity = good[..point - 1].to_vec();
    infinity.push(0);
    infinity[1] = u8::try_from(infinity.len() - 2).expect("it is short");
    let bits = infinity.len() - 3;
    infinity[bits] = 2;
    let mut wrong = vec![
        off,
        zero,
        high,
        infinity,
        vec![0],
        vec![0x30; 8192],
        good[..good.len() - 1].to_vec(),
        [&good[..], &[0]].concat(),
        good[point - 1..].to_vec(),
    ];
    for (spec, usage) in [
        ("ECC_NIST_P384", "KEY_AGREEMENT"),
        ("ECC_SECG_P256K1", "SIGN_VERIFY"),
        ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY"),
        ("RSA_2048", "SIGN_VERIFY"),
        ("ML_KEM_512", "ENCAPSULATE_DECAPSULATE"),
    ] {
        let other = world.key_for(spec, usage).await;
        wrong.push(bytes(&world.public_key(&other).await));
    }
    for peer in wrong {
        let refusal = world
            .refused("DeriveSharedSecret", derive(&key, &json!(base64(&peer))))
            .await;
        let said = "PublicKey is not a valid public key for key spec ECC_NIST_P256.";
        assert_eq!(refusal.pair(), ("ValidationException", said), "{peer:02x?}");
    }
    for length in [0, 8193] {
        let peer = json!(base64(&vec![0x30; length]));
        assert_eq!(
            world.refused("DeriveSharedSecret", derive(&key, &peer)).await.code,
            "ValidationException"
        );
    }
    world
        .ok("DeriveSharedSecret", derive(&key, &json!(base64(&good))))
        .await;
}

/// REF-47: what is not the key's gives another secret and no error, unless its length is not that of the key's spec.
#[tokio::test]
async fn an_encapsulated_secret_is_opened_by_its_key() {
    let world = World::new().await;
    for (spec, length) in [("ML_KEM_512", 768), ("ML_KEM_768", 1088), ("ML_KEM_1024", 1568)] {
        let key = world.key_for(spec, "ENCAPSULATE_DECAPSULATE").await;
        let another = world.key_for(spec, "ENCAPSULATE_DECAPSULATE").await;
        let made = world
            .ok("Encapsulate", json!({"KeyId": key, "EncapsulationAlgorithm": "ML_KEM"}))
            .await;
        let (secret, ciphertext) = (&made["SharedSecret"], bytes(&made["SharedSecretCiphertextBlob"]));
        let expected = json!({"KeyId": key_arn(&key), "SharedSecret": secret, "EncapsulationAlgorithm": "ML_KEM",
                              "SharedSecretCiphertextBlob": made["SharedSecretCiphertextBlob"]});
        assert_eq!(made, expected);
        assert_eq!((bytes(secret).len(), ciphertext.len()), (32, length));
        let open = |key: &str, ciphertext: &[u8]| json!({"KeyId": key, "EncapsulationAlgorithm": "ML_KEM", "SharedSecretCiphertextBlob": base64(ciphertext)});
        let opened = world.ok("Decapsulate", open(&key, &ciphertext)).await;
        let expected = json!({"KeyId": key_arn(&key), "SharedSecret": secret, "EncapsulationAlgorithm": "ML_KEM"});
        assert_eq!(opened, expected);
        let mut touched = ciphertext.clone();
        touched[7] ^= 1;
        for (key, ciphertext) in [(&key, &touched), (&another, &ciphertext), (&key, &vec![0; length])] {
            let other = world.ok("Decapsulate", open(key, ciphertext)).await["SharedSecret"].take();
            assert_eq!(bytes(&other).len(), 32);
            assert_ne!(&other, secret);
        }
        for wrong in [&ciphertext[1..], &[&ciphertext[..], &[0]].concat(), &[0]] {
            let refusal = world.refused("Decapsulate", open(&key, wrong)).await;
            assert_eq!(
                (refusal.status, refusal.pair()),
                (400, ("InvalidCiphertextException", ""))
            );
        }
    }
}

#[tokio::test]
async fn the_records_hold_no_secret() {
    let world = World::new().await;
    let ecc = world.key_for("ECC_NIST_P256", "KEY_AGREEMENT").await;
    let secret = world
        .ok("DeriveSharedSecret", derive(&ecc, &world.public_key(&ecc).await))
        .await;
    let record = world.last_record("DeriveSharedSecret").await;
    assert_eq!(
        record["requestParameters"],
        json!({"keyId": ecc, "keyAgreementAlgorithm": "ECDH"})
    );
    assert!(!record.to_string().contains(text(&secret["SharedSecret"])));
    let kem = world.key_for("ML_KEM_768", "ENCAPSULATE_DECAPSULATE").await;
    let request = json!({"KeyId": kem, "EncapsulationAlgorithm": "ML_KEM"});
    let made = world.ok("Encapsulate", request).await;
    let request = json!({"KeyId": kem, "EncapsulationAlgorithm": "ML_KEM",
                         "SharedSecretCiphertextBlob": made["SharedSecretCiphertextBlob"]});
    world.ok("Decapsulate", request).await;
    for operation in ["Encapsulate", "Decapsulate"] {
        let record = world.last_record(operation).await;
        assert_eq!(
            record["requestParameters"],
            json!({"keyId": kem, "encapsulationAlgorithm": "ML_KEM"})
        );
        assert!(!record.to_string().contains(text(&made["SharedSecret"])));
    }
}
