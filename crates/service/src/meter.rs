//! What calls there were, how they ended and how long they took: counted by the pipeline, for whoever watches the service.
//!
//! Each operation has its place in a table that is laid out when the server starts, so that counting a call is a few
//! additions. Only refusals by policies are looked up, since they are told apart by account.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use trent_api::ApiError;
use trent_audit::Rendered;
use trent_metrics::{Histogram, Observed};
use trent_names::AccountId;

use crate::catalogue::Catalogue;
use crate::filters::Filters;

/// How many kinds of denials are told apart by account. Beyond that they are counted without: what is kept and told must
/// not grow with whoever comes by.
const KINDS_OF_DENIALS: usize = 2000;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was carried out; or would have been, of a dry run.
    Success,
    /// Policies did not allow it.
    Denied,
    /// It came too soon after others.
    Throttled,
    /// Something was wrong with the request, or with the state of what it was about.
    Rejected,
    /// Who sent it could not be established.
    Unauthenticated,
    /// A fault of the service.
    Failed,
}

impl Outcome {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Success,
        Self::Denied,
        Self::Throttled,
        Self::Rejected,
        Self::Unauthenticated,
        Self::Failed,
    ];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Denied => "denied",
            Self::Throttled => "throttled",
            Self::Rejected => "rejected",
            Self::Unauthenticated => "unauthenticated",
            Self::Failed => "failed",
        }
    }

    /// That of a request whose sender was not let in.
    pub(crate) fn of_unadmitted(error: &ApiError) -> Self {
        if error.status >= 500 {
            Self::Failed
        } else {
            Self::Unauthenticated
        }
    }

    /// That of a call that ended with this error.
    pub(crate) fn of(error: &ApiError) -> Self {
        if error.status >= 500 {
            Self::Failed
        } else if error.code == DRY_RUN {
            Self::Success
        } else if error.code.starts_with("AccessDenied") {
            Self::Denied
        } else if error.code.starts_with("Throttling") {
            Self::Throttled
        } else {
            Self::Rejected
        }
    }
}

/// The error of a dry run that would have succeeded.
const DRY_RUN: &str = "DryRunOperationException";

/// The calls of one operation.
#[derive(Debug, Default)]
struct Calls {
    /// How long those took that were carried out, which are most.
    carried_out: Histogram,
    /// How long the others took, by outcome.
    others: [Histogram<1>; Outcome::ALL.len() - 1],
    /// How many of them were dry runs, by outcome.
    dry_runs: [AtomicU64; Outcome::ALL.len()],
}

impl Calls {
    fn observe(&self, outcome: Outcome, time: Duration) {
        match (outcome as usize).checked_sub(1) {
            None => self.carried_out.observe(time),
            Some(other) => self.others[other].observe(time),
        }
    }

    fn dry_runs(&self, outcome: Outcome) -> u64 {
        self.dry_runs[outcome as usize].load(Ordering::Relaxed)
    }

    fn times(&self, outcome: Outcome) -> Observed {
        match (outcome as usize).checked_sub(1) {
            None => self.carried_out.read(),
            Some(other) => self.others[other].read(),
        }
    }
}

/// What was counted of the calls of an operation that ended in one way.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// The operation's name; `unknown` of requests that named none of the service.
    pub operation: &'static str,
    /// The request quota that its calls are charged to.
    pub quota: &'static str,
    /// How they ended.
    pub outcome: Outcome,
    /// How long they took.
    pub times: Observed,
    /// How many were dry runs.
    pub dry_runs: u64,
}

/// A kind of refusal by policies.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DenialKind {
    /// The code of the decision.
    pub code: &'static str,
    /// The action that was not allowed.
    pub action: Box<str>,
    /// The account of whoever asked. None: who asked is of none, or there are too many kinds already.
    pub account: Option<AccountId>,
}

/// Counts the calls of one service.
#[derive(Debug)]
pub struct Meter {
    service: &'static str,
    names: Box<[(&'static str, &'static str)]>,
    /// In the order of the names. Most operations are never called, and have nothing.
    calls: Box<[OnceLock<Box<Calls>>]>,
    denials: Mutex<HashMap<DenialKind, u64>>,
    filters: Arc<Filters>,
}

impl Meter {
    /// One with a place for each operation of a service.
    pub fn of<S: Catalogue>() -> Arc<Self> {
        Self::watching::<S>(&Arc::default())
    }

    /// The same, which holds each record against filters.
    pub fn watching<S: Catalogue>(filters: &Arc<Filters>) -> Arc<Self> {
        let rows = S::catalogue().iter().map(|entry| (entry.row.name, entry.row.quota));
        let names: Box<[_]> = rows.chain([("unknown", "")]).collect();
        Arc::new(Self {
            service: S::EVENT_SOURCE,
            calls: names.iter().map(|_| OnceLock::new()).collect(),
            names,
            denials: Mutex::default(),
            filters: Arc::clone(filters),
        })
    }

    /// The name of the service as its records have it.
    pub const fn service(&self) -> &'static str {
        self.service
    }

    /// Counts a call of the operation at this place of the catalogue; of none, if there is no such place.
    pub(crate) fn called(&self, place: Option<usize>, outcome: Outcome, dry_run: bool, time: Duration) {
        let unknown = self.calls.len() - 1;
        let calls = self.calls[place.unwrap_or(unknown).min(unknown)].get_or_init(Box::default);
        calls.observe(outcome, time);
        if dry_run {
            calls.dry_runs[outcome as usize].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Looks at the record of a call. `refused`: the record says that it was.
    pub(crate) fn recorded(&self, record: &Rendered, account: Option<AccountId>, refused: bool) {
        self.filters.look_at(record, account, refused);
    }

    /// Counts a refusal by policies.
    pub(crate) fn denied(&self, kind: DenialKind) {
        let mut denials = self.denials.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = if denials.len() < KINDS_OF_DENIALS || denials.contains_key(&kind) {
            kind
        } else {
            DenialKind { account: None, ..kind }
        };
        *denials.entry(kind).or_default() += 1;
    }

    /// What was counted, each operation with each way to end.
    pub fn counted(&self) -> impl Iterator<Item = Counted> {
        let operations = self.names.iter().zip(&self.calls);
        operations.flat_map(|(&(operation, quota), calls)| {
            Outcome::ALL.map(|outcome| Counted {
                operation,
                quota,
                outcome,
                times: calls.get().map(|calls| calls.times(outcome)).unwrap_or_default(),
                dry_runs: calls.get().map_or(0, |calls| calls.dry_runs(outcome)),
            })
        })
    }

    /// The refusals by policies, by kind.
    pub fn denials(&self) -> Vec<(DenialKind, u64)> {
        let denials = self.denials.lock().unwrap_or_else(PoisonError::into_inner);
        denials.iter().map(|(kind, count)| (kind.clone(), *count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use trent_api::{ErrorShape, protocol};

    use super::*;

    fn meter() -> Meter {
        let names = [("Encrypt", "cryptographic"), ("unknown", "")];
        Meter {
            service: "kms.amazonaws.com",
            calls: names.iter().map(|_| OnceLock::new()).collect(),
            names: names.into(),
            denials: Mutex::default(),
            filters: Arc::default(),
        }
    }

    fn kind(account: u64) -> DenialKind {
        DenialKind {
            code: "NO_ALLOW",
            action: "kms:Encrypt".into(),
            account: format!("{account:012}").parse().ok(),
        }
    }

    /// REF-257: calls and throttled calls are told by the quota that they are charged to.
    #[test]
    fn calls_are_counted_by_operation_quota_and_outcome() {
        let meter = meter();
        let modelled = |code, status| Outcome::of(&ErrorShape::modelled(code, status).bare());
        let outcomes = [
            (Outcome::Success, false),
            (modelled("DryRunOperationException", 412), true),
            (Outcome::of(&protocol::access_denied("no")), true),
            (Outcome::of(&protocol::throttling("slower")), false),
            (Outcome::of(&protocol::throttling("slower")), false),
            (modelled("NotFoundException", 400), false),
            (modelled("KMSInternalException", 500), false),
            (Outcome::of_unadmitted(&protocol::access_denied("no")), false),
            (Outcome::of_unadmitted(&protocol::internal_failure()), false),
        ];
        for (outcome, dry_run) in outcomes {
            meter.called(Some(0), outcome, dry_run, Duration::from_millis(1));
        }
        meter.called(None, Outcome::Rejected, false, Duration::ZERO);
        meter.called(Some(7), Outcome::Rejected, false, Duration::ZERO);
        let counted: Vec<_> = meter
            .counted()
            .filter(|counted| counted.times.count() > 0)
            .map(|counted| {
                let calls = (counted.times.count(), counted.dry_runs);
                (counted.operation, counted.quota, counted.outcome.as_str(), calls)
            })
            .collect();
        assert_eq!(
            counted,
            [
                ("Encrypt", "cryptographic", "success", (2, 1)),
                ("Encrypt", "cryptographic", "denied", (1, 1)),
                ("Encrypt", "cryptographic", "throttled", (2, 0)),
                ("Encrypt", "cryptographic", "rejected", (1, 0)),
                ("Encrypt", "cryptographic", "unauthenticated", (1, 0)),
                ("Encrypt", "cryptographic", "failed", (2, 0)),
                ("unknown", "", "rejected", (2, 0)),
            ]
        );
    }

    #[test]
    fn denials_of_more_accounts_than_are_told_apart_are_counted_together() {
        let meter = meter();
        let most = u64::try_from(KINDS_OF_DENIALS).expect("a number");
        for account in 0..most + 10 {
            meter.denied(kind(account));
        }
        meter.denied(kind(0));
        let denials = meter.denials();
        assert_eq!(denials.len(), KINDS_OF_DENIALS + 1);
        let count = |wanted: Option<AccountId>| denials.iter().find(|(kind, _)| kind.account == wanted).map(|of| of.1);
        assert_eq!(count(None), Some(10));
        assert_eq!(count(kind(0).account), Some(2));
    }
}
