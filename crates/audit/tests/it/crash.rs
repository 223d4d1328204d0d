//! A process that is killed while it appends: what it was told is durable is there.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use trent_audit::{Mode, Trail};
use trent_store::{DataFolder, Sealed};

use crate::world::{events, record, seal};

const FOLDER: &str = "TRENT_AUDIT_TEST_FOLDER";
const FILE: &str = "trail.jsonl";

/// The store in a folder; made if it is not there. The folder is locked while it is held.
async fn store_in(folder: &Path) -> (DataFolder, Sealed) {
    let path = folder.join("data");
    let mode = trent_store::Mode::Development;
    let data = if path.exists() {
        DataFolder::open(&path, mode).expect("opened")
    } else {
        DataFolder::create(&path, mode).expect("made")
    };
    let engine = Arc::new(data.engine().expect("an engine"));
    (data, seal(engine).await)
}

/// Not a test by itself: run by the test below in a process of its own, it appends without end and prints what was
/// answered. Without a folder to append in there is nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn appends_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let (_data, store) = store_in(folder).await;
    let opened = Trail::open(&folder.join(FILE), Mode::Durable, &store).await;
    let trail = opened.expect("opened").trail;
    for number in 0..=u8::MAX {
        trail.append(&record(number)).await.expect("appended");
        println!("answered {number}");
    }
    // The killer is late; it must not find a clean end.
    std::thread::sleep(Duration::from_mins(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answered_append_survives_a_kill() {
    let this = std::env::current_exe().expect("this test's binary");
    for wanted in [0, 1, 7, 40, 120] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(&this)
            .args(["--exact", "crash::appends_until_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let mut answered = BTreeSet::new();
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        while answered.len() <= wanted {
            let line = lines.next().expect("it goes on").expect("text");
            answered.extend(number_in(&line));
        }
        child.kill().expect("killed");
        child.wait().expect("ended");
        answered.extend(lines.map_while(Result::ok).filter_map(|line| number_in(&line)));

        let (_data, store) = store_in(folder.path()).await;
        let path = folder.path().join(FILE);
        drop(Trail::open(&path, Mode::Durable, &store).await.expect("opened"));
        let found: BTreeSet<u8> = events(&path, &store).await.into_iter().collect();
        assert!(found.is_superset(&answered), "answered {answered:?}, found {found:?}");
        assert!(found.len() <= answered.len() + 1, "one append at most was under way");
    }
}

fn number_in(line: &str) -> Option<u8> {
    line.rsplit_once("answered ")?.1.trim().parse().ok()
}
