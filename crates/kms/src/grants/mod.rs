//! Grants: permissions on one key for one principal, beside all policies (guide, "Grants in AWS KMS").
//!
//! [`terms`] says what a grant may say, [`party`] who is in it, [`space`] how it is found and [`change`] how it comes and
//! goes. A request is lent what its caller has on the key: [`usable`], out of [`holdings`].

pub mod change;
mod clear;
pub mod holdings;
pub mod id;
pub mod list;
pub mod party;
pub mod review;
pub mod space;
pub mod terms;
pub mod token;
pub mod usable;
