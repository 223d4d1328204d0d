//! The cryptographic formats of Trent: ciphertexts, wrapped keys, sealed records and the table of key specs.
//!
//! Everything here is a function of its arguments. Randomness is passed in, except for what [`pair`]'s algorithms draw
//! inside their libraries; nothing is read or written elsewhere. The primitives are those of aws-lc-rs, and where it has
//! none (Ed25519ph, ML-DSA of a message's representative, ML-KEM keys from seeds, SM2, SM3 and SM4) of crates named beside
//! their use. The formats are described byte by byte in `docs/ciphertext-format.md`.

mod aead;
pub mod batch;
pub mod ciphertext;
pub mod context;
pub mod identity;
pub mod import;
mod joined;
mod kdf;
pub mod mac;
pub mod material;
pub mod pair;
pub mod record;
pub mod root;
pub mod sealed_keyring;
pub mod secret;
pub mod sigv4;
mod sm4_gcm;
pub mod spec;
pub mod wrap;

pub use context::EncryptionContext;
pub use identity::{KeyAddress, KeyIdentity, MaterialId};
pub use material::MaterialKey;
pub use secret::{Key256, Secret};
