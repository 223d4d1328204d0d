//! The form of a head: what the engine keeps beside the records, and the head file keeps a copy of.

use bytes::Bytes;

use crate::revision::Revision;

/// The format of a head: this byte, the revision, and the authentication code over the whole store.
pub(crate) const FORMAT: u8 = 1;
/// The length of the authentication code.
pub(crate) const MAC: usize = 32;

/// Where a store stands, as verified or attested last.
pub(crate) struct Standing {
    pub(crate) revision: Revision,
    /// The head of that revision.
    pub(crate) head: Bytes,
    /// Nothing had been attested when the store was read: this is its first opening.
    pub(crate) new: bool,
}

/// The revision that a head names.
pub(crate) fn revision(head: &[u8]) -> Option<Revision> {
    let (format, rest) = head.split_first()?;
    let (revision, mac) = rest.split_first_chunk()?;
    (*format == FORMAT && mac.len() == MAC).then(|| Revision(u64::from_be_bytes(*revision)))
}
