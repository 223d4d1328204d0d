//! `GetPublicKey`: the public half of an asymmetric key.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::{Rules, Takes};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GetPublicKey",
    action: action!("kms:GetPublicKey"),
    access: Access::Read,
    across_accounts: true,
    grant: Some("GetPublicKey"),
    quota: "GetPublicKey",
    condition_keys: conditions::KEY_BY_ALIAS,
    read_only: true,
    dry_run: false,
    rules: Rules::cryptographic(Takes::Asymmetric),
};
