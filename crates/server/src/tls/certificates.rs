//! Certificates and their keys: reading them from files, and choosing one by the name that a client asks for.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, RootCertStore};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use zeroize::Zeroizing;

use super::settings::{CertificateFiles, TlsSettings};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// Why a listener's TLS cannot be had from its files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A file of certificates has none.
    #[error("{} has no certificate; it must have at least one, in PEM", .0.display())]
    NoCertificate(PathBuf),
    /// A file of a private key has none.
    #[error("{} has no private key; it must have one, in PEM and not encrypted", .0.display())]
    NoKey(PathBuf),
    /// What looks like a certificate or a key is none.
    #[error("{} is malformed: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The private key belongs to another certificate.
    #[error("the key in {} is not that of the certificate in {}", key.display(), chain.display())]
    OtherKey {
        /// The certificate's file.
        chain: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The library does not take them together.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

impl TlsError {
    fn malformed(path: &Path, reason: &dyn std::fmt::Display) -> Self {
        Self::Malformed {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }
}

/// A certificate with its key.
#[derive(Debug)]
pub(super) struct Certified {
    key: Arc<CertifiedKey>,
    /// When it ends, since the Unix epoch.
    pub(super) expires: Duration,
}

impl Certified {
    /// Reads one.
    fn read(files: &CertificateFiles, provider: &CryptoProvider) -> Result<Self, TlsError> {
        let chain = certificates(&files.chain)?;
        let key = private_key(&files.key)?;
        let parsed = Certificate::from_der(&chain[0]).map_err(|error| TlsError::malformed(&files.chain, &error))?;
        let expires = parsed.tbs_certificate().validity().not_after.to_unix_duration();
        ParsedCertificate::try_from(&chain[0]).map_err(|error| TlsError::malformed(&files.chain, &error))?;
        let loaded = provider.key_provider.load_private_key(key);
        let key = loaded.map_err(|error| TlsError::malformed(&files.key, &error))?;
        let key = CertifiedKey::new(chain, key);
        match key.keys_match() {
            // Of some kinds of keys the library cannot tell.
            Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(Self {
                key: Arc::new(key),
                expires,
            }),
            Err(_) => Err(TlsError::OtherKey {
                chain: files.chain.clone(),
                key: files.key.clone(),
            }),
        }
    }

    fn is_for(&self, name: &ServerName<'_>) -> bool {
        let parsed = self.key.cert.first().map(ParsedCertificate::try_from);
        matches!(parsed, Some(Ok(parsed)) if verify_server_name(&parsed, name).is_ok())
    }
}

/// The certificates of a listener.
#[derive(Debug)]
pub(super) struct Certificates(Vec<Certified>);

impl Certificates {
    pub(super) fn read(settings: &TlsSettings, provider: &CryptoProvider) -> Result<Self, TlsError> {
        let files = settings.certificates.iter();
        let read: Result<Vec<_>, _> = files.map(|files| Certified::read(files, provider)).collect();
        read.map(Self)
    }

    /// When the first of them ends, since the Unix epoch.
    pub(super) fn expires(&self) -> Duration {
        self.0.iter().map(|one| one.expires).min().unwrap_or_default()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().and_then(|name| ServerName::try_from(name).ok());
        let fitting = match &name {
            Some(name) if self.0.len() > 1 => self.0.iter().find(|one| one.is_for(name)),
            _ => None,
        };
        fitting.or(self.0.first()).map(|one| Arc::clone(&one.key))
    }
}

/// The authorities in a file.
pub(super) fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        let added = roots.add(certificate);
        added.map_err(|error| TlsError::malformed(path, &error))?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(path)?;
    let found = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|error| TlsError::malformed(path, &error))?;
    if found.is_empty() {
        return Err(TlsError::NoCertificate(path.to_owned()));
    }
    Ok(found)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    match PrivateKeyDer::from_pem_slice(&read(path)?) {
        Ok(key) => Ok(key),
        Err(rustls::pki_types::pem::Error::NoItemsFound) => Err(TlsError::NoKey(path.to_owned())),
        Err(error) => Err(TlsError::malformed(path, &error)),
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let read = || {
        let file = File::open(path)?;
        // Room for all of it at once: a buffer that grows leaves copies behind.
        let size = usize::try_from(file.metadata()?.len().min(LARGEST)).unwrap_or(0);
        let mut content = Zeroizing::new(Vec::with_capacity(size + 1));
        if file.take(LARGEST + 1).read_to_end(&mut content)? as u64 > LARGEST {
            return Err(io::Error::other(format!("it has more than {LARGEST} bytes")));
        }
        Ok(content)
    };
    read().map_err(|error| TlsError::File {
        path: path.to_owned(),
        error,
    })
}
