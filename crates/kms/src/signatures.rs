//! What `Sign` and `Verify` have in common: the message, in one of the forms that an algorithm takes.

use trent_api::{ApiError, kms, protocol};
use trent_crypto::spec::{Algorithms, MessageKind, SigningAlgorithm};
use trent_keystore::{KeystoreError, PairError, SignedMessage};
use trent_service::internal;

use crate::keys::Key;

/// What kind of message a request brings: the message itself if it does not say.
pub(crate) fn kind(requested: Option<kms::MessageType>) -> kms::MessageType {
    requested.unwrap_or(kms::MessageType::Raw)
}

/// The message of a request, if the algorithm takes it as what it is said to be.
pub(crate) fn message(
    key: &Key,
    algorithm: SigningAlgorithm,
    requested: Option<kms::MessageType>,
    bytes: &[u8],
) -> Result<SignedMessage, ApiError> {
    let (kind, length) = match kind(requested) {
        kms::MessageType::Raw => (MessageKind::Raw, None),
        kms::MessageType::Digest => (MessageKind::Digest, algorithm.digest_len()),
        kms::MessageType::ExternalMu => (MessageKind::ExternalMu, Some(SigningAlgorithm::EXTERNAL_MU_LEN)),
    };
    if !algorithm.accepts(kind) {
        return Err(unfit(key, algorithm, kind));
    }
    if length.is_some_and(|length| length != bytes.len()) {
        return Err(protocol::validation(format!(
            "Digest is invalid length for algorithm {algorithm}."
        )));
    }
    let bytes = bytes.to_vec();
    Ok(match kind {
        MessageKind::Raw => SignedMessage::Raw(bytes),
        MessageKind::Digest => SignedMessage::Digest(bytes),
        MessageKind::ExternalMu => SignedMessage::ExternalMu(bytes),
    })
}

/// The refusal of a kind of message blames the key if none of its algorithms takes it, else the algorithm.
fn unfit(key: &Key, algorithm: SigningAlgorithm, kind: MessageKind) -> ApiError {
    let spec = key.record.spec;
    let by_another = match spec.algorithms(key.record.usage) {
        Some(Algorithms::Signing(list)) => list.iter().any(|algorithm| algorithm.accepts(kind)),
        _ => false,
    };
    protocol::validation(if by_another {
        format!("Message type {kind} is incompatible with algorithm {algorithm}.")
    } else {
        format!("Message type {kind} is incompatible with key spec {spec}.")
    })
}

/// Whatever is wrong with a signature looks the same.
pub(crate) fn verification_failure(error: KeystoreError) -> ApiError {
    match error {
        KeystoreError::Pair(PairError::Refused) => kms::error::KMS_INVALID_SIGNATURE.bare(),
        other => internal(other),
    }
}
