//! The key pair that signs digests: one for each deployment, kept sealed in the store.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use trent_crypto::record::Class;
use trent_store::{CommitError, Everywhere, Key, Kind, LivesIn, Record, Sealed, StoreError, kinds};
use zeroize::Zeroizing;

use super::hash_of;

/// The private key, as PKCS #8.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct DigestKeyRecord {
    #[n(0)]
    private_key: ByteVec,
}

impl Record for DigestKeyRecord {
    const KIND: Kind = kinds::DIGEST_KEY;
    const CLASS: Class = Class::Audit;
    const VERSION: u8 = 1;
}

impl LivesIn<Everywhere> for DigestKeyRecord {}

/// Signs digests.
#[derive(Clone)]
pub struct DigestKey(pub(super) std::sync::Arc<RsaKeyPair>);

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum DigestKeyError {
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot be kept.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// It cannot be made, or what is kept is none.
    #[error("there is no key pair for digests: {0}")]
    Key(String),
}

impl DigestKey {
    /// The deployment's key pair, which is made the first time.
    pub async fn open(store: &Sealed) -> Result<Self, DigestKeyError> {
        let store = store.global();
        let place = Key::<DigestKeyRecord>::new();
        if let Some(kept) = store.get(&place).await? {
            return Self::parse(&Zeroizing::new(kept.value.private_key.to_vec()));
        }
        let made = tokio::task::spawn_blocking(generate).await;
        let made = made.map_err(|error| DigestKeyError::Key(error.to_string()))??;
        let mut txn = store.txn();
        let record = DigestKeyRecord {
            private_key: made.to_vec().into(),
        };
        txn.insert(&place, &record);
        store.commit(txn).await?;
        Self::parse(&made)
    }

    fn parse(pkcs8: &[u8]) -> Result<Self, DigestKeyError> {
        let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|error| DigestKeyError::Key(error.to_string()))?;
        Ok(Self(std::sync::Arc::new(pair)))
    }

    /// The signature of a text, in hex.
    pub(super) fn sign(&self, text: &[u8]) -> Result<String, DigestKeyError> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        let signed = self
            .0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature);
        signed.map_err(|error| DigestKeyError::Key(error.to_string()))?;
        Ok(hex::encode(signature))
    }

    /// What digests call the public key.
    pub(super) fn fingerprint(&self) -> String {
        fingerprint_of(self.0.public_key().as_ref())
    }

    /// The public key in PEM, as PKCS #1.
    pub(super) fn public_pem(&self) -> String {
        let encoded = STANDARD.encode(self.0.public_key().as_ref());
        let lines: Vec<&str> = encoded
            .as_bytes()
            .chunks(64)
            .map(|line| str::from_utf8(line).unwrap_or_default())
            .collect();
        format!(
            "-----BEGIN RSA PUBLIC KEY-----\n{}\n-----END RSA PUBLIC KEY-----\n",
            lines.join("\n")
        )
    }
}

/// What digests call a public key.
pub(super) fn fingerprint_of(public_key: &[u8]) -> String {
    hash_of(public_key)[..32].to_owned()
}

fn generate() -> Result<Zeroizing<Vec<u8>>, DigestKeyError> {
    let none = |error: aws_lc_rs::error::Unspecified| DigestKeyError::Key(error.to_string());
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(none)?;
    let der: Pkcs8V1Der<'_> = AsDer::as_der(&pair).map_err(none)?;
    Ok(Zeroizing::new(der.as_ref().to_vec()))
}
