//! Message authentication codes.

use serde_json::{Value, json};

use crate::world::{World, base64, bytes, key_arn, text};

const NOT_VALID: (u16, (&str, &str)) = (400, ("KMSInvalidMacException", ""));

impl World {
    async fn mac(&self, request: &Value) -> Value {
        self.ok("GenerateMac", request.clone()).await["Mac"].take()
    }

    /// Whether a tag is the key's for the message of a request.
    async fn authenticates(&self, request: &Value, mac: &Value) -> bool {
        let mut request = request.clone();
        request["Mac"] = mac.clone();
        match self.send(crate::world::ROOT, "VerifyMac", &request).await {
            Ok(reply) => {
                let expected =
                    json!({"KeyId": reply["KeyId"], "MacAlgorithm": request["MacAlgorithm"], "MacValid": true});
                assert_eq!(reply, expected);
                true
            }
            Err(refusal) => {
                assert_eq!((refusal.status, refusal.pair()), NOT_VALID, "{request}");
                false
            }
        }
    }
}

/// Row by row, the spec, its algorithm, and the bytes of a tag.
///
/// SPK-171, SPK-173, SPK-174, SPK-175, SPK-176, KEY-27, KEY-29
#[tokio::test]
async fn tags_are_whole_and_repeatable() {
    let world = World::new().await;
    for (spec, algorithm, length) in [
        ("HMAC_224", "HMAC_SHA_224", 28),
        ("HMAC_256", "HMAC_SHA_256", 32),
        ("HMAC_384", "HMAC_SHA_384", 48),
        ("HMAC_512", "HMAC_SHA_512", 64),
    ] {
        let key = world.key_for(spec, "GENERATE_VERIFY_MAC").await;
        let another = world.key_for(spec, "GENERATE_VERIFY_MAC").await;
        let by =
            |key: &str, message: &[u8]| json!({"KeyId": key, "Message": base64(message), "MacAlgorithm": algorithm});
        let request = by(&key, b"message");
        let reply = world.ok("GenerateMac", request.clone()).await;
        assert_eq!(
            reply,
            json!({"KeyId": key_arn(&key), "MacAlgorithm": algorithm, "Mac": reply["Mac"]})
        );
        let tag = &reply["Mac"];
        assert_eq!(bytes(tag).len(), length);
        assert_eq!(world.mac(&request).await, *tag);
        assert!(world.authenticates(&request, tag).await);
        for other in [by(&key, b"messagf"), by(&another, b"message")] {
            assert_ne!(world.mac(&other).await, *tag);
            assert!(!world.authenticates(&other, tag).await);
        }
        let tag = bytes(tag);
        let mut changed: Vec<Vec<u8>> = (0..length)
            .map(|at| {
                let mut changed = tag.clone();
                changed[at] ^= 0x80;
                changed
            })
            .collect();
        changed.extend([
            tag[..length - 1].to_vec(),
            [&tag[..], &[0]].concat(),
            vec![0],
            vec![7; 6144],
        ]);
        for changed in changed {
            assert!(!world.authenticates(&request, &json!(base64(&changed))).await, "{spec}");
        }
    }
}

/// SPK-173, SPK-174: the bounds of the interface model.
#[tokio::test]
async fn messages_and_tags_have_bounds() {
    let world = World::new().await;
    let key = world.key_for("HMAC_256", "GENERATE_VERIFY_MAC").await;
    let request = |message: usize, mac: usize| {
        json!({"KeyId": key, "Message": base64(&vec![7; message]), "MacAlgorithm": "HMAC_SHA_256",
               "Mac": base64(&vec![7; mac])})
    };
    for (message, mac) in [(0, 1), (4097, 1), (1, 0), (1, 6145)] {
        let refusal = world.refused("VerifyMac", request(message, mac)).await;
        assert_eq!(refusal.code, "ValidationException", "{message} {mac}");
    }
    for message in [0, 4097] {
        let refusal = world.refused("GenerateMac", request(message, 1)).await;
        assert_eq!(refusal.code, "ValidationException", "{message}");
    }
    for message in [1, 4096] {
        world.ok("GenerateMac", request(message, 1)).await;
    }
}

/// KEY-54, SPK-190, SPK-191, SPK-207
#[tokio::test]
async fn metadata_of_an_hmac_key() {
    let world = World::new().await;
    let request = json!({"KeySpec": "HMAC_512", "KeyUsage": "GENERATE_VERIFY_MAC"});
    let made = world.ok("CreateKey", request).await["KeyMetadata"].take();
    let expected = json!({
        "AWSAccountId": made["AWSAccountId"],
        "Arn": key_arn(text(&made["KeyId"])),
        "CreationDate": made["CreationDate"],
        "CustomerMasterKeySpec": "HMAC_512",
        "Description": "",
        "Enabled": true,
        "KeyId": made["KeyId"],
        "KeyManager": "CUSTOMER",
        "KeySpec": "HMAC_512",
        "KeyState": "Enabled",
        "KeyUsage": "GENERATE_VERIFY_MAC",
        "MacAlgorithms": ["HMAC_SHA_512"],
        "MultiRegion": false,
        "Origin": "AWS_KMS",
    });
    assert_eq!(made, expected);
    assert_eq!(world.describe(text(&made["KeyId"])).await, expected);
    let unsaid = world.refused("CreateKey", json!({"KeySpec": "HMAC_512"})).await;
    assert_eq!(unsaid.code, "ValidationException");
}

/// SPK-182: neither message nor tag are recorded.
#[tokio::test]
async fn the_record_names_key_and_algorithm() {
    let world = World::new().await;
    let key = world.key_for("HMAC_384", "GENERATE_VERIFY_MAC").await;
    let request = json!({"KeyId": key, "Message": base64(b"message"), "MacAlgorithm": "HMAC_SHA_384"});
    let mac = world.mac(&request).await;
    assert!(world.authenticates(&request, &mac).await);
    for operation in ["GenerateMac", "VerifyMac"] {
        let record = world.last_record(operation).await;
        assert_eq!(
            record["requestParameters"],
            json!({"keyId": key, "macAlgorithm": "HMAC_SHA_384"})
        );
        assert_eq!(record["responseElements"], Value::Null);
        assert!(!record.to_string().contains(text(&mac)));
    }
}
