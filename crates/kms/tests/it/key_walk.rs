//! Every key of every spec and usage in every cryptographic operation with every algorithm.

use serde_json::{Value, json};
use trent_crypto::spec::{
    Algorithms, EncapsulationAlgorithm, EncryptionAlgorithm, KeyAgreementAlgorithm, KeySpec, KeyType, KeyUsage,
    MacAlgorithm, SigningAlgorithm,
};

use crate::key_types::kinds;
use crate::world::{REGION, ROOT, Refusal, World, base64, key_arn, region, text};

/// A key that was made, with everything that its kind of operation needs of it.
struct Made {
    id: String,
    spec: KeySpec,
    usage: KeyUsage,
}

impl Made {
    fn has(&self, algorithm: &str) -> bool {
        names(self.spec.algorithms(self.usage).expect("the two go together")).contains(&algorithm)
    }

    /// What the operation answers to this key by this algorithm.
    fn refusal(&self, operation: &str, algorithm: Option<&str>) -> Option<(&'static str, String)> {
        let (arn, usage, spec) = (key_arn(&self.id), self.usage, self.spec);
        if operation == "GetPublicKey" {
            let message = format!("{arn} key spec is {spec} which is not valid for GetPublicKey.");
            return (spec.key_type() != KeyType::Asymmetric).then_some(("UnsupportedOperationException", message));
        }
        let fits = match operation {
            "Encrypt" | "Decrypt" | "ReEncrypt" => usage == KeyUsage::EncryptDecrypt,
            "Sign" | "Verify" => usage == KeyUsage::SignVerify,
            "GenerateMac" | "VerifyMac" => usage == KeyUsage::GenerateVerifyMac,
            "DeriveSharedSecret" => usage == KeyUsage::KeyAgreement,
            "Encapsulate" | "Decapsulate" => usage == KeyUsage::EncapsulateDecapsulate,
            _ => spec == KeySpec::SymmetricDefault,
        };
        let message = match algorithm {
            _ if !fits => format!("{arn} key usage is {usage} which is not valid for {operation}."),
            Some(algorithm) if !self.has(algorithm) => {
                format!("Algorithm {algorithm} is incompatible with key spec {spec}.")
            }
            _ => return None,
        };
        Some(("InvalidKeyUsageException", message))
    }
}

fn names(algorithms: Algorithms) -> Vec<&'static str> {
    match algorithms {
        Algorithms::Encryption(list) => list.iter().map(|it| it.as_str()).collect(),
        Algorithms::Signing(list) => list.iter().map(|it| it.as_str()).collect(),
        Algorithms::Mac(list) => list.iter().map(|it| it.as_str()).collect(),
        Algorithms::KeyAgreement(list) => list.iter().map(|it| it.as_str()).collect(),
        Algorithms::Encapsulation(list) => list.iter().map(|it| it.as_str()).collect(),
    }
}

/// The walk: a world, and where the keys that are not being tried stand.
struct Walk {
    world: World,
    symmetric: String,
    ciphertext: String,
    peer: Value,
    tried: usize,
}

impl Walk {
    /// Sends a request, by the key's id and, if it is to be refused, by its alias as well.
    async fn step(
        &mut self,
        key: &Made,
        operation: &str,
        algorithm: Option<&str>,
        mut request: Value,
    ) -> Option<Value> {
        let member = ["SourceKeyId", "DestinationKeyId"];
        let member = member
            .into_iter()
            .find(|member| request[*member] == "?")
            .unwrap_or("KeyId");
        let mut answers = Vec::new();
        for name in [key.id.clone(), format!("alias/{}", key.id)] {
            request[member] = json!(name);
            answers.push(self.world.send(ROOT, operation, &request).await);
            self.tried += 1;
        }
        let [by_id, by_alias] = <[Result<Value, Refusal>; 2]>::try_from(answers).expect("two answers");
        match key.refusal(operation, algorithm) {
            None => {
                assert!(by_alias.is_ok(), "{operation} {request}: {by_alias:?}");
                Some(by_id.unwrap_or_else(|refusal| panic!("{operation} {request}: {refusal:?}")))
            }
            Some((code, message)) => {
                let by_id = by_id.expect_err(operation);
                assert_eq!(by_id.pair(), (code, message.as_str()), "{operation} {request}");
                assert_eq!(by_alias.expect_err(operation), by_id, "{operation} {request}");
                None
            }
        }
    }

    async fn encryption(&mut self, key: &Made) {
        for algorithm in EncryptionAlgorithm::ALL {
            let name = Some(algorithm.as_str());
            let request = json!({"Plaintext": base64(b"x"), "EncryptionAlgorithm": name});
            let made = self.step(key, "Encrypt", name, request).await;
            let ciphertext = made.map_or(json!(self.ciphertext), |mut reply| reply["CiphertextBlob"].take());
            let request = json!({"CiphertextBlob": ciphertext, "EncryptionAlgorithm": name});
            if let Some(opened) = self.step(key, "Decrypt", name, request).await {
                assert_eq!(opened["Plaintext"], json!(base64(b"x")));
            }
            let from = json!({"SourceKeyId": "?", "CiphertextBlob": ciphertext, "SourceEncryptionAlgorithm": name,
                              "DestinationKeyId": self.symmetric});
            self.step(key, "ReEncrypt", name, from).await;
            let to = json!({"DestinationKeyId": "?", "CiphertextBlob": self.ciphertext,
                            "DestinationEncryptionAlgorithm": name});
            self.step(key, "ReEncrypt", name, to).await;
        }
    }

    async fn signatures(&mut self, key: &Made) {
        for algorithm in SigningAlgorithm::ALL {
            let name = Some(algorithm.as_str());
            let mut request = json!({"Message": base64(&[7; 64]), "SigningAlgorithm": name});
            if *algorithm == SigningAlgorithm::Ed25519PhSha512 {
                request["MessageType"] = json!("DIGEST");
            }
            let signed = self.step(key, "Sign", name, request.clone()).await;
            request["Signature"] = signed.map_or(json!(base64(b"none")), |mut reply| reply["Signature"].take());
            if let Some(verified) = self.step(key, "Verify", name, request).await {
                assert_eq!(verified["SignatureValid"], true);
            }
        }
    }

    async fn macs(&mut self, key: &Made) {
        for algorithm in MacAlgorithm::ALL {
            let name = Some(algorithm.as_str());
            let mut request = json!({"Message": base64(b"x"), "MacAlgorithm": name});
            let made = self.step(key, "GenerateMac", name, request.clone()).await;
            request["Mac"] = made.map_or(json!(base64(b"none")), |mut reply| reply["Mac"].take());
            if let Some(verified) = self.step(key, "VerifyMac", name, request).await {
                assert_eq!(verified["MacValid"], true);
            }
        }
    }

    async fn secrets(&mut self, key: &Made) {
        for algorithm in KeyAgreementAlgorithm::ALL {
            let name = Some(algorithm.as_str());
            let own = self.world.send(ROOT, "GetPublicKey", &json!({"KeyId": key.id})).await;
            let peer = own.map_or(self.peer.clone(), |mut reply| reply["PublicKey"].take());
            let request = json!({"PublicKey": peer, "KeyAgreementAlgorithm": name});
            self.step(key, "DeriveSharedSecret", name, request).await;
        }
        for algorithm in EncapsulationAlgorithm::ALL {
            let name = Some(algorithm.as_str());
            let mut request = json!({"EncapsulationAlgorithm": name});
            let made = self.step(key, "Encapsulate", name, request.clone()).await;
            let secret = made.as_ref().map(|reply| reply["SharedSecret"].clone());
            request["SharedSecretCiphertextBlob"] = made.map_or(json!(base64(b"none")), |mut reply| {
                reply["SharedSecretCiphertextBlob"].take()
            });
            if let Some(opened) = self.step(key, "Decapsulate", name, request).await {
                assert_eq!(Some(&opened["SharedSecret"]), secret.as_ref());
            }
        }
    }

    async fn without_algorithm(&mut self, key: &Made) {
        self.step(key, "GetPublicKey", None, json!({})).await;
        for operation in ["GenerateDataKey", "GenerateDataKeyWithoutPlaintext"] {
            self.step(key, operation, None, json!({"KeySpec": "AES_256"})).await;
        }
        for operation in ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"] {
            self.step(key, operation, None, json!({"KeyPairSpec": "ECC_NIST_P256"}))
                .await;
        }
    }
}

/// Every cell: what the table allows works, everything else is refused in the words of its reason, whether the key is
/// named by its id or by an alias.
///
/// SPK-4, SPK-10, SPK-27, SPK-28, SPK-54, SPK-124, SPK-139, SPK-172, SPK-189
/// KEY-28, KEY-41, KEY-81..KEY-86
/// KEY-87..KEY-92, KEY-94, KEY-95
/// REF-5, REF-13..REF-18, REF-22
/// REF-30, REF-35, REF-41, REF-42, REF-77, REF-79
#[tokio::test]
async fn every_key_in_every_operation_with_every_algorithm() {
    let world = World::new().await;
    let symmetric = world.key().await;
    let ciphertext = world.encrypt(&symmetric, b"x").await;
    let peer = world.key_for("ECC_NIST_P256", "KEY_AGREEMENT").await;
    let peer = world.ok("GetPublicKey", json!({ "KeyId": peer })).await["PublicKey"].take();
    let mut walk = Walk {
        world,
        symmetric,
        ciphertext,
        peer,
        tried: 0,
    };
    let partition = region(REGION).partition();
    let mut keys = 0;
    for (spec, usage) in kinds().filter(|(spec, _)| spec.offered_in(partition)) {
        let id = match spec {
            KeySpec::SymmetricDefault => walk.symmetric.clone(),
            _ => walk.world.key_for(spec.as_str(), usage.as_str()).await,
        };
        let alias = json!({"AliasName": format!("alias/{id}"), "TargetKeyId": id});
        walk.world.ok("CreateAlias", alias).await;
        let key = Made { id, spec, usage };
        let metadata = walk.world.describe(&key.id).await;
        assert_eq!(text(&metadata["KeyUsage"]), usage.as_str());
        walk.encryption(&key).await;
        walk.signatures(&key).await;
        walk.macs(&key).await;
        walk.secrets(&key).await;
        walk.without_algorithm(&key).await;
        keys += 1;
    }
    assert_eq!(keys, 25);
    // 4 algorithms in 4 requests, 13 in 2, 4 in 2, 1 and 2 for secrets, 5 without: 58, each by two names.
    assert_eq!(walk.tried, keys * 58 * 2);
}
