//! Keys: their life, state and metadata.

pub mod cancel_key_deletion;
pub mod create_key;
pub mod describe_key;
pub mod disable_key;
pub mod enable_key;
pub mod get_key_last_usage;
pub mod list_keys;
pub mod schedule_key_deletion;
pub mod update_key_description;
