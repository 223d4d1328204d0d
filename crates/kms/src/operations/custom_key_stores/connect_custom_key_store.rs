//! `ConnectCustomKeyStore`: connects a custom key store to its backing key manager.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::Rules;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "ConnectCustomKeyStore",
    action: action!("kms:ConnectCustomKeyStore"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "ConnectCustomKeyStore",
    condition_keys: conditions::CALLER_ACCOUNT,
    read_only: false,
    dry_run: false,
    rules: Rules::WITHOUT_KEY,
};
