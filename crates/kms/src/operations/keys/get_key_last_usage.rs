//! `GetKeyLastUsage`: when and for what a key was last used.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::Rules;
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GetKeyLastUsage",
    action: action!("kms:GetKeyLastUsage"),
    access: Access::Read,
    across_accounts: false,
    grant: None,
    quota: "GetKeyLastUsage",
    condition_keys: conditions::KEY,
    read_only: true,
    dry_run: false,
    rules: Rules::manage(States::Every),
};
