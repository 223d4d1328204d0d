//! `CreateCustomKeyStore`: registers a key manager outside the service as a key store.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::Rules;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "CreateCustomKeyStore",
    action: action!("kms:CreateCustomKeyStore"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "CreateCustomKeyStore",
    condition_keys: conditions::CALLER_ACCOUNT,
    read_only: false,
    dry_run: false,
    rules: Rules::WITHOUT_KEY,
};
