//! `Decapsulate`: the shared secret in an encapsulated form.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::{Rules, Takes};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "Decapsulate",
    action: action!("kms:Decapsulate"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("Decapsulate"),
    quota: "cryptographic",
    condition_keys: conditions::KEY_BY_ALIAS,
    read_only: true,
    dry_run: true,
    rules: Rules::cryptographic(Takes::Encapsulation),
};
