//! The embedded engine passes the suite, and keeps its promises to the disk.

use std::{io, sync::Arc};

use tokio::task::JoinSet;
use trent_store::{Engine, Outcome, RedbEngine, Revision, StoreError, engine::Range};

use crate::{
    conformance::{committed, id, put, txn},
    disk::{Disk, Failure},
};

crate::suite!(RedbEngine::with_backend(Disk::default()).unwrap());

fn open(disk: &Disk) -> RedbEngine {
    RedbEngine::with_backend(disk.clone()).unwrap()
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let disk = Disk::default();
    let engine = open(&disk);
    let first = txn(vec![], vec![put("a", "1")]);
    committed(&engine, first.clone()).await;
    committed(&engine, txn(vec![], vec![put("b", "1")])).await;
    drop(engine);

    let engine = open(&disk);
    assert_eq!(engine.revision(), Revision(2));
    assert_eq!(engine.get(b"a").await.unwrap().unwrap().revision, Revision(1));
    assert_eq!(
        engine.outcome(first.id).await.unwrap(),
        Some(Outcome::Committed(Revision(1)))
    );
    assert_eq!(
        committed(&engine, first).await,
        Revision(1),
        "an id from before the restart still commits once"
    );
    assert_eq!(committed(&engine, txn(vec![], vec![put("c", "1")])).await, Revision(3));
}

/// The ids that the file remembers stay bounded, over restarts too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_ids_leave_the_file() {
    let disk = Disk::default();
    for round in 0..3_u64 {
        let engine = Arc::new(open(&disk));
        let mut tasks = JoinSet::new();
        for n in 0..2000 {
            let engine = Arc::clone(&engine);
            tasks.spawn(async move {
                let mut txn = txn(vec![], vec![put("k", "v")]);
                txn.id = id(round * 10_000 + n);
                committed(&*engine, txn).await;
            });
        }
        tasks.join_all().await;
    }
    let engine = open(&disk);
    let mut remembered = 0;
    for n in 0..30_000 {
        remembered += usize::from(engine.outcome(id(n)).await.unwrap().is_some());
    }
    assert!(
        (trent_store::OUTCOMES_KEPT..trent_store::OUTCOMES_KEPT + 512).contains(&remembered),
        "{remembered}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_commits_share_syncs() {
    let disk = Disk::default();
    let engine = Arc::new(open(&disk));
    let before = disk.syncs();
    let mut tasks = JoinSet::new();
    for worker in 0..64 {
        let engine = Arc::clone(&engine);
        tasks.spawn(async move {
            for n in 0..50 {
                committed(&*engine, txn(vec![], vec![put(&format!("{worker}/{n}"), "v")])).await;
            }
        });
    }
    tasks.join_all().await;
    let syncs = disk.syncs() - before;
    assert!(syncs < 64 * 50 / 4, "{syncs} syncs for 3200 commits");

    let before = disk.syncs();
    for n in 0..10 {
        committed(&*engine, txn(vec![], vec![put(&format!("alone/{n}"), "v")])).await;
    }
    assert!(
        disk.syncs() - before >= 10,
        "each commit that was answered before the next began has its own sync"
    );
}

/// A disk that fails while a commit is written: the commit is not acknowledged, and nothing is written any more until
/// the store has been opened again; then it is there as a whole or not at all.
#[tokio::test]
async fn after_a_failed_write_the_engine_stops() {
    for kind in [
        io::ErrorKind::StorageFull,
        io::ErrorKind::ReadOnlyFilesystem,
        io::ErrorKind::Other,
    ] {
        for failure in [Failure::Write(kind), Failure::Sync] {
            let disk = Disk::default();
            let engine = open(&disk);
            committed(&engine, txn(vec![], vec![put("a", "1")])).await;
            disk.fail(failure);
            let failed = txn(vec![], vec![put("a", "2"), put("b", "2")]);
            let outcome = engine.commit(failed.clone()).await;
            assert!(
                matches!(
                    outcome,
                    Ok(Outcome::Unknown) | Err(StoreError::Io(_) | StoreError::Stopped(_))
                ),
                "{failure:?}: {outcome:?}"
            );
            let reason = engine.stopped().unwrap().to_string();
            assert!(
                reason.contains("accepts no more writes until it is opened again"),
                "{reason}"
            );
            let next = engine.commit(txn(vec![], vec![put("c", "3")])).await;
            assert!(matches!(next, Err(StoreError::Stopped(_))), "{next:?}");
            assert!(
                matches!(engine.outcome(failed.id).await, Err(StoreError::Stopped(_))),
                "nobody can tell yet"
            );
            drop(engine);

            let disk = Disk::with_contents(disk.contents());
            let engine = open(&disk);
            assert_eq!(engine.stopped().map(|error| error.to_string()), None);
            let after = engine.outcome(failed.id).await.unwrap();
            let (a, b) = (
                engine.get(b"a").await.unwrap().unwrap(),
                engine.get(b"b").await.unwrap(),
            );
            match after {
                Some(_) => assert!(a.value == "2" && b.is_some()),
                None => assert!(a.value == "1" && b.is_none()),
            }
        }
    }
}

#[tokio::test]
async fn the_reason_of_a_stop_is_told() {
    let disk = Disk::default();
    let engine = open(&disk);
    disk.fail(Failure::Write(io::ErrorKind::StorageFull));
    let _ = engine.commit(txn(vec![], vec![put("a", "1")])).await;
    let reason = engine.stopped().unwrap().to_string();
    assert!(reason.contains("no storage space"), "{reason}");
}

#[test]
fn a_disk_that_cannot_be_written_is_refused_at_open() {
    let disk = Disk::default();
    drop(open(&disk));
    disk.fail(Failure::Write(io::ErrorKind::ReadOnlyFilesystem));
    let error = RedbEngine::with_backend(disk).err().unwrap();
    assert!(matches!(error, StoreError::Io(_)), "{error:?}");
    assert!(error.to_string().contains("read-only"), "{error}");
}

/// Writers that stop waiting at any moment leave nothing half done and nothing blocked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_writers_block_nobody() {
    let engine = Arc::new(open(&Disk::default()));
    let mut tasks = JoinSet::new();
    for n in 0..400_u64 {
        let engine = Arc::clone(&engine);
        tasks.spawn(async move {
            let commit = engine.commit(txn(
                vec![],
                vec![put(&format!("{n}/a"), ""), put(&format!("{n}/b"), "")],
            ));
            let _ = tokio::time::timeout(std::time::Duration::from_micros(n % 50), commit).await;
        });
    }
    tasks.join_all().await;
    committed(&*engine, txn(vec![], vec![put("last", "")])).await;
    let keys = engine.range(&Range::everything(None, 1000)).await.unwrap().items;
    assert_eq!(keys.len() % 2, 1, "pairs, and the last");
}
