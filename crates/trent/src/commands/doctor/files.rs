//! The store, the seal and what lies beside it.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::statvfs;

use super::Finding;
use crate::config::Config;

/// Less room than this is too little for the store and the trail: 1 GiB.
const LITTLE_ROOM: u64 = 1 << 30;

/// What only its owner may do anything with has none of these.
const OTHERS: u32 = 0o077;

pub(super) fn look_over(config: &Config) -> Vec<Finding> {
    let store = fs::metadata(&config.data_dir);
    let seal = fs::metadata(&config.seal_key_file);
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
    match &seal {
        Ok(seal) => findings.push(private("seal", &config.seal_key_file, seal)),
        Err(error) => findings.push(Finding::problem(
            "seal",
            format!(
                "{}: {error}; without it nothing in the store can be read",
                config.seal_key_file.display()
            ),
        )),
    }
    if let (Ok(store), Ok(seal)) = (&store, &seal) {
        findings.push(apart(store, seal));
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
