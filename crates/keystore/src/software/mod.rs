//! The keystore in software: material is wrapped at rest, unwrapped for one use, and wiped; private keys in use stay
//! [parsed](crate::parsed).

mod ahead;
mod asymmetric;
mod import;
mod symmetric;
mod transfer;
mod vault;

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use trent_crypto::record::Class;
use trent_crypto::sigv4::SigningKey;
use trent_crypto::spec::{Cipher, KeySpec, KeyType};
use trent_crypto::wrap::RootWrapper;
use trent_crypto::{KeyAddress, MaterialId, Secret};

use self::ahead::Ahead;
use self::vault::Vault;
use crate::error::KeystoreError;
use crate::keyring::Keyring;
use crate::keystore::Keystore;
use crate::messages::{
    DataKey, DataKeyPair, DecapsulateRequest, DecryptRequest, DeriveSharedSecretRequest, Encapsulated, EncryptRequest,
    GenerateDataKeyPairRequest, GenerateDataKeyRequest, HeldKey, ImportParameters, ImportParametersRequest,
    ImportRequest, ImportedMaterial, MacRequest, NewCredential, NewKey, ReEncryptRequest, ReceiveRequest, Received,
    Scheme, SendRequest, Shipment, SignRequest, VerifyMacRequest, VerifyRequest, Wrapped, WrappedCredential,
    WrappedMaterial,
};
use crate::parsed::Parsed;
use crate::randomness::{Randomness, SystemRandomness};
use crate::workers::Workers;

/// Random bytes behind an access-key secret: 40 characters of base64, no padding.
const CREDENTIAL: usize = 30;

/// Keeps the root generations' wrapping keys in memory, a few private keys that are in use, and RSA key pairs that are
/// nobody's yet.
pub struct SoftwareKeystore {
    vault: Arc<Vault>,
    workers: Arc<Workers>,
    ahead: Ahead,
}

impl SoftwareKeystore {
    /// A keystore over an opened keyring.
    pub fn new(keyring: &Keyring) -> Self {
        Self::with_randomness(keyring, Arc::new(SystemRandomness))
    }

    /// The same, with another source of random bytes.
    pub fn with_randomness(keyring: &Keyring, randomness: Arc<dyn Randomness>) -> Self {
        Self {
            vault: Arc::new(Vault {
                root: RootWrapper::new(keyring.root()),
                randomness,
                parsed: Parsed::default(),
            }),
            workers: Arc::default(),
            ahead: Ahead::default(),
        }
    }
}

#[async_trait]
impl Keystore for SoftwareKeystore {
    async fn create(&self, address: KeyAddress, spec: KeySpec) -> Result<NewKey, KeystoreError> {
        match spec.key_type() {
            KeyType::Symmetric => {
                let id = MaterialId(self.vault.fresh()?);
                let length = Cipher::of(address.partition).key_len();
                self.vault.wrap_key(address, id, &self.vault.fresh_secret(length)?)
            }
            KeyType::Hmac => {
                let length = spec.hmac_key_len().ok_or(KeystoreError::WrongSpec(spec))?;
                self.vault.wrap_secret(address, self.vault.fresh_secret(length)?)
            }
            KeyType::Asymmetric => self.create_pair(address, spec).await,
        }
    }

    async fn new_material(&self, key: HeldKey) -> Result<WrappedMaterial, KeystoreError> {
        if key.spec.key_type() != KeyType::Symmetric {
            return Err(KeystoreError::WrongSpec(key.spec));
        }
        let length = Cipher::of(key.address.partition).key_len();
        self.vault.wrap_another(&key, &self.vault.fresh_secret(length)?)
    }

    async fn create_empty(&self, address: KeyAddress) -> Result<Wrapped, KeystoreError> {
        self.empty(&address)
    }

    async fn import_parameters(&self, request: ImportParametersRequest) -> Result<ImportParameters, KeystoreError> {
        self.wrapping_key(request).await
    }

    async fn import(&self, request: ImportRequest) -> Result<ImportedMaterial, KeystoreError> {
        self.imported(request).await
    }

    async fn import_fixed(&self, address: KeyAddress, material: Secret) -> Result<NewKey, KeystoreError> {
        if material.len() != Cipher::of(address.partition).key_len() {
            return Err(KeystoreError::MaterialLength(material.len()));
        }
        let id = MaterialId::of_imported_secret(&address, &material);
        self.vault.wrap_key(address, id, &material)
    }

    async fn send(&self, request: SendRequest) -> Result<Shipment, KeystoreError> {
        self.vault.send(&request)
    }

    async fn receive(&self, request: ReceiveRequest) -> Result<Received, KeystoreError> {
        self.vault.receive(&request)
    }

    async fn encrypt(&self, request: EncryptRequest) -> Result<Vec<u8>, KeystoreError> {
        match request.scheme {
            Scheme::Symmetric(context) => self.vault.seal(&request.key, &context, &request.plaintext),
            Scheme::Asymmetric(algorithm) => self.encrypt_to_pair(request.key, algorithm, request.plaintext).await,
        }
    }

    async fn decrypt(&self, request: DecryptRequest) -> Result<Secret, KeystoreError> {
        match request.scheme {
            Scheme::Symmetric(context) => self.vault.unseal(&request.key, &context, &request.ciphertext),
            Scheme::Asymmetric(algorithm) => self.decrypt_by_pair(request.key, algorithm, request.ciphertext).await,
        }
    }

    async fn re_encrypt(&self, request: ReEncryptRequest) -> Result<Vec<u8>, KeystoreError> {
        let plaintext = self
            .decrypt(DecryptRequest {
                key: request.source,
                scheme: request.source_scheme,
                ciphertext: request.ciphertext,
            })
            .await?;
        self.encrypt(EncryptRequest {
            key: request.destination,
            scheme: request.destination_scheme,
            plaintext,
        })
        .await
    }

    async fn generate_data_key(&self, request: GenerateDataKeyRequest) -> Result<DataKey, KeystoreError> {
        self.vault.data_key(&request)
    }

    async fn generate_data_key_without_plaintext(
        &self,
        request: GenerateDataKeyRequest,
    ) -> Result<Vec<u8>, KeystoreError> {
        Ok(self.vault.data_key(&request)?.ciphertext)
    }

    async fn generate_data_key_pair(&self, request: GenerateDataKeyPairRequest) -> Result<DataKeyPair, KeystoreError> {
        self.data_key_pair(request).await
    }

    async fn sign(&self, request: SignRequest) -> Result<Vec<u8>, KeystoreError> {
        self.signature(request).await
    }

    async fn verify(&self, request: VerifyRequest) -> Result<(), KeystoreError> {
        self.check_signature(request).await
    }

    async fn generate_mac(&self, request: MacRequest) -> Result<Vec<u8>, KeystoreError> {
        self.tag(&request)
    }

    async fn verify_mac(&self, request: VerifyMacRequest) -> Result<bool, KeystoreError> {
        self.check_tag(&request.request, &request.mac)
    }

    async fn derive_shared_secret(&self, request: DeriveSharedSecretRequest) -> Result<Secret, KeystoreError> {
        self.agreed_secret(request.key, request.peer).await
    }

    async fn encapsulate(&self, key: HeldKey) -> Result<Encapsulated, KeystoreError> {
        self.encapsulated(key).await
    }

    async fn decapsulate(&self, request: DecapsulateRequest) -> Result<Secret, KeystoreError> {
        self.decapsulated(request.key, request.ciphertext).await
    }

    async fn random(&self, length: usize) -> Result<Secret, KeystoreError> {
        self.vault.fresh_secret(length)
    }

    async fn new_credential(&self) -> Result<NewCredential, KeystoreError> {
        let random = self.vault.fresh_secret(CREDENTIAL)?;
        let secret = Secret::new(STANDARD.encode(random.expose()).into_bytes());
        let wrapped = self.seal_credential(secret.clone()).await?;
        Ok(NewCredential { secret, wrapped })
    }

    async fn seal_credential(&self, secret: Secret) -> Result<WrappedCredential, KeystoreError> {
        let wrapped = self.vault.root.wrap_credential(&secret, self.vault.fresh()?);
        Ok(WrappedCredential(wrapped))
    }

    async fn signing_key(
        &self,
        credential: &WrappedCredential,
        date: &str,
        region: &str,
        service: &str,
    ) -> Result<SigningKey, KeystoreError> {
        let secret = self.vault.root.unwrap_credential(&credential.0)?;
        Ok(SigningKey::derive(secret.expose(), date, region, service))
    }

    async fn seal_token(&self, class: Class, bytes: &[u8]) -> Result<Vec<u8>, KeystoreError> {
        Ok(self.vault.root.wrap_token(class, bytes, self.vault.fresh()?))
    }

    async fn open_token(&self, class: Class, sealed: &[u8]) -> Result<Secret, KeystoreError> {
        Ok(self.vault.root.unwrap_token(class, sealed)?)
    }
}
