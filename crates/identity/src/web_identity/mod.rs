//! Identity tokens: who an issuer says that somebody is (`OpenID Connect Core 1.0`, RFC 7519).
//!
//! The operator says which issuers there are and where their keys are; what IAM keeps of a provider only chooses among
//! them. Nothing here goes out to fetch keys.

mod jwks;
mod token;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

pub use jwks::{JwksError, KeySet};
pub use token::{Claims, SessionTags, Token, TokenError};

use crate::rules::{self, InvalidInput};

/// The largest file of keys that is read.
const LARGEST: u64 = 256 << 10;

/// An issuer that the operator lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Its URL, as its tokens have it in `iss`.
    pub url: String,
    /// The file with its keys, a JWK set.
    pub jwks_file: PathBuf,
}

/// The issuers that the operator lists.
#[derive(Clone, Debug, Default)]
pub struct Issuers(Vec<Issuer>);

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

impl Issuer {
    /// The keys as the file has them now.
    fn keys(&self) -> Result<KeySet, IssuerError> {
        let path = || self.jwks_file.clone();
        let size = fs::metadata(&self.jwks_file).map(|metadata| metadata.len());
        let text = size.and_then(|size| {
            if size > LARGEST {
                return Err(std::io::Error::other(format!("it has more than {LARGEST} bytes")));
            }
            fs::read_to_string(&self.jwks_file)
        });
        let text = text.map_err(|error| IssuerError::File { path: path(), error })?;
        KeySet::parse(&text).map_err(|error| IssuerError::Keys { path: path(), error })
    }
}

impl Issuers {
    /// These issuers, if their URLs and their keys are good.
    pub fn new(issuers: Vec<Issuer>) -> Result<Self, IssuerError> {
        for (at, issuer) in issuers.iter().enumerate() {
            rules::provider_name(&issuer.url)?;
            if issuers[..at].iter().any(|before| before.url == issuer.url) {
                return Err(IssuerError::Twice(issuer.url.clone()));
            }
            issuer.keys()?;
        }
        Ok(Self(issuers))
    }

    /// What a token says, once its issuer is one of these, its signature is the issuer's, and now is in its time.
    ///
    /// The keys are read anew for each token: one that the operator takes out of the file is out at once.
    pub fn verify(&self, token: &Token<'_>, now: Duration) -> Result<Claims, TokenError> {
        let issuer = self.0.iter().find(|issuer| issuer.url == token.issuer());
        let issuer = issuer.ok_or(TokenError::UnknownIssuer)?;
        let keys = issuer.keys().map_err(|error| {
            tracing::error!(%error, issuer = issuer.url, "the keys of an issuer cannot be used: its tokens are refused");
            TokenError::NoKey
        })?;
        token.verify(&keys, now)
    }
}
