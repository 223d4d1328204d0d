//! The way of a record from the store into the trail, with a crash between every two durable steps of it.

use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use tempfile::TempDir;
use trent_audit::{Drain, DrainError, Mode, OutboxRecord, Trail, enqueue};
use trent_store::{
    Engine, Key, MemoryEngine, Outcome, Revision, Sealed, Snapshot, StoreError, TxnId, Versioned, Watch, Witness,
    engine::{Page, Range, Txn},
};

use crate::world::{events, record, region, seal};

/// An engine that takes so many commits and no more: the process that ends before the next.
struct Mortal {
    engine: MemoryEngine,
    allowed: AtomicUsize,
    /// The trail's file, and how long it was at the last commit.
    trail: PathBuf,
    durable_at_commit: AtomicU64,
}

impl Mortal {
    fn allow(&self, commits: usize) {
        self.allowed.store(commits, Ordering::SeqCst);
    }
}

#[async_trait]
impl Engine for Mortal {
    async fn get(&self, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        self.engine.get(key).await
    }
    async fn range(&self, range: &Range) -> Result<Page, StoreError> {
        self.engine.range(range).await
    }
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        self.engine.snapshot().await
    }
    async fn commit(&self, txn: Txn) -> Result<Outcome, StoreError> {
        let left = self
            .allowed
            .load(Ordering::SeqCst)
            .checked_sub(1)
            .ok_or(StoreError::Closed)?;
        self.allow(left);
        let length = fs::metadata(&self.trail).map_or(0, |trail| trail.len());
        self.durable_at_commit.store(length, Ordering::SeqCst);
        self.engine.commit(txn).await
    }
    async fn outcome(&self, id: TxnId) -> Result<Option<Outcome>, StoreError> {
        self.engine.outcome(id).await
    }
    fn watch(&self, from: Revision) -> Watch {
        self.engine.watch(from)
    }
    fn stopped(&self) -> Option<StoreError> {
        self.engine.stopped()
    }
    fn revision(&self) -> Revision {
        self.engine.revision()
    }
    async fn head(&self) -> Result<Option<Bytes>, StoreError> {
        self.engine.head().await
    }
    async fn install_witness(&self, witness: Arc<dyn Witness>, at: Revision, head: Bytes) -> Result<(), StoreError> {
        self.engine.install_witness(witness, at, head).await
    }
    async fn close(&self) {
        self.engine.close().await;
    }
}

struct World {
    _folder: TempDir,
    path: PathBuf,
    engine: Arc<Mortal>,
    store: Sealed,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trail.jsonl");
        let engine = Arc::new(Mortal {
            engine: MemoryEngine::new(),
            allowed: AtomicUsize::new(usize::MAX),
            trail: path.clone(),
            durable_at_commit: AtomicU64::new(0),
        });
        let store = seal(Arc::clone(&engine) as Arc<dyn Engine>).await;
        Self {
            path,
            _folder: folder,
            engine,
            store,
        }
    }

    /// A process over the same store and file.
    async fn start(&self) -> (Trail, Drain) {
        let opened = Trail::open(&self.path, Mode::buffered(), &self.store).await;
        let trail = opened.expect("opened").trail;
        let drain = Drain::new(trail.clone(), &self.store, &[region()]);
        (trail, drain)
    }

    /// Commits the records of `numbers` as the pipeline would: even ones in the Region, odd ones outside.
    async fn commit(&self, trail: &Trail, numbers: impl IntoIterator<Item = u8>) {
        for number in numbers {
            if number % 2 == 0 {
                let store = self.store.region(&region());
                let mut txn = store.txn();
                enqueue(&mut txn, &record(number), trail);
                store.commit(txn).await.expect("committed");
            } else {
                let store = self.store.global();
                let mut txn = store.txn();
                enqueue(&mut txn, &record(number), trail);
                store.commit(txn).await.expect("committed");
            }
        }
    }

    /// The first bytes of the ids of the trail's events, sorted. The trail must verify.
    async fn sorted(&self) -> Vec<u8> {
        let mut found = events(&self.path, &self.store).await;
        found.sort_unstable();
        found
    }

    async fn waiting(&self) -> usize {
        let prefix = Key::<OutboxRecord>::new();
        let outside = self
            .store
            .global()
            .range(&prefix, None, 1000)
            .await
            .expect("read")
            .items
            .len();
        outside
            + self
                .store
                .region(&region())
                .range(&prefix, None, 1000)
                .await
                .expect("read")
                .items
                .len()
    }
}

#[tokio::test]
async fn records_reach_the_trail_in_the_order_of_their_times_and_leave_the_store() {
    let world = World::new().await;
    let (trail, drain) = world.start().await;
    world.commit(&trail, (2..=200).rev().step_by(2)).await;
    assert_eq!(drain.run_once().await.expect("drained"), 100);
    assert_eq!(
        events(&world.path, &world.store).await,
        (2..=200).step_by(2).collect::<Vec<u8>>()
    );
    assert_eq!(world.waiting().await, 0);
    assert_eq!(drain.run_once().await.expect("drained"), 0);
}

#[tokio::test]
async fn a_nudged_drain_moves_records_as_they_come() {
    let world = World::new().await;
    let (trail, drain) = world.start().await;
    let drain = Arc::new(drain);
    let running = tokio::spawn({
        let drain = Arc::clone(&drain);
        async move { drain.run().await }
    });
    for number in 0..10 {
        world.commit(&trail, [number]).await;
        drain.nudge();
    }
    for _ in 0..500 {
        if world.waiting().await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.abort();
    assert_eq!(world.sorted().await, (0..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_record_that_could_not_be_removed_is_not_appended_again() {
    let world = World::new().await;
    let (trail, drain) = world.start().await;
    world.commit(&trail, 0..6).await;
    for _ in 0..3 {
        world.engine.allow(0);
        assert!(matches!(drain.run_once().await, Err(DrainError::Commit(_))));
    }
    world.engine.allow(usize::MAX);
    assert_eq!(drain.run_once().await.expect("drained"), 3);
    assert_eq!(world.sorted().await, (0..6).collect::<Vec<_>>());
    assert_eq!(world.waiting().await, 0);
}

/// The steps of a drain are: append to the file, sync it, remove from the store, for each place. A crash after any
/// commit leaves any part of what was appended since; the next start has each record in the trail exactly once.
#[tokio::test]
async fn a_crash_between_any_two_steps_leaves_each_record_exactly_once() {
    for commits in 0..=2 {
        let mut cut = 0;
        loop {
            let world = World::new().await;
            let (trail, drain) = world.start().await;
            // Calls that change nothing are recorded directly, before and between the others.
            trail
                .append_durably(&[record(101), record(102)])
                .await
                .expect("appended");
            world.commit(&trail, 0..6).await;
            trail.append_durably(&[record(103)]).await.expect("appended");
            let mut durable = file_length(&world.path);

            world.engine.allow(commits);
            drain
                .run_once()
                .await
                .map_or_else(|_| assert!(commits < 2), |_| assert_eq!(commits, 2));
            trail.close();
            drop(drain);
            durable = durable.max(world.engine.durable_at_commit.load(Ordering::SeqCst));
            let left = (durable + cut).min(file_length(&world.path));
            let file = OpenOptions::new().write(true).open(&world.path).expect("there");
            file.set_len(left).expect("cut");

            world.engine.allow(usize::MAX);
            let (trail, drain) = world.start().await;
            drain.run_once().await.expect("drained");
            trail.close();
            let context = format!("{commits} commits, cut {cut} bytes after the last one");
            assert_eq!(world.sorted().await, [0, 1, 2, 3, 4, 5, 101, 102, 103], "{context}");
            assert_eq!(world.waiting().await, 0, "{context}");
            if left < durable + cut {
                break;
            }
            cut += 151;
        }
    }
}

#[tokio::test]
async fn a_record_that_waits_outlives_the_trail_file_that_it_was_made_for() {
    let world = World::new().await;
    let (trail, _drain) = world.start().await;
    let filler: Vec<_> = (50..70).map(record).collect();
    trail.append_durably(&filler).await.expect("appended");
    world.commit(&trail, 0..4).await;
    trail.close();
    fs::rename(&world.path, world.path.with_extension("aside")).expect("moved");

    // A process over a new file is killed before it has removed what it appended.
    let (trail, drain) = world.start().await;
    world.engine.allow(0);
    drain.run_once().await.expect_err("killed");
    trail.close();
    world.engine.allow(usize::MAX);
    let (_trail, drain) = world.start().await;
    drain.run_once().await.expect("drained");
    assert_eq!(world.sorted().await, [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_drain_that_is_dropped_half_way_repeats_nothing() {
    for polls in 1..40 {
        let world = World::new().await;
        let (trail, drain) = world.start().await;
        world.commit(&trail, 0..4).await;
        let mut dropped = Box::pin(drain.run_once());
        for _ in 0..polls {
            let waker = std::task::Waker::noop();
            if dropped
                .as_mut()
                .poll(&mut std::task::Context::from_waker(waker))
                .is_ready()
            {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(dropped);
        drain.run_once().await.expect("drained");
        assert_eq!(world.sorted().await, [0, 1, 2, 3], "dropped after {polls} polls");
        assert_eq!(world.waiting().await, 0);
    }
}

#[tokio::test]
async fn records_wait_while_the_trail_does_not_take_them() {
    let world = World::new().await;
    let (trail, drain) = world.start().await;
    world.commit(&trail, 0..3).await;
    trail.close();
    assert!(matches!(drain.run_once().await, Err(DrainError::Trail(_))));
    assert_eq!(world.waiting().await, 3);
    let (_trail, drain) = world.start().await;
    assert_eq!(drain.run_once().await.expect("drained"), 3);
}

fn file_length(path: &Path) -> u64 {
    fs::metadata(path).expect("there").len()
}
