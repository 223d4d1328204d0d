//! The runner: does what is due to keys, whenever it is due.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::Mutex;
use trent_api::ApiError;
use trent_names::Region;
use trent_service::{ClockGuard, Held, Initiator, Upkeep, internal};
use trent_store::{CommitError, Destroyed, Job, Jobs, Lease, Ledger};

use super::{Step, deletion, due, expiry, rotation, schedule};
use crate::Kms;
use crate::keys::{Key, KeySpace};

/// How long nothing is due before it is looked again.
const IDLE: Duration = Duration::from_millis(200);

/// How long a worker that has died keeps others from its work, in milliseconds.
const LEASE: i64 = 10_000;

/// How many jobs are read at once.
const PAGE: usize = 64;

/// For the time that a step takes, so many times as long is left to requests: much that falls due at once is no reason to
/// keep anybody waiting.
const REST: u32 = 4;

/// Shorter rests are put together: a disk that is busy for a moment keeps fewer waiting than one that is never quite idle.
const SHORTEST_REST: Duration = Duration::from_millis(25);

/// A step that took very long says that the disk is slow, not that requests need so much time.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// How often a step is made anew because the key was changed meanwhile.
const ATTEMPTS: usize = 16;

type Leases = BTreeMap<Region, Lease>;

/// Does what is due to the keys of every Region. One per node.
pub struct Runner {
    kms: Arc<Kms>,
    initiator: Initiator,
    guard: Arc<ClockGuard>,
    ledger: Option<Arc<Ledger>>,
    holder: [u8; 16],
    /// One pass at a time; the lease of each Region lasts over passes.
    leases: Mutex<Leases>,
}

#[async_trait]
impl Upkeep for Runner {
    async fn settle(&self) -> usize {
        let mut all = 0;
        loop {
            match self.pass().await {
                0 => return all,
                steps => all += steps,
            }
        }
    }
}

impl Runner {
    /// The runner of a node.
    pub fn new(kms: Arc<Kms>, initiator: Initiator, guard: Arc<ClockGuard>) -> Self {
        Self {
            kms,
            initiator,
            guard,
            ledger: None,
            holder: *uuid::Uuid::new_v4().as_bytes(),
            leases: Mutex::default(),
        }
    }

    /// The same, writing down which keys it destroys before it does.
    #[must_use]
    pub fn with_ledger(mut self, ledger: Option<Arc<Ledger>>) -> Self {
        self.ledger = ledger;
        self
    }

    /// Destroys a key that was destroyed before and is back, out of a backup. False: there is no such key here.
    pub async fn destroy(&self, destroyed: &Destroyed) -> Result<bool, ApiError> {
        let Some(space) = self.kms.served(&destroyed.region) else {
            return Ok(false);
        };
        let mut was_there = false;
        while let Some(key) = space.latest_key(destroyed.account, destroyed.key).await? {
            was_there = true;
            let step = deletion::step(space, &key, self.guard.now()).await?;
            self.initiator.commit(step.txn, &step.events).await.map_err(internal)?;
        }
        Ok(was_there)
    }

    /// Looks whether the deletion of a key fell due while the server was down. If none did, that time is nothing that the
    /// operator would have to confirm.
    pub async fn look_back(&self) -> Result<(), ApiError> {
        let Some((from, to)) = self.guard.down() else {
            return Ok(());
        };
        for space in self.kms.spaces() {
            let (jobs, mut after) = (self.jobs(space), None);
            loop {
                let page = jobs.due(to, after.as_ref(), PAGE).await.map_err(internal)?;
                for (account, id) in page.iter().filter_map(due::key_of) {
                    let key = space.latest_key(account, id).await?;
                    let ends = key.and_then(|key| key.record.deletion_due());
                    if ends.is_some_and(|ends| from < ends && ends <= to) {
                        return Ok(());
                    }
                }
                after = page.into_iter().next_back();
                if after.is_none() {
                    break;
                }
            }
        }
        self.guard.pass_over_down_time();
        Ok(())
    }

    /// Gives every key to which something is to be done its entry in the schedule, if it has none: one that was made before
    /// there was a schedule, and that nobody has changed since. How many got one.
    pub async fn reconcile(&self) -> Result<usize, ApiError> {
        let mut added = 0;
        for space in self.kms.spaces() {
            let (jobs, mut after) = (self.jobs(space), None);
            loop {
                let page = schedule::missing(space, &jobs, after.as_ref())
                    .await
                    .map_err(internal)?;
                for txn in page.entries {
                    // Whoever has changed the key meanwhile has written its entry.
                    added += usize::from(self.initiator.commit(txn, &[]).await.map_err(internal)?);
                }
                after = page.last;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(added)
    }

    /// Runs until it is dropped.
    pub async fn run(&self) {
        if let Err(error) = self.reconcile().await {
            tracing::warn!(%error, "cannot look for keys that are missing from the schedule");
        }
        loop {
            if let Err(error) = self.guard.mark().await {
                tracing::warn!(%error, "cannot write down how far the clock has come");
            }
            if self.pass().await == 0 {
                tokio::time::sleep(IDLE).await;
            }
        }
    }

    /// When the earliest of what is to be done is due in each Region, in milliseconds since the Unix epoch. A Region in
    /// which nothing is to be done, or whose schedule cannot be read, is left out.
    pub async fn earliest(&self) -> Vec<(Region, i64)> {
        let mut earliest = Vec::new();
        for space in self.kms.spaces() {
            if let Ok(Some(due)) = self.jobs(space).earliest().await {
                earliest.push((space.region().clone(), due));
            }
        }
        earliest
    }

    /// Gives the work of every Region back, so that the next server need not wait for it.
    pub async fn release(&self) {
        let mut leases = self.leases.lock().await;
        leases.clear();
        for space in self.kms.spaces() {
            let jobs = self.jobs(space);
            if let Err(error) = jobs.release().await {
                tracing::warn!(%error, region = %space.region(), "cannot give back the lease on what is due");
            }
        }
    }

    /// Goes through what is due in every Region once.
    async fn pass(&self) -> usize {
        let mut leases = self.leases.lock().await;
        let mut steps = 0;
        for space in self.kms.spaces() {
            match self.pass_of(space, &mut leases).await {
                Ok(done) => steps += done,
                Err(error) => tracing::warn!(%error, region = %space.region(), "cannot read what is due"),
            }
        }
        steps
    }

    async fn pass_of(&self, space: &KeySpace, leases: &mut Leases) -> Result<usize, CommitError> {
        let jobs = self.jobs(space);
        let (mut steps, mut after, mut rest) = (0, None, Duration::ZERO);
        loop {
            let now = self.guard.now();
            let page = jobs.due(now, after.as_ref(), PAGE).await?;
            if page.is_empty() {
                return Ok(steps);
            }
            for job in &page {
                let Some(lease) = self.lease(space, &jobs, leases).await? else {
                    return Ok(steps);
                };
                let began = Instant::now();
                match self.work(space, &lease, job).await {
                    Ok(done) => steps += done,
                    // The others are not kept waiting; this one is tried again with the next pass.
                    Err(error) => tracing::warn!(%error, due = job.due, "what is due to a key cannot be done"),
                }
                rest = (rest + began.elapsed() * REST).min(LONGEST_REST);
                if rest >= SHORTEST_REST {
                    tokio::time::sleep(std::mem::take(&mut rest)).await;
                }
            }
            after = page.into_iter().next_back();
        }
    }

    /// The lease on a Region's work, extended well before it ends. None: another worker has it.
    async fn lease(&self, space: &KeySpace, jobs: &Jobs, leases: &mut Leases) -> Result<Option<Lease>, CommitError> {
        let now = self.guard.now();
        let lasts = |lease: &&Lease| lease.until().saturating_sub(now) > LEASE / 2;
        if let Some(lease) = leases.get(space.region()).filter(lasts) {
            return Ok(Some(*lease));
        }
        let lease = jobs.lease(now, now.saturating_add(LEASE)).await?;
        match lease {
            Some(lease) => leases.insert(space.region().clone(), lease),
            None => leases.remove(space.region()),
        };
        Ok(lease)
    }

    fn jobs(&self, space: &KeySpace) -> Jobs {
        Jobs::new(space.store.clone(), self.holder)
    }

    /// Does what is due to one key, step by step.
    async fn work(&self, space: &KeySpace, lease: &Lease, job: &Job) -> Result<usize, ApiError> {
        let Some((account, id)) = due::key_of(job) else {
            return Err(internal("a job names no key"));
        };
        let (mut steps, mut lost) = (0, 0);
        while lost < ATTEMPTS {
            let key = space.latest_key(account, id).await?;
            let step = match &key {
                Some(key) => self.step(space, key).await?,
                None => None,
            };
            let Some(mut step) = step else {
                if steps == 0
                    && let Some(mut txn) = schedule::without_stale(space, key.as_deref(), job)
                {
                    lease.fence(&mut txn);
                    self.initiator.commit(txn, &[]).await.map_err(internal)?;
                }
                return Ok(steps);
            };
            lease.fence(&mut step.txn);
            if let (Some(ledger), Some(destroyed)) = (&self.ledger, &step.destroys) {
                ledger.append(destroyed).map_err(internal)?;
            }
            match self.initiator.commit(step.txn, &step.events).await {
                Ok(true) => steps += 1,
                Ok(false) => lost += 1,
                Err(error) => return Err(internal(error)),
            }
        }
        Ok(steps)
    }

    /// The next step for a key, if anything is due to it that may be done.
    async fn step(&self, space: &KeySpace, key: &Arc<Key>) -> Result<Option<Step>, ApiError> {
        let now = self.guard.now();
        let is_due = |at: Option<i64>| at.filter(|at| *at <= now);
        if let Some(at) = is_due(key.record.deletion_due()) {
            return match self.guard.may_destroy(at) {
                Ok(()) => deletion::step(space, key, now).await.map(Some),
                Err(held) => {
                    tracing::debug!(key = %key.arn, %held, "a key is not deleted yet");
                    Ok(None)
                }
            };
        }
        if let Some(at) = is_due(key.record.expiry_due()) {
            // Its owner has the material still: what expired while the server was down need not wait for the operator.
            return match self.guard.may_destroy(at) {
                Ok(()) | Err(Held::Down) => Ok(expiry::step(space, key, now)),
                Err(held @ Held::Jumped(_)) => {
                    tracing::debug!(key = %key.arn, %held, "imported material is not removed yet");
                    Ok(None)
                }
            };
        }
        rotation::step(self.kms.keystore(), space, key, now).await
    }
}
