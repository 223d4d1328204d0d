//! Aliases: names for keys.

pub mod create_alias;
pub mod delete_alias;
pub mod list_aliases;
pub mod update_alias;
