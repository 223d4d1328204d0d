//! Custom key stores.

pub mod connect_custom_key_store;
pub mod create_custom_key_store;
pub mod delete_custom_key_store;
pub mod describe_custom_key_stores;
pub mod disconnect_custom_key_store;
pub mod update_custom_key_store;
