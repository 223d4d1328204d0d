//! Files of certificate authorities that the configuration names: PEM, one certificate at least.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The largest file of certificates that is read, in bytes: several times all the public authorities.
const LARGEST: u64 = 1 << 20;

/// Why a file of certificate authorities cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateFileError {
    /// It cannot be read.
    #[error("cannot read the certificates {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// There is none in it.
    #[error("{} has no certificate; it must have those of certificate authorities, in PEM", .0.display())]
    NoCertificate(PathBuf),
    /// What looks like one is none.
    #[error("{} has a certificate that is malformed: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl CertificateFileError {
    /// A certificate of the file is none, for this reason.
    pub(crate) fn malformed(path: &Path, reason: &dyn std::error::Error) -> Self {
        Self::Malformed {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }
}

/// The certificates in a file, one at least.
pub(crate) fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateFileError> {
    let mut pem = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut pem));
    let read = read.and_then(|read| {
        if read as u64 > LARGEST {
            return Err(io::Error::other(format!("it has more than {LARGEST} bytes")));
        }
        Ok(())
    });
    read.map_err(|error| CertificateFileError::File {
        path: path.to_owned(),
        error,
    })?;
    let certificates = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| CertificateFileError::malformed(path, &error))?;
    if certificates.is_empty() {
        return Err(CertificateFileError::NoCertificate(path.to_owned()));
    }
    Ok(certificates)
}
