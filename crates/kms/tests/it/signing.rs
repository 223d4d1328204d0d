//! Signing and verifying.

use aws_lc_rs::digest::{self, digest};
use serde_json::{Value, json};
use trent_crypto::spec::SigningAlgorithm;

use crate::world::{World, base64, bytes, key_arn, text};

const MESSAGE: &[u8] = b"the quick brown fox";

fn hash(of: &'static digest::Algorithm, message: &[u8]) -> String {
    base64(digest(of, message).as_ref())
}

/// The refusal of a signature that does not verify, which says nothing more.
const NOT_VALID: (u16, (&str, &str)) = (400, ("KMSInvalidSignatureException", ""));

impl World {
    async fn sign(&self, request: &Value) -> Value {
        self.ok("Sign", request.clone()).await["Signature"].take()
    }

    /// Whether a signature is the key's for the message of a request.
    async fn verifies(&self, request: &Value, signature: &Value) -> bool {
        let mut request = request.clone();
        request["Signature"] = signature.clone();
        match self.send(crate::world::ROOT, "Verify", &request).await {
            Ok(reply) => {
                assert_eq!(reply["SignatureValid"], true);
                true
            }
            Err(refusal) => {
                assert_eq!((refusal.status, refusal.pair()), NOT_VALID, "{request}");
                false
            }
        }
    }
}

/// SPK-125, SPK-132, SPK-133, SPK-134, SPK-103
#[tokio::test]
async fn a_message_and_its_digest_have_the_same_signatures() {
    let world = World::new().await;
    let rsa = world.key_for("RSA_2048", "SIGN_VERIFY").await;
    let (p256, p384) = (
        world.key_for("ECC_NIST_P256", "SIGN_VERIFY").await,
        world.key_for("ECC_NIST_P384", "SIGN_VERIFY").await,
    );
    let p521 = world.key_for("ECC_NIST_P521", "SIGN_VERIFY").await;
    let bitcoin = world.key_for("ECC_SECG_P256K1", "SIGN_VERIFY").await;
    let rows = [
        (&rsa, "RSASSA_PSS_SHA_256", &digest::SHA256),
        (&rsa, "RSASSA_PSS_SHA_384", &digest::SHA384),
        (&rsa, "RSASSA_PSS_SHA_512", &digest::SHA512),
        (&rsa, "RSASSA_PKCS1_V1_5_SHA_256", &digest::SHA256),
        (&rsa, "RSASSA_PKCS1_V1_5_SHA_384", &digest::SHA384),
        (&rsa, "RSASSA_PKCS1_V1_5_SHA_512", &digest::SHA512),
        (&p256, "ECDSA_SHA_256", &digest::SHA256),
        (&p384, "ECDSA_SHA_384", &digest::SHA384),
        (&p521, "ECDSA_SHA_512", &digest::SHA512),
        (&bitcoin, "ECDSA_SHA_256", &digest::SHA256),
    ];
    for (key, algorithm, of) in rows {
        let raw = json!({"KeyId": key, "Message": base64(MESSAGE), "SigningAlgorithm": algorithm});
        let digested = json!({"KeyId": key, "Message": hash(of, MESSAGE), "SigningAlgorithm": algorithm,
                              "MessageType": "DIGEST"});
        let reply = world.ok("Sign", raw.clone()).await;
        assert_eq!(reply["KeyId"], json!(key_arn(key)));
        assert_eq!(reply["SigningAlgorithm"], algorithm);
        let of_digest = world.sign(&digested).await;
        for signature in [&reply["Signature"], &of_digest] {
            assert!(world.verifies(&raw, signature).await, "{algorithm}");
            assert!(world.verifies(&digested, signature).await, "{algorithm}");
        }
        let signature = bytes(&of_digest);
        if key == &rsa {
            assert_eq!(signature.len(), 256);
        } else {
            // A DER sequence whose first member is an integer.
            assert_eq!(
                (signature[0], signature[if signature[1] < 0x80 { 2 } else { 3 }]),
                (0x30, 0x02)
            );
        }
        let explicit = json!({"KeyId": key, "Message": base64(MESSAGE), "SigningAlgorithm": algorithm,
                              "MessageType": "RAW"});
        assert!(world.verifies(&explicit, &of_digest).await, "RAW is the default");
    }
    // The same message by another algorithm of the key is another signature.
    let by = |algorithm: &str| json!({"KeyId": rsa, "Message": base64(MESSAGE), "SigningAlgorithm": algorithm});
    let signature = world.sign(&by("RSASSA_PSS_SHA_256")).await;
    for algorithm in ["RSASSA_PSS_SHA_384", "RSASSA_PKCS1_V1_5_SHA_256"] {
        assert!(!world.verifies(&by(algorithm), &signature).await);
    }
}

/// What the interface model does not rule out by itself: the kind of message that an algorithm takes, and the length of
/// what is signed in a message's place.
///
/// SPK-54, SPK-129, SPK-130, SPK-131
#[tokio::test]
async fn each_algorithm_takes_its_kinds_of_message() {
    let world = World::new().await;
    let of_algorithm =
        |kind: &str, algorithm: &str| format!("Message type {kind} is incompatible with algorithm {algorithm}.");
    let of_key = |kind: &str, spec: &str| format!("Message type {kind} is incompatible with key spec {spec}.");
    let long = |algorithm: &str| format!("Digest is invalid length for algorithm {algorithm}.");
    let kinds = [
        ("RSA_2048", "RSASSA_PSS_SHA_256", Some(32), false),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_384", Some(48), false),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_512", Some(64), false),
        ("ECC_NIST_P384", "ECDSA_SHA_384", Some(48), false),
        ("ECC_SECG_P256K1", "ECDSA_SHA_256", Some(32), false),
        ("ML_DSA_44", "ML_DSA_SHAKE_256", None, true),
        ("ML_DSA_87", "ML_DSA_SHAKE_256", None, true),
        ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512", None, false),
    ];
    for (spec, algorithm, digest, mu) in kinds {
        let key = world.key_for(spec, "SIGN_VERIFY").await;
        let request = |kind: &str, length: usize| {
            json!({"KeyId": key, "Message": base64(&vec![7; length]), "MessageType": kind,
                   "SigningAlgorithm": algorithm})
        };
        let mut rows = vec![(request("RAW", 1), None), (request("RAW", 4096), None)];
        match digest {
            Some(length) => {
                let wrong = [1, 20, length - 1, length + 1, 4096]
                    .map(|wrong| (request("DIGEST", wrong), Some(long(algorithm))));
                rows.extend(wrong);
                rows.push((request("DIGEST", length), None));
            }
            None if spec == "ECC_NIST_EDWARDS25519" => {
                rows.push((request("DIGEST", 64), Some(of_algorithm("DIGEST", algorithm))));
            }
            None => rows.push((request("DIGEST", 64), Some(of_key("DIGEST", spec)))),
        }
        if mu {
            rows.extend([63, 65].map(|wrong| (request("EXTERNAL_MU", wrong), Some(long(algorithm)))));
            rows.push((request("EXTERNAL_MU", 64), None));
        } else {
            rows.push((request("EXTERNAL_MU", 64), Some(of_key("EXTERNAL_MU", spec))));
        }
        for (mut request, refusal) in rows {
            match refusal {
                None => {
                    let signature = world.sign(&request).await;
                    assert!(world.verifies(&request, &signature).await, "{request}");
                }
                Some(message) => {
                    let signing = world.refused("Sign", request.clone()).await;
                    assert_eq!(signing.pair(), ("ValidationException", message.as_str()), "{spec}");
                    request["Signature"] = json!(base64(b"x"));
                    assert_eq!(world.refused("Verify", request).await, signing);
                }
            }
        }
    }
    let edwards = world.key_for("ECC_NIST_EDWARDS25519", "SIGN_VERIFY").await;
    let hashed = |kind: &str, length: usize| {
        json!({"KeyId": edwards, "Message": base64(&vec![7; length]), "MessageType": kind,
               "SigningAlgorithm": "ED25519_PH_SHA_512"})
    };
    let signature = world.sign(&hashed("DIGEST", 64)).await;
    assert!(world.verifies(&hashed("DIGEST", 64), &signature).await);
    let refusal = world.refused("Sign", hashed("RAW", 64)).await;
    assert_eq!(refusal.pair().1, of_algorithm("RAW", "ED25519_PH_SHA_512"));
    let refusal = world.refused("Sign", hashed("DIGEST", 63)).await;
    assert_eq!(refusal.pair().1, long("ED25519_PH_SHA_512"));
}

/// SPK-130: the bounds of the interface model.
#[tokio::test]
async fn messages_and_signatures_have_bounds() {
    let world = World::new().await;
    let key = world.key_for("ECC_NIST_P256", "SIGN_VERIFY").await;
    let request = |message: usize, signature: usize| {
        json!({"KeyId": key, "Message": base64(&vec![7; message]), "SigningAlgorithm": "ECDSA_SHA_256",
               "Signature": base64(&vec![7; signature])})
    };
    for (message, signature, member) in [
        (0, 1, "message"),
        (4097, 1, "message"),
        (1, 0, "signature"),
        (1, 6145, "signature"),
    ] {
        let refusal = world.refused("Verify", request(message, signature)).await;
        assert_eq!(refusal.code, "ValidationException");
        let said = refusal.message.unwrap_or_default();
        let at = format!("at '{member}' failed to satisfy constraint: Member must have length");
        assert!(
            said.starts_with("1 validation error detected: ") && said.contains(&at),
            "{said}"
        );
    }
    let refusal = world.refused("Verify", request(4096, 6144)).await;
    assert_eq!((refusal.status, refusal.pair()), NOT_VALID);
}

/// Whatever is wrong with a signature: each is refused in the same words, and none of them is a fault of the server.
#[tokio::test]
async fn nothing_but_the_signature_verifies() {
    let world = World::new().await;
    for (spec, algorithm) in [
        ("RSA_2048", "RSASSA_PSS_SHA_256"),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256"),
        ("ECC_NIST_P256", "ECDSA_SHA_256"),
        ("ECC_NIST_P384", "ECDSA_SHA_384"),
        ("ECC_NIST_P521", "ECDSA_SHA_512"),
        ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
        ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512"),
        ("ML_DSA_65", "ML_DSA_SHAKE_256"),
    ] {
        let key = world.key_for(spec, "SIGN_VERIFY").await;
        let another = world.key_for(spec, "SIGN_VERIFY").await;
        let by = |key: &str, message: &[u8]| json!({"KeyId": key, "Message": base64(message), "SigningAlgorithm": algorithm});
        let request = by(&key, MESSAGE);
        let good = world.sign(&request).await;
        assert!(world.verifies(&request, &good).await, "{spec}");
        assert!(
            !world.verifies(&by(&key, b"the quick brown foy"), &good).await,
            "{spec}"
        );
        assert!(!world.verifies(&by(&another, MESSAGE), &good).await, "{spec}");
        let good = bytes(&good);
        let mut wrong = vec![
            vec![0],
            vec![0; good.len()],
            vec![0xff; good.len()],
            good[..good.len() - 1].to_vec(),
            [&good[..], &[0]].concat(),
            vec![0x30; 6144],
            b"\x30\x06\x02\x01\x00\x02\x01\x00".to_vec(),
            b"\x30\x80\x02\x01\x01\x02\x01\x01\x00\x00".to_vec(),
        ];
        wrong.extend((0..good.len()).step_by(good.len() / 16 + 1).map(|at| {
            let mut changed = good.clone();
            changed[at] ^= 1;
            changed
        }));
        for signature in wrong {
            assert!(!world.verifies(&request, &json!(base64(&signature))).await, "{spec}");
        }
    }
}

/// SPK-142: the nonce of ECDSA is another each time.
#[tokio::test]
async fn signatures_of_one_message_differ_where_the_algorithm_is_random() {
    let world = World::new().await;
    for (spec, algorithm, random) in [
        ("ECC_NIST_P256", "ECDSA_SHA_256", true),
        ("ECC_SECG_P256K1", "ECDSA_SHA_256", true),
        ("RSA_2048", "RSASSA_PSS_SHA_256", true),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256", false),
        ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512", false),
    ] {
        let key = world.key_for(spec, "SIGN_VERIFY").await;
        let request = json!({"KeyId": key, "Message": base64(MESSAGE), "SigningAlgorithm": algorithm});
        let (first, second) = (world.sign(&request).await, world.sign(&request).await);
        assert_eq!(first != second, random, "{algorithm}");
        assert!(world.verifies(&request, &first).await && world.verifies(&request, &second).await);
    }
}

/// The lists in the order in which the service tells them.
///
/// KEY-52, KEY-53, SPK-57, SPK-101
#[tokio::test]
async fn metadata_lists_the_signing_algorithms() {
    let world = World::new().await;
    let rsa = world.key_for("RSA_2048", "SIGN_VERIFY").await;
    world.ok("DisableKey", json!({ "KeyId": rsa })).await;
    let metadata = world.describe(&rsa).await;
    assert_eq!(
        (&metadata["Enabled"], &metadata["KeyState"]),
        (&json!(false), &json!("Disabled"))
    );
    assert_eq!(
        metadata["SigningAlgorithms"],
        json!([
            "RSASSA_PKCS1_V1_5_SHA_256",
            "RSASSA_PKCS1_V1_5_SHA_384",
            "RSASSA_PKCS1_V1_5_SHA_512",
            "RSASSA_PSS_SHA_256",
            "RSASSA_PSS_SHA_384",
            "RSASSA_PSS_SHA_512",
        ])
    );
    let made = world
        .ok(
            "CreateKey",
            json!({"KeySpec": "ECC_NIST_P521", "KeyUsage": "SIGN_VERIFY"}),
        )
        .await;
    let metadata = &made["KeyMetadata"];
    assert_eq!(metadata["SigningAlgorithms"], json!(["ECDSA_SHA_512"]));
    assert!(metadata.get("EncryptionAlgorithms").is_none() && metadata.get("CurrentKeyMaterialId").is_none());
}

/// SPK-62: the record tells how a key was used, and neither what was signed nor the signature.
#[tokio::test]
async fn the_record_names_key_algorithm_and_kind_of_message() {
    let world = World::new().await;
    let key = world.key_for("ECC_NIST_P256", "SIGN_VERIFY").await;
    let request =
        json!({"KeyId": key, "Message": base64(MESSAGE), "SigningAlgorithm": SigningAlgorithm::EcdsaSha256.as_str()});
    let signature = world.sign(&request).await;
    assert!(world.verifies(&request, &signature).await);
    world.ok("GetPublicKey", json!({ "KeyId": key })).await;
    for operation in ["Sign", "Verify"] {
        let record = world.last_record(operation).await;
        assert_eq!(
            record["requestParameters"],
            json!({"keyId": key, "messageType": "RAW", "signingAlgorithm": "ECDSA_SHA_256"})
        );
        assert_eq!(record["responseElements"], Value::Null);
        assert_eq!(record["resources"][0]["ARN"], json!(key_arn(&key)));
        assert!(!record.to_string().contains(text(&signature)));
    }
    let record = world.last_record("GetPublicKey").await;
    assert_eq!(record["requestParameters"], json!({ "keyId": key }));
}
