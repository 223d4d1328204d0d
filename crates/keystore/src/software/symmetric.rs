//! Symmetric encryption keys.

use trent_crypto::ciphertext::{self, CiphertextError, Parsed, SALT};
use trent_crypto::{EncryptionContext, Secret};

use super::vault::Vault;
use crate::error::KeystoreError;
use crate::messages::{DataKey, GenerateDataKeyRequest, KeyHandle};

impl Vault {
    pub(super) fn seal(
        &self,
        key: &KeyHandle,
        context: &EncryptionContext,
        plaintext: &Secret,
    ) -> Result<Vec<u8>, KeystoreError> {
        self.seal_with(key, context, plaintext, self.fresh()?)
    }

    fn seal_with(
        &self,
        key: &KeyHandle,
        context: &EncryptionContext,
        plaintext: &Secret,
        salt: [u8; SALT],
    ) -> Result<Vec<u8>, KeystoreError> {
        let material = self.unwrap_key(key, key.current)?;
        Ok(ciphertext::seal(&material, context, plaintext.expose(), salt))
    }

    pub(super) fn unseal(
        &self,
        key: &KeyHandle,
        context: &EncryptionContext,
        ciphertext: &[u8],
    ) -> Result<Secret, KeystoreError> {
        let parsed = Parsed::parse(ciphertext)?;
        if parsed.key != key.address.key {
            return Err(CiphertextError::OtherKey(parsed.key).into());
        }
        let material = self.unwrap_key(key, parsed.material)?;
        Ok(parsed.open(&material, context)?)
    }

    pub(super) fn data_key(&self, request: &GenerateDataKeyRequest) -> Result<DataKey, KeystoreError> {
        let (plaintext, salt) = self.fresh_secret_and_salt(request.length)?;
        let ciphertext = self.seal_with(&request.key, &request.context, &plaintext, salt)?;
        Ok(DataKey { plaintext, ciphertext })
    }
}
