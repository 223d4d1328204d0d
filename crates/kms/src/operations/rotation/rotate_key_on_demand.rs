//! `RotateKeyOnDemand`: rotates a key now.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "RotateKeyOnDemand",
    action: action!("kms:RotateKeyOnDemand"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "RotateKeyOnDemand",
    condition_keys: conditions::KEY,
    read_only: false,
    dry_run: false,
    rules: Rules {
        naming: Naming::Key,
        takes: Takes::SymmetricEncryption,
        origin: Origins::Any,
        states: States::InUse,
    },
};
