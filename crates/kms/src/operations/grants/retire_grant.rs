//! `RetireGrant`: removes a grant, by one who holds it.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::Rules;
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "RetireGrant",
    action: action!("kms:RetireGrant"),
    access: Access::PermissionsManagement,
    across_accounts: true,
    grant: Some("RetireGrant"),
    quota: "RetireGrant",
    condition_keys: conditions::RETIRE_GRANT,
    read_only: false,
    dry_run: true,
    rules: Rules::manage(States::Every),
};
