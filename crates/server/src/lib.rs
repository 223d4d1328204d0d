//! Listeners, HTTP limits and protocol framing. Knows no key, no policy and no operation: it turns bytes on a socket
//! into frames for a service's pipeline, and replies into bytes.

mod activity;
mod body;
mod connection;
mod dev;
mod drain;
mod frame;
mod limits;
mod listener;
mod protocol;
mod reply;
mod request_id;
mod scrape;
mod spans;
mod tls;
mod traffic;

use std::sync::Arc;

use hyper_util::rt::TokioExecutor;
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, UnixListener};
use trent_service::Endpoint;

pub use dev::DevGuard;
pub use drain::Stop;
pub use limits::Limits;
pub use listener::{ListenError, listen_tcp, listen_unix};
pub use request_id::current_request_id;
pub use scrape::{IsRight, Metrics, Readers};
pub use spans::Spans;
pub use tls::{CertificateFiles, ClientCertificates, KeyExchange, Tls, TlsError, TlsSettings};
pub use traffic::Traffic;

use drain::Slots;
use listener::Listener;
use request_id::RequestIds;
use scrape::Scrape;

/// Serves a set of services on one listener.
pub struct Server {
    endpoints: Vec<Arc<dyn Endpoint>>,
    limits: Limits,
    dev: Option<DevGuard>,
    healthy: Box<dyn Fn() -> bool + Send + Sync>,
    notices: String,
    ids: RequestIds,
    protocol: auto::Builder<TokioExecutor>,
    scrape: Option<Scrape>,
    spans: Option<Arc<dyn Spans>>,
    traffic: Arc<Traffic>,
    tls: Option<Arc<Tls>>,
}

impl Server {
    /// A server of `first` and `others`; what names no service is answered by `first`.
    pub fn new(first: Arc<dyn Endpoint>, others: Vec<Arc<dyn Endpoint>>, limits: Limits) -> Self {
        let mut endpoints = vec![first];
        endpoints.extend(others);
        Self::serving(endpoints, limits)
    }

    /// A server of no service: it tells its health and, if it is given some, numbers.
    pub fn of_no_service(limits: Limits) -> Self {
        Self::serving(Vec::new(), limits)
    }

    fn serving(endpoints: Vec<Arc<dyn Endpoint>>, limits: Limits) -> Self {
        Self {
            endpoints,
            limits,
            dev: None,
            healthy: Box::new(|| true),
            notices: String::new(),
            ids: RequestIds::default(),
            protocol: connection::protocol(&limits),
            scrape: None,
            spans: None,
            traffic: Arc::default(),
            tls: None,
        }
    }

    /// Hands out numbers to these readers.
    #[must_use]
    pub fn with_metrics(mut self, metrics: Arc<dyn Metrics>, readers: Readers) -> Self {
        self.scrape = Some(Scrape { metrics, readers });
        self
    }

    /// Tells of each request of a service as a span, if somebody is there to begin some.
    #[must_use]
    pub fn with_spans(mut self, spans: Option<Arc<dyn Spans>>) -> Self {
        self.spans = spans;
        self
    }

    /// Counts what comes and goes here, together with whoever else is given the same.
    #[must_use]
    pub fn counting(mut self, traffic: Arc<Traffic>) -> Self {
        self.traffic = traffic;
        self
    }

    /// Speaks TLS over TCP, if it is given one; HTTP without anything otherwise.
    #[must_use]
    pub fn with_tls(mut self, tls: Option<Arc<Tls>>) -> Self {
        self.tls = tls;
        self
    }

    /// What decides whether the server can do its work; without it, a server that answers is healthy.
    #[must_use]
    pub fn with_health(mut self, healthy: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.healthy = Box::new(healthy);
        self
    }

    /// What whoever asks for the server's health is to know besides, a line each: that it trusts what servers do not
    /// trust by themselves.
    #[must_use]
    pub fn with_notices(mut self, notices: impl IntoIterator<Item = String>) -> Self {
        self.notices
            .extend(notices.into_iter().map(|notice| format!("\n{notice}")));
        self
    }

    /// Makes it a development server: every reply says so, and web pages are not heard.
    #[must_use]
    pub fn for_development(mut self, guard: DevGuard) -> Self {
        self.dev = Some(guard);
        self
    }

    /// Serves TCP connections until `stop`, then lets requests under way finish. Answers how many connections were
    /// cut off because they outlasted the drain timeout.
    pub async fn serve_tcp(self: Arc<Self>, listener: TcpListener, stop: Stop) -> u32 {
        self.accept(listener, stop).await
    }

    /// The same for a Unix socket.
    pub async fn serve_unix(self: Arc<Self>, listener: UnixListener, stop: Stop) -> u32 {
        self.accept(listener, stop).await
    }

    async fn accept<L: Listener>(self: Arc<Self>, listener: L, stop: Stop) -> u32 {
        let slots = Slots::new(self.limits.connections);
        let mut stopping = std::pin::pin!(stop.requested());
        loop {
            let next = async {
                let slot = slots.take().await;
                (slot, listener.accept().await)
            };
            tokio::select! {
                biased;
                () = stopping.as_mut() => break,
                (slot, accepted) = next => match accepted {
                    Ok((stream, peer)) => {
                        let connection = connection::serve(Arc::clone(&self), stream, peer, stop.clone());
                        let traffic = Arc::clone(&self.traffic);
                        traffic.opened.increment();
                        tokio::spawn(async move {
                            connection.await;
                            traffic.closed.increment();
                            drop(slot);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(error = %error, "a connection could not be accepted");
                        tokio::time::sleep(listener::pause_after(&error)).await;
                    }
                },
            }
        }
        drop(listener);
        slots.drained(self.limits.drain_timeout).await
    }
}
