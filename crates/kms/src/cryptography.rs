//! What the cryptographic operations have in common: contexts, algorithms, data key lengths, the keystore's errors.

use std::collections::BTreeMap;

use trent_api::{ApiError, kms, protocol};
use trent_crypto::spec::{Algorithms, EncryptionAlgorithm};
use trent_keystore::{EncryptionContext, KeystoreError};
use trent_service::internal;

use crate::keys::Key;

/// The encryption context of a request; none and an empty one are the same.
pub(crate) fn context(pairs: Option<&BTreeMap<String, String>>) -> EncryptionContext {
    pairs.map(EncryptionContext::from).unwrap_or_default()
}

/// The algorithm to use with an encryption key: the one asked for, if the key has it, else the symmetric one.
pub(crate) fn encryption_algorithm(
    key: &Key,
    requested: Option<kms::EncryptionAlgorithmSpec>,
) -> Result<kms::EncryptionAlgorithmSpec, ApiError> {
    let algorithm = requested.unwrap_or(kms::EncryptionAlgorithmSpec::SymmetricDefault);
    let offered = |it: &EncryptionAlgorithm| it.as_str() == algorithm.as_str();
    match key.record.spec.algorithms(key.record.usage) {
        Some(Algorithms::Encryption(list)) if list.iter().any(offered) => Ok(algorithm),
        _ => Err(kms::error::invalid_key_usage(format!(
            "Algorithm {algorithm} is incompatible with key spec {}.",
            key.record.spec
        ))),
    }
}

/// The algorithm as the audit record names it: the one that is used, named or not.
pub(crate) fn algorithm_name(requested: Option<kms::EncryptionAlgorithmSpec>) -> &'static str {
    requested
        .unwrap_or(kms::EncryptionAlgorithmSpec::SymmetricDefault)
        .as_str()
}

/// How many bytes a data key has: exactly one of the two members says so.
pub(crate) fn data_key_length(
    number_of_bytes: Option<i32>,
    key_spec: Option<kms::DataKeySpec>,
) -> Result<usize, ApiError> {
    match (number_of_bytes, key_spec) {
        (Some(number), None) => usize::try_from(number).map_err(internal),
        (None, Some(kms::DataKeySpec::Aes256)) => Ok(32),
        (None, Some(kms::DataKeySpec::Aes128)) => Ok(16),
        (None, None) | (Some(_), Some(_)) => Err(protocol::validation(
            "Please specify either number of bytes or key spec.",
        )),
    }
}

/// Whatever is wrong with a ciphertext or its context looks the same from outside.
pub(crate) fn decryption_failure(error: KeystoreError) -> ApiError {
    match error {
        KeystoreError::Ciphertext(_) | KeystoreError::MaterialMissing(_) => kms::error::INVALID_CIPHERTEXT.bare(),
        other => internal(other),
    }
}
