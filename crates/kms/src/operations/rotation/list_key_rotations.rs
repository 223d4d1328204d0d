//! `ListKeyRotations`: the completed rotations of a key.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "ListKeyRotations",
    action: action!("kms:ListKeyRotations"),
    access: Access::List,
    across_accounts: false,
    grant: None,
    quota: "ListKeyRotations",
    condition_keys: conditions::KEY,
    read_only: true,
    dry_run: false,
    rules: Rules {
        naming: Naming::Key,
        takes: Takes::SymmetricEncryption,
        origin: Origins::Any,
        states: States::Every,
    },
};
