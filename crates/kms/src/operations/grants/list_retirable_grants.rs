//! `ListRetirableGrants`: the grants that a principal may retire.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::Rules;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "ListRetirableGrants",
    action: action!("kms:ListRetirableGrants"),
    access: Access::List,
    across_accounts: false,
    grant: None,
    quota: "ListRetirableGrants",
    condition_keys: conditions::NONE,
    read_only: true,
    dry_run: false,
    rules: Rules::WITHOUT_KEY,
};
