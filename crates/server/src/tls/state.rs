//! What handshakes are made with, as it was read from the files at one time.

use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{NamedGroup, ServerConfig, SupportedProtocolVersion};

use super::certificates::{Certificates, TlsError, authorities};
use super::groups;
use super::settings::{ClientCertificates, KeyExchange, TlsSettings};

/// Everything at once, so that certificate, key and authorities always belong together.
#[derive(Debug)]
pub(super) struct State {
    hybrid: Arc<ServerConfig>,
    classic: Arc<ServerConfig>,
    pub(super) expires: Duration,
}

impl State {
    pub(super) fn read(settings: &TlsSettings) -> Result<Self, TlsError> {
        let setting = settings.key_exchange;
        let provider = with_groups(groups::for_hybrid_clients(setting));
        let certificates = Arc::new(Certificates::read(settings, &provider)?);
        let clients = client_verifier(&settings.clients, &provider)?;
        let config = |provider| config(provider, setting, clients.clone(), &certificates);
        Ok(Self {
            hybrid: config(provider)?,
            classic: config(with_groups(groups::for_classic_clients(setting)))?,
            expires: certificates.expires(),
        })
    }

    /// The one for a client that knows these groups.
    pub(super) fn for_client(&self, known: &[NamedGroup]) -> Arc<ServerConfig> {
        if known.iter().any(|group| groups::is_hybrid(*group)) {
            Arc::clone(&self.hybrid)
        } else {
            Arc::clone(&self.classic)
        }
    }
}

fn with_groups(groups: Vec<&'static dyn SupportedKxGroup>) -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        cipher_suites: aws_lc_rs::DEFAULT_CIPHER_SUITES.to_vec(),
        kx_groups: groups,
        ..aws_lc_rs::default_provider()
    })
}

/// Hybrid groups are for TLS 1.3.
fn versions(setting: KeyExchange) -> Vec<&'static SupportedProtocolVersion> {
    match setting {
        KeyExchange::PqRequired => vec![&TLS13],
        KeyExchange::PqPreferred | KeyExchange::ClassicOnly => vec![&TLS13, &TLS12],
    }
}

fn client_verifier(
    clients: &ClientCertificates,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsError> {
    let Some(file) = clients.authorities() else {
        return Ok(None);
    };
    let roots = Arc::new(authorities(file)?);
    let builder = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider));
    let builder = match clients {
        ClientCertificates::Required(_) => builder,
        ClientCertificates::Optional(_) | ClientCertificates::Ignored => builder.allow_unauthenticated(),
    };
    builder
        .build()
        .map(Some)
        .map_err(|error| TlsError::Setup(error.to_string()))
}

fn config(
    provider: Arc<CryptoProvider>,
    setting: KeyExchange,
    clients: Option<Arc<dyn ClientCertVerifier>>,
    certificates: &Arc<Certificates>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions(setting))
        .map_err(|error| TlsError::Setup(error.to_string()))?;
    let builder = match clients {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::clone(certificates) as _);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// By what files are told from what they were: nobody writes a file so that none of it changes. A name that points
/// elsewhere is another file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fingerprint(Vec<Option<[i64; 4]>>);

impl Fingerprint {
    pub(super) fn of(settings: &TlsSettings) -> Self {
        let one = |path| {
            let found = std::fs::metadata(path).ok()?;
            let number = found.ino().cast_signed();
            Some([number, found.size().cast_signed(), found.mtime(), found.mtime_nsec()])
        };
        Self(settings.files().map(one).collect())
    }
}
