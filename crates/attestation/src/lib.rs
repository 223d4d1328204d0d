//! Attestation documents: the signed statements in which the platform of an AWS Nitro enclave, or the `NitroTPM` of an
//! instance, says what runs there and which public key belongs to it (guide, "How AWS Nitro Enclaves uses AWS KMS").
//!
//! [`verify`] believes a document or says why not; [`RecipientKey::seal`] encrypts a reply to the key in it, in the form
//! that the enclaves' own libraries open. Everything here is a function of its arguments: the time and the [`Roots`] are
//! passed in. The one exception is randomness, which aws-lc-rs draws when something is sealed.

mod attestation;
mod certificate;
mod chain;
mod document;
mod envelope;
mod error;
mod roots;
mod sign1;

pub use attestation::{Attestation, CLOCK_SKEW, MAX_AGE, MAX_BYTES, verify};
pub use document::Platform;
pub use envelope::{NotSealed, RecipientKey};
pub use error::{AttestationError, CertificateFault, DocumentFault, KeyFault, Member, Sign1Fault};
pub use roots::{Fingerprint, Roots};
