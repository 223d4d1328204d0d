//! What the cryptographic operations have in common: contexts, algorithms, data key lengths, the keystore's errors.

use std::collections::BTreeMap;
use std::sync::Arc;

use trent_api::{ApiError, kms, protocol};
use trent_crypto::spec::{EncryptionAlgorithm, KeySpec};
use trent_keystore::{DataKeyPair, EncryptionContext, GenerateDataKeyPairRequest, KeystoreError, PairError, Scheme};
use trent_names::Region;
use trent_service::internal;

use crate::keys::Key;
use crate::new_key::{not_made, not_offered};
use crate::{Kms, algorithms};

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
    algorithms::encryption(key, algorithm).map(|_| algorithm)
}

/// How a key encrypts by an algorithm that it has. Only symmetric ciphertexts carry a context.
pub(crate) fn scheme(
    algorithm: kms::EncryptionAlgorithmSpec,
    pairs: Option<&BTreeMap<String, String>>,
) -> Result<Scheme, ApiError> {
    let algorithm = EncryptionAlgorithm::parse(algorithm.as_str())
        .ok_or_else(|| internal("an algorithm of the interface model is missing from the table of specs"))?;
    match algorithm {
        EncryptionAlgorithm::SymmetricDefault => Ok(Scheme::Symmetric(context(pairs))),
        _ if pairs.is_some_and(|pairs| !pairs.is_empty()) => Err(protocol::validation(
            "EncryptionContext is not supported when encrypting/decrypting with asymmetric CMKs.",
        )),
        _ => Ok(Scheme::Asymmetric(algorithm)),
    }
}

/// The algorithm as the audit record names it: the one that is used, named or not.
pub(crate) fn algorithm_name(requested: Option<kms::EncryptionAlgorithmSpec>) -> &'static str {
    requested
        .unwrap_or(kms::EncryptionAlgorithmSpec::SymmetricDefault)
        .as_str()
}

/// Refuses a plaintext that is longer than the key encrypts by an algorithm.
pub(crate) fn check_length(
    key: &Key,
    algorithm: kms::EncryptionAlgorithmSpec,
    plaintext: &[u8],
) -> Result<(), ApiError> {
    let longest = longest_plaintext(key, algorithm)?;
    if plaintext.len() <= longest {
        return Ok(());
    }
    Err(too_long(key, algorithm, longest))
}

fn longest_plaintext(key: &Key, algorithm: kms::EncryptionAlgorithmSpec) -> Result<usize, ApiError> {
    let longest = algorithms::encryption(key, algorithm)?.max_plaintext(key.record.spec);
    longest.ok_or_else(|| internal("an algorithm of a key has no longest plaintext"))
}

fn too_long(key: &Key, algorithm: kms::EncryptionAlgorithmSpec, longest: usize) -> ApiError {
    protocol::validation(format!(
        "Algorithm {algorithm} and key spec {} cannot encrypt data larger than {longest} bytes.",
        key.record.spec
    ))
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

/// Makes a data key pair, its private half encrypted under the key.
pub(crate) async fn data_key_pair(
    service: &Kms,
    region: &Region,
    key: &Arc<Key>,
    spec: kms::DataKeyPairSpec,
    pairs: Option<&BTreeMap<String, String>>,
) -> Result<DataKeyPair, ApiError> {
    let offered = |spec: &KeySpec| spec.is_data_key_pair() && spec.offered_in(region.partition());
    let refused = || not_offered(format_args!("KeyPairSpec {spec}"));
    let request = GenerateDataKeyPairRequest {
        key: key.handle()?,
        context: context(pairs),
        spec: KeySpec::parse(spec.as_str()).filter(offered).ok_or_else(refused)?,
    };
    let made = service.keystore().generate_data_key_pair(request).await;
    made.map_err(|error| not_made(error, format_args!("KeyPairSpec {spec}")))
}

/// Why re-encryption under a key failed: the plaintext, which stays in the keystore, may be too long for that key.
pub(crate) fn re_encryption_failure(
    error: KeystoreError,
    to: &Key,
    algorithm: kms::EncryptionAlgorithmSpec,
) -> ApiError {
    match error {
        KeystoreError::Pair(PairError::TooLong) => {
            longest_plaintext(to, algorithm).map_or_else(|error| error, |longest| too_long(to, algorithm, longest))
        }
        other => decryption_failure(other),
    }
}

/// Whatever is wrong with a ciphertext or its context looks the same from outside.
pub(crate) fn decryption_failure(error: KeystoreError) -> ApiError {
    match error {
        KeystoreError::Ciphertext(_) | KeystoreError::MaterialMissing(_) | KeystoreError::Pair(PairError::Refused) => {
            kms::error::INVALID_CIPHERTEXT.bare()
        }
        other => internal(other),
    }
}
