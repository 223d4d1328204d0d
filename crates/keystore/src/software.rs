//! The keystore in software: material is wrapped at rest, unwrapped for one use, and wiped.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use trent_crypto::ciphertext::{self, CiphertextError, Parsed, SALT};
use trent_crypto::record::Class;
use trent_crypto::sigv4::SigningKey;
use trent_crypto::wrap::RootWrapper;
use trent_crypto::{EncryptionContext, Key256, KeyAddress, MaterialId, MaterialKey, Secret};

use crate::error::KeystoreError;
use crate::keyring::Keyring;
use crate::keystore::Keystore;
use crate::messages::{
    DataKey, DecryptRequest, EncryptRequest, GenerateDataKeyRequest, KeyHandle, NewCredential, NewKey,
    ReEncryptRequest, Wrapped, WrappedCredential, WrappedMaterial,
};
use crate::randomness::{Randomness, SystemRandomness};

/// Random bytes behind an access-key secret: 40 characters of base64, no padding.
const CREDENTIAL: usize = 30;

/// Keeps the root generations' wrapping keys in memory and nothing else.
pub struct SoftwareKeystore {
    root: RootWrapper,
    randomness: Arc<dyn Randomness>,
}

impl SoftwareKeystore {
    /// A keystore over an opened keyring.
    pub fn new(keyring: &Keyring) -> Self {
        Self::with_randomness(keyring, Arc::new(SystemRandomness))
    }

    /// The same, with another source of random bytes.
    pub fn with_randomness(keyring: &Keyring, randomness: Arc<dyn Randomness>) -> Self {
        Self {
            root: RootWrapper::new(keyring.root()),
            randomness,
        }
    }

    /// Fresh public random bytes: a salt, an IV, an id.
    fn fresh<const N: usize>(&self) -> Result<[u8; N], KeystoreError> {
        let mut bytes = [0; N];
        self.randomness.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fresh_key(&self) -> Result<Key256, KeystoreError> {
        let mut key = Key256::new([0; Key256::LEN]);
        self.randomness.fill(key.expose_mut())?;
        Ok(key)
    }

    fn fresh_secret(&self, length: usize) -> Result<Secret, KeystoreError> {
        let mut secret = Secret::zeroed(length);
        self.randomness.fill(secret.expose_mut())?;
        Ok(secret)
    }

    /// Both from one call of the generator, which costs more than the bytes that it gives.
    fn fresh_secret_and_salt(&self, length: usize) -> Result<(Secret, [u8; SALT]), KeystoreError> {
        let mut bytes = self.fresh_secret(length + SALT)?.into_bytes();
        let salt = *bytes.last_chunk().expect("the salt was drawn with the secret");
        bytes.truncate(length);
        Ok((Secret::from(bytes), salt))
    }

    fn wrap_new(&self, address: KeyAddress, id: MaterialId, material: &Key256) -> Result<NewKey, KeystoreError> {
        let destruction_key = self.fresh_key()?;
        let material = MaterialKey::bind(address.material(id), material);
        let wrapped = self
            .root
            .wrap_destruction_key(&address, &destruction_key, self.fresh()?);
        Ok(NewKey {
            destruction_key: Wrapped(wrapped),
            material: WrappedMaterial {
                id,
                bytes: material.wrap(&destruction_key, self.fresh()?),
            },
        })
    }

    fn unwrap(&self, key: &KeyHandle, id: MaterialId) -> Result<MaterialKey, KeystoreError> {
        let mut materials = key.materials.iter();
        let material = materials
            .find(|material| material.id == id)
            .ok_or(KeystoreError::MaterialMissing(id))?;
        let wrapped = &key.destruction_key.0;
        let destruction_key = self.root.unwrap_destruction_key(&key.address, wrapped)?;
        let identity = key.address.material(id);
        Ok(MaterialKey::unwrap(&destruction_key, identity, &material.bytes)?)
    }

    fn seal(&self, key: &KeyHandle, context: &EncryptionContext, plaintext: &Secret) -> Result<Vec<u8>, KeystoreError> {
        self.seal_with(key, context, plaintext, self.fresh()?)
    }

    fn seal_with(
        &self,
        key: &KeyHandle,
        context: &EncryptionContext,
        plaintext: &Secret,
        salt: [u8; SALT],
    ) -> Result<Vec<u8>, KeystoreError> {
        let material = self.unwrap(key, key.current)?;
        Ok(ciphertext::seal(&material, context, plaintext.expose(), salt))
    }

    fn open(&self, key: &KeyHandle, context: &EncryptionContext, ciphertext: &[u8]) -> Result<Secret, KeystoreError> {
        let parsed = Parsed::parse(ciphertext)?;
        if parsed.key != key.address.key {
            return Err(CiphertextError::OtherKey(parsed.key).into());
        }
        let material = self.unwrap(key, parsed.material)?;
        Ok(parsed.open(&material, context)?)
    }

    fn data_key(&self, request: &GenerateDataKeyRequest) -> Result<DataKey, KeystoreError> {
        let (plaintext, salt) = self.fresh_secret_and_salt(request.length)?;
        let ciphertext = self.seal_with(&request.key, &request.context, &plaintext, salt)?;
        Ok(DataKey { plaintext, ciphertext })
    }
}

#[async_trait]
impl Keystore for SoftwareKeystore {
    async fn create_symmetric(&self, address: KeyAddress) -> Result<NewKey, KeystoreError> {
        let id = MaterialId(self.fresh()?);
        let material = self.fresh_key()?;
        self.wrap_new(address, id, &material)
    }

    async fn import_fixed(&self, address: KeyAddress, material: Secret) -> Result<NewKey, KeystoreError> {
        let length = material.len();
        let material = Key256::from_slice(material.expose()).ok_or(KeystoreError::MaterialLength(length))?;
        let id = MaterialId::of_imported(&address, &material);
        self.wrap_new(address, id, &material)
    }

    async fn encrypt(&self, request: EncryptRequest) -> Result<Vec<u8>, KeystoreError> {
        self.seal(&request.key, &request.context, &request.plaintext)
    }

    async fn decrypt(&self, request: DecryptRequest) -> Result<Secret, KeystoreError> {
        self.open(&request.key, &request.context, &request.ciphertext)
    }

    async fn re_encrypt(&self, request: ReEncryptRequest) -> Result<Vec<u8>, KeystoreError> {
        let plaintext = self.open(&request.source, &request.source_context, &request.ciphertext)?;
        self.seal(&request.destination, &request.destination_context, &plaintext)
    }

    async fn generate_data_key(&self, request: GenerateDataKeyRequest) -> Result<DataKey, KeystoreError> {
        self.data_key(&request)
    }

    async fn generate_data_key_without_plaintext(
        &self,
        request: GenerateDataKeyRequest,
    ) -> Result<Vec<u8>, KeystoreError> {
        Ok(self.data_key(&request)?.ciphertext)
    }

    async fn random(&self, length: usize) -> Result<Secret, KeystoreError> {
        self.fresh_secret(length)
    }

    async fn new_credential(&self) -> Result<NewCredential, KeystoreError> {
        let random = self.fresh_secret(CREDENTIAL)?;
        let secret = Secret::new(STANDARD.encode(random.expose()).into_bytes());
        let wrapped = self.seal_credential(secret.clone()).await?;
        Ok(NewCredential { secret, wrapped })
    }

    async fn seal_credential(&self, secret: Secret) -> Result<WrappedCredential, KeystoreError> {
        let wrapped = self.root.wrap_credential(&secret, self.fresh()?);
        Ok(WrappedCredential(wrapped))
    }

    async fn signing_key(
        &self,
        credential: &WrappedCredential,
        date: &str,
        region: &str,
        service: &str,
    ) -> Result<SigningKey, KeystoreError> {
        let secret = self.root.unwrap_credential(&credential.0)?;
        Ok(SigningKey::derive(secret.expose(), date, region, service))
    }

    async fn seal_token(&self, class: Class, bytes: &[u8]) -> Result<Vec<u8>, KeystoreError> {
        Ok(self.root.wrap_token(class, bytes, self.fresh()?))
    }

    async fn open_token(&self, class: Class, sealed: &[u8]) -> Result<Secret, KeystoreError> {
        Ok(self.root.unwrap_token(class, sealed)?)
    }
}
