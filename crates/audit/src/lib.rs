//! The audit trail: what a record says, how it is kept, and how a change's record gets from the store into it.
//!
//! - [`Event`] is one record, in the form of a `CloudTrail` record.
//! - [`Trail`] keeps records in an append-only file whose batches are chained and authenticated, and tells when they are durable.
//! - [`OutboxRecord`] is a record that waits in the store, written in the same transaction as the change that it tells
//!   of; [`Drain`] moves it into the trail exactly once.
//! - A [`Position`] is a place in the trail that is kept; [`Trail::read_behind`] gives the records behind it.

pub mod json;

mod backwards;
mod chain;
mod chains;
mod event;
mod find;
mod follow;
mod identity;
mod medium;
mod outbox;
mod queue;
mod recovery;
mod trail;
mod verify;
mod walk;
mod writer;

pub use chain::{Head, LineError, Mac};
pub use chains::Chains;
pub use event::{
    EVENT_VERSION, Event, EventId, EventType, Failure, INTERNAL, MAX_TEXT, Rendered, Resource, for_account,
};
pub use find::find_request;
pub use follow::{Entry, Page, Position};
pub use identity::{IdentifiedPrincipal, SessionContext, SessionIssuer, UserIdentity};
pub use medium::{Medium, MemoryLog};
pub use outbox::{Drain, DrainError, OutboxRecord, enqueue};
pub use queue::{Health, Mode, TrailError};
pub use recovery::OpenError;
pub use trail::{Opened, Trail};
pub use verify::{Summary, VerifyError, verify};
pub use walk::Torn;
