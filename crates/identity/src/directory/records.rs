//! What the store keeps of accounts and access keys.
//!
//! An account lists its access keys, their states and their serials in its own record. An access key's record alone
//! opens nothing: the account must name it, with the same serial, as active. So a store that withholds, swaps or
//! replays an access key's record only takes access away.

use minicbor::{Decode, Encode};
use trent_crypto::record::Class;
use trent_store::{Everywhere, Key, Kind, LivesIn, Record, kinds};

use crate::organization::records::Membership;
use crate::unique_id::UniqueId;

/// An account. Its key is the account's id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AccountRecord {
    /// The name that the operator gave it.
    #[n(0)]
    pub name: String,
    /// When it was made: milliseconds since 1970.
    #[n(1)]
    pub created_at: u64,
    /// The serial of the access key made last; serials are never used twice.
    #[n(2)]
    pub last_serial: u64,
    /// The root user's access keys, those that were retired included: a retired id does not come back.
    #[n(3)]
    pub root_access_keys: Vec<AccessKeyEntry>,
    /// Sessions of anybody of the account that were issued before this time are refused.
    #[n(4)]
    pub sessions_valid_after: Option<u64>,
    /// Since when nobody of the account is admitted.
    #[n(5)]
    pub suspended_at: Option<u64>,
    /// The account's alias.
    #[n(6)]
    pub alias: Option<String>,
    /// The account's place in an organization, if it is in one.
    #[n(7)]
    pub membership: Option<Membership>,
    /// The Regions in which its principals are refused; none if there is no list.
    #[n(8)]
    pub disabled_regions: Option<Vec<String>>,
}

impl AccountRecord {
    /// A new account, which has nothing yet.
    pub(super) fn new(name: &str, created_at: u64) -> Self {
        Self {
            name: name.to_owned(),
            created_at,
            last_serial: 0,
            root_access_keys: Vec::new(),
            sessions_valid_after: None,
            suspended_at: None,
            alias: None,
            membership: None,
            disabled_regions: None,
        }
    }
}

/// An access key as its account knows it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AccessKeyEntry {
    /// Its id.
    #[n(0)]
    pub id: String,
    /// Which of all keys that ever had the id.
    #[n(1)]
    pub serial: u64,
    /// Whether it signs requests.
    #[n(2)]
    pub status: AccessKeyStatus,
    /// When it was made: milliseconds since 1970.
    #[n(3)]
    pub created_at: u64,
    /// Whether its id was chosen elsewhere: then it could be chosen again, and is remembered once it is retired.
    #[n(4)]
    pub imported: Option<bool>,
}

impl AccessKeyEntry {
    /// Whether this is the key `id` of that serial, and signs requests.
    pub(crate) fn admits(&self, id: &str, serial: u64) -> bool {
        self.id == id && self.serial == serial && self.status == AccessKeyStatus::Active
    }
}

/// Whether an access key signs requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum AccessKeyStatus {
    /// It does.
    #[n(0)]
    Active,
    /// It does not until it is activated again.
    #[n(1)]
    Inactive,
    /// Never again: its secret has been removed.
    #[n(2)]
    Retired,
}

/// An access key and its secret. Its key is the blinded id.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AccessKeyRecord {
    /// The account that owns it; nothing if it is a service's.
    #[n(0)]
    pub account: String,
    /// Which principal of the account it belongs to.
    #[n(1)]
    pub owner: AccessKeyOwner,
    /// The serial by which the account knows it.
    #[n(2)]
    pub serial: u64,
    /// The secret, wrapped by the keystore.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub credential: Vec<u8>,
    /// The user that it belongs to, if it belongs to one.
    #[n(4)]
    pub user: Option<UniqueId>,
    /// The service that it belongs to, if it belongs to one; then no account owns it.
    #[n(5)]
    pub service: Option<String>,
}

/// Whom an access key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum AccessKeyOwner {
    /// The account's root user.
    #[n(0)]
    Root,
    /// A user.
    #[n(1)]
    User,
    /// A registered service.
    #[n(2)]
    Service,
}

impl Record for AccountRecord {
    const KIND: Kind = kinds::ACCOUNT;
    const CLASS: Class = Class::Policy;
    const VERSION: u8 = 1;
}

impl LivesIn<Everywhere> for AccountRecord {}

impl Record for AccessKeyRecord {
    const KIND: Kind = kinds::ACCESS_KEY;
    const CLASS: Class = Class::Credentials;
    const VERSION: u8 = 1;
}

impl LivesIn<Everywhere> for AccessKeyRecord {}

pub(crate) fn account_key(account: trent_names::AccountId) -> Key<AccountRecord> {
    Key::new().part(account.as_str().as_bytes())
}
