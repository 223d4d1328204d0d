//! Wrapping and unwrapping: the one place where material comes out of what the store keeps.

use std::sync::Arc;

use trent_crypto::ciphertext::SALT;
use trent_crypto::material::MaterialSecret;
use trent_crypto::pair::PrivateKey;
use trent_crypto::spec::{KeySpec, KeyType};
use trent_crypto::wrap::RootWrapper;
use trent_crypto::{Key256, KeyAddress, MaterialId, MaterialKey, Secret};

use crate::error::KeystoreError;
use crate::messages::{KeyHandle, NewKey, Wrapped, WrappedMaterial};
use crate::parsed::Parsed;
use crate::randomness::Randomness;

/// The bytes of the IV under which a material is wrapped.
const IV: usize = 12;

/// The root generations' wrapping keys, and what it takes to use them.
pub(super) struct Vault {
    pub(super) root: RootWrapper,
    pub(super) randomness: Arc<dyn Randomness>,
    pub(super) parsed: Parsed,
}

impl Vault {
    /// Fresh public random bytes: a salt, an IV, an id.
    pub(super) fn fresh<const N: usize>(&self) -> Result<[u8; N], KeystoreError> {
        let mut bytes = [0; N];
        self.randomness.fill(&mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn fresh_key(&self) -> Result<Key256, KeystoreError> {
        let mut key = Key256::new([0; Key256::LEN]);
        self.randomness.fill(key.expose_mut())?;
        Ok(key)
    }

    pub(super) fn fresh_secret(&self, length: usize) -> Result<Secret, KeystoreError> {
        let mut secret = Secret::zeroed(length);
        self.randomness.fill(secret.expose_mut())?;
        Ok(secret)
    }

    /// Both from one call of the generator, which costs more than the bytes that it gives.
    pub(super) fn fresh_secret_and_salt(&self, length: usize) -> Result<(Secret, [u8; SALT]), KeystoreError> {
        let mut bytes = self.fresh_secret(length + SALT)?.into_bytes();
        let salt = *bytes.last_chunk().expect("the salt was drawn with the secret");
        bytes.truncate(length);
        Ok((Secret::from(bytes), salt))
    }

    /// Wraps the first material of a symmetric encryption key.
    pub(super) fn wrap_key(
        &self,
        address: KeyAddress,
        id: MaterialId,
        material: &Secret,
    ) -> Result<NewKey, KeystoreError> {
        let length = KeystoreError::MaterialLength(material.len());
        let material = MaterialKey::bind_secret(address.material(id), material).map_err(|_| length)?;
        self.wrap(address, id, |destruction_key, iv| material.wrap(destruction_key, iv))
    }

    /// Wraps another material of a symmetric encryption key, under the destruction key that it has.
    pub(super) fn wrap_another(&self, key: &KeyHandle, material: &Secret) -> Result<WrappedMaterial, KeystoreError> {
        let length = KeystoreError::MaterialLength(material.len());
        let id = MaterialId(self.fresh()?);
        let material = MaterialKey::bind_secret(key.address.material(id), material).map_err(|_| length)?;
        let destruction_key = self
            .root
            .unwrap_destruction_key(&key.address, key.destruction_key.as_bytes())?;
        Ok(WrappedMaterial {
            id,
            bytes: material.wrap(&destruction_key, self.fresh()?),
        })
    }

    /// Wraps the first material of any other key.
    pub(super) fn wrap_secret(&self, address: KeyAddress, secret: Secret) -> Result<NewKey, KeystoreError> {
        let id = MaterialId(self.fresh()?);
        let material = MaterialSecret::new(address.material(id), secret);
        self.wrap(address, id, |destruction_key, iv| material.wrap(destruction_key, iv))
    }

    fn wrap(
        &self,
        address: KeyAddress,
        id: MaterialId,
        material: impl FnOnce(&Key256, [u8; IV]) -> Vec<u8>,
    ) -> Result<NewKey, KeystoreError> {
        let (destruction_key, wrapped) = self.fresh_destruction_key(&address)?;
        Ok(NewKey {
            destruction_key: wrapped,
            material: WrappedMaterial {
                id,
                bytes: material(&destruction_key, self.fresh()?),
            },
            public_key: None,
        })
    }

    /// A destruction key for a new key, and the same wrapped.
    pub(super) fn fresh_destruction_key(&self, address: &KeyAddress) -> Result<(Key256, Wrapped), KeystoreError> {
        let destruction_key = self.fresh_key()?;
        let wrapped = self.root.wrap_destruction_key(address, &destruction_key, self.fresh()?);
        Ok((destruction_key, Wrapped::from(&*wrapped)))
    }

    /// Wraps one more material of a key that is there.
    pub(super) fn wrap_under(
        &self,
        address: &KeyAddress,
        destruction_key: &Wrapped,
        spec: KeySpec,
        id: MaterialId,
        material: Secret,
    ) -> Result<WrappedMaterial, KeystoreError> {
        let destruction_key = self.root.unwrap_destruction_key(address, destruction_key.as_bytes())?;
        let identity = address.material(id);
        let iv = self.fresh()?;
        let bytes = if spec.key_type() == KeyType::Symmetric {
            let length = KeystoreError::MaterialLength(material.len());
            let material = MaterialKey::bind_secret(identity, &material).map_err(|_| length)?;
            material.wrap(&destruction_key, iv)
        } else {
            MaterialSecret::new(identity, material).wrap(&destruction_key, iv)
        };
        Ok(WrappedMaterial { id, bytes })
    }

    /// A material of a symmetric encryption key.
    pub(super) fn unwrap_key(&self, key: &KeyHandle, id: MaterialId) -> Result<MaterialKey, KeystoreError> {
        let (destruction_key, wrapped) = self.open(key, id)?;
        Ok(MaterialKey::unwrap(
            &destruction_key,
            key.address.material(id),
            wrapped,
        )?)
    }

    /// The current material of any other key.
    pub(super) fn unwrap_secret(&self, key: &KeyHandle) -> Result<MaterialSecret, KeystoreError> {
        let (destruction_key, wrapped) = self.open(key, key.current)?;
        let identity = key.address.material(key.current);
        Ok(MaterialSecret::unwrap(&destruction_key, identity, wrapped)?)
    }

    /// The private half of a key pair, parsed.
    pub(super) fn private_key(&self, key: &KeyHandle) -> Result<Arc<PrivateKey>, KeystoreError> {
        self.parsed.get(&key.lease, || {
            let bytes = self.unwrap_secret(key)?;
            Ok(PrivateKey::read(key.spec, bytes.secret())?)
        })
    }

    /// The key's destruction key, and one of its materials as it is wrapped.
    fn open<'k>(&self, key: &'k KeyHandle, id: MaterialId) -> Result<(Key256, &'k [u8]), KeystoreError> {
        let material = key.materials.get(&id).ok_or(KeystoreError::MaterialMissing(id))?;
        let wrapped = key.destruction_key.as_bytes();
        let destruction_key = self.root.unwrap_destruction_key(&key.address, wrapped)?;
        Ok((destruction_key, material.as_bytes()))
    }
}
