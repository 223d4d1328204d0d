//! Requests to one host, over a connection that is kept.
//!
//! Only the host that is named is ever connected to, and no redirect is followed. So whoever answers there cannot have
//! this server send requests elsewhere.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HOST, HeaderValue, USER_AGENT};
use hyper::http::uri::PathAndQuery;
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The longest answer that is read to its end; a longer one counts as empty.
const LONGEST_ANSWER: usize = 64 * 1024;

/// What requests say of who sends them.
const AGENT: &str = concat!("trent/", env!("CARGO_PKG_VERSION"));

/// What a host's name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolving {
    /// What it resolved to the first time, until a restart: whoever can change that later cannot have requests sent
    /// elsewhere.
    Once,
    /// What it resolves to at each new connection.
    Anew,
}

/// A host that requests are sent to.
pub struct Host {
    url: Uri,
    name: String,
    port: u16,
    tls: Option<Arc<ClientConfig>>,
    resolving: Resolving,
    addresses: Vec<SocketAddr>,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("url", &self.url).finish_non_exhaustive()
    }
}

/// An address that no request can be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it has no host")]
pub struct NoHost;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unanswered(String);

impl Unanswered {
    fn because(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        Self(text)
    }
}

impl Host {
    /// The host of an `http` or `https` address; `tls` says whom to believe that they are there.
    pub fn new(url: Uri, tls: Option<Arc<ClientConfig>>, resolving: Resolving) -> Result<Self, NoHost> {
        let name = url.host().ok_or(NoHost)?;
        let name = name.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_u16().unwrap_or(if tls.is_some() { 443 } else { 80 });
        Ok(Self {
            url,
            name,
            port,
            tls,
            resolving,
            addresses: Vec::new(),
            connection: None,
        })
    }

    /// The host's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address that the host was given by.
    pub fn url(&self) -> &Uri {
        &self.url
    }

    /// Sends a request over the connection that is there, or a new one, and gives the whole answer, whatever its status,
    /// if it comes in time.
    pub async fn send_within(
        &mut self,
        patience: Duration,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, Unanswered> {
        if let Ok(answered) = tokio::time::timeout(patience, self.send(request)).await {
            return answered;
        }
        self.connection = None;
        Err(Unanswered(format!("no answer within {patience:?}")))
    }

    async fn send(&mut self, mut request: Request<Full<Bytes>>) -> Result<Response<Bytes>, Unanswered> {
        self.address(&mut request)?;
        if let Some(mut kept) = self.connection.take().filter(|kept| !kept.is_closed())
            && kept.ready().await.is_ok()
            // One that was closed just now says nothing about the receiver.
            && let Ok(response) = over(&mut kept, request.clone()).await
        {
            self.connection = Some(kept);
            return Ok(response);
        }
        let mut fresh = self.connect().await?;
        fresh.ready().await.map_err(|error| Unanswered::because(&error))?;
        let response = over(&mut fresh, request).await?;
        self.connection = Some(fresh);
        Ok(response)
    }

    /// Makes a request one of this host's.
    fn address(&self, request: &mut Request<Full<Bytes>>) -> Result<(), Unanswered> {
        let path = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
        *request.uri_mut() = path.parse().map_err(|error| Unanswered::because(&error))?;
        let authority = self.url.authority().map_or("", |authority| authority.as_str());
        let authority = HeaderValue::from_str(authority).map_err(|error| Unanswered::because(&error))?;
        let headers = request.headers_mut();
        headers.entry(HOST).or_insert(authority);
        headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
        Ok(())
    }

    async fn connect(&mut self) -> Result<SendRequest<Full<Bytes>>, Unanswered> {
        if self.addresses.is_empty() || self.resolving == Resolving::Anew {
            let found = tokio::net::lookup_host((self.name.as_str(), self.port)).await;
            self.addresses = found.map_err(|error| Unanswered::because(&error))?.collect();
        }
        let stream = TcpStream::connect(self.addresses.as_slice())
            .await
            .map_err(|error| Unanswered::because(&error))?;
        stream.set_nodelay(true).map_err(|error| Unanswered::because(&error))?;
        match &self.tls {
            Some(tls) => {
                let name = ServerName::try_from(self.name.clone()).map_err(|error| Unanswered::because(&error))?;
                let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await;
                speak(stream.map_err(|error| Unanswered::because(&error))?).await
            }
            None => speak(stream).await,
        }
    }
}

/// Sends a request over a connection, and reads what is answered.
async fn over(
    connection: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> Result<Response<Bytes>, Unanswered> {
    let response = connection.send_request(request).await;
    let (head, body) = response.map_err(|error| Unanswered::because(&error))?.into_parts();
    // Read to its end, so that the connection can be used again. What was answered is known by now, whatever follows.
    let body = Limited::new(body, LONGEST_ANSWER).collect().await;
    let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Ok(Response::from_parts(head, body))
}

/// Begins to speak HTTP over a connection.
async fn speak<S>(stream: S) -> Result<SendRequest<Full<Bytes>>, Unanswered>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Unanswered::because(&error))?;
    // It ends when the sender goes; its failures are the requests'.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

#[cfg(test)]
mod tests;
