//! The sealed store: typed records, places, conditions, lost answers.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::task::JoinSet;
use trent_store::{
    CommitError, Engine, Key, MemoryEngine, OpenError, Options, Outcome, Revision, Sealed, Snapshot, StoreError, TxnId,
    Versioned, Watch, Witness,
    engine::{Page, Range, Txn},
};

use crate::world::{LaterThing, Rule, Thing, here, key, open, open_with, region, sealer, thing};

async fn memory() -> Sealed {
    open(MemoryEngine::new()).await.unwrap()
}

#[tokio::test]
async fn records_come_back_as_they_were_written() {
    let store = memory().await;
    let here = here(&store);
    let mut txn = here.txn();
    txn.insert(&key("a"), &thing("first", 1))
        .insert(&key("b"), &Rule { allow: true });
    let revision = here.commit(txn).await.unwrap();
    let stored = here.get(&key::<Thing>("a")).await.unwrap().unwrap();
    assert_eq!((stored.value, stored.revision), (thing("first", 1), revision));
    assert_eq!(
        here.get(&key::<Rule>("a")).await.unwrap(),
        None,
        "another type is another key"
    );

    let mut txn = here.txn();
    txn.update(&key("a"), &thing("second", 2), revision)
        .delete::<Rule>(&key("b"), revision);
    let second = here.commit(txn).await.unwrap();
    let again = here.get(&key::<Thing>("a")).await.unwrap().unwrap();
    assert_eq!((&again.value, again.revision), (&thing("second", 2), second));
    assert!(again.version > stored.version, "versions grow");
    assert_eq!(here.get(&key::<Rule>("b")).await.unwrap(), None);
}

#[tokio::test]
async fn conditions_reject_and_name_the_record() {
    let store = memory().await;
    let here = here(&store);
    let mut txn = here.txn();
    txn.insert(&key("a"), &thing("a", 1));
    let first = here.commit(txn).await.unwrap();

    let conflict = async |build: &dyn Fn(&mut trent_store::RegionTxn)| {
        let mut txn = here.txn();
        build(&mut txn);
        txn.insert(&key("never"), &thing("never", 0));
        match here.commit(txn).await {
            Err(CommitError::Conflict(conflict)) => conflict,
            other => panic!("{other:?}"),
        }
    };
    let a = key::<Thing>("a");
    let old = Revision(first.0 + 5);
    assert!(
        here.conflicts(
            &conflict(&|txn| {
                txn.insert(&a, &thing("a", 2));
            })
            .await,
            &a
        )
    );
    assert!(
        here.conflicts(
            &conflict(&|txn| {
                txn.update(&a, &thing("a", 2), old);
            })
            .await,
            &a
        )
    );
    assert!(
        here.conflicts(
            &conflict(&|txn| {
                txn.delete(&a, old);
            })
            .await,
            &a
        )
    );
    assert!(
        here.conflicts(
            &conflict(&|txn| {
                txn.require(&a, old);
            })
            .await,
            &a
        )
    );
    let absent = conflict(&|txn| {
        txn.require_absent(&a);
    })
    .await;
    assert!(here.conflicts(&absent, &a) && !here.conflicts(&absent, &key::<Thing>("b")));
    assert_eq!(here.get(&key::<Thing>("never")).await.unwrap(), None);

    let mut txn = here.txn();
    txn.require(&a, first)
        .require_absent(&key::<Thing>("b"))
        .remove(&key::<Thing>("c"));
    here.commit(txn).await.unwrap();
}

/// Writes without a condition all happen, and versions never go back, however many collide.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writes_without_a_condition_all_happen() {
    let store = memory().await;
    let mut tasks = JoinSet::new();
    for worker in 0..8 {
        let here = here(&store);
        tasks.spawn(async move {
            let mut last = 0;
            for n in 0..20 {
                let mut txn = here.txn();
                txn.put(&key("shared"), &thing("shared", worker * 100 + n))
                    .put(&key(&format!("{worker}")), &thing("", n));
                match here.commit(txn).await {
                    Ok(_) | Err(CommitError::Conflict(_)) => {}
                    Err(other) => panic!("{other}"),
                }
                let stored = here.get(&key::<Thing>("shared")).await.unwrap().unwrap();
                assert!(stored.version >= last && stored.version <= stored.revision.0);
                last = stored.version;
            }
        });
    }
    tasks.join_all().await;
}

#[tokio::test]
async fn a_range_is_typed_and_paged() {
    let store = memory().await;
    let here = here(&store);
    for group in ["a", "b"] {
        for n in 0..7 {
            let mut txn = here.txn();
            txn.insert(&key::<Thing>(group).number(n), &thing(group, n));
            txn.insert(&key::<Rule>(group).number(n), &Rule { allow: false });
            here.commit(txn).await.unwrap();
        }
    }
    let mut found = Vec::new();
    let mut after: Option<Key<Thing>> = None;
    loop {
        let page = here.range(&key("a"), after.as_ref(), 3).await.unwrap();
        found.extend(page.items.iter().map(|(_, stored)| stored.value.count));
        after = page.items.last().map(|(key, _)| Key::from_bytes(key.as_bytes()));
        if !page.more {
            break;
        }
    }
    assert_eq!(found, (0..7).collect::<Vec<_>>());
    assert_eq!(
        here.range::<Thing>(&Key::new(), None, 100).await.unwrap().items.len(),
        14
    );
    assert_eq!(here.range(&key::<Thing>("ab"), None, 100).await.unwrap().items.len(), 0);

    let snapshot = here.snapshot().await.unwrap();
    let mut txn = here.txn();
    txn.remove(&key::<Thing>("a").number(0));
    here.commit(txn).await.unwrap();
    assert_eq!(
        snapshot.range(&key::<Thing>("a"), None, 100).await.unwrap().items.len(),
        7
    );
    assert!(snapshot.get(&key::<Thing>("a").number(0)).await.unwrap().is_some());
    assert!(snapshot.revision() < here.revision());
}

#[test]
fn key_parts_keep_their_order_and_their_borders() {
    let parts: [&[u8]; 8] = [b"", b"\0", b"\0\0", b"\0\x01", b"\0\xff", b"a", b"a\0", b"a\xff"];
    for first in parts {
        for second in parts {
            let key = Key::<Thing>::new().part(first).part(second);
            assert_eq!(key.parts(), [first, second]);
            for third in parts {
                let other = Key::<Thing>::new().part(first).part(third);
                assert_eq!(
                    key.as_bytes().cmp(other.as_bytes()),
                    second.cmp(third),
                    "{second:?} {third:?}"
                );
                let prefix = Key::<Thing>::new().part(third);
                assert_eq!(key.as_bytes().starts_with(prefix.as_bytes()), first == third);
            }
        }
    }
}

#[tokio::test]
async fn regions_and_the_global_place_are_apart() {
    let store = memory().await;
    let (here, there, global) = (here(&store), store.region(&region("us-east-12")), store.global());
    let mut txn = here.txn();
    txn.insert(&key("a"), &thing("here", 1));
    here.commit(txn).await.unwrap();
    let mut txn = global.txn();
    txn.insert(&key("a"), &thing("global", 1));
    global.commit(txn).await.unwrap();
    assert_eq!(there.get(&key::<Thing>("a")).await.unwrap(), None);
    assert_eq!(there.range(&Key::<Thing>::new(), None, 9).await.unwrap().items.len(), 0);
    assert_eq!(here.range(&Key::<Thing>::new(), None, 9).await.unwrap().items.len(), 1);
    assert_eq!(
        global.get(&key::<Thing>("a")).await.unwrap().unwrap().value.name,
        "global"
    );
    assert_eq!(here.txn().region(), here.region());

    let mut misplaced = here.txn();
    misplaced.insert(&key("b"), &thing("", 1));
    assert!(matches!(there.commit(misplaced).await, Err(CommitError::Misplaced)));
}

/// A field that this build does not know may be a restriction: the record is refused, not read without it.
#[tokio::test]
async fn an_unknown_field_denies() {
    let store = memory().await;
    let here = here(&store);
    let later = |restriction: Option<&str>| LaterThing {
        name: "n".into(),
        count: 1,
        restriction: restriction.map(str::to_owned),
    };
    let mut txn = here.txn();
    txn.insert(&key("restricted"), &later(Some("nobody")))
        .insert(&key("open"), &later(None));
    here.commit(txn).await.unwrap();
    let error = here.get(&key::<Thing>("restricted")).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::BadRecord { reason, .. } if reason.contains("does not know")),
        "{error}"
    );
}

#[tokio::test]
async fn nothing_readable_reaches_the_engine() {
    let engine = Arc::new(MemoryEngine::new());
    let store = open_with(engine.clone(), Options::default()).await.unwrap();
    let here = here(&store);
    let name = here.blind::<Thing>(b"alias/payroll");
    let mut txn = here.txn();
    txn.insert(&Key::new().part(&name), &thing("payroll secret", 42));
    here.commit(txn).await.unwrap();
    let page = engine.range(&Range::everything(None, 10)).await.unwrap();
    let (key, stored) = &page.items[0];
    for bytes in [key, &stored.value] {
        assert!(!bytes.windows(7).any(|window| window == b"payroll"));
    }
    assert_ne!(
        name,
        here.blind::<Rule>(b"alias/payroll"),
        "one name in two types is not recognisable as one"
    );
}

#[tokio::test]
async fn another_keyring_does_not_open_the_store() {
    let engine = Arc::new(MemoryEngine::new());
    let store = open_with(engine.clone(), Options::default()).await.unwrap();
    let mut txn = here(&store).txn();
    txn.insert(&key("a"), &thing("a", 1));
    here(&store).commit(txn).await.unwrap();
    let wrong = Sealed::open(engine, sealer(2), Options::default()).await;
    assert!(matches!(wrong.err(), Some(OpenError::Tampered { .. })));
}

/// An engine on a bad line: commits are lost on the way there or on the way back.
struct BadLine {
    engine: MemoryEngine,
    lose_request: AtomicUsize,
    lose_answer: AtomicUsize,
    outcomes: Mutex<Option<StoreError>>,
}

fn takes_one(counter: &AtomicUsize) -> bool {
    counter
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
        .is_ok()
}

#[async_trait]
impl Engine for BadLine {
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
        if takes_one(&self.lose_request) {
            return Ok(Outcome::Unknown);
        }
        let outcome = self.engine.commit(txn).await?;
        Ok(if takes_one(&self.lose_answer) {
            Outcome::Unknown
        } else {
            outcome
        })
    }

    async fn outcome(&self, id: TxnId) -> Result<Option<Outcome>, StoreError> {
        let broken = self.outcomes.lock().unwrap().clone();
        match broken {
            Some(error) => Err(error),
            None => self.engine.outcome(id).await,
        }
    }

    fn watch(&self, from: Revision) -> Watch {
        self.engine.watch(from)
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

    fn stopped(&self) -> Option<StoreError> {
        None
    }

    async fn close(&self) {
        self.engine.close().await;
    }
}

#[tokio::test]
async fn a_lost_answer_is_found_out() {
    for (requests, answers) in [(0, 1), (1, 0), (1, 1)] {
        let engine = Arc::new(BadLine {
            engine: MemoryEngine::new(),
            lose_request: requests.into(),
            lose_answer: answers.into(),
            outcomes: Mutex::new(None),
        });
        let store = open_with(engine.clone(), Options::default()).await.unwrap();
        let here = here(&store);
        let mut txn = here.txn();
        txn.insert(&key("a"), &thing("a", 1));
        assert_eq!(here.commit(txn).await.unwrap(), Revision(1));
        assert_eq!(engine.revision(), Revision(1), "once");
        assert!(here.get(&key::<Thing>("a")).await.unwrap().is_some());

        // And a rejection stays one.
        engine.lose_answer.store(answers, Ordering::Relaxed);
        engine.lose_request.store(requests, Ordering::Relaxed);
        let mut txn = here.txn();
        txn.insert(&key("a"), &thing("a", 2));
        assert!(matches!(here.commit(txn).await, Err(CommitError::Conflict(_))));
    }
}

/// Neither "done" nor "not done" may be said when the engine cannot tell.
#[tokio::test]
async fn what_cannot_be_found_out_is_reported_as_unknown() {
    let engine = Arc::new(BadLine {
        engine: MemoryEngine::new(),
        lose_request: 0.into(),
        lose_answer: 1.into(),
        outcomes: Mutex::new(Some(StoreError::Stopped("the disk failed".into()))),
    });
    let store = open_with(engine, Options::default()).await.unwrap();
    let here = here(&store);
    let mut txn = here.txn();
    txn.insert(&key("a"), &thing("a", 1));
    let error = here.commit(txn).await.unwrap_err();
    assert!(
        matches!(error, CommitError::Unknown(StoreError::Stopped(_))),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_closed_store_refuses() {
    let store = memory().await;
    store.close().await;
    let here = here(&store);
    let mut txn = here.txn();
    txn.insert(&key("a"), &thing("a", 1));
    let commit = tokio::time::timeout(Duration::from_secs(5), here.commit(txn))
        .await
        .unwrap();
    assert!(matches!(commit, Err(CommitError::Store(StoreError::Closed))));
}

/// The limits of a transaction reach the caller as what they are.
#[tokio::test]
async fn a_transaction_over_the_limits_is_refused() {
    let store = memory().await;
    let here = here(&store);
    let mut txn = here.txn();
    for n in 0..101 {
        txn.insert(&key(&n.to_string()), &thing("", 0));
    }
    let error = here.commit(txn).await.unwrap_err();
    assert!(
        matches!(error, CommitError::Store(StoreError::TooManyOperations { .. })),
        "{error:?}"
    );
}
