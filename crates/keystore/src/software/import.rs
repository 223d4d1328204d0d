//! Key material that comes from outside.

use std::sync::Arc;

use trent_crypto::KeyAddress;
use trent_crypto::import::token::ImportToken;
use trent_crypto::import::{self, Material};
use trent_crypto::pair::PrivateKey;
use trent_crypto::record::Class;

use super::SoftwareKeystore;
use super::vault::Vault;
use crate::error::{ImportTokenError, KeystoreError};
use crate::messages::{ImportParameters, ImportParametersRequest, ImportRequest, ImportedMaterial, Wrapped};

impl SoftwareKeystore {
    pub(super) fn empty(&self, address: &KeyAddress) -> Result<Wrapped, KeystoreError> {
        let (_, wrapped) = self.vault.fresh_destruction_key(address)?;
        Ok(wrapped)
    }

    pub(super) async fn wrapping_key(
        &self,
        request: ImportParametersRequest,
    ) -> Result<ImportParameters, KeystoreError> {
        let ImportParametersRequest {
            key,
            region,
            wrapping,
            expires,
        } = request;
        let pair = self.ahead.pair(&self.workers, wrapping.spec.key_spec()).await?;
        let token = ImportToken::new(&key, &region, wrapping, expires, pair.to_bytes()?).encode();
        let salt = self.vault.fresh()?;
        Ok(ImportParameters {
            public_key: pair.public_key()?,
            token: self.vault.root.wrap_token(Class::Tokens, token.expose(), salt),
        })
    }

    /// The slow part of it is RSA, of the wrapping key and of the checks of a private key.
    pub(super) async fn imported(&self, request: ImportRequest) -> Result<ImportedMaterial, KeystoreError> {
        let token = self.vault.import_token(&request)?;
        let vault = Arc::clone(&self.vault);
        self.workers.run(move || vault.import(&request, &token)).await?
    }
}

impl Vault {
    /// The token, if it is one of this key and its time is not over.
    fn import_token(&self, request: &ImportRequest) -> Result<ImportToken, ImportTokenError> {
        let opened = self.root.unwrap_token(Class::Tokens, &request.token);
        let opened = opened.map_err(|_| ImportTokenError::Invalid)?;
        let token = ImportToken::parse(opened.expose()).ok_or(ImportTokenError::Invalid)?;
        if !token.is_for(&request.key, &request.region) {
            return Err(ImportTokenError::Invalid);
        }
        if request.now >= token.expires {
            return Err(ImportTokenError::Expired);
        }
        Ok(token)
    }

    fn import(&self, request: &ImportRequest, token: &ImportToken) -> Result<ImportedMaterial, KeystoreError> {
        let key = PrivateKey::read(token.wrapping.spec.key_spec(), token.private_key())?;
        let unwrapped = import::unwrap(token.wrapping, &key, &request.wrapped)?;
        let material = Material::read(request.spec, request.key.partition, &unwrapped)?;
        let id = material.id(&request.key);
        Ok(ImportedMaterial {
            material: self.wrap_under(
                &request.key,
                &request.destruction_key,
                request.spec,
                id,
                material.bytes().clone(),
            )?,
            public_key: material.public_key().map(<[u8]>::to_vec),
        })
    }
}
