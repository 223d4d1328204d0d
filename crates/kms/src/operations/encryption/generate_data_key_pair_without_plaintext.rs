//! `GenerateDataKeyPairWithoutPlaintext`: a fresh key pair, its private half encrypted only.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::{Rules, Takes};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GenerateDataKeyPairWithoutPlaintext",
    action: action!("kms:GenerateDataKeyPairWithoutPlaintext"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("GenerateDataKeyPairWithoutPlaintext"),
    quota: "GenerateDataKeyPair",
    condition_keys: conditions::DATA_KEY_PAIR,
    read_only: true,
    dry_run: true,
    rules: Rules::cryptographic(Takes::SymmetricEncryption),
};
