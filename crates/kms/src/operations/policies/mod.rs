//! Key policies.

pub mod get_key_policy;
pub mod list_key_policies;
pub mod put_key_policy;
