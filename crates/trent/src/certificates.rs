//! Has the certificates of the listeners read anew: when the operator says so (SIGHUP), and when their files change.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::MissedTickBehavior;
use trent_server::{Tls, TlsSettings};

use crate::Failure;

/// How often the files are looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// A certificate that ends sooner is worth a word.
const SOON: Duration = Duration::from_hours(14 * 24);

/// The TLS of the listeners, by their addresses.
#[derive(Clone, Default)]
pub(crate) struct Certificates(Vec<(SocketAddr, Arc<Tls>)>);

impl Certificates {
    /// Reads the certificates of a listener, if it has some.
    pub(crate) fn open(
        &mut self,
        address: SocketAddr,
        settings: Option<TlsSettings>,
    ) -> Result<Option<Arc<Tls>>, Failure> {
        let Some(settings) = settings else { return Ok(None) };
        let opened = Tls::open(settings).map_err(|error| format!("the TLS of {address}: {error}"))?;
        let tls = Arc::new(opened);
        warn_of_expiry(address, &tls);
        self.0.push((address, Arc::clone(&tls)));
        Ok(Some(tls))
    }

    /// Each listener's.
    pub(crate) fn each(&self) -> impl Iterator<Item = (SocketAddr, &Tls)> {
        self.0.iter().map(|(address, tls)| (*address, &**tls))
    }

    /// Reads what has changed, for ever.
    pub(crate) async fn keep_current(self, mut hangup: Hangup) {
        let mut look = tokio::time::interval(LOOK_AGAIN);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let told = tokio::select! {
                () = hangup.next() => true,
                _ = look.tick() => false,
            };
            let all = self.clone();
            // Files are read, which may take long.
            let read = tokio::task::spawn_blocking(move || all.read_again(told));
            if let Err(error) = read.await {
                tracing::error!(error = %error, "certificates could not be looked at");
            }
        }
    }

    fn read_again(&self, told: bool) {
        if told && self.0.is_empty() {
            tracing::info!("SIGHUP has certificates read anew, and there are none");
        }
        for (address, tls) in &self.0 {
            if !told && !tls.is_outdated() {
                continue;
            }
            match tls.reload() {
                Ok(()) => {
                    tracing::info!(%address, "certificates were read anew");
                    warn_of_expiry(*address, tls);
                }
                Err(error) => {
                    tracing::error!(%address, error = %error, "the new certificates cannot be used; the earlier ones are in use");
                }
            }
        }
    }
}

fn warn_of_expiry(address: SocketAddr, tls: &Tls) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    match tls.expires().checked_sub(now) {
        None => tracing::warn!(%address, "the certificate has expired: clients will refuse it"),
        Some(left) if left < SOON => {
            tracing::warn!(%address, hours = left.as_secs() / 3600, "the certificate expires soon");
        }
        Some(_) => {}
    }
}

/// The operating system's word that the operator changed something.
pub(crate) struct Hangup(Signal);

impl Hangup {
    /// From now on the signal ends the server no more.
    pub(crate) fn listen() -> std::io::Result<Self> {
        signal(SignalKind::hangup()).map(Self)
    }

    async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}
