//! Counts of records that fit a filter.

use std::collections::BTreeMap;
use std::sync::Arc;

use trent_audit::Filter;
use trent_service::Filters;

use super::family::Family;
use crate::config::Config;

/// The filter that every server has: attempts to use a key that waits for its deletion, or a primary that waits for the
/// deletion of its replicas.
const PENDING_DELETION: (&str, &str) = (
    "key-pending-deletion",
    r#"{ $.eventSource = kms* && ($.errorMessage = "* is pending deletion." || $.errorMessage = "* is pending replica deletion.") }"#,
);

/// The filters of a server: its own and those of the configuration.
pub(crate) fn filters(config: &Config) -> Arc<Filters> {
    let (name, pattern) = PENDING_DELETION;
    let own = Filter::parse(pattern).expect("it is a filter");
    let all = [(name.to_owned(), own)]
        .into_iter()
        .chain(config.metrics_filters.iter().cloned());
    Arc::new(Filters::new(all.collect()))
}

/// The families of what fitted.
pub(super) fn families(filters: &Filters) -> [Family; 2] {
    let mut all = Family::counters(
        "audit_filter_matches",
        "Records of calls that fitted a filter, by its name",
    );
    let mut by_account = Family::counters(
        "audit_filter_account_matches",
        "Records of calls that fitted a filter, by its name and the account that called",
    );
    let mut sums: BTreeMap<&str, u64> = filters.names().map(|name| (name, 0)).collect();
    for (name, account, count) in filters.matches() {
        *sums.entry(name).or_default() += count;
        let account = account.map_or_else(|| "other".to_owned(), |account| account.to_string());
        by_account.count(vec![("filter", name.to_owned()), ("account", account)], count);
    }
    for (name, sum) in sums {
        all.count(vec![("filter", name.to_owned())], sum);
    }
    [all, by_account]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_of_every_server_is_one_about_refusals() {
        let filter = Filter::parse(PENDING_DELETION.1).expect("a filter");
        assert!(
            filter.wants_failure(),
            "calls that are carried out need not be looked at"
        );
    }
}
