//! A webhook: each event is the body of a POST, signed as the Standard Webhooks specification has it, so that receivers
//! need not write the check themselves.
//!
//! Only the listed address is ever connected to: its name is resolved once, and what it resolved to then is what it means
//! until a restart, and no redirect is followed. So whoever can change what a name resolves to, or what the receiver
//! answers, cannot have this server send requests into its own network.

mod secret;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::http::uri::{Authority, PathAndQuery};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use uuid::Uuid;

pub use self::secret::{WebhookSecret, WebhookSecretError};
use super::Undelivered;
use crate::events::Target;

/// The longest wait for a whole answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest answer that is read to its end; nothing in it matters.
const LONGEST_ANSWER: usize = 64 * 1024;

/// A receiver of events.
pub struct Webhook {
    url: Uri,
    host: String,
    port: u16,
    tls: Option<Arc<ClientConfig>>,
    secret: WebhookSecret,
    addresses: Vec<SocketAddr>,
    connection: Option<SendRequest<Full<Bytes>>>,
    patience: Duration,
}

/// An address that no request can be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it has no host")]
pub struct NoHost;

impl Webhook {
    /// The receiver at an `http` or `https` address; `tls` says whom to believe that they are there.
    pub fn new(url: Uri, tls: Option<Arc<ClientConfig>>, secret: WebhookSecret) -> Result<Self, NoHost> {
        let host = url.host().ok_or(NoHost)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_u16().unwrap_or(if tls.is_some() { 443 } else { 80 });
        Ok(Self {
            url,
            host,
            port,
            tls,
            secret,
            addresses: Vec::new(),
            connection: None,
            patience: PATIENCE,
        })
    }

    /// Sends an event over the connection that is there, or a new one.
    async fn post(&mut self, id: Uuid, event: &[u8]) -> Result<(), Failed> {
        if let Some(mut kept) = self.connection.take().filter(|kept| !kept.is_closed())
            && kept.ready().await.is_ok()
        {
            // One that was closed just now says nothing about the receiver.
            match self.send(&mut kept, id, event).await {
                Ok(()) => {
                    self.connection = Some(kept);
                    return Ok(());
                }
                Err(Failed::Answer(status)) => {
                    self.connection = Some(kept);
                    return Err(Failed::Answer(status));
                }
                Err(_) => {}
            }
        }
        let mut fresh = self.connect().await?;
        fresh.ready().await.map_err(|error| Failed::because(&error))?;
        let sent = self.send(&mut fresh, id, event).await;
        if matches!(sent, Ok(()) | Err(Failed::Answer(_))) {
            self.connection = Some(fresh);
        }
        sent
    }

    async fn send(&self, over: &mut SendRequest<Full<Bytes>>, id: Uuid, event: &[u8]) -> Result<(), Failed> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let id = id.to_string();
        let path = self.url.path_and_query().map_or("/", PathAndQuery::as_str);
        let request = Request::post(path)
            .header("host", self.url.authority().map_or("", Authority::as_str))
            .header("content-type", "application/json")
            .header("user-agent", concat!("trent/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", &id)
            .header("webhook-timestamp", now)
            .header("webhook-signature", self.secret.sign(&id, now, event))
            .body(Full::new(Bytes::copy_from_slice(event)))
            .map_err(|error| Failed::because(&error))?;
        let response = over
            .send_request(request)
            .await
            .map_err(|error| Failed::because(&error))?;
        let status = response.status();
        // Read to its end, so that the connection can be used again.
        let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await;
        if !status.is_success() {
            return Err(Failed::Answer(status));
        }
        body.map(drop).or(Ok(()))
    }

    async fn connect(&mut self) -> Result<SendRequest<Full<Bytes>>, Failed> {
        if self.addresses.is_empty() {
            let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
            self.addresses = found.map_err(|error| Failed::because(&error))?.collect();
        }
        let stream = TcpStream::connect(self.addresses.as_slice())
            .await
            .map_err(|error| Failed::because(&error))?;
        stream.set_nodelay(true).map_err(|error| Failed::because(&error))?;
        match &self.tls {
            Some(tls) => {
                let name = ServerName::try_from(self.host.clone()).map_err(|error| Failed::because(&error))?;
                let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await;
                speak(stream.map_err(|error| Failed::because(&error))?).await
            }
            None => speak(stream).await,
        }
    }
}

/// Begins to speak HTTP over a connection.
async fn speak<S>(stream: S) -> Result<SendRequest<Full<Bytes>>, Failed>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Failed::because(&error))?;
    // It ends when the sender goes; its failures are the requests'.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

/// What became of a request that was not successful.
enum Failed {
    /// It was answered, with this.
    Answer(hyper::StatusCode),
    /// Nobody knows whether it arrived.
    Unknown(String),
}

impl Failed {
    fn because(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        Self::Unknown(text)
    }
}

#[async_trait]
impl Target for Webhook {
    async fn deliver(&mut self, id: Uuid, event: &[u8]) -> Result<(), Undelivered> {
        let patience = self.patience;
        let reason = match tokio::time::timeout(patience, self.post(id, event)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(Failed::Answer(status))) => format!("it answers {status}"),
            Ok(Err(Failed::Unknown(reason))) => reason,
            Err(_) => {
                self.connection = None;
                format!("no answer within {patience:?}")
            }
        };
        Err(Undelivered(format!("{}: {reason}", self.host)))
    }
}

#[cfg(test)]
mod tests;
