//! Durable jobs: what is to be done in a Region at a later time, and who may do it.
//!
//! A job is one entry, under its time, that names a subject; what is to be done the subject's own record says. It comes
//! and goes in the transactions that change the subject, so none is lost and none is left over, and after a downtime all
//! that came due is still there. Whoever works holds the Region's lease: every step of its work has the [`Lease`] among
//! its preconditions, so one that was overtaken can finish nothing.

use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};
use trent_crypto::record::Class;

use crate::error::{CommitError, StoreError};
use crate::key::Key;
use crate::place::InRegion;
use crate::record::{Kind, LivesIn, Record, kinds};
use crate::revision::Revision;
use crate::scope::{RegionStore, RegionTxn};

/// That something is to be done. Everything about it is in its key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct JobRecord {}

/// Who does the jobs of a Region.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct LeaseRecord {
    #[n(0)]
    holder: ByteArray<16>,
    /// Until when nobody else may take it, in milliseconds since the Unix epoch.
    #[n(1)]
    until: i64,
}

impl Record for JobRecord {
    const KIND: Kind = kinds::JOB;
    const CLASS: Class = Class::Resource;
    const VERSION: u8 = 1;
}

impl Record for LeaseRecord {
    const KIND: Kind = kinds::JOB_LEASE;
    const CLASS: Class = Class::Resource;
    const VERSION: u8 = 1;
}

impl LivesIn<InRegion> for JobRecord {}
impl LivesIn<InRegion> for LeaseRecord {}

/// One job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Job {
    /// When it is due, in milliseconds since the Unix epoch.
    pub due: i64,
    /// What it is about.
    pub subject: Vec<u8>,
}

impl Job {
    /// Adds the job to what is to be done.
    pub fn schedule(&self, txn: &mut RegionTxn) {
        txn.put(&self.address(), &JobRecord {});
    }

    /// Takes the job away: it is done, or no longer to be done.
    pub fn unschedule(&self, txn: &mut RegionTxn) {
        txn.remove(&self.address());
    }

    fn address(&self) -> Key<JobRecord> {
        Key::new()
            .number(u64::try_from(self.due).unwrap_or(0))
            .part(&self.subject)
    }

    fn at(address: &Key<JobRecord>) -> Option<Self> {
        let [due, subject] = <[Vec<u8>; 2]>::try_from(address.parts()).ok()?;
        let due = u64::from_be_bytes(due.try_into().ok()?);
        Some(Self {
            due: i64::try_from(due).ok()?,
            subject,
        })
    }
}

/// The jobs of one Region, as one worker sees them.
pub struct Jobs {
    store: RegionStore,
    holder: [u8; 16],
}

/// The right to do the jobs of a Region, as it was last granted.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    revision: Revision,
    until: i64,
}

impl Jobs {
    /// The jobs of a Region for a worker, whose id must be fresh random bytes.
    pub fn new(store: RegionStore, holder: [u8; 16]) -> Self {
        Self { store, holder }
    }

    /// The jobs that are due at `now`, earliest first, behind `after`; at most `limit`.
    pub async fn due(&self, now: i64, after: Option<&Job>, limit: usize) -> Result<Vec<Job>, StoreError> {
        let after = after.map(Job::address);
        let page = self
            .store
            .range(&Key::<JobRecord>::new(), after.as_ref(), limit)
            .await?;
        let jobs = page.items.iter().filter_map(|(address, _)| Job::at(address));
        Ok(jobs.take_while(|job| job.due <= now).collect())
    }

    /// Whether a job is among those to be done.
    pub async fn has(&self, job: &Job) -> Result<bool, StoreError> {
        Ok(self.store.get(&job.address()).await?.is_some())
    }

    /// When the earliest job is due.
    pub async fn earliest(&self) -> Result<Option<i64>, StoreError> {
        let first = self.due(i64::MAX, None, 1).await?;
        Ok(first.first().map(|job| job.due))
    }

    /// Takes the lease, or extends it, to `until`. None: another worker has it at `now`. Times are milliseconds since the
    /// Unix epoch.
    pub async fn lease(&self, now: i64, until: i64) -> Result<Option<Lease>, CommitError> {
        let address = Key::new();
        let held = self.store.get::<LeaseRecord>(&address).await?;
        if held
            .as_ref()
            .is_some_and(|held| *held.value.holder != self.holder && held.value.until > now)
        {
            return Ok(None);
        }
        let record = LeaseRecord {
            holder: self.holder.into(),
            until,
        };
        let mut txn = self.store.txn();
        match held {
            Some(held) => txn.update(&address, &record, held.revision),
            None => txn.insert(&address, &record),
        };
        match self.store.commit(txn).await {
            Ok(revision) => Ok(Some(Lease { revision, until })),
            Err(CommitError::Conflict(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gives the lease back, if this worker has it, so that the next one need not wait.
    pub async fn release(&self) -> Result<(), CommitError> {
        let address = Key::new();
        let held = self.store.get::<LeaseRecord>(&address).await?;
        let Some(held) = held.filter(|held| *held.value.holder == self.holder) else {
            return Ok(());
        };
        let mut txn = self.store.txn();
        txn.delete(&address, held.revision);
        match self.store.commit(txn).await {
            Ok(_) | Err(CommitError::Conflict(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Lease {
    /// Until when it lasts, in milliseconds since the Unix epoch.
    pub fn until(&self) -> i64 {
        self.until
    }

    /// Makes a transaction a step of the lease's holder: it fails once the lease was extended or taken.
    pub fn fence(&self, txn: &mut RegionTxn) {
        txn.require(&Key::<LeaseRecord>::new(), self.revision);
    }
}
