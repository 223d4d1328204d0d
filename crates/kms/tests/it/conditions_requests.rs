//! Two requests of each operation: one that says as little as its operation accepts, and one that says everything that
//! policies can ask about.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, ELSEWHERE, OTHER, base64};

/// What requests name.
pub(crate) struct Names<'a> {
    /// The key's id.
    pub(crate) key: &'a str,
    /// Another name of the key, which requests that say everything use where they can.
    pub(crate) alias: &'a str,
    /// The key that a `ReEncrypt` encrypts under.
    pub(crate) destination: &'a str,
    /// The id of a grant on the key.
    pub(crate) grant: &'a str,
    /// A ciphertext.
    pub(crate) ciphertext: &'a str,
}

/// Somebody to whom a grant is.
pub(crate) fn grantee() -> String {
    format!("arn:aws:iam::{OTHER}:root")
}

/// Somebody who may retire one.
pub(crate) fn retiring() -> String {
    format!("arn:aws:iam::{ACCOUNT}:root")
}

/// The least that the operation accepts.
pub(crate) fn least(operation: &str, names: &Names<'_>) -> Value {
    let with_key = |mut rest: Value| {
        rest["KeyId"] = json!(names.key);
        rest
    };
    let blob = base64(b"x");
    let store = json!({"CustomKeyStoreId": "cks-1234567890abcdef0"});
    match operation {
        "GenerateRandom" => json!({"NumberOfBytes": 8}),
        "CreateKey" | "ListKeys" | "ListAliases" | "DescribeCustomKeyStores" => json!({}),
        "CreateCustomKeyStore" => json!({"CustomKeyStoreName": "example"}),
        name if name.ends_with("CustomKeyStore") => store,
        "CreateAlias" => json!({"AliasName": "alias/new", "TargetKeyId": names.key}),
        "DeleteAlias" => json!({"AliasName": names.alias}),
        "UpdateAlias" => json!({"AliasName": names.alias, "TargetKeyId": names.key}),
        "ListRetirableGrants" => json!({"RetiringPrincipal": retiring()}),
        "CreateGrant" => with_key(json!({"GranteePrincipal": grantee(), "Operations": ["DescribeKey"]})),
        "RetireGrant" | "RevokeGrant" => with_key(json!({"GrantId": names.grant})),
        "Encrypt" => with_key(json!({"Plaintext": blob})),
        "Decrypt" => with_key(json!({"CiphertextBlob": names.ciphertext})),
        "ReEncrypt" => json!({"CiphertextBlob": names.ciphertext, "SourceKeyId": names.key,
                              "DestinationKeyId": names.destination}),
        "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => with_key(json!({"KeySpec": "AES_256"})),
        "GenerateDataKeyPair" | "GenerateDataKeyPairWithoutPlaintext" => {
            with_key(json!({"KeyPairSpec": "ECC_NIST_P256"}))
        }
        "GenerateMac" => with_key(json!({"Message": blob, "MacAlgorithm": "HMAC_SHA_384"})),
        "VerifyMac" => with_key(json!({"Message": blob, "Mac": blob, "MacAlgorithm": "HMAC_SHA_384"})),
        "Sign" => with_key(json!({"Message": blob, "SigningAlgorithm": "RSASSA_PSS_SHA_512"})),
        "Verify" => with_key(json!({"Message": blob, "Signature": blob, "SigningAlgorithm": "RSASSA_PSS_SHA_512"})),
        "DeriveSharedSecret" => with_key(json!({"PublicKey": blob, "KeyAgreementAlgorithm": "ECDH"})),
        "Encapsulate" => with_key(json!({"EncapsulationAlgorithm": "ML_KEM"})),
        "Decapsulate" => with_key(json!({"EncapsulationAlgorithm": "ML_KEM", "SharedSecretCiphertextBlob": blob})),
        "GetParametersForImport" => {
            with_key(json!({"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_4096"}))
        }
        "ImportKeyMaterial" => with_key(json!({"ImportToken": blob, "EncryptedKeyMaterial": blob,
                                               "ValidTo": 1_546_257_599})),
        "PutKeyPolicy" => with_key(json!({"Policy": "{}"})),
        "ReplicateKey" => with_key(json!({"ReplicaRegion": ELSEWHERE})),
        "UpdatePrimaryRegion" => with_key(json!({"PrimaryRegion": ELSEWHERE})),
        "TagResource" => with_key(json!({"Tags": tags()})),
        "UntagResource" => with_key(json!({"TagKeys": ["Project", "Purpose"]})),
        "UpdateKeyDescription" => with_key(json!({"Description": ""})),
        _ => with_key(json!({})),
    }
}

/// Everything that policies can ask the operation about.
pub(crate) fn complete(operation: &str, names: &Names<'_>) -> Value {
    let mut request = least(operation, names);
    let context = |purpose: &str| json!({"Purpose": purpose, "Project": "Alpha"});
    let more = match operation {
        "CreateKey" => json!({"KeySpec": "RSA_4096", "KeyUsage": "SIGN_VERIFY", "Origin": "EXTERNAL",
                              "MultiRegion": true, "BypassPolicyLockoutSafetyCheck": true, "Tags": tags()}),
        "ReplicateKey" => json!({"BypassPolicyLockoutSafetyCheck": true, "Tags": tags()}),
        "PutKeyPolicy" => json!({"BypassPolicyLockoutSafetyCheck": true}),
        "CreateGrant" => json!({"RetiringPrincipal": retiring(), "Operations": ["DescribeKey", "CreateGrant"],
                                "Constraints": {"EncryptionContextEquals": context("test")}}),
        "Encrypt" | "Decrypt" => json!({"KeyId": names.alias, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256",
                                        "EncryptionContext": context("test")}),
        "ReEncrypt" => json!({
            "SourceKeyId": names.alias, "SourceEncryptionAlgorithm": "RSAES_OAEP_SHA_256",
            "SourceEncryptionContext": context("from"),
            "DestinationKeyId": names.alias, "DestinationEncryptionAlgorithm": "RSAES_OAEP_SHA_1",
            "DestinationEncryptionContext": context("to"),
        }),
        name if name.starts_with("GenerateDataKey") => {
            json!({"KeyId": names.alias, "EncryptionContext": context("test")})
        }
        "Sign" | "Verify" => json!({"KeyId": names.alias, "MessageType": "DIGEST"}),
        "DescribeKey" | "GetPublicKey" | "GenerateMac" | "VerifyMac" | "DeriveSharedSecret" | "Encapsulate"
        | "Decapsulate" => json!({"KeyId": names.alias}),
        "EnableKeyRotation" => json!({"RotationPeriodInDays": 180}),
        "ScheduleKeyDeletion" => json!({"PendingWindowInDays": 21}),
        "ImportKeyMaterial" => json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": 1_546_257_599.5}),
        _ => json!({}),
    };
    let (said, more) = (request.as_object_mut(), more.as_object());
    said.expect("an object").extend(more.expect("an object").clone());
    request
}

fn tags() -> Value {
    json!([{"TagKey": "Purpose", "TagValue": "Test"}, {"TagKey": "Other", "TagValue": "x"}])
}
