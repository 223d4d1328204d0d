//! An S3-compatible bucket.
//!
//! Objects are put and nothing else is asked of the bucket, so that whoever has the credentials can add to it and see
//! nothing. The credentials are read for each request, so that new ones count without a restart.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt, Full};
use hyper::Uri;
use object_store::aws::{AmazonS3, AmazonS3Builder, AwsCredential, Checksum};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};
use object_store::path::Path as ObjectPath;
use object_store::{Attribute, Attributes, ClientOptions, CredentialProvider, ObjectStore, PutOptions, RetryConfig};
use rustls::ClientConfig;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::Place;
use crate::http::{Host, NoHost, Resolving};

/// The longest wait for an answer, which a file of the largest size has to be sent before.
const PATIENCE: Duration = Duration::from_mins(1);

/// What errors call the kind of store.
const STORE: &str = "S3";

/// A bucket, and how it is reached.
#[derive(Clone, Debug)]
pub struct BucketAddress {
    /// Where the service is; the bucket's name goes into the path.
    pub endpoint: Uri,
    /// Its name.
    pub bucket: String,
    /// The Region that requests are signed for.
    pub region: String,
    /// The file of the access key, as the AWS tools have it.
    pub credentials: PathBuf,
}

/// Why a bucket cannot be one.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// Nothing can be sent there.
    #[error("{0}: {1}")]
    Endpoint(Uri, NoHost),
    /// There is nothing to sign with.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The library does not take it.
    #[error(transparent)]
    Store(#[from] object_store::Error),
}

/// A bucket.
pub struct Bucket {
    store: AmazonS3,
    name: String,
}

impl Bucket {
    /// The bucket at this address; `tls` says whom to believe that they are there.
    pub fn new(address: &BucketAddress, tls: Option<Arc<ClientConfig>>) -> Result<Self, BucketError> {
        let credentials = CredentialsFile(address.credentials.clone());
        credentials.read()?;
        let host = Host::new(address.endpoint.clone(), tls, Resolving::Anew);
        let host = host.map_err(|error| BucketError::Endpoint(address.endpoint.clone(), error))?;
        let endpoint = address.endpoint.to_string();
        let store = AmazonS3Builder::new()
            .with_endpoint(endpoint.trim_end_matches('/'))
            .with_bucket_name(&address.bucket)
            .with_region(&address.region)
            .with_credentials(Arc::new(credentials))
            // Buckets that keep what is in them for a time ask for one.
            .with_checksum_algorithm(Checksum::SHA256)
            .with_http_connector(Connection(Arc::new(Mutex::new(host))))
            // Whoever puts things here tries again.
            .with_retry(RetryConfig {
                max_retries: 0,
                ..RetryConfig::default()
            })
            .build()?;
        Ok(Self {
            store,
            name: format!("{endpoint} {}", address.bucket),
        })
    }
}

#[async_trait]
impl Place for Bucket {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn put(&self, object: &str, content: Vec<u8>, metadata: &[(&'static str, String)]) -> io::Result<()> {
        let object = ObjectPath::parse(object).map_err(io::Error::other)?;
        let attributes = metadata
            .iter()
            .map(|(name, value)| (Attribute::Metadata((*name).into()), value.clone()));
        let options = PutOptions {
            attributes: attributes.collect::<Attributes>(),
            ..PutOptions::default()
        };
        let put = self.store.put_opts(&object, content.into(), options).await;
        put.map(drop).map_err(io::Error::other)
    }
}

/// The connection to the bucket's service, one request at a time.
#[derive(Clone, Debug)]
struct Connection(Arc<Mutex<Host>>);

impl HttpConnector for Connection {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Connection {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let request = hyper::Request::from_parts(head, Full::new(body));
        let answer = self.0.lock().await.send_within(PATIENCE, request).await;
        answer
            .map(|answer| answer.map(Into::into))
            .map_err(|unanswered| HttpError::new(HttpErrorKind::Request, unanswered))
    }
}

/// The file of an access key.
#[derive(Debug)]
struct CredentialsFile(PathBuf);

/// Why there is no access key.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The file cannot be read.
    #[error("{path}: {error}", path = .0.display(), error = .1)]
    Unreadable(PathBuf, io::Error),
    /// Something is not there.
    #[error("{path}: `{missing}` is missing", path = .0.display(), missing = .1)]
    Missing(PathBuf, &'static str),
}

impl CredentialsFile {
    fn read(&self) -> Result<AwsCredential, CredentialsError> {
        let text = std::fs::read_to_string(&self.0).map(Zeroizing::new);
        let text = text.map_err(|error| CredentialsError::Unreadable(self.0.clone(), error))?;
        parse(&text, &self.0)
    }
}

/// The access key in a file of the form that the AWS tools read: `name = value` a line, of the first profile that is
/// there.
fn parse(text: &str, path: &Path) -> Result<AwsCredential, CredentialsError> {
    let lines = text.lines().map(str::trim);
    let profile: Vec<(&str, &str)> = lines
        .skip_while(|line| line.is_empty() || line.starts_with(['[', '#', ';']))
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect();
    let value = |wanted: &'static str| {
        let found = profile.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| (*value).to_owned())
    };
    let required = |wanted| value(wanted).ok_or_else(|| CredentialsError::Missing(path.to_owned(), wanted));
    Ok(AwsCredential {
        key_id: required("aws_access_key_id")?,
        secret_key: required("aws_secret_access_key")?,
        token: value("aws_session_token"),
    })
}

#[async_trait]
impl CredentialProvider for CredentialsFile {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let path = Self(self.0.clone());
        let read = tokio::task::spawn_blocking(move || path.read()).await;
        let read = read.map_err(|error| generic(error.into()))?;
        read.map(Arc::new).map_err(|error| generic(error.into()))
    }
}

fn generic(source: Box<dyn std::error::Error + Send + Sync>) -> object_store::Error {
    object_store::Error::Generic { store: STORE, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_key_is_read_as_the_aws_tools_have_it() {
        let read = |text: &str| parse(text, Path::new("/k"));
        let key = read(
            "# the sink's\n[default]\naws_access_key_id = AK\naws_secret_access_key=S=1\n[other]\naws_session_token = t\n",
        );
        let key = key.expect("a key");
        assert_eq!(
            (key.key_id.as_str(), key.secret_key.as_str(), key.token),
            ("AK", "S=1", None)
        );
        let key = read("aws_session_token = t\naws_secret_access_key = s\naws_access_key_id = a").expect("a key");
        assert_eq!(key.token.as_deref(), Some("t"));
        for (text, missing) in [
            ("", "aws_access_key_id"),
            ("aws_access_key_id = secret-by-mistake\n", "aws_secret_access_key"),
            (
                "[a]\naws_access_key_id = secret-by-mistake\n[b]\naws_secret_access_key = s",
                "aws_secret_access_key",
            ),
        ] {
            let error = read(text).expect_err("refused").to_string();
            assert_eq!(error, format!("/k: `{missing}` is missing"));
        }
    }
}
