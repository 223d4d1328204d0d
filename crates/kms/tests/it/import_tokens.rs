//! Wrapping keys and their tokens: what they are good for, how long, and in which order an import is checked.

use std::time::Duration;

use serde_json::{Value, json};
use trent_crypto::pair::PrivateKey;
use trent_crypto::spec::KeySpec;

use crate::imports::{MATERIAL, QUICK, request, wrapped};
use crate::world::{ELSEWHERE, ROOT, START, Who, World, base64, bytes, key_arn, text};

const HOURS_24: u64 = 86_400;

const DIRECT: (&str, &str) = ("RSAES_OAEP_SHA_256", "RSA_2048");

/// SPK-446, SPK-447, SPK-449, SPK-450
#[tokio::test]
async fn each_set_is_another_and_lasts_a_day() {
    let world = World::new().await;
    let key = world.external().await;
    let (one, other) = (world.parameters(&key, QUICK).await, world.parameters(&key, QUICK).await);
    for set in [&one, &other] {
        assert_eq!(set["KeyId"], json!(key_arn(&key)));
        assert_eq!(set["ParametersValidTo"], json!(1_700_086_400.123));
        assert_eq!(
            bytes(&set["PublicKey"]).len(),
            294,
            "a SubjectPublicKeyInfo of 2048 bits"
        );
        assert!(bytes(&set["ImportToken"]).len() <= 6144);
    }
    assert_ne!(one["PublicKey"], other["PublicKey"]);
    let largest = world.parameters(&key, ("RSAES_OAEP_SHA_1", "RSA_4096")).await;
    assert!(bytes(&largest["ImportToken"]).len() <= 6144);
    let import = request(&key, &one, &wrapped(&one, QUICK, &MATERIAL));
    world.clock.set(START + Duration::from_secs(HOURS_24 - 1));
    // The first set stays good whatever is asked for later, and for as many tries as it takes.
    for _ in 0..2 {
        world.ok("ImportKeyMaterial", import.clone()).await;
    }
    world.clock.set(START + Duration::from_secs(HOURS_24 + 1));
    assert_eq!(
        world.refused("ImportKeyMaterial", import).await.code,
        "ExpiredImportTokenException"
    );
}

/// SPK-448, SPK-451, SPK-497, SPK-363
#[tokio::test]
async fn a_set_is_for_one_key_and_goes_together() {
    let world = World::new().await;
    let (key, other) = (world.external().await, world.external().await);
    let (set, second) = (world.parameters(&key, QUICK).await, world.parameters(&key, QUICK).await);
    let foreign = world.parameters(&other, QUICK).await;
    let material = wrapped(&set, QUICK, &MATERIAL);
    let invalid = "InvalidImportTokenException";
    let with = |parameters: &Value| request(&key, parameters, &material);
    assert_eq!(world.refused("ImportKeyMaterial", with(&foreign)).await.code, invalid);
    assert_eq!(
        world.refused("ImportKeyMaterial", with(&second)).await.code,
        "InvalidCiphertextException"
    );
    let token = bytes(&set["ImportToken"]);
    for place in [0, 1, 5, 30, token.len() / 2, token.len() - 1] {
        let mut changed = token.clone();
        changed[place] ^= 1;
        let changed = json!({ "ImportToken": base64(&changed) });
        assert_eq!(
            world.refused("ImportKeyMaterial", with(&changed)).await.code,
            invalid,
            "byte {place}"
        );
    }
    // The same key id in another Region, as a related key has it.
    world.install(&key, ELSEWHERE, &key, |_| ()).await;
    let elsewhere = Who {
        region: ELSEWHERE,
        ..ROOT
    };
    let refusal = world.refused_as(elsewhere, "ImportKeyMaterial", with(&set)).await;
    assert_eq!(refusal.code, invalid);
    world.ok("ImportKeyMaterial", with(&set)).await;
}

/// SPK-466, SPK-472, SPK-473, SPK-475, SPK-476
#[tokio::test]
async fn wrappings_that_do_not_go_with_the_material_are_refused_at_once() {
    let world = World::new().await;
    for (spec, usage, algorithm, wrapping) in [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "RSAES_PKCS1_V1_5", "RSA_2048"),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "SM2PKE", "SM2"),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "RSAES_OAEP_SHA_256", "SM2"),
        ("ECC_NIST_P256", "SIGN_VERIFY", "SM2PKE", "RSA_2048"),
        ("ECC_NIST_P521", "SIGN_VERIFY", "RSAES_OAEP_SHA_1", "RSA_2048"),
        ("RSA_2048", "SIGN_VERIFY", "RSAES_OAEP_SHA_256", "RSA_4096"),
    ] {
        let key = world.external_for(spec, usage).await;
        let asked = json!({"KeyId": key, "WrappingAlgorithm": algorithm, "WrappingKeySpec": wrapping});
        let refusal = world.refused("GetParametersForImport", asked.clone()).await;
        let said = format!(
            "Key material of key spec {spec} cannot be wrapped by wrapping algorithm {algorithm} with wrapping key spec \
             {wrapping}."
        );
        assert_eq!(refusal.pair(), ("UnsupportedOperationException", said.as_str()));
    }
}

/// Everything is wrong at first; with each step the first wrong thing is put right.
///
/// SPK-507, SPK-508
#[tokio::test]
async fn an_import_is_checked_in_a_fixed_order() {
    let world = World::new().await;
    let made_here = world.key().await;
    let key = world.external().await;
    world.import(&key, &MATERIAL, json!({})).await;
    let old = world.parameters(&key, DIRECT).await;
    world.clock.set(START + Duration::from_secs(HOURS_24 + 1));
    let set = world.parameters(&key, DIRECT).await;
    let mut import = request(
        &made_here,
        &json!({ "ImportToken": base64(b"no token") }),
        b"no material",
    );
    let mut steps = Vec::new();
    let mut note = async |what: &str, import: &Value| {
        let denied = Who {
            user: Some("mallory"),
            ..ROOT
        };
        if what == "permission" {
            steps.push(world.refused_as(denied, "ImportKeyMaterial", import.clone()).await.code);
        } else {
            steps.push(world.refused("ImportKeyMaterial", import.clone()).await.code);
        }
    };
    note("permission", &import).await;
    note("origin", &import).await;
    import["KeyId"] = json!(key);
    world.ok("ScheduleKeyDeletion", json!({ "KeyId": key })).await;
    note("state", &import).await;
    world.ok("CancelKeyDeletion", json!({ "KeyId": key })).await;
    note("token", &import).await;
    import["ImportToken"] = old["ImportToken"].clone();
    note("time", &import).await;
    import["ImportToken"] = set["ImportToken"].clone();
    note("wrapping", &import).await;
    import["EncryptedKeyMaterial"] = json!(base64(&wrapped(&set, DIRECT, &[1; 16])));
    note("length", &import).await;
    import["EncryptedKeyMaterial"] = json!(base64(&wrapped(&set, DIRECT, &[1; 32])));
    note("sameness", &import).await;
    assert_eq!(
        steps,
        [
            "AccessDeniedException",
            "UnsupportedOperationException",
            "KMSInvalidStateException",
            "InvalidImportTokenException",
            "ExpiredImportTokenException",
            "InvalidCiphertextException",
            "IncorrectKeyMaterialException",
            "IncorrectKeyMaterialException",
        ]
    );
    import["EncryptedKeyMaterial"] = json!(base64(&wrapped(&set, DIRECT, &MATERIAL)));
    world.ok("ImportKeyMaterial", import).await;
}

/// SPK-456, SPK-506, SPK-509
#[tokio::test]
async fn an_import_that_fails_changes_nothing() {
    let world = World::new().await;
    let key = world.external().await;
    let set = world.parameters(&key, QUICK).await;
    let with = |material: &[u8]| request(&key, &set, &wrapped(&set, QUICK, material));
    let waiting = world.describe(&key).await;
    for unfit in [&MATERIAL[..31], &[1; 33], b"x"] {
        let refusal = world.refused("ImportKeyMaterial", with(unfit)).await;
        assert_eq!(refusal.code, "IncorrectKeyMaterialException");
        assert_eq!(world.describe(&key).await, waiting);
    }
    // No unfit material was remembered as the key's, and the set is still good.
    let mut import = with(&MATERIAL);
    import["ExpirationModel"] = json!("KEY_MATERIAL_EXPIRES");
    import["ValidTo"] = json!(START.as_secs() + HOURS_24);
    world.ok("ImportKeyMaterial", import).await;
    let before = world.describe(&key).await;
    let ciphertext = world.encrypt(&key, b"a secret").await;
    for unfit in [&[1; 32][..], &[1; 31]] {
        let refusal = world.refused("ImportKeyMaterial", with(unfit)).await;
        assert_eq!(refusal.code, "IncorrectKeyMaterialException");
        assert_eq!(world.describe(&key).await, before);
    }
    world.ok("Decrypt", json!({"CiphertextBlob": ciphertext})).await;
}

/// SPK-452, MON-391
#[tokio::test]
async fn sets_are_handed_out_for_keys_that_can_take_material() {
    let world = World::new().await;
    let key = world.external().await;
    let asked = json!({"KeyId": key, "WrappingAlgorithm": QUICK.0, "WrappingKeySpec": QUICK.1});
    world.ok("GetParametersForImport", asked.clone()).await;
    world.import(&key, &MATERIAL, json!({})).await;
    world.ok("GetParametersForImport", asked.clone()).await;
    world.ok("DisableKey", json!({ "KeyId": key })).await;
    world.ok("GetParametersForImport", asked.clone()).await;
    world.ok("ScheduleKeyDeletion", json!({ "KeyId": key })).await;
    let refusal = world.refused("GetParametersForImport", asked).await;
    let said = format!("{} is pending deletion.", key_arn(&key));
    assert_eq!(refusal.pair(), ("KMSInvalidStateException", said.as_str()));
}

/// SPK-409
#[tokio::test]
async fn the_same_private_key_is_known_in_another_encoding() {
    let world = World::new().await;
    let key = world.external_for("ECC_NIST_P256", "SIGN_VERIFY").await;
    let pair = PrivateKey::generate(KeySpec::EccNistP256).expect("a pair");
    let whole = pair.to_pkcs8().expect("PKCS#8");
    let der = whole.expose();
    assert_eq!(der.len(), 138);
    let first = world.import(&key, der, json!({})).await;
    // The same SEQUENCE with a length that is not the shortest, as BER allows it.
    let ber = [&[0x30, 0x84, 0, 0, 0, 135], &der[3..]].concat();
    assert_eq!(world.import(&key, &ber, json!({})).await, first);
    let other = PrivateKey::generate(KeySpec::EccNistP256)
        .expect("a pair")
        .to_pkcs8()
        .expect("PKCS#8");
    let refusal = world
        .refused(
            "ImportKeyMaterial",
            world.importing(&key, other.expose(), json!({})).await,
        )
        .await;
    assert_eq!(refusal.code, "IncorrectKeyMaterialException");
    let public = world.ok("GetPublicKey", json!({ "KeyId": key })).await;
    assert_eq!(
        text(&public["PublicKey"]),
        base64(&pair.public_key().expect("a public key"))
    );
}
