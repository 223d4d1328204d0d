//! Organizations: accounts in units, and the service and resource control policies that limit them (AWS Organizations
//! User Guide, "Authorization policies").
//!
//! What limits an account is gathered once per change and lent to every decision: by the caller's account for service
//! control policies, by the resource's account for resource control policies.

pub mod placement;
pub mod records;

pub use placement::{ControlLevel, ControlPolicy, Placement};
