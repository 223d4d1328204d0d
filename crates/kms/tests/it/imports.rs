//! Imported key material: what a key is with it, without it, and after it.

use serde_json::{Value, json};
use trent_crypto::import::wrap;
use trent_crypto::spec::{Wrapping, WrappingAlgorithm, WrappingKeySpec};
use trent_crypto::{Key256, Secret};
use trent_kms::state::KeyState;

use crate::world::{ACCOUNT, World, base64, bytes, key_arn, text};

/// The quickest way of wrapping that takes every kind of material.
pub(crate) const QUICK: (&str, &str) = ("RSA_AES_KEY_WRAP_SHA_256", "RSA_2048");

/// Material of a symmetric encryption key.
pub(crate) const MATERIAL: [u8; 32] = [0x5a; 32];

/// Material, wrapped as the reply to `GetParametersForImport` asks for it.
pub(crate) fn wrapped(parameters: &Value, way: (&str, &str), material: &[u8]) -> Vec<u8> {
    let wrapping = Wrapping {
        algorithm: WrappingAlgorithm::parse(way.0).expect("an algorithm"),
        spec: WrappingKeySpec::parse(way.1).expect("a spec"),
    };
    let public = bytes(&parameters["PublicKey"]);
    let aes = Key256::new([9; 32]);
    wrap(wrapping, &public, &Secret::new(material.to_vec()), &aes).expect("it wraps")
}

/// A request that imports into a key, without a date.
pub(crate) fn request(key: &str, parameters: &Value, wrapped: &[u8]) -> Value {
    json!({"KeyId": key, "ImportToken": parameters["ImportToken"], "EncryptedKeyMaterial": base64(wrapped),
           "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"})
}

impl World {
    /// A new key that waits for material; its id.
    pub(crate) async fn external_for(&self, spec: &str, usage: &str) -> String {
        let request = json!({"Origin": "EXTERNAL", "KeySpec": spec, "KeyUsage": usage});
        text(&self.ok("CreateKey", request).await["KeyMetadata"]["KeyId"]).to_owned()
    }

    /// A new symmetric encryption key that waits for material; its id.
    pub(crate) async fn external(&self) -> String {
        self.external_for("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await
    }

    /// What an import into a key needs.
    pub(crate) async fn parameters(&self, key: &str, way: (&str, &str)) -> Value {
        let request = json!({"KeyId": key, "WrappingAlgorithm": way.0, "WrappingKeySpec": way.1});
        self.ok("GetParametersForImport", request).await
    }

    /// A request that imports material into a key, with a few members more.
    pub(crate) async fn importing(&self, key: &str, material: &[u8], more: Value) -> Value {
        let parameters = self.parameters(key, QUICK).await;
        let mut request = request(key, &parameters, &wrapped(&parameters, QUICK, material));
        for (name, value) in more.as_object().expect("members") {
            request[name] = value.clone();
        }
        request
    }

    /// Imports material into a key; the id of the material.
    pub(crate) async fn import(&self, key: &str, material: &[u8], more: Value) -> String {
        let request = self.importing(key, material, more).await;
        text(&self.ok("ImportKeyMaterial", request).await["KeyMaterialId"]).to_owned()
    }

    /// The state of a key.
    pub(crate) async fn state_of(&self, key: &str) -> String {
        text(&self.describe(key).await["KeyState"]).to_owned()
    }
}

/// SPK-400, SPK-438, SPK-439, KEY-32, KEY-152
#[tokio::test]
async fn a_key_without_material_says_so() {
    let world = World::new().await;
    for (spec, usage) in [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
        ("HMAC_224", "GENERATE_VERIFY_MAC"),
        ("RSA_4096", "ENCRYPT_DECRYPT"),
        ("RSA_2048", "SIGN_VERIFY"),
        ("ECC_NIST_P384", "KEY_AGREEMENT"),
        ("ECC_SECG_P256K1", "SIGN_VERIFY"),
    ] {
        let key = world.external_for(spec, usage).await;
        let told = world.describe(&key).await;
        for (member, expected) in [
            ("Origin", json!("EXTERNAL")),
            ("Enabled", json!(false)),
            ("MultiRegion", json!(false)),
            ("KeyState", json!("PendingImport")),
            ("KeyManager", json!("CUSTOMER")),
            ("KeySpec", json!(spec)),
            ("CustomerMasterKeySpec", json!(spec)),
            ("KeyUsage", json!(usage)),
            ("ExpirationModel", Value::Null),
            ("ValidTo", Value::Null),
            ("CurrentKeyMaterialId", Value::Null),
        ] {
            assert_eq!(told[member], expected, "{spec} {member}");
        }
    }
    let symmetric = world.describe(&world.external().await).await;
    assert_eq!(symmetric["EncryptionAlgorithms"], json!(["SYMMETRIC_DEFAULT"]));
}

/// SPK-404, SPK-405
#[tokio::test]
async fn nothing_is_done_with_a_key_that_waits_for_material() {
    let world = World::new().await;
    let digest = base64(&[7; 32]);
    let symmetric = json!(world.external().await);
    let mac = json!(world.external_for("HMAC_256", "GENERATE_VERIFY_MAC").await);
    let signing = json!(world.external_for("ECC_NIST_P256", "SIGN_VERIFY").await);
    let agreeing = json!(world.external_for("ECC_NIST_P256", "KEY_AGREEMENT").await);
    let grant = json!({"KeyId": symmetric, "GranteePrincipal": format!("arn:aws:iam::{ACCOUNT}:root"), "Operations": ["Decrypt"]});
    for (operation, request) in [
        ("Encrypt", json!({"KeyId": symmetric, "Plaintext": digest})),
        ("Decrypt", json!({"KeyId": symmetric, "CiphertextBlob": digest})),
        ("GenerateDataKey", json!({"KeyId": symmetric, "KeySpec": "AES_256"})),
        (
            "GenerateDataKeyWithoutPlaintext",
            json!({"KeyId": symmetric, "KeySpec": "AES_256"}),
        ),
        (
            "GenerateDataKeyPair",
            json!({"KeyId": symmetric, "KeyPairSpec": "ECC_NIST_P256"}),
        ),
        (
            "GenerateMac",
            json!({"KeyId": mac, "Message": digest, "MacAlgorithm": "HMAC_SHA_256"}),
        ),
        (
            "VerifyMac",
            json!({"KeyId": mac, "Message": digest, "Mac": digest, "MacAlgorithm": "HMAC_SHA_256"}),
        ),
        (
            "Sign",
            json!({"KeyId": signing, "Message": digest, "SigningAlgorithm": "ECDSA_SHA_256"}),
        ),
        (
            "Verify",
            json!({"KeyId": signing, "Message": digest, "Signature": digest, "SigningAlgorithm": "ECDSA_SHA_256"}),
        ),
        ("GetPublicKey", json!({"KeyId": signing})),
        (
            "DeriveSharedSecret",
            json!({"KeyId": agreeing, "PublicKey": digest, "KeyAgreementAlgorithm": "ECDH"}),
        ),
        ("EnableKey", json!({"KeyId": symmetric})),
        ("DisableKey", json!({"KeyId": symmetric})),
        ("CreateGrant", grant),
    ] {
        let refusal = world.refused(operation, request.clone()).await;
        let said = format!("{} is pending import.", key_arn(text(&request["KeyId"])));
        assert_eq!(
            refusal.pair(),
            ("KMSInvalidStateException", said.as_str()),
            "{operation}"
        );
    }
    for (operation, more) in [
        ("DescribeKey", json!({})),
        ("UpdateKeyDescription", json!({"Description": "waits"})),
        ("TagResource", json!({"Tags": [{"TagKey": "a", "TagValue": "b"}]})),
        ("ListResourceTags", json!({})),
        ("UntagResource", json!({"TagKeys": ["a"]})),
        ("GetKeyPolicy", json!({})),
        ("ScheduleKeyDeletion", json!({})),
    ] {
        let mut request = more;
        request["KeyId"] = symmetric.clone();
        world.ok(operation, request).await;
    }
}

/// SPK-406, SPK-407, SPK-502, SPK-519, SPK-524, KEY-112
#[tokio::test]
async fn material_goes_and_comes_back() {
    let world = World::new().await;
    let key = world.external().await;
    let reply = world
        .ok("ImportKeyMaterial", world.importing(&key, &MATERIAL, json!({})).await)
        .await;
    let id = text(&reply["KeyMaterialId"]).to_owned();
    assert_eq!(reply, json!({"KeyId": key_arn(&key), "KeyMaterialId": id}));
    assert_eq!((id.len(), world.state_of(&key).await.as_str()), (64, "Enabled"));
    let told = world.describe(&key).await;
    assert_eq!(told["CurrentKeyMaterialId"], json!(id));
    assert_eq!(
        (&told["ExpirationModel"], &told["ValidTo"]),
        (&json!("KEY_MATERIAL_DOES_NOT_EXPIRE"), &Value::Null)
    );
    let ciphertext = world.encrypt(&key, b"a secret").await;
    let deleted = world.ok("DeleteImportedKeyMaterial", json!({ "KeyId": key })).await;
    assert_eq!(deleted, json!({"KeyId": key_arn(&key), "KeyMaterialId": id}));
    let told = world.describe(&key).await;
    assert_eq!(told["KeyState"], json!("PendingImport"));
    for member in ["CurrentKeyMaterialId", "ExpirationModel", "ValidTo"] {
        assert_eq!(told[member], Value::Null, "{member}");
    }
    for request in [
        json!({"CiphertextBlob": ciphertext}),
        json!({"KeyId": key, "CiphertextBlob": ciphertext}),
    ] {
        let refusal = world.refused("Decrypt", request).await;
        assert_eq!(refusal.code, "KMSInvalidStateException");
    }
    let mut other = MATERIAL;
    other[31] ^= 1;
    let refusal = world
        .refused("ImportKeyMaterial", world.importing(&key, &other, json!({})).await)
        .await;
    let said = "The key material is not the one that was imported into the key before.";
    assert_eq!(refusal.pair(), ("IncorrectKeyMaterialException", said));
    assert_eq!(world.state_of(&key).await, "PendingImport");
    assert_eq!(world.import(&key, &MATERIAL, json!({})).await, id);
    let opened = world.ok("Decrypt", json!({"CiphertextBlob": ciphertext})).await;
    assert_eq!(
        (bytes(&opened["Plaintext"]), &opened["KeyMaterialId"]),
        (b"a secret".to_vec(), &json!(id))
    );
}

/// SPK-520, SPK-522, SPK-403, KEY-3, MON-392, MON-413
#[tokio::test]
async fn deleting_what_is_not_there_does_nothing() {
    let world = World::new().await;
    let key = world.external().await;
    let reply = world.ok("DeleteImportedKeyMaterial", json!({ "KeyId": key })).await;
    assert_eq!(reply, json!({"KeyId": key_arn(&key)}));
    let id = world.import(&key, &MATERIAL, json!({})).await;
    for _ in 0..2 {
        let reply = world
            .ok("DeleteImportedKeyMaterial", json!({"KeyId": key, "KeyMaterialId": id}))
            .await;
        assert_eq!(reply["KeyMaterialId"], json!(id));
        assert_eq!(world.state_of(&key).await, "PendingImport");
    }
    let unknown = "0".repeat(64);
    let refusal = world
        .refused(
            "DeleteImportedKeyMaterial",
            json!({"KeyId": key, "KeyMaterialId": unknown}),
        )
        .await;
    assert_eq!(refusal.code, "NotFoundException");
    world.import(&key, &MATERIAL, json!({})).await;
    world.ok("ScheduleKeyDeletion", json!({ "KeyId": key })).await;
    world.ok("DeleteImportedKeyMaterial", json!({ "KeyId": key })).await;
    assert_eq!(world.state_of(&key).await, "PendingDeletion");
    world.ok("CancelKeyDeletion", json!({ "KeyId": key })).await;
    assert_eq!(world.state_of(&key).await, "PendingImport");
    let never = world.external().await;
    world.ok("ScheduleKeyDeletion", json!({ "KeyId": never })).await;
    world.ok("CancelKeyDeletion", json!({ "KeyId": never })).await;
    assert_eq!(world.state_of(&never).await, "PendingImport");
    let made_here = world.key().await;
    let said = format!(
        "{} origin is AWS_KMS which is not valid for this operation.",
        key_arn(&made_here)
    );
    let way = json!({"KeyId": made_here, "WrappingAlgorithm": QUICK.0, "WrappingKeySpec": QUICK.1});
    let blob = base64(b"x");
    let import = json!({"KeyId": made_here, "ImportToken": blob, "EncryptedKeyMaterial": blob,
                        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"});
    for (operation, request) in [
        ("DeleteImportedKeyMaterial", json!({ "KeyId": made_here })),
        ("GetParametersForImport", way),
        ("ImportKeyMaterial", import),
    ] {
        let refusal = world.refused(operation, request).await;
        assert_eq!(
            refusal.pair(),
            ("UnsupportedOperationException", said.as_str()),
            "{operation}"
        );
    }
}

/// SPK-521, MON-391
#[tokio::test]
async fn states_between_others_keep_their_material() {
    let world = World::new().await;
    let key = world.external().await;
    world.import(&key, &MATERIAL, json!({})).await;
    let import = world.importing(&key, &MATERIAL, json!({})).await;
    for (state, said) in [(KeyState::Creating, "creating."), (KeyState::Updating, "updating.")] {
        world.alter(&key, |record| record.state = state).await;
        let refusal = world
            .refused("DeleteImportedKeyMaterial", json!({ "KeyId": key }))
            .await;
        assert_eq!(
            refusal.pair(),
            (
                "KMSInvalidStateException",
                format!("{} is {said}", key_arn(&key)).as_str()
            )
        );
    }
    for state in [KeyState::PendingDeletion, KeyState::PendingReplicaDeletion] {
        world.alter(&key, |record| record.state = state).await;
        assert_eq!(
            world.refused("ImportKeyMaterial", import.clone()).await.code,
            "KMSInvalidStateException"
        );
        world.ok("DeleteImportedKeyMaterial", json!({ "KeyId": key })).await;
    }
}
