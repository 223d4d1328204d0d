//! The store's tests: one conformance suite over every engine, then what each layer promises on top.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

mod backup;
mod cache;
mod conformance;
mod damage;
mod disk;
mod embedded;
mod folder;
mod mail;
mod memory;
mod power;
mod random;
mod sealed;
mod tampering;
mod world;
