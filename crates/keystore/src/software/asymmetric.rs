//! Key pairs and HMAC keys. What is quick is done where it is asked for; what is slow goes to the workers.

use std::sync::Arc;

use trent_crypto::mac;
use trent_crypto::pair::{self, PairError, PrivateKey};
use trent_crypto::spec::{EncryptionAlgorithm, KeySpec, KeyType};
use trent_crypto::{KeyAddress, Secret};

use super::SoftwareKeystore;
use crate::error::KeystoreError;
use crate::messages::{
    DataKeyPair, Encapsulated, GenerateDataKeyPairRequest, HeldKey, KeyHandle, MacRequest, NewKey, SignRequest,
    VerifyRequest,
};

impl SoftwareKeystore {
    pub(super) async fn create_pair(&self, address: KeyAddress, spec: KeySpec) -> Result<NewKey, KeystoreError> {
        let pair = self.ahead.pair(&self.workers, spec).await?;
        Ok(NewKey {
            public_key: Some(pair.public_key()?),
            ..self.vault.wrap_secret(address, pair.to_bytes()?)?
        })
    }

    pub(super) async fn data_key_pair(
        &self,
        request: GenerateDataKeyPairRequest,
    ) -> Result<DataKeyPair, KeystoreError> {
        let pair = self.ahead.pair(&self.workers, request.spec).await?;
        let private_key = pair.to_pkcs8()?;
        Ok(DataKeyPair {
            ciphertext: self.vault.seal(&request.key, &request.context, &private_key)?,
            private_key,
            public_key: pair.public_key()?,
        })
    }

    pub(super) async fn signature(&self, request: SignRequest) -> Result<Vec<u8>, KeystoreError> {
        let SignRequest {
            key,
            algorithm,
            message,
        } = request;
        self.in_private(key, move |pair| pair.sign(algorithm, message.borrow()))
            .await
    }

    pub(super) async fn check_signature(&self, request: VerifyRequest) -> Result<(), KeystoreError> {
        let VerifyRequest {
            key,
            algorithm,
            message,
            signature,
        } = request;
        self.in_public(key, move |spec, public_key| {
            pair::verify(spec, public_key, algorithm, message.borrow(), &signature)
        })
        .await
    }

    pub(super) async fn encrypt_to_pair(
        &self,
        key: HeldKey,
        algorithm: EncryptionAlgorithm,
        plaintext: Secret,
    ) -> Result<Vec<u8>, KeystoreError> {
        self.in_public(key, move |spec, public_key| {
            pair::encrypt(spec, public_key, algorithm, plaintext.expose())
        })
        .await
    }

    pub(super) async fn decrypt_by_pair(
        &self,
        key: HeldKey,
        algorithm: EncryptionAlgorithm,
        ciphertext: Vec<u8>,
    ) -> Result<Secret, KeystoreError> {
        self.in_private(key, move |pair| pair.decrypt(algorithm, &ciphertext))
            .await
    }

    pub(super) async fn agreed_secret(&self, key: HeldKey, peer: Vec<u8>) -> Result<Secret, KeystoreError> {
        self.in_private(key, move |pair| pair.agree(&peer)).await
    }

    pub(super) async fn encapsulated(&self, key: HeldKey) -> Result<Encapsulated, KeystoreError> {
        let (shared_secret, ciphertext) = self.in_public(key, pair::encapsulate).await?;
        Ok(Encapsulated {
            shared_secret,
            ciphertext,
        })
    }

    pub(super) async fn decapsulated(&self, key: HeldKey, ciphertext: Vec<u8>) -> Result<Secret, KeystoreError> {
        self.in_private(key, move |pair| pair.decapsulate(&ciphertext)).await
    }

    pub(super) fn tag(&self, request: &MacRequest) -> Result<Vec<u8>, KeystoreError> {
        let secret = self.mac_key(&request.key)?;
        Ok(mac::generate(request.algorithm, &secret, request.message.expose()))
    }

    pub(super) fn check_tag(&self, request: &MacRequest, tag: &[u8]) -> Result<bool, KeystoreError> {
        let secret = self.mac_key(&request.key)?;
        Ok(mac::verify(request.algorithm, &secret, request.message.expose(), tag))
    }

    fn mac_key(&self, key: &KeyHandle) -> Result<Secret, KeystoreError> {
        if key.spec.key_type() != KeyType::Hmac {
            return Err(KeystoreError::WrongSpec(key.spec));
        }
        Ok(self.vault.unwrap_secret(key)?.into_secret())
    }

    /// Does something with the private half of a key pair.
    async fn in_private<T: Send + 'static>(
        &self,
        key: HeldKey,
        job: impl FnOnce(&PrivateKey) -> Result<T, PairError> + Send + 'static,
    ) -> Result<T, KeystoreError> {
        if key.spec.key_type() != KeyType::Asymmetric {
            return Err(KeystoreError::WrongSpec(key.spec));
        }
        let takes = duration_in_private(key.spec);
        let vault = Arc::clone(&self.vault);
        self.done(takes, move || Ok(job(&*vault.private_key(&key)?)?)).await
    }

    /// Does something with the public half of a key pair.
    async fn in_public<T: Send + 'static>(
        &self,
        key: HeldKey,
        job: impl FnOnce(KeySpec, &[u8]) -> Result<T, PairError> + Send + 'static,
    ) -> Result<T, KeystoreError> {
        let takes = duration_in_public(key.spec);
        let work = move || {
            let public_key = key.public_key.as_deref();
            let public_key = public_key.ok_or(KeystoreError::WrongSpec(key.spec))?;
            Ok(job(key.spec, public_key)?)
        };
        self.done(takes, work).await
    }

    /// Does it here or there, by how long it takes.
    async fn done<T: Send + 'static>(
        &self,
        takes: Takes,
        work: impl FnOnce() -> Result<T, KeystoreError> + Send + 'static,
    ) -> Result<T, KeystoreError> {
        match takes {
            Takes::NoTime => work(),
            Takes::AWhile => self.workers.run_brief(work).await?,
            Takes::Long => self.workers.run(work).await?,
        }
    }
}

/// How long something takes, beside the tenth of a millisecond or less of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// No longer than a request takes anyway.
    NoTime,
    /// As long as some requests.
    AWhile,
    /// A millisecond or more.
    Long,
}

/// How long a use of the private key takes.
const fn duration_in_private(spec: KeySpec) -> Takes {
    match spec {
        KeySpec::EccNistP256
        | KeySpec::EccNistEdwards25519
        | KeySpec::MlKem512
        | KeySpec::MlKem768
        | KeySpec::MlKem1024 => Takes::NoTime,
        KeySpec::Rsa2048
        | KeySpec::EccNistP384
        | KeySpec::EccSecgP256k1
        | KeySpec::MlDsa44
        | KeySpec::MlDsa65
        | KeySpec::MlDsa87 => Takes::AWhile,
        _ => Takes::Long,
    }
}

/// The same of the public key.
const fn duration_in_public(spec: KeySpec) -> Takes {
    match spec {
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => Takes::NoTime,
        _ => duration_in_private(spec),
    }
}
