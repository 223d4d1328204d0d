//! `CreateGrant`: lets a principal use a key without a change of policy.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::Rules;
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "CreateGrant",
    action: action!("kms:CreateGrant"),
    access: Access::PermissionsManagement,
    across_accounts: true,
    grant: Some("CreateGrant"),
    quota: "CreateGrant",
    condition_keys: conditions::CREATE_GRANT,
    read_only: false,
    dry_run: true,
    rules: Rules::manage(States::Grantable),
};
