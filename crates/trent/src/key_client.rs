//! Fetches the keys of issuers of identity tokens: from the addresses that the configuration lists and from nowhere
//! else, with bounds on size and time, following no redirect.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use trent_identity::web_identity::{Fetch, FetchError, LARGEST_KEY_SET};

/// The longest wait for a whole answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A client that asks for keys.
pub(crate) struct KeyClient(Client<HttpsConnector<HttpConnector>, Empty<Bytes>>);

impl KeyClient {
    /// A client that believes the certificate authorities of this machine (those of `SSL_CERT_FILE` and `SSL_CERT_DIR`,
    /// if the environment names any).
    pub(crate) fn new() -> std::io::Result<Self> {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)?
            // Which addresses do without TLS the configuration has checked.
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(connector);
        Ok(Self(client))
    }

    async fn get(&self, url: &str) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        let request = Request::get(url.parse::<Uri>()?)
            .header("accept", "application/json")
            .header("user-agent", concat!("trent/", env!("CARGO_PKG_VERSION")))
            .body(Empty::new())?;
        let response = self.0.request(request).await?;
        if response.status() != StatusCode::OK {
            return Err(format!("it answers {}", response.status()).into());
        }
        let limit = usize::try_from(LARGEST_KEY_SET).unwrap_or(usize::MAX);
        let body = Limited::new(response.into_body(), limit).collect().await?;
        Ok(String::from_utf8(body.to_bytes().into())?)
    }
}

#[async_trait]
impl Fetch for KeyClient {
    async fn fetch(&self, url: &str) -> Result<String, FetchError> {
        match tokio::time::timeout(PATIENCE, self.get(url)).await {
            Ok(Ok(text)) => Ok(text),
            Ok(Err(error)) => Err(FetchError(crate::with_causes(&*error))),
            Err(_) => Err(FetchError(format!("no answer within {} s", PATIENCE.as_secs()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// What is fetched from a server that answers every connection with `answer`, and how often it was asked.
    async fn fetched(answer: String) -> (Result<String, FetchError>, usize) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
        let serving = tokio::spawn(async move {
            let mut asked = 0;
            while let Ok(Ok((mut stream, _))) = tokio::time::timeout(Duration::from_secs(1), listener.accept()).await {
                asked += 1;
                let mut head = [0; 1024];
                let _ = stream.read(&mut head).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
            asked
        });
        let client = KeyClient::new().expect("a client");
        let fetched = client.fetch(&url).await;
        (fetched, serving.await.expect("it ends"))
    }

    fn answer(status: &str, more: &str, body: &str) -> String {
        format!(
            "HTTP/1.1 {status}\r\n{more}content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
    }

    #[tokio::test]
    async fn what_is_at_the_address_is_fetched_and_nothing_else() {
        let (fetched_text, asked) = fetched(answer("200 OK", "", "{}")).await;
        assert_eq!((fetched_text.expect("keys").as_str(), asked), ("{}", 1));
        let elsewhere = "location: http://127.0.0.1:1/\r\n";
        for (answer, said) in [
            (answer("302 Found", elsewhere, ""), "it answers 302"),
            (answer("404 Not Found", "", "{}"), "it answers 404"),
            (answer("200 OK", "", &"x".repeat(300 << 10)), "length limit exceeded"),
            ("nonsense\r\n\r\n".to_owned(), ""),
        ] {
            let (refused, asked) = fetched(answer).await;
            let error = refused.expect_err("refused").to_string();
            assert!(error.contains(said) && asked == 1, "{error}");
        }
    }
}
