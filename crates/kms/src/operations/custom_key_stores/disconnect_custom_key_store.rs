//! `DisconnectCustomKeyStore`: disconnects a custom key store.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::Rules;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "DisconnectCustomKeyStore",
    action: action!("kms:DisconnectCustomKeyStore"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "DisconnectCustomKeyStore",
    condition_keys: conditions::CALLER_ACCOUNT,
    read_only: false,
    dry_run: false,
    rules: Rules::WITHOUT_KEY,
};
