//! `ScheduleKeyDeletion`: starts the waiting period after which a key is deleted.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::Rules;
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "ScheduleKeyDeletion",
    action: action!("kms:ScheduleKeyDeletion"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "ScheduleKeyDeletion",
    condition_keys: conditions::DELETION,
    read_only: false,
    dry_run: false,
    rules: Rules::manage(States::Deletable),
};
