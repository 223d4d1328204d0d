//! The receiver's side: a letter is applied together with the count of those that were.

use trent_names::Region;

use super::{InboxRecord, Letter};
use crate::{
    error::StoreError,
    key::Key,
    revision::Revision,
    scope::{RegionStore, RegionTxn},
};

/// What becomes of a letter that arrives.
#[derive(Debug)]
pub enum Reception {
    /// It is the next one: apply it, in one transaction with this.
    Next(Mark),
    /// It was applied before: the sender has only not heard of it.
    Known,
    /// Others come before it, or it is for another Region: it must not be applied.
    Refused,
}

/// The count of the letters that were applied, with one more. A transaction that has it fails if it is counted otherwise.
#[derive(Debug)]
pub struct Mark {
    inbox: Key<InboxRecord>,
    applied: u64,
    at: Option<Revision>,
}

impl Mark {
    /// Counts the letter as applied.
    pub fn note(&self, txn: &mut RegionTxn) {
        let record = InboxRecord { applied: self.applied };
        match self.at {
            Some(at) => txn.update(&self.inbox, &record, at),
            None => txn.insert(&self.inbox, &record),
        };
    }
}

impl RegionStore {
    /// Looks what a letter that arrived here is to those that were applied before.
    pub async fn receive(&self, letter: &Letter) -> Result<Reception, StoreError> {
        if letter.to != *self.region() {
            return Ok(Reception::Refused);
        }
        let inbox = inbox(&letter.from);
        let known = self.get(&inbox).await?;
        let applied = known.as_ref().map_or(0, |known| known.value.applied);
        if letter.number <= applied {
            return Ok(Reception::Known);
        }
        if letter.number > applied + 1 {
            return Ok(Reception::Refused);
        }
        Ok(Reception::Next(Mark {
            inbox,
            applied: letter.number,
            at: known.map(|known| known.revision),
        }))
    }
}

fn inbox(from: &Region) -> Key<InboxRecord> {
    Key::new().part(from.as_str().as_bytes())
}
