//! The operations: one file each, by family. [`crate::catalogue`] lists them.

pub mod agreement;
pub mod aliases;
pub mod custom_key_stores;
pub mod encryption;
pub mod grants;
pub mod import;
pub mod keys;
pub mod mac;
pub mod multi_region;
pub mod policies;
pub mod rotation;
pub mod signing;
pub mod tags;
