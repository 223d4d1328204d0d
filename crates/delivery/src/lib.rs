//! What leaves the house: events by rules to targets, and the records of the trail to sinks.
//!
//! Everything that is delivered is read off the trail, whose records are written in the transactions of the changes that
//! they tell of. So there is one outbox for all, and what a target or a sink has not taken yet waits there.
//!
//! - An [`Outlet`] takes records: a target of events behind its [`Rules`](events::Rules), or a sink of the trail.
//! - A [`Courier`] brings an outlet the records, in order and at least once, from a cursor that is kept in the store.
//!   Each outlet has a courier of its own, so that none waits for another.
//! - The [security log](security_log) has what is in no trail: requests that were turned away.

mod backoff;
mod courier;
mod cursor;
pub mod events;
pub mod http;
mod moment;
pub mod outlets;
pub mod security_log;
mod selectors;

pub use courier::{Courier, Status, Stop};
pub use cursor::Cursors;
pub use outlets::{Outlet, Undelivered};
pub use selectors::Selectors;
