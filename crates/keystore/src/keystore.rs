//! The interface of a keystore.

use async_trait::async_trait;
use trent_crypto::record::Class;
use trent_crypto::sigv4::SigningKey;
use trent_crypto::{KeyAddress, Secret};

use crate::error::KeystoreError;
use crate::messages::{
    DataKey, DecryptRequest, EncryptRequest, GenerateDataKeyRequest, NewCredential, NewKey, ReEncryptRequest,
    WrappedCredential,
};

/// Makes, wraps and uses key material and secrets.
#[async_trait]
pub trait Keystore: Send + Sync {
    /// Makes a symmetric encryption key: a destruction key and a first material, both random.
    async fn create_symmetric(&self, address: KeyAddress) -> Result<NewKey, KeystoreError>;

    /// Makes a symmetric encryption key with the given 32 bytes of material.
    async fn import_fixed(&self, address: KeyAddress, material: Secret) -> Result<NewKey, KeystoreError>;

    /// Encrypts.
    async fn encrypt(&self, request: EncryptRequest) -> Result<Vec<u8>, KeystoreError>;

    /// Decrypts.
    async fn decrypt(&self, request: DecryptRequest) -> Result<Secret, KeystoreError>;

    /// Decrypts and encrypts again; the plaintext does not leave the keystore.
    async fn re_encrypt(&self, request: ReEncryptRequest) -> Result<Vec<u8>, KeystoreError>;

    /// Makes a data key and hands it out in the clear and encrypted.
    async fn generate_data_key(&self, request: GenerateDataKeyRequest) -> Result<DataKey, KeystoreError>;

    /// Makes a data key and hands it out encrypted only.
    async fn generate_data_key_without_plaintext(
        &self,
        request: GenerateDataKeyRequest,
    ) -> Result<Vec<u8>, KeystoreError>;

    /// Random bytes.
    async fn random(&self, length: usize) -> Result<Secret, KeystoreError>;

    /// Makes the secret of an access key: 40 characters, as clients expect.
    async fn new_credential(&self) -> Result<NewCredential, KeystoreError>;

    /// Wraps the secret of an access key that came from outside.
    async fn seal_credential(&self, secret: Secret) -> Result<WrappedCredential, KeystoreError>;

    /// Derives a day's signing key from the secret of an access key. `date` is `YYYYMMDD`.
    async fn signing_key(
        &self,
        credential: &WrappedCredential,
        date: &str,
        region: &str,
        service: &str,
    ) -> Result<SigningKey, KeystoreError>;

    /// Seals a token or marker that leaves the server and must come back unchanged.
    async fn seal_token(&self, class: Class, bytes: &[u8]) -> Result<Vec<u8>, KeystoreError>;

    /// Opens a token or marker of one class.
    async fn open_token(&self, class: Class, sealed: &[u8]) -> Result<Secret, KeystoreError>;
}
