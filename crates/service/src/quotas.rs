//! The quotas in force, which can change while the server runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use trent_names::{AccountId, Region};
use trent_quotas::{Applied, Quota};

/// The quotas of a deployment: what every part that counts something asks.
#[derive(Debug, Default)]
pub struct Quotas {
    applied: ArcSwap<Applied>,
    changes: AtomicU64,
}

impl Quotas {
    /// The quotas as they are at first.
    pub fn new(applied: Applied) -> Self {
        Self {
            applied: ArcSwap::from_pointee(applied),
            changes: AtomicU64::new(0),
        }
    }

    /// Puts others in force, from the next request on.
    pub fn change(&self, change: impl Fn(&mut Applied)) {
        self.applied.rcu(|applied| {
            let mut changed = Applied::clone(applied);
            change(&mut changed);
            changed
        });
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// The quotas of now.
    pub fn applied(&self) -> Arc<Applied> {
        self.applied.load_full()
    }

    /// How many of something an account may have in a Region.
    pub fn most(&self, quota: Quota, account: AccountId, region: &Region) -> u64 {
        self.applied.load().value(quota, account, region).count()
    }

    /// Whether any request can be refused for coming too soon.
    pub(crate) fn limit_requests(&self) -> bool {
        self.applied.load().limits_requests()
    }

    /// How often they have changed.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }
}
