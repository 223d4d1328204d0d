//! Rotation of key material.

use trent_api::{ApiError, kms};
use trent_service::Row;

use crate::keys::Key;
use crate::rules::Rules;

pub mod disable_key_rotation;
pub mod enable_key_rotation;
pub mod get_key_rotation_status;
pub mod list_key_rotations;
pub mod rotate_key_on_demand;

/// Checks a key whose rotation is to be changed. That of a multi-Region key is its primary's.
fn check(row: &Row<Rules>, key: &Key) -> Result<(), ApiError> {
    if key.record.replica_of.is_some() {
        return Err(kms::error::unsupported_operation(format!(
            "{} is not a multi-region primary key.",
            key.arn
        )));
    }
    row.rules.check(row.name, key)
}
