//! The interface of a keystore.

use async_trait::async_trait;
use trent_crypto::record::Class;
use trent_crypto::sigv4::SigningKey;
use trent_crypto::spec::KeySpec;
use trent_crypto::{KeyAddress, Secret};

use crate::error::KeystoreError;
use crate::messages::{
    DataKey, DataKeyPair, DecapsulateRequest, DecryptRequest, DeriveSharedSecretRequest, Encapsulated, EncryptRequest,
    GenerateDataKeyPairRequest, GenerateDataKeyRequest, HeldKey, ImportParameters, ImportParametersRequest,
    ImportRequest, ImportedMaterial, MacRequest, NewCredential, NewKey, ReEncryptRequest, ReceiveRequest, Received,
    SendRequest, Shipment, SignRequest, VerifyMacRequest, VerifyRequest, Wrapped, WrappedCredential, WrappedMaterial,
};

/// Makes, wraps and uses key material and secrets.
#[async_trait]
pub trait Keystore: Send + Sync {
    /// Makes a key of any spec: a destruction key and a first material, both random.
    async fn create(&self, address: KeyAddress, spec: KeySpec) -> Result<NewKey, KeystoreError>;

    /// Makes another material for a symmetric encryption key, random, under the destruction key that the key has. It
    /// encrypts once the key's record says that it is the current one.
    async fn new_material(&self, key: HeldKey) -> Result<WrappedMaterial, KeystoreError>;

    /// Makes a key that has no material yet: a destruction key.
    async fn create_empty(&self, address: KeyAddress) -> Result<Wrapped, KeystoreError>;

    /// Makes a wrapping key for the import of material. The private half is in the token and nowhere else.
    async fn import_parameters(&self, request: ImportParametersRequest) -> Result<ImportParameters, KeystoreError>;

    /// Unwraps material, checks that it is one of the key's spec, and wraps it under the key's destruction key.
    async fn import(&self, request: ImportRequest) -> Result<ImportedMaterial, KeystoreError>;

    /// Makes a symmetric encryption key with the given material: 32 bytes, or the 16 of an SM4 key in China.
    async fn import_fixed(&self, address: KeyAddress, material: Secret) -> Result<NewKey, KeystoreError>;

    /// Seals materials of a key to another Region, for the key with the same address there.
    async fn send(&self, request: SendRequest) -> Result<Shipment, KeystoreError>;

    /// Takes materials that were sealed to this Region and wraps them under a destruction key of the key's own.
    async fn receive(&self, request: ReceiveRequest) -> Result<Received, KeystoreError>;

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

    /// Makes a key pair for use elsewhere.
    async fn generate_data_key_pair(&self, request: GenerateDataKeyPairRequest) -> Result<DataKeyPair, KeystoreError>;

    /// Signs.
    async fn sign(&self, request: SignRequest) -> Result<Vec<u8>, KeystoreError>;

    /// Checks a signature; one that is not the key's for the message is [`PairError::Refused`](crate::PairError).
    async fn verify(&self, request: VerifyRequest) -> Result<(), KeystoreError>;

    /// The tag of a message.
    async fn generate_mac(&self, request: MacRequest) -> Result<Vec<u8>, KeystoreError>;

    /// Whether a tag is the message's.
    async fn verify_mac(&self, request: VerifyMacRequest) -> Result<bool, KeystoreError>;

    /// The secret that both sides of a key agreement derive.
    async fn derive_shared_secret(&self, request: DeriveSharedSecretRequest) -> Result<Secret, KeystoreError>;

    /// Makes a shared secret and encapsulates it for the key.
    async fn encapsulate(&self, key: HeldKey) -> Result<Encapsulated, KeystoreError>;

    /// Opens an encapsulation.
    async fn decapsulate(&self, request: DecapsulateRequest) -> Result<Secret, KeystoreError>;

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
