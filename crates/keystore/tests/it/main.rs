//! The keystore from outside: the seal's file, the keyring's life, and what the operations keep to themselves.

mod asymmetric;
mod credentials;
mod data_keys;
mod encryption;
mod import;
mod key_file;
mod keyring;
mod passphrase;
mod secrecy;
mod support;
mod transfer;
