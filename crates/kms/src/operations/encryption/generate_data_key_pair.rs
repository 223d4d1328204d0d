//! `GenerateDataKeyPair`: a fresh key pair, its private half in the clear and encrypted.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::{Rules, Takes};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GenerateDataKeyPair",
    action: action!("kms:GenerateDataKeyPair"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("GenerateDataKeyPair"),
    quota: "GenerateDataKeyPair",
    condition_keys: conditions::DATA_KEY_PAIR_FOR_RECIPIENT,
    read_only: true,
    dry_run: true,
    rules: Rules::cryptographic(Takes::SymmetricEncryption),
};
