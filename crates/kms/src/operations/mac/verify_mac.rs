//! `VerifyMac`: verifies the HMAC of a message.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::{Rules, Takes};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "VerifyMac",
    action: action!("kms:VerifyMac"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("VerifyMac"),
    quota: "cryptographic",
    condition_keys: conditions::MAC,
    read_only: true,
    dry_run: true,
    rules: Rules::cryptographic(Takes::Mac),
};
