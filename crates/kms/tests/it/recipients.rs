//! Replies that are sealed to an attested recipient: what policies learn of it, what it gets, and that nobody gets
//! anything in the clear.

use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use serde_json::{Value, json};
use trent_attestation::Roots;
use trent_store::Options;

use crate::enclave::open;
use crate::platform::{Item, Platform, Statement, recipient};
use crate::ruled::{account, allow, deny, key_under, key_with, passes, user_allowed};
use crate::world::{ROOT, World, base64, bytes, key_arn};

/// The operations whose replies can be sealed.
const OPERATIONS: [&str; 5] = [
    "Decrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "DeriveSharedSecret",
    "GenerateRandom",
];

/// A world that believes a platform of its own, and somebody whom the platform attests.
struct Scene {
    world: World,
    platform: Platform,
    private: PrivateDecryptingKey,
    public: Vec<u8>,
}

impl Scene {
    async fn new() -> Self {
        let platform = Platform::new();
        let roots = Roots::default().and(platform.root()).expect("a root");
        let world = World::of(Options::default(), |kms| kms.with_attestation_roots(roots)).await;
        let (private, public) = recipient(KeySize::Rsa2048);
        Self {
            world,
            platform,
            private,
            public,
        }
    }

    /// A document with which all is well, to be changed.
    fn statement(&self) -> Statement {
        self.platform.statement(&self.public)
    }

    /// A `Recipient` with this document.
    fn attested(&self, statement: &Statement) -> Value {
        named(&self.platform.sign(statement))
    }

    /// What the recipient finds in a reply.
    fn opened(&self, reply: &Value) -> Vec<u8> {
        let sealed = bytes(&reply["CiphertextForRecipient"]);
        open(self.private.clone(), &sealed).expect("the recipient opens it")
    }

    /// A request of each operation for a key.
    async fn request(&self, operation: &str, key: &str) -> Value {
        match operation {
            "Decrypt" => json!({"KeyId": key, "CiphertextBlob": self.ciphertext(key).await}),
            "GenerateDataKey" => json!({"KeyId": key, "KeySpec": "AES_256"}),
            "GenerateDataKeyPair" => json!({"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"}),
            "DeriveSharedSecret" => self.agreement().await,
            _ => json!({"NumberOfBytes": 32}),
        }
    }

    /// A request to agree with oneself, for a key of its own.
    async fn agreement(&self) -> Value {
        let key = self.world.key_for("ECC_NIST_P256", "KEY_AGREEMENT").await;
        let peer = self.world.public_key(&key).await;
        json!({"KeyId": key, "KeyAgreementAlgorithm": "ECDH", "PublicKey": peer})
    }

    async fn ciphertext(&self, key: &str) -> String {
        self.world.encrypt(key, b"nobody else's business").await
    }
}

fn named(document: &[u8]) -> Value {
    json!({"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": base64(document)})
}

fn to(mut request: Value, recipient: &Value) -> Value {
    request["Recipient"] = recipient.clone();
    request
}

fn members(reply: &Value) -> Vec<&str> {
    let reply = reply.as_object().expect("an object");
    reply.keys().map(String::as_str).collect()
}

/// AUTHZ-183, REF-318, REF-319, REF-321, REF-322
#[tokio::test]
async fn replies_are_sealed_to_the_key_in_the_document() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let key = world.key().await;
    let recipient = scene.attested(&scene.statement());

    let ciphertext = scene.ciphertext(&key).await;
    let reply = world
        .ok("Decrypt", to(json!({"CiphertextBlob": ciphertext}), &recipient))
        .await;
    assert_eq!(
        members(&reply),
        ["CiphertextForRecipient", "EncryptionAlgorithm", "KeyId"]
    );
    assert_eq!(scene.opened(&reply), b"nobody else's business");

    let request = json!({"KeyId": key, "KeySpec": "AES_256"});
    let reply = world.ok("GenerateDataKey", to(request, &recipient)).await;
    assert_eq!(members(&reply), ["CiphertextBlob", "CiphertextForRecipient", "KeyId"]);
    assert_eq!(reply["KeyId"], key_arn(&key));
    let plain = world
        .ok("Decrypt", json!({"CiphertextBlob": reply["CiphertextBlob"]}))
        .await;
    assert_eq!(scene.opened(&reply), bytes(&plain["Plaintext"]), "the same data key");
    assert_eq!(scene.opened(&reply).len(), 32);

    let request = json!({"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"});
    let reply = world.ok("GenerateDataKeyPair", to(request, &recipient)).await;
    assert_eq!(
        members(&reply),
        [
            "CiphertextForRecipient",
            "KeyId",
            "KeyPairSpec",
            "PrivateKeyCiphertextBlob",
            "PublicKey"
        ]
    );
    let plain = world
        .ok("Decrypt", json!({"CiphertextBlob": reply["PrivateKeyCiphertextBlob"]}))
        .await;
    assert_eq!(scene.opened(&reply), bytes(&plain["Plaintext"]), "the same private key");

    let request = scene.agreement().await;
    let plain = world.ok("DeriveSharedSecret", request.clone()).await;
    let reply = world.ok("DeriveSharedSecret", to(request, &recipient)).await;
    assert_eq!(
        members(&reply),
        ["CiphertextForRecipient", "KeyAgreementAlgorithm", "KeyId", "KeyOrigin"]
    );
    assert_eq!(scene.opened(&reply), bytes(&plain["SharedSecret"]), "the same secret");

    let reply = world
        .ok("GenerateRandom", to(json!({"NumberOfBytes": 24}), &recipient))
        .await;
    assert_eq!(members(&reply), ["CiphertextForRecipient"]);
    assert_eq!(scene.opened(&reply).len(), 24);
}

/// AUTHZ-90, AUTHZ-91, AUTHZ-186, REF-330, REF-331
#[tokio::test]
async fn policies_learn_the_registers() {
    let scene = Scene::new().await;
    let (zero, one) = ("a0".repeat(48), "a1".repeat(48));
    let recipient = scene.attested(&scene.statement());
    let rows = [
        ("kms:RecipientAttestation:ImageSha384", &zero, true),
        ("kms:recipientattestation:imagesha384", &zero, true),
        ("kms:RecipientAttestation:PCR0", &zero, true),
        ("kms:RecipientAttestation:PCR1", &one, true),
        ("kms:RecipientAttestation:ImageSha384", &one, false),
        ("kms:RecipientAttestation:PCR1", &zero, false),
        // Not the document's, not numbers of registers, and another platform's.
        ("kms:RecipientAttestation:PCR5", &one, false),
        ("kms:RecipientAttestation:PCR01", &one, false),
        ("kms:RecipientAttestation:PCR", &one, false),
        ("kms:RecipientAttestation:NitroTPMPCR1", &one, false),
    ];
    for (name, value, allowed) in rows {
        let condition = json!({"StringEquals": {name: value}});
        let key = key_with(
            &scene.world,
            &allow(
                &["kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:Decrypt"],
                condition.clone(),
            ),
        )
        .await;
        for operation in ["GenerateDataKey", "GenerateDataKeyPair", "Decrypt"] {
            let request = scene.request(operation, &key).await;
            let attested = to(request.clone(), &recipient);
            assert_eq!(
                passes(&scene.world, ROOT, operation, &attested).await,
                allowed,
                "{operation} {name}"
            );
            assert!(
                !passes(&scene.world, ROOT, operation, &request).await,
                "{operation} {name}"
            );
        }
        let who = user_allowed(&["kms:GenerateRandom"], &condition);
        let request = to(json!({"NumberOfBytes": 8}), &recipient);
        assert_eq!(
            passes(&scene.world, who, "GenerateRandom", &request).await,
            allowed,
            "{name}"
        );
    }
}

/// AUTHZ-187, AUTHZ-189, REF-333
#[tokio::test]
async fn digits_may_be_written_in_several_ways() {
    let scene = Scene::new().await;
    let recipient = scene.attested(&scene.statement());
    let digits = "a1".repeat(48);
    let rows = [
        ("StringEqualsIgnoreCase", digits.clone(), true),
        ("StringEqualsIgnoreCase", digits.to_uppercase(), true),
        ("StringEqualsIgnoreCase", format!("0x{digits}"), true),
        ("StringEqualsIgnoreCase", format!("0X{}", digits.to_uppercase()), true),
        ("StringEqualsIgnoreCase", format!("0x0x{digits}"), false),
        ("StringEqualsIgnoreCase", format!("0x{}", "a2".repeat(48)), false),
        ("StringEquals", format!("0x{digits}"), true),
        ("StringEquals", digits.to_uppercase(), false),
        ("StringLike", "0xa1a1*".to_owned(), true),
        ("StringNotEqualsIgnoreCase", format!("0x{digits}"), false),
    ];
    for (operator, value, allowed) in rows {
        let condition = json!({operator: {"kms:RecipientAttestation:PCR1": value}});
        let key = key_with(&scene.world, &allow(&["kms:GenerateDataKey"], condition)).await;
        let request = to(json!({"KeyId": key, "KeySpec": "AES_256"}), &recipient);
        let passed = passes(&scene.world, ROOT, "GenerateDataKey", &request).await;
        assert_eq!(passed, allowed, "{operator} {value}");
    }
}

/// AUTHZ-93
#[tokio::test]
async fn policies_learn_the_registers_of_a_tpm() {
    let scene = Scene::new().await;
    let registers = Item::Registers(vec![(0, vec![7; 48]), (4, vec![0xb4; 48])]);
    let statement = scene.statement().without("pcrs").with("nitrotpm_pcrs", registers);
    let recipient = scene.attested(&statement);
    let rows = [
        ("kms:RecipientAttestation:NitroTPMPCR4", "b4", true),
        ("kms:RecipientAttestation:NitroTPMPCR0", "07", true),
        // Those are an enclave's.
        ("kms:RecipientAttestation:PCR4", "b4", false),
        ("kms:RecipientAttestation:ImageSha384", "07", false),
    ];
    for (name, byte, allowed) in rows {
        let condition = json!({"StringEqualsIgnoreCase": {name: byte.repeat(48)}});
        let actions = ["kms:GenerateDataKey", "kms:Decrypt"];
        let key = key_with(&scene.world, &allow(&actions, condition.clone())).await;
        for operation in ["GenerateDataKey", "Decrypt"] {
            let request = to(scene.request(operation, &key).await, &recipient);
            assert_eq!(
                passes(&scene.world, ROOT, operation, &request).await,
                allowed,
                "{operation} {name}"
            );
        }
        let who = user_allowed(&["kms:GenerateRandom"], &condition);
        let request = to(json!({"NumberOfBytes": 8}), &recipient);
        assert_eq!(
            passes(&scene.world, who, "GenerateRandom", &request).await,
            allowed,
            "{name}"
        );
    }
}

/// The recipients that are not believed, with what is said of each.
fn unbelievable(scene: &Scene) -> Vec<(Value, String)> {
    let said = |fault: &str| format!("The attestation document in Recipient is not accepted: {fault}.");
    let good = scene.platform.sign(&scene.statement());
    let mut tampered = good.clone();
    let at = tampered
        .windows(48)
        .position(|window| window == [0xa1; 48])
        .expect("the register is there");
    tampered[at] ^= 1;
    let mut unsigned = good.clone();
    *unsigned.last_mut().expect("a signature") ^= 1;
    let strange = Platform::new();
    let strange = strange.sign(&strange.statement(&scene.public));
    let stale = Item::Number(u64::try_from(crate::world::START.as_millis()).expect("small") - 300_001);
    let stale = scene.platform.sign(&scene.statement().with("timestamp", stale));
    let without_key = scene.platform.sign(&scene.statement().without("public_key"));
    let odd_key = scene
        .platform
        .sign(&scene.statement().with("public_key", Item::Bytes(vec![1, 2])));
    let mut rows: Vec<_> = [
        (tampered, "its signature does not verify"),
        (unsigned, "its signature does not verify"),
        (strange, "its certificates do not lead to a root that is trusted here"),
        (stale, "it was made more than 5 minutes ago"),
        (without_key, "it has no public key"),
        (odd_key, "its public key is not an RSA key"),
        (b"doc".to_vec(), "it is not a COSE_Sign1 message"),
    ]
    .into_iter()
    .map(|(document, fault)| (named(&document), said(fault)))
    .collect();
    rows.push((
        json!({"AttestationDocument": base64(&good)}),
        "Recipient has no KeyEncryptionAlgorithm: RSAES_OAEP_SHA_256 is the one there is.".to_owned(),
    ));
    let no_document = "Recipient has no AttestationDocument.".to_owned();
    rows.push((json!({"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256"}), no_document));
    rows
}

/// REF-324
#[tokio::test]
async fn whatever_is_wrong_with_a_document_nobody_gets_plaintext() {
    let scene = Scene::new().await;
    let key = scene.world.key().await;
    for (recipient, said) in unbelievable(&scene) {
        for operation in OPERATIONS {
            let request = to(scene.request(operation, &key).await, &recipient);
            let refusal = scene.world.refused(operation, request.clone()).await;
            assert_eq!(refusal.pair(), ("ValidationException", said.as_str()), "{operation}");
            if operation != "GenerateRandom" {
                let mut dry = request;
                dry["DryRun"] = json!(true);
                let refusal = scene.world.refused(operation, dry).await;
                assert_eq!(refusal.pair(), ("ValidationException", said.as_str()), "{operation}");
            }
        }
    }
    let records = scene.world.records().await;
    let sealed = records
        .iter()
        .filter(|record| record["errorCode"] == "ValidationException");
    // What they show of a recipient is what was believed, and it was not believed.
    let mut shown = sealed.map(|record| &record["additionalEventData"]["recipient"]);
    assert_eq!(
        shown.clone().filter(|recipient| !recipient.is_null()).count(),
        2 * 9,
        "those with a bad key"
    );
    assert!(shown.any(Value::is_null));
}

/// AUTHZ-184, AUTHZ-185, REF-332
#[tokio::test]
async fn a_document_that_is_not_believed_tells_policies_nothing() {
    let scene = Scene::new().await;
    let present = json!({"Null": {"kms:RecipientAttestation:PCR1": "false"}});
    let absent = json!({"Null": {"kms:RecipientAttestation:PCR1": "true"}});
    let needing = key_with(&scene.world, &allow(&["kms:GenerateDataKey"], present)).await;
    let denying = key_with(&scene.world, &deny(&["kms:GenerateDataKey"], absent)).await;
    let request = |key: &str| json!({"KeyId": key, "KeySpec": "AES_256"});
    for (recipient, said) in unbelievable(&scene) {
        // A key that nothing can be sealed to says nothing against the rest of a document.
        let believed = said.contains("public key");
        for key in [&needing, &denying] {
            let refusal = scene
                .world
                .refused("GenerateDataKey", to(request(key), &recipient))
                .await;
            let code = if believed {
                "ValidationException"
            } else {
                "AccessDeniedException"
            };
            assert_eq!(refusal.code, code, "{said}");
        }
    }
    for key in [&needing, &denying] {
        assert_eq!(
            scene.world.refused("GenerateDataKey", request(key)).await.code,
            "AccessDeniedException"
        );
        let recipient = scene.attested(&scene.statement());
        scene.world.ok("GenerateDataKey", to(request(key), &recipient)).await;
    }
}

/// AUTHZ-190, REF-335
#[tokio::test]
async fn a_key_policy_says_nothing_of_random_bytes() {
    let scene = Scene::new().await;
    let recipient = scene.attested(&scene.statement());
    let digest =
        |byte: &str| json!({"StringEqualsIgnoreCase": {"kms:RecipientAttestation:ImageSha384": byte.repeat(48)}});
    let mut rule = json!({"Effect": "Deny", "Principal": "*", "Action": "kms:GenerateRandom", "Resource": "*"});
    rule["Condition"] = digest("a0");
    key_under(&scene.world, json!([rule, account(json!({"Action": "kms:*"}))])).await;
    let request = to(json!({"NumberOfBytes": 8}), &recipient);
    for (byte, allowed) in [("a0", true), ("a1", false)] {
        let who = user_allowed(&["kms:GenerateRandom"], &digest(byte));
        assert_eq!(passes(&scene.world, who, "GenerateRandom", &request).await, allowed);
        let plain = json!({"NumberOfBytes": 8});
        assert!(!passes(&scene.world, who, "GenerateRandom", &plain).await);
    }
}

/// AUTHZ-191, REF-326, MON-96
#[tokio::test]
async fn records_show_the_recipient_and_never_the_plaintext() {
    let scene = Scene::new().await;
    let key = scene.world.key().await;
    let recipient = scene.attested(&scene.statement());
    let mut plaintexts = Vec::new();
    for operation in OPERATIONS {
        let request = scene.request(operation, &key).await;
        let reply = scene.world.ok(operation, to(request.clone(), &recipient)).await;
        plaintexts.push(scene.opened(&reply));
        let record = scene.world.last_record(operation).await;
        let mut shown = record["additionalEventData"]["recipient"].clone();
        let root = shown
            .as_object_mut()
            .expect("shown")
            .remove("attestationDocumentRootSha256");
        assert_eq!(
            root.and_then(|root| root.as_str().map(str::len)),
            Some(64),
            "a root of the test's own"
        );
        let register = |byte: &str| byte.repeat(48);
        assert_eq!(
            shown,
            json!({
                "attestationDocumentModuleId": "i-0123456789abcdef0-enc0123456789abcdef",
                "attestationDocumentEnclaveImageDigest": register("a0"),
                "attestationDocumentEnclavePCR1": register("a1"),
                "attestationDocumentEnclavePCR2": register("a2"),
                "attestationDocumentEnclavePCR3": register("a3"),
                "attestationDocumentEnclavePCR4": register("a4"),
            }),
            "{operation}"
        );
        scene.world.ok(operation, request).await;
        let record = scene.world.last_record(operation).await;
        assert_eq!(record.get("additionalEventData"), None, "{operation}");
    }
    for record in scene.world.records().await {
        let record = record.to_string();
        for plaintext in &plaintexts {
            assert!(!record.contains(&base64(plaintext)) && !record.contains(&*String::from_utf8_lossy(plaintext)));
        }
    }
}
