//! The object cache: what was written is read, absence included, and the engine is left alone.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinSet;
use trent_store::{CommitError, MemoryEngine, ObjectCache, Options, RedbEngine, RegionStore, Sealed, Seen};

use crate::{
    disk::Disk,
    world::{Rule, Thing, here, key, open, open_with, thing},
};

/// A cache of counts that also counts how often it parses.
fn counts(store: &Sealed) -> (Arc<ObjectCache<Thing, u64>>, Arc<AtomicUsize>) {
    let parsed = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&parsed);
    let cache = ObjectCache::new(store, 1000, move |stored: trent_store::Stored<Thing>| {
        counter.fetch_add(1, Ordering::Relaxed);
        stored.value.count
    });
    (Arc::new(cache), parsed)
}

async fn write(here: &RegionStore, name: &str, count: u64) {
    let mut txn = here.txn();
    txn.put(&key(name), &thing(name, count));
    here.commit(txn).await.unwrap();
}

async fn remove(here: &RegionStore, name: &str) {
    let mut txn = here.txn();
    txn.remove::<Thing>(&key(name));
    here.commit(txn).await.unwrap();
}

#[tokio::test]
async fn objects_and_absence_are_kept_until_they_change() {
    let store = open(MemoryEngine::new()).await.unwrap();
    let here = here(&store);
    let (cache, parsed) = counts(&store);
    let a = key("a");
    assert_eq!(cache.peek(&here, &a), None);
    assert_eq!(cache.get(&here, &a).await.unwrap(), None);
    assert_eq!(cache.peek(&here, &a), Some(None), "known to be absent");

    write(&here, "a", 1).await;
    assert_eq!(
        cache.peek(&here, &a),
        None,
        "a commit answers after the cache has applied it"
    );
    for _ in 0..5 {
        assert_eq!(cache.get(&here, &a).await.unwrap().as_deref(), Some(&1));
    }
    assert_eq!(parsed.load(Ordering::Relaxed), 1);
    assert_eq!(cache.read_at(&here, &a), Some(here.revision()));
    write(&here, "b", 1).await;
    assert_eq!(
        cache.peek(&here, &a),
        Some(Some(Arc::new(1))),
        "another record's change does not touch it"
    );

    remove(&here, "a").await;
    assert_eq!(cache.get(&here, &a).await.unwrap(), None);
    let there = store.region(&crate::world::region("eu-west-1"));
    write(&there, "a", 7).await;
    assert_eq!(
        cache.get(&here, &a).await.unwrap(),
        None,
        "another Region's record is another object"
    );
    assert_eq!(cache.get(&there, &a).await.unwrap().as_deref(), Some(&7));
}

/// REF-473
///
/// On one node every read that begins after a write was answered sees that write, whatever else goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_see_every_write_that_was_answered() {
    let store = open(RedbEngine::with_backend(Disk::default()).unwrap()).await.unwrap();
    let (cache, _) = counts(&store);
    let answered = Arc::new(AtomicU64::new(0));
    let done = Arc::new(AtomicUsize::new(0));
    let mut readers = JoinSet::new();
    for _ in 0..6 {
        let (here, cache, answered, done) = (here(&store), cache.clone(), answered.clone(), done.clone());
        readers.spawn(async move {
            let mut reads = 0_u64;
            while done.load(Ordering::SeqCst) == 0 {
                let at_least = answered.load(Ordering::SeqCst);
                let read = cache.get(&here, &key("a")).await.unwrap().map_or(0, |count| *count);
                assert!(read >= at_least, "read {read} after {at_least} was answered");
                reads += 1;
                if reads.is_multiple_of(64) {
                    tokio::task::yield_now().await;
                }
            }
            reads
        });
    }
    let here = here(&store);
    for n in 1..=400 {
        write(&here, "a", n).await;
        answered.store(n, Ordering::SeqCst);
    }
    done.store(1, Ordering::SeqCst);
    assert!(readers.join_all().await.into_iter().sum::<u64>() > 400);
}

#[tokio::test]
async fn a_cache_that_missed_changes_starts_again() {
    let store = open(MemoryEngine::new()).await.unwrap();
    let here = here(&store);
    let (cache, _) = counts(&store);
    write(&here, "a", 1).await;
    assert_eq!(cache.get(&here, &key("a")).await.unwrap().as_deref(), Some(&1));
    // More than the feed keeps, before the follower gets a turn.
    let engine = Arc::clone(store.engine());
    let large = bytes::Bytes::from(vec![0; 500 * 1024]);
    let raw = engine
        .range(&trent_store::engine::Range::everything(None, 1))
        .await
        .unwrap()
        .items[0]
        .0
        .clone();
    for n in 0..70_u8 {
        let target = if n == 0 { raw.clone() } else { "filler".into() };
        let write = trent_store::engine::Write::Put(target, large.clone());
        crate::conformance::committed(&*engine, crate::conformance::txn(vec![], vec![write])).await;
    }
    while store.applied() < store.revision() {
        tokio::task::yield_now().await;
    }
    assert_eq!(cache.peek(&here, &key("a")), None);
    assert!(
        cache.get(&here, &key("a")).await.is_err(),
        "what is stored now is not a record"
    );
}

/// A cached read is a look-up: no unsealing and no parsing.
#[tokio::test]
async fn a_record_is_parsed_once_however_often_it_is_read() {
    let store = open(MemoryEngine::new()).await.unwrap();
    let here = here(&store);
    let (cache, parsed) = counts(&store);
    write(&here, "a", 1).await;
    let a = key("a");
    cache.get(&here, &a).await.unwrap();
    for _ in 0..1_000 {
        cache.get(&here, &a).await.unwrap();
    }
    assert_eq!(parsed.load(Ordering::Relaxed), 1);
}

/// What is derived from cached objects is dropped by a change of any record of their type, and by no other.
#[tokio::test]
async fn changes_of_the_cached_type_are_counted() {
    let store = open(MemoryEngine::new()).await.unwrap();
    let here = here(&store);
    let (cache, _) = counts(&store);
    let before = cache.changes().unwrap();
    let mut other = here.txn();
    other.put(&key("a"), &Rule { allow: true });
    here.commit(other).await.unwrap();
    assert_eq!(cache.changes(), Some(before), "another type");
    write(&here, "a", 1).await;
    assert_eq!(
        cache.changes(),
        Some(before + 1),
        "a record that the cache has never read"
    );
    remove(&here, "a").await;
    assert_eq!(cache.changes(), Some(before + 2));
    let (lagging, _) = counts(&delayed(Duration::from_secs(1)).await);
    assert_eq!(lagging.changes(), None);
}

/// What is derived from one record is dropped by a change of it, and who keeps such things hears of it before the writer does.
#[tokio::test]
async fn changes_of_one_record_are_counted_and_told() {
    let store = open(MemoryEngine::new()).await.unwrap();
    let here = here(&store);
    let (cache, _) = counts(&store);
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&told);
    cache.tell(move |changed| hears.lock().unwrap().push(changed));
    let a = key("a");
    let before = cache.changes_of(&here, &a);
    let mut other = here.txn();
    other.put(&key("a"), &Rule { allow: true });
    here.commit(other).await.unwrap();
    assert_eq!(cache.changes_of(&here, &a), before, "another type");
    write(&here, "a", 1).await;
    let after = cache.changes_of(&here, &a);
    assert_ne!(after, before);
    let there = store.region(&crate::world::region("eu-west-1"));
    write(&there, "b", 1).await;
    assert_eq!(cache.changes_of(&here, &a), after, "another Region's record");
    assert_eq!(*told.lock().unwrap(), [Some(key("a")), Some(key("b"))]);

    let seen = Seen::default();
    assert!(!seen.holds(after) && !seen.holds(None));
    seen.at(after);
    assert!(seen.holds(after) && !seen.holds(before));
    seen.at(None);
    assert!(!seen.holds(after) && !seen.holds(None));
    let (lagging, _) = counts(&delayed(Duration::from_secs(1)).await);
    assert_eq!(lagging.changes_of(&here, &a), None);
}

async fn delayed(delay: Duration) -> Sealed {
    let options = Options {
        replication_delay: Some(delay),
        ..Options::default()
    };
    open_with(Arc::new(MemoryEngine::new()), options).await.unwrap()
}

/// REF-475
///
/// With an injected replication delay the cache answers with the state of that long ago: a new record is not there
/// yet, a changed one is as it was, a removed one is still there.
#[tokio::test(start_paused = true)]
async fn with_a_replication_delay_reads_lag_behind() {
    let delay = Duration::from_secs(3);
    let store = delayed(delay).await;
    let here = here(&store);
    let (cache, _) = counts(&store);
    let read = async || cache.get(&here, &key("a")).await.unwrap().map(|count| *count);
    let wait = |millis| tokio::time::sleep(Duration::from_millis(millis));

    assert_eq!(read().await, None);
    write(&here, "a", 1).await;
    assert_eq!(read().await, None, "not replicated yet");
    assert_eq!(
        here.get(&key::<Thing>("a")).await.unwrap().unwrap().value.count,
        1,
        "but stored"
    );
    assert_eq!(
        here.range(&key::<Thing>("a"), None, 10).await.unwrap().items.len(),
        1,
        "and listed"
    );
    wait(2900).await;
    assert_eq!(read().await, None);
    wait(200).await;
    assert_eq!(read().await, Some(1));

    write(&here, "a", 2).await;
    wait(1000).await;
    write(&here, "a", 3).await;
    wait(1000).await;
    remove(&here, "a").await;
    assert_eq!(read().await, Some(1));
    wait(1100).await;
    assert_eq!(read().await, Some(2), "each change shows after its own delay");
    assert_eq!(
        cache.peek(&here, &key("a")),
        None,
        "a lagging record is not known for certain"
    );
    wait(1000).await;
    assert_eq!(read().await, Some(3));
    wait(1000).await;
    assert_eq!(read().await, None);
}

/// REF-475
///
/// A write based on a lagging read is refused, as a conflict and not as an internal error, until the change shows.
#[tokio::test(start_paused = true)]
async fn a_write_from_a_lagging_read_conflicts() {
    let store = delayed(Duration::from_secs(1)).await;
    let here = here(&store);
    let revisions = ObjectCache::new(&store, 10, |stored: trent_store::Stored<Thing>| stored.revision);
    write(&here, "a", 1).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    write(&here, "a", 2).await;
    let change = async || {
        let at = *revisions.get(&here, &key("a")).await.unwrap().unwrap();
        let mut txn = here.txn();
        txn.update(&key("a"), &thing("a", 3), at);
        here.commit(txn).await
    };
    assert!(matches!(change().await, Err(CommitError::Conflict(_))));
    tokio::time::sleep(Duration::from_millis(1100)).await;
    change().await.unwrap();
}
