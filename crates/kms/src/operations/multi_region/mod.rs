//! Multi-Region keys.

pub mod replicate_key;
pub mod update_primary_region;

use trent_api::{ApiError, kms};

use crate::keys::Key;

/// Only of the primary key of a set can replicas be made, and only it can hand on being that.
fn check_primary(key: &Key) -> Result<(), ApiError> {
    if key.record.id.is_multi_region() && key.record.replica_of.is_none() {
        return Ok(());
    }
    Err(kms::error::unsupported_operation(format!(
        "{} is not a multi-region primary key.",
        key.arn
    )))
}
