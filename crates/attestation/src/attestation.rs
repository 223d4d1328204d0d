//! A document that is believed, and what it takes to be believed.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::chain;
use crate::document::{Document, Platform};
use crate::envelope::RecipientKey;
use crate::error::{AttestationError, KeyFault, Sign1Fault};
use crate::roots::{Fingerprint, Roots};
use crate::sign1::Sign1;

/// How old a document may be: it is made for a request, and what it says holds for the moment.
pub const MAX_AGE: Duration = Duration::from_mins(5);
/// How far the clocks of the platform and of this machine may be apart.
pub const CLOCK_SKEW: Duration = Duration::from_mins(1);
/// The most bytes that a message around a document can have: the largest payload, the signature, and their framing.
pub const MAX_BYTES: usize = 16_384 + 256;

/// What a believed document says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    module_id: String,
    platform: Platform,
    registers: BTreeMap<u8, String>,
    public_key: Option<Vec<u8>>,
    root: Option<Fingerprint>,
}

/// Believes a document, or says why not: the message, the document in it, the chain of its certificates from a root that
/// is trusted, the signature, and its age. `now` is the time since the Unix epoch.
pub fn verify(message: &[u8], roots: &Roots, now: Duration) -> Result<Attestation, AttestationError> {
    if message.len() > MAX_BYTES {
        return Err(Sign1Fault::TooLarge.into());
    }
    let message = Sign1::parse(message)?;
    let document = Document::parse(message.payload)?;
    let (signer, root) = chain::verify(&document.authorities, document.certificate, roots, now, CLOCK_SKEW)?;
    if !signer.has_signed(&message.signed(), message.signature) {
        return Err(AttestationError::Signature);
    }
    if document.made > now.saturating_add(CLOCK_SKEW) {
        return Err(AttestationError::Future);
    }
    if now.saturating_sub(document.made) > MAX_AGE {
        return Err(AttestationError::Stale);
    }
    let registers = document.registers.iter();
    Ok(Attestation {
        module_id: document.module_id.to_owned(),
        platform: document.platform,
        registers: registers.map(|(index, value)| (*index, hex::encode(value))).collect(),
        public_key: document.public_key.map(<[u8]>::to_vec),
        root: (!roots.is_aws(root)).then_some(root.fingerprint),
    })
}

impl Attestation {
    /// The enclave's id, or the TPM's.
    pub fn module_id(&self) -> &str {
        &self.module_id
    }

    /// What vouches for the registers.
    pub const fn platform(&self) -> Platform {
        self.platform
    }

    /// The value of a register in lower-case hexadecimal digits, if the document has it.
    pub fn register(&self, index: u8) -> Option<&str> {
        self.registers.get(&index).map(String::as_str)
    }

    /// The root that the document leads to, if it is another than that of AWS.
    pub const fn further_root(&self) -> Option<Fingerprint> {
        self.root
    }

    /// The key that replies are sealed to.
    pub fn recipient_key(&self) -> Result<RecipientKey, KeyFault> {
        RecipientKey::parse(self.public_key.as_deref().ok_or(KeyFault::Missing)?)
    }
}
