//! Sets of public keys (RFC 7517), of the kinds that sign identity tokens: RSA with PKCS #1 v1.5 and SHA-256, and ECDSA
//! on P-256.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// Bytes of a coordinate on P-256.
const COORDINATE: usize = 32;
/// Bytes of the moduli of 2,048 and 8,192 bits.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1_024;

/// How a token is signed, by its name in JOSE headers (RFC 7518).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
}

/// Keys of an issuer.
#[derive(Debug, Default)]
pub struct KeySet(Vec<Key>);

/// What is wrong with a set of keys.
#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    /// Not a JWK set.
    #[error("it is no JWK set: {0}")]
    Json(#[from] serde_json::Error),
    /// A key that says it is of a kind that is used here, and is not.
    #[error("key {0} of the set is malformed")]
    Malformed(usize),
    /// No key of a kind that is used here.
    #[error("it has no key for RS256 or ES256")]
    Empty,
}

#[derive(Debug)]
struct Key {
    id: Option<String>,
    material: Material,
}

#[derive(Debug)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// The uncompressed point.
    P256(Vec<u8>),
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Jwk>,
}

/// A key as it is written. Members that are not named here say nothing that is asked for.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a JWK set. Keys of other kinds, or for other uses, are passed over.
    pub fn parse(text: &str) -> Result<Self, JwksError> {
        let set: JwkSet = serde_json::from_str(text)?;
        let mut keys = Vec::new();
        for (at, jwk) in set.keys.into_iter().enumerate() {
            if let Some(algorithm) = jwk.algorithm() {
                let material = jwk.material(algorithm).ok_or(JwksError::Malformed(at))?;
                keys.push(Key { id: jwk.kid, material });
            }
        }
        if keys.is_empty() {
            return Err(JwksError::Empty);
        }
        Ok(Self(keys))
    }

    /// Whether one of the keys made a signature: of those with the id that the token names, if it names one.
    pub(super) fn verifies(&self, algorithm: Algorithm, id: Option<&str>, message: &[u8], signature: &[u8]) -> Verdict {
        let mut verdict = Verdict::NoKey;
        for key in &self.0 {
            if id.is_some() && key.id.as_deref() != id {
                continue;
            }
            match key.material.verifies(algorithm, message, signature) {
                Some(true) => return Verdict::Good,
                Some(false) => verdict = Verdict::Bad,
                None => {}
            }
        }
        verdict
    }
}

/// What comes of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// One of the keys made it.
    Good,
    /// None of the keys that could have made it did.
    Bad,
    /// No key could have made it.
    NoKey,
}

impl Jwk {
    /// What the key signs with, if that is something that is used here.
    fn algorithm(&self) -> Option<Algorithm> {
        let (algorithm, name) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => (Algorithm::Rs256, "RS256"),
            ("EC", Some("P-256")) => (Algorithm::Es256, "ES256"),
            _ => return None,
        };
        let fits = |said: &Option<String>, expected: &str| said.as_deref().is_none_or(|said| said == expected);
        (fits(&self.alg, name) && fits(&self.purpose, "sig")).then_some(algorithm)
    }

    fn material(&self, algorithm: Algorithm) -> Option<Material> {
        let bytes = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
        match algorithm {
            Algorithm::Rs256 => {
                let (modulus, exponent) = (bytes(&self.n)?, bytes(&self.e)?);
                let good = MODULUS.contains(&modulus.len()) && modulus[0] != 0 && (1..=8).contains(&exponent.len());
                good.then_some(Material::Rsa { modulus, exponent })
            }
            Algorithm::Es256 => {
                let (x, y) = (bytes(&self.x)?, bytes(&self.y)?);
                let good = x.len() == COORDINATE && y.len() == COORDINATE;
                good.then(|| Material::P256([&[4], x.as_slice(), y.as_slice()].concat()))
            }
        }
    }
}

impl Material {
    /// Whether the key made a signature; `None` if it is of another kind.
    fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Option<bool> {
        let verdict = match (self, algorithm) {
            (Self::Rsa { modulus, exponent }, Algorithm::Rs256) => RsaPublicKeyComponents {
                n: modulus.as_slice(),
                e: exponent.as_slice(),
            }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
            (Self::P256(point), Algorithm::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            _ => return None,
        };
        Some(verdict.is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_other_kinds_are_passed_over_and_malformed_ones_are_not() {
        let point = URL_SAFE_NO_PAD.encode([7; COORDINATE]);
        let p256 = format!(r#"{{"kty":"EC","crv":"P-256","kid":"a","x":"{point}","y":"{point}"}}"#);
        let others = r#"{"kty":"OKP","crv":"Ed25519","x":"AA"},{"kty":"RSA","use":"enc","n":"AA","e":"AQAB"},{"kty":"RSA","alg":"RS512","n":"AA","e":"AQAB"},{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}"#;
        let set = |keys: &str| KeySet::parse(&format!(r#"{{"keys":[{keys}]}}"#));
        assert_eq!(set(&format!("{others},{p256}")).expect("a key").0.len(), 1);
        assert!(matches!(set(others), Err(JwksError::Empty)));
        for malformed in [
            r#"{"kty":"RSA","n":"AA","e":"AQAB"}"#,
            r#"{"kty":"RSA","e":"AQAB"}"#,
            r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#,
        ] {
            assert!(matches!(set(malformed), Err(JwksError::Malformed(0))), "{malformed}");
        }
        for text in ["", "{}", "[]", r#"{"keys":{}}"#, r#"{"keys":[{"kid":"a"}]}"#] {
            assert!(matches!(KeySet::parse(text), Err(JwksError::Json(_))), "{text}");
        }
    }
}
