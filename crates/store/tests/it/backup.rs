//! Backups: taken online, consistent, found whole before anything is restored.

use std::{fs, sync::Arc};

use trent_store::{
    DataFolder, Engine, MemoryEngine, Mode, OpenError, Options, RedbEngine, Revision,
    backup::{self, BackupError, Summary},
    engine::{Range, Write},
};

use crate::{
    conformance::{committed, txn},
    random::Random,
    world::{Thing, head_file, here, key, open, open_with, thing},
};

async fn fill(engine: Arc<dyn Engine>, things: u64) -> trent_store::Sealed {
    committed(
        &*engine,
        txn(vec![], vec![Write::Put("meta/keyring".into(), "wrapped".into())]),
    )
    .await;
    let store = open_with(engine, Options::default()).await.unwrap();
    let here = here(&store);
    for n in 0..things {
        let mut txn = here.txn();
        txn.put(&key(&format!("thing {}", n % 40)), &thing("backed up", n));
        here.commit(txn).await.unwrap();
    }
    store
}

async fn backup_of(store: &trent_store::Sealed, mode: Mode) -> (Vec<u8>, Summary) {
    let mut bytes = Vec::new();
    let summary = backup::write(&**store.engine(), mode, &mut bytes).await.unwrap();
    (bytes, summary)
}

#[tokio::test]
async fn a_restored_store_is_the_one_that_was_copied() {
    let store = fill(Arc::new(MemoryEngine::new()), 60).await;
    let (bytes, summary) = backup_of(&store, Mode::Production).await;
    assert_eq!(
        summary,
        Summary {
            revision: Revision(61),
            records: 41,
            mode: Mode::Production
        }
    );
    assert_eq!(backup::verify(&mut bytes.as_slice()).unwrap(), summary);

    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("restored");
    let (folder, restored) = backup::restore(&mut bytes.as_slice(), &path, Mode::Production).unwrap();
    assert_eq!(restored, summary);
    drop(folder);
    let folder = DataFolder::open(&path, Mode::Production).unwrap();
    let engine: Arc<dyn Engine> = Arc::new(folder.engine().unwrap());
    assert_eq!(engine.get(b"meta/keyring").await.unwrap().unwrap().value, "wrapped");

    // Its head file is another machine's matter: the first opening replaces it, by the operator's word.
    let options = head_file(&temporary.path().join("head"));
    let refused = open_with(engine.clone(), options.clone()).await.err().unwrap();
    assert!(matches!(refused, OpenError::BadHeadFile { .. }), "{refused:?}");
    let again = open_with(
        engine,
        Options {
            accept_rollback: true,
            ..options
        },
    )
    .await
    .unwrap();
    let everything = Range::everything(None, 1000);
    assert_eq!(
        again.engine().range(&everything).await.unwrap(),
        store.engine().range(&everything).await.unwrap(),
        "values and revisions alike"
    );
    let mut txn = here(&again).txn();
    txn.put(&key("thing 0"), &thing("after", 1));
    assert_eq!(here(&again).commit(txn).await.unwrap(), Revision(62));
}

/// Writers go on while the backup is taken; it holds the state of one revision, which opening it proves.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_taken_while_writing_is_consistent() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = DataFolder::create(&temporary.path().join("data"), Mode::Production).unwrap();
    let store = fill(Arc::new(folder.engine().unwrap()), 5).await;
    let writer = tokio::spawn({
        let here = here(&store);
        async move {
            for n in 0.. {
                let mut txn = here.txn();
                txn.put(&key("left"), &thing("", n)).put(&key("right"), &thing("", n));
                if here.commit(txn).await.is_err() {
                    return;
                }
            }
        }
    });
    for round in 0..5 {
        let (bytes, summary) = backup_of(&store, Mode::Production).await;
        let path = temporary.path().join(format!("restored {round}"));
        let (folder, _) = backup::restore(&mut bytes.as_slice(), &path, Mode::Production).unwrap();
        let restored = open(folder.engine().unwrap()).await.unwrap();
        assert_eq!(restored.revision(), summary.revision);
        let restored = here(&restored);
        let (left, right) = (
            restored.get(&key::<Thing>("left")).await,
            restored.get(&key::<Thing>("right")).await,
        );
        assert_eq!(
            left.unwrap().map(|stored| stored.value),
            right.unwrap().map(|stored| stored.value)
        );
    }
    store.close().await;
    writer.await.unwrap();
}

#[tokio::test]
async fn a_damaged_backup_is_refused_and_leaves_nothing() {
    let store = fill(Arc::new(MemoryEngine::new()), 30).await;
    let (bytes, _) = backup_of(&store, Mode::Production).await;
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("restored");
    let mut random = Random::new(5);
    let mut places: Vec<_> = (0..300).map(|_| random.below(bytes.len())).collect();
    places.extend(0..70);
    places.extend(bytes.len() - 60..bytes.len());
    for place in places {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1 << random.below(8);
        let error = backup::verify(&mut damaged.as_slice()).unwrap_err();
        assert!(
            matches!(error, BackupError::Damaged(_) | BackupError::Foreign),
            "{place}: {error:?}"
        );
        if place % 10 == 0 {
            let error = backup::restore(&mut damaged.as_slice(), &path, Mode::Production).unwrap_err();
            let refused = matches!(
                error,
                BackupError::Damaged(_) | BackupError::Foreign | BackupError::WrongMode { .. }
            );
            assert!(refused, "{place}: {error:?}");
            assert!(matches!(
                DataFolder::open(&path, Mode::Production),
                Err(OpenError::Missing { .. })
            ));
        }
    }
    for length in (0..bytes.len()).step_by(97) {
        let error = backup::verify(&mut &bytes[..length]).unwrap_err();
        assert!(
            matches!(error, BackupError::Damaged(_) | BackupError::Foreign),
            "{length}: {error:?}"
        );
    }
    let longer = [bytes.as_slice(), b"x"].concat();
    assert!(matches!(
        backup::verify(&mut longer.as_slice()),
        Err(BackupError::Damaged(_))
    ));
    backup::restore(&mut bytes.as_slice(), &path, Mode::Production).unwrap();
    let again = backup::restore(&mut bytes.as_slice(), &path, Mode::Production).unwrap_err();
    assert!(
        matches!(
            again,
            BackupError::Folder(OpenError::Locked { .. } | OpenError::Exists { .. })
        ),
        "{again:?}"
    );
}

/// Attests whatever happens with the same head.
struct Silent(bytes::Bytes);
impl trent_store::Witness for Silent {
    fn attest(&self, _: Revision, _: &[trent_store::Change]) -> bytes::Bytes {
        self.0.clone()
    }
    fn durable(&self, _: Revision, _: &bytes::Bytes) {}
}

/// A digest can be made anew by anybody: a forged backup shows when it is opened.
#[tokio::test]
async fn a_forged_backup_does_not_open() {
    let store = fill(Arc::new(MemoryEngine::new()), 30).await;
    let (genuine, _) = backup_of(&store, Mode::Production).await;
    // The same head over other records: one fewer, written by somebody without the keys.
    let forged_engine = MemoryEngine::new();
    let page = store.engine().range(&Range::everything(None, 1000)).await.unwrap();
    for (key, stored) in page.items.into_iter().skip(1) {
        committed(&forged_engine, txn(vec![], vec![Write::Put(key, stored.value)])).await;
    }
    let head = store.engine().head().await.unwrap().unwrap();
    let revision = forged_engine.revision();
    forged_engine
        .install_witness(Arc::new(Silent(head.clone())), revision, head)
        .await
        .unwrap();
    while forged_engine.revision() < store.revision() {
        committed(&forged_engine, txn(vec![], vec![])).await;
    }
    let mut forged = Vec::new();
    backup::write(&forged_engine, Mode::Production, &mut forged)
        .await
        .unwrap();
    backup::verify(&mut forged.as_slice()).unwrap();
    assert_ne!(forged, genuine);

    let temporary = tempfile::tempdir().unwrap();
    let (folder, _) = backup::restore(&mut forged.as_slice(), &temporary.path().join("f"), Mode::Production).unwrap();
    let error = open(folder.engine().unwrap()).await.err().unwrap();
    assert!(matches!(error, OpenError::Tampered { .. }), "{error:?}");
}

#[tokio::test]
async fn a_backup_is_restored_for_its_mode_only() {
    let store = fill(Arc::new(MemoryEngine::new()), 3).await;
    let (bytes, _) = backup_of(&store, Mode::Development).await;
    let temporary = tempfile::tempdir().unwrap();
    let error = backup::restore(&mut bytes.as_slice(), temporary.path(), Mode::Production).unwrap_err();
    assert!(error.to_string().contains("a backup of a development store"), "{error}");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
    backup::restore(&mut bytes.as_slice(), temporary.path(), Mode::Development).unwrap();
}

/// A restore that was interrupted before the end can be started again.
#[tokio::test]
async fn an_interrupted_restore_is_not_a_store() {
    let store = fill(Arc::new(MemoryEngine::new()), 3).await;
    let (bytes, _) = backup_of(&store, Mode::Production).await;
    let temporary = tempfile::tempdir().unwrap();
    fs::write(temporary.path().join("store.partial"), "left behind").unwrap();
    assert!(matches!(
        DataFolder::open(temporary.path(), Mode::Production),
        Err(OpenError::Missing { .. })
    ));
    backup::restore(&mut bytes.as_slice(), temporary.path(), Mode::Production).unwrap();
    assert!(!temporary.path().join("store.partial").exists());
    let _: RedbEngine = DataFolder::open(temporary.path(), Mode::Production)
        .unwrap()
        .engine()
        .unwrap();
}
