//! An issuer of identity tokens.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tempfile::TempDir;
use trent_identity::web_identity::{Fetch, FetchError, Issuer, Issuers, KeyAddress, KeySource};

/// Its URL.
pub(crate) const URL: &str = "https://idp.example.com/realms/work";
/// Its name in ARNs and condition keys.
pub(crate) const NAME: &str = "idp.example.com/realms/work";

/// An issuer of identity tokens, its keys in a file.
pub(crate) struct Idp {
    folder: TempDir,
    p256: EcdsaKeyPair,
    rsa: RsaKeyPair,
}

/// Base64 as JWTs have it.
pub(crate) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Idp {
    /// An issuer that publishes both of its keys.
    pub(crate) fn new() -> Self {
        let idp = Self {
            folder: tempfile::tempdir().expect("a folder"),
            p256: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"),
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).expect("a key"),
        };
        idp.publish(&[idp.p256_key(), idp.rsa_key()]);
        idp
    }

    /// Where its keys are.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("jwks.json")
    }

    /// Publishes these keys.
    pub(crate) fn publish(&self, keys: &[Value]) {
        fs::write(self.file(), json!({ "keys": keys }).to_string()).expect("written");
    }

    /// Its key for ES256.
    pub(crate) fn p256_key(&self) -> Value {
        let point = self.p256.public_key().as_ref();
        json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "p256",
            "x": encoded(&point[1..33]), "y": encoded(&point[33..])})
    }

    /// Its key for RS256.
    pub(crate) fn rsa_key(&self) -> Value {
        // RFC 8017, RSAPublicKey: a modulus of 256 bytes behind nine bytes of headers, and 65537 at the end.
        let public = self.rsa.public_key().as_ref();
        let (modulus, exponent) = (&public[9..265], &public[public.len() - 3..]);
        json!({"kty": "RSA", "kid": "rsa", "n": encoded(modulus), "e": encoded(exponent)})
    }

    /// The list with this issuer alone.
    pub(crate) fn issuers(&self) -> Issuers {
        let issuer = Issuer {
            url: URL.to_owned(),
            keys: KeySource::File(self.file()),
        };
        let nowhere: Arc<dyn Fetch> = Arc::new(Nowhere);
        Issuers::new(vec![issuer], &nowhere).expect("an issuer")
    }

    /// A token in ES256.
    pub(crate) fn token(&self, claims: &Value) -> String {
        let signed = format!(
            "{}.{}",
            encoded(r#"{"alg":"ES256","kid":"p256","typ":"JWT"}"#),
            encoded(claims.to_string())
        );
        let signature = self.p256.sign(&SystemRandom::new(), signed.as_bytes()).expect("signed");
        format!("{signed}.{}", encoded(signature))
    }

    /// A token in RS256.
    pub(crate) fn rsa_token(&self, claims: &Value) -> String {
        let signed = format!(
            "{}.{}",
            encoded(r#"{"alg":"RS256","kid":"rsa"}"#),
            encoded(claims.to_string())
        );
        let mut signature = vec![0; self.rsa.public_modulus_len()];
        let random = SystemRandom::new();
        let done = self
            .rsa
            .sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature);
        done.expect("signed");
        format!("{signed}.{}", encoded(signature))
    }
}

/// Keys in a file are not fetched.
struct Nowhere;

#[async_trait]
impl Fetch for Nowhere {
    async fn fetch(&self, from: &KeyAddress) -> Result<String, FetchError> {
        Err(FetchError(format!("{} is asked for keys that are in a file", from.url)))
    }
}
