//! What a key's record says about its time to come: deletion, rotation, import, copies in other Regions.
//!
//! All of it is inside the record of the key that it is about, so that nothing that is missing lets a key live longer or
//! material be used longer.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};
use trent_names::Region;

use super::letters::Asked;
use super::text;

/// That a key is to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Deletion {
    /// The waiting period, in days.
    #[n(0)]
    pub window_days: i32,
    /// When the waiting period ends, in milliseconds since the Unix epoch. None while a primary key waits for its
    /// replicas to be gone: its period has not begun.
    #[n(1)]
    pub at: Option<i64>,
}

/// That a key rotates by the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AutomaticRotation {
    /// The rotation period, in days.
    #[n(0)]
    pub period_days: i32,
    /// When the key rotates next, in milliseconds since the Unix epoch.
    #[n(1)]
    pub next: i64,
}

/// The other keys of a multi-Region set, as every key of the set knows them, and how far they are known to agree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Related {
    /// The Regions of the replicas.
    #[cbor(n(0), with = "text::set")]
    pub replicas: BTreeSet<Region>,
    /// Grows with every change of what the keys of the set share. A replica's is that of the state that it has.
    #[n(1)]
    pub edition: u64,
    /// The replicas that are known to have the primary's edition. Of a primary only.
    #[cbor(n(2), with = "text::set")]
    pub confirmed: BTreeSet<Region>,
    /// The replicas that are known to lack the newest material, which their owner imports. Of a primary only.
    #[cbor(n(3), with = "text::set")]
    pub lacking: BTreeSet<Region>,
    /// The Region that becomes the primary's; of the two keys that this is about, until it has.
    #[cbor(n(4), with = "text::optional", has_nil)]
    pub moving: Option<Region>,
    /// Who asked for that. Of the present primary only.
    #[n(5)]
    pub asked: Option<Asked>,
}

/// How a material came to be the current one of a key that had another before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Rotated {
    /// When, in milliseconds since the Unix epoch.
    #[n(0)]
    pub at: i64,
    /// Why.
    #[n(1)]
    pub how: RotationKind,
}

/// Why a key was rotated: the members of `RotationType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum RotationKind {
    /// By the calendar.
    #[n(0)]
    Automatic,
    /// Because somebody asked for it.
    #[n(1)]
    OnDemand,
}

impl RotationKind {
    /// The kind on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "AUTOMATIC",
            Self::OnDemand => "ON_DEMAND",
        }
    }
}

/// What is kept of the import of a material.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Imported {
    /// When the material expires, in milliseconds since the Unix epoch. None: it does not.
    #[n(0)]
    pub expires: Option<i64>,
    /// What its owner calls it.
    #[n(1)]
    pub description: Option<String>,
}

/// Why a material does not encrypt yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Standing {
    /// It was imported and waits for a rotation on demand.
    #[n(0)]
    PendingRotation,
    /// It is not yet in every Region of a multi-Region key.
    #[n(1)]
    PendingMultiRegion,
}
