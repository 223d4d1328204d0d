//! Keys of an issuer that are fetched from a URL that the operator lists.
//!
//! They are fetched when the server starts, when a token names a key that is not known, and once they are old; never more
//! than once in a while, whatever tokens come, and never by two at a time. What cannot be fetched leaves what there was.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use tokio::sync::Mutex;

use super::jwks::KeySet;
use super::token::{Claims, Token, TokenError};

/// The shortest time between two attempts.
const PAUSE: Duration = Duration::from_mins(1);

/// Keys that are older than this are fetched again: one that the issuer withdrew is out by then.
const OLD: Duration = Duration::from_hours(1);

/// Where keys are fetched from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAddress {
    /// The URL.
    pub url: String,
    /// A PEM file of the certificate authorities that are believed about who is there, and no others are; those of this
    /// machine if it is `None`.
    pub ca_file: Option<PathBuf>,
}

/// Fetches documents. The implementation bounds size and time, follows no redirects, and believes nobody to be at an
/// `https` address without a certificate.
#[async_trait]
pub trait Fetch: Send + Sync + 'static {
    /// The document at this address.
    async fn fetch(&self, from: &KeyAddress) -> Result<String, FetchError>;
}

/// Why a document could not be fetched, for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct FetchError(pub String);

/// The keys at an address.
pub(super) struct FetchedKeys {
    from: KeyAddress,
    fetch: Arc<dyn Fetch>,
    known: ArcSwapOption<Known>,
    /// When they were asked for last. Whoever holds it is asking.
    asked: Mutex<Option<Instant>>,
}

struct Known {
    keys: KeySet,
    fetched: Instant,
}

impl FetchedKeys {
    pub(super) fn new(from: KeyAddress, fetch: Arc<dyn Fetch>) -> Self {
        Self {
            from,
            fetch,
            known: ArcSwapOption::empty(),
            asked: Mutex::new(None),
        }
    }

    /// Fetches them if they never were.
    pub(super) async fn prepare(&self) {
        if self.known.load().is_none() {
            self.newer(None).await;
        }
    }

    /// What a token says, once one of the keys is found to have signed it and now is in its time.
    pub(super) async fn verify(&self, token: &Token<'_>, now: Duration) -> Result<Claims, TokenError> {
        let mut known = self.known.load_full();
        if known.as_ref().is_some_and(|known| known.fetched.elapsed() >= OLD) {
            known = self.newer(known.as_ref()).await.or(known);
        }
        let verdict = known
            .as_ref()
            .map_or(Err(TokenError::NoKey), |known| token.verify(&known.keys, now));
        if !matches!(verdict, Err(TokenError::NoKey)) {
            return verdict;
        }
        match self.newer(known.as_ref()).await {
            Some(newer) => token.verify(&newer.keys, now),
            None => verdict,
        }
    }

    /// Other keys than those that somebody had, if there are any or some can be fetched.
    async fn newer(&self, had: Option<&Arc<Known>>) -> Option<Arc<Known>> {
        let mut asked = self.asked.lock().await;
        // Somebody else may have fetched them meanwhile.
        let known = self.known.load_full();
        if let Some(known) = known
            && !had.is_some_and(|had| Arc::ptr_eq(had, &known))
        {
            return Some(known);
        }
        if asked.is_some_and(|asked| asked.elapsed() < PAUSE) {
            return None;
        }
        *asked = Some(Instant::now());
        let text = self.fetch.fetch(&self.from).await.map_err(|error| error.to_string());
        let keys = text.and_then(|text| KeySet::parse(&text).map_err(|error| error.to_string()));
        match keys {
            Ok(keys) => {
                let fetched = Instant::now();
                let known = Arc::new(Known { keys, fetched });
                self.known.store(Some(Arc::clone(&known)));
                Some(known)
            }
            Err(error) => {
                tracing::warn!(error, url = self.from.url, "the keys of an issuer cannot be fetched");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    const NOW: Duration = Duration::from_secs(150);

    /// An issuer that tells its keys, or fails to, and counts how often it was asked.
    #[derive(Default)]
    struct Idp {
        keys: std::sync::Mutex<Option<String>>,
        asked: AtomicUsize,
    }

    impl Idp {
        fn tells(&self, keys: Option<String>) {
            *self.keys.lock().expect("nobody panicked") = keys;
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::Relaxed)
        }
    }

    #[async_trait]
    impl Fetch for Idp {
        async fn fetch(&self, from: &KeyAddress) -> Result<String, FetchError> {
            assert_eq!(*from, address());
            self.asked.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            let keys = self.keys.lock().expect("nobody panicked").clone();
            keys.ok_or_else(|| FetchError("it is down".to_owned()))
        }
    }

    fn address() -> KeyAddress {
        KeyAddress {
            url: "https://idp.example.com/keys".to_owned(),
            ca_file: None,
        }
    }

    fn key() -> EcdsaKeyPair {
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("the system has randomness")
    }

    fn jwks(id: &str, key: &EcdsaKeyPair) -> String {
        let (x, y) = key.public_key().as_ref()[1..].split_at(32);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        format!(r#"{{"keys":[{{"kty":"EC","crv":"P-256","kid":"{id}","x":"{x}","y":"{y}"}}]}}"#)
    }

    fn token(id: &str, key: &EcdsaKeyPair) -> String {
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let header = encoded(&format!(r#"{{"alg":"ES256","kid":"{id}"}}"#));
        let claims = r#"{"iss":"https://idp.example.com","sub":"alice","aud":"app","exp":200,"iat":100}"#;
        let signed = format!("{header}.{}", encoded(claims));
        let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).expect("signed");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn fetched(idp: &Arc<Idp>) -> FetchedKeys {
        FetchedKeys::new(address(), Arc::clone(idp) as _)
    }

    async fn ask(keys: &FetchedKeys, text: &str) -> Result<(), TokenError> {
        let token = Token::parse(text).expect("a token");
        keys.verify(&token, NOW).await.map(drop)
    }

    #[tokio::test]
    async fn keys_are_asked_for_once_in_a_while_whatever_tokens_come() {
        let (idp, one, other) = (Arc::new(Idp::default()), key(), key());
        idp.tells(Some(jwks("one", &one)));
        let keys = fetched(&idp);
        keys.prepare().await;
        assert_eq!(ask(&keys, &token("one", &one)).await, Ok(()));
        assert_eq!(idp.asked(), 1);
        for unknown in ["other", "another", "other"] {
            assert_eq!(ask(&keys, &token(unknown, &other)).await, Err(TokenError::NoKey));
        }
        assert_eq!(idp.asked(), 1, "they were just asked for");
        // Once the pause is over, an unknown key id is looked for, and found.
        idp.tells(Some(jwks("other", &other)));
        *keys.asked.lock().await = None;
        assert_eq!(ask(&keys, &token("other", &one)).await, Err(TokenError::Signature));
        assert_eq!(ask(&keys, &token("other", &other)).await, Ok(()));
        assert_eq!(
            ask(&keys, &token("one", &one)).await,
            Err(TokenError::NoKey),
            "withdrawn"
        );
        assert_eq!(idp.asked(), 2);
    }

    #[tokio::test]
    async fn an_issuer_that_is_down_leaves_what_it_said_last() {
        let (idp, one) = (Arc::new(Idp::default()), key());
        let keys = fetched(&idp);
        keys.prepare().await;
        assert_eq!(ask(&keys, &token("one", &one)).await, Err(TokenError::NoKey));
        idp.tells(Some(jwks("one", &one)));
        *keys.asked.lock().await = None;
        assert_eq!(ask(&keys, &token("one", &one)).await, Ok(()));
        for broken in [None, Some(String::new()), Some(r#"{"keys":[]}"#.to_owned())] {
            idp.tells(broken);
            *keys.asked.lock().await = None;
            assert_eq!(ask(&keys, &token("two", &one)).await, Err(TokenError::NoKey));
            assert_eq!(ask(&keys, &token("one", &one)).await, Ok(()));
        }
        assert_eq!(idp.asked(), 5);
    }

    #[tokio::test]
    async fn tokens_that_come_together_ask_once() {
        let (idp, one) = (Arc::new(Idp::default()), key());
        idp.tells(Some(jwks("one", &one)));
        let (keys, text) = (fetched(&idp), token("one", &one));
        let (first, second, third) = tokio::join!(ask(&keys, &text), ask(&keys, &text), ask(&keys, &text));
        assert_eq!((first, second, third), (Ok(()), Ok(()), Ok(())));
        assert_eq!(idp.asked(), 1);
    }
}
