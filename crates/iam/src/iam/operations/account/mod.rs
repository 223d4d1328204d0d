//! The account as a whole: its alias, what it has of everything, and everything that it has.

pub(crate) mod create_account_alias;
pub(crate) mod delete_account_alias;
pub(crate) mod get_account_authorization_details;
pub(crate) mod get_account_summary;
pub(crate) mod list_account_aliases;
