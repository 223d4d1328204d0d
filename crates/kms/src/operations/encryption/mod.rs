//! Encryption, decryption and data keys.

pub mod decrypt;
pub mod encrypt;
pub mod generate_data_key;
pub mod generate_data_key_pair;
pub mod generate_data_key_pair_without_plaintext;
pub mod generate_data_key_without_plaintext;
pub mod generate_random;
pub mod re_encrypt;
