//! `EnableKeyRotation`: lets a key rotate by itself.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "EnableKeyRotation",
    action: action!("kms:EnableKeyRotation"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "EnableKeyRotation",
    condition_keys: conditions::ROTATION,
    read_only: false,
    dry_run: false,
    rules: Rules {
        naming: Naming::Key,
        takes: Takes::SymmetricEncryption,
        origin: Origins::Generated,
        states: States::InUse,
    },
};
