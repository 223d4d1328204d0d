//! `ListGrants`: the grants on a key.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::Rules;
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "ListGrants",
    action: action!("kms:ListGrants"),
    access: Access::List,
    across_accounts: true,
    grant: None,
    quota: "ListGrants",
    condition_keys: conditions::GRANT,
    read_only: true,
    dry_run: false,
    rules: Rules::manage(States::Every),
};
