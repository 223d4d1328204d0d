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

/// And this one: attempts to use a key that is disabled.
const DISABLED: (&str, &str) = (
    "key-disabled",
    "{ $.eventSource = kms* && $.errorCode = DisabledException }",
);

/// The filters of a server: its own and those of the configuration.
pub(crate) fn filters(config: &Config) -> Arc<Filters> {
    let own = [PENDING_DELETION, DISABLED].map(|(name, pattern)| {
        let filter = Filter::parse(pattern).expect("it is a filter");
        (name.to_owned(), filter)
    });
    let all = own.into_iter().chain(config.metrics_filters.iter().cloned());
    Arc::new(Filters::new(all.collect()))
}

/// The families of what fitted.
pub(super) fn families(filters: &Filters) -> [Family; 3] {
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
    [all, by_account, by_key(filters)]
}

fn by_key(filters: &Filters) -> Family {
    let mut by_key = Family::counters(
        "audit_filter_key_matches",
        "Records of refused calls that fitted a filter and begin with the key that they are about, by filter and key",
    );
    for (name, key, count) in filters.matches_of_keys() {
        let (region, account, key) = key.map_or_else(
            || ["other"; 3].map(str::to_owned).into(),
            |arn| (arn.region.to_string(), arn.account.to_string(), arn.key.to_string()),
        );
        let labels = vec![
            ("filter", name.to_owned()),
            ("region", region),
            ("account", account),
            ("key_id", key),
        ];
        by_key.count(labels, count);
    }
    by_key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_of_every_server_are_about_refusals() {
        for (name, pattern) in [PENDING_DELETION, DISABLED] {
            let filter = Filter::parse(pattern).expect("a filter");
            assert!(
                filter.wants_failure(),
                "{name}: calls that are carried out need not be looked at"
            );
        }
    }
}
