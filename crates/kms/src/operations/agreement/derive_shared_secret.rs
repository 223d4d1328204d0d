//! `DeriveSharedSecret`: the secret shared with the holder of another key pair.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::{Rules, Takes};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "DeriveSharedSecret",
    action: action!("kms:DeriveSharedSecret"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("DeriveSharedSecret"),
    quota: "cryptographic",
    condition_keys: conditions::AGREEMENT,
    read_only: true,
    dry_run: true,
    rules: Rules::cryptographic(Takes::Agreement),
};
