//! The key file: where it may lie, who may read it, what is in it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use trent_keystore::{KeyFileSeal, Seal as _, SealError, Secret};

use crate::support::{Counting, Failing};

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("data")).expect("a data folder");
        Self { folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("seal.key")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn open(&self) -> Result<KeyFileSeal, SealError> {
        KeyFileSeal::open(&self.file(), &self.data())
    }

    /// Writes a key file by hand.
    fn write(&self, content: &[u8], mode: u32) {
        fs::write(self.file(), content).expect("written");
        self.chmod(mode);
    }

    fn chmod(&self, mode: u32) {
        fs::set_permissions(self.file(), fs::Permissions::from_mode(mode)).expect("changed");
    }
}

#[test]
fn a_made_file_is_one_line_that_only_its_owner_reads() {
    let place = Place::new();
    let made = KeyFileSeal::create_with(&place.file(), &place.data(), &Counting::default()).expect("made");
    let content = fs::read(place.file()).expect("read");
    assert_eq!(content, format!("trent-seal-1 {}\n", "01".repeat(32)).into_bytes());
    let permissions = fs::metadata(place.file()).expect("metadata").permissions();
    assert_eq!(permissions.mode() & 0o777, 0o600);
    let opened = place.open().expect("opens");
    assert_eq!(opened.fingerprint(), made.fingerprint());
    assert_eq!(opened.kind(), "key-file");
    let sealed = made.wrap(&Secret::new(b"content".to_vec())).expect("wrapped");
    assert!(
        opened
            .unwrap(&sealed)
            .is_ok_and(|content| content.expose() == b"content")
    );
    assert!(sealed != made.wrap(&Secret::new(b"content".to_vec())).expect("wrapped"));
}

#[test]
fn two_made_files_differ() {
    let place = Place::new();
    let other = place.folder.path().join("other");
    let one = KeyFileSeal::create(&place.file(), &place.data()).expect("made");
    let two = KeyFileSeal::create(&other, &place.data()).expect("made");
    assert_ne!(one.fingerprint(), two.fingerprint());
}

#[test]
fn folders_above_the_file_are_made() {
    let place = Place::new();
    let deep = place.folder.path().join("config/trent/seal.key");
    KeyFileSeal::create(&deep, &place.data()).expect("made");
    assert!(KeyFileSeal::open(&deep, &place.data()).is_ok());
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let place = Place::new();
    place.write(b"precious", 0o600);
    let error = KeyFileSeal::create(&place.file(), &place.data()).err();
    assert!(matches!(error, Some(SealError::Exists(path)) if path == place.file()));
    assert_eq!(fs::read(place.file()).expect("read"), b"precious");
}

#[test]
fn a_missing_file_is_named() {
    let place = Place::new();
    let error = place.open().err().expect("refused");
    assert!(matches!(&error, SealError::Missing(path) if *path == place.file()));
    assert!(error.to_string().contains("does not exist"));
}

#[test]
fn a_file_that_others_can_touch_is_refused() {
    let place = Place::new();
    KeyFileSeal::create(&place.file(), &place.data()).expect("made");
    for mode in [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o666, 0o444] {
        place.chmod(mode);
        let error = place.open().err().expect("refused");
        assert!(
            matches!(&error, SealError::Exposed { mode: found, .. } if *found == mode),
            "{mode:o}"
        );
        assert!(error.to_string().contains(&format!("{mode:03o}")), "{error}");
    }
    for mode in [0o600, 0o400] {
        place.chmod(mode);
        assert!(place.open().is_ok(), "{mode:o}");
    }
}

#[test]
fn anything_else_is_no_key_file() {
    let place = Place::new();
    let digits = "ab".repeat(32);
    let line = format!("trent-seal-1 {digits}");
    for wrong in [
        String::new(),
        digits.clone(),
        format!("trent-seal-2 {digits}"),
        format!("{}\n", &line[..line.len() - 1]),
        format!("{}\n", &line[..line.len() - 2]),
        format!("{line}0\n"),
        format!("{line}00\n"),
        format!("{line}\n\n"),
        format!("{line}\r\n"),
        format!(" {line}"),
        line.replace("ab", "xy"),
        format!("{line}\n{}", "more ".repeat(1000)),
    ] {
        place.write(wrong.as_bytes(), 0o600);
        assert!(
            matches!(place.open().err(), Some(SealError::NotAKeyFile(_))),
            "{wrong:?}"
        );
    }
    for right in [line.clone(), format!("{line}\n"), line.replace("ab", "AB")] {
        place.write(right.as_bytes(), 0o600);
        assert!(place.open().is_ok(), "{right:?}");
    }
}

#[test]
fn a_file_inside_the_data_folder_is_refused() {
    let place = Place::new();
    let data = place.data();
    let link = place.folder.path().join("link");
    symlink(&data, &link).expect("a link");
    let inside: [&Path; 5] = [
        &data.join("seal.key"),
        &data.join("not/yet/there/seal.key"),
        &place.folder.path().join("data/../data/seal.key"),
        &link.join("seal.key"),
        &data,
    ];
    for path in inside {
        let created = KeyFileSeal::create(path, &data).err();
        assert!(
            matches!(created, Some(SealError::InsideData { .. })),
            "{}",
            path.display()
        );
        let opened = KeyFileSeal::open(path, &data).err();
        assert!(
            matches!(opened, Some(SealError::InsideData { .. })),
            "{}",
            path.display()
        );
    }
    // Through the link the folder itself is recognised as well; a neighbour with a longer name is no inside.
    assert!(matches!(
        KeyFileSeal::create(&data.join("seal.key"), &link).err(),
        Some(SealError::InsideData { .. })
    ));
    let neighbour = place.folder.path().join("data-seal.key");
    assert!(KeyFileSeal::create(&neighbour, &data).is_ok());
    // A link from outside to a file inside is followed.
    fs::rename(&neighbour, data.join("moved")).expect("moved");
    symlink(data.join("moved"), place.file()).expect("a link");
    assert!(matches!(place.open().err(), Some(SealError::InsideData { .. })));
}

#[test]
fn a_data_folder_that_is_not_there_yet_is_respected() {
    let place = Place::new();
    let later = place.folder.path().join("later/data");
    let error = KeyFileSeal::create(&later.join("seal.key"), &later).err();
    assert!(matches!(error, Some(SealError::InsideData { .. })));
    assert!(KeyFileSeal::create(&place.file(), &later).is_ok());
}

#[test]
fn an_unreadable_path_is_an_error_that_names_it() {
    let place = Place::new();
    fs::write(place.folder.path().join("file"), b"").expect("written");
    let below = place.folder.path().join("file/seal.key");
    for error in [
        KeyFileSeal::open(&below, &place.data()).err(),
        KeyFileSeal::create(&below, &place.data()).err(),
    ] {
        let error = error.expect("refused");
        assert!(
            matches!(&error, SealError::Io { path, .. } if *path == below),
            "{error}"
        );
        assert!(error.to_string().contains("file/seal.key"), "{error}");
    }
}

#[test]
fn without_random_bytes_no_file_is_made() {
    let place = Place::new();
    let error = KeyFileSeal::create_with(&place.file(), &place.data(), &Failing).err();
    assert!(matches!(error, Some(SealError::Randomness(_))));
    assert!(!place.file().exists());
}
