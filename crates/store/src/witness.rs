//! The witness of commits: what makes dropping, swapping or replaying records in the engine's file detectable.
//!
//! An engine shows its witness every change in commit order, and writes the head that the witness answers with in the
//! same durable transaction. The witness ([`crate::Sealed`]'s) keeps a digest over all live records.

use bytes::Bytes;

use crate::{feed::Change, revision::Revision};

/// Sees every commit and attests the state that follows from it.
pub trait Witness: Send + Sync {
    /// Called once for each durable batch, in commit order, with every change of the batch; `revision` is the last of
    /// it. The answer is the head that the batch is stored with. If storing fails the engine stops for good, so no
    /// call ever has to be taken back.
    fn attest(&self, revision: Revision, changes: &[Change]) -> Bytes;

    /// Called after the batch that ends at `revision` is durable.
    fn durable(&self, revision: Revision, head: &Bytes);
}
