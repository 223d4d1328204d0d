//! The audit trail: what a record says, how it is kept, and how a change's record gets from the store into it.
//!
//! - [`Event`] is one record, in the form of a `CloudTrail` record.
//! - [`Trail`] keeps records in an append-only file whose batches are chained and authenticated, and tells when they are durable.
//! - [`History`] looks into what was recorded; [`verify`] checks it.
//! - [`OutboxRecord`] is a record that waits in the store, written in the same transaction as the change that it tells
//!   of; [`Drain`] moves it into the trail exactly once.
//! - A [`Position`] is a place in the trail that is kept; [`Trail::read_behind`] gives the records behind it.

pub mod json;

mod backwards;
mod chain;
mod chains;
mod event;
mod filter;
mod follow;
mod gathering;
mod history;
mod identity;
mod index;
mod log_file;
mod medium;
mod outbox;
mod queue;
mod recorded;
mod recovery;
mod rotation;
mod segment;
mod telling;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod trail;
mod verify;
mod walk;
mod writer;

pub use chain::{Head, LineError, Mac};
pub use chains::Chains;
pub use event::{
    EVENT_VERSION, Event, EventId, EventType, Failure, INTERNAL, MAX_TEXT, Negotiated, Rendered, Resource, TlsDetails,
    for_account,
};
pub use filter::{Filter, FilterError};
pub use follow::{Entry, Page, Position};
pub use gathering::Workers;
pub use history::{Found, History, Query};
pub use identity::{IdentifiedPrincipal, SessionContext, SessionIssuer, UserIdentity};
pub use medium::{Medium, MemoryLog, NotBegun};
pub use outbox::{Drain, DrainError, OutboxRecord, enqueue};
pub use queue::{Health, Mode, TrailError};
pub use recorded::{About, Attribute, Recorded};
pub use recovery::OpenError;
pub use rotation::{Keeping, PATIENCE, Removed, RotationError};
pub use trail::{Lag, Opened, Promise, Trail};
pub use verify::{Files, Progress, Summary, VerifyError, verify, verify_after};
pub use walk::Torn;
