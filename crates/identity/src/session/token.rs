//! The token of a session: everything that makes it up, sealed, in base64.
//!
//! A token that does not open, opens to something else, or belongs to another access key is simply no token: whoever
//! made it up learns nothing from how it was refused.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest as hash};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minicbor::{Decode, Encode};
use trent_crypto::record::Class;
use trent_keystore::{Keystore, KeystoreError};
use trent_names::AccountId;

use super::SessionKind;
use crate::directory::Party;
use crate::directory::principals::{PolicyReference, Tag};
use crate::unique_id::UniqueId;

/// The longest token that is looked at, in characters. Issued ones are shorter.
pub const MAX_TOKEN: usize = 8_192;

/// The version of the content.
const VERSION: u8 = 1;

/// What a token says.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Content {
    #[n(0)]
    pub(crate) kind: SessionKind,
    #[n(1)]
    pub(crate) access_key_id: String,
    /// The wrapped secret.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) credential: Vec<u8>,
    #[n(3)]
    pub(crate) issued_at: u64,
    #[n(4)]
    pub(crate) expires_at: u64,
    #[n(5)]
    pub(super) account: String,
    #[n(6)]
    pub(super) principal: Option<UniqueId>,
    #[n(7)]
    pub(super) issuer_account: String,
    #[n(8)]
    pub(super) issuer: Option<UniqueId>,
    #[n(9)]
    pub(crate) name: Option<String>,
    #[n(10)]
    pub(crate) source_identity: Option<String>,
    #[n(11)]
    pub(crate) provider: Option<String>,
    #[n(12)]
    pub(crate) packed: Packed,
    #[n(13)]
    pub(crate) claims: Option<Vec<Claim>>,
}

/// What the provider that vouched for the holder of a session said, as policies ask for it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Claim {
    /// The condition key: the provider's name, a colon and the name of the claim.
    #[n(0)]
    pub key: String,
    /// Its values.
    #[n(1)]
    pub values: Vec<String>,
}

/// The part of a token whose size its issuer's caller decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Packed {
    #[n(0)]
    pub(crate) policies: Vec<String>,
    #[n(1)]
    pub(crate) references: Vec<PolicyReference>,
    #[n(2)]
    pub(crate) tags: Vec<Tag>,
    #[n(3)]
    pub(crate) transitive: Vec<String>,
}

impl Packed {
    pub(crate) fn size(&self) -> usize {
        minicbor::to_vec(self).map_or(usize::MAX, |bytes| bytes.len())
    }
}

/// Who a session is of and by.
pub(crate) struct Parties<'a> {
    pub(crate) principal: &'a Party,
    pub(crate) issuer: &'a Party,
}

impl Content {
    pub(crate) fn new(kind: SessionKind, parties: &Parties<'_>, packed: Packed) -> Self {
        Self {
            kind,
            access_key_id: String::new(),
            credential: Vec::new(),
            issued_at: 0,
            expires_at: 0,
            account: parties.principal.account.as_str().to_owned(),
            principal: parties.principal.id.clone(),
            issuer_account: parties.issuer.account.as_str().to_owned(),
            issuer: parties.issuer.id.clone(),
            name: None,
            source_identity: None,
            provider: None,
            packed,
            claims: None,
        }
    }

    /// The same without the secret: it tells of the session and signs nothing.
    pub(crate) fn without_credential(self) -> Self {
        Self {
            credential: Vec::new(),
            ..self
        }
    }

    /// Whose permissions the session has; `None` if the token names no account.
    pub(crate) fn principal(&self) -> Option<Party> {
        party(&self.account, self.principal.as_ref())
    }

    /// Who issued it.
    pub(crate) fn issuer(&self) -> Option<Party> {
        party(&self.issuer_account, self.issuer.as_ref())
    }

    pub(crate) fn expires_at(&self) -> Duration {
        Duration::from_millis(self.expires_at)
    }

    /// The token.
    pub(crate) async fn seal(&self, keystore: &dyn Keystore) -> Result<String, KeystoreError> {
        let mut bytes = vec![VERSION];
        minicbor::encode(self, &mut bytes).expect("encoding derived types into memory cannot fail");
        let sealed = keystore.seal_token(Class::Tokens, &bytes).await?;
        Ok(STANDARD.encode(sealed))
    }

    /// What a token says, if it is one of this deployment's and belongs to the access key.
    pub(crate) async fn open(keystore: &dyn Keystore, token: &[u8], access_key_id: &str) -> Option<Self> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let sealed = STANDARD.decode(token).ok()?;
        let opened = keystore.open_token(Class::Tokens, &sealed).await.ok()?;
        Self::read(opened.expose()).filter(|content| content.access_key_id == access_key_id)
    }

    /// Reads a content, refusing anything that this build would not have written.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (version, body) = bytes.split_first()?;
        let content: Self = minicbor::decode(body).ok().filter(|_| *version == VERSION)?;
        let same = minicbor::to_vec(&content).is_ok_and(|written| written == body);
        same.then_some(content)
    }
}

fn party(account: &str, id: Option<&UniqueId>) -> Option<Party> {
    let account = AccountId::parse(account).ok()?;
    Some(Party {
        account,
        id: id.cloned(),
    })
}

/// Whether these bytes, once opened, would be the content of a token: what a test of the reader with arbitrary bytes asks.
pub fn is_content(bytes: &[u8]) -> bool {
    Content::read(bytes).is_some()
}

/// What tells the tokens of one access key apart, for caches.
pub(crate) fn digest(token: &[u8]) -> u64 {
    let digest = hash(&SHA256, token);
    let first = digest.as_ref().first_chunk().copied();
    u64::from_be_bytes(first.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn content() -> Content {
        let party = Party {
            account: AccountId::parse("111122223333").expect("twelve digits"),
            id: UniqueId::parse("AROACKCEVSQ6C2EXAMPLE").ok(),
        };
        let parties = Parties {
            principal: &party,
            issuer: &party,
        };
        Content {
            access_key_id: "ASIAIOSFODNN7EXAMPLE".to_owned(),
            name: Some("deploy".to_owned()),
            ..Content::new(SessionKind::Role, &parties, Packed::default())
        }
    }

    fn written(content: &Content) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        minicbor::encode(content, &mut bytes).expect("in memory");
        bytes
    }

    #[test]
    fn a_content_is_read_as_it_was_written_and_nothing_else_is() {
        let bytes = written(&content());
        assert!(Content::read(&bytes).is_some_and(|read| read == content()));
        assert!((0..bytes.len()).all(|length| !is_content(&bytes[..length])));
        assert!(!is_content(&[bytes.as_slice(), &[0]].concat()));
        let newer = [&[VERSION + 1], &bytes[1..]].concat();
        assert!(!is_content(&newer));
        // A field that this build does not know.
        let mut unknown = bytes;
        assert_eq!(unknown[1] & 0xE0, 0xA0, "a map of few fields");
        unknown[1] += 1;
        unknown.extend([0x18, 0x63, 0x00]);
        assert!(!is_content(&unknown));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            is_content(&bytes);
        }

        /// What is read in spite of a change is what would have been written.
        #[test]
        fn a_changed_byte_is_another_content_or_none(at in 0_usize..1_000, byte in any::<u8>()) {
            let mut bytes = written(&content());
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Some(read) = Content::read(&bytes) {
                prop_assert_eq!(written(&read), bytes);
            }
        }
    }
}
