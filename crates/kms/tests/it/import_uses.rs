//! What keys with imported material share with others, and what they do not.

use serde_json::json;
use trent_crypto::pair::PrivateKey;
use trent_crypto::spec::KeySpec;

use crate::imports::MATERIAL;
use crate::world::{World, base64, bytes};

/// The data key that somebody holds is theirs; the next one needs the key.
///
/// SPK-525, KEY-111
#[tokio::test]
async fn data_keys_outlive_material_only_where_they_are_held() {
    let world = World::new().await;
    let key = world.external().await;
    world.import(&key, &MATERIAL, json!({})).await;
    let data_key = world
        .ok("GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256"}))
        .await;
    assert_eq!(bytes(&data_key["Plaintext"]).len(), 32);
    world.ok("DeleteImportedKeyMaterial", json!({ "KeyId": key })).await;
    let refusal = world
        .refused("Decrypt", json!({"CiphertextBlob": data_key["CiphertextBlob"]}))
        .await;
    assert_eq!(refusal.code, "KMSInvalidStateException");
    world.import(&key, &MATERIAL, json!({})).await;
    let opened = world
        .ok("Decrypt", json!({"CiphertextBlob": data_key["CiphertextBlob"]}))
        .await;
    assert_eq!(opened["Plaintext"], data_key["Plaintext"]);
}

/// SPK-413, SPK-419, SPK-437
#[tokio::test]
async fn keys_with_the_same_pair_stand_in_for_each_other() {
    let world = World::new().await;
    let pair = PrivateKey::generate(KeySpec::EccNistP256)
        .expect("a pair")
        .to_pkcs8()
        .expect("PKCS#8");
    let (one, other) = (
        world.external_for("ECC_NIST_P256", "SIGN_VERIFY").await,
        world.external_for("ECC_NIST_P256", "SIGN_VERIFY").await,
    );
    for key in [&one, &other] {
        world.import(key, pair.expose(), json!({})).await;
    }
    let message = json!({"KeyId": one, "Message": base64(b"m"), "SigningAlgorithm": "ECDSA_SHA_256"});
    let signature = world.ok("Sign", message.clone()).await["Signature"].take();
    world.ok("ScheduleKeyDeletion", json!({ "KeyId": one })).await;
    let mut verify = message;
    verify["KeyId"] = json!(other);
    verify["Signature"] = signature;
    assert_eq!(world.ok("Verify", verify).await["SignatureValid"], json!(true));
    let agreeing = world.external_for("ECC_NIST_P256", "KEY_AGREEMENT").await;
    world.import(&agreeing, pair.expose(), json!({})).await;
    let public = world.ok("GetPublicKey", json!({ "KeyId": agreeing })).await;
    assert_eq!(
        public["PublicKey"],
        world.ok("GetPublicKey", json!({ "KeyId": other })).await["PublicKey"]
    );
}

/// SPK-414, KEY-35
#[tokio::test]
async fn symmetric_keys_with_the_same_material_do_not() {
    let world = World::new().await;
    let (one, other) = (world.external().await, world.external().await);
    let ids = [
        world.import(&one, &MATERIAL, json!({})).await,
        world.import(&other, &MATERIAL, json!({})).await,
    ];
    assert_ne!(ids[0], ids[1], "the id tells nothing about the material");
    let ciphertext = world.encrypt(&one, b"a secret").await;
    let refusal = world
        .refused("Decrypt", json!({"KeyId": other, "CiphertextBlob": ciphertext}))
        .await;
    assert_eq!(refusal.code, "IncorrectKeyException");
}

/// SPK-410, KEY-390
#[tokio::test]
async fn new_material_waits_for_a_rotation() {
    let world = World::new().await;
    let key = world.external().await;
    let new = [7; 32];
    let named = |id: &str| json!({"ImportType": "NEW_KEY_MATERIAL", "KeyMaterialId": id});
    let first = world
        .import(
            &key,
            &MATERIAL,
            json!({"ImportType": "NEW_KEY_MATERIAL", "KeyMaterialDescription": "first"}),
        )
        .await;
    let with_both = world.importing(&key, &new, named(&first)).await;
    assert_eq!(
        world.refused("ImportKeyMaterial", with_both).await.code,
        "ValidationException"
    );
    for (material, more, code) in [
        (
            MATERIAL,
            json!({"ImportType": "NEW_KEY_MATERIAL"}),
            "IncorrectKeyMaterialException",
        ),
        (new, json!({}), "IncorrectKeyMaterialException"),
        (
            new,
            json!({"ImportType": "EXISTING_KEY_MATERIAL"}),
            "IncorrectKeyMaterialException",
        ),
        (new, json!({"KeyMaterialId": first}), "IncorrectKeyMaterialException"),
    ] {
        let request = world.importing(&key, &material, more.clone()).await;
        assert_eq!(world.refused("ImportKeyMaterial", request).await.code, code, "{more}");
    }
    let second = world
        .import(&key, &new, json!({"ImportType": "NEW_KEY_MATERIAL"}))
        .await;
    let third = world
        .importing(&key, &[8; 32], json!({"ImportType": "NEW_KEY_MATERIAL"}))
        .await;
    assert_eq!(
        world.refused("ImportKeyMaterial", third).await.code,
        "KMSInvalidStateException"
    );
    let ciphertext = world
        .ok("Encrypt", json!({"KeyId": key, "Plaintext": base64(b"x")}))
        .await;
    assert_eq!(world.describe(&key).await["CurrentKeyMaterialId"], json!(first));
    world
        .ok("Decrypt", json!({"CiphertextBlob": ciphertext["CiphertextBlob"]}))
        .await;
    // As a rotation leaves it.
    world
        .alter(&key, |record| {
            record.materials[1].standing = None;
        })
        .await;
    assert_eq!(world.describe(&key).await["CurrentKeyMaterialId"], json!(second));
    world
        .ok(
            "DeleteImportedKeyMaterial",
            json!({"KeyId": key, "KeyMaterialId": first}),
        )
        .await;
    assert_eq!(world.state_of(&key).await, "PendingImport");
    world.import(&key, &MATERIAL, json!({"KeyMaterialId": first})).await;
    assert_eq!(world.state_of(&key).await, "Enabled");
    world
        .ok("Decrypt", json!({"CiphertextBlob": ciphertext["CiphertextBlob"]}))
        .await;
    let mac = world.external_for("HMAC_256", "GENERATE_VERIFY_MAC").await;
    let request = world
        .importing(&mac, &MATERIAL, json!({"ImportType": "NEW_KEY_MATERIAL"}))
        .await;
    assert_eq!(
        world.refused("ImportKeyMaterial", request).await.code,
        "UnsupportedOperationException"
    );
}
