//! How many keys an account has.

use minicbor::{Decode, Encode};
use trent_crypto::record::Class;
use trent_names::{AccountId, KeyId};
use trent_store::{InRegion, Key, Kind, LivesIn, Record, kinds};

/// The parts that an account's keys are counted in: so that those who make keys at the same time seldom change the same
/// record.
pub const PARTS: u64 = 16;

/// How many customer managed keys an account has in one part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct KeyRoster {
    /// The part.
    #[n(0)]
    pub part: u64,
    /// How many keys there are.
    #[n(1)]
    pub keys: u64,
}

impl Record for KeyRoster {
    const KIND: Kind = kinds::KEY_ROSTER;
    const CLASS: Class = Class::Policy;
    const VERSION: u8 = 1;
}

impl LivesIn<InRegion> for KeyRoster {}

/// The part that a key is counted in: by four bits of its id, which are random.
pub fn part_of(id: KeyId) -> u64 {
    let [.., last] = id.as_bytes();
    u64::from(last) % PARTS
}

/// Where a part is.
pub fn part_address(account: AccountId, part: u64) -> Key<KeyRoster> {
    parts_of(account).number(part)
}

/// What precedes all parts of an account.
pub fn parts_of(account: AccountId) -> Key<KeyRoster> {
    Key::new().part(account.as_str().as_bytes())
}
