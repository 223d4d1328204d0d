//! Signatures and public keys.

pub mod get_public_key;
pub mod sign;
pub mod verify;
