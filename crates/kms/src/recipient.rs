//! To whom a reply goes: the caller, or an attested recipient whose key the reply is sealed to (guide, "How to call AWS
//! KMS APIs for a Nitro enclave").
//!
//! What a request says of its recipient is found out once, when it is resolved: policies may ask for it. A document that
//! is not believed tells policies nothing, and whatever they then allow, nothing is done: there is no way from here to a
//! reply in the clear.

use std::sync::Arc;

use trent_api::{ApiError, Blob, kms, protocol};
use trent_attestation::{Attestation, AttestationError, Platform, RecipientKey};
use trent_audit::json::{Fragment, Object};
use trent_keystore::Secret;
use trent_policy::{ConditionKey, Values};
use trent_service::{Call, internal};

use crate::Kms;

/// What the condition keys of recipients begin with, in lower case.
const CONDITIONS: &str = "kms:recipientattestation:";

/// The registers of an enclave that records show, and as what.
const ENCLAVE_REGISTERS: [(u8, &str); 6] = [
    (0, "attestationDocumentEnclaveImageDigest"),
    (1, "attestationDocumentEnclavePCR1"),
    (2, "attestationDocumentEnclavePCR2"),
    (3, "attestationDocumentEnclavePCR3"),
    (4, "attestationDocumentEnclavePCR4"),
    (8, "attestationDocumentEnclavePCR8"),
];
/// The registers of a TPM that records show, and as what.
const TPM_REGISTERS: [(u8, &str); 6] = [
    (4, "attestationDocumentNitroTPMPCR4"),
    (7, "attestationDocumentNitroTPMPCR7"),
    (8, "attestationDocumentNitroTPMPCR8"),
    (9, "attestationDocumentNitroTPMPCR9"),
    (16, "attestationDocumentNitroTPMPCR16"),
    (23, "attestationDocumentNitroTPMPCR23"),
];

/// What a request is about, and to whom its reply goes.
pub struct Addressed<T> {
    /// What it is about.
    pub target: T,
    /// To whom its reply goes.
    pub recipient: Recipient,
}

/// To whom a reply goes.
pub enum Recipient {
    /// The caller.
    Caller,
    /// Whoever has the key that this document attests.
    Attested(Box<Attestation>),
    /// Nobody: what the request says of its recipient is not to be relied on.
    Refused(Refusal),
}

/// Why nothing goes to the recipient that a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It does not say how to encrypt.
    #[error("Recipient has no KeyEncryptionAlgorithm: RSAES_OAEP_SHA_256 is the one there is.")]
    NoAlgorithm,
    /// It brings no document.
    #[error("Recipient has no AttestationDocument.")]
    NoDocument,
    /// It brings one that is not believed.
    #[error("The attestation document in Recipient is not accepted: {0}.")]
    Document(AttestationError),
}

impl Recipient {
    /// The recipient that a request names. Whatever is wrong with it is told once the request is authorized.
    pub(crate) async fn of(service: &Kms, call: &Call, info: Option<&kms::RecipientInfo>) -> Result<Self, ApiError> {
        let Some(info) = info else { return Ok(Self::Caller) };
        if info.key_encryption_algorithm.is_none() {
            return Ok(Self::Refused(Refusal::NoAlgorithm));
        }
        let Some(document) = &info.attestation_document else {
            return Ok(Self::Refused(Refusal::NoDocument));
        };
        let (document, now) = (document.to_vec(), call.now);
        let roots = Arc::clone(service.attestation_roots());
        // Half a dozen signatures to verify: not on a thread that others wait for.
        let verified = tokio::task::spawn_blocking(move || trent_attestation::verify(&document, &roots, now));
        Ok(match verified.await.map_err(internal)? {
            Ok(attestation) => Self::Attested(Box::new(attestation)),
            Err(error) => Self::Refused(Refusal::Document(error)),
        })
    }

    /// The values of a condition key: of the document if the key is about recipients, otherwise what else the request
    /// gives it.
    pub(crate) fn values<'a>(&'a self, key: &'a ConditionKey, otherwise: impl FnOnce() -> Values<'a>) -> Values<'a> {
        match (key.suffix(CONDITIONS), self) {
            (None, _) => otherwise(),
            (Some(asked), Self::Attested(attestation)) => Values::optional(register(attestation, asked)),
            (Some(_), Self::Caller | Self::Refused(_)) => Values::Absent,
        }
    }

    /// The way that the reply's plaintext is to take. To be asked for before there is any plaintext.
    pub(crate) fn outlet(&self) -> Result<Outlet, ApiError> {
        let key = match self {
            Self::Caller => return Ok(Outlet(None)),
            Self::Attested(attestation) => attestation.recipient_key(),
            Self::Refused(refusal) => return Err(protocol::validation(refusal.to_string())),
        };
        let refused = |fault| format!("The attestation document in Recipient is not accepted: {fault}.");
        key.map(|key| Outlet(Some(key)))
            .map_err(|fault| protocol::validation(refused(fault)))
    }

    /// What the request's record shows beside its parameters: who a believed document is of.
    pub(crate) fn audited(&self) -> Option<Fragment> {
        let Self::Attested(attestation) = self else { return None };
        let mut recipient = Object::new();
        recipient.string("attestationDocumentModuleId", attestation.module_id());
        let shown = match attestation.platform() {
            Platform::Enclave => ENCLAVE_REGISTERS,
            Platform::NitroTpm => TPM_REGISTERS,
        };
        for (index, name) in shown {
            if let Some(value) = attestation.register(index) {
                recipient.string(name, value);
            }
        }
        if let Some(root) = attestation.further_root() {
            recipient.string("attestationDocumentRootSha256", &root.to_string());
        }
        let mut data = Object::new();
        data.object("recipient", recipient);
        Some(data.finish())
    }
}

/// The register that a condition key asks for, by what follows the prefix in its name.
fn register<'a>(attestation: &'a Attestation, asked: &str) -> Option<&'a str> {
    let (platform, index) = if asked == "imagesha384" {
        (Platform::Enclave, 0)
    } else if let Some(index) = asked.strip_prefix("pcr") {
        (Platform::Enclave, index_of(index)?)
    } else {
        (Platform::NitroTpm, index_of(asked.strip_prefix("nitrotpmpcr")?)?)
    };
    attestation
        .register(index)
        .filter(|_| attestation.platform() == platform)
}

/// A register's number as names have it: one or two digits, without a sign or zeros in front.
fn index_of(digits: &str) -> Option<u8> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    digits.parse().ok().filter(|_| plain)
}

/// The way of a reply's plaintext.
pub(crate) struct Outlet(Option<RecipientKey>);

/// A plaintext as the reply has it: in one of the two members.
pub(crate) struct Delivered {
    /// For the caller.
    pub(crate) plaintext: Option<Blob>,
    /// For the recipient, `CiphertextForRecipient`.
    pub(crate) sealed: Option<Blob>,
}

impl Outlet {
    /// A member of the reply that a recipient's reply leaves out.
    pub(crate) fn unless_sealed<T>(&self, member: Option<T>) -> Option<T> {
        member.filter(|_| self.0.is_none())
    }

    /// Puts a plaintext where it belongs.
    pub(crate) fn deliver(&self, plaintext: Secret) -> Result<Delivered, ApiError> {
        Ok(match &self.0 {
            None => Delivered {
                plaintext: Some(Blob::from(plaintext.into_bytes())),
                sealed: None,
            },
            Some(key) => Delivered {
                plaintext: None,
                sealed: Some(Blob::new(key.seal(plaintext.expose()).map_err(internal)?)),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_numbered_in_one_way() {
        for (digits, index) in [("0", Some(0)), ("8", Some(8)), ("31", Some(31)), ("99", Some(99))] {
            assert_eq!(index_of(digits), index, "{digits}");
        }
        for digits in ["", "00", "01", "+1", "-1", "1 ", "0x1", "256", "one", "1${x}"] {
            assert_eq!(index_of(digits), None, "{digits}");
        }
    }
}
