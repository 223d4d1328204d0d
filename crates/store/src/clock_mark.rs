//! How far the wall clock is known to have come: what a server that starts compares its clock with.

use minicbor::{Decode, Encode};
use trent_crypto::record::Class;

use crate::error::{CommitError, StoreError};
use crate::key::Key;
use crate::place::Everywhere;
use crate::record::{Kind, LivesIn, Record, kinds};
use crate::scope::GlobalStore;

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct ClockMark {
    /// Milliseconds since the Unix epoch.
    #[n(0)]
    at: i64,
}

impl Record for ClockMark {
    const KIND: Kind = kinds::CLOCK_MARK;
    const CLASS: Class = Class::Resource;
    const VERSION: u8 = 1;
}

impl LivesIn<Everywhere> for ClockMark {}

impl GlobalStore {
    /// The mark, in milliseconds since the Unix epoch, if there is one.
    pub async fn clock_mark(&self) -> Result<Option<i64>, StoreError> {
        let mark = self.get::<ClockMark>(&Key::new()).await?;
        Ok(mark.map(|mark| mark.value.at))
    }

    /// Moves the mark.
    pub async fn mark_clock(&self, at: i64) -> Result<(), CommitError> {
        let mut txn = self.txn();
        txn.put(&Key::new(), &ClockMark { at });
        self.commit(txn).await.map(drop)
    }
}
