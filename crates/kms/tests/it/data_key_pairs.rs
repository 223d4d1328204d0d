//! Data key pairs: made here, used elsewhere.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use trent_kms::records::Origin;

use crate::world::{ACCOUNT, ELSEWHERE, REGION, ROOT, Who, World, bytes, key_arn, text};

const BOTH: [&str; 2] = ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"];

/// KEY-114, KEY-115, KEY-116, KEY-117, SPK-63
#[tokio::test]
async fn every_spec_is_made_with_and_without_its_private_key() {
    let world = World::new().await;
    let key = world.key().await;
    let material = world.describe(&key).await["CurrentKeyMaterialId"].take();
    for spec in SPECS {
        for operation in BOTH {
            let context = json!({"purpose": "test"});
            let request = json!({"KeyId": key, "KeyPairSpec": spec, "EncryptionContext": context});
            let reply = world.ok(operation, request.clone()).await;
            let sealed = &reply["PrivateKeyCiphertextBlob"];
            let mut expected = json!({"KeyId": key_arn(&key), "KeyPairSpec": spec, "KeyMaterialId": material,
                                      "PublicKey": reply["PublicKey"], "PrivateKeyCiphertextBlob": sealed});
            let opened = world
                .ok(
                    "Decrypt",
                    json!({"CiphertextBlob": sealed, "EncryptionContext": context}),
                )
                .await;
            if operation == "GenerateDataKeyPair" {
                expected["PrivateKeyPlaintext"] = opened["Plaintext"].clone();
            }
            assert_eq!(reply, expected, "{operation} {spec}");
            // Both are DER sequences, the private one a PKCS#8 document.
            let (private, public) = (bytes(&opened["Plaintext"]), bytes(&reply["PublicKey"]));
            assert_eq!((private[0], public[0]), (0x30, 0x30), "{spec}");
            let refusal = world.refused("Decrypt", json!({ "CiphertextBlob": sealed })).await;
            assert_eq!(refusal.code, "InvalidCiphertextException");
            // Two of the larger pairs of RSA would take long.
            if !matches!(spec, "RSA_3072" | "RSA_4096") {
                let another = world.ok(operation, request).await;
                assert_ne!(another["PublicKey"], reply["PublicKey"]);
            }
        }
    }
}

const SPECS: [&str; 11] = [
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "ECC_NIST_EDWARDS25519",
    "ML_KEM_512",
    "ML_KEM_768",
    "ML_KEM_1024",
];

/// The private key is the other half of the public one, as another library reads the two.
#[tokio::test]
async fn the_halves_belong_together() {
    let world = World::new().await;
    let key = world.key().await;
    let make = async |spec: &str| {
        let reply = world
            .ok("GenerateDataKeyPair", json!({"KeyId": key, "KeyPairSpec": spec}))
            .await;
        (bytes(&reply["PrivateKeyPlaintext"]), bytes(&reply["PublicKey"]))
    };
    let (private, public) = make("RSA_2048").await;
    let pair = RsaKeyPair::from_pkcs8(&private).expect("PKCS#8");
    assert_eq!(
        AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(pair.public_key())
            .expect("DER")
            .as_ref(),
        public
    );
    let (private, public) = make("ECC_NIST_P256").await;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &private).expect("PKCS#8");
    assert!(public.ends_with(pair.public_key().as_ref()));
    let (private, public) = make("ECC_NIST_EDWARDS25519").await;
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&private).expect("PKCS#8");
    assert!(public.ends_with(pair.public_key().as_ref()));
}

/// KEY-96, KEY-87, KEY-88, REF-76: the pair would be made outside the store.
#[tokio::test]
async fn a_key_in_a_custom_key_store_makes_data_keys_but_no_pairs() {
    let world = World::new().await;
    for origin in [Origin::AwsCloudhsm, Origin::ExternalKeyStore] {
        let key = world.key().await;
        world.alter(&key, |record| record.origin = origin).await;
        for operation in BOTH {
            let refusal = world
                .refused(operation, json!({"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"}))
                .await;
            let said = format!(
                "{} origin is {} which is not valid for this operation.",
                key_arn(&key),
                origin.as_str()
            );
            assert_eq!(refusal.pair(), ("UnsupportedOperationException", said.as_str()));
        }
        for operation in ["GenerateDataKey", "GenerateDataKeyWithoutPlaintext"] {
            world.ok(operation, json!({"KeyId": key, "KeySpec": "AES_256"})).await;
        }
    }
}

/// What a Region does not offer is refused once the key is known to fit; nobody else learns it.
#[tokio::test]
async fn specs_are_offered_by_partition() {
    let world = World::new().await;
    let key = world.key().await;
    for operation in BOTH {
        let refusal = world
            .refused(operation, json!({"KeyId": key, "KeyPairSpec": "SM2"}))
            .await;
        let said = "KeyPairSpec SM2 is not supported in this Region.";
        assert_eq!(refusal.pair(), ("UnsupportedOperationException", said));
        let stranger = Who {
            user: Some("bob"),
            ..ROOT
        };
        let request = json!({"KeyId": key_arn(&key), "KeyPairSpec": "SM2"});
        assert_eq!(
            world.refused_as(stranger, operation, request).await.code,
            "AccessDeniedException"
        );
        let request = json!({"KeyId": key, "KeyPairSpec": "ML_DSA_44"});
        assert_eq!(world.refused(operation, request).await.code, "ValidationException");
    }
    assert_eq!(world.describe(&key).await["AWSAccountId"], ACCOUNT);
}

/// KEY-118: the server keeps neither half, and the record tells what kind of pair was made.
#[tokio::test]
async fn pairs_are_recorded_by_their_spec_alone() {
    let world = World::new().await;
    let key = world.key().await;
    let context = json!({"Project": "Alpha"});
    let request = json!({"KeyId": key, "KeyPairSpec": "ECC_NIST_P256", "EncryptionContext": context});
    for operation in BOTH {
        let reply = world.ok(operation, request.clone()).await;
        let record = world.last_record(operation).await;
        assert_eq!(
            record["requestParameters"],
            json!({"keyId": key, "keyPairSpec": "ECC_NIST_P256", "encryptionContext": context})
        );
        assert_eq!(record["responseElements"], Value::Null);
        for member in ["PrivateKeyCiphertextBlob", "PublicKey"] {
            assert!(!record.to_string().contains(text(&reply[member])));
        }
    }
    let listed = world.ok("ListKeys", json!({})).await;
    assert_eq!(listed["Keys"].as_array().map(Vec::len), Some(1));
}

/// SPK-64
#[tokio::test]
async fn key_pairs_of_both_kinds_are_made_in_every_region() {
    let world = World::new().await;
    for region in [REGION, ELSEWHERE] {
        let there = Who { region, ..ROOT };
        let request = json!({"KeySpec": "ECC_NIST_P384", "KeyUsage": "SIGN_VERIFY"});
        let made = world.ok_as(there, "CreateKey", request).await;
        let public = json!({ "KeyId": made["KeyMetadata"]["KeyId"] });
        world.ok_as(there, "GetPublicKey", public).await;
        let key = world.key_of(there).await;
        let request = json!({"KeyId": key, "KeyPairSpec": "ECC_NIST_P384"});
        world.ok_as(there, "GenerateDataKeyPair", request).await;
    }
}
