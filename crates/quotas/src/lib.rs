//! What an account may have, and how often it may ask: the quotas of the guide as data, what an operator sets in their
//! place, and the buckets that requests are charged to.
//!
//! Pure: time is passed in. Who is charged for what is decided by whoever serves the request.

mod amount;
mod applied;
mod bucket;
mod quota;
mod table;

pub use amount::{Amount, InvalidAmount};
pub use applied::{Applied, Override, OverrideError, Profile};
pub use bucket::{Bucket, Limit};
pub use quota::{Charge, Charges, Kind, Quota};
