//! Records: the typed values of the store, and how they are written down.
//!
//! A record is one CBOR value with numbered fields behind a version byte. Decoding refuses whatever it does not know:
//! the value is encoded again and must give the same bytes, so an unknown field, written by a newer version or put
//! there by somebody else, denies instead of being ignored.

use minicbor::{Decode, Encode};
use trent_crypto::record::Class;

use crate::{place::Place, revision::Revision};

/// The number of a record type inside record keys. Never reused: see [`kinds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(pub u8);

/// Every record type's number, in one place so that no two are the same.
pub mod kinds {
    use super::Kind;

    /// An account.
    pub const ACCOUNT: Kind = Kind(0x01);
    /// An access key and its wrapped secret.
    pub const ACCESS_KEY: Kind = Kind(0x02);
    /// A user: its credentials, its policies and what restricts it.
    pub const USER: Kind = Kind(0x03);
    /// A group of users.
    pub const GROUP: Kind = Kind(0x04);
    /// A role.
    pub const ROLE: Kind = Kind(0x05);
    /// A managed policy and its versions.
    pub const MANAGED_POLICY: Kind = Kind(0x06);
    /// An OIDC provider.
    pub const OIDC_PROVIDER: Kind = Kind(0x07);
    /// How many users, groups, roles, policies and providers an account has.
    pub const ROSTER: Kind = Kind(0x08);
    /// Which user, group, role, policy or provider of an account has a name.
    pub const PRINCIPAL_NAME: Kind = Kind(0x09);
    /// That a user is in a group, or that a policy is used by a principal: what listings walk.
    pub const PRINCIPAL_LINK: Kind = Kind(0x0A);
    /// When an access key or a role was used last.
    pub const LAST_USE: Kind = Kind(0x0B);
    /// Which account has an alias.
    pub const ACCOUNT_ALIAS: Kind = Kind(0x0C);
    /// The organization that accounts are in.
    pub const ORGANIZATION: Kind = Kind(0x0D);
    /// A unit of an organization, or its root.
    pub const ORGANIZATIONAL_UNIT: Kind = Kind(0x0E);
    /// A service or resource control policy.
    pub const CONTROL_POLICY: Kind = Kind(0x0F);
    /// A registered service, its access keys and how far it may go.
    pub const SERVICE: Kind = Kind(0x20);
    /// A KMS key: its metadata, state and what restricts it.
    pub const KEY: Kind = Kind(0x10);
    /// An alias by its name.
    pub const ALIAS: Kind = Kind(0x12);
    /// A grant on a key.
    pub const GRANT: Kind = Kind(0x13);
    /// Where a grant is, by its id or by the request that made it.
    pub const GRANT_POINTER: Kind = Kind(0x14);
    /// Where a grant is, by the principal that may retire it.
    pub const RETIRABLE_GRANT: Kind = Kind(0x15);
    /// How many grants a key has.
    pub const GRANT_ROSTER: Kind = Kind(0x16);
    /// That an account has a key: what listings walk.
    pub const KEY_BY_ACCOUNT: Kind = Kind(0x17);
    /// That a principal has grants on a key, and which of them ended of late.
    pub const GRANTEE: Kind = Kind(0x18);
    /// Something that is to be done at a later time.
    pub const JOB: Kind = Kind(0x19);
    /// Who does what is to be done.
    pub const JOB_LEASE: Kind = Kind(0x1A);
    /// How far the clock has been seen to run.
    pub const CLOCK_MARK: Kind = Kind(0x1B);
    /// A message to another Region.
    pub const OUTGOING_MESSAGE: Kind = Kind(0x1C);
    /// How many messages a Region has sent another.
    pub const OUTGOING_COUNT: Kind = Kind(0x1D);
    /// How many messages of another Region were applied.
    pub const INCOMING_COUNT: Kind = Kind(0x1E);
    /// When a key was last used.
    pub const KEY_LAST_USE: Kind = Kind(0x1F);
    /// Since when a Region tells when keys were used last.
    pub const USES_SINCE: Kind = Kind(0x21);
    /// How many keys an account has in one part.
    pub const KEY_ROSTER: Kind = Kind(0x22);
    /// What was granted to an account beyond a quota, or below it.
    pub const QUOTA_OVERRIDE: Kind = Kind(0x23);
    /// An audit record on its way to the trail.
    pub const AUDIT_OUTBOX: Kind = Kind(0x30);
    /// A chain of the trail: the key that its first batch is authenticated under.
    pub const AUDIT_CHAIN: Kind = Kind(0x31);
    /// How far the trail is known to reach.
    pub const AUDIT_ANCHOR: Kind = Kind(0x32);
    /// How far a target of events or a sink of the trail has come.
    pub const DELIVERY_CURSOR: Kind = Kind(0x38);
    /// The key pair that signs the digests of a sink's log files.
    pub const DIGEST_KEY: Kind = Kind(0x39);
    /// What a sink of the trail is without.
    pub const SINK_SELECTORS: Kind = Kind(0x3A);
    /// Where the records of the trail that are kept begin.
    pub const AUDIT_FLOOR: Kind = Kind(0x33);
    /// A letter to another Region, until it has been applied there.
    pub const LETTER: Kind = Kind(0x50);
    /// How many letters to another Region have been applied there.
    pub const OUTBOX: Kind = Kind(0x51);
    /// How many letters of another Region have been applied here.
    pub const INBOX: Kind = Kind(0x52);
}

/// A type that the store keeps. Encoding must be deterministic and must not fail: derive it.
pub trait Record: Encode<()> + for<'b> Decode<'b, ()> + Send + Sync + Sized + 'static {
    /// Its number, from [`kinds`].
    const KIND: Kind;
    /// The class of keys that seals it.
    const CLASS: Class;
    /// The version of its encoding.
    const VERSION: u8;
}

/// Says where records of a type live: `impl LivesIn<InRegion> for KeyRecord {}`.
pub trait LivesIn<P: Place>: Record {}

/// A record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<R> {
    /// The record.
    pub value: R,
    /// The commit that wrote it: what a conditional write names.
    pub revision: Revision,
    /// The sealed version: grows with every write of the same record.
    pub version: u64,
}

/// Why bytes are not a record of a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeError {
    #[error("it is empty")]
    Empty,
    #[error("it has encoding version {found}, this build knows {known}")]
    Version { found: u8, known: u8 },
    #[error("it is malformed: {0}")]
    Malformed(String),
    #[error("it has fields that this build does not know")]
    UnknownFields,
}

/// Writes a record down.
pub(crate) fn encode<R: Record>(record: &R) -> Vec<u8> {
    let mut bytes = vec![R::VERSION];
    minicbor::encode(record, &mut bytes).expect("encoding derived records into memory cannot fail");
    bytes
}

/// Reads a record back, refusing anything that this build would not have written.
pub(crate) fn decode<R: Record>(bytes: &[u8]) -> Result<R, DecodeError> {
    let (version, body) = bytes.split_first().ok_or(DecodeError::Empty)?;
    if *version != R::VERSION {
        return Err(DecodeError::Version {
            found: *version,
            known: R::VERSION,
        });
    }
    let record: R = minicbor::decode(body).map_err(|error| DecodeError::Malformed(error.to_string()))?;
    if encode(&record) != bytes {
        return Err(DecodeError::UnknownFields);
    }
    Ok(record)
}
