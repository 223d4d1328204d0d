//! `UpdatePrimaryRegion`: makes another key of a multi-Region set its primary.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::Rules;
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "UpdatePrimaryRegion",
    action: action!("kms:UpdatePrimaryRegion"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "UpdatePrimaryRegion",
    condition_keys: conditions::PRIMARY_REGION,
    read_only: false,
    dry_run: false,
    rules: Rules::manage(States::InUse),
};
