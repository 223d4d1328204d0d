//! The sealed store: wraps any engine once, so that whoever owns the engine can neither read, edit, move, drop nor
//! replay a record unnoticed.
//!
//! Each value is sealed by itself, bound to its key, class and version. The whole is attested by the head, which every
//! commit renews and which opening compares with all records (see `attest`).
//!
//! What remains: somebody who can write the file of a store that is open can put back an older record that the node
//! then reads, until it is opened again; and whoever can put back both the whole store and the head file, which lies
//! outside it, can roll this node back.

mod generations;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_lc_rs::rand;
use bytes::Bytes;
use trent_crypto::record::RecordSealer;
use trent_metrics::{Counter, Histogram};

use crate::{
    attest::Attestor,
    engine::{Engine, Outcome, Precondition, Revision, Txn, TxnId, Versioned, Write},
    error::{CommitError, OpenError, StoreError},
    follower::{Follower, Subscriber},
    head_file::HeadKeeper,
    key::printable,
    record::{self, Record, Stored},
    txn::{Action, Condition, Operation},
};

/// How often a write without a condition is tried again when another write of the same record comes first.
const BLIND_WRITE_ATTEMPTS: usize = 16;
/// How often a transaction is handed over whose answers are lost and which has not happened.
const HANDOVER_ATTEMPTS: usize = 3;

/// How a sealed store is opened.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The head file, outside the store's folder; `None` gives up the detection of whole-store rollback (development).
    pub head_file: Option<PathBuf>,
    /// The operator's word that the store was put back to an older state on purpose, or that the head file was lost.
    pub accept_rollback: bool,
    /// Development only: caches serve the state of this long ago, as a replicated service would.
    pub replication_delay: Option<Duration>,
}

/// A store whose records are sealed and whose whole is attested. Cheap to clone.
#[derive(Clone)]
pub struct Sealed(Arc<Inner>);

struct Inner {
    engine: Arc<dyn Engine>,
    sealer: RecordSealer,
    follower: Follower,
    head_keeper: Option<HeadKeeper>,
    replication_delay: Option<Duration>,
    commits: Commits,
}

/// What was counted of a store's commits since it was opened.
#[derive(Debug, Default)]
pub struct Commits {
    /// How long those took that were made.
    pub made: Histogram,
    /// How many another change came before.
    pub conflicts: Counter,
    /// How many failed, or ended nobody knows how.
    pub failed: Counter,
}

impl Sealed {
    /// Reads every record, checks that together they are what the store last attested, checks that the store is not
    /// older than the head file says, and takes over: from here on every commit is attested.
    pub async fn open(engine: Arc<dyn Engine>, sealer: RecordSealer, options: Options) -> Result<Self, OpenError> {
        let attestor = Attestor::verify(&*engine, sealer.clone()).await?;
        let standing = attestor.standing();
        // The head file is written before the head, so that a crash in between leaves a store that opens.
        let head_keeper = match options.head_file {
            Some(path) => Some(HeadKeeper::start(
                path,
                sealer.clone(),
                &standing,
                options.accept_rollback,
            )?),
            None => None,
        };
        if let Some(keeper) = &head_keeper {
            attestor.report_to(keeper);
        }
        let revision = standing.revision;
        engine
            .install_witness(Arc::new(attestor), revision, standing.head)
            .await?;
        let follower = Follower::start(&engine, revision);
        let replication_delay = options.replication_delay;
        Ok(Self(Arc::new(Inner {
            engine,
            sealer,
            follower,
            head_keeper,
            replication_delay,
            commits: Commits::default(),
        })))
    }

    /// The engine underneath: for backups, and for raw records outside the sealing.
    pub fn engine(&self) -> &Arc<dyn Engine> {
        &self.0.engine
    }

    /// The latest committed revision.
    pub fn revision(&self) -> Revision {
        self.0.engine.revision()
    }

    /// The last revision that every cache of this node has applied.
    pub fn applied(&self) -> Revision {
        self.0.follower.applied()
    }

    /// Finishes the commits handed over, writes the head file and refuses everything after that.
    pub async fn close(&self) {
        self.0.engine.close().await;
        if let Some(keeper) = &self.0.head_keeper {
            keeper.flush();
        }
    }

    /// The commits since it was opened.
    pub fn commits(&self) -> &Commits {
        &self.0.commits
    }

    pub(crate) fn replication_delay(&self) -> Option<Duration> {
        self.0.replication_delay
    }

    pub(crate) fn subscribe(&self, subscriber: std::sync::Weak<dyn Subscriber>) {
        self.0.follower.subscribe(subscriber);
    }

    pub(crate) fn blind<R: Record>(&self, name: &[u8]) -> [u8; 32] {
        self.0.sealer.blind(&format!("record kind {}", R::KIND.0), name)
    }

    /// Opens a record that was read from the engine.
    pub(crate) fn unseal<R: Record>(&self, key: &[u8], stored: &Versioned) -> Result<Stored<R>, StoreError> {
        let bad = |reason: String| StoreError::BadRecord {
            key: printable(key),
            reason,
        };
        let opened = self.0.sealer.open(R::CLASS, key, &stored.value);
        let (version, plaintext) = opened.map_err(|error| bad(error.to_string()))?;
        let plaintext = zeroize::Zeroizing::new(plaintext);
        let value = record::decode(&plaintext).map_err(|error| bad(error.to_string()))?;
        Ok(Stored {
            value,
            revision: stored.revision,
            version,
        })
    }

    /// Seals and commits. Writes without a condition get one from what is stored, so that a record's version never
    /// goes backwards, and are tried again if that changes meanwhile.
    pub(crate) async fn commit(&self, operations: Vec<Operation>) -> Result<Revision, CommitError> {
        let began = Instant::now();
        let committed = self.commit_once_settled(operations).await;
        let commits = &self.0.commits;
        match &committed {
            Ok(_) => commits.made.observe(began.elapsed()),
            Err(CommitError::Conflict(_)) => commits.conflicts.increment(),
            Err(_) => commits.failed.increment(),
        }
        committed
    }

    async fn commit_once_settled(&self, operations: Vec<Operation>) -> Result<Revision, CommitError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let (txn, assumed) = self.prepare(&operations).await?;
            match self.settle(txn).await? {
                Outcome::Committed(revision) => {
                    // The commit is durable: a follower that has stopped must not make it look as if it were not.
                    if self.0.follower.reached(revision).await.is_err() {
                        tracing::warn!(%revision, "the store was closed before the caches applied a commit");
                    }
                    return Ok(revision);
                }
                Outcome::Rejected(conflict) if assumed.contains(&conflict.key) && attempt < BLIND_WRITE_ATTEMPTS => {}
                Outcome::Rejected(conflict) => return Err(CommitError::Conflict(conflict)),
                Outcome::Unknown => return Err(CommitError::Unknown(StoreError::Closed)),
            }
        }
    }

    /// Seals the operations into a transaction; also tells for which keys it made up the condition.
    async fn prepare(&self, operations: &[Operation]) -> Result<(Txn, Vec<Bytes>), StoreError> {
        let mut txn = Txn {
            id: TxnId(random()?),
            preconditions: Vec::new(),
            writes: Vec::new(),
        };
        let mut assumed = Vec::new();
        for Operation { key, condition, .. } in operations {
            let condition = match condition {
                Condition::Absent => Precondition::Absent(key.clone()),
                Condition::At(revision) => Precondition::At(key.clone(), *revision),
                Condition::Any => {
                    assumed.push(key.clone());
                    match self.0.engine.get(key).await? {
                        Some(stored) => Precondition::At(key.clone(), stored.revision),
                        None => Precondition::Absent(key.clone()),
                    }
                }
            };
            txn.preconditions.push(condition);
        }
        // Read after the conditions: above the version of whatever they name.
        let version = self.0.engine.revision().next().0;
        for Operation { key, action, .. } in operations {
            match action {
                Action::Require => {}
                Action::Delete => txn.writes.push(Write::Delete(key.clone())),
                Action::Put { class, plaintext } => {
                    let value = self.0.sealer.seal(*class, key, version, plaintext, random()?);
                    txn.writes.push(Write::Put(key.clone(), value.into()));
                }
            }
        }
        Ok((txn, assumed))
    }

    /// Commits, and finds out by its id what became of a transaction whose answer was lost. One that did not happen
    /// is handed over again, under the same id, so that it happens once at most.
    async fn settle(&self, txn: Txn) -> Result<Outcome, CommitError> {
        for _ in 0..HANDOVER_ATTEMPTS {
            match self.0.engine.commit(txn.clone()).await? {
                Outcome::Unknown => {}
                known => return Ok(known),
            }
            let found = self.0.engine.outcome(txn.id).await;
            if let Some(known) = found.map_err(CommitError::Unknown)? {
                return Ok(known);
            }
        }
        Err(StoreError::Stopped("its answers are lost".into()).into())
    }
}

/// Fresh random bytes from the system.
fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| StoreError::Stopped("the system has no randomness".into()))?;
    Ok(bytes)
}
