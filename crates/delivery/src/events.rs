//! Events, as an event bus has them: what records of the trail are turned into, and which of them go to whom.

mod event;
mod pattern;
mod rules;
mod target;

pub use event::{Event, events_of};
pub use pattern::{Pattern, PatternError};
pub use rules::{Rule, RuleState, Rules};
pub use target::{EventOutlet, Target};
