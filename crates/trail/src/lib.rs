//! The operations over what was recorded and measured.
//!
//! Each module is a service of its own, which goes through the same pipeline as every other.

pub mod cloudtrail;
pub mod cloudwatch;

pub use cloudtrail::CloudTrail;
pub use cloudwatch::CloudWatch;
