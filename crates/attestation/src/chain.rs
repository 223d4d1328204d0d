//! The chain from a root to the certificate that signed a document (RFC 5280, section 6, without policies and
//! revocation, of which the platform's certificates have none: they live for hours).
//!
//! It is walked from the root down, in the order in which the document has it. Nothing below a certificate is looked at
//! before the certificate itself is believed.

use std::time::Duration;

use crate::certificate::Certificate;
use crate::error::{AttestationError, CertificateFault};
use crate::roots::{Root, Roots};

/// The certificate that signs documents, once its chain is believed, and the root that it leads to.
pub(crate) fn verify<'r>(
    authorities: &[&[u8]],
    signer: &[u8],
    roots: &'r Roots,
    now: Duration,
    skew: Duration,
) -> Result<(Certificate, &'r Root), AttestationError> {
    // The document brings its root along. It only names one: what is used is the certificate that is trusted here.
    let (named, between) = authorities.split_first().ok_or(AttestationError::UnknownRoot)?;
    let root = roots.find(named).ok_or(AttestationError::UnknownRoot)?;
    let fault = |at: usize| move |fault: CertificateFault| AttestationError::Certificate { at, fault };
    let mut above = root.certificate.clone();
    above.check_validity(now, skew).map_err(fault(0))?;
    above.check_authority(between.len()).map_err(fault(0))?;
    for (at, der) in between.iter().enumerate() {
        let below = between.len() - at - 1;
        let fault = fault(at + 1);
        let authority = issued(der, &above, now, skew).map_err(fault)?;
        authority.check_authority(below).map_err(fault)?;
        above = authority;
    }
    let fault = fault(authorities.len());
    let signer = issued(signer, &above, now, skew).map_err(fault)?;
    signer.check_signer().map_err(fault)?;
    Ok((signer, root))
}

fn issued(der: &[u8], by: &Certificate, now: Duration, skew: Duration) -> Result<Certificate, CertificateFault> {
    let certificate = Certificate::parse(der)?;
    certificate.check_issued_by(by)?;
    certificate.check_validity(now, skew)?;
    Ok(certificate)
}
