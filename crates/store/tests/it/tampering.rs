//! The store is not trusted: whoever can write the engine's file gains nothing.
//!
//! Each test edits the file behind the engine's back, as somebody does who knows its format and has older copies of
//! it, but not the keys; the head and everything else that can be kept consistent is.

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use trent_store::{OpenError, Options, RedbEngine, Sealed, StoreError};

use crate::{
    disk::Disk,
    world::{Rule, Thing, head_file, here, key, open, open_with, thing},
};

const RECORDS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");
const STATE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("state");

type Row = (Vec<u8>, Vec<u8>);

fn database(disk: &Disk) -> Database {
    Database::builder().create_with_backend(disk.clone()).unwrap()
}

fn rows(disk: &Disk) -> Vec<Row> {
    let database = database(disk);
    let read = database.begin_read().unwrap();
    let rows = read.open_table(RECORDS).unwrap();
    rows.iter()
        .unwrap()
        .map(|row| row.unwrap())
        .map(|(k, v)| (k.value().to_vec(), v.value().to_vec()))
        .collect()
}

fn edit(disk: &Disk, change: impl FnOnce(&mut redb::Table<'_, &'static [u8], &'static [u8]>)) {
    let database = database(disk);
    let write = database.begin_write().unwrap();
    change(&mut write.open_table(RECORDS).unwrap());
    write.commit().unwrap();
}

fn edit_state(disk: &Disk, name: &str, value: Option<&[u8]>) {
    let database = database(disk);
    let write = database.begin_write().unwrap();
    let mut state = write.open_table(STATE).unwrap();
    match value {
        Some(value) => drop(state.insert(name, value).unwrap()),
        None => drop(state.remove(name).unwrap()),
    }
    drop(state);
    write.commit().unwrap();
}

async fn reopen(disk: &Disk) -> Result<Sealed, OpenError> {
    open(RedbEngine::with_backend(disk.clone()).unwrap()).await
}

/// A store with a few records of two types; every one has been written twice. Also the rows as they first were.
async fn store() -> (Disk, Vec<Row>) {
    let disk = Disk::default();
    let mut older = Vec::new();
    for round in 0..2 {
        let store = reopen(&disk).await.unwrap();
        let here = here(&store);
        for n in 0..3 {
            let mut txn = here.txn();
            txn.put(&key(&format!("thing {n}")), &thing("a thing", round));
            txn.put(&key(&format!("rule {n}")), &Rule { allow: round == 0 });
            here.commit(txn).await.unwrap();
        }
        store.close().await;
        drop((here, store));
        if round == 0 {
            older = rows(&disk);
        }
    }
    (disk, older)
}

async fn assert_refused(disk: &Disk, what: &str) {
    let error = reopen(disk)
        .await
        .err()
        .unwrap_or_else(|| panic!("{what} was not noticed"));
    assert!(matches!(error, OpenError::Tampered { .. }), "{what}: {error:?}");
    let message = error.to_string();
    assert!(message.contains("dropped, added, edited or replayed"), "{message}");
}

#[tokio::test]
async fn an_untouched_store_opens() {
    let (disk, _) = store().await;
    edit(&disk, |_| {});
    let store = reopen(&disk).await.unwrap();
    assert_eq!(
        here(&store).get(&key::<Thing>("thing 1")).await.unwrap().unwrap().value,
        thing("a thing", 1)
    );
}

#[tokio::test]
async fn a_dropped_record_is_refused() {
    let (disk, older) = store().await;
    for (key, _) in older {
        let copy = Disk::with_contents(disk.contents());
        edit(&copy, |rows| drop(rows.remove(key.as_slice()).unwrap()));
        assert_refused(&copy, "a dropped record").await;
    }
    edit(&disk, |rows| rows.retain(|_, _| false).unwrap());
    assert_refused(&disk, "dropping everything").await;
}

#[tokio::test]
async fn a_record_replayed_from_an_older_state_is_refused() {
    let (disk, older) = store().await;
    for (key, value) in &older {
        let copy = Disk::with_contents(disk.contents());
        edit(&copy, |rows| {
            drop(rows.insert(key.as_slice(), value.as_slice()).unwrap());
        });
        assert_refused(&copy, "a replayed record").await;
    }
    edit(&disk, |rows| {
        for (key, value) in &older {
            rows.insert(key.as_slice(), value.as_slice()).unwrap();
        }
    });
    assert_refused(&disk, "replaying all records under the newer head").await;
}

/// REF-98
#[tokio::test]
async fn swapped_records_are_refused() {
    let (disk, _) = store().await;
    let rows = rows(&disk);
    for other in 1..rows.len() {
        let copy = Disk::with_contents(disk.contents());
        edit(&copy, |table| {
            table.insert(rows[0].0.as_slice(), rows[other].1.as_slice()).unwrap();
            table.insert(rows[other].0.as_slice(), rows[0].1.as_slice()).unwrap();
        });
        assert_refused(&copy, "two swapped records").await;
    }
}

#[tokio::test]
async fn a_moved_or_copied_record_is_refused() {
    let (disk, _) = store().await;
    let (key, value) = rows(&disk).remove(0);
    let elsewhere = [&key[..key.len() - 2], b"x\x00\x01"].concat();
    let copied = Disk::with_contents(disk.contents());
    edit(&copied, |rows| {
        drop(rows.insert(elsewhere.as_slice(), value.as_slice()).unwrap());
    });
    assert_refused(&copied, "a copied record").await;
    edit(&disk, |rows| {
        rows.remove(key.as_slice()).unwrap();
        rows.insert(elsewhere.as_slice(), value.as_slice()).unwrap();
    });
    assert_refused(&disk, "a moved record").await;
}

/// Every byte of a stored record: its revision, the sealed header, salt, contents and tag.
#[tokio::test]
async fn an_edited_record_is_refused() {
    let (disk, _) = store().await;
    let (key, value) = rows(&disk).remove(0);
    for place in 0..value.len() {
        let copy = Disk::with_contents(disk.contents());
        let mut edited = value.clone();
        edited[place] ^= 0x10;
        edit(&copy, |rows| {
            drop(rows.insert(key.as_slice(), edited.as_slice()).unwrap());
        });
        assert_refused(&copy, "an edited record").await;
    }
}

/// Records that were edited after the store had been checked do not open either.
///
/// REF-98
#[tokio::test]
async fn a_record_that_was_altered_while_in_use_does_not_open() {
    let (disk, older) = store().await;
    let engine = std::sync::Arc::new(RedbEngine::with_backend(disk).unwrap());
    let store = open_with(engine.clone(), Options::default()).await.unwrap();
    let here = here(&store);
    // A rule in the place of another, and a thing in the place of a rule, put there through the engine.
    let place = |name: &str| {
        let found = older
            .iter()
            .find(|(key, _)| key.windows(name.len()).any(|part| part == name.as_bytes()));
        found.unwrap().clone()
    };
    for source in ["rule 2", "thing 1"] {
        let value = place(source).1[8..].to_vec();
        let write = trent_store::engine::Write::Put(place("rule 1").0.into(), value.into());
        crate::conformance::committed(&*engine, crate::conformance::txn(vec![], vec![write])).await;
        let error = here.get(&key::<Rule>("rule 1")).await.unwrap_err();
        assert!(
            matches!(&error, StoreError::BadRecord { key, .. } if key.contains("rule 1")),
            "{error:?}"
        );
        let error = here.range(&key::<Rule>("rule 1"), None, 10).await.err().unwrap();
        assert!(matches!(error, StoreError::BadRecord { .. }));
    }
}

#[tokio::test]
async fn an_altered_head_is_refused() {
    let (disk, _) = store().await;
    let (read_head, read_revision) = {
        let database = database(&disk);
        let read = database.begin_read().unwrap();
        let state = read.open_table(STATE).unwrap();
        let head = state.get("head").unwrap().unwrap().value().to_vec();
        (head, state.get("revision").unwrap().unwrap().value().to_vec())
    };
    for place in 0..read_head.len() {
        let copy = Disk::with_contents(disk.contents());
        let mut altered = read_head.clone();
        altered[place] ^= 1;
        edit_state(&copy, "head", Some(&altered));
        let error = reopen(&copy).await.err().unwrap();
        assert!(
            matches!(error, OpenError::Tampered { .. } | OpenError::BadHead(_)),
            "{error:?}"
        );
    }
    for head in [None, Some(&[][..]), Some(&read_head[..20])] {
        let copy = Disk::with_contents(disk.contents());
        edit_state(&copy, "head", head);
        let error = reopen(&copy).await.err().unwrap();
        assert!(matches!(error, OpenError::BadHead(_)), "{error:?}");
    }
    // An older number for the same contents, and a newer one, with a head that names it.
    for revision in [1_u64, 100] {
        let copy = Disk::with_contents(disk.contents());
        let mut head = read_head.clone();
        head[1..9].copy_from_slice(&revision.to_be_bytes());
        edit_state(&copy, "revision", Some(&revision.to_be_bytes()));
        let error = reopen(&copy).await.err().unwrap();
        assert!(matches!(error, OpenError::BadHead(_)), "{error:?}");
        edit_state(&copy, "head", Some(&head));
        assert_refused(&copy, "another revision").await;
    }
    assert_eq!(read_revision, 6_u64.to_be_bytes());
    reopen(&disk).await.unwrap();
}

/// What somebody without the keys commits through the engine is noticed, too.
#[tokio::test]
async fn a_commit_that_bypasses_the_sealing_is_refused() {
    let (disk, _) = store().await;
    let engine = RedbEngine::with_backend(disk.clone()).unwrap();
    crate::conformance::committed(
        &engine,
        crate::conformance::txn(vec![], vec![crate::conformance::put("x", "y")]),
    )
    .await;
    drop(engine);
    assert!(matches!(reopen(&disk).await.err().unwrap(), OpenError::BadHead(_)));
}

async fn count(store: &Sealed, count: u64) {
    let here = here(store);
    let mut txn = here.txn();
    txn.put(&key("counter"), &thing("counter", count));
    here.commit(txn).await.unwrap();
}

async fn with_head_file(disk: &Disk, options: &Options) -> Result<Sealed, OpenError> {
    open_with(
        std::sync::Arc::new(RedbEngine::with_backend(disk.clone()).unwrap()),
        options.clone(),
    )
    .await
}

#[tokio::test]
async fn an_older_copy_of_the_whole_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let options = head_file(&folder.path().join("head"));
    let disk = Disk::default();
    let store = with_head_file(&disk, &options).await.unwrap();
    count(&store, 1).await;
    store.close().await;
    drop(store);
    let older = Disk::with_contents(disk.contents());

    let store = with_head_file(&disk, &options).await.unwrap();
    count(&store, 2).await;
    count(&store, 3).await;
    store.close().await;
    drop(store);

    let error = with_head_file(&older, &options).await.err().unwrap();
    assert!(
        matches!(&error, OpenError::RolledBack { found, seen } if found.0 == 1 && seen.0 == 3),
        "{error:?}"
    );
    assert!(error.to_string().contains("--accept-rollback"), "{error}");
    // An empty store in its place is an older one.
    assert!(matches!(
        with_head_file(&Disk::default(), &options).await,
        Err(OpenError::RolledBack { .. })
    ));

    // With as many commits as the real one has, but other ones.
    let forked = Disk::with_contents(older.contents());
    let store = open(RedbEngine::with_backend(forked.clone()).unwrap()).await.unwrap();
    count(&store, 2).await;
    count(&store, 4).await;
    store.close().await;
    drop(store);
    assert!(matches!(with_head_file(&forked, &options).await, Err(OpenError::Forked { revision }) if revision.0 == 3));

    // The operator's word, once, makes the older one the store.
    let accepted = Options {
        accept_rollback: true,
        ..options.clone()
    };
    let store = with_head_file(&older, &accepted).await.unwrap();
    count(&store, 9).await;
    store.close().await;
    drop(store);
    with_head_file(&older, &options).await.unwrap().close().await;
    assert!(
        with_head_file(&disk, &options).await.is_ok(),
        "a newer store than the head file is not an older one"
    );
}

/// A store that has been used does not open without its head file: its absence may be what hides a rollback.
#[tokio::test]
async fn a_missing_or_altered_head_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("head");
    let options = head_file(&path);
    let disk = Disk::default();
    let store = with_head_file(&disk, &options).await.unwrap();
    count(&store, 1).await;
    store.close().await;
    drop(store);
    let intact = std::fs::read(&path).unwrap();

    for place in 0..intact.len() {
        let mut altered = intact.clone();
        altered[place] ^= 1;
        std::fs::write(&path, altered).unwrap();
        let error = with_head_file(&disk, &options).await.err().unwrap();
        assert!(matches!(error, OpenError::BadHeadFile { .. }), "{error:?}");
    }
    for length in [0, 5, 20, intact.len() - 1] {
        std::fs::write(&path, &intact[..length]).unwrap();
        let error = with_head_file(&disk, &options).await.err().unwrap();
        assert!(matches!(error, OpenError::BadHeadFile { .. }), "{error:?}");
    }
    std::fs::remove_file(&path).unwrap();
    let error = with_head_file(&disk, &options).await.err().unwrap();
    assert!(
        matches!(&error, OpenError::BadHeadFile { reason, .. } if reason == "it is missing"),
        "{error:?}"
    );
    assert!(error.to_string().contains("--accept-rollback"), "{error}");

    with_head_file(
        &disk,
        &Options {
            accept_rollback: true,
            ..options.clone()
        },
    )
    .await
    .unwrap()
    .close()
    .await;
    assert_eq!(std::fs::read(&path).unwrap(), intact);
}

/// The head file follows by itself, and a node that dies before it did opens again.
#[tokio::test]
async fn the_head_file_follows_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("head");
    let options = head_file(&path);
    let disk = Disk::default();
    let store = with_head_file(&disk, &options).await.unwrap();
    let at_first = std::fs::read(&path).unwrap();
    count(&store, 1).await;
    let after_death = Disk::with_contents(disk.contents());
    let begun = std::time::Instant::now();
    while std::fs::read(&path).unwrap() == at_first {
        assert!(begun.elapsed().as_secs() < 10, "the head file does not follow");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    store.close().await;
    drop(store);
    std::fs::write(&path, at_first).unwrap();
    with_head_file(&after_death, &options).await.unwrap();
}
