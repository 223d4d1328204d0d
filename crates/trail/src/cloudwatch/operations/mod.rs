//! One file for each operation: its row and its code.

pub(crate) mod get_metric_data;
pub(crate) mod get_metric_statistics;
pub(crate) mod list_metrics;

use trent_policy::Action;
use trent_service::{Access, Row};

/// A row of `CloudWatch`. All of them read, and metrics are no resources that a policy could name.
const fn row(name: &'static str, action: Action, access: Access) -> Row<()> {
    Row {
        name,
        action,
        access,
        across_accounts: false,
        grant: None,
        quota: "CloudWatch",
        condition_keys: &[],
        read_only: true,
        dry_run: false,
        rules: (),
    }
}
