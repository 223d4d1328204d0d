//! The forward-access token: for whom a service may call, sealed, in base64.
//!
//! It carries no secret of the principal's. It is believed only together with what the directory says when it is used:
//! the access key or session that signed still signs, its holder is there, and so are all services that it came through.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minicbor::{Decode, Encode};
use trent_crypto::record::Class;
use trent_keystore::{Keystore, KeystoreError};
use trent_names::AccountId;

use crate::directory::Party;
use crate::session::Content;
use crate::unique_id::UniqueId;

/// The longest token that is looked at, in characters. Issued ones are shorter.
const MAX_TOKEN: usize = 12_288;

/// What tells it from the other tokens that are sealed in the same way, and the version of its content.
const KIND: u8 = b'F';

/// What a token says.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Token {
    /// The service that may use it.
    #[n(0)]
    pub(crate) service: Link,
    /// The only Region for which it is good.
    #[n(1)]
    pub(crate) region: String,
    /// The services that the request came through before, the first one first.
    #[n(2)]
    pub(crate) before: Vec<Link>,
    #[n(3)]
    pub(crate) issued_at: u64,
    #[n(4)]
    pub(crate) expires_at: u64,
    #[n(5)]
    pub(crate) proof: Proof,
}

/// A service, by its name and by when it was registered.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Link {
    #[n(0)]
    pub(crate) name: String,
    #[n(1)]
    pub(crate) registered_at: u64,
}

/// What the principal signed its request with.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Proof {
    /// Its access key.
    #[n(0)]
    AccessKey {
        #[n(0)]
        id: String,
        #[n(1)]
        serial: u64,
        #[n(2)]
        account: String,
        #[n(3)]
        user: Option<UniqueId>,
    },
    /// A session, of which this is everything but the secret.
    #[n(1)]
    Session(#[n(0)] Box<Content>),
}

impl Proof {
    pub(crate) fn of_access_key(id: &str, serial: u64, party: &Party) -> Self {
        Self::AccessKey {
            id: id.to_owned(),
            serial,
            account: party.account.as_str().to_owned(),
            user: party.id.clone(),
        }
    }

    pub(crate) fn of_session(content: Content) -> Self {
        Self::Session(Box::new(content.without_credential()))
    }

    /// When the credential itself ends, if it does.
    pub(crate) fn ends_at(&self) -> Option<u64> {
        match self {
            Self::AccessKey { .. } => None,
            Self::Session(content) => Some(content.expires_at),
        }
    }
}

/// The party that an access key belongs to.
pub(crate) fn party(account: &str, user: Option<&UniqueId>) -> Option<Party> {
    let account = AccountId::parse(account).ok()?;
    let id = user.cloned();
    Some(Party { account, id })
}

impl Token {
    pub(crate) fn expires_at(&self) -> Duration {
        Duration::from_millis(self.expires_at)
    }

    /// The token as it is handed out.
    pub(crate) async fn seal(&self, keystore: &dyn Keystore) -> Result<String, KeystoreError> {
        let sealed = keystore.seal_token(Class::Tokens, &self.write()).await?;
        Ok(STANDARD.encode(sealed))
    }

    /// What a token says, if it is one of this deployment's.
    pub(crate) async fn open(keystore: &dyn Keystore, token: &str) -> Option<Self> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let sealed = STANDARD.decode(token).ok()?;
        let opened = keystore.open_token(Class::Tokens, &sealed).await.ok()?;
        Self::read(opened.expose())
    }

    fn write(&self) -> Vec<u8> {
        let mut bytes = vec![KIND];
        minicbor::encode(self, &mut bytes).expect("encoding derived types into memory cannot fail");
        bytes
    }

    /// Reads a content, refusing anything that this build would not have written.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (kind, body) = bytes.split_first()?;
        let token: Self = minicbor::decode(body).ok().filter(|_| *kind == KIND)?;
        (token.write() == bytes).then_some(token)
    }
}

/// Whether these bytes, once opened, would be the content of a token: what a test of the reader with arbitrary bytes asks.
pub fn is_content(bytes: &[u8]) -> bool {
    Token::read(bytes).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token() -> Token {
        let link = |name: &str| Link {
            name: name.to_owned(),
            registered_at: 7,
        };
        Token {
            service: link("s3.amazonaws.com"),
            region: "us-east-1".to_owned(),
            before: vec![link("backup.amazonaws.com")],
            issued_at: 1,
            expires_at: 2,
            proof: Proof::AccessKey {
                id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
                serial: 3,
                account: "111122223333".to_owned(),
                user: UniqueId::parse("AIDACKCEVSQ6C2EXAMPLE").ok(),
            },
        }
    }

    #[test]
    fn a_content_is_read_as_it_was_written_and_nothing_else_is() {
        let bytes = token().write();
        assert!(Token::read(&bytes).is_some_and(|read| read == token()));
        assert!((0..bytes.len()).all(|length| !is_content(&bytes[..length])));
        assert!(!is_content(&[bytes.as_slice(), &[0]].concat()));
        assert!(
            !is_content(&[&[1], &bytes[1..]].concat()),
            "the content of a session's token"
        );
        assert!(!crate::session::is_content(&bytes));
    }

    proptest! {
        /// What is read in spite of a change is what would have been written.
        #[test]
        fn a_changed_byte_is_another_content_or_none(at in 0_usize..1_000, byte in any::<u8>()) {
            let mut bytes = token().write();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Some(read) = Token::read(&bytes) {
                prop_assert_eq!(read.write(), bytes);
            }
        }
    }
}
