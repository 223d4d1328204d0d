//! Refusing an access key that does not exist takes the steps of refusing a wrong signature, so that time does not tell
//! one from the other. Counted, because a clock on a busy machine proves nothing; `benches/verify.rs` shows the times.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use trent_crypto::record::Class;
use trent_crypto::spec::KeySpec;
use trent_crypto::{KeyAddress, Secret};
use trent_identity::{AuthenticationError, Directory, VerifyingAuthenticator};
use trent_keystore::{
    DataKey, DataKeyPair, DecapsulateRequest, DecryptRequest, DeriveSharedSecretRequest, Encapsulated, EncryptRequest,
    GenerateDataKeyPairRequest, GenerateDataKeyRequest, HeldKey, ImportParameters, ImportParametersRequest,
    ImportRequest, ImportedMaterial, Keyring, Keystore, KeystoreError, MacRequest, NewCredential, NewKey,
    ReEncryptRequest, ReceiveRequest, Received, SendRequest, Shipment, SignRequest, SigningKey, SoftwareKeystore,
    SystemRandomness, VerifyMacRequest, VerifyRequest, Wrapped, WrappedCredential, WrappedMaterial,
};
use trent_store::{MemoryEngine, Options, Sealed};

use crate::wire::{Signer, Wire};
use crate::world::{NOW, SECRET, SIGNER, access_key, account, ask, realm};

/// A keystore that counts the signing keys that it derives.
struct Counting {
    keystore: SoftwareKeystore,
    derived: AtomicUsize,
}

#[async_trait]
impl Keystore for Counting {
    async fn create(&self, address: KeyAddress, spec: KeySpec) -> Result<NewKey, KeystoreError> {
        self.keystore.create(address, spec).await
    }

    async fn new_material(&self, key: HeldKey) -> Result<WrappedMaterial, KeystoreError> {
        self.keystore.new_material(key).await
    }

    async fn create_empty(&self, address: KeyAddress) -> Result<Wrapped, KeystoreError> {
        self.keystore.create_empty(address).await
    }

    async fn import_parameters(&self, request: ImportParametersRequest) -> Result<ImportParameters, KeystoreError> {
        self.keystore.import_parameters(request).await
    }

    async fn import(&self, request: ImportRequest) -> Result<ImportedMaterial, KeystoreError> {
        self.keystore.import(request).await
    }

    async fn import_fixed(&self, address: KeyAddress, material: Secret) -> Result<NewKey, KeystoreError> {
        self.keystore.import_fixed(address, material).await
    }

    async fn send(&self, request: SendRequest) -> Result<Shipment, KeystoreError> {
        self.keystore.send(request).await
    }

    async fn receive(&self, request: ReceiveRequest) -> Result<Received, KeystoreError> {
        self.keystore.receive(request).await
    }

    async fn encrypt(&self, request: EncryptRequest) -> Result<Vec<u8>, KeystoreError> {
        self.keystore.encrypt(request).await
    }

    async fn decrypt(&self, request: DecryptRequest) -> Result<Secret, KeystoreError> {
        self.keystore.decrypt(request).await
    }

    async fn re_encrypt(&self, request: ReEncryptRequest) -> Result<Vec<u8>, KeystoreError> {
        self.keystore.re_encrypt(request).await
    }

    async fn generate_data_key(&self, request: GenerateDataKeyRequest) -> Result<DataKey, KeystoreError> {
        self.keystore.generate_data_key(request).await
    }

    async fn generate_data_key_without_plaintext(
        &self,
        request: GenerateDataKeyRequest,
    ) -> Result<Vec<u8>, KeystoreError> {
        self.keystore.generate_data_key_without_plaintext(request).await
    }

    async fn generate_data_key_pair(&self, request: GenerateDataKeyPairRequest) -> Result<DataKeyPair, KeystoreError> {
        self.keystore.generate_data_key_pair(request).await
    }

    async fn sign(&self, request: SignRequest) -> Result<Vec<u8>, KeystoreError> {
        self.keystore.sign(request).await
    }

    async fn verify(&self, request: VerifyRequest) -> Result<(), KeystoreError> {
        self.keystore.verify(request).await
    }

    async fn generate_mac(&self, request: MacRequest) -> Result<Vec<u8>, KeystoreError> {
        self.keystore.generate_mac(request).await
    }

    async fn verify_mac(&self, request: VerifyMacRequest) -> Result<bool, KeystoreError> {
        self.keystore.verify_mac(request).await
    }

    async fn derive_shared_secret(&self, request: DeriveSharedSecretRequest) -> Result<Secret, KeystoreError> {
        self.keystore.derive_shared_secret(request).await
    }

    async fn encapsulate(&self, key: HeldKey) -> Result<Encapsulated, KeystoreError> {
        self.keystore.encapsulate(key).await
    }

    async fn decapsulate(&self, request: DecapsulateRequest) -> Result<Secret, KeystoreError> {
        self.keystore.decapsulate(request).await
    }

    async fn random(&self, length: usize) -> Result<Secret, KeystoreError> {
        self.keystore.random(length).await
    }

    async fn new_credential(&self) -> Result<NewCredential, KeystoreError> {
        self.keystore.new_credential().await
    }

    async fn seal_credential(&self, secret: Secret) -> Result<WrappedCredential, KeystoreError> {
        self.keystore.seal_credential(secret).await
    }

    async fn signing_key(
        &self,
        credential: &WrappedCredential,
        date: &str,
        region: &str,
        service: &str,
    ) -> Result<SigningKey, KeystoreError> {
        self.derived.fetch_add(1, Ordering::Relaxed);
        self.keystore.signing_key(credential, date, region, service).await
    }

    async fn seal_token(&self, class: Class, bytes: &[u8]) -> Result<Vec<u8>, KeystoreError> {
        self.keystore.seal_token(class, bytes).await
    }

    async fn open_token(&self, class: Class, sealed: &[u8]) -> Result<Secret, KeystoreError> {
        self.keystore.open_token(class, sealed).await
    }
}

#[tokio::test]
async fn an_unknown_access_key_takes_the_steps_of_a_wrong_signature() {
    let keyring = Keyring::generate(&SystemRandomness).expect("a keyring");
    let engine = Arc::new(MemoryEngine::new());
    let sealed = Sealed::open(engine, keyring.record_sealer(), Options::default())
        .await
        .expect("an empty store");
    let keystore = SoftwareKeystore::new(&keyring);
    let counting = Arc::new(Counting {
        keystore,
        derived: AtomicUsize::new(0),
    });
    let directory = Arc::new(Directory::new(&sealed, Arc::<Counting>::clone(&counting)));
    let mut change = directory
        .create(account(), "payments", NOW)
        .await
        .expect("a new account");
    change
        .import_root_access_key(&access_key(), Secret::new(SECRET.into()), NOW)
        .await
        .expect("an access key");
    directory.commit(change.plan(())).await.expect("committed");
    let verifying = VerifyingAuthenticator::new(directory, realm())
        .await
        .expect("an authenticator");

    let wrong = Signer {
        secret: "wrong",
        ..SIGNER
    };
    let unknown = Signer {
        access_key_id: "AKIAUNKNOWNUNKNOWN00",
        ..SIGNER
    };
    for (signer, expected) in [
        (wrong, AuthenticationError::SignatureMismatch),
        (unknown, AuthenticationError::UnknownAccessKey),
    ] {
        // The first request of the day derives a signing key, later ones find it; another Region needs its own.
        for (region, derivations) in [
            ("us-east-1", 1),
            ("us-east-1", 0),
            ("eu-central-1", 1),
            ("eu-central-1", 0),
        ] {
            let before = counting.derived.load(Ordering::Relaxed);
            let wire = Signer {
                region,
                ..signer.clone()
            }
            .in_header(Wire::kms(b"{}"));
            assert_eq!(ask(&verifying, &wire, NOW).await, Err(expected.clone()));
            assert_eq!(
                counting.derived.load(Ordering::Relaxed) - before,
                derivations,
                "{expected:?} in {region}"
            );
        }
    }
}
