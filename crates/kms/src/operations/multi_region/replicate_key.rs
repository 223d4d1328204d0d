//! `ReplicateKey`: makes a replica of a multi-Region key in another Region.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::Rules;
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "ReplicateKey",
    action: action!("kms:ReplicateKey"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "ReplicateKey",
    condition_keys: conditions::REPLICA_REGION,
    read_only: false,
    dry_run: false,
    rules: Rules::manage(States::EnabledOnly),
};
