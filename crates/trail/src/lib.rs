//! The operations over what was recorded. Whatever they answer is in the trail already; they keep nothing.

pub mod cloudtrail;

pub use cloudtrail::CloudTrail;
