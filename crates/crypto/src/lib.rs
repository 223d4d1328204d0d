//! The cryptographic formats of Trent: ciphertexts, wrapped keys, sealed records and the table of key specs.
//!
//! Everything here is a function of its arguments. Randomness is passed in, nothing is read or written elsewhere, and
//! the primitives are those of aws-lc-rs. The formats are described byte by byte in `docs/ciphertext-format.md`.

mod aead;
mod kdf;
pub mod record;
pub mod root;
pub mod secret;
