//! The data folder: one process at a time, and only folders that are known to be ours.

use std::{fs, path::Path};

use trent_store::{DataFolder, Mode, OpenError, StoreError};

use crate::world::{Thing, here, key, open, thing};

fn refusal(path: &Path, mode: Mode) -> OpenError {
    DataFolder::open(path, mode).unwrap_err()
}

fn set_stamp(path: &Path, stamp: &[u8]) {
    fs::write(path.join("FORMAT"), stamp).unwrap();
}

#[tokio::test]
async fn a_store_survives_the_process_that_made_it() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("deep/data");
    let folder = DataFolder::create(&path, Mode::Production).unwrap();
    let store = open(folder.engine().unwrap()).await.unwrap();
    let mut txn = here(&store).txn();
    txn.insert(&key("a"), &thing("a", 1));
    here(&store).commit(txn).await.unwrap();
    drop((store, folder));

    let folder = DataFolder::open(&path, Mode::Production).unwrap();
    assert_eq!((folder.path(), folder.mode()), (path.as_path(), Mode::Production));
    let store = open(folder.engine().unwrap()).await.unwrap();
    assert!(here(&store).get(&key::<Thing>("a")).await.unwrap().is_some());
}

#[test]
fn a_new_folder_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("data");
    drop(DataFolder::create(&path, Mode::Production).unwrap());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_folder_in_use_is_refused_and_says_by_whom() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = DataFolder::create(temporary.path(), Mode::Production).unwrap();
    let error = refusal(temporary.path(), Mode::Production);
    assert!(
        matches!(&error, OpenError::Locked { pid: Some(pid), .. } if *pid == std::process::id()),
        "{error:?}"
    );
    let message = error.to_string();
    assert!(message.contains("in use by another process (pid"), "{message}");
    drop(folder);
    DataFolder::open(temporary.path(), Mode::Production).unwrap();
}

#[test]
fn missing_and_existing_stores_are_told_apart() {
    let temporary = tempfile::tempdir().unwrap();
    let error = refusal(&temporary.path().join("nowhere"), Mode::Production);
    assert!(
        matches!(&error, OpenError::Missing { .. }) && error.to_string().contains("trent init"),
        "{error}"
    );
    drop(DataFolder::create(temporary.path(), Mode::Production).unwrap());
    let error = DataFolder::create(temporary.path(), Mode::Production).unwrap_err();
    assert!(matches!(error, OpenError::Exists { .. }), "{error:?}");
}

#[test]
fn a_development_store_is_not_for_production_nor_the_reverse() {
    for (made, wanted) in [
        (Mode::Development, Mode::Production),
        (Mode::Production, Mode::Development),
    ] {
        let temporary = tempfile::tempdir().unwrap();
        drop(DataFolder::create(temporary.path(), made).unwrap());
        let error = refusal(temporary.path(), wanted);
        assert!(matches!(error, OpenError::WrongMode { .. }), "{error:?}");
        let message = error.to_string();
        assert!(
            message.ends_with(&format!("is a {made} store and cannot be opened in {wanted} mode")),
            "{message}"
        );
        DataFolder::open(temporary.path(), made).unwrap();
    }
}

#[test]
fn newer_and_foreign_formats_are_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path();
    drop(DataFolder::create(path, Mode::Production).unwrap());
    assert_eq!(
        fs::read_to_string(path.join("FORMAT")).unwrap(),
        "trent store 1 production\n"
    );

    for newer in ["trent store 2 production\n", "trent store 9 replicated with ponies\n"] {
        set_stamp(path, newer.as_bytes());
        let error = refusal(path, Mode::Production);
        assert!(matches!(error, OpenError::Newer { supported: 1, .. }), "{error:?}");
        assert!(error.to_string().contains("this version reads up to 1"), "{error}");
    }
    let foreign: [&[u8]; 8] = [
        b"",
        b"\xff\xfe",
        b"something else 1 production",
        b"trent store",
        b"trent store 1",
        b"trent store x production",
        b"trent store 0 production",
        b"trent store 1 staging",
    ];
    for stamp in foreign {
        set_stamp(path, stamp);
        let error = refusal(path, Mode::Production);
        assert!(matches!(error, OpenError::Foreign { .. }), "{error:?}");
        assert!(error.to_string().contains("is not a Trent data folder"), "{error}");
    }
    fs::remove_file(path.join("FORMAT")).unwrap();
    for error in [
        refusal(path, Mode::Production),
        DataFolder::create(path, Mode::Production).unwrap_err(),
    ] {
        assert!(matches!(error, OpenError::Foreign { .. }), "{error:?}");
    }
    set_stamp(path, b"trent store 1 production\n");
    DataFolder::open(path, Mode::Production).unwrap();
    fs::remove_file(path.join("store.redb")).unwrap();
    let error = refusal(path, Mode::Production);
    assert!(
        matches!(&error, OpenError::Foreign { reason, .. } if reason.contains("store.redb")),
        "{error:?}"
    );
}

#[test]
fn a_folder_that_cannot_be_used_says_why() {
    let temporary = tempfile::tempdir().unwrap();
    let file = temporary.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = DataFolder::create(&path, Mode::Production).unwrap_err();
        assert!(matches!(&error, OpenError::Io { .. }), "{error:?}");
        assert!(error.to_string().starts_with("cannot use "), "{error}");
    }
}

#[test]
fn a_store_file_of_something_else_is_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = DataFolder::create(temporary.path(), Mode::Production).unwrap();
    fs::write(temporary.path().join("store.redb"), "SQLite format 3\0".repeat(1000)).unwrap();
    let error = folder.engine().err().unwrap();
    assert!(
        matches!(&error, OpenError::Store(StoreError::Corrupt(_) | StoreError::Io(_))),
        "{error:?}"
    );
    assert!(error.to_string().contains("store's file is damaged"), "{error}");
}
