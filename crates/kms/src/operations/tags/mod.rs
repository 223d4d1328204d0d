//! Tags on keys.

pub mod list_resource_tags;
pub mod tag_resource;
pub mod untag_resource;
