//! Whose attestation documents are believed beside those of AWS.

use trent_attestation::{CertificateFault, Roots};

use super::sources::{Problem, Reader};
use super::value;
use crate::certificate_file;

/// The roots. Each that is not that of AWS is noted, at the start of a server too: whoever has its key decides what runs
/// in an enclave.
pub(super) fn roots(r: &mut Reader) -> Option<Roots> {
    let roots = r.read(
        "attestation.roots_file",
        "PEM file of roots whose attestation documents are believed beside those of AWS",
        "",
        |text| {
            if text.is_empty() {
                Ok(Roots::default())
            } else {
                read(text)
            }
        },
    )?;
    for root in roots.further() {
        r.notes.push(Problem {
            at: None,
            message: format!("attestation documents of a root that is not AWS's are believed; its SHA-256 is {root}"),
        });
    }
    Some(roots)
}

fn read(text: &str) -> Result<Roots, String> {
    let path = value::path(text)?;
    let certificates = certificate_file::read(&path).map_err(|error| error.to_string())?;
    let unusable = |fault: CertificateFault| format!("{}: a certificate in it {fault}", path.display());
    certificates
        .into_iter()
        .try_fold(Roots::default(), |roots, certificate| {
            roots.and(certificate.to_vec()).map_err(unusable)
        })
}
