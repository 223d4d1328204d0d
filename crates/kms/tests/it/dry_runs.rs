//! Dry runs: which operations have them, and that each answers at its place in the order of checks what the call itself
//! would, and does nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_kms::Kms;
use trent_kms::records::KeyRecord;
use trent_kms::state::KeyState;
use trent_service::Catalogue;

use crate::grants::user;
use crate::world::{NO_KEY, OPEN, ROOT, STRANGER, USER, Who, World, base64, bytes, text};

const WOULD_SUCCEED: &str = "DryRunOperationException";
const SAID: &str = "The request would have succeeded, but the DryRun option is set.";

/// AUTHZ-401, REF-460
#[test]
fn the_operations_that_have_dry_runs() {
    let rows = Kms::catalogue().iter().map(|entry| entry.row);
    let found: BTreeSet<&str> = rows.filter(|row| row.dry_run).map(|row| row.name).collect();
    let expected = "CreateGrant Decrypt Encrypt GenerateDataKey GenerateDataKeyPair \
                    GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext GenerateMac ReEncrypt \
                    RetireGrant RevokeGrant Sign Verify VerifyMac DeriveSharedSecret Encapsulate Decapsulate";
    assert_eq!(found, expected.split_whitespace().collect());
    let built = Kms::catalogue().iter().filter(|entry| entry.is_built());
    let tried: BTreeSet<&str> = REQUESTS.iter().map(|(operation, _)| *operation).collect();
    let built: BTreeSet<&str> = built
        .map(|entry| entry.row)
        .filter(|row| row.dry_run)
        .map(|row| row.name)
        .collect();
    assert_eq!(tried, built, "each of them that is built is tried below");
}

/// What a request names.
struct Named {
    key: String,
    ciphertext: String,
    grant: String,
    /// What the key made for the operation: a signature, a tag, its public key, an encapsulated secret.
    made: Value,
}

/// What a request, or a member of one, is made of.
type Request = fn(&Named) -> Value;

/// A request of every operation that has a dry run and is built.
const REQUESTS: &[(&str, Request)] = &[
    ("Encrypt", |it| json!({"KeyId": it.key, "Plaintext": base64(b"x")})),
    (
        "Decrypt",
        |it| json!({"KeyId": it.key, "CiphertextBlob": it.ciphertext}),
    ),
    (
        "ReEncrypt",
        |it| json!({"SourceKeyId": it.key, "CiphertextBlob": it.ciphertext, "DestinationKeyId": it.key}),
    ),
    ("GenerateDataKey", |it| json!({"KeyId": it.key, "KeySpec": "AES_256"})),
    (
        "GenerateDataKeyWithoutPlaintext",
        |it| json!({"KeyId": it.key, "KeySpec": "AES_256"}),
    ),
    (
        "CreateGrant",
        |it| json!({"KeyId": it.key, "GranteePrincipal": user("bob"), "Operations": ["Encrypt"]}),
    ),
    ("RetireGrant", |it| json!({"KeyId": it.key, "GrantId": it.grant})),
    ("RevokeGrant", |it| json!({"KeyId": it.key, "GrantId": it.grant})),
    (
        "GenerateDataKeyPair",
        |it| json!({"KeyId": it.key, "KeyPairSpec": "ECC_NIST_P256"}),
    ),
    (
        "GenerateDataKeyPairWithoutPlaintext",
        |it| json!({"KeyId": it.key, "KeyPairSpec": "ECC_NIST_P256"}),
    ),
    ("Sign", |it| signing(&it.key)),
    ("Verify", |it| with(signing(&it.key), "Signature", &it.made)),
    ("GenerateMac", |it| tagging(&it.key)),
    ("VerifyMac", |it| with(tagging(&it.key), "Mac", &it.made)),
    (
        "DeriveSharedSecret",
        |it| json!({"KeyId": it.key, "KeyAgreementAlgorithm": "ECDH", "PublicKey": it.made}),
    ),
    ("Encapsulate", |it| encapsulating(&it.key)),
    ("Decapsulate", |it| {
        with(encapsulating(&it.key), "SharedSecretCiphertextBlob", &it.made)
    }),
];

fn signing(key: &str) -> Value {
    json!({"KeyId": key, "Message": base64(b"x"), "SigningAlgorithm": "ECDSA_SHA_256"})
}

fn tagging(key: &str) -> Value {
    json!({"KeyId": key, "Message": base64(b"x"), "MacAlgorithm": "HMAC_SHA_256"})
}

fn encapsulating(key: &str) -> Value {
    json!({"KeyId": key, "EncapsulationAlgorithm": "ML_KEM"})
}

fn with(mut request: Value, member: &str, value: &Value) -> Value {
    request[member] = value.clone();
    request
}

/// The spec and usage of the key that an operation is tried with.
fn kind(operation: &str) -> (&'static str, &'static str) {
    match operation {
        "Sign" | "Verify" => ("ECC_NIST_P256", "SIGN_VERIFY"),
        "GenerateMac" | "VerifyMac" => ("HMAC_256", "GENERATE_VERIFY_MAC"),
        "DeriveSharedSecret" => ("ECC_NIST_P256", "KEY_AGREEMENT"),
        "Encapsulate" | "Decapsulate" => ("ML_KEM_512", "ENCAPSULATE_DECAPSULATE"),
        _ => ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
    }
}

/// What is wrong with a request beside its caller and its key.
const FAULTS: &[(&str, &str, Request)] = &[
    ("Encrypt", "EncryptionAlgorithm", |_| json!("RSAES_OAEP_SHA_256")),
    ("Encrypt", "Plaintext", |_| json!(base64(&[0; 4097]))),
    ("Encrypt", "GrantTokens", |_| json!(["none"])),
    ("Decrypt", "CiphertextBlob", |it| {
        let mut touched = bytes(&json!(it.ciphertext));
        *touched.last_mut().expect("it is not empty") ^= 1;
        json!(base64(&touched))
    }),
    ("Decrypt", "EncryptionContext", |_| json!({"another": "context"})),
    ("ReEncrypt", "DestinationKeyId", |_| json!(NO_KEY)),
    ("GenerateDataKey", "NumberOfBytes", |_| json!(16)),
    ("GenerateDataKeyWithoutPlaintext", "KeySpec", |_| Value::Null),
    ("CreateGrant", "Operations", |_| json!(["Sign"])),
    ("CreateGrant", "GranteePrincipal", |_| json!("nobody at all")),
    ("CreateGrant", "GranteePrincipal", |_| {
        json!(user("bob").replace(":user/", ":group/"))
    }),
    ("CreateGrant", "Operations", |_| json!([])),
    ("RetireGrant", "GrantId", |_| json!("f".repeat(64))),
    ("RevokeGrant", "GrantId", |_| json!("f".repeat(64))),
    ("GenerateDataKeyPair", "KeyPairSpec", |_| json!("SM2")),
    ("GenerateDataKeyPairWithoutPlaintext", "KeyPairSpec", |_| json!("none")),
    ("Sign", "SigningAlgorithm", |_| json!("RSASSA_PSS_SHA_256")),
    ("Sign", "MessageType", |_| json!("DIGEST")),
    ("Sign", "MessageType", |_| json!("EXTERNAL_MU")),
    ("Verify", "Message", |_| json!(base64(b"y"))),
    ("Verify", "Signature", |_| json!(base64(b"none"))),
    ("GenerateMac", "MacAlgorithm", |_| json!("HMAC_SHA_512")),
    ("VerifyMac", "Mac", |_| json!(base64(b"none"))),
    ("DeriveSharedSecret", "PublicKey", |_| json!(base64(b"none"))),
    ("Encapsulate", "GrantTokens", |_| json!(["none"])),
    ("Decapsulate", "SharedSecretCiphertextBlob", |_| json!(base64(b"none"))),
];

/// Whose key it is, who calls, and what was done to the key.
struct Scene {
    owner: Who,
    caller: Who,
    change: Option<fn(&mut KeyRecord)>,
    key: Option<&'static str>,
}

const PLAIN: Scene = Scene {
    owner: ROOT,
    caller: ROOT,
    change: None,
    key: None,
};

fn for_signing(record: &mut KeyRecord) {
    // Of a spec that no request below names an algorithm of.
    record.spec = KeySpec::MlDsa44;
    record.usage = KeyUsage::SignVerify;
}

fn scenes() -> Vec<Scene> {
    let mut scenes = vec![
        PLAIN,
        Scene { caller: USER, ..PLAIN },
        Scene {
            caller: Who {
                iam: Some("kms:*"),
                ..USER
            },
            ..PLAIN
        },
        Scene {
            owner: STRANGER,
            ..PLAIN
        },
        Scene {
            key: Some(NO_KEY),
            ..PLAIN
        },
        Scene {
            key: Some("alias/nothing"),
            ..PLAIN
        },
    ];
    let changes: [fn(&mut KeyRecord); 6] = [
        |record| record.state = KeyState::Disabled,
        |record| record.state = KeyState::PendingDeletion,
        |record| record.state = KeyState::PendingImport,
        |record| record.state = KeyState::Creating,
        for_signing,
        |record| record.policy = OPEN.replace("\"kms:*\"", "\"kms:DescribeKey\"").into(),
    ];
    for change in changes {
        for caller in [ROOT, USER] {
            let change = Some(change);
            scenes.push(Scene {
                caller,
                change,
                ..PLAIN
            });
        }
    }
    scenes
}

/// A key of the operation's kind, a grant on it and what it made, as the scene has them.
async fn named(world: &World, scene: &Scene, operation: &str) -> Named {
    let owner = scene.owner;
    let (spec, usage) = kind(operation);
    let created = world
        .ok_as(owner, "CreateKey", json!({"KeySpec": spec, "KeyUsage": usage}))
        .await;
    let arn = text(&created["KeyMetadata"]["Arn"]).to_owned();
    let made = async |operation: &str, request: Value, member: &str| {
        world.ok_as(owner, operation, request).await[member].take()
    };
    let ciphertext = match spec {
        "SYMMETRIC_DEFAULT" => {
            let request = json!({"KeyId": arn, "Plaintext": base64(b"x")});
            text(&made("Encrypt", request, "CiphertextBlob").await).to_owned()
        }
        _ => String::new(),
    };
    let made = match operation {
        "Verify" => made("Sign", signing(&arn), "Signature").await,
        "VerifyMac" => made("GenerateMac", tagging(&arn), "Mac").await,
        "DeriveSharedSecret" => made("GetPublicKey", json!({ "KeyId": arn }), "PublicKey").await,
        "Decapsulate" => made("Encapsulate", encapsulating(&arn), "SharedSecretCiphertextBlob").await,
        _ => Value::Null,
    };
    let grant = json!({"KeyId": arn, "GranteePrincipal": user("bob"), "Operations": ["DescribeKey"]});
    let (grant, _) = world.grant_as(owner, grant).await;
    if let Some(change) = scene.change {
        world.alter(text(&created["KeyMetadata"]["KeyId"]), change).await;
    }
    Named {
        key: scene.key.map_or(arn, str::to_owned),
        ciphertext,
        grant,
        made,
    }
}

/// Every operation in every scene, well made and with each fault: first as a dry run, then in earnest.
///
/// AUTHZ-402, AUTHZ-404, REF-461, REF-462, REF-466
#[tokio::test]
async fn a_dry_run_answers_what_the_call_would() {
    let world = World::new().await;
    let mut codes = BTreeSet::new();
    for scene in scenes() {
        for (operation, make) in REQUESTS {
            let faults = FAULTS.iter().filter(|(of, ..)| of == operation);
            for fault in faults.map(Some).chain([None]) {
                let named = named(&world, &scene, operation).await;
                let mut request = make(&named);
                if let Some((_, member, value)) = fault {
                    request[member] = value(&named);
                }
                let grants = json!({"KeyId": named.key});
                let listed = world.send(scene.owner, "ListGrants", &grants).await;
                request["DryRun"] = json!(true);
                let dry = world.refused_as(scene.caller, operation, request.clone()).await;
                assert_eq!(world.send(scene.owner, "ListGrants", &grants).await, listed);
                request["DryRun"] = json!(false);
                match world.send(scene.caller, operation, &request).await {
                    Ok(_) => assert_eq!((dry.status, dry.pair()), (412, (WOULD_SUCCEED, SAID)), "{request}"),
                    Err(refusal) => assert_eq!(dry, refusal, "{operation} {request}"),
                }
                codes.insert(dry.code);
            }
        }
    }
    let expected = "AccessDeniedException DisabledException DryRunOperationException InvalidArnException \
                    InvalidCiphertextException InvalidGrantTokenException InvalidKeyUsageException \
                    KMSInvalidMacException KMSInvalidSignatureException KMSInvalidStateException NotFoundException \
                    UnsupportedOperationException ValidationException";
    assert_eq!(codes, expected.split_whitespace().map(str::to_owned).collect());
}

/// One fault after the other is mended; each answer is about the first that is left.
///
/// REF-463, REF-464, REF-465, AUTHZ-398
#[tokio::test]
async fn the_first_of_several_faults_is_told() {
    let world = World::new().await;
    for (operation, make) in REQUESTS {
        let scene = Scene {
            change: Some(|record| {
                record.state = KeyState::Disabled;
                for_signing(record);
            }),
            ..PLAIN
        };
        let mut named = named(&world, &scene, operation).await;
        let id = named.key.rsplit('/').next().expect("an ARN has a key id").to_owned();
        let key = std::mem::replace(&mut named.key, NO_KEY.to_owned());
        let asked = async |who: Who, named: &Named, malformed: bool| {
            let mut request = make(named);
            request["DryRun"] = json!(true);
            if malformed {
                request["KeyId"] = json!("");
                request["SourceKeyId"] = json!("");
            }
            world.refused_as(who, operation, request).await.code
        };
        let missing = if *operation == "Decrypt" || *operation == "ReEncrypt" {
            // The ciphertext is of another key, which is told before this one is looked for.
            BTreeSet::from(["NotFoundException", "IncorrectKeyException"])
        } else {
            BTreeSet::from(["NotFoundException"])
        };
        assert_eq!(asked(USER, &named, true).await, "ValidationException", "{operation}");
        assert!(
            missing.contains(asked(USER, &named, false).await.as_str()),
            "{operation}"
        );
        named.key = key;
        assert_eq!(asked(USER, &named, false).await, "AccessDeniedException", "{operation}");
        let (of_state, of_usage) = match *operation {
            "RetireGrant" | "RevokeGrant" => (WOULD_SUCCEED, WOULD_SUCCEED),
            "CreateGrant" => ("DisabledException", "ValidationException"),
            _ => ("DisabledException", "InvalidKeyUsageException"),
        };
        assert_eq!(asked(ROOT, &named, false).await, of_state, "{operation}");
        world.alter(&id, |record| record.state = KeyState::Enabled).await;
        assert_eq!(asked(ROOT, &named, false).await, of_usage, "{operation}");
        world
            .alter(&id, |record| {
                let (spec, usage) = kind(operation);
                record.spec = KeySpec::parse(spec).expect("a spec");
                record.usage = KeyUsage::parse(usage).expect("a usage");
            })
            .await;
        assert_eq!(asked(ROOT, &named, false).await, WOULD_SUCCEED, "{operation}");
    }
}

/// Where there is no dry run, the member is one that the operation does not know, and those are not looked at.
///
/// REF-471, AUTHZ-403
#[tokio::test]
async fn other_operations_know_no_dry_run() {
    let world = World::new().await;
    let key = world.key().await;
    for member in ["DryRun", "NobodyKnows"] {
        let state = world.describe(&key).await;
        world
            .ok(
                "UpdateKeyDescription",
                json!({"KeyId": key, "Description": member, member: true}),
            )
            .await;
        assert_ne!(world.describe(&key).await, state, "{member}");
    }
    for off in [json!(false), Value::Null] {
        let request = json!({"KeyId": key, "Plaintext": base64(b"x"), "DryRun": off});
        let reply = world.ok("Encrypt", request).await;
        assert!(!text(&reply["CiphertextBlob"]).is_empty());
    }
}
