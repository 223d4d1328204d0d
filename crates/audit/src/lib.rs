//! The audit trail: what a record says, how it is kept, and how a change's record gets from the store into it.
//!
//! - [`Event`] is one record, in the form of a `CloudTrail` record.
//! - [`Trail`] keeps records in an append-only, hash-chained file and tells when they are durable.
//! - [`OutboxRecord`] is a record that waits in the store, written in the same transaction as the change that it tells
//!   of; [`Drain`] moves it into the trail exactly once.

pub mod json;

mod backwards;
mod chain;
mod event;
mod medium;
mod outbox;
mod recovery;
mod trail;
mod verify;
mod writer;

pub use chain::{Head, LineError, Link};
pub use event::{EVENT_VERSION, Event, EventId, Failure, MAX_TEXT, Rendered, Resource, UserIdentity};
pub use medium::{Medium, MemoryLog};
pub use outbox::{Drain, DrainError, OutboxRecord, enqueue};
pub use recovery::OpenError;
pub use trail::{Health, Mode, Opened, Trail, TrailError};
pub use verify::{Summary, VerifyError, verify};
