//! The calls: how many, how they ended, how long they took, and what policies refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use trent_service::{Counted, Meter, Outcome};

use super::family::{Family, Labels};

/// The service whose request quotas are told.
const KMS: &str = "kms";

/// The families of the calls that these counted.
pub(super) fn families(meters: &[Arc<Meter>]) -> Vec<Family> {
    let mut calls = Family::counters(
        "requests",
        "Calls that were answered, by service, operation, outcome and whether a dry run was asked for",
    );
    let mut times = Family::times(
        "request_duration_seconds",
        "Time from a whole request to its answer, in seconds",
    );
    let mut quotas = Quotas::default();
    for meter in meters {
        let service = name_of(meter.service());
        for counted in meter.counted() {
            let all = counted.times.count();
            quotas.count(service, &counted);
            // What cannot happen by itself is not listed until it does, but for success: so that its rate has a beginning.
            if all == 0 && counted.outcome != Outcome::Success {
                continue;
            }
            let labels = |further: &[(&'static str, &str)]| -> Labels {
                let mut labels = vec![
                    ("service", service.to_owned()),
                    ("operation", counted.operation.to_owned()),
                    ("outcome", counted.outcome.as_str().to_owned()),
                ];
                labels.extend(further.iter().map(|&(name, value)| (name, value.to_owned())));
                labels
            };
            calls.count(labels(&[("dry_run", "false")]), all.saturating_sub(counted.dry_runs));
            if counted.dry_runs > 0 {
                calls.count(labels(&[("dry_run", "true")]), counted.dry_runs);
            }
            if all > 0 {
                times.observed(labels(&[]), counted.times);
            }
        }
    }
    let [requests, throttled] = quotas.families();
    vec![calls, times, denials(meters), requests, throttled]
}

fn denials(meters: &[Arc<Meter>]) -> Family {
    let mut denials = Family::counters(
        "denials",
        "Calls that policies refused, by the code of the decision, the action and the account of whoever asked",
    );
    for (kind, count) in meters.iter().flat_map(|meter| meter.denials()) {
        let labels = vec![
            ("decision", kind.code.to_owned()),
            ("action", kind.action.into()),
            (
                "account",
                kind.account
                    .map_or_else(|| "other".to_owned(), |account| account.to_string()),
            ),
        ];
        denials.count(labels, count);
    }
    denials
}

/// The calls that each request quota of the KMS is charged with.
#[derive(Default)]
struct Quotas(BTreeMap<&'static str, (u64, u64)>);

impl Quotas {
    fn count(&mut self, service: &str, counted: &Counted) {
        // Who is not known is charged to nobody.
        if service == KMS && !counted.quota.is_empty() && counted.outcome != Outcome::Unauthenticated {
            let (requests, throttled) = self.0.entry(counted.quota).or_default();
            let calls = counted.times.count();
            *requests += calls;
            *throttled += if counted.outcome == Outcome::Throttled {
                calls
            } else {
                0
            };
        }
    }

    fn families(self) -> [Family; 2] {
        let mut requests = Family::counters(
            "quota_requests",
            "Calls of the KMS by the request quota that they are charged to, throttled ones included",
        );
        let mut throttled = Family::counters(
            "quota_throttled",
            "Calls of the KMS that were throttled, by the request quota that they exceeded",
        );
        for (quota, (all, refused)) in self.0 {
            requests.count(vec![("quota", quota.to_owned())], all);
            throttled.count(vec![("quota", quota.to_owned())], refused);
        }
        [requests, throttled]
    }
}

/// A service's short name: that of its event source without the domain.
fn name_of(source: &str) -> &str {
    source.split_once('.').map_or(source, |(name, _)| name)
}
