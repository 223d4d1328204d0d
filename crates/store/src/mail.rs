//! Mail between Regions: how one Region has something done in another, since no transaction is over both.
//!
//! A transaction writes letters beside its other changes ([`RegionTxn::post`]), so a letter exists if and only if what
//! it tells happened. [`dispatch`] carries the letters to one Region there in the order of their commits, one at a time.
//! The receiver applies each in one transaction with the count of those that it has applied ([`RegionStore::receive`]),
//! and only then the sender forgets it. A crash between any two of these steps carries the same letter under the same
//! number once more, which the receiver knows. So each is applied exactly once, in order, and none is lost.
//!
//! A letter has no number before it is carried: writing one meets no other transaction.

mod bell;
mod inbox;
mod outbox;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use trent_crypto::record::Class;
use trent_names::Region;

pub use bell::Bell;
pub use inbox::{Mark, Reception};
pub use outbox::{Carrier, Undelivered, dispatch, waiting};

use crate::{
    error::{CommitError, StoreError},
    place::InRegion,
    record::{Kind, LivesIn, Record, kinds},
};

/// A letter on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The Region that wrote it.
    pub from: Region,
    /// The Region that is to apply it.
    pub to: Region,
    /// Which it is of those between the two: the first is 1, and none is left out.
    pub number: u64,
    /// What it says.
    pub body: Vec<u8>,
}

/// Why mail could not be delivered. The letters wait on.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The store of one of the two Regions could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store could not be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The other Region has not applied it, as far as this one knows.
    #[error(transparent)]
    Undelivered(#[from] Undelivered),
}

/// A letter that waits.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct LetterRecord {
    /// What it says.
    #[n(0)]
    body: ByteVec,
}

/// What is known of all letters to a Region.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct OutboxRecord {
    /// How many have been applied there.
    #[n(0)]
    delivered: u64,
}

/// What is known of all letters of a Region.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct InboxRecord {
    /// How many have been applied here.
    #[n(0)]
    applied: u64,
}

impl Record for LetterRecord {
    const KIND: Kind = kinds::LETTER;
    const CLASS: Class = Class::Resource;
    const VERSION: u8 = 1;
}

impl Record for OutboxRecord {
    const KIND: Kind = kinds::OUTBOX;
    const CLASS: Class = Class::Resource;
    const VERSION: u8 = 1;
}

impl Record for InboxRecord {
    const KIND: Kind = kinds::INBOX;
    const CLASS: Class = Class::Resource;
    const VERSION: u8 = 1;
}

impl LivesIn<InRegion> for LetterRecord {}
impl LivesIn<InRegion> for OutboxRecord {}
impl LivesIn<InRegion> for InboxRecord {}
