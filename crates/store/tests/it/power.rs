//! Power cuts under the embedded engine: nothing acknowledged is lost.

use std::sync::Arc;

use tokio::{runtime::Runtime, task::JoinSet};
use trent_store::{CommitError, RedbEngine, Sealed};

use crate::{
    disk::Disk,
    random::Random,
    world::{Thing, here, key, open, thing},
};

const WORKERS: usize = 4;
/// Small, so that cuts also hit the growth of the file.
const CUTS_PER_DISK: usize = 50;

/// How far one worker has got.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// Commits that were acknowledged.
    acknowledged: u64,
    /// Whether one more was tried, of which nobody knows.
    one_more: bool,
}

/// Each step replaces the worker's counter and inserts one record, in one transaction, until the power fails.
async fn work(store: Sealed, worker: usize, mut progress: Progress, steps: usize) -> Progress {
    let store = here(&store);
    let counter = key::<Thing>(&format!("counter {worker}"));
    for _ in 0..steps {
        let next = progress.acknowledged + 1;
        let mut txn = store.txn();
        match store.get(&counter).await {
            Ok(Some(stored)) => txn.update(&counter, &thing("counter", next), stored.revision),
            Ok(None) => txn.insert(&counter, &thing("counter", next)),
            Err(_) => return progress,
        };
        txn.insert(
            &key(&format!("step {worker} {next}")),
            &thing(&"x".repeat(worker * 700), next),
        );
        match store.commit(txn).await {
            Ok(_) => progress.acknowledged = next,
            Err(CommitError::Unknown(_)) => {
                progress.one_more = true;
                return progress;
            }
            Err(CommitError::Store(_)) => return progress,
            Err(other) => panic!("{other}"),
        }
    }
    progress
}

/// Checks what is there against what was acknowledged, and takes over what happened without an answer.
async fn settle(store: &Sealed, progress: &mut [Progress]) -> Result<(), String> {
    let store = here(store);
    for (worker, progress) in progress.iter_mut().enumerate() {
        let counter = store
            .get(&key::<Thing>(&format!("counter {worker}")))
            .await
            .map_err(|e| e.to_string())?;
        let found = counter.map_or(0, |stored| stored.value.count);
        let most = progress.acknowledged + u64::from(progress.one_more);
        if found < progress.acknowledged || found > most {
            return Err(format!("worker {worker} is at {found} after {progress:?}"));
        }
        for step in 1..=found {
            let record = store.get(&key::<Thing>(&format!("step {worker} {step}"))).await;
            if record.map_err(|e| e.to_string())?.is_none() {
                return Err(format!("step {step} of worker {worker} is missing"));
            }
        }
        if store
            .get(&key::<Thing>(&format!("step {worker} {}", found + 1)))
            .await
            .map_err(|e| e.to_string())?
            .is_some()
        {
            return Err(format!("step {} of worker {worker} is there in part", found + 1));
        }
        *progress = Progress {
            acknowledged: found,
            one_more: false,
        };
    }
    Ok(())
}

/// Works, cuts the power, restarts, again and again on one disk. The first loss ends it.
async fn survive(disk: &Disk, seed: u64, cuts: usize) -> Result<(), String> {
    let mut random = Random::new(seed);
    let mut progress = [Progress::default(); WORKERS];
    for cut in 0..cuts {
        let context = |error: String| format!("seed {seed}, cut {cut}: {error}");
        // Opening can be cut too: recovery has to survive its own interruption.
        if random.below(4) == 0 {
            disk.power_for(random.below(30));
            if let Ok(engine) = RedbEngine::with_backend(disk.clone()) {
                drop(open(engine).await);
            }
            disk.cut(&mut random);
        }
        let engine = RedbEngine::with_backend(disk.clone()).map_err(|error| context(error.to_string()))?;
        let store = open(engine).await.map_err(|error| context(error.to_string()))?;
        settle(&store, &mut progress).await.map_err(context)?;

        disk.power_for(1 + random.below(200));
        let mut workers = JoinSet::new();
        for (worker, progress) in progress.into_iter().enumerate() {
            let (store, steps) = (store.clone(), 1 + random.below(12));
            workers.spawn(async move { (worker, work(store, worker, progress, steps).await) });
        }
        while let Some(done) = workers.join_next().await {
            let (worker, after) = done.unwrap();
            progress[worker] = after;
        }
        drop(store);
        disk.cut(&mut random);
    }
    let engine = RedbEngine::with_backend(disk.clone()).map_err(|error| error.to_string())?;
    let store = open(engine).await.map_err(|error| error.to_string())?;
    settle(&store, &mut progress).await
}

fn runtime() -> Arc<Runtime> {
    Arc::new(
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap(),
    )
}

/// A thousand cuts, each of which loses, tears or reorders what was not synced.
#[test]
fn a_thousand_power_cuts_lose_no_acknowledged_write() {
    let runtime = runtime();
    for seed in 0..1000 / CUTS_PER_DISK as u64 {
        runtime
            .block_on(survive(&Disk::default(), seed, CUTS_PER_DISK))
            .unwrap();
    }
}

/// The test above would notice if commits were not synced.
#[test]
fn without_the_sync_the_cuts_do_lose_writes() {
    let runtime = runtime();
    let lossy = (0..10).filter(|seed| {
        let disk = Disk::that_ignores_sync();
        runtime.block_on(survive(&disk, *seed, CUTS_PER_DISK)).is_err()
    });
    assert_eq!(lossy.count(), 10);
}
