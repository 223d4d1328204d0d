//! What becomes of a key by itself, as time goes by: deletion at the end of its waiting period, rotation, expiry of imported
//! material.
//!
//! [`due`] reads off a key's record when something is next to be done to it, and every write of the record keeps one durable
//! job in step with that. The [`Runner`] takes what is due and asks, room by room, for the one transaction that does it.
//! The key's revision is its precondition, so a step that was done, or that has become pointless, is not done again. Where
//! entries and records do not agree nevertheless, the records are right: see [`schedule`].

pub(crate) mod deletion;
mod due;
mod expiry;
pub(crate) mod replication;
pub(crate) mod rotation;
mod runner;
mod schedule;

use trent_service::ServiceEvent;
use trent_store::{Destroyed, RegionTxn};

pub use self::replication::{Courier, Delivery};
pub use self::runner::Runner;

/// One step: a transaction and the records of what it does.
pub(crate) struct Step {
    /// The changes, which have the key's revision among their preconditions.
    pub(crate) txn: RegionTxn,
    /// The records.
    pub(crate) events: Vec<ServiceEvent>,
    /// The key that is gone for good with this step.
    pub(crate) destroys: Option<Destroyed>,
}

impl Step {
    /// A step with its record.
    pub(crate) fn recorded(txn: RegionTxn, event: ServiceEvent) -> Self {
        Self {
            events: vec![event],
            ..Self::silent(txn)
        }
    }

    /// A step that is no event of its own.
    pub(crate) fn silent(txn: RegionTxn) -> Self {
        Self {
            txn,
            events: Vec::new(),
            destroys: None,
        }
    }
}
