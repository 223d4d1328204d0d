//! Key agreement and key encapsulation.

pub mod decapsulate;
pub mod derive_shared_secret;
pub mod encapsulate;
