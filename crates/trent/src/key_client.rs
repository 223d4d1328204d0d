//! Fetches the keys of issuers of identity tokens: from the addresses that the configuration lists and from nowhere
//! else, with bounds on size and time, following no redirect.
//!
//! Who is at an `https` address, certificates prove: those of the authorities that the configuration names, or of the
//! machine's. They are read for each fetch, which is seldom, so that new ones count without a restart, and a machine
//! that has none serves all the same.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, StatusCode, Uri};
use hyper_rustls::{ConfigBuilderExt, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use trent_identity::web_identity::{Fetch, FetchError, KeyAddress, LARGEST_KEY_SET};

use crate::Failure;
use crate::certificate_file::{self, CertificateFileError};

/// The longest wait for a whole answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the system's own words would say at length.
const NO_AUTHORITIES: &str = "this machine has no certificate authorities (`SSL_CERT_FILE` and `SSL_CERT_DIR` can name \
                              some): nobody is believed to be there without a `jwks_ca_file`";

/// Whether keys could be fetched from there, as far as files of this machine say.
pub(crate) fn check(from: &KeyAddress) -> Result<(), CertificateFileError> {
    from.ca_file
        .as_deref()
        .map_or(Ok(()), |path| authorities(path).map(drop))
}

/// The certificate authorities in a file.
fn authorities(path: &Path) -> Result<RootCertStore, CertificateFileError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificate_file::read(path)? {
        let added = roots.add(certificate);
        added.map_err(|error| CertificateFileError::malformed(path, &error))?;
    }
    Ok(roots)
}

/// Whom to believe that they are at this URL.
pub(crate) fn tls(url: &Uri, ca_file: Option<&Path>) -> Result<ClientConfig, Failure> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = match ca_file {
        Some(path) => builder.with_root_certificates(authorities(path)?),
        // Which addresses do without certificates the configuration has checked.
        None if url.scheme_str() == Some("http") => builder.with_root_certificates(RootCertStore::empty()),
        // Those of `SSL_CERT_FILE` and `SSL_CERT_DIR`, if the environment names any.
        None => builder.with_native_roots().map_err(|_| NO_AUTHORITIES)?,
    };
    Ok(builder.with_no_client_auth())
}

/// The same; nothing for an address where no certificates prove who is there.
pub(crate) fn tls_if_certified(url: &Uri, ca_file: Option<&Path>) -> Result<Option<Arc<ClientConfig>>, Failure> {
    let is_https = url.scheme_str() == Some("https");
    is_https.then(|| tls(url, ca_file).map(Arc::new)).transpose()
}

/// Asks for keys.
pub(crate) struct KeyClient {
    /// The longest wait for a whole answer.
    patience: Duration,
}

impl Default for KeyClient {
    fn default() -> Self {
        Self { patience: PATIENCE }
    }
}

async fn get(from: &KeyAddress) -> Result<String, Failure> {
    let (url, ca_file) = (from.url.parse::<Uri>()?, from.ca_file.clone());
    let certified = url.clone();
    let tls = tokio::task::spawn_blocking(move || tls(&certified, ca_file.as_deref())).await??;
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .build();
    let client = Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build(connector);
    let request = Request::get(url)
        .header("accept", "application/json")
        .header("user-agent", concat!("trent/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())?;
    let response = client.request(request).await?;
    if response.status() != StatusCode::OK {
        return Err(format!("it answers {}", response.status()).into());
    }
    let limit = usize::try_from(LARGEST_KEY_SET).unwrap_or(usize::MAX);
    let body = Limited::new(response.into_body(), limit).collect().await?;
    Ok(String::from_utf8(body.to_bytes().into())?)
}

#[async_trait]
impl Fetch for KeyClient {
    async fn fetch(&self, from: &KeyAddress) -> Result<String, FetchError> {
        match tokio::time::timeout(self.patience, get(from)).await {
            Ok(Ok(text)) => Ok(text),
            Ok(Err(error)) => Err(FetchError(crate::with_causes(&*error))),
            Err(_) => Err(FetchError(format!("no answer within {:?}", self.patience))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    fn at(url: &str, ca_file: Option<&Path>) -> KeyAddress {
        KeyAddress {
            url: url.to_owned(),
            ca_file: ca_file.map(Path::to_owned),
        }
    }

    /// What is fetched from a server that serves every connection so, and how often it was asked.
    async fn fetched<F>(
        patience: Duration,
        serve: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> (Result<String, FetchError>, usize)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
        let serving = tokio::spawn(async move {
            let mut asked = 0;
            while let Ok(Ok((mut stream, _))) = tokio::time::timeout(Duration::from_secs(1), listener.accept()).await {
                asked += 1;
                let mut head = [0; 1024];
                let _ = stream.read(&mut head).await;
                tokio::spawn(serve(stream));
            }
            asked
        });
        let fetched = KeyClient { patience }.fetch(&at(&url, None)).await;
        (fetched, serving.await.expect("it ends"))
    }

    /// The same of a server that answers with this.
    async fn answered(answer: String) -> (Result<String, FetchError>, usize) {
        fetched(PATIENCE, move |mut stream| {
            let answer = answer.clone();
            async move {
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        })
        .await
    }

    fn answer(status: &str, more: &str, body: &str) -> String {
        format!(
            "HTTP/1.1 {status}\r\n{more}content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
    }

    #[tokio::test]
    async fn what_is_at_the_address_is_fetched_and_nothing_else() {
        let (keys, asked) = answered(answer("200 OK", "", "{}")).await;
        assert_eq!((keys.expect("keys").as_str(), asked), ("{}", 1));
        let elsewhere = "location: http://127.0.0.1:1/\r\n";
        for (answer, said) in [
            (answer("302 Found", elsewhere, ""), "it answers 302"),
            (answer("404 Not Found", "", "{}"), "it answers 404"),
            (answer("200 OK", "", &"x".repeat(300 << 10)), "length limit exceeded"),
            ("nonsense\r\n\r\n".to_owned(), ""),
        ] {
            let (refused, asked) = answered(answer).await;
            let error = refused.expect_err("refused").to_string();
            assert!(error.contains(said) && asked == 1, "{error}");
        }
    }

    /// The head of an answer whose end is wherever the server closes.
    const ENDLESS: &[u8] = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";

    #[tokio::test]
    async fn an_answer_without_end_is_cut_off_by_its_size() {
        let (refused, _) = fetched(PATIENCE, |mut stream| async move {
            let _ = stream.write_all(ENDLESS).await;
            while stream.write_all(&[b' '; 4096]).await.is_ok() {}
        })
        .await;
        let error = refused.expect_err("refused").to_string();
        assert!(error.contains("length limit exceeded"), "{error}");
    }

    #[tokio::test]
    async fn an_answer_that_takes_its_time_is_cut_off_however_busy_it_is() {
        let began = Instant::now();
        let (silent, _) = fetched(Duration::from_millis(100), |stream| async move {
            tokio::time::sleep(PATIENCE).await;
            drop(stream);
        })
        .await;
        let (slow, _) = fetched(Duration::from_millis(300), |mut stream| async move {
            let _ = stream.write_all(ENDLESS).await;
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        for (refused, said) in [(silent, "no answer within 100ms"), (slow, "no answer within 300ms")] {
            assert_eq!(refused.expect_err("refused").to_string(), said);
        }
        assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    }

    #[test]
    fn a_file_without_authorities_is_refused_and_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("ca.pem");
        let refused = || {
            check(&at("https://a.example.com", Some(&path)))
                .expect_err("refused")
                .to_string()
        };
        assert!(refused().starts_with("cannot read the certificates "), "{}", refused());
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        let noise = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let torn = "-----BEGIN CERTIFICATE-----\nAAAA\n";
        let large = "#".repeat((1 << 20) + 1);
        for (content, said) in [
            (
                "",
                "has no certificate; it must have those of certificate authorities, in PEM",
            ),
            ("{}", "has no certificate"),
            (key, "has no certificate"),
            (noise, "has a certificate that is malformed"),
            (torn, "has a certificate that is malformed"),
            (&large, "it has more than 1048576 bytes"),
        ] {
            std::fs::write(&path, content).expect("written");
            assert!(
                refused().contains(said) && refused().contains("ca.pem"),
                "{}",
                refused()
            );
        }
        check(&at("https://a.example.com", None)).expect("the machine's own are not read yet");
    }
}
