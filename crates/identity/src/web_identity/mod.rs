//! Identity tokens: who an issuer says that somebody is (`OpenID Connect Core 1.0`, RFC 7519).
//!
//! The operator says which issuers there are and where their keys are; what IAM keeps of a provider only chooses among
//! them. Where keys are fetched from is never taken from a token.

mod fetched;
mod jwks;
mod token;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use fetched::{Fetch, FetchError, KeyAddress};
pub use jwks::{JwksError, KeySet};
pub use token::{Claims, SessionTags, Token, TokenError};

use crate::rules::{self, InvalidInput};
use fetched::FetchedKeys;

/// The largest set of keys that is read, in bytes.
pub const LARGEST_KEY_SET: u64 = 256 << 10;

/// An issuer that the operator lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Its URL, as its tokens have it in `iss`.
    pub url: String,
    /// Where its keys are.
    pub keys: KeySource,
}

/// Where the keys of an issuer are, a JWK set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// In this file.
    File(PathBuf),
    /// At this address.
    Url(KeyAddress),
}

/// The issuers that the operator lists.
#[derive(Default)]
pub struct Issuers(Vec<Listed>);

/// An issuer with what is known of its keys.
struct Listed {
    url: String,
    keys: Keys,
}

enum Keys {
    File(PathBuf),
    Fetched(FetchedKeys),
}

/// Why an issuer cannot be listed, or its keys not be used.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// Not the URL of an issuer.
    #[error(transparent)]
    Url(#[from] InvalidInput),
    /// Listed twice.
    #[error("the issuer `{0}` is listed twice")]
    Twice(String),
    /// The file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The file has no keys that can be used.
    #[error("{}: {error}", path.display())]
    Keys {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: JwksError,
    },
}

/// The keys as a file has them now.
fn read(file: &Path) -> Result<KeySet, IssuerError> {
    let path = || file.to_owned();
    let size = fs::metadata(file).map(|metadata| metadata.len());
    let text = size.and_then(|size| {
        if size > LARGEST_KEY_SET {
            return Err(std::io::Error::other(format!(
                "it has more than {LARGEST_KEY_SET} bytes"
            )));
        }
        fs::read_to_string(file)
    });
    let text = text.map_err(|error| IssuerError::File { path: path(), error })?;
    KeySet::parse(&text).map_err(|error| IssuerError::Keys { path: path(), error })
}

impl Issuers {
    /// These issuers, if their URLs are good and so are the keys of those who have them in a file. Those of the others
    /// are not here yet: `fetch` gets them.
    pub fn new(issuers: Vec<Issuer>, fetch: &Arc<dyn Fetch>) -> Result<Self, IssuerError> {
        let mut listed: Vec<Listed> = Vec::with_capacity(issuers.len());
        for Issuer { url, keys } in issuers {
            rules::provider_name(&url)?;
            if listed.iter().any(|before| before.url == url) {
                return Err(IssuerError::Twice(url));
            }
            let keys = match keys {
                KeySource::File(path) => {
                    read(&path)?;
                    Keys::File(path)
                }
                KeySource::Url(at) => Keys::Fetched(FetchedKeys::new(at, Arc::clone(fetch))),
            };
            listed.push(Listed { url, keys });
        }
        Ok(Self(listed))
    }

    /// Fetches what has to be fetched, so that the first token need not wait for it. An issuer that does not answer is
    /// asked again when a token of it comes.
    pub async fn prepare(&self) {
        for issuer in &self.0 {
            if let Keys::Fetched(keys) = &issuer.keys {
                keys.prepare().await;
            }
        }
    }

    /// What a token says, once its issuer is one of these, its signature is the issuer's, and now is in its time.
    ///
    /// Keys in a file are read anew for each token: one that the operator takes out of it is out at once. Those that are
    /// fetched are kept for a while.
    pub async fn verify(&self, token: &Token<'_>, now: Duration) -> Result<Claims, TokenError> {
        let issuer = self.0.iter().find(|issuer| issuer.url == token.issuer());
        let issuer = issuer.ok_or(TokenError::UnknownIssuer)?;
        match &issuer.keys {
            Keys::File(path) => {
                let keys = read(path).map_err(|error| {
                    tracing::error!(%error, issuer = issuer.url, "the keys of an issuer cannot be used: its tokens are refused");
                    TokenError::NoKey
                })?;
                token.verify(&keys, now)
            }
            Keys::Fetched(keys) => keys.verify(token, now).await,
        }
    }
}
