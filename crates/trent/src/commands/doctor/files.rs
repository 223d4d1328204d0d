//! The store, the seal and what lies beside it.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::statvfs;

use super::Finding;
use crate::config::{Config, SealKind, SealSettings};

/// Less room than this is too little for the store and the trail: 1 GiB.
const LITTLE_ROOM: u64 = 1 << 30;

/// What only its owner may do anything with has none of these.
const OTHERS: u32 = 0o077;

pub(super) fn look_over(config: &Config) -> Vec<Finding> {
    let store = fs::metadata(&config.data_dir);
    let mut findings = Vec::new();
    match &store {
        Ok(store) => {
            findings.push(private("data folder", &config.data_dir, store));
            findings.extend(room(&config.data_dir));
        }
        Err(error) => findings.push(Finding::problem(
            "data folder",
            format!("{}: {error}; `trent init` makes it", config.data_dir.display()),
        )),
    }
    if let Some(path) = secret(&config.seal) {
        findings.extend(guarded(path, store.as_ref().ok()));
    }
    if store.is_ok() {
        findings.push(beside(
            "head file",
            &config.head_file(),
            "an older copy of the store would not be noticed",
        ));
        findings.push(beside(
            "ledger of destroyed keys",
            &config.ledger_file(),
            "a restore could not tell which keys were destroyed since",
        ));
    }
    findings
}

/// The file of the seal's secret; none if it is a credential of the service or in somebody's memory.
fn secret(seal: &SealSettings) -> Option<&Path> {
    match seal.kind {
        SealKind::File => Some(&seal.key_file),
        SealKind::Passphrase => seal.passphrase_file.as_deref(),
    }
}

fn private(about: &'static str, path: &Path, found: &Metadata) -> Finding {
    let (path, mode) = (path.display(), found.mode() & 0o777);
    if mode & OTHERS == 0 {
        Finding::good(about, format!("{path} is its owner's alone"))
    } else {
        Finding::problem(
            about,
            format!("{path} has the mode {mode:03o}: others than its owner have access; `chmod go= {path}`"),
        )
    }
}

fn room(folder: &Path) -> Option<Finding> {
    let found = statvfs(folder).ok()?;
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let text = format!("{} MiB are free in {}", free >> 20, folder.display());
    Some(if free < LITTLE_ROOM {
        Finding::problem("room", format!("{text}: requests fail once the trail has none"))
    } else {
        Finding::good("room", text)
    })
}

/// Who else can read the seal's secret.
fn guarded(path: &Path, store: Option<&Metadata>) -> Vec<Finding> {
    match fs::metadata(path) {
        Ok(seal) => std::iter::once(private("seal", path, &seal))
            .chain(store.map(|store| apart(store, &seal)))
            .collect(),
        Err(error) => vec![Finding::problem(
            "seal",
            format!(
                "{}: {error}; without it nothing in the store can be read",
                path.display()
            ),
        )],
    }
}

fn apart(store: &Metadata, seal: &Metadata) -> Finding {
    if store.dev() == seal.dev() {
        Finding::advice(
            "seal",
            "is on the same file system as the data: a copy of that disk is a copy of the keys",
        )
    } else {
        Finding::good("seal", "is on another file system than the data")
    }
}

fn beside(about: &'static str, path: &Path, without: &str) -> Finding {
    if path.exists() {
        Finding::good(about, format!("{} is there", path.display()))
    } else {
        Finding::problem(about, format!("{} is not there: {without}", path.display()))
    }
}
