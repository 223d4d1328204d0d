//! The store: an ordered transactional key-value store with watch, sealed.
//!
//! Layers, from the bottom: an [`Engine`] keeps opaque bytes ([`RedbEngine`] on disk, [`MemoryEngine`] in memory);
//! [`Sealed`] seals each record and attests the whole; [`RegionStore`] and [`GlobalStore`] are typed views of one
//! place; [`mail`] goes between the Regions; [`ObjectCache`] keeps parsed objects off the engine's path. A [`DataFolder`]
//! is locked and stamped, [`backup`] copies a store out and in.

mod attest;
pub mod backup;
mod cache;
mod clock_mark;
mod embedded;
pub mod engine;
mod error;
mod feed;
mod folder;
mod follower;
mod head;
mod head_file;
mod jobs;
mod key;
mod lag;
mod ledger;
pub mod mail;
mod memory;
mod place;
mod record;
mod revision;
mod scope;
mod sealed;
mod txn;
mod witness;

pub use attest::RESERVED_PREFIX;
pub use cache::{CacheCounts, ObjectCache, Seen};
pub use embedded::RedbEngine;
pub use engine::{Engine, Outcome, Snapshot, TxnId};
pub use error::{CommitError, Conflict, OpenError, StoreError};
pub use feed::{Change, Changes, Compacted, Watch, WatchEnd};
pub use folder::{DataFolder, Mode};
pub use jobs::{Job, Jobs, Lease};
pub use key::Key;
pub use ledger::{Destroyed, Ledger, LedgerError};
pub use memory::MemoryEngine;
pub use place::{Everywhere, InRegion, Place};
pub use record::{Kind, LivesIn, Record, Stored, kinds};
pub use revision::{Revision, Versioned};
pub use scope::{GlobalStore, GlobalTxn, Page, RegionStore, RegionTxn, ScopedSnapshot, ScopedStore};
pub use sealed::{Commits, Options, Sealed};
pub use txn::ScopedTxn;
pub use witness::Witness;

/// How many commits an engine remembers by transaction id, so that a lost answer can be resolved.
pub const OUTCOMES_KEPT: usize = 4096;
