//! TLS of a listener: what it offers, the handshake, and certificates that are read anew while it serves.
//!
//! What is read makes a [`State`], which is replaced as a whole: a handshake uses the one that is there when it begins,
//! and connections go on as they were agreed upon. Files that cannot be used replace nothing.

mod certificates;
mod groups;
mod handshakes;
mod negotiated;
mod settings;
mod state;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rustls::server::Acceptor;
use rustls::{AlertDescription, Error, PeerIncompatible};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;
use trent_metrics::{Counter, Observed};
use trent_service::Negotiated;

pub use certificates::TlsError;
pub use settings::{CertificateFiles, ClientCertificates, KeyExchange, TlsSettings};

use handshakes::{Broken, Handshakes};
use state::{Fingerprint, State};

/// The TLS of one listener.
#[derive(Debug)]
pub struct Tls {
    settings: TlsSettings,
    state: ArcSwap<State>,
    files: Mutex<Files>,
    handshakes: Handshakes,
    reloads: Counter,
    failed_reloads: Counter,
}

/// The files as they were when they were last looked at.
#[derive(Debug)]
struct Files {
    seen: Fingerprint,
    /// Why they cannot be used as they are now.
    problem: Option<String>,
}

impl Tls {
    /// Reads the files.
    pub fn open(settings: TlsSettings) -> Result<Self, TlsError> {
        let seen = Fingerprint::of(&settings);
        let state = State::read(&settings)?;
        Ok(Self {
            settings,
            state: ArcSwap::from_pointee(state),
            files: Mutex::new(Files { seen, problem: None }),
            handshakes: Handshakes::default(),
            reloads: Counter::default(),
            failed_reloads: Counter::default(),
        })
    }

    /// Whether the files are others than those that were last read.
    pub fn is_outdated(&self) -> bool {
        Fingerprint::of(&self.settings) != self.files.lock().seen
    }

    /// Reads the files again. What cannot be used is put off, and what was read before stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        let mut files = self.files.lock();
        // Before they are read: what is changed meanwhile is looked at again.
        files.seen = Fingerprint::of(&self.settings);
        match State::read(&self.settings) {
            Ok(state) => {
                self.state.store(Arc::new(state));
                files.problem = None;
                self.reloads.increment();
                Ok(())
            }
            Err(error) => {
                files.problem = Some(error.to_string());
                self.failed_reloads.increment();
                Err(error)
            }
        }
    }

    /// What was said.
    pub fn settings(&self) -> &TlsSettings {
        &self.settings
    }

    /// The versions that are offered.
    pub fn versions(&self) -> &'static [&'static str] {
        match self.settings.key_exchange {
            KeyExchange::PqRequired => &["TLSv1.3"],
            KeyExchange::PqPreferred | KeyExchange::ClassicOnly => &["TLSv1.3", "TLSv1.2"],
        }
    }

    /// The groups that are offered, in order of preference.
    pub fn groups(&self) -> Vec<&'static str> {
        groups::names(self.settings.key_exchange)
    }

    /// When the first of the certificates in use ends, since the Unix epoch.
    pub fn expires(&self) -> Duration {
        self.state.load().expires
    }

    /// Why the files cannot be used as they are now, if they cannot.
    pub fn problem(&self) -> Option<String> {
        self.files.lock().problem.clone()
    }

    /// Handshakes that succeeded, by version and group.
    pub fn handshakes(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        self.handshakes.counted()
    }

    /// Handshakes that failed, by reason.
    pub fn failures(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.handshakes.failed()
    }

    /// How long those took that succeeded.
    pub fn handshake_times(&self) -> Observed {
        self.handshakes.times()
    }

    /// How often new files were taken, and how often they could not be used.
    pub fn reloads(&self) -> [u64; 2] {
        [self.reloads.get(), self.failed_reloads.get()]
    }

    /// The lines that whoever asks for the listener's health is told: what it speaks, and whether its certificate is in
    /// order.
    pub(crate) fn health(&self, now: Duration) -> String {
        let setting = self.settings.key_exchange;
        let mut lines = format!(
            "\ntls: {}\nkey exchange: {}: {}\npost-quantum: {}\nclient certificates: {}",
            self.versions().join(", "),
            setting.as_str(),
            self.groups().join(", "),
            match setting {
                KeyExchange::PqPreferred => "preferred",
                KeyExchange::PqRequired => "required",
                KeyExchange::ClassicOnly => "not offered",
            },
            self.settings.clients.as_str(),
        );
        if self.expires() <= now {
            lines.push_str("\ncertificate: expired");
        }
        // Which file, and why, is nothing for everybody.
        if self.files.lock().problem.is_some() {
            lines.push_str("\ncertificate: the new files cannot be used, the earlier ones are in use");
        }
        lines
    }

    /// The server's side of a handshake, `patience` long at most. Nothing: it failed, which is counted.
    pub(crate) async fn accept<S>(&self, stream: S, patience: Duration) -> Option<(TlsStream<S>, Negotiated)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let began = Instant::now();
        let shaken = tokio::time::timeout(patience, self.shake_hands(stream)).await;
        match shaken {
            Ok(Ok(stream)) => {
                let negotiated = negotiated::of(stream.get_ref().1);
                self.handshakes.done(&negotiated, began.elapsed());
                Some((stream, negotiated))
            }
            Ok(Err(error)) => {
                tracing::debug!(error = %error, "a handshake failed");
                self.handshakes.broken(why(&error));
                None
            }
            Err(_) => {
                tracing::debug!("a handshake took too long");
                self.handshakes.broken(Broken::Late);
                None
            }
        }
    }

    async fn shake_hands<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<TlsStream<S>> {
        let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let state = self.state.load_full();
        let groups = begun.client_hello().named_groups().unwrap_or_default().to_vec();
        begun.into_stream(state.for_client(&groups)).await
    }
}

/// What a failure is counted as.
fn why(error: &io::Error) -> Broken {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match tls {
        None => Broken::Gone,
        Some(Error::NoCertificatesPresented | Error::InvalidCertificate(_)) => Broken::ClientCertificate,
        Some(Error::PeerIncompatible(PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon)) => {
            Broken::ClientCertificate
        }
        Some(Error::PeerIncompatible(_)) => Broken::NothingInCommon,
        Some(Error::AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure)) => {
            Broken::NothingInCommon
        }
        Some(_) => Broken::Other,
    }
}
