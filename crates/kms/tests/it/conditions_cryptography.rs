//! What requests for cryptography tell policies, in the guide's own examples: algorithms, data key pairs, messages and
//! the encryption context.

use serde_json::{Value, json};

use crate::ruled::{account, allow, check, check_as, deny, key_under, key_with, kind, user_allowed, user_with};
use crate::world::{ACCOUNT, OTHER, ROOT, USER, Who, World, base64, key_arn};

type Row = (&'static str, Value, bool);

fn sign(algorithm: &str) -> Value {
    json!({"Message": base64(b"x"), "SigningAlgorithm": algorithm})
}

fn verify(algorithm: &str) -> Value {
    json!({"Message": base64(b"x"), "Signature": base64(b"x"), "SigningAlgorithm": algorithm})
}

fn mac(algorithm: &str) -> Value {
    json!({"Message": base64(b"x"), "MacAlgorithm": algorithm})
}

/// The user of these examples, in another account.
const STRANGE_USER: Who = Who { account: OTHER, ..USER };

/// AUTHZ-107, KEY-120
#[tokio::test]
async fn the_spec_of_a_data_key_pair() {
    const ACTIONS: [&str; 2] = ["kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext"];
    let rsa = json!({"StringLike": {"kms:DataKeyPairSpec": "RSA*"}});
    let operations = ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"];
    let specs = [
        ("RSA_2048", true),
        ("RSA_3072", true),
        ("RSA_4096", true),
        ("ECC_NIST_P256", false),
    ];
    let rows: Vec<Row> = operations
        .into_iter()
        .flat_map(|operation| specs.map(|(spec, allowed)| (operation, json!({"KeyPairSpec": spec}), allowed)))
        .collect();
    check(allow(&ACTIONS, rsa), &rows).await;
}

/// A denial reaches whatever else allows, and what it leaves alone still has to be allowed.
///
/// AUTHZ-108, AUTHZ-109, SPK-117
#[tokio::test]
async fn an_encryption_algorithm_that_alone_is_not_denied() {
    let world = World::new().await;
    let others = json!({"StringNotEquals": {"kms:EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}});
    let key = key_with(&world, &deny(&["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*"], others)).await;
    world.alter(&key, kind("RSA_2048", "ENCRYPT_DECRYPT")).await;
    let blob = base64(b"x");
    let requests = |algorithm: Option<&str>, allowed: bool| -> [Row; 3] {
        let with = |mut request: Value, members: &[&str]| {
            for member in members {
                if let Some(algorithm) = algorithm {
                    request[member] = json!(algorithm);
                }
            }
            request
        };
        let re_encrypt = json!({"CiphertextBlob": blob, "SourceKeyId": key, "DestinationKeyId": key});
        [
            (
                "Encrypt",
                with(json!({"Plaintext": blob}), &["EncryptionAlgorithm"]),
                allowed,
            ),
            (
                "Decrypt",
                with(json!({"CiphertextBlob": blob}), &["EncryptionAlgorithm"]),
                allowed,
            ),
            (
                "ReEncrypt",
                with(
                    re_encrypt,
                    &["SourceEncryptionAlgorithm", "DestinationEncryptionAlgorithm"],
                ),
                allowed,
            ),
        ]
    };
    let everything = user_with(&json!([{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]));
    for who in [ROOT, everything] {
        check_as(&world, who, &key, &requests(Some("RSAES_OAEP_SHA_256"), true)).await;
        check_as(&world, who, &key, &requests(Some("RSAES_OAEP_SHA_1"), false)).await;
        check_as(&world, who, &key, &requests(None, false)).await;
    }
    check_as(&world, USER, &key, &requests(Some("RSAES_OAEP_SHA_256"), false)).await;
}

/// AUTHZ-110
#[tokio::test]
async fn data_keys_are_always_encrypted_by_the_symmetric_algorithm() {
    let world = World::new().await;
    let (symmetric, rsa) = (world.key().await, world.key().await);
    world.alter(&rsa, kind("RSA_2048", "ENCRYPT_DECRYPT")).await;
    let user = user_with(&json!([
        {"Effect": "Allow", "Action": "kms:*", "Resource": "*"},
        {"Effect": "Deny", "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
         "Resource": format!("arn:aws:kms:us-west-2:{ACCOUNT}:key/*"),
         "Condition": {"StringNotEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}}}
    ]));
    let pair = json!({"KeyPairSpec": "RSA_2048"});
    let data_key = json!({"KeySpec": "AES_256"});
    let rows = [
        ("Encrypt", json!({"Plaintext": base64(b"x")}), true),
        ("GenerateDataKey", data_key.clone(), true),
        ("GenerateDataKeyWithoutPlaintext", data_key, true),
        ("GenerateDataKeyPair", pair.clone(), true),
        ("GenerateDataKeyPairWithoutPlaintext", pair, true),
    ];
    check_as(&world, user, &symmetric, &rows).await;
    let encrypt = json!({"Plaintext": base64(b"x"), "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"});
    check_as(&world, user, &rsa, &[("Encrypt", encrypt, false)]).await;
}

/// A list is a choice, as two statements are.
///
/// AUTHZ-113, AUTHZ-114, SPK-200
#[tokio::test]
async fn mac_algorithms_in_one_statement_and_in_two() {
    const ACTIONS: [&str; 2] = ["kms:GenerateMac", "kms:VerifyMac"];
    let world = World::new().await;
    let one = |algorithms: Value| {
        json!({"Effect": "Allow", "Principal": "*", "Action": ACTIONS, "Resource": "*",
               "Condition": {"StringEquals": {"kms:MacAlgorithm": algorithms}}})
    };
    for statements in [
        json!([one(json!("HMAC_SHA_384")), one(json!("HMAC_SHA_512"))]),
        json!([one(json!(["HMAC_SHA_384", "HMAC_SHA_512"]))]),
    ] {
        let key = key_under(&world, statements).await;
        world.alter(&key, kind("HMAC_384", "GENERATE_VERIFY_MAC")).await;
        for (algorithm, allowed) in [("HMAC_SHA_384", true), ("HMAC_SHA_512", true), ("HMAC_SHA_256", false)] {
            let mut verify = mac(algorithm);
            verify["Mac"] = json!(base64(b"x"));
            let rows = [("GenerateMac", mac(algorithm), allowed), ("VerifyMac", verify, allowed)];
            check_as(&world, USER, &key, &rows).await;
        }
    }
    let only = user_allowed(
        &["kms:GenerateMac"],
        &json!({"StringEquals": {"kms:MacAlgorithm": "HMAC_SHA_384"}}),
    );
    let key = world.key().await;
    let rows = [
        ("GenerateMac", mac("HMAC_SHA_384"), true),
        ("GenerateMac", mac("HMAC_SHA_512"), false),
    ];
    check_as(&world, only, &key, &rows).await;
}

/// AUTHZ-115, AUTHZ-116, SPK-127, POL-311
#[tokio::test]
async fn signing_algorithms_and_kinds_of_message() {
    let pss = json!({"StringLike": {"kms:SigningAlgorithm": "RSASSA_PSS*"}});
    let rows = [
        ("Sign", sign("RSASSA_PSS_SHA_512"), true),
        ("Sign", sign("RSASSA_PKCS1_V1_5_SHA_512"), false),
        ("Verify", verify("RSASSA_PSS_SHA_256"), true),
        ("Verify", verify("ECDSA_SHA_256"), false),
    ];
    check(allow(&["kms:Sign", "kms:Verify"], pss), &rows).await;
    let with_type = |mut request: Value, kind: &str| {
        request["MessageType"] = json!(kind);
        request
    };
    let raw = json!({"StringEquals": {"kms:MessageType": "RAW"}});
    let rows = [
        ("Sign", with_type(sign("ECDSA_SHA_256"), "RAW"), true),
        ("Sign", sign("ECDSA_SHA_256"), true),
        ("Sign", with_type(sign("ECDSA_SHA_256"), "DIGEST"), false),
        ("Sign", with_type(sign("ML_DSA_SHAKE_256"), "EXTERNAL_MU"), false),
    ];
    check(allow(&["kms:Sign"], raw), &rows).await;
}

/// What has no encryption context never meets a condition on one.
///
/// AUTHZ-117, POL-212
#[tokio::test]
async fn only_requests_with_an_encryption_context_meet_a_condition_on_it() {
    let conditions = [
        json!({"StringEquals": {"kms:EncryptionContext:AppName": "ExampleApp"}}),
        json!({"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "AppName"}}),
    ];
    let context = json!({"AppName": "ExampleApp"});
    let rows: [Row; 8] = [
        ("Sign", sign("RSASSA_PSS_SHA_256"), false),
        ("Verify", verify("RSASSA_PSS_SHA_256"), false),
        ("GenerateMac", mac("HMAC_SHA_256"), false),
        ("GetPublicKey", json!({}), false),
        ("DescribeKey", json!({}), false),
        ("ScheduleKeyDeletion", json!({}), false),
        (
            "GenerateDataKeyPair",
            json!({"KeyPairSpec": "RSA_2048", "EncryptionContext": context}),
            true,
        ),
        ("GenerateDataKeyPair", json!({"KeyPairSpec": "RSA_2048"}), false),
    ];
    for condition in conditions {
        check(allow(&["kms:*"], condition), &rows).await;
    }
}

/// A key for key agreement, for MACs or for signing is given away like any other: by the policies of both accounts, by
/// a grant, under a condition.
///
/// SPK-79, SPK-147, SPK-203
#[tokio::test]
async fn asymmetric_and_hmac_keys_are_shared_and_granted() {
    let world = World::new().await;
    let agree = json!({"PublicKey": base64(b"x"), "KeyAgreementAlgorithm": "ECDH"});
    let mut verify_mac = mac("HMAC_SHA_256");
    verify_mac["Mac"] = json!(base64(b"x"));
    for (spec, usage, operation, request) in [
        ("ECC_NIST_P256", "KEY_AGREEMENT", "DeriveSharedSecret", agree),
        ("RSA_2048", "SIGN_VERIFY", "GetPublicKey", json!({})),
        ("HMAC_256", "GENERATE_VERIFY_MAC", "GenerateMac", mac("HMAC_SHA_256")),
        ("HMAC_256", "GENERATE_VERIFY_MAC", "VerifyMac", verify_mac),
    ] {
        let action = format!("kms:{operation}");
        let allowed = Who {
            account: OTHER,
            ..user_with(&json!([{"Effect": "Allow", "Action": action, "Resource": "*"}]))
        };
        for principal in [OTHER.to_owned(), format!("arn:aws:iam::{OTHER}:user/alice")] {
            let shared = json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*"});
            let key = key_under(&world, json!([account(json!({"Action": "kms:*"})), shared])).await;
            world.alter(&key, kind(spec, usage)).await;
            let arn = key_arn(&key);
            check_as(&world, allowed, &arn, &[(operation, request.clone(), true)]).await;
            check_as(&world, STRANGE_USER, &arn, &[(operation, request.clone(), false)]).await;
        }

        let key = world.key().await;
        world.alter(&key, kind(spec, usage)).await;
        let row = |allowed| [(operation, request.clone(), allowed)];
        check_as(&world, allowed, &key_arn(&key), &row(false)).await;
        check_as(&world, USER, &key, &row(false)).await;
        let grant = json!({"KeyId": key, "GranteePrincipal": format!("arn:aws:iam::{ACCOUNT}:user/alice"),
                           "Operations": [operation]});
        world.ok("CreateGrant", grant).await;
        check_as(&world, USER, &key, &row(true)).await;
    }
    let agreement = json!({"StringEquals": {"kms:KeyAgreementAlgorithm": "ECDH"}});
    let other = json!({"StringNotEquals": {"kms:KeyAgreementAlgorithm": "ECDH"}});
    let request = json!({"PublicKey": base64(b"x"), "KeyAgreementAlgorithm": "ECDH"});
    for (condition, allowed) in [(agreement, true), (other, false)] {
        let rows = [("DeriveSharedSecret", request.clone(), allowed)];
        check(allow(&["kms:DeriveSharedSecret"], condition), &rows).await;
    }
}

/// A constraint on what a key's operations do not have is refused, and so is an operation that the key cannot do.
///
/// SPK-204
#[tokio::test]
async fn grants_on_keys_without_an_encryption_context_have_no_constraint_on_it() {
    let world = World::new().await;
    let grantee = format!("arn:aws:iam::{ACCOUNT}:user/alice");
    for (spec, usage, operation) in [
        ("HMAC_256", "GENERATE_VERIFY_MAC", "GenerateMac"),
        ("RSA_2048", "SIGN_VERIFY", "Sign"),
        ("RSA_2048", "ENCRYPT_DECRYPT", "Encrypt"),
    ] {
        let key = world.key().await;
        world.alter(&key, kind(spec, usage)).await;
        let grant = |operation: &str| json!({"KeyId": key, "GranteePrincipal": grantee, "Operations": [operation]});
        for constraint in ["EncryptionContextEquals", "EncryptionContextSubset"] {
            let mut constrained = grant(operation);
            constrained["Constraints"] = json!({constraint: {"AppName": "ExampleApp"}});
            let refusal = world.refused("CreateGrant", constrained).await;
            assert_eq!(refusal.code, "ValidationException", "{spec} {constraint}");
        }
        let refusal = world.refused("CreateGrant", grant("GenerateDataKey")).await;
        assert_eq!(refusal.code, "ValidationException", "{spec}");
        world.ok("CreateGrant", grant(operation)).await;
    }
}

/// A new key is the account's to give away: nobody else may use it until a policy says so.
///
/// SPK-199
#[tokio::test]
async fn nobody_computes_macs_with_a_new_key_before_a_policy_says_so() {
    let world = World::new().await;
    let in_its_policy = json!({"Effect": "Allow", "Principal": "*", "Action": ["kms:GenerateMac", "kms:VerifyMac"],
                               "Resource": "*"});
    let by_default = world.key().await;
    let named = key_under(&world, json!([account(json!({"Action": "kms:*"})), in_its_policy])).await;
    let by_iam = user_allowed(&["kms:GenerateMac", "kms:VerifyMac"], &json!({}));
    for (key, who, allowed) in [
        (&by_default, USER, false),
        (&by_default, by_iam, true),
        (&named, USER, true),
    ] {
        world.alter(key, kind("HMAC_256", "GENERATE_VERIFY_MAC")).await;
        let mut verify = mac("HMAC_SHA_256");
        verify["Mac"] = json!(base64(b"x"));
        let rows = [
            ("GenerateMac", mac("HMAC_SHA_256"), allowed),
            ("VerifyMac", verify, allowed),
        ];
        check_as(&world, who, key, &rows).await;
    }
}
