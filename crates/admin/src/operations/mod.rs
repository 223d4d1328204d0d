//! One file for each operation: its row, its shapes and its code.

pub(crate) mod advance_clock;
pub(crate) mod apply_declaration;
pub(crate) mod backup;
pub(crate) mod confirm_clock;
mod delivery_status;
pub(crate) mod destruction_status;
pub(crate) mod explain;
pub(crate) mod explain_past;
pub(crate) mod list_quotas;
pub(crate) mod plan_declaration;
pub(crate) mod recover_key;
pub(crate) mod revoke_sessions;
pub(crate) mod seal_status;
pub(crate) mod set_quota;
pub(crate) mod status;
pub(crate) mod tag_values;
pub(crate) mod verify_trail;
pub(crate) mod who_can;

use trent_policy::Action;
use trent_service::{Access, Resource, Row, Target};

/// The one thing that every operation of the operator acts on.
fn on_the_deployment(row: &'static Row<()>) -> Vec<Target<'static>> {
    vec![row.on(Resource::Deployment)]
}

/// A row of an operation that only reads.
const fn reading(name: &'static str, action: Action) -> Row<()> {
    row(name, action, Access::Read)
}

/// A row of an operation that changes who may do what.
const fn changing(name: &'static str, action: Action) -> Row<()> {
    row(name, action, Access::PermissionsManagement)
}

const fn row(name: &'static str, action: Action, access: Access) -> Row<()> {
    Row {
        name,
        action,
        access,
        across_accounts: false,
        grant: None,
        quota: "Operator",
        condition_keys: &[],
        read_only: matches!(access, Access::Read),
        dry_run: false,
        rules: (),
    }
}
