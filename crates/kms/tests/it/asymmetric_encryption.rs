//! Encrypting with key pairs, and moving ciphertexts between kinds of keys.

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OaepAlgorithm, OaepPublicEncryptingKey,
    Pkcs1PublicEncryptingKey, PublicEncryptingKey,
};
use serde_json::{Value, json};

use crate::world::{World, base64, bytes, key_arn, text};

const SHA_1: &str = "RSAES_OAEP_SHA_1";
const SHA_256: &str = "RSAES_OAEP_SHA_256";
const SYMMETRIC: &str = "SYMMETRIC_DEFAULT";

/// The refusal of whatever does not decrypt, which says nothing more.
const INVALID: (u16, (&str, &str)) = (400, ("InvalidCiphertextException", ""));

fn encrypt(key: &str, algorithm: &str, plaintext: &[u8]) -> Value {
    json!({"KeyId": key, "EncryptionAlgorithm": algorithm, "Plaintext": base64(plaintext)})
}

fn decrypt(key: &str, algorithm: &str, ciphertext: &[u8]) -> Value {
    json!({"KeyId": key, "EncryptionAlgorithm": algorithm, "CiphertextBlob": base64(ciphertext)})
}

impl World {
    async fn ciphertext(&self, key: &str, algorithm: &str, plaintext: &[u8]) -> Vec<u8> {
        let reply = self.ok("Encrypt", encrypt(key, algorithm, plaintext)).await;
        bytes(&reply["CiphertextBlob"])
    }

    async fn is_invalid(&self, request: Value) {
        let refusal = self.refused("Decrypt", request.clone()).await;
        assert_eq!((refusal.status, refusal.pair()), INVALID, "{request}");
    }

    /// The public key of an RSA key, as another library has it.
    async fn elsewhere(&self, key: &str) -> PublicEncryptingKey {
        let reply = self.ok("GetPublicKey", json!({ "KeyId": key })).await;
        PublicEncryptingKey::from_der(&bytes(&reply["PublicKey"])).expect("a public key")
    }
}

fn seal(key: &PublicEncryptingKey, algorithm: &'static OaepAlgorithm, label: Option<&[u8]>) -> Vec<u8> {
    let key = OaepPublicEncryptingKey::new(key.clone()).expect("a key of RSA");
    let mut ciphertext = vec![0; key.ciphertext_size()];
    key.encrypt(algorithm, b"from elsewhere", &mut ciphertext, label)
        .expect("it fits");
    ciphertext
}

/// SPK-109, SPK-111, SPK-112..SPK-114, SPK-116
#[tokio::test]
async fn the_longest_plaintext_of_each_key() {
    let world = World::new().await;
    for (spec, modulus, sha_1, sha_256) in [
        ("RSA_2048", 256, 214, 190),
        ("RSA_3072", 384, 342, 318),
        ("RSA_4096", 512, 470, 446),
    ] {
        let key = world.key_for(spec, "ENCRYPT_DECRYPT").await;
        for (algorithm, longest) in [(SHA_1, sha_1), (SHA_256, sha_256)] {
            for length in [1, longest] {
                let plaintext = vec![7; length];
                let ciphertext = world.ciphertext(&key, algorithm, &plaintext).await;
                assert_eq!(ciphertext.len(), modulus);
                assert_ne!(world.ciphertext(&key, algorithm, &plaintext).await, ciphertext);
                let opened = world.ok("Decrypt", decrypt(&key, algorithm, &ciphertext)).await;
                let expected = json!({"KeyId": key_arn(&key), "Plaintext": base64(&plaintext),
                                      "EncryptionAlgorithm": algorithm});
                assert_eq!(opened, expected);
                for touched in [&ciphertext[1..], &[&ciphertext[..], &[0]].concat()] {
                    world.is_invalid(decrypt(&key, algorithm, touched)).await;
                }
            }
            let refusal = world
                .refused("Encrypt", encrypt(&key, algorithm, &vec![7; longest + 1]))
                .await;
            let said =
                format!("Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than {longest} bytes.");
            assert_eq!(refusal.pair(), ("ValidationException", said.as_str()));
        }
    }
}

/// SPK-106, SPK-107, SPK-110, SPK-86
#[tokio::test]
async fn a_ciphertext_opens_with_its_key_and_algorithm_only() {
    let world = World::new().await;
    let key = world.key_for("RSA_2048", "ENCRYPT_DECRYPT").await;
    let another = world.key_for("RSA_2048", "ENCRYPT_DECRYPT").await;
    let ciphertext = world.ciphertext(&key, SHA_256, b"x").await;
    world.is_invalid(decrypt(&key, SHA_1, &ciphertext)).await;
    world.is_invalid(decrypt(&another, SHA_256, &ciphertext)).await;
    world
        .is_invalid(json!({"CiphertextBlob": base64(&ciphertext), "EncryptionAlgorithm": SHA_256}))
        .await;
    world.is_invalid(json!({ "CiphertextBlob": base64(&ciphertext) })).await;
    for at in [0, 1, 128, 255] {
        let mut touched = ciphertext.clone();
        touched[at] ^= 1;
        world.is_invalid(decrypt(&key, SHA_256, &touched)).await;
    }
    for garbage in [vec![0], vec![0; 256], vec![0xff; 256], vec![7; 6144]] {
        world.is_invalid(decrypt(&key, SHA_256, &garbage)).await;
    }
    // The algorithm that is not said is the symmetric one.
    for (operation, mut request) in [
        ("Encrypt", encrypt(&key, SHA_1, b"x")),
        ("Decrypt", decrypt(&key, SHA_256, &ciphertext)),
    ] {
        request
            .as_object_mut()
            .expect("an object")
            .remove("EncryptionAlgorithm");
        let refusal = world.refused(operation, request).await;
        let said = "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.";
        assert_eq!(refusal.pair(), ("InvalidKeyUsageException", said));
    }
    // What the public key of a signing key encrypted elsewhere is lost.
    let signing = world.key_for("RSA_2048", "SIGN_VERIFY").await;
    let lost = seal(&world.elsewhere(&signing).await, &OAEP_SHA256_MGF1SHA256, None);
    let refusal = world.refused("Decrypt", decrypt(&signing, SHA_256, &lost)).await;
    assert_eq!(refusal.code, "InvalidKeyUsageException");
}

/// SPK-87, SPK-88, SPK-108, SPK-11
#[tokio::test]
async fn ciphertexts_from_elsewhere() {
    let world = World::new().await;
    let key = world.key_for("RSA_2048", "ENCRYPT_DECRYPT").await;
    let public = world.elsewhere(&key).await;
    for (algorithm, elsewhere) in [(SHA_1, &OAEP_SHA1_MGF1SHA1), (SHA_256, &OAEP_SHA256_MGF1SHA256)] {
        let opened = world
            .ok("Decrypt", decrypt(&key, algorithm, &seal(&public, elsewhere, None)))
            .await;
        assert_eq!(opened["Plaintext"], json!(base64(b"from elsewhere")));
        let labelled = seal(&public, elsewhere, Some(b"label"));
        world.is_invalid(decrypt(&key, algorithm, &labelled)).await;
    }
    let other_hash = seal(&public, &OAEP_SHA384_MGF1SHA384, None);
    let older = Pkcs1PublicEncryptingKey::new(public).expect("a key of RSA");
    let mut older_padding = vec![0; 256];
    older.encrypt(b"x", &mut older_padding).expect("it fits");
    for algorithm in [SHA_1, SHA_256] {
        world.is_invalid(decrypt(&key, algorithm, &other_hash)).await;
        world.is_invalid(decrypt(&key, algorithm, &older_padding)).await;
    }
}

/// Whoever has the public key needs the key neither enabled nor shared to encrypt; opening it is another matter.
///
/// SPK-85
#[tokio::test]
async fn a_public_key_that_was_handed_out_stays_out() {
    let world = World::new().await;
    let key = world.key_for("RSA_2048", "ENCRYPT_DECRYPT").await;
    let public = world.elsewhere(&key).await;
    world.ok("DisableKey", json!({ "KeyId": key })).await;
    let sealed = seal(&public, &OAEP_SHA256_MGF1SHA256, None);
    let refusal = world.refused("Decrypt", decrypt(&key, SHA_256, &sealed)).await;
    assert_eq!(refusal.code, "DisabledException");
    world.ok("EnableKey", json!({ "KeyId": key })).await;
    let opened = world.ok("Decrypt", decrypt(&key, SHA_256, &sealed)).await;
    assert_eq!(opened["Plaintext"], json!(base64(b"from elsewhere")));
}

/// KEY-131, SPK-16
#[tokio::test]
async fn a_key_pair_takes_no_encryption_context() {
    let world = World::new().await;
    let key = world.key_for("RSA_2048", "ENCRYPT_DECRYPT").await;
    let symmetric = world.key().await;
    let own = world.encrypt(&symmetric, b"x").await;
    let ciphertext = base64(&world.ciphertext(&key, SHA_1, b"x").await);
    let rows = [
        ("Encrypt", "EncryptionContext", encrypt(&key, SHA_1, b"x")),
        (
            "Decrypt",
            "EncryptionContext",
            json!({"KeyId": key, "CiphertextBlob": ciphertext, "EncryptionAlgorithm": SHA_1}),
        ),
        (
            "ReEncrypt",
            "SourceEncryptionContext",
            json!({"SourceKeyId": key, "SourceEncryptionAlgorithm": SHA_1, "CiphertextBlob": ciphertext,
                   "DestinationKeyId": symmetric}),
        ),
        (
            "ReEncrypt",
            "DestinationEncryptionContext",
            json!({"CiphertextBlob": own, "DestinationKeyId": key, "DestinationEncryptionAlgorithm": SHA_1}),
        ),
    ];
    for (operation, member, mut request) in rows {
        request[member] = json!({});
        world.ok(operation, request.clone()).await;
        request[member] = json!({"purpose": "test"});
        let refusal = world.refused(operation, request).await;
        let said = "EncryptionContext is not supported when encrypting/decrypting with asymmetric CMKs.";
        assert_eq!(refusal.pair(), ("ValidationException", said), "{operation} {member}");
    }
}

/// KEY-84, REF-30
#[tokio::test]
async fn ciphertexts_move_between_all_kinds_of_keys() {
    let world = World::new().await;
    let keys = [
        (world.key().await, SYMMETRIC),
        (world.key().await, SYMMETRIC),
        (world.key_for("RSA_2048", "ENCRYPT_DECRYPT").await, SHA_1),
        (world.key_for("RSA_3072", "ENCRYPT_DECRYPT").await, SHA_256),
    ];
    for (from, source) in &keys {
        let ciphertext = world.ciphertext(from, source, b"moved").await;
        for (to, destination) in &keys {
            let request = json!({"CiphertextBlob": base64(&ciphertext), "SourceKeyId": from,
                                 "SourceEncryptionAlgorithm": source, "DestinationKeyId": to,
                                 "DestinationEncryptionAlgorithm": destination});
            let reply = world.ok("ReEncrypt", request).await;
            assert_eq!(reply["SourceKeyId"], json!(key_arn(from)));
            assert_eq!(reply["KeyId"], json!(key_arn(to)));
            assert_eq!(reply["SourceEncryptionAlgorithm"], json!(source));
            assert_eq!(reply["DestinationEncryptionAlgorithm"], json!(destination));
            assert_eq!(reply.get("SourceKeyMaterialId").is_some(), *source == SYMMETRIC);
            assert_eq!(
                reply.get("DestinationKeyMaterialId").is_some(),
                *destination == SYMMETRIC
            );
            let opened = world
                .ok("Decrypt", decrypt(to, destination, &bytes(&reply["CiphertextBlob"])))
                .await;
            assert_eq!(opened["Plaintext"], json!(base64(b"moved")));
        }
    }
    // The plaintext stays in the keystore; that it is too long for the other key is told as by Encrypt.
    let (rsa, algorithm) = &keys[2];
    let long = world.encrypt(&keys[0].0, &[7; 215]).await;
    let request = json!({"CiphertextBlob": long, "DestinationKeyId": rsa, "DestinationEncryptionAlgorithm": algorithm});
    let refusal = world.refused("ReEncrypt", request).await;
    let said = "Algorithm RSAES_OAEP_SHA_1 and key spec RSA_2048 cannot encrypt data larger than 214 bytes.";
    assert_eq!(refusal.pair(), ("ValidationException", said));
    let mut wrong = world.ciphertext(rsa, algorithm, b"x").await;
    wrong[100] ^= 1;
    let request = json!({"CiphertextBlob": base64(&wrong), "SourceKeyId": rsa, "SourceEncryptionAlgorithm": algorithm,
                         "DestinationKeyId": keys[0].0});
    let refusal = world.refused("ReEncrypt", request).await;
    assert_eq!((refusal.status, refusal.pair()), INVALID);
}

/// SPK-56, SPK-55
#[tokio::test]
async fn metadata_of_an_encryption_key_pair() {
    let world = World::new().await;
    let request = json!({"KeySpec": "RSA_4096", "KeyUsage": "ENCRYPT_DECRYPT"});
    let made = world.ok("CreateKey", request).await["KeyMetadata"].take();
    let expected = json!({
        "AWSAccountId": made["AWSAccountId"],
        "Arn": key_arn(text(&made["KeyId"])),
        "CreationDate": made["CreationDate"],
        "CustomerMasterKeySpec": "RSA_4096",
        "Description": "",
        "Enabled": true,
        "EncryptionAlgorithms": ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"],
        "KeyId": made["KeyId"],
        "KeyManager": "CUSTOMER",
        "KeySpec": "RSA_4096",
        "KeyState": "Enabled",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "MultiRegion": false,
        "Origin": "AWS_KMS",
    });
    assert_eq!(made, expected);
}

/// KEY-221: what was made before the alias moved does not open, verify or authenticate through it.
#[tokio::test]
async fn an_alias_that_moved_leads_to_another_key() {
    let world = World::new().await;
    let pair = async |spec: &str, usage: &str| (world.key_for(spec, usage).await, world.key_for(spec, usage).await);
    let (old, new) = pair("RSA_2048", "ENCRYPT_DECRYPT").await;
    let ciphertext = world.ciphertext(&old, SHA_256, b"x").await;
    let mut moves = vec![(
        "alias/a",
        new,
        old,
        "Decrypt",
        decrypt("alias/a", SHA_256, &ciphertext),
        "InvalidCiphertextException",
    )];
    let (old, new) = pair("ECC_NIST_P256", "SIGN_VERIFY").await;
    let mut request = json!({"KeyId": old, "Message": base64(b"x"), "SigningAlgorithm": "ECDSA_SHA_256"});
    request["Signature"] = world.ok("Sign", request.clone()).await["Signature"].take();
    request["KeyId"] = json!("alias/b");
    moves.push(("alias/b", new, old, "Verify", request, "KMSInvalidSignatureException"));
    let (old, new) = pair("HMAC_256", "GENERATE_VERIFY_MAC").await;
    let mut request = json!({"KeyId": old, "Message": base64(b"x"), "MacAlgorithm": "HMAC_SHA_256"});
    request["Mac"] = world.ok("GenerateMac", request.clone()).await["Mac"].take();
    request["KeyId"] = json!("alias/c");
    moves.push(("alias/c", new, old, "VerifyMac", request, "KMSInvalidMacException"));
    for (alias, new, old, operation, request, code) in moves {
        world
            .ok("CreateAlias", json!({"AliasName": alias, "TargetKeyId": old}))
            .await;
        world.ok(operation, request.clone()).await;
        world
            .ok("UpdateAlias", json!({"AliasName": alias, "TargetKeyId": new}))
            .await;
        assert_eq!(world.refused(operation, request).await.code, code);
    }
}

/// Aliases move between keys of one type and usage, of whatever spec.
///
/// KEY-209, REF-38
#[tokio::test]
async fn an_alias_moves_to_a_key_of_the_same_type_and_usage() {
    let world = World::new().await;
    let kinds = [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
        ("HMAC_256", "GENERATE_VERIFY_MAC"),
        ("HMAC_512", "GENERATE_VERIFY_MAC"),
        ("RSA_2048", "ENCRYPT_DECRYPT"),
        ("RSA_2048", "SIGN_VERIFY"),
        ("ECC_NIST_P256", "SIGN_VERIFY"),
        ("ECC_NIST_P256", "KEY_AGREEMENT"),
        ("ML_KEM_512", "ENCAPSULATE_DECAPSULATE"),
    ];
    let family = |spec: &str| {
        spec.split('_').next().map(|name| match name {
            "SYMMETRIC" | "HMAC" => name.to_owned(),
            _ => "pair".to_owned(),
        })
    };
    let mut keys = Vec::new();
    for (spec, usage) in kinds {
        keys.push((spec, usage, world.key_for(spec, usage).await));
    }
    for (spec, usage, from) in &keys {
        for (other_spec, other_usage, to) in &keys {
            world
                .ok("CreateAlias", json!({"AliasName": "alias/moving", "TargetKeyId": from}))
                .await;
            let request = json!({"AliasName": "alias/moving", "TargetKeyId": to});
            let moved = world.send(crate::world::ROOT, "UpdateAlias", &request).await;
            let alike = family(spec) == family(other_spec) && usage == other_usage;
            assert_eq!(
                moved.as_ref().err().map(|refusal| refusal.code.as_str()),
                (!alike).then_some("ValidationException")
            );
            let target = if alike { to } else { from };
            assert_eq!(world.describe("alias/moving").await["KeyId"], json!(target));
            world.ok("DeleteAlias", json!({"AliasName": "alias/moving"})).await;
        }
    }
}
