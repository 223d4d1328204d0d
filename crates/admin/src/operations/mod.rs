//! One file for each operation: its row, its shapes and its code.

pub(crate) mod backup;
pub(crate) mod status;

use trent_service::{Access, Resource, Row, Target};

/// The one thing that every operation of the operator acts on.
fn on_the_deployment(action: &'static str) -> Vec<Target> {
    vec![Target {
        action,
        resource: Resource::Deployment,
    }]
}

/// A row of an operation that only reads.
const fn reading(name: &'static str, action: &'static str) -> Row<()> {
    Row {
        name,
        action,
        access: Access::Read,
        across_accounts: false,
        grant: None,
        quota: "Operator",
        condition_keys: &[],
        read_only: true,
        dry_run: false,
        rules: (),
    }
}
