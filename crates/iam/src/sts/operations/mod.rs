//! One file for each operation: its row and its code.

pub(crate) mod assume_role;
pub(crate) mod assume_role_with_web_identity;
pub(crate) mod decode_authorization_message;
pub(crate) mod get_access_key_info;
pub(crate) mod get_caller_identity;
pub(crate) mod get_federation_token;
pub(crate) mod get_session_token;

use trent_policy::Action;
use trent_service::{Access, Row};

/// A row of STS. No session is stored, so none of its operations changes anything that is.
const fn row(name: &'static str, action: Action, access: Access, condition_keys: &'static [&'static str]) -> Row<()> {
    Row {
        name,
        action,
        access,
        across_accounts: true,
        grant: None,
        quota: "Sts",
        condition_keys,
        read_only: true,
        dry_run: false,
        rules: (),
    }
}
