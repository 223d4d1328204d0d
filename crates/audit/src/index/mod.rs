//! The index of a segment: which of its records have which attribute, so that looking something up reads little.
//!
//! An attribute and its value are a [`Term`], a keyed hash; an index maps terms to the places of records in the segment.
//! The open segment's index is in memory ([`Draft`]), a closed segment's is a file ([`IndexFile`]) that is written once.
//! Neither is believed: whoever looks something up reads the record and compares. An index that is missing or damaged is
//! made again from the segment.
//!
//! The terms of a durable trail's record are hashed where it is made ([`Noted`]) and come to the draft by way of the writer
//! ([`Unindexed`]), so that what was just written need not be read. Those of other records are read from the segment.

mod draft;
mod file;
mod hash;
mod terms;
mod unindexed;

use std::io;

pub(crate) use draft::Draft;
pub(crate) use file::{IndexFile, Of};
pub(crate) use terms::{Noted, Terms};
pub(crate) use unindexed::{Lines, Unindexed, Written};

use crate::recorded::Attribute;

/// What an attribute with a value is hashed to, under the key of one index.
pub(crate) type Term = u32;

/// Where a record is in its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Where its line starts.
    pub(crate) offset: u64,
    /// The length of the line, without its break.
    pub(crate) length: u32,
    /// The record's time, in seconds since the Unix epoch.
    pub(crate) time: u32,
}

/// The records that may have an attribute of some value: how many there are is known before they are read.
#[derive(Debug)]
pub(crate) enum Having {
    /// These, ascending.
    Records(Vec<u32>),
    /// So many, in a list of so many bytes at a place of the index's file.
    Listed { records: u32, at: u64, length: u32 },
}

impl Having {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Records(records) => records.len(),
            Self::Listed { records, .. } => *records as usize,
        }
    }
}

/// Why an index does not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    /// It is not what was written, or not of this segment.
    #[error("the index is damaged or of another segment")]
    Damaged,
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Something that knows the places of a segment's records. Records are numbered from 0.
pub(crate) trait Index {
    /// How many records there are.
    fn records(&self) -> u32;

    /// The earliest and the latest time of a record.
    fn times(&self) -> (u32, u32);

    /// Which records may have an attribute of this value.
    fn having(&self, attribute: Attribute, value: &str) -> Result<Having, Unusable>;

    /// The same records, ascending.
    fn read(&self, having: Having) -> Result<Vec<u32>, Unusable>;

    /// Where a record is.
    fn place(&mut self, record: u32) -> Result<Place, Unusable>;
}
