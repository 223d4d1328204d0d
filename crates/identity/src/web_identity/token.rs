//! An identity token: a signed JWT in compact form (RFC 7515, RFC 7519), read strictly and then verified.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::jwks::{Algorithm, KeySet, Verdict};

/// The longest token that is looked at, in characters.
const LONGEST: usize = 20_000;
/// How far the clock of an issuer may run ahead.
const SKEW: u64 = 300;
/// The longest subject and audience, in characters.
const LONGEST_NAME: usize = 255;
/// Most audiences and most authentication methods.
const MOST: usize = 20;

/// Why a token is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no signed JWT with the claims of an identity token.
    #[error("the token is no identity token")]
    Malformed,
    /// Its issuer is not one that the operator lists.
    #[error("the token's issuer is not listed")]
    UnknownIssuer,
    /// Its issuer has no key for it.
    #[error("the token's issuer has no key for it")]
    NoKey,
    /// Its signature is not its issuer's.
    #[error("the token's signature is not its issuer's")]
    Signature,
    /// Its time is over.
    #[error("the token expired at {expiry}, and it is {now}")]
    Expired {
        /// When it did, in seconds since 1970.
        expiry: u64,
        /// The time of the check.
        now: u64,
    },
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
}

/// A token that was read. Nothing of it is believed yet.
pub struct Token<'t> {
    signed: &'t str,
    signature: Vec<u8>,
    header: Header,
    claims: Claims,
}

/// What a token says.
#[derive(Clone, Debug, Deserialize)]
pub struct Claims {
    #[serde(rename = "iss")]
    issuer: String,
    /// Who its holder is, to the issuer.
    #[serde(rename = "sub")]
    pub subject: String,
    #[serde(rename = "aud")]
    audience: OneOrMany,
    exp: NumericDate,
    nbf: Option<NumericDate>,
    iat: NumericDate,
    /// How its holder proved who they are.
    #[serde(rename = "amr", default)]
    pub methods: Vec<String>,
    /// The tags that the issuer gives sessions of its holder.
    #[serde(rename = "https://aws.amazon.com/tags", default)]
    pub tags: SessionTags,
    /// The source identity that the issuer gives sessions of its holder.
    #[serde(rename = "https://aws.amazon.com/source_identity")]
    pub source_identity: Option<String>,
}

/// Session tags in a token (IAM User Guide, "Passing session tags using
/// `AssumeRoleWithWebIdentity`").
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionTags {
    /// The tags: one value for each key.
    #[serde(default)]
    pub principal_tags: BTreeMap<String, Vec<String>>,
    /// The keys of those that go on to sessions begun from this one.
    #[serde(default)]
    pub transitive_tag_keys: Vec<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: Algorithm,
    kid: Option<String>,
    typ: Option<String>,
    /// Extensions that must be understood; none is.
    crit: Option<serde_json::Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Seconds since 1970, possibly with a fraction (RFC 7519, section 2).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "serde_json::Number")]
struct NumericDate(u64);

impl TryFrom<serde_json::Number> for NumericDate {
    type Error = &'static str;

    fn try_from(number: serde_json::Number) -> Result<Self, Self::Error> {
        let text = number.to_string();
        let whole = text.split_once('.').map_or(text.as_str(), |(whole, _)| whole);
        whole.parse().map(Self).map_err(|_| "no time")
    }
}

impl<'t> Token<'t> {
    /// Reads a token.
    pub fn parse(text: &'t str) -> Result<Self, TokenError> {
        Self::read(text).ok_or(TokenError::Malformed)
    }

    fn read(text: &'t str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let header: Header = serde_json::from_slice(&decoded(header)?).ok()?;
        let claims: Claims = serde_json::from_slice(&decoded(claims)?).ok()?;
        let typed = header.typ.as_deref().is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"));
        if !typed || header.crit.is_some() || !claims.are_bounded() {
            return None;
        }
        Some(Self {
            signed,
            signature: decoded(signature)?,
            header,
            claims,
        })
    }

    /// The issuer that it names.
    pub fn issuer(&self) -> &str {
        &self.claims.issuer
    }

    /// What it says, once a key is found to have signed it and now is in its time.
    pub(super) fn verify(&self, keys: &KeySet, now: Duration) -> Result<Claims, TokenError> {
        let (header, message) = (&self.header, self.signed.as_bytes());
        match keys.verifies(header.alg, header.kid.as_deref(), message, &self.signature) {
            Verdict::Good => {}
            Verdict::Bad => return Err(TokenError::Signature),
            Verdict::NoKey => return Err(TokenError::NoKey),
        }
        let now = now.as_secs();
        let claims = &self.claims;
        if now >= claims.exp.0 {
            return Err(TokenError::Expired {
                expiry: claims.exp.0,
                now,
            });
        }
        let begins = claims.nbf.map_or(claims.iat.0, |nbf| nbf.0.max(claims.iat.0));
        if begins > now.saturating_add(SKEW) {
            return Err(TokenError::NotYetValid);
        }
        Ok(claims.clone())
    }
}

impl Claims {
    /// Whom the token is for.
    pub fn audiences(&self) -> &[String] {
        match &self.audience {
            OneOrMany::One(audience) => std::slice::from_ref(audience),
            OneOrMany::Many(audiences) => audiences,
        }
    }

    fn are_bounded(&self) -> bool {
        let short = |text: &String| (1..=LONGEST_NAME).contains(&text.chars().count());
        let few = |list: &[String]| list.len() <= MOST && list.iter().all(short);
        short(&self.subject) && !self.audiences().is_empty() && few(self.audiences()) && few(&self.methods)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: &str = r#"{"alg":"ES256","kid":"a"}"#;
    const CLAIMS: &str = r#"{"iss":"https://idp.example.com","sub":"alice","aud":"app","exp":200,"iat":100}"#;

    fn token(header: &str, claims: &str) -> String {
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", encoded(header), encoded(claims), encoded("signature"))
    }

    #[test]
    fn what_is_no_identity_token_is_not_read() {
        let good = token(HEADER, CLAIMS);
        assert_eq!(
            Token::parse(&good).map(|token| token.issuer().to_owned()).as_deref(),
            Ok("https://idp.example.com")
        );
        let changed = |from: &str, to: &str| token(HEADER, &CLAIMS.replace(from, to));
        for bad in [
            String::new(),
            "..".to_owned(),
            "a.b".to_owned(),
            format!("{good}."),
            format!("{good}="),
            format!("{good}.AAAA"),
            token(r#"{"alg":"none"}"#, CLAIMS),
            token(r#"{"alg":"HS256"}"#, CLAIMS),
            token(r#"{"alg":"ES256","crit":["b64"],"b64":false}"#, CLAIMS),
            token(r#"{"alg":"ES256","typ":"at+jwt"}"#, CLAIMS),
            token(r#"{"alg":"ES256","alg":"RS256"}"#, CLAIMS),
            token(HEADER, "[]"),
            changed(r#""sub":"alice","#, ""),
            changed(r#""alice""#, r#""""#),
            changed(r#""app""#, "[]"),
            changed(r#""app""#, "7"),
            changed("200", r#""200""#),
            changed("200", "-200"),
            changed("200", "1e40"),
            changed(r#","iat":100"#, ""),
            changed(r#""exp":200"#, r#""exp":200,"exp":900"#),
            changed("alice", &"a".repeat(256)),
        ] {
            assert_eq!(Token::parse(&bad).err(), Some(TokenError::Malformed), "{bad}");
        }
    }

    #[test]
    fn further_claims_are_read_where_they_stand() {
        let claims = r#"{"iss":"i","sub":"s","aud":["a","b"],"exp":200.9,"iat":1,"nbf":2,"amr":["pwd"],"other":{},
            "https://aws.amazon.com/tags":{"principal_tags":{"team":["red"]},"transitive_tag_keys":["team"]},
            "https://aws.amazon.com/source_identity":"alice"}"#;
        let text = token(HEADER, claims);
        let token = Token::parse(&text).expect("a token");
        let claims = &token.claims;
        assert_eq!(claims.audiences(), ["a", "b"]);
        assert_eq!(
            (claims.exp.0, claims.methods.as_slice()),
            (200, &["pwd".to_owned()][..])
        );
        assert_eq!(claims.tags.principal_tags["team"], ["red"]);
        assert_eq!(claims.tags.transitive_tag_keys, ["team"]);
        assert_eq!(claims.source_identity.as_deref(), Some("alice"));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,200}", claims in ".{0,100}") {
            let _ = Token::parse(&text);
            let _ = Token::parse(&token(HEADER, &claims));
        }
    }
}
