//! IAM and STS as operations: the accounts' own hands on the users, groups, roles and policies that `trent_identity`
//! keeps, and on sessions of them.
//!
//! Both are services of their own, with a catalogue each, and go through the same pipeline as every other operation. So
//! does forward access, which registered services ask for.

pub mod forwarding;
pub mod iam;
pub mod sts;

pub use forwarding::ForwardAccess;
pub use iam::Iam;
pub use sts::Sts;
