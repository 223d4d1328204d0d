//! `Sign`: signs a message or its digest.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::{Rules, Takes};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "Sign",
    action: action!("kms:Sign"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("Sign"),
    quota: "cryptographic",
    condition_keys: conditions::SIGNING,
    read_only: true,
    dry_run: true,
    rules: Rules::cryptographic(Takes::Signing),
};
