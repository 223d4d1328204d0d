//! Grants.

pub mod create_grant;
pub mod list_grants;
pub mod list_retirable_grants;
pub mod retire_grant;
pub mod revoke_grant;
