//! When keys were used last. Nothing is decided by it, so it stands beside the key's record: a use of a key is no change of
//! it.

use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};
use trent_crypto::record::Class;
use trent_names::{AccountId, KeyId};
use trent_store::{InRegion, Key, Kind, LivesIn, Record, kinds};

use super::id_bytes;

/// The last use of a key that was written down.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LastUseRecord {
    /// The operation.
    #[n(0)]
    pub operation: String,
    /// When, in milliseconds since the Unix epoch.
    #[n(1)]
    pub at: i64,
    /// The audit record of the call.
    #[n(2)]
    pub event: ByteArray<16>,
    /// The call's request id.
    #[n(3)]
    pub request: ByteArray<16>,
}

/// Since when the uses of a Region's keys are noted: written once.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct UsesSince {
    /// The moment, in milliseconds since the Unix epoch.
    #[n(0)]
    pub at: i64,
}

impl Record for LastUseRecord {
    const KIND: Kind = kinds::KEY_LAST_USE;
    const CLASS: Class = Class::Resource;
    const VERSION: u8 = 1;
}

impl Record for UsesSince {
    const KIND: Kind = kinds::USES_SINCE;
    const CLASS: Class = Class::Resource;
    const VERSION: u8 = 1;
}

impl LivesIn<InRegion> for LastUseRecord {}
impl LivesIn<InRegion> for UsesSince {}

/// Where the last use of a key is.
pub fn last_use_address(account: AccountId, id: KeyId) -> Key<LastUseRecord> {
    Key::new().part(&id_bytes(id)).part(account.as_str().as_bytes())
}
