//! The operations of KMS through the real pipeline, keystore and store, in memory.

mod aliases;
mod authorization;
mod consistency;
mod creation;
mod data_keys;
mod encryption;
mod identifiers;
mod keys;
mod managed;
mod paging;
mod policies;
mod seed;
mod tags;
mod world;
