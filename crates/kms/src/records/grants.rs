//! What the store keeps for grants.
//!
//! A grant is one record, under its key and its grantee, so that a request reads what its caller has and never all that
//! the key has. Two kinds of records tell whoever caches that there is something to read: the key's roster, which also
//! counts, and that of the grantee. Whatever makes or removes a grant writes both, with their revisions as
//! preconditions. The others only find a grant: by its id, by the request that made it, by who may retire it.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};
use trent_api::kms::GrantOperation;
use trent_crypto::record::Class;
use trent_names::{AccountId, KeyId};
use trent_store::{InRegion, Key, Kind, LivesIn, Record, kinds};

use super::{id_bytes, text};
use crate::grants::id::GrantId;

/// A grant.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct GrantRecord {
    /// Its id.
    #[n(0)]
    pub id: GrantId,
    /// Its name, if it was given one.
    #[n(1)]
    pub name: Option<String>,
    /// When it was made, in milliseconds since the Unix epoch.
    #[n(2)]
    pub created: i64,
    /// Whom it allows something.
    #[n(3)]
    pub grantee: PartyRecord,
    /// Who may retire it, if it names anybody.
    #[n(4)]
    pub retiring: Option<PartyRecord>,
    /// The account of whoever made it.
    #[cbor(n(5), with = "text")]
    pub issuer: AccountId,
    /// What it allows.
    #[cbor(n(6), with = "text::set")]
    pub operations: BTreeSet<GrantOperation>,
    /// Under which conditions.
    #[n(7)]
    pub constraints: Constraints,
    /// The grant that permitted to make it, if no policy did.
    #[n(8)]
    pub parent: Option<GrantId>,
}

/// A principal in a grant.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PartyRecord {
    /// Its ARN, or the name of a service.
    #[n(0)]
    pub name: String,
    /// The unique id that it had, for a user, a role or a role's session: a later one of the same name is not meant.
    #[n(1)]
    pub id: Option<String>,
}

/// The constraints of a grant. All that are there must be met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Constraints {
    /// The encryption context must be this one.
    #[n(0)]
    pub equals: Option<BTreeMap<String, String>>,
    /// The encryption context must have these pairs.
    #[n(1)]
    pub subset: Option<BTreeMap<String, String>>,
    /// The request must be made on behalf of this resource.
    #[n(2)]
    pub source_arn: Option<String>,
}

/// Where a grant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct GrantPlace {
    /// The account that owns the key.
    #[cbor(n(0), with = "text")]
    pub account: AccountId,
    /// The key.
    #[cbor(n(1), with = "text")]
    pub key: KeyId,
    /// The digest of the grantee.
    #[n(2)]
    pub grantee: ByteArray<32>,
    /// The number of the change of the key's grants that made it.
    #[n(3)]
    pub number: u64,
}

/// Finds a grant by its id or by the request that made it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct GrantPointer {
    /// Where it is.
    #[n(0)]
    pub place: GrantPlace,
}

/// Finds a grant by the principal that may retire it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RetirableGrant {
    /// Where it is.
    #[n(0)]
    pub place: GrantPlace,
}

/// The grants of a key, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct GrantRoster {
    /// How many there are.
    #[n(0)]
    pub grants: u64,
    /// How often one was made or removed.
    #[n(1)]
    pub changes: u64,
}

/// The grants that one principal has on a key: what has changed, for whoever keeps them in memory.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct GranteeRecord {
    /// How many there are; without any there is no record.
    #[n(0)]
    pub grants: u64,
    /// The number of the change that was the last for this grantee.
    #[n(1)]
    pub last: u64,
    /// The removals behind `forgotten`, oldest first.
    #[n(2)]
    pub removed: Vec<Removal>,
    /// Removals up to this change are not listed.
    #[n(3)]
    pub forgotten: u64,
}

/// That a grant was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Removal {
    /// The number of the change that removed it.
    #[n(0)]
    pub change: u64,
    /// The number of the grant.
    #[n(1)]
    pub grant: u64,
}

macro_rules! stored {
    ($($record:ty => $kind:ident;)*) => {$(
        impl Record for $record {
            const KIND: Kind = kinds::$kind;
            const CLASS: Class = Class::Policy;
            const VERSION: u8 = 1;
        }

        impl LivesIn<InRegion> for $record {}
    )*};
}

stored! {
    GrantRecord => GRANT;
    GrantPointer => GRANT_POINTER;
    RetirableGrant => RETIRABLE_GRANT;
    GrantRoster => GRANT_ROSTER;
    GranteeRecord => GRANTEE;
}

impl PartyRecord {
    /// What tells the principal from every other: the unique id where it has one, else the name.
    pub fn identity(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.name)
    }
}

impl GrantPlace {
    /// The record's address.
    pub fn address(&self) -> Key<GrantRecord> {
        grants_to(self.account, self.key, &self.grantee).number(self.number)
    }

    /// The address of the grantee's record.
    pub fn grantee_address(&self) -> Key<GranteeRecord> {
        grantee_address(self.account, self.key, &self.grantee)
    }

    /// The address by which a retiring principal finds it.
    pub fn retirable_address(&self, retiring: &[u8; 32]) -> Key<RetirableGrant> {
        let address = retirable_by(retiring).part(&id_bytes(self.key));
        let address = address.part(self.account.as_str().as_bytes());
        address.part(&*self.grantee).number(self.number)
    }
}

/// What precedes the grants on a key.
pub fn grants_on(account: AccountId, key: KeyId) -> Key<GrantRecord> {
    of_key(account, key)
}

/// What precedes the grants that a principal has on a key.
pub fn grants_to(account: AccountId, key: KeyId, grantee: &[u8; 32]) -> Key<GrantRecord> {
    of_key(account, key).part(grantee)
}

/// Where the grantee's record is.
pub fn grantee_address(account: AccountId, key: KeyId, grantee: &[u8; 32]) -> Key<GranteeRecord> {
    of_key(account, key).part(grantee)
}

/// What precedes the records of all grantees of a key.
pub fn grantees_of(account: AccountId, key: KeyId) -> Key<GranteeRecord> {
    of_key(account, key)
}

/// What precedes everything that finds a grant on a key.
pub fn requests_of(account: AccountId, key: KeyId) -> Key<GrantPointer> {
    of_key(account, key)
}

/// Where a key's roster is.
pub fn roster_address(account: AccountId, key: KeyId) -> Key<GrantRoster> {
    of_key(account, key)
}

/// What finds a grant by its id.
pub fn by_id(account: AccountId, key: KeyId, id: GrantId) -> Key<GrantPointer> {
    of_key(account, key).part(b"id").part(id.as_bytes())
}

/// What finds a named grant by the digest of the request that made it.
pub fn by_request(account: AccountId, key: KeyId, request: &[u8; 32]) -> Key<GrantPointer> {
    of_key(account, key).part(b"request").part(request)
}

/// What precedes the grants that a principal may retire.
pub fn retirable_by(retiring: &[u8; 32]) -> Key<RetirableGrant> {
    Key::new().part(retiring)
}

fn of_key<R: Record>(account: AccountId, key: KeyId) -> Key<R> {
    Key::new().part(&id_bytes(key)).part(account.as_str().as_bytes())
}
