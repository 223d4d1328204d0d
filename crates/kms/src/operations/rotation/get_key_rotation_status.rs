//! `GetKeyRotationStatus`: whether and when a key rotates by itself.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GetKeyRotationStatus",
    action: action!("kms:GetKeyRotationStatus"),
    access: Access::Read,
    across_accounts: true,
    grant: None,
    quota: "GetKeyRotationStatus",
    condition_keys: conditions::KEY,
    read_only: true,
    dry_run: false,
    rules: Rules {
        naming: Naming::Key,
        takes: Takes::AnyKey,
        origin: Origins::Generated,
        states: States::Every,
    },
};
