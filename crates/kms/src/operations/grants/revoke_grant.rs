//! `RevokeGrant`: removes a grant, by one who manages the key.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::Rules;
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "RevokeGrant",
    action: action!("kms:RevokeGrant"),
    access: Access::PermissionsManagement,
    across_accounts: true,
    grant: None,
    quota: "RevokeGrant",
    condition_keys: conditions::GRANT,
    read_only: false,
    dry_run: true,
    rules: Rules::manage(States::Every),
};
