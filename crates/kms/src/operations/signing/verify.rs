//! `Verify`: verifies a signature.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::{Rules, Takes};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "Verify",
    action: action!("kms:Verify"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("Verify"),
    quota: "cryptographic",
    condition_keys: conditions::SIGNING,
    read_only: true,
    dry_run: true,
    rules: Rules::cryptographic(Takes::Signing),
};
