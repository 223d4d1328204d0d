//! What a listener's TLS is made of, as the operator says it.

use std::path::PathBuf;

/// The files of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// PEM: the server's certificate, then those that lead from it towards its authority.
    pub chain: PathBuf,
    /// PEM: its private key. It may be the same file.
    pub key: PathBuf,
}

/// How the keys of connections are agreed upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyExchange {
    /// Hybrid groups with every client that knows one, classic ones with the others.
    PqPreferred,
    /// Classic groups alone.
    ClassicOnly,
    /// Hybrid groups alone, and so TLS 1.3 alone.
    PqRequired,
}

impl KeyExchange {
    /// The settings' word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PqPreferred => "pq-preferred",
            Self::ClassicOnly => "classic-only",
            Self::PqRequired => "pq-required",
        }
    }
}

/// Whether clients prove who they are by a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientCertificates {
    /// None is asked for.
    Ignored,
    /// One is asked for; a client may have none, and one that is shown must be in order.
    Optional(PathBuf),
    /// Nobody connects without one.
    Required(PathBuf),
}

impl ClientCertificates {
    /// PEM: the authorities whose certificates count.
    pub(super) fn authorities(&self) -> Option<&PathBuf> {
        match self {
            Self::Ignored => None,
            Self::Optional(file) | Self::Required(file) => Some(file),
        }
    }

    /// The settings' word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Ignored => "none",
            Self::Optional(_) => "optional",
            Self::Required(_) => "required",
        }
    }
}

/// The TLS of one listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// One at least. The first one is shown to clients that name no server, or one that no certificate is for.
    pub certificates: Vec<CertificateFiles>,
    /// Whether clients show one too.
    pub clients: ClientCertificates,
    /// How keys are agreed upon.
    pub key_exchange: KeyExchange,
}

impl TlsSettings {
    /// Every file that is read.
    pub(super) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let own = self.certificates.iter().flat_map(|files| [&files.chain, &files.key]);
        own.chain(self.clients.authorities())
    }
}
