//! The algorithms that requests name: each must be one of the key's.

use std::fmt::Display;

use trent_api::{ApiError, kms};
use trent_crypto::spec::{
    Algorithms, EncapsulationAlgorithm, EncryptionAlgorithm, KeyAgreementAlgorithm, MacAlgorithm, SigningAlgorithm,
};

use crate::keys::Key;

fn of(key: &Key) -> Option<Algorithms> {
    key.record.spec.algorithms(key.record.usage)
}

/// The algorithm as the key's table has it, or the refusal.
fn found<A: Copy>(
    algorithms: &[A],
    name: impl Fn(A) -> &'static str,
    requested: &'static str,
    key: &Key,
) -> Result<A, ApiError> {
    let found = algorithms
        .iter()
        .copied()
        .find(|algorithm| name(*algorithm) == requested);
    found.ok_or_else(|| incompatible(requested, key))
}

/// The encryption algorithm that is named.
pub(crate) fn encryption(key: &Key, requested: kms::EncryptionAlgorithmSpec) -> Result<EncryptionAlgorithm, ApiError> {
    match of(key) {
        Some(Algorithms::Encryption(list)) => found(list, EncryptionAlgorithm::as_str, requested.as_str(), key),
        _ => Err(incompatible(requested, key)),
    }
}

/// The signing algorithm that is named.
pub(crate) fn signing(key: &Key, requested: kms::SigningAlgorithmSpec) -> Result<SigningAlgorithm, ApiError> {
    match of(key) {
        Some(Algorithms::Signing(list)) => found(list, SigningAlgorithm::as_str, requested.as_str(), key),
        _ => Err(incompatible(requested, key)),
    }
}

/// The MAC algorithm that is named.
pub(crate) fn mac(key: &Key, requested: kms::MacAlgorithmSpec) -> Result<MacAlgorithm, ApiError> {
    match of(key) {
        Some(Algorithms::Mac(list)) => found(list, MacAlgorithm::as_str, requested.as_str(), key),
        _ => Err(incompatible(requested, key)),
    }
}

/// The algorithm of key agreement that is named.
pub(crate) fn agreement(
    key: &Key,
    requested: kms::KeyAgreementAlgorithmSpec,
) -> Result<KeyAgreementAlgorithm, ApiError> {
    match of(key) {
        Some(Algorithms::KeyAgreement(list)) => found(list, KeyAgreementAlgorithm::as_str, requested.as_str(), key),
        _ => Err(incompatible(requested, key)),
    }
}

/// The algorithm of encapsulation that is named.
pub(crate) fn encapsulation(
    key: &Key,
    requested: kms::EncapsulationAlgorithmSpec,
) -> Result<EncapsulationAlgorithm, ApiError> {
    match of(key) {
        Some(Algorithms::Encapsulation(list)) => found(list, EncapsulationAlgorithm::as_str, requested.as_str(), key),
        _ => Err(incompatible(requested, key)),
    }
}

fn incompatible(algorithm: impl Display, key: &Key) -> ApiError {
    kms::error::invalid_key_usage(format!(
        "Algorithm {algorithm} is incompatible with key spec {}.",
        key.record.spec
    ))
}
