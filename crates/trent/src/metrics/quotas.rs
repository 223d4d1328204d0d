//! What accounts use of their request quotas.

use trent_service::RequestQuotas;

use super::family::{Family, Labels};

/// How many quotas of accounts are told apart. What is told must not grow with whoever comes by.
const MOST: usize = 2000;

/// The families of the quotas that accounts were charged for.
pub(super) fn families(quotas: &RequestQuotas) -> [Family; 3] {
    let mut requests = Family::counters(
        "account_quota_requests",
        "Requests that were charged to a request quota of an account in a Region, throttled ones included",
    );
    let mut throttled = Family::counters(
        "account_quota_throttled",
        "Requests that a request quota of an account in a Region had no room for",
    );
    let mut limits = Family::gauges(
        "account_quota_limit",
        "The request quota of an account in a Region, in requests a second",
    );
    for used in quotas.uses(MOST) {
        let labels = || -> Labels {
            vec![
                ("account", used.account.to_string()),
                ("region", used.region.to_string()),
                ("quota", used.quota.name().to_owned()),
            ]
        };
        requests.count(labels(), used.requests);
        throttled.count(labels(), used.throttled);
        if let Some(limit) = used.limit {
            limits.rate(labels(), limit.requests(), limit.interval());
        }
    }
    [requests, throttled, limits]
}
