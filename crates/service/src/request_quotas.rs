//! How often accounts may ask: each has buckets of its own in each Region, and each key one for changes of its state.
//!
//! A call is charged to the account of whoever makes it, be it through a service and be the key another account's. Buckets
//! live in memory alone: a server that starts anew begins with empty ones.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use smallvec::SmallVec;
use trent_api::{ApiError, protocol};
use trent_names::{AccountId, KeyId, Region};
use trent_quotas::{Bucket, Charge, Limit, Quota};

use crate::counters::Counters;
use crate::quotas::Quotas;

/// What a request that came too soon is told (guide, "Throttling AWS KMS requests").
const TOO_SOON: &str = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.";

/// How many accounts, and how many keys, are remembered before those are forgotten that nobody has asked for of late.
const REMEMBERED: usize = 10_000;

/// For how long who has not asked is remembered: longer than the slowest rate's interval.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(20);

/// The buckets of all accounts.
#[derive(Debug)]
pub struct RequestQuotas {
    quotas: Arc<Quotas>,
    accounts: Buckets<(AccountId, Region), OfAccount>,
    keys: Buckets<(Region, AccountId, KeyId), Bucket>,
    began: Instant,
}

/// The buckets of an account in a Region, with their limits.
#[derive(Debug)]
struct OfAccount {
    /// How often the quotas had changed when the limits were looked up.
    changes: u64,
    limits: Vec<Option<Limit>>,
    buckets: Vec<Bucket>,
    counters: Vec<Counters>,
    /// The quota that SM2 keys are charged to.
    sm2: Quota,
}

/// What is known of a request quota of an account.
#[derive(Debug, Clone)]
pub struct QuotaUse {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The quota.
    pub quota: Quota,
    /// The limit, if there is one.
    pub limit: Option<Limit>,
    /// Requests that were charged to it since the server started, throttled ones included.
    pub requests: u64,
    /// Those that were throttled.
    pub throttled: u64,
    /// Requests of the interval that is not over yet.
    pub used: u64,
}

impl RequestQuotas {
    /// Empty buckets under these quotas.
    pub fn new(quotas: Arc<Quotas>) -> Self {
        Self {
            quotas,
            accounts: Buckets::default(),
            keys: Buckets::default(),
            began: Instant::now(),
        }
    }

    /// The quotas that are in force.
    pub fn quotas(&self) -> &Arc<Quotas> {
        &self.quotas
    }

    /// Whether anything is charged at all.
    pub(crate) fn are_on(&self) -> bool {
        self.quotas.limit_requests()
    }

    /// Charges an account's request to its buckets; all of them or none.
    pub(crate) fn charge(&self, account: AccountId, region: &Region, charges: &[Charge]) -> Result<(), ApiError> {
        let now = self.began.elapsed();
        let mut taken: SmallVec<[_; 2]> = SmallVec::new();
        for charge in charges {
            let region = charge.region.as_ref().unwrap_or(region);
            let of = self.of(account, region, now);
            let has_room = of.take(charge, now);
            taken.push((of, charge));
            if !has_room {
                let (_, let_through) = taken.split_last().expect("the charge that was refused is the last one");
                for (of, charge) in let_through {
                    of.give_back(charge);
                }
                return Err(protocol::throttling(TOO_SOON));
            }
        }
        Ok(())
    }

    /// Charges a change of a key's state to the key, whoever makes it.
    pub(crate) fn charge_key(&self, region: &Region, account: AccountId, key: KeyId) -> Result<(), ApiError> {
        let now = self.began.elapsed();
        let rate = self.quotas.applied().value(Quota::STATE_CHANGES, account, region);
        let Some(limit) = (!rate.is_unlimited()).then(|| Limit::of_rate(rate)).flatten() else {
            return Ok(());
        };
        let bucket = self
            .keys
            .get((region.clone(), account, key), now, |_| true, Bucket::default);
        if bucket.take(limit, 1, now) {
            return Ok(());
        }
        Err(protocol::throttling(TOO_SOON))
    }

    /// What accounts have used of late, at most so many of them.
    pub fn uses(&self, most: usize) -> Vec<QuotaUse> {
        let now = self.began.elapsed();
        let accounts = self.accounts.all();
        let uses = accounts.iter().flat_map(|((account, region), of)| {
            let charged = Quota::all().filter(|quota| of.counters[quota.index()].requests() > 0);
            charged.map(move |quota| of.usage(*account, region, quota, now))
        });
        uses.take(most).collect()
    }

    /// What an account has used of one quota.
    pub fn usage(&self, account: AccountId, region: &Region, quota: Quota) -> QuotaUse {
        let now = self.began.elapsed();
        self.of(account, region, now).usage(account, region, quota, now)
    }

    fn of(&self, account: AccountId, region: &Region, now: Duration) -> Arc<OfAccount> {
        let changes = self.quotas.changes();
        let make = || OfAccount::new(&self.quotas, changes, account, region);
        self.accounts
            .get((account, region.clone()), now, |of| of.changes == changes, make)
    }
}

impl Default for RequestQuotas {
    /// No request is limited.
    fn default() -> Self {
        Self::new(Arc::default())
    }
}

impl OfAccount {
    fn new(quotas: &Quotas, changes: u64, account: AccountId, region: &Region) -> Self {
        let applied = quotas.applied();
        Self {
            changes,
            limits: applied.limits(account, region),
            buckets: Quota::all().map(|_| Bucket::default()).collect(),
            counters: Quota::all().map(|_| Counters::default()).collect(),
            sm2: applied.shared(Quota::SM2, account, region),
        }
    }

    /// The place of the bucket that a quota's requests are counted in.
    fn place(&self, quota: Quota) -> usize {
        let quota = if quota == Quota::SM2 { self.sm2 } else { quota };
        quota.index()
    }

    fn take(&self, charge: &Charge, now: Duration) -> bool {
        let place = self.place(charge.quota);
        let limit = self.limits[place];
        let has_room = limit.is_none_or(|limit| self.buckets[place].take(limit, charge.requests, now));
        self.counters[place].count(u64::from(charge.requests), has_room);
        has_room
    }

    fn give_back(&self, charge: &Charge) {
        self.buckets[self.place(charge.quota)].give_back(charge.requests);
    }

    fn usage(&self, account: AccountId, region: &Region, quota: Quota, now: Duration) -> QuotaUse {
        let (limit, counters) = (self.limits[quota.index()], &self.counters[quota.index()]);
        QuotaUse {
            account,
            region: region.clone(),
            quota,
            limit,
            requests: counters.requests(),
            throttled: counters.refused(),
            used: limit.map_or(0, |limit| self.buckets[quota.index()].used(limit, now)),
        }
    }
}

/// Buckets by whose they are, and when each was last asked for.
#[derive(Debug)]
struct Buckets<K, B>(RwLock<HashMap<K, (Arc<B>, Duration)>>);

impl<K, B> Default for Buckets<K, B> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<K: Hash + Eq + Clone, B> Buckets<K, B> {
    /// The buckets of one, made if there are none that are still right.
    fn get(&self, of: K, now: Duration, is_right: impl Fn(&B) -> bool, make: impl FnOnce() -> B) -> Arc<B> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((buckets, _)) = known
            .get(&of)
            .filter(|(buckets, asked)| is_right(buckets) && now.saturating_sub(*asked) < FORGOTTEN_AFTER / 2)
        {
            return Arc::clone(buckets);
        }
        drop(known);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED && !known.contains_key(&of) {
            known.retain(|_, (_, asked)| now.saturating_sub(*asked) < FORGOTTEN_AFTER);
        }
        let kept = known.remove(&of).filter(|(buckets, _)| is_right(buckets));
        let buckets = kept.map_or_else(|| Arc::new(make()), |(buckets, _)| buckets);
        known.insert(of, (Arc::clone(&buckets), now));
        buckets
    }

    fn all(&self) -> Vec<(K, Arc<B>)> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known
            .iter()
            .map(|(of, (buckets, _))| (of.clone(), Arc::clone(buckets)))
            .collect()
    }
}
