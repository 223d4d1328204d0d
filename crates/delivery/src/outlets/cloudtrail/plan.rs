//! What is about to be written, noted in the store before it is: after a crash the same is written again under the same
//! names. So no file is left behind that no digest names, and none is named twice.

use minicbor::{Decode, Encode};
use uuid::Uuid;

use super::Owner;

/// What is about to be written.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) enum Plan {
    /// A log file for each owner of records that wait.
    #[n(0)]
    LogFiles(#[n(0)] Batch),
    /// A digest for each of these.
    #[n(1)]
    Digests {
        /// When, in seconds since the Unix epoch.
        #[n(0)]
        at: i64,
        #[n(1)]
        owners: Vec<Owner>,
    },
}

/// Records that are written at one time.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Batch {
    /// When, in seconds since the Unix epoch.
    #[n(0)]
    pub(super) at: i64,
    /// What the names of its files have that those of others have not.
    #[n(1)]
    pub(super) unique: String,
    /// The number of its last record.
    #[n(2)]
    pub(super) last: u64,
}

impl Batch {
    /// One that ends with the record of this number.
    pub(super) fn new(at: i64, last: u64) -> Self {
        let mut unique = Uuid::new_v4().simple().to_string();
        unique.truncate(16);
        Self { at, unique, last }
    }
}
