//! Public keys, for use elsewhere.

use aws_lc_rs::signature::{self, UnparsedPublicKey};
use serde_json::json;
use trent_crypto::spec::KeySpec;
use trent_kms::state::KeyState;

use crate::world::{ACCOUNT, OTHER, STRANGER, World, alias_arn, base64, bytes, key_arn};

const MESSAGE: &[u8] = b"the quick brown fox";

/// What `GetPublicKey` tells is what another library needs to verify.
///
/// SPK-77, SPK-80, SPK-90, SPK-128
#[tokio::test]
async fn the_public_key_comes_with_what_is_needed_to_use_it() {
    let world = World::new().await;
    for (spec, usage, member, algorithms) in [
        (
            "RSA_2048",
            "ENCRYPT_DECRYPT",
            "EncryptionAlgorithms",
            json!(["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]),
        ),
        (
            "ECC_NIST_P384",
            "SIGN_VERIFY",
            "SigningAlgorithms",
            json!(["ECDSA_SHA_384"]),
        ),
        (
            "ECC_NIST_P256",
            "KEY_AGREEMENT",
            "KeyAgreementAlgorithms",
            json!(["ECDH"]),
        ),
        (
            "ML_DSA_44",
            "SIGN_VERIFY",
            "SigningAlgorithms",
            json!(["ML_DSA_SHAKE_256"]),
        ),
        (
            "ML_KEM_512",
            "ENCAPSULATE_DECAPSULATE",
            "EncapsulationAlgorithms",
            json!(["ML_KEM"]),
        ),
    ] {
        let key = world.key_for(spec, usage).await;
        let reply = world.ok("GetPublicKey", json!({ "KeyId": key })).await;
        let mut expected = json!({"KeyId": key_arn(&key), "KeySpec": spec, "KeyUsage": usage, member: algorithms,
                                  "PublicKey": reply["PublicKey"]});
        if KeySpec::parse(spec).expect("a spec").is_customer_master_key_spec() {
            expected["CustomerMasterKeySpec"] = json!(spec);
        }
        assert_eq!(reply, expected);
        assert_eq!(world.describe(&key).await[member], algorithms);
        let again = world.ok("GetPublicKey", json!({ "KeyId": key_arn(&key) })).await;
        assert_eq!(again, reply);
    }
    let key = world.key_for("ECC_NIST_P256", "SIGN_VERIFY").await;
    let public = world.ok("GetPublicKey", json!({ "KeyId": key })).await;
    let request = json!({"KeyId": key, "Message": base64(MESSAGE), "SigningAlgorithm": public["SigningAlgorithms"][0]});
    let signature = bytes(&world.ok("Sign", request).await["Signature"]);
    // The uncompressed point is the end of the key.
    let public = bytes(&public["PublicKey"]);
    let elsewhere = UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, &public[public.len() - 65..]);
    assert!(elsewhere.verify(MESSAGE, &signature).is_ok());
}

/// SPK-81
#[tokio::test]
async fn a_public_key_is_told_while_the_key_can_be_used() {
    let world = World::new().await;
    let key = world.key_for("ECC_NIST_P256", "SIGN_VERIFY").await;
    let arn = key_arn(&key);
    let invalid = "KMSInvalidStateException";
    for (state, code, said) in [
        (KeyState::Disabled, "DisabledException", "is disabled."),
        (KeyState::PendingDeletion, invalid, "is pending deletion."),
        (KeyState::PendingImport, invalid, "is pending import."),
        (KeyState::Creating, invalid, "is creating."),
    ] {
        world.alter(&key, |record| record.state = state).await;
        let refusal = world.refused("GetPublicKey", json!({ "KeyId": key })).await;
        assert_eq!(refusal.pair(), (code, format!("{arn} {said}").as_str()));
    }
}

/// SPK-78, SPK-79
#[tokio::test]
async fn the_key_of_a_public_key_is_named_in_any_form() {
    let world = World::new().await;
    let key = world.key_for("ECC_NIST_P256", "SIGN_VERIFY").await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/signing", "TargetKeyId": key}))
        .await;
    let names = [
        key.clone(),
        "alias/signing".to_owned(),
        key_arn(&key),
        alias_arn("alias/signing"),
    ];
    for name in &names {
        let reply = world.ok("GetPublicKey", json!({ "KeyId": name })).await;
        assert_eq!(reply["KeyId"], json!(key_arn(&key)));
    }
    let shared = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "kms:GetPublicKey", "Resource": "*"},
    ]});
    for code in ["AccessDeniedException", ""] {
        for (at, name) in names.iter().enumerate() {
            let asked = world.send(STRANGER, "GetPublicKey", &json!({ "KeyId": name })).await;
            // A name without an account is looked for in the caller's.
            let code = if at < 2 { "NotFoundException" } else { code };
            assert_eq!(
                asked.err().map(|refusal| refusal.code).unwrap_or_default(),
                code,
                "{name}"
            );
        }
        let request = json!({"KeyId": key, "PolicyName": "default", "Policy": shared.to_string()});
        world.ok("PutKeyPolicy", request).await;
    }
}
