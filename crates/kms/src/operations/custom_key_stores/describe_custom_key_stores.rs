//! `DescribeCustomKeyStores`: the custom key stores of the account in the Region.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::Rules;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "DescribeCustomKeyStores",
    action: action!("kms:DescribeCustomKeyStores"),
    access: Access::Read,
    across_accounts: false,
    grant: None,
    quota: "DescribeCustomKeyStores",
    condition_keys: conditions::CALLER_ACCOUNT,
    read_only: true,
    dry_run: false,
    rules: Rules::WITHOUT_KEY,
};
