//! `CancelKeyDeletion`: ends the waiting period of a key and leaves the key disabled.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::Rules;
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "CancelKeyDeletion",
    action: action!("kms:CancelKeyDeletion"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "CancelKeyDeletion",
    condition_keys: conditions::KEY,
    read_only: false,
    dry_run: false,
    rules: Rules::manage(States::PendingDeletion),
};
