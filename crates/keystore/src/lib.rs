//! Where key material and secrets live and are used.
//!
//! A [`seal`] protects the [`Keyring`] of root generations; a generation wraps each KMS key's destruction key; the
//! destruction key wraps the key's materials. The [`Keystore`] takes and gives wrapped bytes, plaintexts and
//! ciphertexts; no reference to key material crosses its interface, so that it could live in a process of its own.
//! Material is unwrapped for each use and wiped right after it; only private keys that are costly to parse are kept
//! [`parsed`], few and not for long.

mod error;
mod keyring;
mod keystore;
mod messages;
mod parsed;
mod randomness;
pub mod seal;
mod software;
mod workers;

pub use error::{ImportTokenError, KeyringError, KeystoreError};
pub use keyring::Keyring;
pub use keystore::Keystore;
pub use messages::{
    DataKey, DataKeyPair, DecapsulateRequest, DecryptRequest, DeriveSharedSecretRequest, Encapsulated, EncryptRequest,
    GenerateDataKeyPairRequest, GenerateDataKeyRequest, HeldKey, HoldsKey, ImportParameters, ImportParametersRequest,
    ImportRequest, ImportedMaterial, KeyHandle, MacRequest, Materials, NewCredential, NewKey, ReEncryptRequest,
    ReceiveRequest, Received, Scheme, SendRequest, Shipment, SignRequest, SignedMessage, VerifyMacRequest,
    VerifyRequest, Wrapped, WrappedCredential, WrappedMaterial,
};
pub use parsed::Lease;
pub use randomness::{Randomness, RandomnessError, SystemRandomness};
pub use seal::{KeyFileSeal, PassphraseSeal, Seal, SealError};
pub use software::SoftwareKeystore;
pub use trent_crypto::pair::PairError;
pub use trent_crypto::root::GenerationId;
pub use trent_crypto::sigv4::SigningKey;
pub use trent_crypto::{EncryptionContext, KeyAddress, KeyIdentity, MaterialId, Secret};
