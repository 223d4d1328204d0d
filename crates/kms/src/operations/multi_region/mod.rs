//! Multi-Region keys.

pub mod replicate_key;
pub mod update_primary_region;
