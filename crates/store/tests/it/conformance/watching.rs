//! Watching: every commit in order, none skipped, witnesses included.

use std::{
    collections::BTreeSet,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use bytes::Bytes;
use trent_store::{
    Change, Revision, StoreError, WatchEnd, Witness,
    engine::{MAX_TRANSACTION_BYTES, Write},
};

use super::{Subject, committed, delete, put, txn, value};

pub async fn a_watcher_sees_every_commit_in_order(engine: Subject) {
    let mut watch = engine.watch(Revision::ZERO);
    let follower = tokio::spawn(async move {
        let mut value = 0;
        for expected in 1..=400 {
            let changes = watch.next().await.unwrap();
            assert_eq!(changes.revision, Revision(expected));
            let [change] = &changes.changes[..] else {
                panic!("one change a commit")
            };
            let before = change.before.as_ref().map(|stored| stored.value.clone());
            assert_eq!(before, (value > 0).then(|| value.to_string().into()));
            value += 1;
            assert_eq!(change.after.as_ref().unwrap().value, value.to_string());
            assert_eq!(change.after.as_ref().unwrap().revision, changes.revision);
        }
    });
    for n in 1..=400 {
        committed(&*engine, txn(vec![], vec![put("a", &n.to_string())])).await;
    }
    follower.await.unwrap();
    // From the middle, and a deletion of nothing is a commit without changes.
    committed(&*engine, txn(vec![], vec![delete("nothing")])).await;
    let mut late = engine.watch(Revision(399));
    assert_eq!(late.next().await.unwrap().revision, Revision(400));
    assert_eq!(late.next().await.unwrap().changes, []);
}

pub async fn a_watcher_that_is_too_far_behind_is_told(engine: Subject) {
    let mut watch = engine.watch(Revision::ZERO);
    let large = Bytes::from(vec![1; MAX_TRANSACTION_BYTES - 1]);
    for _ in 0..70 {
        committed(&*engine, txn(vec![], vec![Write::Put("a".into(), large.clone())])).await;
    }
    assert!(matches!(watch.next().await, Err(WatchEnd::Compacted(_))));
    let now = engine.revision();
    let mut resynced = engine.watch(now);
    committed(&*engine, txn(vec![], vec![put("b", "")])).await;
    assert_eq!(resynced.next().await.unwrap().revision, now.next());
}

pub async fn a_cancelled_wait_loses_no_change(engine: Subject) {
    let mut watch = engine.watch(Revision::ZERO);
    for n in 1..=50 {
        let waited = tokio::time::timeout(Duration::from_micros(50), watch.next()).await;
        assert!(waited.is_err(), "nothing to see yet");
        committed(&*engine, txn(vec![], vec![put("a", "")])).await;
        assert_eq!(watch.next().await.unwrap().revision, Revision(n));
    }
}

/// Holds a commit between the assignment of its revision and its durability.
#[derive(Default)]
struct Stall {
    state: Mutex<(bool, bool)>,
    changed: Condvar,
}

impl Stall {
    fn wait_until_stalled(&self) {
        let state = self.state.lock().unwrap();
        drop(self.changed.wait_while(state, |(stalled, _)| !*stalled).unwrap());
    }

    fn release(&self) {
        self.state.lock().unwrap().1 = true;
        self.changed.notify_all();
    }
}

impl Witness for Stall {
    fn attest(&self, revision: Revision, _: &[Change]) -> Bytes {
        let mut state = self.state.lock().unwrap();
        state.0 = true;
        self.changed.notify_all();
        drop(self.changed.wait_while(state, |(_, released)| !*released).unwrap());
        revision.0.to_be_bytes().to_vec().into()
    }

    fn durable(&self, _: Revision, _: &Bytes) {}
}

pub async fn a_stalled_committer_makes_no_watcher_skip(engine: Subject) {
    committed(&*engine, txn(vec![], vec![put("a", "0")])).await;
    let stall = Arc::new(Stall::default());
    engine
        .install_witness(stall.clone(), Revision(1), Bytes::new())
        .await
        .unwrap();
    let mut watch = engine.watch(Revision(1));

    let stalled = tokio::spawn({
        let engine = Arc::clone(&engine);
        async move { committed(&*engine, txn(vec![], vec![put("a", "stalled")])).await }
    });
    tokio::task::spawn_blocking({
        let stall = Arc::clone(&stall);
        move || stall.wait_until_stalled()
    })
    .await
    .unwrap();
    let behind: Vec<_> = (0..8)
        .map(|n| {
            let engine = Arc::clone(&engine);
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(committed(&*engine, txn(vec![], vec![put(&format!("b{n}"), "behind")])))
            })
        })
        .collect();

    // The stalled commit has its revision but is not durable: nobody sees it, nor anything behind it.
    assert!(
        tokio::time::timeout(Duration::from_millis(50), watch.next())
            .await
            .is_err()
    );
    assert_eq!(engine.revision(), Revision(1));
    assert_eq!(value(&*engine, "a").await.unwrap().0, "0");

    stall.release();
    assert_eq!(stalled.await.unwrap(), Revision(2));
    let mut others = BTreeSet::new();
    for thread in behind {
        others.insert(thread.join().unwrap());
    }
    assert_eq!(others, (3..=10).map(Revision).collect());
    for expected in 2..=10 {
        assert_eq!(watch.next().await.unwrap().revision, Revision(expected));
    }
}

/// Notes what it sees.
#[derive(Default)]
struct Notes {
    attested: Mutex<Vec<(Revision, Vec<Change>)>>,
    durable: Mutex<Vec<Revision>>,
}

impl Witness for Notes {
    fn attest(&self, revision: Revision, changes: &[Change]) -> Bytes {
        self.attested.lock().unwrap().push((revision, changes.to_vec()));
        format!("head {revision}").into()
    }

    fn durable(&self, revision: Revision, head: &Bytes) {
        assert_eq!(*head, format!("head {revision}"));
        self.durable.lock().unwrap().push(revision);
    }
}

pub async fn a_witness_sees_every_change_in_commit_order(engine: Subject) {
    assert_eq!(engine.head().await.unwrap(), None);
    let notes = Arc::new(Notes::default());
    engine
        .install_witness(notes.clone(), Revision::ZERO, "head 0".into())
        .await
        .unwrap();
    assert_eq!(engine.head().await.unwrap().unwrap(), "head 0");
    let mut tasks = Vec::new();
    for worker in 0..32 {
        let engine = Arc::clone(&engine);
        tasks.push(tokio::spawn(async move {
            for n in 0..10 {
                let key = format!("k{}", (worker + n) % 5);
                let write = if n % 3 == 0 { delete(&key) } else { put(&key, "v") };
                committed(&*engine, txn(vec![], vec![write])).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let mut watch = engine.watch(Revision::ZERO);
    let mut watched = Vec::new();
    while watch.position() < Revision(320) {
        watched.extend(watch.next().await.unwrap().changes.clone());
    }
    let attested = std::mem::take(&mut *notes.attested.lock().unwrap());
    let seen: Vec<Change> = attested.iter().flat_map(|(_, changes)| changes.clone()).collect();
    assert_eq!(seen, watched);
    let revisions: Vec<_> = attested.iter().map(|(revision, _)| *revision).collect();
    assert!(revisions.is_sorted());
    assert_eq!(*notes.durable.lock().unwrap(), revisions);
    assert_eq!(engine.head().await.unwrap().unwrap(), "head 320");
    assert_eq!(
        engine.snapshot().await.unwrap().head().await.unwrap().unwrap(),
        "head 320"
    );
}

pub async fn a_witness_is_not_installed_over_unseen_commits(engine: Subject) {
    committed(&*engine, txn(vec![], vec![put("a", "1")])).await;
    let late = engine
        .install_witness(Arc::new(Notes::default()), Revision::ZERO, Bytes::new())
        .await;
    assert!(matches!(
        late,
        Err(StoreError::Moved {
            expected: Revision(0),
            found: Revision(1)
        })
    ));
}
